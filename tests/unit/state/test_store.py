"""One file, one way to write to it: permissions, migrations, units of work, cancellation."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from spheresync.errors import StateError
from spheresync.model import GLUE, TargetKey
from spheresync.state.sqlite import store as store_module
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.schema import Migration, shipped_migrations
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_folder_and_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    async with SqliteStore.open(folder) as store:
        await store.write(lambda tx: tx.meta.set("k", "v"))
        assert _mode(folder) == 0o700
        assert {_mode(path) for path in folder.glob(f"{FILE_NAME}*")} == {0o600}
        assert _mode(folder / "owners") == 0o700


async def test_an_empty_folder_is_made_private_but_one_in_use_is_left(tmp_path: Path) -> None:
    empty, used = tmp_path / "empty", tmp_path / "used"
    for folder in (empty, used):
        folder.mkdir()
        folder.chmod(0o755)
    (used / "letter.txt").write_text("mine")
    for folder in (empty, used):
        async with SqliteStore.open(folder):
            pass
    assert (_mode(empty), _mode(used)) == (0o700, 0o755)
    assert _mode(used / FILE_NAME) == 0o600


async def test_the_file_is_wal_and_fully_synchronous(store: SqliteStore) -> None:
    async def settings(tx: SqliteTx) -> list[object]:
        return [
            (await store._connection.one(f"PRAGMA {name}"))[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert await store.write(settings) == ["wal", 2, 1]
    assert await store.check() == ()


async def test_nothing_stays_open(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(RuntimeError):
        async with SqliteStore.open(tmp_path):
            raise RuntimeError("the body fails")
    for thread in set(threading.enumerate()) - before:
        if "connection_worker" in thread.name:  # such a one would keep the process from exiting
            thread.join(10)
            assert not thread.is_alive()
    assert list((tmp_path / "owners").iterdir()) == []


async def test_nothing_is_written_past_the_one_way(store: SqliteStore) -> None:
    with pytest.raises(StateError):
        await store._pool.all("INSERT INTO meta VALUES ('k', 'v')")
    assert not hasattr(store.meta, "set")


async def test_a_lock_held_for_long_is_waited_for(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = sqlite3.connect(store.folder / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    retries = 0

    def give_way(low: float, high: float) -> float:
        nonlocal retries
        retries += 1
        if retries == 2:
            holder.execute("ROLLBACK")
        return 0.0

    monkeypatch.setattr(store_module.random, "uniform", give_way)
    await store.write(lambda tx: tx.meta.set("k", "v"))
    holder.close()
    assert retries == 2


async def test_the_wait_for_a_lock_can_be_cancelled(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = sqlite3.connect(store.folder / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with anyio.CancelScope() as scope:

        def cancel(low: float, high: float) -> float:
            scope.cancel()
            return 60.0

        monkeypatch.setattr(store_module.random, "uniform", cancel)
        await store.write(lambda tx: tx.meta.set("k", "v"))
    assert scope.cancelled_caught
    holder.close()
    await store.write(lambda tx: tx.meta.set("k", "later"))
    assert await store.meta.get("k") == "later"


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path):
        pass
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("PRAGMA user_version = 999")
    file.close()
    with pytest.raises(StateError, match=r"newer Spheresync.*999.*Upgrade"):
        async with SqliteStore.open(tmp_path):
            pass


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("CREATE TABLE bookmarks (url TEXT)")
    file.close()
    with pytest.raises(StateError, match="another program"):
        async with SqliteStore.open(tmp_path):
            pass
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        assert file.execute("SELECT name FROM sqlite_schema").fetchall() == [("bookmarks",)]
    file.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StateError, match=r"damaged.*backup"):
        async with SqliteStore.open(tmp_path):
            pass


async def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="SPHERESYNC_STATE_DIR"):
        async with SqliteStore.open(tmp_path / "file" / "state"):
            pass


async def test_later_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    first = shipped_migrations()
    second = Migration(
        first[-1].version + 1,
        "second",
        "-- note; with a semicolon\nCREATE TABLE extra (a TEXT);\nINSERT INTO extra VALUES ('x');\n",
    )
    async with SqliteStore.open(tmp_path) as store:
        await store.write(lambda tx: tx.meta.set("kept", "yes"))
    for _ in range(2):
        async with SqliteStore.open(tmp_path, migrations=(*first, second)) as store:
            assert await store.meta.get("kept") == "yes"
            assert await store._pool.all("SELECT a FROM extra") == [("x",)]
    with pytest.raises(StateError, match="newer"):
        async with SqliteStore.open(tmp_path):
            pass


async def test_a_state_of_the_first_release_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path, migrations=shipped_migrations()[:1]) as store:
        await store.write(lambda tx: tx.meta.set("kept", "yes"))
    async with SqliteStore.open(tmp_path) as store:
        assert await store.meta.get("kept") == "yes"
        assert await store.former_tables.all(TargetKey(GLUE)) == []


async def test_a_migration_that_fails_leaves_the_schema_before_it(tmp_path: Path) -> None:
    broken = Migration(
        shipped_migrations()[-1].version + 1, "broken", "CREATE TABLE half (a TEXT);\nCREATE TABLE meta (a TEXT);\n"
    )
    async with SqliteStore.open(tmp_path):
        pass
    with pytest.raises(StateError, match="already exists"):
        async with SqliteStore.open(tmp_path, migrations=(*shipped_migrations(), broken)):
            pass
    async with SqliteStore.open(tmp_path) as store:
        assert await store._pool.all("SELECT name FROM sqlite_schema WHERE name = 'half'") == []


async def test_a_new_state_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    broken = Migration(shipped_migrations()[-1].version + 1, "broken", "CREATE TABLE meta (a TEXT);\n")
    with pytest.raises(StateError, match="already exists"):
        async with SqliteStore.open(tmp_path, migrations=(*shipped_migrations(), broken)):
            pass
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as file:
        assert file.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    async with SqliteStore.open(tmp_path) as store:
        assert await store.meta.get("kept") is None


async def test_a_changed_migration_is_refused(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path):
        pass
    shipped = shipped_migrations()[0]
    changed = Migration(shipped.version, shipped.name, shipped.text + "-- edited\n")
    with pytest.raises(StateError, match="other migrations"):
        async with SqliteStore.open(tmp_path, migrations=(changed, *shipped_migrations()[1:])):
            pass


async def test_a_lock_that_never_comes_free_names_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "LOCK_TIMEOUT", 0.0)
    pid = os.getpid()
    async with SqliteStore.open(tmp_path) as holder, SqliteStore.open(tmp_path) as waiter:
        await holder.write(lambda tx: tx.leases.acquire("discovery", holder.owner.id))

        async def work(tx: SqliteTx) -> None:
            with pytest.raises(StateError, match=rf"Process {pid} has held.*discovery by process {pid}"):
                await waiter.write(lambda tx: tx.meta.set("k", "v"))

        await holder.write(work)
        await waiter.write(lambda tx: tx.meta.set("k", "v"))
