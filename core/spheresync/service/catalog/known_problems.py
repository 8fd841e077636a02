"""What is wrong with assets, gathered from all that the state holds of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from spheresync.config.sections import Deletion
from spheresync.errors import UsageError
from spheresync.model import DEFAULT_DESTINATION, GLUE, AssetId, AssetStatus
from spheresync.service.catalog.asset_problems import Known, problem_text
from spheresync.state.records import AssetRecord, Checkpoint
from spheresync.state.sqlite.store import Store


async def problems_of(store: Store, records: Sequence[AssetRecord], deletion: Deletion) -> dict[AssetId, str | None]:
    """What is wrong with each of these assets and what to do, None where nothing is."""
    assets = [record.id for record in records]
    checkpoints = await store.checkpoints.of(assets, GLUE, DEFAULT_DESTINATION)
    unwritten = await store.unwritten.of(assets, GLUE, DEFAULT_DESTINATION)
    drifts = await store.drift.of(assets, GLUE, DEFAULT_DESTINATION)
    problems = {}
    for record in records:
        held = checkpoints.get(record.id)
        undone = await _undone(store, held) if record.status is AssetStatus.HELD else None
        known = Known(record, held, unwritten.get(record.id), drifts.get(record.id), undone)
        problems[record.id] = problem_text(known, deletion)
    return problems


async def _undone(store: Store, held: Checkpoint | None) -> str | None:
    """The run that was undone by what holds an asset; None where that is not on record any more."""
    if held is None:
        return None
    with suppress(UsageError):
        run = await store.runs.get(held.run_id)
        if run.change_set_id is not None:
            return (await store.change_sets.get(run.change_set_id)).undo_of
    return None
