"""The lineage that a run has changed by what it wrote."""

from __future__ import annotations

from spheresync.execution.driven_run import DrivenRun
from spheresync.jobs.port import NewJob
from spheresync.lineage.delivery import lineage_jobs, tells_lineage
from spheresync.runtime.run_counts import EFFECTIVE
from spheresync.state.port import Store
from spheresync.state.records import JournalState

_ALL = 1_000_000


async def written_lineage(store: Store, drive: DrivenRun) -> list[NewJob]:
    """The jobs that tell the lineage of every asset of which a run changed something in a target."""
    settings = drive.providers.settings
    if not tells_lineage(settings) or not any(drive.counts[action] for action in EFFECTIVE):
        return []
    run = await store.runs.get(drive.run.id)
    if run.change_set_id is None:
        return []
    items = await store.change_sets.items(run.change_set_id, limit=_ALL, actions=EFFECTIVE)
    done = {each.ordinal for each in await store.runs.entries(run.id) if each.state is JournalState.CONFIRMED}
    assets = dict.fromkeys(item.asset for item in items if item.ordinal in done and item.asset is not None)
    return lineage_jobs(settings, assets, token=run.id)
