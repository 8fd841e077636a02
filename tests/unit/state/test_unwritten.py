"""What keeps a target from holding an asset as it should is remembered for each asset, with since when."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spheresync.errors import TargetFault
from spheresync.model import (
    GLUE,
    AssetId,
    AssetStatus,
    Problem,
    TargetKey,
    canonical_json,
)
from spheresync.state.sqlite.housekeeping.integrity_check import damaged_contents
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.state.conftest import StandingClock, clock, store
from tests.unit.state.former_assets import put_assets_as_before

pytestmark = pytest.mark.anyio

__all__ = ["clock", "store"]

FIRST, LATER = "2026-11-24T08:00:00.000000Z", "2026-11-24T09:00:00.000000Z"
ASSETS = [AssetId.parse(f"HR/A{number}") for number in range(5)]


def problem(asset: AssetId, code: str = TargetFault.DENIED, message: str = "not allowed") -> Problem:
    return Problem.of(asset, code, message, "Allow it.")


async def put(store: SqliteStore, *problems: Problem, at: str) -> None:
    await store.write(lambda tx: tx.unwritten.put_many(TargetKey(GLUE), problems, at=at))


async def test_a_problem_is_as_old_as_its_kind_and_has_the_newest_words(store: SqliteStore) -> None:
    await put(store, problem(ASSETS[0]), problem(ASSETS[1]), Problem("database hr", TargetFault.DENIED, "no"), at=FIRST)
    await put(store, problem(ASSETS[0], message="still not"), problem(ASSETS[1], TargetFault.CONFLICT), at=LATER)
    found = await store.unwritten.of(ASSETS, TargetKey(GLUE))
    assert {asset.name: (each.problem.code, each.problem.message, each.since) for asset, each in found.items()} == {
        "A0": ("denied", "still not", FIRST),
        "A1": ("conflict", "not allowed", LATER),
    }
    assert found == await store.unwritten.all(TargetKey(GLUE))
    await store.write(lambda tx: tx.unwritten.remove_many(TargetKey(GLUE), ASSETS[:1]))
    assert [*await store.unwritten.all(TargetKey(GLUE))] == ASSETS[1:2]


async def test_groups_name_the_first_three_of_each_kind(store: SqliteStore) -> None:
    await put(store, *map(problem, ASSETS), at=FIRST)
    await put(store, problem(ASSETS[4], TargetFault.CONFLICT), at=LATER)
    groups = await store.unwritten.groups()
    assert [(each.code, each.count, each.since, [a.asset for a in each.first]) for each in groups] == [
        ("conflict", 1, LATER, ASSETS[4:]),
        ("denied", 4, FIRST, ASSETS[:3]),
    ]


async def test_a_row_that_says_nothing_is_left_out_and_named(store: SqliteStore) -> None:
    await put(store, *map(problem, ASSETS[:2]), at=FIRST)

    with closing(sqlite3.connect(store.folder / "spheresync.db")) as file:
        file.execute("UPDATE unwritten SET problem = '[' WHERE asset = 'A0'")
        file.commit()
        assert "the write problem of HR/A0 cannot be read: its problem cannot be read" in damaged_contents(file)
    assert [*await store.unwritten.all(TargetKey(GLUE))] == ASSETS[1:2]
    assert [[each.asset for each in group.first] for group in await store.unwritten.groups()] == [ASSETS[1:2]]


async def test_a_conflict_that_a_former_version_knew_is_known_with_its_remedy(
    tmp_path: Path, clock: StandingClock
) -> None:
    asset = AssetId.parse('HR/"PAY"')
    async with SqliteStore.open(tmp_path, clock=clock, migrations=shipped_migrations()[:11]):
        put_assets_as_before(tmp_path, [asset], at=FIRST, status=AssetStatus.CONFLICT)
    async with SqliteStore.open(tmp_path, clock=clock) as store:
        (known,) = (await store.unwritten.all(TargetKey(GLUE))).values()
    assert (known.asset, known.problem.asset, known.since) == (asset, asset, FIRST)
    assert known.problem.code == TargetFault.CONFLICT and "the next sync looks" in known.problem.remedy
    assert canonical_json(known.problem.subject) == canonical_json(str(asset))
