"""Rows of the state as frozen values. Times are ISO 8601 in UTC as `model.isoformat` spells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from spheresync.model import (
    Action,
    AssetId,
    AssetKind,
    AssetStatus,
    ChangeSetId,
    DestinationName,
    Digest,
    FieldChange,
    Fingerprints,
    JsonValue,
    PhysicalName,
    Principal,
    Problem,
    RunId,
    RunState,
    Severity,
    SpaceName,
    Strategy,
    TargetName,
    Tier,
    digest_of,
)


class CheckpointState(StrEnum):
    """What became of an asset in one target."""

    ACTIVE = "active"
    RETIRED = "retired"  # kept there, marked
    FORGOTTEN = "forgotten"  # left as it was, no longer managed
    DELETED = "deleted"


class JournalState(StrEnum):
    """How far one item of a run is (DESIGN.md decision 6)."""

    PLANNED = "planned"
    SENT = "sent"  # the request may have reached the target: read before repeating it
    CONFIRMED = "confirmed"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        return self not in {JournalState.PLANNED, JournalState.SENT}


@dataclass(frozen=True, slots=True)
class SpaceRecord:
    """A space as last listed. `present` is False once the tenant no longer lists it."""

    name: SpaceName
    label: str
    listed_at: str
    complete: bool
    problem: Problem | None
    present: bool


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An asset of the local catalog.

    `definition` is the blob of the normalised asset; `reason` says why the asset is excluded, "" where it is included;
    `misses` counts complete listings in a row that no longer held it.
    """

    id: AssetId
    kind: AssetKind
    label: str
    tier: Tier | None
    status: AssetStatus
    entry_digest: Digest | None
    raw_digest: Digest | None
    parser_version: int
    definition: Digest | None
    fingerprints: Fingerprints | None
    column_count: int
    included: bool
    reason: str
    problem: Problem | None
    misses: int
    first_missed_at: str | None
    first_seen_at: str
    listed_at: str
    read_at: str | None
    changed_at: str | None
    pii_columns: int

    @classmethod
    def first_seen(cls, asset: AssetId, kind: AssetKind, *, at: str) -> AssetRecord:
        """An asset that was listed for the first time and not read yet."""
        return cls(
            id=asset,
            kind=kind,
            label="",
            tier=None,
            status=AssetStatus.PENDING,
            entry_digest=None,
            raw_digest=None,
            parser_version=0,
            definition=None,
            fingerprints=None,
            column_count=0,
            included=True,
            reason="",
            problem=None,
            misses=0,
            first_missed_at=None,
            first_seen_at=at,
            listed_at=at,
            read_at=None,
            changed_at=None,
            pii_columns=0,
        )


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many assets share a space, a kind, a tier and a status."""

    space: SpaceName
    kind: AssetKind
    tier: Tier | None
    status: AssetStatus
    count: int


NO_RUN = RunId("")
"""The run of a checkpoint that no run of this state wrote."""


@dataclass(frozen=True, slots=True)
class KnownObject:
    """An object of ours in a target, and what was written into it last.

    `body` is the blob of the last written request, `body_digest` the digest that the object's marker carries.
    """

    asset: AssetId
    target: TargetName
    destination: DestinationName
    container: PhysicalName
    name: PhysicalName
    body: Digest
    body_digest: Digest
    version: str | None

    @property
    def address(self) -> tuple[PhysicalName, PhysicalName]:
        return self.container, self.name


@dataclass(frozen=True, slots=True)
class Checkpoint(KnownObject):
    """What a target in a destination was last known to hold of an asset.

    `held` is the fingerprint at which a revert holds the asset, None where nothing holds it.
    """

    fingerprints: Fingerprints | None
    mapping: Digest | None
    definition: Digest | None
    state: CheckpointState
    held: Digest | None
    synced_at: str
    run_id: RunId
    fence: int


@dataclass(frozen=True, slots=True)
class FormerTable(KnownObject):
    """An object that an asset had in a target before mapping rules named it anew; ours still, and in nobody's use.

    `retired` once it is marked there, `since` when it was left.
    """

    retired: bool
    since: str

    @classmethod
    def left_behind(cls, held: Checkpoint, *, at: str) -> FormerTable:
        """What a checkpoint knew, of an asset that from now on has another object."""
        return cls(
            asset=held.asset,
            target=held.target,
            destination=held.destination,
            container=held.container,
            name=held.name,
            body=held.body,
            body_digest=held.body_digest,
            version=held.version,
            retired=held.state is CheckpointState.RETIRED,
            since=at,
        )

    def as_checkpoint(self) -> Checkpoint:
        """What is known of it, as of an object in use: to delete it, or to take it into use again."""
        return Checkpoint(
            asset=self.asset,
            target=self.target,
            destination=self.destination,
            container=self.container,
            name=self.name,
            body=self.body,
            body_digest=self.body_digest,
            version=self.version,
            fingerprints=None,
            mapping=None,
            definition=None,
            state=CheckpointState.RETIRED if self.retired else CheckpointState.ACTIVE,
            held=None,
            synced_at=self.since,
            run_id=NO_RUN,
            fence=0,
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word for a change set as it was at `digest`: it is worth nothing for another one."""

    by: str
    at: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class ApprovedPromotion:
    """A promotion that a person has let count in this installation, having looked at a change set made with it."""

    digest: Digest
    by: str
    at: str
    change_set_id: ChangeSetId


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """What must exist before the items of a container are done (Glue: its database); lower waves are made first.

    `body` is the request as the target's canonical JSON, `operation` the call: `glue:CreateDatabase`. `assets` are the
    first of those whose items wait for it, `assets_total` counts all.
    """

    target: TargetName
    destination: DestinationName
    wave: int
    operation: str
    container: PhysicalName
    name: PhysicalName
    reason: str
    body: str
    digest: Digest
    assets: tuple[AssetId, ...]
    assets_total: int


@dataclass(frozen=True, slots=True)
class ChangeSetRecord:
    """The head of a saved change set. `summary` counts items by action, and what of its scope is unread.

    `request` is canonical JSON: the scope, and when what it goes by was read from Datasphere (`read_at`).

    `undo_of` is the run that it undoes, None where it brings what Datasphere holds. `promotion` is the digest of the
    promotion that it was made with, None where its rules are the configuration's own. `approval` is the last one.
    `prerequisites` are what is made before any of its items is done, in that order.
    """

    id: ChangeSetId
    digest: Digest
    created_at: str
    expires_at: str
    actor: str
    mapping_digest: Digest
    scope_digest: Digest
    request: bytes
    summary: Mapping[str, int]
    findings: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    blocked: int
    run_id: RunId | None
    tool_version: str
    format: int
    undo_of: RunId | None = None
    promotion: Digest | None = None
    approval: Approval | None = None
    prerequisites: tuple[Prerequisite, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSetItem:
    """One asset in one target. `before`/`after` are blobs of bodies; `operations` names calls: `glue:UpdateTable`."""

    ordinal: int
    asset: AssetId
    target: TargetName
    destination: DestinationName
    action: Action
    strategy: Strategy
    severity: Severity
    reason: str
    tier: Tier | None
    container: PhysicalName
    name: PhysicalName
    changes: tuple[FieldChange, ...]
    before: Digest | None
    after: Digest | None
    after_digest: Digest | None
    expected_version: str | None
    expected_digest: Digest | None
    blocked_by: str | None
    fingerprints: Fingerprints | None
    mapping: Digest | None
    definition: Digest | None
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. `kind` is `sync` or `apply`; `request` is canonical JSON; `fence` counts its claims.

    `claims` counts those since anything of it was done last.
    """

    id: RunId
    kind: str
    state: RunState
    phase: str
    change_set_id: ChangeSetId | None
    request: bytes
    request_digest: Digest
    actor: Principal
    owner: str | None
    fence: int
    heartbeat_at: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancel_requested: bool
    counts: Mapping[str, int]
    usage: Mapping[str, int]
    problems: tuple[Problem, ...]
    claims: int = 0

    @classmethod
    def queued(
        cls,
        run_id: RunId,
        kind: str,
        request: bytes,
        actor: Principal,
        *,
        owner: str | None,
        at: str,
        change_set_id: ChangeSetId | None = None,
    ) -> RunRecord:
        """A run that waits for its turn; `owner` is the process that will drive it."""
        return cls(
            id=run_id,
            kind=kind,
            state=RunState.QUEUED,
            phase="",
            change_set_id=change_set_id,
            request=request,
            request_digest=digest_of(request),
            actor=actor,
            owner=owner,
            fence=0,
            heartbeat_at=at,
            created_at=at,
            started_at=None,
            finished_at=None,
            cancel_requested=False,
            counts={},
            usage={},
            problems=(),
        )


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """How far one item of a run is, and what came of it. `before`/`after` are blobs of bodies."""

    run_id: RunId
    ordinal: int
    state: JournalState
    action: Action
    problem: Problem | None
    before: Digest | None
    after: Digest | None
    version: str | None
    request_id: str | None
    at: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What is to be written down about one action; the state adds number, time and chain."""

    actor: str
    action: str
    run_id: RunId | None
    asset: str | None
    target: str | None
    outcome: str
    detail: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit log. `detail` is canonical JSON; `hash` covers every other field and `prev_hash`."""

    seq: int
    at: str
    actor: str
    action: str
    run_id: str | None
    asset: str | None
    target: str | None
    outcome: str
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the audit log is as it was written. `first_broken` is the first number that is not as it should be."""

    intact: bool
    entries: int
    first_broken: int | None
    reason: str
