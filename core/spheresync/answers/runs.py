"""Answers about runs and the audit log."""

from __future__ import annotations

from pydantic import Field, JsonValue

from spheresync.answers.base import Answer, Finding, Page


class Failure(Answer):
    asset: str
    target: str | None
    code: str
    reason: str
    remedy: str = ""


class Progress(Answer):
    phase: str
    done: int
    total: int
    seconds_left: int | None = None


class RunAnswer(Answer):
    """One run. `counts` counts outcomes by action, plus failed, refused, skipped and blocked."""

    run_id: str
    state: str
    kind: str
    actor: str
    change_set_id: str | None
    progress: Progress
    counts: dict[str, int]
    failures: list[Failure]
    failures_total: int
    findings: list[Finding]
    usage: dict[str, int]
    created_at: str
    started_at: str | None
    finished_at: str | None
    approved_by: str | None = None


class RunRow(Answer):
    run_id: str
    state: str
    kind: str
    actor: str
    change_set_id: str | None
    counts: dict[str, int]
    created_at: str
    finished_at: str | None


class AuditRow(Answer):
    """One entry; `detail` (what exactly, with digests and request id) only with detail=full.

    An entry of an earlier version holds no kind and roles of its actor.
    """

    seq: int
    at: str
    actor: str
    actor_kind: str | None = Field(None, exclude_if=lambda kind: kind is None)
    actor_roles: list[str] | None = Field(None, exclude_if=lambda roles: roles is None)
    action: str
    run_id: str | None
    asset: str | None
    target: str | None
    outcome: str
    detail: dict[str, JsonValue] | None = None


class AuditPage(Page[AuditRow]):
    """One page of the audit log; `note` says why it must be empty, or what the outcome asked for leaves out."""

    note: str | None = None


class AuditVerdictAnswer(Answer):
    # `reason` says why the log is not intact, or what else of the state is not as it was written.
    intact: bool
    entries: int
    first_broken: int | None
    reason: str = ""
