"""Numbered migrations: which there are, which a file has, and bringing it up to date.

`PRAGMA user_version` holds the number of the last one, so that opening an up-to-date file costs one read.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from spheresync.errors import AlteredStateError, StateError

APPLICATION_ID = 0x53504853
"""Marks the file as ours (`SPHS`), so that another program's database is never migrated."""
SCHEMA_DIGEST = "e62eacf3a5c479d6fa6f80be3e434202ea33b2e327f1f1195ddbc2756a2d4e4c"
"""Of the schema that the shipped migrations make, so that opening a state does not make one to compare with."""
_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>\w+)\.sql")
_INDEX_TABLE = re.compile(r"asset_search(_parts)?_(data|idx|content|docsize|config)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; `checksum` is SHA-256 over its text."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """The statements one by one: `executescript` would commit before it starts."""
        statement = ""
        for line in self.text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""


@cache
def shipped_migrations() -> tuple[Migration, ...]:
    """The migrations of this program, in order."""
    found = []
    for entry in (files("spheresync.state.sqlite") / "migrations").iterdir():
        match = _FILE.fullmatch(entry.name)
        if match is not None:
            found.append(Migration(int(match["version"]), match["name"], entry.read_text("utf-8")))
    return tuple(sorted(found, key=lambda migration: migration.version))


def migrate(connection: sqlite3.Connection, migrations: tuple[Migration, ...]) -> None:
    """Bring the file up to date: a new one in one transaction, an older one in one for each step.

    Safe for several processes at once: whoever waited for the lock finds the step done. Runs on the connection's own
    thread; the connection is in autocommit mode.

    Raises:
        StateError: the file was written by a newer program, by another one, or by a changed migration.
        sqlite3.OperationalError: another process holds the lock for longer than the connection waits.
    """
    latest = migrations[-1].version
    while _version(connection, latest) < latest:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection, latest)
            pending = [step for step in migrations if step.version > version]
            if version == 0:
                _claim_file(connection)
            else:  # before anything is written: a foreign trigger would act on it
                require_schema(connection, tuple(step for step in migrations if step.version <= version))
                del pending[1:]
            for step in pending:
                _apply(connection, step)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    require_schema(connection, migrations)


def _version(connection: sqlite3.Connection, latest: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > latest:
        raise StateError(
            f"A newer Spheresync wrote the state: its schema is version {version}, this program knows {latest}.",
            remedy="Upgrade this program, or point SPHERESYNC_STATE_DIR at another folder.",
        )
    return version


def _claim_file(connection: sqlite3.Connection) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables:
        raise StateError(
            "The file spheresync.db in the state folder is the database of another program.",
            remedy="Point SPHERESYNC_STATE_DIR at another folder.",
        )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    for statement in step.statements():
        connection.execute(statement)
    connection.execute("INSERT INTO schema_migrations VALUES (?, ?, ?)", (step.version, step.name, step.checksum))
    connection.execute(f"PRAGMA user_version = {step.version}")


def require_schema(connection: sqlite3.Connection, migrations: tuple[Migration, ...]) -> None:
    """Let a file pass whose schema is what these migrations make.

    Raises:
        StateError: it is another program's, or was made by other migrations, or altered by hand.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StateError(
            "The file spheresync.db in the state folder is the database of another program.",
            remedy="Point SPHERESYNC_STATE_DIR at another folder.",
        )
    applied = connection.execute("SELECT version, name, checksum FROM schema_migrations ORDER BY version").fetchall()
    if applied != [(step.version, step.name, step.checksum) for step in migrations]:
        raise StateError(
            "The state's schema was made by other migrations than this program ships.",
            remedy="Use the program version that wrote it, or point SPHERESYNC_STATE_DIR at another folder.",
        )
    altered = schema_fault(connection, migrations)
    if altered:
        raise AlteredStateError(
            f"The schema of the state was altered by hand: {altered}.",
            remedy="Restore a backup (`spheresync restore FILE`), or undo what was done to the database.",
        )


def schema_fault(connection: sqlite3.Connection, migrations: tuple[Migration, ...]) -> str:
    """What differs from the schema that these migrations make, "" where nothing does.

    A trigger, view, table or index that is not of this program may act on what it writes; one that is missing may be
    a guard of the audit log.
    """
    if migrations == shipped_migrations() and digest_of_schema(connection) == SCHEMA_DIGEST:
        return ""
    wanted, there = _made_by(migrations), _schema_of(connection)
    for name in sorted(wanted.keys() | there.keys()):
        kind = (there.get(name) or wanted[name])[0]
        if name not in wanted:
            return f"{kind} {name} is not of this program"
        if name not in there:
            return f"{kind} {name} is missing"
        if there[name] != wanted[name]:
            return f"{kind} {name} is another one than this program makes"
    return ""


def migrations_up_to(version: int) -> tuple[Migration, ...]:
    """Those that a file of this version has seen."""
    return tuple(step for step in shipped_migrations() if step.version <= version)


def digest_of_schema(connection: sqlite3.Connection) -> str:
    """SHA-256 over every object of a schema."""
    return hashlib.sha256(repr(sorted(_schema_of(connection).items())).encode()).hexdigest()


@cache
def _made_by(migrations: tuple[Migration, ...]) -> dict[str, tuple[str, str, str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in migrations:
            for statement in step.statements():
                connection.execute(statement)
        return _schema_of(connection)


def _schema_of(connection: sqlite3.Connection) -> dict[str, tuple[str, str, str]]:
    """Kind, table and text of every object that is not SQLite's own."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'")
    return {name: (kind, table, "" if is_index_table(name) else sql or "") for kind, name, table, sql in rows}


def is_index_table(name: str) -> bool:
    """Whether a table is one in which FTS5 keeps an index of texts: how it spells those is its own affair."""
    return _INDEX_TABLE.fullmatch(name) is not None
