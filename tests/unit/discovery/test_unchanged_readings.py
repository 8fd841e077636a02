"""What is as it was costs one statement for many assets, and where an asset stands follows the targets in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from spheresync.discovery import definition_pass
from spheresync.discovery.normalisation import normalise_all
from spheresync.model import GLUE, AssetId, AssetStatus, DestinationName, Digest, TargetKey, TechnicalName
from spheresync.planning.asset_status import settle_for_targets
from spheresync.source.protocol import Normaliser
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.repositories.catalog import CatalogWriter
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.discovery.test_shared_discovery import AT, WRITTEN, discovery, know, status
from tests.unit.mapping.assets import ORDERS
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio
ELSEWHERE = TargetKey(GLUE, DestinationName("elsewhere"))


async def nothing() -> None:
    """Nobody does anything while this reads."""


async def test_of_an_asset_that_is_as_it_was_only_the_moments_are_written(
    store: SqliteStore, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(store)
    await discovery(store, clock, nothing).run()
    (before,) = await store.catalog.assets()
    written: list[AssetRecord] = []
    put = CatalogWriter.put_assets

    async def count(self: CatalogWriter, assets: Sequence[AssetRecord], *rest: object, **more: object) -> None:
        written.extend(assets)
        await put(self, assets, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(CatalogWriter, "put_assets", count)
    clock.advance(60)
    report = await discovery(store, clock, nothing).run()
    (after,) = await store.catalog.assets()
    assert (report.mapped, report.read, report.unchanged, report.failed) == (1, 1, 1, 0)
    assert not written
    assert after.read_at == after.listed_at and after.listed_at > before.listed_at
    assert replace(after, read_at=before.read_at, listed_at=before.listed_at) == before


async def test_what_others_wrote_meanwhile_stands_but_for_the_moments(store: SqliteStore, clock: StandingClock) -> None:
    await know(store)
    await discovery(store, clock, nothing).run()
    (before,) = await store.catalog.assets()
    newer = replace(before, raw_digest=Digest("newer"), label="Newer", column_count=7)

    async def read_by_another() -> None:
        await store.write(lambda tx: tx.catalog.put_assets([newer]))

    clock.advance(60)
    await discovery(store, clock, read_by_another).run()
    (after,) = await store.catalog.assets()
    assert replace(after, read_at=None, listed_at="") == replace(newer, read_at=None, listed_at="")


async def test_lost_definitions_are_found_while_the_tenant_answers_and_read_anew(
    store: SqliteStore, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(store)
    await discovery(store, clock, nothing).run()
    answering, normalised = anyio.Event(), 0

    async def none_is_there(_: Iterable[Digest]) -> dict[Digest, bytes]:
        await answering.wait()  # for ever, where nobody asks the tenant meanwhile
        await anyio.lowlevel.checkpoint()
        return {}

    async def answer() -> None:
        answering.set()

    def count(normaliser: Normaliser, *rest: Any) -> list[Any]:
        nonlocal normalised
        normalised += 1
        return normalise_all(normaliser, *rest)

    monkeypatch.setattr(store.blobs, "get_many", none_is_there)
    monkeypatch.setattr(definition_pass, "normalise_all", count)
    await discovery(store, clock, answer).run()
    assert normalised == 1, "the answer is as it was, but what it said is lost"


async def test_many_assets_are_named_in_few_statements(store: SqliteStore) -> None:
    await know(store)
    (first,) = await store.catalog.assets()
    ids = [AssetId(ORDERS.id.space, TechnicalName(f"T{number}")) for number in range(450)]
    await store.write(lambda tx: tx.catalog.put_assets([replace(first, id=each) for each in ids]))
    await store.write(lambda tx: tx.catalog.put_moments([*ids, AssetId(ORDERS.id.space, TechnicalName("NONE"))], at=AT))
    assert {record.id for record in await store.catalog.assets() if record.read_at == AT} == set(ids)


async def test_another_target_in_force_settles_where_all_assets_stand(store: SqliteStore) -> None:
    await know(store)
    await store.write(lambda tx: tx.checkpoints.put_many([WRITTEN]))
    await settle_for_targets(store, [TargetKey(GLUE)])
    assert await status(store) is AssetStatus.SYNCED
    await settle_for_targets(store, [TargetKey(GLUE), ELSEWHERE])
    assert await status(store) is AssetStatus.PENDING
    await store.write(lambda tx: tx.catalog.set_statuses([(ORDERS.id, AssetStatus.SYNCED)]))
    await settle_for_targets(store, [ELSEWHERE, TargetKey(GLUE)])
    assert await status(store) is AssetStatus.SYNCED, "the same targets: settled by whoever writes of them"
