"""Assets whose objects others are known to have changed, and that stand under another status than drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.model import AssetId, AssetStatus, TargetKey, first_of
from spheresync.service.drift.known_edits import edited_assets
from spheresync.state.port import Store

_NAMED = 5
_WHY = {AssetStatus.SYNCED: "synced, as what others changed there is kept"}
"""Why an asset stands there where the word does not say it: no policy wants ours back."""


async def drifted_otherwise(store: Store, keys: Sequence[TargetKey]) -> dict[AssetStatus, list[AssetId]]:
    """These assets by their statuses, by all targets in force."""
    found: dict[AssetStatus, list[AssetId]] = {}
    for record in await store.catalog.some(sorted(await edited_assets(store, keys))):
        if record.status is not AssetStatus.DRIFTED:
            found.setdefault(record.status, []).append(record.id)
    return found


def otherwise_text(found: Mapping[AssetStatus, Sequence[AssetId]]) -> str:
    """How many of them stand where, by name: `2 synced, as what others changed there is kept (HR/A, HR/B)`."""
    told = []
    for status, assets in sorted(found.items()):
        names = first_of([str(each) for each in assets[:_NAMED]], _NAMED, total=len(assets))
        told.append(f"{len(assets)} {_WHY.get(status, status)} ({names})")
    return "; ".join(told)
