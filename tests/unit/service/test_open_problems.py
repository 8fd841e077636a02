"""What keeps assets from being read and written is told by kind, with how many, three of them, and the remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import SourceFault, TargetFault
from spheresync.model import GLUE, SPACE_GONE, AssetId, AssetKind, Problem, TargetKey
from spheresync.planning.decisions.drift import missing_finding
from spheresync.planning.decisions.guards import TOO_MANY_REMOVALS
from spheresync.service.health.open_problems import troubles_of
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.unit.state.conftest import StandingClock, clock, store

pytestmark = pytest.mark.anyio

__all__ = ["StandingClock", "clock", "store"]

AT = "2026-11-24T08:00:00.000000Z"


def asset(number: int, space: str = "HR") -> AssetId:
    return AssetId.parse(f"{space}/A{number}")


def unread(which: AssetId, code: str) -> AssetRecord:
    problem = Problem.of(which, code, f"{which} answers {code}", "Do this.")
    return replace(AssetRecord.first_seen(which, AssetKind.VIEW, at=AT), problem=problem)


def unwritten(which: AssetId, code: str) -> Problem:
    return Problem.of(which, code, f"{which}: {code}", "Do that.")


async def test_each_kind_is_told_once_with_examples(store: SqliteStore) -> None:
    records = [unread(asset(number), SourceFault.FORBIDDEN) for number in range(5)]
    records += [unread(asset(5), SourceFault.TRUNCATED), unread(asset(6), SourceFault.NOT_EXPOSED)]
    records += [unread(asset(number, "GONE"), SPACE_GONE) for number in range(4)]
    records += [replace(unread(asset(7), SourceFault.FORBIDDEN), misses=1, first_missed_at=AT)]
    records += [replace(unread(asset(8), SourceFault.FORBIDDEN), included=False)]
    problems = [
        unwritten(asset(0), TargetFault.CONFLICT),  # that it could not even be read is said already
        unwritten(asset(9), TargetFault.DENIED),
        unwritten(asset(7), TOO_MANY_REMOVALS),
        missing_finding(asset(10), "hr.a10"),  # which the policies let be gone
    ]

    async def know(tx: SqliteTx) -> None:
        await tx.catalog.put_assets(records)
        await tx.unwritten.put_many(TargetKey(GLUE), problems, at=AT)

    await store.write(know)
    troubles = troubles_of(await store.catalog.unread(), await store.unwritten.groups())
    assert [(each.code, each.count, each.held_back) for each in troubles] == [
        ("forbidden", 5, False),
        ("space_gone", 4, False),
        ("truncated", 1, False),
        ("denied", 1, False),
        ("too_many_removals", 1, True),
    ]
    told = {each.code: each.told.message for each in troubles if each.told is not None}
    assert told == {
        "forbidden": "5 assets could not be read: HR/A0, HR/A1, HR/A2 and 2 more. HR/A0 answers forbidden",
        "truncated": "1 asset could not be read: HR/A5 answers truncated",
        "denied": "1 asset could not be written, since 2026-11-24T08:00:00Z: HR/A9: denied",
        "too_many_removals": "1 asset is held back by a guard, since 2026-11-24T08:00:00Z: HR/A7: too_many_removals",
    }
    assert {each.told.remedy for each in troubles if each.told is not None} == {"Do this.", "Do that."}
