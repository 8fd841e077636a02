"""Fifty `kill -9` at random moments of discovery, apply, migration and audit.

What was acknowledged is still there, nothing is written twice, the audit log stays whole, nobody waits for the dead,
and the next command simply goes on. The seed is in each test's name; it gives the moments in requests, rows and bytes,
while what a kill then interrupts depends on the machine.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spheresync.model import (
    GLUE,
    Principal,
    PrincipalKind,
    TargetKey,
)
from spheresync.state.audit_chain import ChainCheck
from spheresync.state.records import AuditEvent
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.liveness.owners import FOLDER_NAME
from spheresync.state.sqlite.schema import migrate, shipped_migrations
from spheresync.state.sqlite.store import SqliteStore
from tests.long_form import LONG
from tests.simulators.exported_audit import entry_of
from tests.simulators.fixtures import Surroundings
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

pytestmark = [pytest.mark.anyio, pytest.mark.soak]
SPACES, ASSETS = 3, 60 if LONG else 25
ALL = SPACES * ASSETS
WRITES = ALL // 9
"""Writes after which a kill comes, at most."""
STATE_FILES = {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", FOLDER_NAME}


@pytest.fixture
def surroundings() -> Surroundings:
    """A Glue that is slow enough for a kill to find something under way."""
    return Surroundings(spaces=SPACES, assets=ASSETS, columns=4, glue_latency_ms=30, give_up_after=None)


def kill_when(process: Forked, reached: Callable[[], bool]) -> bool:
    """Kill a command at a moment; whether it was still at work."""
    process.is_at(reached, "the moment to kill it")
    process.kill()
    process.communicate()
    return process.wait() == -signal.SIGKILL


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def check_the_state(folder: Path) -> None:
    """What must be true right after a kill, before anybody has mended anything."""
    async with SqliteStore.open(folder) as store:
        assert (await store.audit.verify()).intact
        assert await store.check() == ()
        assert await store.leases.held() == [], "nobody waits for the dead"
        owners = [path for path in (folder / FOLDER_NAME).iterdir() if not path.name.startswith(".")]
        assert [path.stem for path in owners] == [store.owner.id]  # a lock without a name yet goes by its age
    assert files_of(folder) <= STATE_FILES, "a kill leaves no file behind"


async def check_what_was_confirmed(folder: Path, glue: GlueSimulator) -> int:
    """Each table that the state calls written is there as it says; answers how many."""
    tables = glue.dump()["tables"]
    async with SqliteStore.open(folder) as store:
        held = await store.checkpoints.all(TargetKey(GLUE))
        for each in held:
            live = tables[each.container][each.name]["live"]
            assert int(live["VersionId"]) >= int(each.version or 0), f"the write of {each.asset} is not there"
    return len(held)


@pytest.mark.parametrize("seed", [1])
async def test_fourteen_kills_of_discoveries(
    seed: int, installation: Installation, tenant: RunningTenant, surroundings: Surroundings
) -> None:
    """A discovery that dies has neither forgotten what was known nor missed what it did not get to list."""
    moments = random.Random(seed)
    tenant.admin(page_size=10, faults={"latency_ms": 10})
    known: set[str] = set()
    under_way = 0
    for _ in range(14):
        tenant.clear_stats()
        after = moments.randint(1, ALL + 20)
        process = installation.start("discover", "--json")
        under_way += kill_when(process, partial(asked, tenant, after))
        await check_the_state(installation.state_dir)
        async with SqliteStore.open(installation.state_dir) as store:
            records = await store.catalog.assets()
        assert [record.id for record in records if record.misses] == []
        read = {str(record.id) for record in records if record.read_at is not None}
        assert known <= read, "what was read before is still known"
        known = read
    assert under_way >= 10, "else nothing was tried here"
    installation.ask("discover")
    assets = installation.ask("assets", "--limit", "200")["items"]
    assert len(assets) == ALL
    assert {asset["status"] for asset in assets} == {"pending"}


def asked(tenant: RunningTenant, requests: int) -> bool:
    return tenant.stats().total >= requests


@pytest.mark.parametrize("seed", [1])
async def test_fourteen_kills_of_applies_and_syncs(
    seed: int, installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    """First of a saved change set that makes every table, then of syncs that bring edits over."""
    moments = random.Random(seed)
    under_way = confirmed = 0
    change_set = installation.ask("preview")["change_set_id"]
    for _ in range(7):
        process = installation.start("apply", change_set, "--json")
        under_way += kill_when(process, after_more(glue, moments.randint(1, WRITES)))
        await check_the_state(installation.state_dir)
        before, confirmed = confirmed, await check_what_was_confirmed(installation.state_dir, glue)
        assert confirmed >= before
    assert installation.ask("apply", change_set)["counts"]["create"] == ALL
    edits: dict[str, int] = {}
    for number in range(7):
        for asset in moments.sample(range(ASSETS), ASSETS // 2):
            name = f"ASSET_{asset:05}"
            tenant.edit("set_label", space="SPACE_000", asset=name, label=f"Label {number} of {name}")
            edits[name] = edits.get(name, 0) + 1
        process = installation.start("sync", "--json")
        under_way += kill_when(process, after_more(glue, moments.randint(1, WRITES)))
        await check_the_state(installation.state_dir)
        await check_what_was_confirmed(installation.state_dir, glue)
    assert under_way >= 10, "else nothing was tried here"
    installation.ask("sync")
    for database, tables in glue.dump()["tables"].items():
        for name, table in tables.items():
            most = edits.get(name.upper(), 0) if database == "space_000" else 0
            assert int(table["live"]["VersionId"]) <= most, f"{name} was written more often than edited"
    check_nothing_is_left_to_do(installation, glue)


def after_more(glue: GlueSimulator, writes: int) -> Callable[[], bool]:
    """Whether so many tables more were written since this was asked for."""

    def written() -> int:
        calls = glue.calls()
        return calls.get("CreateTable", 0) + calls.get("UpdateTable", 0)

    before = written()
    return lambda: written() >= before + writes


def check_nothing_is_left_to_do(installation: Installation, glue: GlueSimulator) -> None:
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == ALL
    assert glue.calls() == {}
    assert installation.ask("audit", "verify")["intact"]
    assert [run for run in installation.ask("runs")["items"] if run["state"] in {"queued", "running"}] == []


@pytest.mark.parametrize("seed", [1])
async def test_twelve_kills_of_migrations(seed: int, synced: Installation, glue: GlueSimulator, tmp_path: Path) -> None:
    """A state of an older program is brought up to date by whoever opens it next, wherever the last one died."""
    moments = random.Random(seed)
    newest, file = shipped_migrations()[-1].version, synced.state_dir / FILE_NAME
    today = tmp_path / "today.db"
    file.rename(today)
    with sqlite3.connect(today) as older:
        older.execute("UPDATE change_sets SET format = 1")  # as the programs saved them that knew no seals
    older.close()
    before = contents(today)
    reached = set()
    for number in range(12):
        begun_with = moments.randint(1, newest - 1)
        make_older(today, file, begun_with)
        assert contents(file) == before, "a state with all that was in it"
        stop_at = moments.randint(begun_with + 1, newest)
        with sqlite3.connect(file) as watching:
            process = synced.start("status", "--json")
            kill_when(process, partial(is_at, watching, stop_at))
            reached.add(version(watching) - begun_with)
        watching.close()
        assert contents(file) == before
        await check_the_state(synced.state_dir)
        with sqlite3.connect(file) as watching:
            assert version(watching) == newest
        watching.close()
        if number % 4 == 3:
            check_nothing_is_left_to_do(synced, glue)
        for path in (file, *synced.state_dir.glob(f"{FILE_NAME}-*")):
            path.unlink(missing_ok=True)
    assert len(reached) >= 3, "else they all died at the same step"


def is_at(connection: sqlite3.Connection, number: int) -> bool:
    return version(connection) >= number


KEPT = ("spaces", "assets", "checkpoints", "blobs", "change_sets", "change_set_items", "runs", "journal", "audit")


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def columns(connection: sqlite3.Connection, table: str) -> str:
    return ", ".join(name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def make_older(today: Path, file: Path, number: int) -> None:
    """A file as the program wrote it whose last migration had that number, with the rows that today's has."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, shipped_migrations()[:number])
    connection.execute("ATTACH ? AS today", (str(today),))
    connection.execute("BEGIN")
    for (table,) in connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall():
        if table not in {"schema_migrations", "sqlite_sequence"}:
            names = columns(connection, table)
            values = names if table != "assets" or "search_id" in names else names.replace("search", "name")
            connection.execute(f"INSERT OR REPLACE INTO main.{table} ({names}) SELECT {values} FROM today.{table}")
    connection.execute("COMMIT")
    connection.close()


def contents(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of what must never change by itself, in columns that there were from the first and still are."""
    first = sqlite3.connect(":memory:", isolation_level=None)
    migrate(first, shipped_migrations()[:1])
    newest = sqlite3.connect(":memory:", isolation_level=None)
    migrate(newest, shipped_migrations())
    connection = sqlite3.connect(file)
    found = {}
    for table in KEPT:
        kept = {*columns(newest, table).split(", ")}
        names = ", ".join(name for name in columns(first, table).split(", ") if name in kept)
        found[table] = connection.execute(f"SELECT {names} FROM {table} ORDER BY {names}").fetchall()
    for each in (connection, newest, first):
        each.close()
    return found


@pytest.mark.parametrize("seed", [1])
async def test_ten_kills_around_the_audit_log(
    seed: int, synced: Installation, tenant: RunningTenant, glue: GlueSimulator, tmp_path: Path
) -> None:
    """Exports, verifications and queries die, and so do syncs that write meanwhile; those that live are right."""
    moments = random.Random(seed)
    await lengthen(synced.state_dir, 4_000 if LONG else 1_500)
    exports = tmp_path / "exports"
    exports.mkdir()
    place, draft = exports / "audit.jsonl", exports / ".audit.jsonl.part"
    export = ("audit", "export", "--force", "--output", str(place))
    under_way = 0
    for number in range(10):
        labels = [
            {"op": "set_label", "space": "SPACE_001", "asset": f"ASSET_{asset:05}", "label": f"Label {number}"}
            for asset in range(ASSETS // 2)
        ]
        tenant.admin(edits=labels)
        written = after_more(glue, moments.randint(1, WRITES))
        writer = synced.start("sync", "--json")
        reader = synced.start(*[export, export, ("audit", "verify"), ("audit", "query"), export][number % 5])
        victim, survivor = (writer, reader) if number % 5 == 4 else (reader, writer)
        least, at = moments.randint(1, 1_500_000 if LONG else 560_000), time.monotonic() + moments.uniform(0.02, 0.2)
        reached: dict[int, Callable[[], bool]] = {
            0: partial(grown, draft, least),
            1: partial(grown, draft, least),
            4: written,
        }
        under_way += kill_when(victim, reached.get(number % 5, partial(past, at)))
        said = survivor.communicate(timeout=120)
        assert survivor.returncode == 0, said
        await check_the_state(synced.state_dir)
        if place.exists():
            check_export(place)
        assert {path.name for path in exports.iterdir()} <= {place.name, draft.name}
    assert under_way >= 5, "else nothing was tried here"
    assert synced.run(*export).code == 0
    assert check_export(place) == synced.ask("audit", "verify")["entries"]
    assert [path.name for path in exports.iterdir()] == [place.name]
    synced.ask("sync")
    check_nothing_is_left_to_do(synced, glue)


async def lengthen(folder: Path, entries: int) -> None:
    """As many years of use do."""
    somebody = Principal(PrincipalKind.USER, "somebody")
    events = [AuditEvent(somebody, "update", None, f"S/{n}", "glue", "done", {"n": n}) for n in range(entries)]
    async with SqliteStore.open(folder) as store:
        await store.write(lambda tx: tx.audit.append_many(events))


def grown(file: Path, least: int) -> bool:
    """Whether a file is there and has so many bytes; it may be gone again between two looks."""
    try:
        return file.stat().st_size >= least
    except FileNotFoundError:
        return False


def past(moment: float) -> bool:
    return time.monotonic() >= moment


def check_export(file: Path) -> int:
    """Whole lines whose chain holds, from the first entry on; answers how many."""
    entries = [entry_of(line) for line in file.read_text("utf-8").splitlines()]
    check = ChainCheck()
    check.walk(entries)
    last = entries[-1]
    assert check.verdict(entries=len(entries), head_seq=last.seq, head_hash=last.hash).intact
    return len(entries)
