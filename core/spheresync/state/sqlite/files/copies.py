"""Copies of the database as files of their own: made while others write, looked through before they are relied on.

VACUUM INTO reads one moment of the database and blocks no writer (reference: reliability-and-scale.md 2: never cp).
A copy is a plain file: no WAL beside it, no free pages in it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from spheresync.regular_files import open_regular
from spheresync.state.audit_chain import ChainCheck
from spheresync.state.records import AuditEntry, AuditVerdict
from spheresync.state.sqlite.faults import DATABASE_ERRORS, explain
from spheresync.state.sqlite.housekeeping.integrity_check import damaged_contents, structural_faults, unreadable_rows
from spheresync.state.sqlite.schema import APPLICATION_ID, migrations_up_to, schema_fault
from spheresync.state.stoppable_thread import in_stoppable_thread

T = TypeVar("T")

_STEPS = 20_000
"""Steps of SQLite between two looks whether to stop: some milliseconds."""
_CHUNK = 2000
_AUDIT = "seq, at, actor, action, run_id, asset, target, outcome, detail, prev_hash, hash"


@dataclass(frozen=True, slots=True)
class DatabaseInspection:
    """What a file was found to be. `fault` says why it is of no use, "" where it is sound and ours.

    `damaged` names single contents and rows of a sound file that are not what was written.
    """

    fault: str
    schema_version: int = 0
    audit_entries: int = 0
    damaged: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()  # those of the damaged that are rows which no command can read


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as they lie in a table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


def copy_database(source: Path, target: Path, stop: threading.Event, *, in_use: bool) -> None:
    """Copy what is committed in `source`, which others may write meanwhile if it is `in_use`, into an empty file.

    Raises:
        sqlite3.Error: it cannot be read or written, or `stop` was set.
    """
    with closing(open_for_reading(source, in_use=in_use)) as connection:
        connection.set_progress_handler(stop.is_set, _STEPS)
        if not connection.execute("PRAGMA auto_vacuum").fetchone()[0]:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of the copy
        connection.execute("VACUUM INTO ?", (os.fspath(target),))


def inspect_database(path: Path, stop: threading.Event) -> DatabaseInspection:
    """Read a whole database: whose it is, whether it is sound, whether its audit log is intact.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with open_regular(path):
        pass  # SQLite would not say why
    try:
        with closing(open_for_reading(path)) as connection:
            connection.set_progress_handler(stop.is_set, _STEPS)
            return _inspect(connection)
    except DATABASE_ERRORS as error:
        return DatabaseInspection(
            f"it is damaged or no database ({getattr(error, 'sqlite_errorname', type(error).__name__)})"
        )


def _inspect(connection: sqlite3.Connection) -> DatabaseInspection:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return DatabaseInspection("it is no database of Spheresync")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if faults := structural_faults(connection):
        return DatabaseInspection(f"it is damaged: {faults[0]}", version)
    verdict = _verdict(connection)
    if not verdict.intact:
        return DatabaseInspection(f"its audit log is broken: {verdict.reason}", version, verdict.entries)
    if altered := schema_fault(connection, migrations_up_to(version)):
        return DatabaseInspection(f"its schema was altered by hand: {altered}", version, verdict.entries)
    damaged = tuple(damaged_contents(connection))
    return DatabaseInspection(
        "", version, verdict.entries, damaged, tuple(unreadable_rows(connection)) if damaged else ()
    )


def _verdict(connection: sqlite3.Connection) -> AuditVerdict:
    check = ChainCheck()
    rows = connection.execute(f"SELECT {_AUDIT} FROM audit ORDER BY seq")  # noqa: S608 -- a fixed list of columns
    while chunk := rows.fetchmany(_CHUNK):
        check.walk(AuditEntry(*row) for row in chunk)
    entries = connection.execute("SELECT count(*) FROM audit").fetchone()[0]
    head = connection.execute("SELECT seq, hash FROM audit_head").fetchone() or (0, "")
    return check.verdict(entries=entries, head_seq=head[0], head_hash=head[1])


async def audit_verdict_of(path: Path) -> AuditVerdict:
    """Whether the audit log of a database is intact that nobody will open, because its schema was altered.

    Raises:
        StateError: it cannot be read.
    """

    def inspect(stop: threading.Event) -> AuditVerdict:
        with closing(open_for_reading(path, in_use=True)) as connection:
            connection.set_progress_handler(stop.is_set, _STEPS)
            return _verdict(connection)

    try:
        return await in_stoppable_thread(inspect)
    except DATABASE_ERRORS as error:
        raise explain(error, path) from error


async def damages_of(path: Path) -> tuple[str, ...]:
    """What of a database that others may write meanwhile is not as it was written; empty where all of it is.

    Raises:
        StateError: it cannot be read.
    """

    def inspect(stop: threading.Event) -> tuple[str, ...]:
        with closing(open_for_reading(path, in_use=True)) as connection:
            connection.set_progress_handler(stop.is_set, _STEPS)
            connection.execute("BEGIN")  # one moment of it
            return tuple(structural_faults(connection) or damaged_contents(connection))

    try:
        return await in_stoppable_thread(inspect)
    except DATABASE_ERRORS as error:
        raise explain(error, path) from error


def audit_after(path: Path, seq: int, digest: str) -> list[AuditEntry]:
    """At most 2000 entries that follow the one of that number and hash; none where the log does not hold that one.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    with closing(open_for_reading(path)) as connection:
        known = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
        if seq and (known is None or known[0] != digest):
            return []
        statement = f"SELECT {_AUDIT} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 -- fixed columns
        return [AuditEntry(*row) for row in connection.execute(statement, (seq, _CHUNK))]


def audit_head(path: Path) -> tuple[int, str] | None:
    """Number and hash of the last entry, as the head of the log says; None where that cannot be read.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    with closing(open_for_reading(path)) as connection:
        seq, digest = connection.execute("SELECT seq, hash FROM audit_head").fetchone() or (0, "")
        return (seq, digest) if type(seq) is int and type(digest) is str else None


def rows_of(path: Path, table: str) -> Rows:
    """Everything that a table holds; no columns where there is no such table.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    with closing(open_for_reading(path)) as connection:
        columns = tuple(name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)))
        if not columns:
            return Rows((), ())
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 -- names of the schema
        return Rows(columns, tuple(rows))


def file_digest(path: Path) -> str:
    """SHA-256 over a file, in hex."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_for_reading(path: Path, *, in_use: bool = False) -> sqlite3.Connection:
    """For reading. A file without a WAL beside it is read as it lies, also from a medium that cannot be written."""
    alone = not in_use and not path.with_name(f"{path.name}-wal").exists()
    options = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"file:{quote(os.fspath(path.absolute()))}?{options}", uri=True, isolation_level=None)
