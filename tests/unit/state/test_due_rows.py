"""Which assets the scheduler asks for: none whose space is not listed, as the listing tells when it is back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import SourceFault
from spheresync.mapping.personal_data import BY_POLICY
from spheresync.model import SPACE_GONE, SPACE_UNREAD, AssetEntry, AssetId, AssetKind, Problem, Tier
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"


async def test_an_asset_is_not_asked_for_while_its_space_is_not_listed(store: SqliteStore) -> None:
    codes = {"WELL": None, "GONE": SPACE_GONE, "UNREAD": SPACE_UNREAD, "FAILED": SourceFault.SERVER_ERROR}
    records = []
    for name, code in codes.items():
        record = AssetRecord.first_seen(AssetId.parse(f"SALES/{name}"), AssetKind.VIEW, at=AT)
        problem = None if code is None else Problem(str(record.id), code, "said", "do")
        records.append(replace(record, tier=Tier.HIGH, problem=problem))
    entries = [
        AssetEntry(record.id, "", None, None, supports_analytical_queries=False, has_parameters=False)
        for record in records
    ]

    async def put(tx: SqliteTx) -> None:
        await tx.catalog.put_assets(records)
        await tx.schedule.put_entries(entries)

    await store.write(put)
    assert {row.asset.name for row in await store.schedule.watched()} == {"WELL", "FAILED"}
    assert {row.asset.name for row in await store.schedule.due(AT)} == {"WELL", "FAILED"}
    assert [record.id.name for record in await store.catalog.with_problems()] == ["FAILED", "GONE", "UNREAD"]


async def test_what_is_left_out_for_what_it_holds_is_read_on_and_nothing_else_that_is_left_out(
    store: SqliteStore,
) -> None:
    reasons = {"IN": "", "RULE": "mapping rule 1 says include: false", "HOLDS": f"{BY_POLICY} excludes assets"}
    records = [
        replace(
            AssetRecord.first_seen(AssetId.parse(f"HR/{name}"), AssetKind.VIEW, at=AT),
            tier=Tier.HIGH,
            included=not reason,
            reason=reason,
        )
        for name, reason in reasons.items()
    ]
    entries = [
        AssetEntry(record.id, "", None, None, supports_analytical_queries=False, has_parameters=False)
        for record in records
    ]

    async def put(tx: SqliteTx) -> None:
        await tx.catalog.put_assets(records)
        await tx.schedule.put_entries(entries)

    await store.write(put)
    assert {row.asset.name for row in await store.schedule.watched()} == {"IN", "HOLDS"}
