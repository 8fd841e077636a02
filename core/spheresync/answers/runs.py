"""Answers about runs and the audit log."""

from __future__ import annotations

from pydantic import Field, JsonValue

from spheresync.answers.base import Answer, Finding, OmitEmpty, OmitNone, Page

APPLIED_OTHERWISE = "applied_otherwise"
"""Code of a change set that is to be applied for other assets than those for which that was done."""


class Failure(Answer):
    asset: str
    target: str | None = None
    destination: OmitNone[str] = None
    code: str
    reason: str
    remedy: str = ""
    same_as_before: OmitNone[bool] = Field(default=None, description="as in the run that is tried again")


class Progress(Answer):
    phase: str
    done: int
    total: int
    seconds_left: int | None = None


class OutcomeRow(Answer):
    """The first assets of which a run did this, in whichever targets; `assets_total` says how many there are."""

    action: str
    assets: list[str]
    assets_total: int


class RunAnswer(Answer):
    """One run. `counts` counts outcomes by action, plus failed, refused, skipped and blocked; `outcomes` names the
    first assets of each action. What failed is named in `failures`, what is missing in `findings`. Of an apply, what is
    unchanged, missing or unread was counted when its change set was made, at `planned_at`. `read_at` is when something
    of its scope was last read from Datasphere, where the run itself may have read nothing. `seen_in_aws` says
    when AWS was looked at, where something is unchanged; `undo_of` which run an undo undoes.
    """

    run_id: str
    state: str
    kind: str
    actor: str
    change_set_id: str | None = None
    progress: Progress
    counts: dict[str, int] = Field(description="outcomes")
    outcomes: list[OutcomeRow] = Field(default_factory=list)
    failures: list[Failure]
    failures_total: int
    findings: list[Finding] = Field(description="guards and what to know")
    usage: dict[str, int] = Field(description="calls and bytes")
    created_at: str
    planned_at: OmitNone[str] = None
    read_at: OmitNone[str] = None
    started_at: str | None = None
    finished_at: str | None = None
    approved_by: str | None = Field(default=None, description="person")
    scope: OmitEmpty[dict[str, list[str]]] = Field(default_factory=dict, description="all where there is none")
    full: OmitNone[bool] = Field(default=None, description="all compared anew")
    cancelled_by: OmitNone[str] = None
    retry_of: OmitNone[str] = Field(default=None, description="former run")
    seen_in_aws: OmitNone[str] = None
    undo_of: OmitNone[str] = Field(default=None, description="run")

    def told_with(self, run: RunAnswer) -> RunAnswer:
        """A later answer about the run, with what was told of it when it was asked for (`applied_otherwise`)."""
        kept = [finding for finding in self.findings if finding.code == APPLIED_OTHERWISE]
        return run.model_copy(update={"findings": [*kept, *run.findings]}) if kept else run


class RunRow(Answer):
    run_id: str
    state: str
    kind: str
    actor: str
    change_set_id: str | None = None
    counts: dict[str, int] = Field(description="outcomes")
    created_at: str
    finished_at: str | None = None


class AuditRow(Answer):
    """One entry; `detail` (what exactly, with digests and request id) only with detail=full, else no more than the
    tier, database or change set that an entry without an asset is about.

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
    tool: OmitNone[str] = None
    outcome: str = Field(description="done, failed, refused …")
    detail: dict[str, JsonValue] | None = Field(default=None, description="what exactly")


class AuditCounts(Answer):
    """How many of all entries that match, not of one page; of actors, spaces and runs those with the most."""

    actors: dict[str, int]
    actions: dict[str, int]
    outcomes: dict[str, int]
    spaces: dict[str, int]
    runs: dict[str, int]


class AuditPage(Page[AuditRow]):
    """One page of the audit log; `note` says why it must be empty, or what the outcome asked for leaves out.

    `counts` are of all that match, on the first page.
    """

    counts: OmitNone[AuditCounts] = Field(default=None, description="of all entries that match, on the first page")

    note: str | None = Field(default=None, description="what the answer does not cover")


class AuditVerdictAnswer(Answer):
    # `reason` says why the log is not intact, or what else of the state is not as it was written.
    intact: bool
    entries: int
    first_broken: int | None = Field(default=None, description="number of the entry")
    reason: str = Field(default="", description="what is not as it was written")
    head: OmitNone[str] = Field(default=None, description="hash of the last entry")
