"""What former undos of the same run have put back already, so that another one does the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.errors import RefusedError, UsageError
from spheresync.model import RunId
from spheresync.planning.decisions.undo import RunEffect
from spheresync.state.port import Store
from spheresync.state.records import NO_RUN


async def with_former_undos(store: Store, undone: RunId, effects: Sequence[RunEffect]) -> list[RunEffect]:
    """The effects of a run, marked where one of its undos has written what the asset has now."""
    writers = [NO_RUN if effect.asset_has is None else effect.asset_has.run_id for effect in effects]
    undos = {run for run in {*writers} - {NO_RUN, undone} if await _undoes(store, run, undone)}
    return [replace(effect, undone=writer in undos) for effect, writer in zip(effects, writers, strict=True)]


async def _undoes(store: Store, run_id: RunId, undone: RunId) -> bool:
    try:
        run = await store.runs.get(run_id)
        change_set = None if run.change_set_id is None else await store.change_sets.get(run.change_set_id)
    except (UsageError, RefusedError):  # forgotten, or damaged: nobody knows
        return False
    return change_set is not None and change_set.undo_of == undone
