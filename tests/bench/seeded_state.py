"""A state of many assets, written through the state's own door: `python -m tests.bench.seeded_state FOLDER COUNT`.

What a first sync of COUNT assets leaves behind, without reading COUNT definitions: spaces, catalog rows, checkpoints,
all as `sample_assets` makes them, so that a plan finds nothing to do. Bodies and definitions are left out: neither a
list nor a plan of what is unchanged loads them, and what is searched of them is indexed as if they had been read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import anyio

from spheresync.mapping.rules import MappingRules
from spheresync.mapping.search.fields import IndexedTexts
from spheresync.mapping.search.texts import texts_to_index
from spheresync.model import Asset, AssetId
from spheresync.state.records import SpaceRecord
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.bench.sample_assets import AT, Known, as_written, sample_assets, sample_settings

CHUNK = 5_000


async def seed(folder: Path, count: int) -> int:
    """Write the state under `folder`; answers how many assets it holds."""
    settings = sample_settings(folder)
    mapping = MappingRules.compile(settings)
    assets = sample_assets(count)
    written = 0
    async with SqliteStore.open(settings.state_dir) as store:
        while chunk := list(islice(assets, CHUNK)):
            await _write(store, [as_written(asset, mapping) for asset in chunk], _texts_of(chunk))
            written += len(chunk)
    return written


def _texts_of(assets: Sequence[Asset]) -> dict[AssetId, IndexedTexts]:
    """What the search index holds of them, as their definitions would have it."""
    return {asset.id: texts_to_index(asset.id.name, asset.label, asset) for asset in assets}


async def _write(store: SqliteStore, chunk: Sequence[Known], texts: Mapping[AssetId, IndexedTexts]) -> None:
    names = sorted({known.record.id.space for known in chunk})
    spaces = [SpaceRecord(name, name.title(), AT, complete=True, problem=None, present=True) for name in names]

    async def write(tx: SqliteTx) -> None:
        await tx.catalog.put_spaces(spaces)
        await tx.catalog.put_assets([known.record for known in chunk], texts)
        await tx.checkpoints.put_many([known.checkpoint for known in chunk])

    await store.write(write)


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"assets": anyio.run(seed, Path(sys.argv[1]), int(sys.argv[2]))}) + "\n")
