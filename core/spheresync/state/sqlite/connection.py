"""SQLite connections for an event loop: opened with the settings that the promises rest on, always closed.

Figures (reference: reliability-and-scale.md 2): WAL with synchronous=FULL loses nothing that was acknowledged, not
even in a power cut; statements awaited row by row are twenty times slower than batches; an unclosed connection keeps
the process from exiting.
"""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast

import aiosqlite
import anyio
import anyio.to_thread

from spheresync.errors import StateError
from spheresync.state.cell_encoding import text_or_bytes
from spheresync.state.sqlite.faults import DATABASE_ERRORS, explain, is_busy, is_no_text, locked_for_long
from spheresync.state.sqlite.files.folder_faults import unusable_folder
from spheresync.state.sqlite.files.writable_folder import leave_to_owner_of
from spheresync.state.sqlite.rows.readable import LostRows
from spheresync.state.sqlite.schema import Migration, migrate, require_schema

FILE_NAME = "spheresync.db"
LOCK_TIMEOUT = 60.0
"""Seconds for which another process is waited for."""
WRITER_BUSY = 0.25
"""Seconds in one try for the lock: the longest time for which a wait cannot be cancelled."""
READER_BUSY = 5.0
READERS = 2
MOST_COUNTS = 100
"""Counts that a reading connection keeps."""

Row: TypeAlias = "tuple[Any, ...]"
Values: TypeAlias = "Sequence[Any]"
T = TypeVar("T")


class ReadConnection(Protocol):
    """Runs queries; `lost` takes a note of rows that cannot be read."""

    @property
    def lost(self) -> LostRows: ...

    async def all(self, sql: str, values: Values = ()) -> list[Row]: ...

    async def one(self, sql: str, values: Values = ()) -> Row | None: ...

    async def count(self, sql: str, values: Values = ()) -> int: ...


class WriteConnection(ReadConnection, Protocol):
    """Runs statements of the open transaction; both answer the number of rows that changed."""

    async def execute(self, sql: str, values: Values = ()) -> int: ...

    async def execute_many(self, sql: str, rows: Iterable[Values]) -> int: ...


class AsyncConnection:
    """One connection. Raises SQLite's own errors; whoever holds it explains them."""

    def __init__(self, connection: aiosqlite.Connection, lost: LostRows) -> None:
        self._connection = connection
        self.lost = lost

    async def all(self, sql: str, values: Values = ()) -> list[Row]:
        try:
            return cast("list[Row]", await self._connection.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            # The cursor in a frame of the error would keep its statement, and with it what the file was then.
            traceback.clear_frames(error.__traceback__)
            if not is_no_text(error) or not sql.lstrip().upper().startswith(("SELECT", "WITH")):
                raise
        self._connection.text_factory = text_or_bytes
        try:
            return cast("list[Row]", await self._connection.execute_fetchall(sql, values))
        finally:
            self._connection.text_factory = str

    async def one(self, sql: str, values: Values = ()) -> Row | None:
        rows = await self.all(sql, values)
        return rows[0] if rows else None

    async def count(self, sql: str, values: Values = ()) -> int:
        """The number that a query answers."""
        return int((await self.all(sql, values))[0][0])

    async def execute(self, sql: str, values: Values = ()) -> int:
        cursor = await self._connection.execute(sql, values)
        return cursor.rowcount

    async def execute_many(self, sql: str, rows: Iterable[Values]) -> int:
        cursor = await self._connection.executemany(sql, rows)
        return cursor.rowcount

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction


class ReadPool:
    """Connections that only read, taken in turn; each query sees all that was committed before it began."""

    def __init__(self, connections: Sequence[AsyncConnection], path: Path, lost: LostRows) -> None:
        self._next_connection = cycle([(connection, _Counts(connection)) for connection in connections])
        self._path = path
        self.lost = lost

    async def all(self, sql: str, values: Values = ()) -> list[Row]:
        """Every row.

        Raises:
            StateError: the file is damaged, cannot be read, or is being recovered for more than a minute.
        """
        return await self._ask(lambda connection, _, given: connection.all(sql, given), values)

    async def one(self, sql: str, values: Values = ()) -> Row | None:
        rows = await self.all(sql, values)
        return rows[0] if rows else None

    async def count(self, sql: str, values: Values = ()) -> int:
        """The number that a query answers, counted anew only where anybody has written since.

        SQLite walks an index for each count: 1.9 ms for 100,000 assets, a quarter of a page of them.

        Raises:
            StateError: as `all`.
        """
        return await self._ask(lambda _, counts, given: counts.of(sql, given), values)

    async def _ask(self, ask: Callable[[AsyncConnection, _Counts, Values], Awaitable[T]], values: Values) -> T:
        give_up = anyio.current_time() + LOCK_TIMEOUT
        while True:
            try:
                return await ask(*next(self._next_connection), values)
            except UnicodeEncodeError:
                values = [_as_text(value) for value in values]
                continue
            except DATABASE_ERRORS as error:
                if not is_busy(error):
                    raise explain(error, self._path) from error
                if anyio.current_time() > give_up:
                    raise locked_for_long(self._path, LOCK_TIMEOUT, "") from error
            await anyio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 -- jitter, not secrecy


class _Counts:
    """What one reading connection has counted since anybody wrote (sqlite.org/pragma.html#pragma_data_version)."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._version: object = None
        self._counted: dict[tuple[str, tuple[object, ...]], int] = {}

    async def of(self, sql: str, values: Values) -> int:
        version = await self._connection.all("PRAGMA data_version")
        if version != self._version or len(self._counted) >= MOST_COUNTS:
            self._version, self._counted = version, {}
        key, kept = (sql, tuple(values)), self._counted
        if key not in kept:
            # Noted under the version from before it was counted: a write in between has it counted once more.
            kept[key] = await self._connection.count(sql, values)
        return kept[key]


@asynccontextmanager
async def open_connections(
    folder: Path, migrations: tuple[Migration, ...]
) -> AsyncIterator[tuple[AsyncConnection, ReadPool]]:
    """The one writing connection and the reading ones, on a file that is up to date; closed in the end, come what may.

    Raises:
        StateError: newer or foreign file, no access, disk full, or locked by another process for a minute.
    """
    path = folder / FILE_NAME
    opened: list[aiosqlite.Connection] = []
    try:
        # First a plain connection, so that an attempt that fails leaves no thread; it keeps the WAL file from being
        # folded in and created anew before the others are there.
        first = await _prepared(path, migrations)
        with anyio.CancelScope(shield=True):
            try:
                for reading in (False, *[True] * READERS):
                    connection = await aiosqlite.Connection(partial(_connect, path, reading=reading), 64)
                    opened.append(connection)
            except DATABASE_ERRORS as error:
                raise explain(error, path) from error
            finally:
                await anyio.to_thread.run_sync(first.close)
        lost = LostRows()
        connections = [AsyncConnection(connection, lost) for connection in opened]
        yield connections[0], ReadPool(connections[1:], path, lost)
    finally:
        with anyio.CancelScope(shield=True):
            for connection in reversed(opened):
                await connection.close()


async def require_openable(path: Path, migrations: tuple[Migration, ...]) -> None:
    """Let a file pass that another process could open now.

    Raises:
        StateError: none could, as its schema is another one by now, or it cannot be read.
    """

    def look() -> None:
        with closing(_connect(path, reading=True)) as connection:
            require_schema(connection, migrations)

    try:
        await anyio.to_thread.run_sync(look)
    except DATABASE_ERRORS as error:
        if not is_busy(error):
            raise explain(error, path) from error


async def _prepared(path: Path, migrations: tuple[Migration, ...]) -> sqlite3.Connection:
    give_up = anyio.current_time() + LOCK_TIMEOUT
    while True:
        try:
            with anyio.CancelScope(shield=True):
                return await anyio.to_thread.run_sync(_prepare, path, migrations)
        except DATABASE_ERRORS as error:
            if not is_busy(error):
                raise explain(error, path) from error
            if anyio.current_time() > give_up:
                raise locked_for_long(path, LOCK_TIMEOUT, "") from error
        except OSError as error:
            raise unusable_folder(path.parent, error) from error
        await anyio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 -- jitter, not secrecy


def _prepare(path: Path, migrations: tuple[Migration, ...]) -> sqlite3.Connection:
    _make_private(path)
    connection = _connect(path, reading=False)
    try:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if mode != "wal":
            # Works on a file without tables only, and before it is a WAL file: free pages can be given back later.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StateError(
                f"The file system of {path.parent} does not allow several processes to share the state.",
                remedy="Set SPHERESYNC_STATE_DIR to a folder on a local disk, not on a network share.",
            )
        migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Folder 0700, file 0600. A folder that holds other things is left as it is: the files guard themselves."""
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    ours = path.exists() or not any(folder.iterdir())
    if ours and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # -wal and -shm take mode and owner
        leave_to_owner_of(folder, path)


def _connect(path: Path, *, reading: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=READER_BUSY if reading else WRITER_BUSY,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA query_only = {int(reading)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _as_text(value: object) -> object:
    """No row holds a lone surrogate, so that asking for one finds nothing."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if isinstance(value, str) else value
