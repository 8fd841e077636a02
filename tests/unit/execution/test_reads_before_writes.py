"""How often a table is read before it is written: once, whatever the state still knows of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.model import GLUE, LiveObject, PhysicalName, RunState, TargetKey
from spheresync.targets import read_ahead
from spheresync.targets.read_ahead import FRESH, MOST_KEPT, RecentReads
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import tenant

pytestmark = pytest.mark.anyio


async def forget_versions(installation: InProcess) -> None:
    checkpoints = await installation.store.checkpoints.all(TargetKey(GLUE))
    unknown = [replace(held, version=None) for held in checkpoints]
    await installation.store.write(lambda tx: tx.checkpoints.put_many(unknown))


def put_beside(installation: InProcess, parameter: str) -> None:
    """Somebody puts a parameter of his own into each table."""
    for database, name in installation.tables.values():
        live = installation.glue.catalog.dump()["tables"][database][name]["live"]
        members = ("Name", "Description", "StorageDescriptor", "Parameters", "TableType")
        table = {key: live[key] for key in members if key in live}
        table["Parameters"] = {**table["Parameters"], parameter: "theirs"}
        installation.glue.catalog.call("UpdateTable", {"DatabaseName": database, "TableInput": table})


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize("lost", [True, False])
async def test_a_table_of_unknown_version_is_read_once_and_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: bool, lost: bool
) -> None:
    monkeypatch.setattr(read_ahead, "FRESH", float("inf"))  # however slow this machine is
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        await forget_versions(installation)
        if edited:
            put_beside(installation, "team")
        if lost:
            with sqlite3.connect(tmp_path / "state" / "spheresync.db") as database:
                database.execute("DELETE FROM blobs WHERE digest IN (SELECT body FROM checkpoints)")
        installation.serve(tenant("Second"))
        assert (await installation.sync()).state is RunState.DONE
        assert installation.glue.calls == Counter(GetTable=4, UpdateTable=4)
        tables = [
            table["live"]["Parameters"]
            for tables in installation.glue.catalog.dump()["tables"].values()
            for table in tables.values()
        ]
        assert [each["spheresync.label"] for each in tables] == ["Second"] * 4
        assert all(("team" in each) == edited for each in tables), "what others put beside stays"


async def test_what_a_plan_read_long_ago_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "FRESH", -1.0)
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        await forget_versions(installation)
        installation.serve(tenant("Second"))
        await installation.sync()
        assert installation.glue.calls == Counter(GetTable=8, UpdateTable=4)


def test_a_recent_read_is_handed_out_once_and_while_it_is_fresh() -> None:
    now = [0.0]
    recent = RecentReads(lambda: now[0])
    first, second = (PhysicalName("db"), PhysicalName("a")), (PhysicalName("db"), PhysicalName("b"))
    for container, name in (first, second):
        recent.note(LiveObject(container, name, "1", b"{}", None, None, None, intact=True))
    assert recent.take([first]).keys() == {first}
    assert recent.take([first]) == {}
    now[0] = FRESH + 1
    assert recent.take([second]) == {}


def test_memory_does_not_grow_with_the_number_of_tables() -> None:
    recent = RecentReads(lambda: 0.0)
    addresses = [(PhysicalName("db"), PhysicalName(f"t{number}")) for number in range(MOST_KEPT + 5)]
    for container, name in addresses:
        recent.note(LiveObject(container, name, "1", b"{}", None, None, None, intact=True))
    assert len(recent.take(addresses)) == MOST_KEPT
