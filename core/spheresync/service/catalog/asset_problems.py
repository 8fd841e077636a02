"""What is wrong with one asset, since when, and what to do: of its reading, of its tables, of its leaving. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spheresync.config import DeletionPolicy
from spheresync.config.sections import Deletion
from spheresync.model import AssetStatus, Problem, RunId, TargetName, counted, first_of, to_the_second
from spheresync.planning.decisions.asset_work import held_as_gone
from spheresync.planning.decisions.guards import GUARDS
from spheresync.runtime.out_of_scope import WIDEN
from spheresync.state.records import (
    NO_RUN,
    AssetRecord,
    Checkpoint,
    CheckpointState,
    DriftEffect,
    PendingRepair,
    TableDrift,
    Unwritten,
)
from spheresync.targets.registry import design_of

_NAMED_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Hold:
    """By which run and when an asset became held, and which run was undone by that."""

    run: RunId
    at: str
    undone: RunId


@dataclass(frozen=True, slots=True)
class KnownAssetState:
    """What the state holds of one asset in one target.

    `hold` is what is on record of the undo that holds it; `deleted_by` who asked for the run that deleted its table.
    """

    record: AssetRecord
    checkpoint: Checkpoint | None = None
    unwritten: Unwritten | None = None
    drift: TableDrift | None = None
    hold: Hold | None = None
    deleted_by: str | None = None


def problem_text(known: KnownAssetState, deletion: Deletion) -> str | None:
    """All that is wrong, in sentences; None where nothing is."""
    record = known.record
    if record.status is AssetStatus.HELD:
        return _held(known, deletion)
    if record.status is AssetStatus.EXCLUDED:
        return _said(record.problem) or _left_out(record)
    said = [_leaving(known, deletion), _unread(record), _unwritten(known.unwritten), _drifted(known)]
    return " ".join(filter(None, said)) or None


def _left_out(record: AssetRecord) -> str | None:
    if record.included:
        return None
    why = record.reason or "scope or a rule says so"
    return f"It is left out: {why}. So its definition is not read, and no table is written. {WIDEN}"


def _held(known: KnownAssetState, deletion: Deletion) -> str:
    hold = known.hold
    by = "an undo" if hold is None else f"the undo of run {hold.undone}"
    since = "" if hold is None else f" since {to_the_second(hold.at)} (run {hold.run})"
    if known.record.misses:
        return f"{_gone(known)} {_held_and_gone(known, deletion, f'Held by {by}{since}')}"
    if known.checkpoint is not None and known.checkpoint.state is CheckpointState.DELETED:
        at = to_the_second(known.checkpoint.synced_at)
        return (
            f"It has no table: {by} deleted {known.checkpoint.container}.{known.checkpoint.name} at {at}, and holds it "
            "so: syncs make none until it changes in Datasphere or somebody releases it. "
            f"`spheresync release --asset {known.record.id}` lets the next sync make it again."
        )
    if known.checkpoint is not None and known.checkpoint.state is CheckpointState.TAKEN_BACK:
        table, at = ".".join(known.checkpoint.address), to_the_second(known.checkpoint.synced_at)
        return (
            f"Nothing of it is on {table}: {by} took back what was ours at {at}, and holds it so: syncs write nothing "
            "there until it changes in Datasphere or somebody releases it. "
            f"`spheresync release --asset {known.record.id}` lets the next sync bind it again."
        )
    return (
        f"Held by {by}{since}: syncs leave it as it is until it changes in Datasphere or somebody releases it. "
        f"`spheresync release --asset {known.record.id}` lets the next sync write what Datasphere holds."
    )


def _held_and_gone(known: KnownAssetState, deletion: Deletion, held: str) -> str:
    """What a hold means for an asset of which Datasphere holds nothing: whether it outlasts that, and what follows."""
    state = None if known.checkpoint is None else known.checkpoint.state
    retired = state is CheckpointState.RETIRED
    follows = _next_for_retired(deletion) if retired else _next_for_missing(known, deletion)
    if held_as_gone(known.record, known.checkpoint):
        return (
            f"{held}: syncs leave its table as it is until the asset is back in Datasphere or somebody releases it. "
            f"After `spheresync release --asset {known.record.id}`: {follows[:1].lower()}{follows[1:]}"
        )
    return f"{held} until it changes in Datasphere or somebody releases it, but not longer than it is there. {follows}"


def _gone(known: KnownAssetState) -> str:
    listings, since = counted(known.record.misses, "complete listing"), to_the_second(known.record.first_missed_at)
    return f"Datasphere no longer lists it: not in {listings} in a row since {since}."


def _unread(record: AssetRecord) -> str | None:
    if record.problem is None:
        return None
    if record.misses:
        return None  # that it is gone says more than why it could not be read before
    since = "It was never read." if record.read_at is None else f"It was last read at {to_the_second(record.read_at)}."
    return f"{_said(record.problem)} {since}"


def _unwritten(known: Unwritten | None) -> str | None:
    if known is None:
        return None
    return f"Since {to_the_second(known.since)}: {_said(known.problem)}"


def _drifted(known: KnownAssetState) -> str | None:
    drift = known.drift
    if drift is None or drift.rest is PendingRepair.NOTHING or known.unwritten is not None:
        return None
    mends = ""
    if drift.rest >= PendingRepair.TO_MEND:
        look = f" The next sync looks at the {_word(drift.target)} again, and "
        mends = f"{look}{_mended_in_part(drift) or 'mends it.'}"
        if known.record.problem is not None:  # nothing is planned for what nobody can read
            mends = " A sync mends it once the asset can be read again."
    told = not mends or drift.rest is PendingRepair.TO_MEND_IN_PART
    return f"{drift.table}: {drift.reason}.{mends}{f' {drift.remedy}' if told else ''}"


def _mended_in_part(drift: TableDrift) -> str:
    """What the next sync writes over and what it leaves, where the policies say both; empty where they do not."""
    if drift.rest is not PendingRepair.TO_MEND_IN_PART:
        return ""
    mended = [each.path for each in drift.fields if each.effect is DriftEffect.RESTORE]
    left = [each.path for each in drift.fields if each.effect is DriftEffect.REPORT]
    if not mended:
        return ""
    return (
        f"writes over {first_of(mended, _NAMED_FIELDS)}; it leaves "
        f"{first_of(left, _NAMED_FIELDS)}, which the drift policy only reports."
    )


def _leaving(known: KnownAssetState, deletion: Deletion) -> str | None:
    """What is said of one that is gone: of this target, as others may be behind it."""
    record, checkpoint = known.record, known.checkpoint
    if record.status not in {AssetStatus.MISSING, AssetStatus.RETIRED, AssetStatus.DELETED}:
        return None
    since = to_the_second(record.first_missed_at)
    if checkpoint is not None and not checkpoint.is_there:
        return _deleted(known, checkpoint)
    if checkpoint is not None and checkpoint.state is CheckpointState.RETIRED:
        return (
            f"Its {_word(checkpoint.target)} is marked as retired since {to_the_second(checkpoint.synced_at)}: "
            f"Datasphere has not listed it since {since}. {_next_for_retired(deletion)} It is active again once "
            "Datasphere lists it again."
        )
    listings = counted(record.misses, "complete listing")
    return (
        f"Datasphere no longer lists it: not in {listings} in a row since {since}, and {deletion.misses} count as "
        f"gone. {_next_for_missing(known, deletion)} If it should be there, deploy it and expose it again."
    )


def _deleted(known: KnownAssetState, checkpoint: Checkpoint) -> str:
    """What became of the table of an asset that has none any more: when, by which run, and who asked for that."""
    taken_back = checkpoint.state is CheckpointState.TAKEN_BACK
    what = "What was ours on" if taken_back else f"Its {_word(checkpoint.target)}"
    did = "was taken back" if taken_back else "was deleted"
    at, table = to_the_second(checkpoint.synced_at), ".".join(checkpoint.address)
    missed = to_the_second(known.record.first_missed_at) if known.record.misses else None
    gone = f" Datasphere has not listed the asset since {missed}." if missed else ""
    if checkpoint.run_id == NO_RUN:
        return f"{what} {table} {did} at {at}.{gone}"
    by = f"run {checkpoint.run_id}" + ("" if known.deleted_by is None else f", asked for by {known.deleted_by}")
    back = f"`spheresync revert {checkpoint.run_id}` makes a change set that undoes that."
    return f"{what} {table} {did} at {at} by {by}.{gone} {back}"


def _next_for_missing(known: KnownAssetState, deletion: Deletion) -> str:
    record = known.record
    if known.checkpoint is None or known.checkpoint.state is CheckpointState.FORGOTTEN:
        no_table = "There is no table of it, so nothing is to be done."
        return no_table if known.checkpoint is None else "Its table is not managed, so nothing becomes of it."
    if deletion.policy is DeletionPolicy.KEEP:
        return "deletion.policy is keep, so its table stays as it is."
    if known.unwritten is not None and known.unwritten.problem.code in GUARDS:
        return "Its table is due to be marked as retired."
    bound = known.checkpoint.state is CheckpointState.BOUND
    follows = "takes back what is ours on its table" if bound else "marks its table as retired"
    left = deletion.misses - record.misses
    if left > 0:
        return f"After {counted(left, 'more complete listing')} without it a sync {follows}."
    if deletion.grace and record.first_missed_at:
        until = datetime.fromisoformat(record.first_missed_at) + deletion.grace
        return f"A sync after {to_the_second(until.isoformat())} {follows} (deletion.grace)."
    return f"The next sync {follows}."


def _next_for_retired(deletion: Deletion) -> str:
    if deletion.policy is DeletionPolicy.DELETE:
        return "deletion.policy is delete, so the next sync deletes it; to keep the table, set deletion.policy: keep."
    return (
        f"deletion.policy is {deletion.policy}, so it stays until somebody syncs with --allow-deletes; "
        "deletion.policy: delete would delete it."
    )


def _word(target: TargetName) -> str:
    """What an object of a target is called; a catalog's entry, which is an asset too, after the service."""
    design = design_of(target)
    return f"asset in {design.service}" if design.object_word == "asset" else design.object_word


def _said(problem: Problem | None) -> str | None:
    if problem is None:
        return None
    message = problem.message if problem.message.endswith((".", "!", "?")) else f"{problem.message}."
    return f"{message} {problem.remedy}".strip()
