"""Which assets others are known to have changed: as a look found it, or a plan or an undo that met their edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.model import AssetId, TargetKey
from spheresync.planning.decisions.asset_work import BY_OTHERS
from spheresync.state.port import Store
from spheresync.state.records import DriftSummary


async def known_edits(store: Store, keys: Sequence[TargetKey]) -> dict[TargetKey, set[AssetId]]:
    """These assets by target; only targets that have such."""
    found = {}
    for key in keys:
        if known := {*await store.unwritten.assets(key, BY_OTHERS), *await store.drift.assets(key)}:
            found[key] = known
    return found


async def edited_assets(store: Store, keys: Sequence[TargetKey]) -> set[AssetId]:
    """These assets, in whichever of the targets."""
    return {asset for assets in (await known_edits(store, keys)).values() for asset in assets}


async def drift_as_known(store: Store, keys: Sequence[TargetKey]) -> DriftSummary:
    """What the last looks say, and how many objects are known to be changed in all, of the targets in force too."""
    summary, known = await store.drift.summary(), await known_edits(store, keys)
    return replace(summary, by_target={**summary.by_target, **{key: len(assets) for key, assets in known.items()}})


async def met_since(store: Store, asset: AssetId, keys: Sequence[TargetKey]) -> str | None:
    """Since when an edit of others of this asset is known that no look for drift found."""
    met = [(await store.unwritten.of([asset], key)).get(asset) for key in keys]
    return max((each.since for each in met if each is not None and each.problem.code in BY_OTHERS), default=None)
