"""Answers about runs and the audit log."""

from __future__ import annotations

from pydantic import JsonValue

from spheresync.answers.base import Answer, Finding, OmitNone, Page


class Failure(Answer):
    asset: str
    target: str | None = None
    destination: OmitNone[str] = None
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
    change_set_id: str | None = None
    progress: Progress
    counts: dict[str, int]
    failures: list[Failure]
    failures_total: int
    findings: list[Finding]
    usage: dict[str, int]
    created_at: str
    started_at: str | None = None
    finished_at: str | None = None
    approved_by: str | None = None


class RunRow(Answer):
    run_id: str
    state: str
    kind: str
    actor: str
    change_set_id: str | None = None
    counts: dict[str, int]
    created_at: str
    finished_at: str | None = None


class AuditRow(Answer):
    """One entry; `detail` (what exactly, with digests and request id) only with detail=full.

    An entry of an earlier version holds no kind and roles of its actor.
    """

    seq: int
    at: str
    actor: str
    actor_kind: OmitNone[str] = None
    actor_roles: OmitNone[list[str]] = None
    action: str
    run_id: str | None = None
    asset: str | None = None
    target: str | None = None
    destination: OmitNone[str] = None
    outcome: str
    detail: dict[str, JsonValue] | None = None


class AuditPage(Page[AuditRow]):
    """One page of the audit log; `note` says why it must be empty, or what the outcome asked for leaves out."""

    note: str | None = None


class AuditVerdictAnswer(Answer):
    # `reason` says why the log is not intact, or what else of the state is not as it was written.
    intact: bool
    entries: int
    first_broken: int | None = None
    reason: str = ""
