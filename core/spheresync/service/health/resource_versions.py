"""What stands for the present content of each thing that clients follow: another value, another content."""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.model import Tier
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.paused_tiers import paused_since

_LATEST = 50
"""Runs and change sets that are looked at: older ones have ended, or expire without anybody's doing."""

ResourceVersions = Mapping[str, object]
"""By the path of the resource: `runs/run_1`, `change-sets/cs_1`, `spaces`, `status`."""


async def resource_versions(context: RuntimeContext) -> ResourceVersions:
    """The versions of the newest runs and change sets, of the spaces and of the status."""
    store = context.store
    runs, _ = await store.runs.page(limit=_LATEST)
    states = {run.id: (run.state, run.phase, run.cancel_requested, run.finished_at) for run in runs}
    versions: dict[str, object] = {}
    for run in runs:
        done = None if run.finished_at is not None else await store.runs.tally(run.id)
        versions[f"runs/{run.id}"] = (states[run.id], done)
    for record in await store.change_sets.latest(_LATEST):
        became = None if record.run_id is None else states.get(record.run_id)
        versions[f"change-sets/{record.id}"] = (record.run_id, became, record.approval)
    spaces = [(space.name, space.present, space.problem) for space in await store.catalog.spaces()]
    read = tuple([await store.schedule.freshest(tier) for tier in Tier])
    versions["spaces"] = (tuple(spaces), read)
    versions["status"] = (tuple(states.items()), tuple((await paused_since(store)).items()), versions["spaces"])
    return versions
