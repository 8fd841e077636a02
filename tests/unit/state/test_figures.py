"""Counts for dashboards, against what the state holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import SourceFault
from spheresync.model import AssetId, AssetKind, Problem, Tier
from spheresync.state.records import AssetRecord, TierFigures
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio
EIGHT, NINE, TEN = (f"2026-11-24T{hour:02}:00:00.000000Z" for hour in (8, 9, 10))


def asset(name: str, tier: Tier | None, read_at: str | None, *, included: bool = True, misses: int = 0) -> AssetRecord:
    record = AssetRecord.first_seen(AssetId.parse(f"SALES/{name}"), AssetKind.VIEW, at=EIGHT)
    return replace(record, tier=tier, read_at=read_at, included=included, misses=misses)


async def test_freshness_counts_what_is_in_scope_and_listed_by_the_objective_of_its_tier(store: SqliteStore) -> None:
    records = [
        asset("A", Tier.CRITICAL, EIGHT),
        asset("B", Tier.CRITICAL, NINE),
        asset("C", Tier.CRITICAL, TEN),
        asset("D", Tier.CRITICAL, None),
        asset("E", Tier.HIGH, EIGHT),
        asset("F", Tier.HIGH, None),
        asset("OUT", Tier.CRITICAL, EIGHT, included=False),
        asset("GONE", Tier.CRITICAL, EIGHT, misses=1),
        asset("NONE", None, EIGHT),
    ]

    async def put(tx: SqliteTx) -> None:
        await tx.catalog.put_assets(records)

    await store.write(put)
    assert await store.figures.freshness({Tier.CRITICAL: NINE}) == {
        Tier.CRITICAL: TierFigures(assets=4, oldest=EIGHT, unread=1, late=2),
        Tier.HIGH: TierFigures(assets=2, oldest=EIGHT, unread=1, late=0),
    }
    late = (await store.schedule.unseen_since(Tier.CRITICAL, NINE)).assets
    assert late == 2, "the status says the same"


async def test_an_empty_state_has_figures_too(store: SqliteStore) -> None:
    assert await store.figures.freshness({}) == {}
    assert await store.figures.runs() == {}
    assert await store.figures.audit_entries() == 0


async def test_what_is_new_or_not_exposed_is_late_for_nobody(store: SqliteStore) -> None:
    hidden = Problem("SALES/HIDDEN", SourceFault.NOT_EXPOSED, "404", "")
    records = [
        replace(asset("NEW", Tier.CRITICAL, None), first_seen_at=TEN),
        replace(asset("HIDDEN", Tier.CRITICAL, EIGHT), problem=hidden),
        replace(asset("BROKEN", Tier.CRITICAL, EIGHT), problem=replace(hidden, code=SourceFault.SERVER_ERROR)),
    ]

    async def put(tx: SqliteTx) -> None:
        await tx.catalog.put_assets(records)

    await store.write(put)
    assert (await store.schedule.unseen_since(Tier.CRITICAL, NINE)).assets == 1
    assert (await store.figures.freshness({Tier.CRITICAL: NINE}))[Tier.CRITICAL].late == 1
