"""Backups and restores of a state folder: what is refused, what is taken over, what is left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from spheresync.errors import RefusedError, SpheresyncError, StateError, UsageError
from spheresync.model import Principal, PrincipalKind
from spheresync.state import atomic_file
from spheresync.state.atomic_file import open_atomic_file
from spheresync.state.records import AuditEvent, Backup, Restored, RestoreSource
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.backup import make_backup
from spheresync.state.sqlite.files.restore import restore_state
from spheresync.state.sqlite.liveness.folder_lock import RESTORED_FILE
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.unit.state.conftest import StandingClock
from tests.unit.state.owner_locks import owner_lock

pytestmark = pytest.mark.anyio

ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"operator"}))


async def nothing(_: Backup) -> None:
    return None


async def accept(store: SqliteStore, source: RestoreSource) -> str:
    return await store.meta.get("k") or ""


def setting(value: str) -> Callable[[SqliteTx], Awaitable[None]]:
    async def work(tx: SqliteTx) -> None:
        await tx.meta.set("k", value)
        await tx.audit.append_many([AuditEvent(ANNA, "set", None, None, None, "done", {"value": value})])

    return work


async def write(folder: Path, *values: str) -> None:
    async with SqliteStore.open(folder) as store:
        for value in values:
            await store.write(setting(value))


async def backup(folder: Path, file: Path, *, replace: bool = False) -> Backup:
    async with SqliteStore.open(folder):
        return await make_backup(folder, file, replace=replace, before_placing=nothing)


async def restore(folder: Path, file: Path) -> Restored[str]:
    return await restore_state(folder, file, accept, clock=StandingClock())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def content(path: Path) -> bytes:
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
async def file(folder: Path, tmp_path: Path) -> Path:
    """A backup of a state whose value is `old`; the state goes on to `new`."""
    await write(folder, "first", "old")
    await backup(folder, tmp_path / "backup.db")
    await write(folder, "new")
    return tmp_path / "backup.db"


async def test_a_backup_and_its_restore(folder: Path, file: Path) -> None:
    restored = await restore(folder, file)
    assert restored.told == "old"
    assert (restored.source.audit_entries, restored.source.carried, restored.source.log_whole) == (2, 1, True)
    assert restored.former is not None
    async with SqliteStore.open(folder) as store:
        assert await store.meta.get("k") == "old"
        assert (await store.audit.verify()).entries == 3, "the log does not go back in time"
    assert (await restore(folder, restored.former)).told == "new"
    kept = [name for name in names(folder) if "before-restore" not in name]
    assert kept == ["owners", FILE_NAME]


async def test_free_pages_of_a_restored_state_can_be_given_back(folder: Path, file: Path) -> None:
    await restore(folder, file)
    async with SqliteStore.open(folder) as store:
        assert await store._pool.all("PRAGMA auto_vacuum") == [(2,)]
        assert await store._pool.all("PRAGMA journal_mode") == [("wal",)]


async def test_an_older_backup_is_brought_up_to_date(folder: Path, tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "old", migrations=shipped_migrations()[:2]) as store:
        await store.write(lambda tx: tx.meta.set("k", "of an older program"))
    restored = await restore(folder, tmp_path / "old" / FILE_NAME)
    assert (restored.told, restored.source.schema_version, restored.former) == ("of an older program", 2, None)
    assert mode(folder) == 0o700


def letter(copy: Path) -> None:
    copy.write_text("this is a letter, not a database" * 500)


def bookmarks(copy: Path) -> None:
    copy.unlink()
    with sqlite3.connect(copy) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
    database.close()


def newer(copy: Path) -> None:
    with sqlite3.connect(copy) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()


def tampered(copy: Path) -> None:
    """By somebody who leaves no other trace: the trigger is there again."""
    with sqlite3.connect(copy) as database:
        (trigger,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_no_update'").fetchone()
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
        database.execute(trigger)
    database.close()


def approving(copy: Path) -> None:
    """With a trigger that approves whatever is saved."""
    with sqlite3.connect(copy) as database:
        database.execute(
            "CREATE TRIGGER approve_all AFTER INSERT ON change_sets BEGIN "
            "UPDATE change_sets SET approved_by = 'bob', approved_digest = digest WHERE id = NEW.id; END"
        )
    database.close()


def unguarded(copy: Path) -> None:
    with sqlite3.connect(copy) as database:
        database.execute("DROP TRIGGER audit_no_delete")
    database.close()


def cut(copy: Path) -> None:
    os.truncate(copy, copy.stat().st_size // 2)


def scratched(copy: Path) -> None:
    with sqlite3.connect(copy) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'").fetchone()
    database.close()
    body = bytearray(copy.read_bytes())
    body[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    copy.write_bytes(body)


@pytest.mark.parametrize(
    ("spoil", "kind", "word"),
    [
        (letter, UsageError, "no database"),
        (bookmarks, UsageError, "no database of Spheresync"),
        (newer, StateError, r"newer Spheresync.*999"),
        (tampered, StateError, "audit log is broken: entry 2"),
        (approving, StateError, "trigger approve_all is not of this program"),
        (unguarded, StateError, "trigger audit_no_delete is missing"),
        (cut, SpheresyncError, "damaged"),
        (scratched, SpheresyncError, "damaged"),
        (Path.unlink, UsageError, "there is no file"),
    ],
)
async def test_what_is_no_sound_backup_changes_nothing(
    folder: Path, file: Path, spoil: Callable[[Path], None], kind: type[SpheresyncError], word: str
) -> None:
    spoil(file)
    with pytest.raises(kind, match=word):
        await restore(folder, file)
    assert names(folder) == ["owners", FILE_NAME]
    async with SqliteStore.open(folder) as store:
        assert await store.meta.get("k") == "new"


async def test_a_backup_of_a_state_with_a_damaged_content_is_made_and_names_it(folder: Path, tmp_path: Path) -> None:
    async with SqliteStore.open(folder) as store:
        (digest,) = await store.write(lambda tx: tx.blobs.put_many([b"a content"]))
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("UPDATE blobs SET body = x'00'")
    database.close()
    async with SqliteStore.open(folder):
        made = await make_backup(folder, tmp_path / "made.db", replace=False, before_placing=nothing)
    assert len(made.damaged) == 1 and digest in made.damaged[0]
    restored = await restore(folder, made.file)
    assert restored.source.damaged == made.damaged, "what is whole of it is of use"


async def test_a_refusal_of_the_adjustment_changes_nothing(folder: Path, file: Path) -> None:
    async def refuse(store: SqliteStore, source: RestoreSource) -> None:
        raise RefusedError("of another tenant.")

    with pytest.raises(RefusedError, match="another tenant"):
        await restore_state(folder, file, refuse, clock=StandingClock())
    assert names(folder) == ["owners", FILE_NAME]


async def test_a_state_in_use_is_refused_whoever_came_first(folder: Path, file: Path) -> None:
    with owner_lock(folder), pytest.raises(RefusedError, match=f"process {os.getpid()}"):
        await restore(folder, file)

    late = AsyncExitStack()

    async def enter_late(store: SqliteStore, source: RestoreSource) -> None:
        await late.enter_async_context(SqliteStore.open(folder))

    async with late:
        with pytest.raises(RefusedError, match=f"process {os.getpid()}"):
            await restore_state(folder, file, enter_late, clock=StandingClock())
    async with SqliteStore.open(folder) as store:
        assert await store.meta.get("k") == "new"


async def test_a_log_of_another_history_is_not_carried_on(folder: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    await write(other, "one", "two", "three", "four")
    restored = await restore(other, file)
    assert (restored.source.carried, restored.source.log_whole) == (0, False)
    async with SqliteStore.open(other) as store:
        assert (await store.audit.verify()).intact


async def test_a_tampered_log_is_carried_on_as_far_as_it_holds(folder: Path, file: Path) -> None:
    await write(folder, "newer", "newest")
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 4")
    database.close()
    restored = await restore(folder, file)
    assert not restored.source.log_whole
    async with SqliteStore.open(folder) as store:
        assert (await store.audit.verify()).intact


async def test_a_restore_that_was_decided_is_finished_by_whoever_enters(folder: Path, file: Path) -> None:
    shutil.copy(file, folder / RESTORED_FILE)
    (folder / f"{FILE_NAME}-wal").write_bytes(b"belongs to the former database")
    async with SqliteStore.open(folder) as store:
        assert await store.meta.get("k") == "old"
    kept = [name for name in names(folder) if "before-restore" in name]
    assert len(kept) == 2
    assert kept[1] == f"{kept[0]}-wal"
    assert (folder / kept[1]).read_bytes() == b"belongs to the former database"


def tell(folder: Path, subject: str) -> None:
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("INSERT INTO alerts VALUES ('drift', ?, '', '', '', '', NULL)", (subject,))
        database.execute(
            "INSERT INTO notices (channel, kind, subject, event, message, remedy, began_at, at, attempts, not_before) "
            "VALUES ('c', 'drift', ?, 'began', '', '', '', '', 0, '')",
            (subject,),
        )
    database.close()


async def test_requests_sent_lately_and_what_people_were_told_do_not_go_back_in_time(
    folder: Path, tmp_path: Path
) -> None:
    await write(folder, "old")
    tell(folder, "long past")
    file = tmp_path / "backup.db"
    await backup(folder, file)
    with sqlite3.connect(folder / FILE_NAME) as database:
        database.execute("DELETE FROM alerts")
        database.execute("DELETE FROM notices")
    database.close()
    tell(folder, "of today")
    async with SqliteStore.open(folder) as store:
        await store.write(lambda tx: tx.grants.grant("datasphere", now=1000.0, limit=240, wanted=7))
    await restore(folder, file)
    async with SqliteStore.open(folder) as store:
        assert await store._pool.all("SELECT permits FROM request_grants") == [(7,)]
        assert await store._pool.all("SELECT subject FROM alerts") == [("of today",)]
        assert await store._pool.all("SELECT subject FROM notices") == [("of today",)]
    shutil.rmtree(folder)
    await restore(folder, file)
    async with SqliteStore.open(folder) as store:
        assert await store._pool.all("SELECT subject FROM notices") == [], "nobody is told what is long past"


@pytest.mark.parametrize("name", ["spheresync.db", "spheresync.db-wal", "spheresync.db.restored", "", "no/where"])
async def test_places_where_no_backup_goes(folder: Path, file: Path, name: str) -> None:
    with pytest.raises(UsageError):
        await backup(folder, folder / name, replace=True)
    async with SqliteStore.open(folder) as store:
        assert await store.meta.get("k") == "new"


async def test_a_backup_that_may_not_take_place_leaves_what_is_there(folder: Path, file: Path) -> None:
    async def refuse(_: Backup) -> None:
        raise StateError("the audit log takes nothing.")

    before = content(file)
    with pytest.raises(UsageError, match="is there already"):
        await backup(folder, file)
    async with SqliteStore.open(folder):
        with pytest.raises(StateError, match="takes nothing"):
            await make_backup(folder, file, replace=True, before_placing=refuse)
    assert content(file) == before
    assert names(file.parent) == [file.name, folder.name]


async def test_a_file_that_appears_meanwhile_is_not_replaced(folder: Path, file: Path, tmp_path: Path) -> None:
    place = tmp_path / "late.db"

    async def appear(_: Backup) -> None:
        place.write_text("somebody else's")

    async with SqliteStore.open(folder):
        with pytest.raises(UsageError, match="is there already"):
            await make_backup(folder, place, replace=False, before_placing=appear)
    assert place.read_text() == "somebody else's"


async def test_a_state_whose_log_is_broken_makes_no_backup(folder: Path, file: Path, tmp_path: Path) -> None:
    tampered(folder / FILE_NAME)
    with pytest.raises(StateError, match="audit log is broken: entry 2"):
        await backup(folder, tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()


def test_a_draft_that_took_its_place_a_moment_ago_is_not_taken_for_a_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process opened it while it was one, and gets the lock when it is none any more."""
    place = tmp_path / "backup.db"
    lock = fcntl.flock

    def first_let_the_other_finish(descriptor: int, how: int) -> None:
        (tmp_path / ".backup.db.part").replace(place)
        place.write_text("a whole backup")
        lock(descriptor, how)

    monkeypatch.setattr(atomic_file.fcntl, "flock", first_let_the_other_finish)
    with pytest.raises(BlockingIOError), open_atomic_file(place):
        pass
    assert place.read_text() == "a whole backup"
