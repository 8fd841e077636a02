"""First look at each asset: what kind of work it is, from records alone, without loading its definition.

Cheap on purpose: re-planning 10,000 unchanged assets compares a few strings each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from spheresync.config import DeletionPolicy
from spheresync.errors import SourceFault, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.model import GONE_UNCONFIRMED, OBJECTS_OFF, AssetStatus, Digest, digest_json
from spheresync.planning.decisions.approvals import ACCESS_NOT_APPROVED
from spheresync.planning.decisions.drift import DRIFT
from spheresync.planning.decisions.guards import GUARDS
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState
from spheresync.targets.protocol import UNAVAILABLE


class AssetWork(StrEnum):
    """What an asset needs; everything but DESIGN is settled without its definition."""

    NOTHING = "nothing"  # not ours to touch: excluded and unknown to the target, or never readable
    UNCHANGED = "unchanged"
    HELD = "held"
    DESIGN = "design"  # build what the target should hold, then compare
    RETIRE = "retire"
    DELETE = "delete"
    FORGET = "forget"
    TAKE_BACK = "take_back"  # nothing binds the asset to a table of others any more


@dataclass(frozen=True, slots=True)
class RemovalRules:
    """When a vanished asset's table goes (CONTRACT.md, Deletion)."""

    policy: DeletionPolicy
    misses: int
    grace: timedelta
    offer_deletes: bool  # show deletes of retired tables: where they are allowed, and in previews


def asset_fingerprint(record: AssetRecord) -> Digest | None:
    """One digest for the three, or None where the asset was never read."""
    prints = record.fingerprints
    return None if prints is None else digest_json([prints.schema, prints.content, prints.metadata])


def hold_of(record: AssetRecord, misses: int) -> Digest:
    """The fingerprint at which a revert holds an asset as it is now.

    An asset that has been missed `misses` times is held as one that is gone, until it is back; one that was missed less
    often counts as there, so that a listing with a hole in it ends no hold.
    """
    return _gone_fingerprint(record) if record.misses >= max(misses, 1) else _there_fingerprint(record)


def is_held(record: AssetRecord, checkpoint: Checkpoint | None) -> bool:
    """Whether a revert holds the asset: it has not changed in Datasphere since, and nobody has released it."""
    if checkpoint is None or checkpoint.held is None:
        return False
    if record.misses > 0 and not checkpoint.is_there:
        return False  # neither here nor there: nothing to hold
    return checkpoint.held == _there_fingerprint(record) or held_as_gone(record, checkpoint)


def held_as_gone(record: AssetRecord, checkpoint: Checkpoint | None) -> bool:
    """Whether a revert holds an asset that Datasphere does not list any more, until it is back."""
    return record.misses > 0 and checkpoint is not None and checkpoint.held == _gone_fingerprint(record)


def _there_fingerprint(record: AssetRecord) -> Digest:
    return asset_fingerprint(record) or digest_json(None)


def _gone_fingerprint(record: AssetRecord) -> Digest:
    return digest_json(["gone", asset_fingerprint(record)])


def work_for(
    record: AssetRecord,
    checkpoint: Checkpoint | None,
    decision: Decision,
    decision_digest: Digest,
    *,
    rules: RemovalRules,
    now: datetime,
    full: bool,
    again: bool = False,
) -> AssetWork:
    """Say what work one asset is for one target.

    Args:
        record: the asset as the local catalog knows it.
        checkpoint: what the target was last known to hold of it.
        decision: what mapping and scope say of it now, with `decision_digest` over it.
        rules: how vanished assets are treated.
        now: for the grace period.
        full: design again even where nothing seems to have moved (`--full`).
        again: design again, since the target is known not to hold it as it should.
    """
    managed = checkpoint is not None and checkpoint.state.managed
    if is_held(record, checkpoint):
        # A hold outlasts other rules and another scope, but not the asset itself.
        vanished = managed and decision.included and record.misses > 0 and not held_as_gone(record, checkpoint)
        due = _missing(record, checkpoint, rules=rules, now=now) if vanished else AssetWork.UNCHANGED
        return AssetWork.HELD if due is AssetWork.UNCHANGED else due
    if not decision.included or not record.kind.holds_data:
        bound = checkpoint is not None and checkpoint.state is CheckpointState.BOUND
        return AssetWork.TAKE_BACK if bound else AssetWork.FORGET if managed else AssetWork.NOTHING
    if record.misses > 0:
        return _missing(record, checkpoint, rules=rules, now=now) if managed else AssetWork.NOTHING
    if record.problem is not None or record.definition is None or record.fingerprints is None:
        return AssetWork.UNCHANGED if managed else AssetWork.NOTHING
    if (
        checkpoint is not None
        and checkpoint.state.in_use
        and not (full or again)
        and checkpoint.fingerprints == record.fingerprints
        and checkpoint.mapping == decision_digest
    ):
        return AssetWork.UNCHANGED
    return AssetWork.DESIGN


def _missing(record: AssetRecord, checkpoint: Checkpoint | None, *, rules: RemovalRules, now: datetime) -> AssetWork:
    if rules.policy is DeletionPolicy.KEEP or record.misses < rules.misses:
        return AssetWork.UNCHANGED
    if record.problem is not None and record.problem.code == GONE_UNCONFIRMED:
        return AssetWork.UNCHANGED
    if record.first_missed_at and now - datetime.fromisoformat(record.first_missed_at) < rules.grace:
        return AssetWork.UNCHANGED
    if checkpoint is not None and checkpoint.state is CheckpointState.RETIRED:
        return AssetWork.DELETE if rules.offer_deletes else AssetWork.UNCHANGED
    return AssetWork.RETIRE


def status_of(
    record: AssetRecord, checkpoint: Checkpoint | None, *, unwritten: str | None = None, drifted: bool = False
) -> AssetStatus:
    """Where the asset stands in the eyes of a person, from the same records.

    Args:
        record: the asset as the local catalog knows it.
        checkpoint: what the target was last known to hold of it.
        unwritten: code of what keeps the target from holding it as it should.
        drifted: others have changed or deleted what the target held of it, and that is not settled.
    """
    state = checkpoint.state if checkpoint is not None else None
    if is_held(record, checkpoint):
        return AssetStatus.HELD
    if record.misses > 0:
        gone = {
            CheckpointState.DELETED: AssetStatus.DELETED,
            CheckpointState.TAKEN_BACK: AssetStatus.DELETED,
            CheckpointState.RETIRED: AssetStatus.RETIRED,
        }
        return gone.get(state, AssetStatus.MISSING) if state is not None else AssetStatus.MISSING
    code = record.problem.code if record.problem is not None else None
    if not record.included or code == OBJECTS_OFF or (code is None and not record.kind.holds_data):
        return AssetStatus.EXCLUDED
    if code == SourceFault.NOT_EXPOSED:
        managed = checkpoint is not None and checkpoint.state.in_use
        return _status_in_target(record, checkpoint, unwritten, drifted) if managed else AssetStatus.EXCLUDED
    if code is not None:
        return AssetStatus.FAILED
    return _status_in_target(record, checkpoint, unwritten, drifted)


@dataclass(frozen=True, slots=True)
class InTarget:
    """What is known of an asset in one target, as `status_of` takes it."""

    checkpoint: Checkpoint | None
    unwritten: str | None = None
    drifted: bool = False


WORST_LAST = (
    AssetStatus.EXCLUDED,
    AssetStatus.DELETED,
    AssetStatus.RETIRED,
    AssetStatus.SYNCED,
    AssetStatus.MISSING,
    AssetStatus.PENDING,  # comes right by itself
    AssetStatus.HELD,  # a person lets it go
    AssetStatus.DRIFTED,
    AssetStatus.CONFLICT,
    AssetStatus.FAILED,
)
"""Statuses from the best to the worst: where targets differ, an asset stands where it stands worst."""


def worst_status(record: AssetRecord, targets: Sequence[InTarget]) -> AssetStatus:
    """Where the asset stands in all targets together.

    Of one that is gone from Datasphere only targets that know it say anything: the others will never hold it.
    """
    if record.misses > 0:
        targets = [each for each in targets if each.checkpoint is not None]
    stands = [
        status_of(record, each.checkpoint, unwritten=each.unwritten, drifted=each.drifted) for each in targets
    ] or [status_of(record, None)]
    return max(stands, key=WORST_LAST.index)


WAITS_FOR_TABLE = "waits_for_table"
"""Code of what keeps an asset waiting that is bound to a table of others: it is not there, or not free yet."""
EDITED_SINCE = "edited_since"
"""Code of what an undo found that others did to a table: the next plan looks whether it stays."""
LOOKED_FOR = "Each run looks for it again."
_WAITING = GUARDS | {TargetFault.MOVED, WAITS_FOR_TABLE, UNAVAILABLE, ACCESS_NOT_APPROVED}
"""What keeps an asset waiting: a guard, a second person, a table, or a write in between that the next plan merges."""
BY_OTHERS = frozenset({DRIFT, EDITED_SINCE})
"""What a plan or an undo met of other people's edits."""


def _status_in_target(
    record: AssetRecord, checkpoint: Checkpoint | None, unwritten: str | None, drifted: bool
) -> AssetStatus:
    if unwritten == TargetFault.CONFLICT:
        return AssetStatus.CONFLICT
    if unwritten is not None and unwritten not in _WAITING | BY_OTHERS:
        return AssetStatus.FAILED
    if drifted or unwritten in BY_OTHERS:
        return AssetStatus.DRIFTED
    if checkpoint is None or not checkpoint.state.in_use or unwritten == ACCESS_NOT_APPROVED:
        return AssetStatus.PENDING
    return AssetStatus.SYNCED if checkpoint.fingerprints == record.fingerprints else AssetStatus.PENDING
