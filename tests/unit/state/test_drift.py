"""What looks for drift found comes back as it was put, until a newer look or a write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import UsageError
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    AssetId,
    ChangeSetId,
    PhysicalName,
    Problem,
    TargetKey,
    canonical_json,
)
from spheresync.runtime.scope import Scope
from spheresync.state.records import WHOLE, DriftEffect, DriftKind, DriftLook, DriftSummary, FieldDrift, TableDrift
from spheresync.state.sqlite.repositories.drift import KEPT_LOOKS
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
LOOK = DriftLook(
    id="drift_1",
    at=AT,
    actor="anna",
    scope=b"{}",
    target=GLUE,
    summary={"drifted": 2},
    problems=(Problem("database d", "denied", "no \ud800", "ask"),),
    findings=(),
    change_set_id=ChangeSetId("cs_1"),
)


def drift(name: str, *, stays: bool = False) -> TableDrift:
    effect = DriftEffect.REPORT if stays else DriftEffect.RESTORE
    return TableDrift(
        asset=AssetId.parse(f"S/{name}"),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=PhysicalName("s"),
        name=PhysicalName(name.lower()),
        kinds=(DriftKind.COLUMNS, DriftKind.COMMENTS),
        policy="overwrite",
        effect=effect,
        reason="changed",
        remedy="look",
        fields=(FieldDrift("columns.a.type", DriftKind.COLUMNS, "int", "half \ud800", "overwrite", effect),),
        fields_total=3,
        changed_at=AT,
        changed_by="nobody says",
        stays=stays,
    )


async def put(store: SqliteStore, look: DriftLook, *found: TableDrift) -> None:
    async def write(tx: SqliteTx) -> None:
        await tx.drift.put(look, found)

    await store.write(write)


async def test_a_look_and_what_it_found_come_back(store: SqliteStore) -> None:
    await put(store, LOOK, drift("A"), drift("B", stays=True))
    assert await store.drift.look("drift_1") == LOOK
    assert await store.drift.found("drift_1") == [(1, drift("A")), (2, drift("B", stays=True))]
    assert await store.drift.found("drift_1", after=1, limit=1) == [(2, drift("B", stays=True))]
    standing = await store.drift.summary()
    assert standing == DriftSummary({TargetKey(GLUE): 2}, LOOK) and standing.drifted == 2 and standing.looked_at == AT


async def test_what_only_a_look_at_everything_could_not_see_stays_known(store: SqliteStore) -> None:
    assert canonical_json(dict(WHOLE)) == canonical_json(Scope().to_json())
    whole = replace(LOOK, scope=canonical_json(dict(WHOLE)))
    part = replace(LOOK, id="drift_2", at=AT.replace("08:00", "09:00"), problems=(), summary={"compared": 1})
    await put(store, whole)
    await put(store, part)
    standing = await store.drift.summary()
    assert (standing.look, standing.whole, standing.unseen) == (part, whole, whole)
    seen = replace(whole, id="drift_3", at=AT.replace("08:00", "10:00"), problems=())
    await put(store, seen)
    standing = await store.drift.summary()
    assert (standing.look, standing.unseen) == (seen, None)


async def test_a_newer_look_takes_over_what_it_saw(store: SqliteStore) -> None:
    await put(store, LOOK, drift("A"), drift("B"))
    await put(store, replace(LOOK, id="drift_2"), drift("B", stays=True))
    assert await store.drift.count("drift_1") == await store.drift.count("drift_2") == 1
    assert [str(asset) for asset in await store.drift.assets(TargetKey(GLUE))] == ["S/A", "S/B"]


async def test_a_write_settles_all_but_what_it_lets_stand(store: SqliteStore) -> None:
    await put(store, LOOK, drift("A"), drift("B", stays=True))

    async def settle(tx: SqliteTx) -> None:
        await tx.drift.settle(TargetKey(GLUE), [AssetId.parse("S/A"), AssetId.parse("S/B")])

    await store.write(settle)
    assert [str(asset) for asset in await store.drift.assets(TargetKey(GLUE))] == ["S/B"]


async def test_old_looks_go_unless_what_they_found_is_still_the_newest_that_is_known(store: SqliteStore) -> None:
    await put(store, LOOK, drift("A"))
    for number in range(KEPT_LOOKS + 3):
        await put(store, replace(LOOK, id=f"later_{number}"))
    assert (await store.drift.look("drift_1")).id == "drift_1"
    with pytest.raises(UsageError, match="no longer on record"):
        await store.drift.look("later_0")
    assert (await store.drift.look(f"later_{KEPT_LOOKS + 2}")).at == AT
