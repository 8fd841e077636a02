"""The lineage that a run has changed by what it wrote, and the targets that may be told of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spheresync.config import Settings
from spheresync.execution.driven_run import DrivenRun
from spheresync.lineage.delivery import targets_that_take, tells_lineage
from spheresync.model import AssetId, RunId, TargetKey
from spheresync.runtime.run_counts import EFFECTIVE
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store
from spheresync.state.records import JournalState

_ALL = 1_000_000


async def written_lineage(store: Store, drive: DrivenRun) -> Sequence[AssetId]:
    """Every asset of which a run changed something in a target; none where nobody is to be told."""
    if not tells_lineage(drive.providers.settings) or not any(drive.counts[action] for action in EFFECTIVE):
        return []
    run = await store.runs.get(drive.run.id)
    if run.change_set_id is None:
        return []
    items = await store.change_sets.items(run.change_set_id, limit=_ALL, actions=EFFECTIVE)
    done = {each.ordinal for each in await store.runs.entries(run.id) if each.state is JournalState.CONFIRMED}
    return [*dict.fromkeys(item.asset for item in items if item.ordinal in done and item.asset is not None)]


async def targets_reached(store: Store, settings: Settings, run_id: RunId) -> Collection[TargetKey]:
    """The targets that take events of lineage and that a run was about: what it left out is told nothing.

    An undo is about the targets in which it restores something.
    """
    taking = targets_that_take(settings)
    run = await store.runs.get(run_id) if taking else None
    if run is None or run.change_set_id is None:
        return ()
    change_set = await store.change_sets.get(run.change_set_id)
    if change_set.undo_of is not None:
        keys = {item.key for item in await store.change_sets.items(change_set.id, limit=_ALL)}
        return [key for key in taking if key in keys]
    scope = Scope.from_json(decode_cell(change_set.request))
    return [key for key in taking if scope.wants_key(key)]
