"""Saved change sets, their items, and the promotions that count here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spheresync.model import (
    Action,
    Address,
    AssetId,
    ChangeSetId,
    DestinationName,
    Digest,
    FieldChange,
    Fingerprints,
    PhysicalName,
    Problem,
    RunId,
    Severity,
    Strategy,
    TargetKey,
    TargetName,
    Tier,
)


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's word for a change set as it was at `digest`: it is worth nothing for another one."""

    by: str
    at: str
    digest: Digest


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

    @property
    def key(self) -> TargetKey:
        """The target and the destination that it is for."""
        return TargetKey(self.target, self.destination)

    @property
    def address(self) -> Address:
        return Address(self.container, self.name)


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

    def problems_of(self, assets: Collection[AssetId]) -> tuple[Problem, ...]:
        """What could not be read or planned of some of the assets, of all where none is named."""
        return tuple(problem for problem in self.problems if not assets or problem.asset in assets)


@dataclass(frozen=True, slots=True)
class ChangeSetItem:
    """One asset in one target. `before`/`after` are blobs of bodies; `operations` names calls: `glue:UpdateTable`.

    `other_name` is, of what is written into a table, the name that the asset had when that was written last; of what is
    made, removed or held, the asset that it may be under another name.
    """

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
    other_name: AssetId | None = None

    @property
    def key(self) -> TargetKey:
        """The target and the destination that it is for."""
        return TargetKey(self.target, self.destination)

    @property
    def address(self) -> Address:
        return Address(self.container, self.name)


@dataclass(frozen=True, slots=True)
class ApprovedPromotion:
    """A promotion that a person has let count in this installation, having looked at a change set made with it."""

    digest: Digest
    by: str
    at: str
    change_set_id: ChangeSetId
