"""Jobs of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import (
    Problem,
)


@dataclass(frozen=True, slots=True)
class JobRow:
    """One row of `jobs`."""

    id: int
    kind: str
    subject: str
    priority: int
    reason: str
    token: str
    state: str
    not_before: str
    attempts: int
    fence: int
    owner: str | None
    started_at: str | None
    heartbeat_at: str | None
    ends_by: str | None
    cancel_requested: bool
    problem: Problem | None
    created_at: str


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is asked for, as rows know it."""

    kind: str
    subject: str
    priority: int
    reason: str
    token: str
    not_before: str
    needs: int | None
    revive: bool
    by_person: bool = False
