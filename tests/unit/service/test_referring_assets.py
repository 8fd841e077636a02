"""What refers to an asset is read off all stored definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.model import Asset, AssetId, AssetKind, Association, ForeignKey, SpaceName, TechnicalName
from spheresync.service.catalog.referring_assets import Reference, references_to
from spheresync.state.definitions import encode_asset
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.store import SqliteStore
from tests.simulators.new_state import lay_new_state

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
PERSON = AssetId(SpaceName("HR"), TechnicalName("PERSÖN"))
NAME = str(PERSON)


def made(name: str, *associations: Association, keys: tuple[ForeignKey, ...] = ()) -> Asset:
    asset = AssetId(SpaceName("S"), TechnicalName(name))
    return Asset(asset, AssetKind.VIEW, (), (), associations=associations, foreign_keys=keys)


async def put(store: SqliteStore, *assets: Asset, misses: int = 0) -> None:
    async def write(tx: Tx) -> None:
        digests = await tx.blobs.put_many([encode_asset(asset) for asset in assets])
        await tx.catalog.put_assets(
            [
                replace(AssetRecord.first_seen(asset.id, asset.kind, at=AT), definition=digest, misses=misses)
                for asset, digest in zip(assets, digests, strict=True)
            ]
        )

    await store.write(write)


async def test_every_association_and_foreign_key_counts_once_and_of_a_column_those_on_it(tmp_path: Path) -> None:
    lay_new_state(tmp_path / "state")
    async with SqliteStore.open(tmp_path / "state") as store:
        pairs = (("PERNR", "ID"),)
        await put(
            store,
            made("BOTH", Association("_P", NAME, pairs), keys=(ForeignKey("_P", NAME, pairs),)),
            made("KEY", keys=(ForeignKey("_K", NAME, (("BOSS", "BOSS"),)),)),
            made("UNTOLD", Association("_U", NAME, exact=False)),
            made("OTHER", Association("_O", f"{NAME}_2", pairs)),
        )
        await put(store, made("GONE", Association("_P", NAME, pairs)), misses=1)
        both, key, untold = (
            Reference("S/BOTH", "_P", pairs),
            Reference("S/KEY", "_K", (("BOSS", "BOSS"),)),
            Reference("S/UNTOLD", "_U", ()),
        )
        assert await references_to(store, PERSON, None) == [both, key, untold]
        assert await references_to(store, PERSON, "ID") == [both, untold], "which may be on any column"
        assert await references_to(store, PERSON, "BOSS") == [key, untold]
