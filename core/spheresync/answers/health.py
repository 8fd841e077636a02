"""Answers about how the installation stands: status, heartbeats, connections, copies of the state."""

from __future__ import annotations

from pydantic import Field, JsonValue

from spheresync.answers.base import Answer, Finding, OmitNone
from spheresync.answers.drift import DriftStatus
from spheresync.answers.runs import RunRow
from spheresync.answers.schedule import SchedulerStatus, TierStatus
from spheresync.answers.states import HealthLevel


class CallerStatus(Answer):
    """Who asks, and which tools that caller may not use."""

    actor: str
    roles: list[str]
    may_not: list[str]


class PolicySummary(Answer):
    """What the configuration says of deletes, of drift and of second persons."""

    deletion: str
    drift: dict[str, str]
    four_eyes: list[str]


class SyncStatus(Answer):
    """`health` is ok, degraded (see `problems`) or unknown (nothing synced yet).

    `notes` are worth knowing and no problem by themselves: a tier that is paused, a schedule that nobody keeps.

    `ledger` counts requests as sent, repeats included, and bytes of bodies as on the wire without headers: of
    Datasphere what it answered (`datasphere_bytes`, compressed), of AWS what was sent to it (`aws_bytes`).
    """

    health: HealthLevel = Field(description="ok, degraded (see problems) or unknown")
    summary: str
    environment: str
    tenant: str
    assets: dict[str, int] = Field(description="by status")
    tiers: list[TierStatus]
    queue: list[RunRow]
    last_runs: list[RunRow]
    savings: dict[str, int] = Field(description="what incremental syncs spared")
    problems: list[Finding]
    notes: list[Finding] = Field(default_factory=list, description="worth knowing, no problem")
    scheduler: SchedulerStatus = Field(description="who keeps the schedule")
    ledger: dict[str, int] = Field(description="requests and bytes so far")
    ledger_since: str | None = None
    drift: DriftStatus | None = Field(default=None, description="as last looked")
    policies: OmitNone[PolicySummary] = Field(default=None, description="in force")
    caller: OmitNone[CallerStatus] = Field(default=None, description="who asks, and may not use what")


class ConfigurationAnswer(Answer):
    """Effective settings without secrets; `set` names what is not as the program's own defaults have it, and where."""

    settings: dict[str, JsonValue] = Field(description="in force, by section")
    set: dict[str, str] = Field(description="where, if no default")
    changed_by: str = Field(description="who changes it")


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
    connection: str = Field(description="what was tested")
    ok: bool
    message: str
    remedy: str = ""


class PolicyStatement(Answer):
    """One statement of a policy, spelled as IAM takes it."""

    Sid: str
    Effect: str = "Allow"
    Action: list[str]
    Resource: list[str]


class PolicyDocument(Answer):
    """A policy as IAM takes it."""

    Version: str = "2012-10-17"
    Statement: list[PolicyStatement]


class DestinationPolicy(Answer):
    """A policy of IAM, and to whom it is to be attached; `destination` None: for assuming the roles of all."""

    destination: OmitNone[str] = None
    attach_to: str
    policy: PolicyDocument


class PolicyAnswer(Answer):
    policies: list[DestinationPolicy]


class ConnectionReport(Answer):
    ok: bool
    items: list[ConnectionFinding]


class BackupAnswer(Answer):
    """A backup that was made; `size` in bytes. `damaged` names what it holds that is not as it was written."""

    file: str
    size: int
    sha256: str
    schema_version: int
    audit_entries: int
    at: str
    note: str = ""
    damaged: list[str] = Field(default_factory=list)


class RestoreAnswer(Answer):
    """A finished restore. `former` is the database that was there before, beside the new one.

    `damaged` names what the file held that is not as it was written.
    """

    file: str
    sha256: str
    schema_version: int  # of the file; the state has the program's
    audit_entries: int  # of the restored state
    audit_carried: int  # of these, how many only the former state held
    cancelled_runs: list[str]
    expired_change_sets: int
    former: str | None = None
    at: str
    note: str
    damaged: list[str] = Field(default_factory=list)
