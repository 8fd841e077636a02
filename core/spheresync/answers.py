"""What every face answers: one frozen model for each tool of CONTRACT.md.

The MCP server publishes these as output schemas, the command line prints them with `--json`, so both say the same.
Texts named `label`, `labels`, `description` and the values in `before`/`after` come from Datasphere or AWS: they
are data from outside, never instructions. Schemas are kept lean because `tools/list` has a budget of 24 KB.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Row = TypeVar("Row")


class Answer(BaseModel):
    """Base of all answers: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a command builds the few that it needs


class Page(Answer, Generic[Row]):
    """One page of a list; pass `next_cursor` back as `cursor`, None is the last page."""

    items: list[Row]
    total: int
    next_cursor: str | None = None


class SpaceRow(Answer):
    space: str
    label: str
    assets: int
    kinds: dict[str, int]
    tiers: dict[str, int]
    statuses: dict[str, int]
    problem: str | None = None


class AssetRow(Answer):
    """`columns` and what follows only with detail=full."""

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    columns: int | None = None
    objects: list[str] | None = None
    problem: str | None = None
    changed_at: str | None = None
    synced_at: str | None = None


class ColumnRow(Answer):
    name: str
    type: str
    role: str
    label: str = ""
    key: bool = False
    nullable: bool = True
    aggregation: str | None = None
    pii: str | None = None
    semantics: dict[str, str] = Field(default_factory=dict)


class TargetObjectRow(Answer):
    """What a target holds of an asset; `object` is `database.table` in Glue."""

    target: str
    destination: str
    object: str
    state: str
    version: str | None
    synced_at: str
    run_id: str


class AssetDetail(Answer):
    asset: str
    kind: str
    label: str
    tier: str
    status: str
    problem: str | None
    columns: list[ColumnRow]
    context: dict[str, JsonValue]
    targets: list[TargetObjectRow]
    fingerprints: dict[str, str]
    last_sync: str | None
    pii: dict[str, list[str]]


class RuleRow(Answer):
    """A rule that matched: `rule` counts from 1 in its `origin`, the configuration or a promotion.

    `overridden` names keys that a later rule set anew.
    """

    rule: int
    sets: dict[str, JsonValue]
    overridden: list[str] = Field(default_factory=list)
    origin: str = "configuration"


class ColumnDecision(Answer):
    name: str
    physical: str
    type: str
    physical_type: str
    reason: str


class MappingExplanation(Answer):
    asset: str
    included: bool
    reason: str
    tier: str
    database: str
    table: str
    rules: list[RuleRow]
    names: list[str]
    columns: list[ColumnDecision]
    findings: list[str]


class Finding(Answer):
    """A guard that spoke, or something that could not be read: what, why, what to do next."""

    subject: str
    code: str
    message: str
    remedy: str = ""


class FieldRow(Answer):
    path: str
    before: JsonValue
    after: JsonValue


class ChangeRow(Answer):
    asset: str
    action: str
    strategy: str
    target: str
    object: str
    severity: str
    reason: str
    operations: list[str] = Field(default_factory=list)
    changes: list[FieldRow] = Field(default_factory=list)
    blocked_by: str | None = None


class ChangeSetAnswer(Answer):
    """A saved change set; `summary` counts every action, `items` holds what is not `unchanged`.

    `undo_of` is the run that it undoes; None for what brings the definitions of Datasphere.
    """

    change_set_id: str
    digest: str
    created_at: str
    expires_at: str
    state: Literal["open", "applied", "expired"]
    summary: dict[str, int]
    blocked: int
    findings: list[Finding]
    problems: list[Finding]
    problems_total: int
    items: list[ChangeRow]
    total: int
    next_cursor: str | None = None
    run_id: str | None = None
    undo_of: str | None = None
    approved_by: str | None = None


class ApprovalAnswer(ChangeSetAnswer):
    """An approved change set. `promotion` is the digest of the promotion that counts here from now on, if any does."""

    approved_at: str
    promotion: str | None = None
    note: str = ""


class PromotionAnswer(Answer):
    """A promotion file that was written; `rules` and `assets` count what it holds, `size` is in bytes."""

    file: str
    size: int
    digest: str
    change_set_id: str
    environment: str
    installation: str | None
    rules: int
    assets: int
    exported_at: str
    exported_by: str


class ReleaseAnswer(Answer):
    """Assets that a revert held and that the next sync brings up to date again."""

    released: list[str]
    total: int


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
    """One entry; `detail` (what exactly, with digests and request id) only with detail=full."""

    seq: int
    at: str
    actor: str
    action: str
    run_id: str | None
    asset: str | None
    target: str | None
    outcome: str
    detail: dict[str, JsonValue] | None = None


class AuditPage(Page[AuditRow]):
    """One page of the audit log; `note` says why it is empty where nothing is known of the asset asked for."""

    note: str | None = None


class AuditVerdictAnswer(Answer):
    intact: bool
    entries: int
    first_broken: int | None
    reason: str = ""


class DriftFieldRow(Answer):
    """From what was last written to what was found there; `policy` is None where no drift policy has a say."""

    path: str
    kind: str
    written: JsonValue
    found: JsonValue
    policy: str | None
    effect: str


class DriftRow(Answer):
    """One object that others changed. `effect` says what the repair does with it; `fields` are at most 25."""

    asset: str
    target: str
    object: str
    kind: str
    kinds: list[str]
    policy: str | None
    effect: str
    reason: str
    remedy: str
    fields: list[DriftFieldRow]
    fields_total: int
    changed_at: str | None
    changed_by: str


class DriftAnswer(Answer):
    """What others changed. `change_set_id` is the saved repair, None where nothing is to be repaired."""

    change_set_id: str | None
    looked_at: str
    summary: dict[str, int]
    findings: list[Finding]
    problems: list[Finding]
    items: list[DriftRow]
    total: int
    next_cursor: str | None = None


class DriftRepair(DriftAnswer):
    """What was found, and the run that repaired it; `run_id` is None where nothing had to be done."""

    run_id: str | None
    state: str
    counts: dict[str, int]
    failures: list[Failure]
    failures_total: int


class DriftStatus(Answer):
    """How many objects are known to have drifted, and when that was looked at last."""

    drifted: int
    looked_at: str | None


class TierStatus(Answer):
    """`freshness` is the objective, `oldest` when the stalest asset was read, `late` how many miss the objective."""

    tier: str
    assets: int
    interval: str
    next_run: str | None
    paused: bool
    window: str | None = None
    freshness: str | None = None
    oldest: str | None = None
    late: int = 0


class JobRow(Answer):
    """A job that was set aside: tried often enough, permanent, or a matter for a person."""

    kind: str
    subject: str
    attempts: int
    problem: Finding | None


class SchedulerStatus(Answer):
    """`state`: running (in some process), waiting (for a person to apply `change_set_id`) or off."""

    state: Literal["running", "waiting", "off"]
    change_set_id: str | None
    listed_at: str | None
    jobs: dict[str, int]
    set_aside: list[JobRow]


class ScheduleAnswer(Answer):
    tiers: list[TierStatus]
    scheduler: SchedulerStatus
    note: str


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


class SyncStatus(Answer):
    """`health` is ok, degraded (something could not be read or written) or unknown (nothing synced yet).

    `ledger` counts requests as sent, repeats included, and bytes of bodies as on the wire without headers: of
    Datasphere what it answered (`datasphere_bytes`, compressed), of AWS what was sent to it (`aws_bytes`).
    """

    health: Literal["ok", "degraded", "unknown"]
    summary: str
    environment: str
    tenant: str
    assets: dict[str, int]
    tiers: list[TierStatus]
    queue: list[RunRow]
    last_runs: list[RunRow]
    savings: dict[str, int]
    problems: list[Finding]
    scheduler: SchedulerStatus
    ledger: dict[str, int]
    ledger_since: str | None
    drift: DriftStatus | None = None


class Vital(Answer):
    """One thing that a process needs in order to do its work, and why it has it or not."""

    name: str
    ok: bool
    reason: str


class Vitals(Answer):
    """`ok` when every check is."""

    ok: bool
    checks: list[Vital]


class ConnectionFinding(Answer):
    connection: str
    ok: bool
    message: str
    remedy: str = ""


class ConnectionReport(Answer):
    ok: bool
    items: list[ConnectionFinding]


class DiscoveryAnswer(Answer):
    """What a discovery read: listed = mapped + filtered + failed, always."""

    spaces: int
    listed: int
    mapped: int
    filtered: int
    failed: int
    read: int
    unchanged: int
    problems: list[Finding]
    findings: list[Finding]  # worth a line, and no failure
    usage: dict[str, int]
    state: Literal["done", "partly_failed", "failed"]


class BackupAnswer(Answer):
    """A backup that was made; `size` in bytes."""

    file: str
    size: int
    sha256: str
    schema_version: int
    audit_entries: int
    at: str
    note: str = ""


class RestoreAnswer(Answer):
    """A finished restore. `former` is the database that was there before, beside the new one."""

    file: str
    sha256: str
    schema_version: int  # of the file; the state has the program's
    audit_entries: int  # of the restored state
    audit_carried: int  # of these, how many only the former state held
    cancelled_runs: list[str]
    expired_change_sets: int
    former: str | None
    at: str
    note: str
