"""The stored definitions of assets: of some by name, and of those among many that hold certain words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress

from spheresync.model import Asset, AssetId
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord

TOGETHER = 500
"""Definitions that are read at once."""


async def definitions_of(
    store: Store, records: Sequence[AssetRecord], words: Collection[bytes] = ()
) -> dict[AssetId, Asset]:
    """The definitions of assets, as far as they are there and readable; with `words`, those that hold any of them."""
    bodies = await store.blobs.get_many([each.definition for each in records if each.definition])
    found: dict[AssetId, Asset] = {}
    for record in records:
        body = bodies.get(record.definition) if record.definition is not None else None
        if body is None or (words and not any(word in body for word in words)):
            continue
        with suppress(ValueError):
            found[record.id] = decode_asset(body)
    return found


async def definitions_holding(
    store: Store, records: Sequence[AssetRecord], words: Collection[bytes]
) -> AsyncIterator[tuple[AssetId, Asset]]:
    """The definitions of very many assets that hold any of these words; only they are decoded."""
    for start in range(0, len(records), TOGETHER):
        for found in (await definitions_of(store, records[start : start + TOGETHER], words)).items():
            yield found
