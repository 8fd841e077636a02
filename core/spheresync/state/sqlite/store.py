"""The state of one installation: one SQLite file, one way to write to it.

`Store.write` runs a unit of work in one transaction, which nobody can cancel half-way: a lock within the process,
BEGIN IMMEDIATE between processes, a shield around statements and commit (reference: reliability-and-scale.md 2: without
them 30 of 200 cancelled writers left their transaction open). What belongs together, such as a checkpoint and its audit
row, is written in one unit or not at all.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from spheresync.errors import StateError
from spheresync.model import SYSTEM, Digest, JsonValue, RunState, isoformat, utc_now
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    Backup,
    LostRow,
)
from spheresync.state.sqlite.connection import (
    FILE_NAME,
    LOCK_TIMEOUT,
    AsyncConnection,
    ReadPool,
    WriteConnection,
    open_connections,
    require_openable,
)
from spheresync.state.sqlite.faults import DATABASE_ERRORS, explain, is_busy, is_full, locked_for_long
from spheresync.state.sqlite.files.backup import make_backup
from spheresync.state.sqlite.files.copies import damages_of
from spheresync.state.sqlite.files.folder_faults import unusable_folder
from spheresync.state.sqlite.files.folder_guard import close_to_others, exposures
from spheresync.state.sqlite.files.restored_state import RestoredStateWriter
from spheresync.state.sqlite.housekeeping.lost_rows import LostRowWriter
from spheresync.state.sqlite.housekeeping.orphan_blobs import unreferenced_contents
from spheresync.state.sqlite.housekeeping.retention import RetentionReader, RetentionWriter
from spheresync.state.sqlite.liveness.folder_lock import make_folder, shared_folder_lock
from spheresync.state.sqlite.liveness.owners import OwnerLock, Owners
from spheresync.state.sqlite.repositories.alerts import AlertReader, AlertWriter
from spheresync.state.sqlite.repositories.audit import AuditReader, AuditWriter
from spheresync.state.sqlite.repositories.blobs import BlobReader, BlobWriter
from spheresync.state.sqlite.repositories.catalog import CatalogReader, CatalogWriter
from spheresync.state.sqlite.repositories.change_sets import ChangeSetReader, ChangeSetWriter
from spheresync.state.sqlite.repositories.checkpoints import CheckpointReader, CheckpointWriter
from spheresync.state.sqlite.repositories.drift import DriftReader, DriftWriter
from spheresync.state.sqlite.repositories.figures import FigureReader
from spheresync.state.sqlite.repositories.former_tables import FormerTableReader, FormerTableWriter
from spheresync.state.sqlite.repositories.jobs import JobReader, JobWriter
from spheresync.state.sqlite.repositories.leases import LeaseReader, LeaseWriter
from spheresync.state.sqlite.repositories.ledger import LedgerReader, LedgerWriter
from spheresync.state.sqlite.repositories.meta import MetaReader, MetaWriter
from spheresync.state.sqlite.repositories.promotions import PromotionReader, PromotionWriter
from spheresync.state.sqlite.repositories.request_grants import RequestGrantWriter
from spheresync.state.sqlite.repositories.runs import RunReader, RunWriter
from spheresync.state.sqlite.repositories.schedule import ScheduleReader, ScheduleWriter
from spheresync.state.sqlite.repositories.search import SearchReader
from spheresync.state.sqlite.repositories.search_writer import SearchWriter
from spheresync.state.sqlite.repositories.unwritten import UnwrittenReader, UnwrittenWriter
from spheresync.state.sqlite.schema import Migration, shipped_migrations
from spheresync.state.stoppable_thread import in_stoppable_thread

T = TypeVar("T")

_MOST_NAMED = 20
"""Rows that could not be read and are named in the audit log; of more, the number is."""


class SqliteTx:
    """The open transaction: the repositories of the store, able to write. Valid only inside its unit of work."""

    def __init__(self, connection: WriteConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        self.catalog = CatalogWriter(connection)
        self.search = SearchWriter(connection)
        self.blobs = BlobWriter(connection)
        self.checkpoints = CheckpointWriter(connection)
        self.former_tables = FormerTableWriter(connection)
        self.change_sets = ChangeSetWriter(connection)
        self.promotions = PromotionWriter(connection)
        self.runs = RunWriter(connection, owners, clock)
        self.leases = LeaseWriter(connection, owners, clock)
        self.audit = AuditWriter(connection, clock)
        self.meta = MetaWriter(connection)
        self.grants = RequestGrantWriter(connection)
        self.jobs = JobWriter(connection, owners, clock)
        self.schedule = ScheduleWriter(connection)
        self.ledger = LedgerWriter(connection)
        self.drift = DriftWriter(connection)
        self.unwritten = UnwrittenWriter(connection)
        self.alerts = AlertWriter(connection)
        self.restored = RestoredStateWriter(connection)
        self.retention = RetentionWriter(connection)
        self.lost_rows = LostRowWriter(connection)


class SqliteStore:
    """The state, open. The repositories read what is committed; `write` is the only way to change anything.

    `owner` is the lock that shows that this store is open: pass `owner.id` to whatever is owned.
    """

    def __init__(
        self,
        folder: Path,
        connection: AsyncConnection,
        pool: ReadPool,
        owner: OwnerLock,
        clock: Callable[[], datetime],
        *,
        migrations: tuple[Migration, ...],
    ) -> None:
        self.folder = folder
        self.closed_to_others: tuple[str, ...] = ()  # what others could change until it was opened
        self.owner_id = owner.id
        self.owner = owner
        self.owners = Owners(folder)
        self.catalog = CatalogReader(pool)
        self.search = SearchReader(pool)
        self.blobs = BlobReader(pool)
        self.checkpoints = CheckpointReader(pool)
        self.former_tables = FormerTableReader(pool)
        self.change_sets = ChangeSetReader(pool)
        self.promotions = PromotionReader(pool)
        self.runs = RunReader(pool, self.owners, clock)
        self.leases = LeaseReader(pool, self.owners, clock)
        self.audit = AuditReader(pool)
        self.meta = MetaReader(pool)
        self.jobs = JobReader(pool, self.owners, clock)
        self.schedule = ScheduleReader(pool)
        self.ledger = LedgerReader(pool)
        self.drift = DriftReader(pool)
        self.unwritten = UnwrittenReader(pool)
        self.figures = FigureReader(pool)
        self.alerts = AlertReader(pool)
        self.retention = RetentionReader(pool)
        self._clock = clock
        self._migrations = migrations
        self._path = folder / FILE_NAME
        self._file = _identity(self._path)
        self._pool = pool
        self._connection = connection
        self._tx = SqliteTx(connection, self.owners, clock)
        self._write_lock = anyio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        migrations: tuple[Migration, ...] | None = None,
    ) -> AsyncIterator[SqliteStore]:
        """Open the state in `folder`, made and brought up to date where needed.

        Args:
            folder: on a local disk; several processes may have it open.
            clock: tells the time of rows.
            migrations: other than those shipped, for tests.

        Raises:
            StateError: newer or foreign file, no access, disk full, or locked by another process for a minute.
        """
        async with AsyncExitStack() as closing:
            async with _entered_folder(folder) as closed:
                last = closing.enter_context(ExitStack())  # the lock of the owner outlasts the connections
                made_by = migrations or shipped_migrations()
                connections = open_connections(folder, made_by)
                connection, pool = await closing.enter_async_context(connections)
                owner = _take_owner(folder)
                last.callback(owner.release)
            store = cls(folder, connection, pool, owner, clock, migrations=made_by)
            store.closed_to_others = closed
            yield store

    async def write(self, work: Callable[[SqliteTx], Awaitable[T]]) -> T:
        """Run one unit of work and commit it; see the port.

        Raises:
            StateError: disk full, damaged file, another process held the lock for 60 s, or the file that was opened is
                not in the state folder any more; nothing was written.
        """
        give_up = anyio.current_time() + LOCK_TIMEOUT
        async with self._write_lock:
            while True:
                with anyio.CancelScope(shield=True):
                    if await self._begin():
                        return await self._finish(work)
                if anyio.current_time() > give_up:
                    raise locked_for_long(self._path, LOCK_TIMEOUT, await self._known_work())
                await anyio.sleep(random.uniform(0.001, 0.02))  # noqa: S311 -- jitter, not secrecy

    async def require_openable(self) -> None:
        await require_openable(self._path, self._migrations)

    async def check(self) -> tuple[str, ...]:
        """What SQLite's quick check finds wrong with the file; empty when it is sound. Reads the whole file."""
        rows = await self._pool.all("PRAGMA quick_check")
        return tuple(str(text) for (text,) in rows if text != "ok")

    async def damages(self) -> tuple[str, ...]:
        return await damages_of(self._path)

    def exposures(self) -> tuple[str, ...]:
        return (*self.closed_to_others, *map(str, exposures(self.folder)))

    def is_alive(self, owner_id: str | None) -> bool:
        return self.owners.is_alive(owner_id)

    async def unreferenced_contents(self, begin: str, end: str) -> list[Digest]:
        try:
            return await in_stoppable_thread(lambda stop: unreferenced_contents(self._path, begin, end, stop))
        except DATABASE_ERRORS as error:
            raise explain(error, self._path) from error

    async def backup(self, file: Path, *, replace: bool, before_placing: Callable[[Backup], Awaitable[None]]) -> Backup:
        """Write what is committed to a file, while others go on writing; see `make_backup`."""
        return await make_backup(self.folder, file, replace=replace, before_placing=before_placing)

    @property
    def lost_rows(self) -> tuple[LostRow, ...]:
        return self._pool.lost.found()

    async def clear_lost_rows(self, *, everywhere: bool = False) -> bool:
        """Take rows out that cannot be read, so that they are made anew; answers whether there were any.

        Args:
            everywhere: look for them in all tables, and not only among those that were met.

        Raises:
            StateError: the state could not be written; all is as it was.
        """
        if not everywhere and not self.lost_rows:
            return False
        lost = self._pool.lost
        at = isoformat(self._clock())

        async def clear(tx: SqliteTx) -> list[LostRow]:
            if everywhere:
                await tx.lost_rows.find()
            cleared = await tx.lost_rows.clear(lost.found(), at=at)
            if cleared:
                rows: list[JsonValue] = [str(row) for row in cleared[:_MOST_NAMED]]
                detail: dict[str, JsonValue] = {"rows": len(cleared), "lost": rows}
                event = AuditEvent(SYSTEM, AuditAction.CLEAR_LOST_ROWS, None, None, None, AuditOutcome.DONE, detail)
                await tx.audit.append_many([event])
            return cleared

        met = lost.found()
        cleared = await self.write(clear)
        lost.forget([*met, *cleared])
        return bool(cleared)

    async def _begin(self) -> bool:
        self._require_same_file()
        try:
            if self._connection.in_transaction:
                await self._connection.execute("ROLLBACK")  # the last one could not be rolled back: the disk failed
            await self._connection.execute("BEGIN IMMEDIATE")
        except DATABASE_ERRORS as error:
            if is_busy(error):
                return False
            raise explain(error, self._path) from error
        return True

    def _require_same_file(self) -> None:
        """Refuse to note what nobody will find: a file without a name in the folder takes writes as any other.

        Raises:
            StateError: the file was deleted, moved or replaced since it was opened.
        """
        try:
            there = _identity(self._path)
        except OSError as error:
            raise unusable_folder(self.folder, error) from error
        if there != self._file:
            became = "was deleted or moved" if there is None else "was replaced by another file"
            raise StateError(
                f"The state {self._path} {became} since this process opened it; nothing was written.",
                remedy="Put it back where it was, or end this process and start it again.",
            )

    async def _finish(self, work: Callable[[SqliteTx], Awaitable[T]]) -> T:
        try:
            result = await work(self._tx)
            await self._connection.execute("COMMIT")
        except (*DATABASE_ERRORS, UnicodeEncodeError) as error:
            await self._roll_back()
            raise await self._numbers_used_up(error) or explain(error, self._path) from error
        except BaseException:
            await self._roll_back()
            raise
        return result

    async def _numbers_used_up(self, error: Exception) -> StateError | None:
        """SQLite calls a table full, too, of which a damaged row has the highest number that there is."""
        if not is_full(error):
            return None
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
            tables = await self._tx.lost_rows.renumber()
            await self._connection.execute("COMMIT")
        except DATABASE_ERRORS:  # so the disk is full as well: that is the error to tell
            await self._roll_back()
            return None
        if not tables:
            return None
        return StateError(
            f"The state {self._path} had no number left for {' and '.join(tables)}, as a damaged row had the last one; "
            "this step was not written, all before it is intact.",
            remedy="The row is mended: repeat the command. Look at who may write to the state folder.",
        )

    async def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:  # a full disk rolls back by itself
                await self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            return  # `_begin` tries again; the error that led here is the one to tell

    async def _known_work(self) -> str:
        running = [run for run in await self.runs.unfinished() if run.state is RunState.RUNNING and run.owner]
        told = [f"run {run.id} of process {self.owners.process_id(run.owner or '')}" for run in running]
        told += [f"{lease.name} by process {self.owners.process_id(lease.owner)}" for lease in await self.leases.held()]
        return ", ".join(told)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there, None where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


@asynccontextmanager
async def _entered_folder(folder: Path) -> AsyncIterator[tuple[str, ...]]:
    """As `shared_folder_lock`, with what was open to others until then."""
    async with AsyncExitStack() as entered:
        try:
            make_folder(folder)
            closed = close_to_others(folder)
            await entered.enter_async_context(shared_folder_lock(folder))
        except OSError as error:
            raise unusable_folder(folder, error) from error
        yield closed


def _take_owner(folder: Path) -> OwnerLock:
    try:
        Owners(folder).sweep()
        return OwnerLock.take(folder)
    except OSError as error:
        raise unusable_folder(folder, error) from error
