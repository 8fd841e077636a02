"""What is wrong with assets, gathered from all that the state holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from spheresync.config.sections import Deletion
from spheresync.errors import RefusedError, UsageError
from spheresync.mapping.patterns import is_for
from spheresync.model import AssetId, AssetStatus, RunId, TargetKey
from spheresync.planning.decisions.base_objects import follows_base
from spheresync.service.catalog.asset_problems import Hold, KnownAssetState, problem_text
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, AuditFilter, AuditOutcome, Checkpoint
from spheresync.targets.registry import base_of, design_of

_LATEST = 50
"""Entries of one asset among which the undo that holds it is looked for: a held one gets hardly any more."""
_HELD_BY = frozenset({AuditOutcome.DONE, AuditOutcome.ALREADY})


async def problems_of(
    store: Store,
    records: Sequence[AssetRecord],
    deletion: Deletion,
    in_force: Sequence[TargetKey],
    checkpoints: Mapping[AssetId, Sequence[Checkpoint]] | None = None,
) -> dict[AssetId, str | None]:
    """What is wrong with each of these assets and what to do, None where nothing is.

    What targets say alike is said once, and anything else with the target that it is about. `checkpoints` of the
    assets are read unless whoever asks has them.
    """
    assets = [record.id for record in records]
    if checkpoints is None:
        checkpoints = await store.checkpoints.of_assets(assets)
    by_key: list[tuple[TargetKey, Mapping[AssetId, KnownAssetState]]] = [
        (key, await _known_in(store, records, _of_key(checkpoints, key), key)) for key in in_force
    ]
    problems: dict[AssetId, str | None] = {}
    for record in records:
        about = [(key, found[record.id]) for key, found in by_key if is_for(key, record.id.space)]
        known = _telling(record, about or [(key, found[record.id]) for key, found in by_key[:1]])
        texts = {key: text for key, each in known if (text := problem_text(each, deletion)) is not None}
        if len(known) == 1 or (len(texts) == len(known) and len(set(texts.values())) == 1):
            problems[record.id] = next(iter(texts.values()), None)
        else:
            problems[record.id] = " ".join(f"{key}: {text}" for key, text in texts.items()) or None
    return problems


def _telling(
    record: AssetRecord, known: Sequence[tuple[TargetKey, KnownAssetState]]
) -> Sequence[tuple[TargetKey, KnownAssetState]]:
    """The targets that say something of an asset: of a held one those that hold it, of one that is gone those that
    know it; all where there is none such.
    """
    if record.status is AssetStatus.HELD:
        said = [each for each in known if each[1].checkpoint is not None and each[1].checkpoint.held is not None]
    elif record.misses:
        held = {key: each.checkpoint for key, each in known if each.checkpoint is not None}
        said = [each for each in known if each[0] in held and not _follows_base(each[0], held)]
    else:
        said = []
    return said or known


def _follows_base(key: TargetKey, held: Mapping[TargetKey, Checkpoint]) -> bool:
    base = base_of(key)
    with_base = design_of(key.target).capabilities.goes_with_base
    return base is not None and follows_base(held[key], held.get(base), goes_with_base=with_base)


async def _known_in(
    store: Store, records: Sequence[AssetRecord], checkpoints: Mapping[AssetId, Checkpoint], key: TargetKey
) -> Mapping[AssetId, KnownAssetState]:
    """What the state holds of assets in one target."""
    assets = [record.id for record in records]
    unwritten = await store.unwritten.of(assets, key)
    drifts = await store.drift.of(assets, key)
    found = {}
    for record in records:
        checkpoint = checkpoints.get(record.id)
        held = record.status is AssetStatus.HELD and checkpoint is not None and checkpoint.held is not None
        hold = await _hold(store, record.id, key) if held else None
        deleted = record.misses > 0 and checkpoint is not None and not checkpoint.is_there
        deleted_by = await _asked_by(store, checkpoint) if deleted else None
        found[record.id] = KnownAssetState(
            record, checkpoint, unwritten.get(record.id), drifts.get(record.id), hold, deleted_by
        )
    return found


def _of_key(checkpoints: Mapping[AssetId, Sequence[Checkpoint]], key: TargetKey) -> dict[AssetId, Checkpoint]:
    return {asset: each for asset, checkpoint in checkpoints.items() for each in checkpoint if each.key == key}


async def _asked_by(store: Store, checkpoint: Checkpoint | None) -> str | None:
    """Who asked for the run that wrote a table last; None where that is not on record any more."""
    if checkpoint is not None:
        with suppress(UsageError):
            return (await store.runs.get(checkpoint.run_id)).actor.id
    return None


async def _hold(store: Store, asset: AssetId, key: TargetKey) -> Hold | None:
    """How an asset became held; None where that is not on record any more.

    The checkpoint does not tell: an undo that finds all as it should be writes nothing, and a repair writes anew what
    stays held.
    """
    runs = set[RunId]()
    entries, _ = await store.audit.query(AuditFilter(asset=str(asset)), limit=_LATEST)
    for entry in entries:
        if entry.target != key.target or entry.run_id is None or entry.run_id in runs:
            continue
        runs.add(RunId(entry.run_id))
        with suppress(UsageError, RefusedError):
            run = await store.runs.get(RunId(entry.run_id))
            if run.change_set_id is None or entry.outcome not in _HELD_BY:
                continue
            if (undone := (await store.change_sets.get(run.change_set_id)).undo_of) is not None:
                return Hold(run.id, entry.at, undone)
    return None
