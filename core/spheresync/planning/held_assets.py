"""Held assets that have no table, because the undo that holds them deleted it."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.model import AssetStatus, TargetKey
from spheresync.state.port import Store


async def count_held_without_table(store: Store, in_force: Sequence[TargetKey]) -> int:
    """How many assets are held so in any target."""
    deleted = {
        checkpoint.asset
        for key in in_force
        for checkpoint in await store.checkpoints.all(key)
        if checkpoint.held is not None and not checkpoint.is_there
    }
    return sum(record.status is AssetStatus.HELD for record in await store.catalog.some(deleted))
