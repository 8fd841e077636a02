"""Answers about the schedule: tiers, who keeps it, the queue of jobs."""

from __future__ import annotations

from pydantic import Field

from spheresync.answers.base import Answer, Finding, OmitNone
from spheresync.answers.states import SchedulerState


class TierStatus(Answer):
    """`freshness` is the objective, `oldest` when the stalest asset was read, `late` how many miss the objective.

    `overdue` is how many were not read for four intervals, where the tier has no objective; `unlisted` how many of
    either because their space is not listed, `unreadable` because their own definition could not be read. `assets`
    are those that are to be in sync: excluded, retired and deleted ones are none.
    """

    tier: str
    assets: int
    interval: str
    next_run: str | None = None
    paused: bool
    window: str | None = Field(default=None, description="when it may run")
    freshness: str | None = Field(default=None, description="objective")
    oldest: str | None = Field(default=None, description="stalest reading")
    late: int = Field(default=0, description="miss the objective")
    overdue: int = Field(default=0, description="not read for four intervals")
    unlisted: int = Field(default=0, description="late: space not listed")
    unreadable: int = Field(default=0, description="late: cannot be read")
    paused_since: str | None = None
    paused_by: OmitNone[str] = None
    last_read: OmitNone[str] = Field(default=None, description="newest reading")


class JobRow(Answer):
    """A job that was set aside: tried often enough, permanent, or a matter for a person."""

    kind: str
    subject: str
    attempts: int
    problem: Finding | None = Field(default=None, description="why")


class SchedulerStatus(Answer):
    """`state`: running (in some process), waiting (for a person to apply `change_set_id`) or off."""

    state: SchedulerState
    change_set_id: str | None = Field(default=None, description="waits for a person to apply it")
    listed_at: str | None = None
    jobs: dict[str, int] = Field(description="in the queue")
    set_aside: list[JobRow] = Field(description="waits for a person")


class ScheduleAnswer(Answer):
    tiers: list[TierStatus]
    scheduler: SchedulerStatus = Field(description="who keeps it")
    note: str = Field(description="what to know")


class QueuedJob(Answer):
    """One job of the scheduler's queue; `subject` is an asset, or empty for what is about the tenant or all removals.

    `state` is queued, running or dead (set aside); `not_before` is when it may be done.
    """

    job_id: int
    state: str
    kind: str
    subject: str
    reason: str
    not_before: str
    attempts: int
    problem: Finding | None = None


class QueueAnswer(Answer):
    """Jobs in the order in which they are done; `total` counts those that there are, shown or not."""

    items: list[QueuedJob]
    total: int
    note: str = ""
