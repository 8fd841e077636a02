"""What of a database is not as this program wrote it, found by reading all of it. Synchronous, on a thread of its own.

SQLite's own check finds a broken structure, and indexes that disagree with their tables. It says nothing about what
rows hold: contents are held against their digests, change sets and rows against their seals, references against what
they refer to, and words against those that there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice

from spheresync.errors import RefusedError
from spheresync.model import Action
from spheresync.state.cell_encoding import text_or_bytes
from spheresync.state.change_set_digest import FORMAT, is_as_saved, seal_of
from spheresync.state.records import row_name
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.sqlite.repositories.blobs import whole
from spheresync.state.sqlite.repositories.change_sets import HEAD, ITEM, read_head, read_item
from spheresync.state.sqlite.repositories.search import LOST_TEXTS
from spheresync.state.sqlite.repositories.search_writer import lacks_words
from spheresync.state.sqlite.rows.shapes import HISTORY, SHAPED, UNREADABLE, Shape, whole_shape

MOST_NAMED = 10
"""So many damages are named; of more the number is told."""
_REFERENCES = (
    ("assets", "definition", "space || '/' || name", "the definition of", ""),
    ("checkpoints", "body", "space || '/' || asset", "what was written last for", "state != 'deleted'"),
    ("former_tables", "body", "container || '.' || name", "what was written last into the former table", ""),
    ("change_set_items", "after", "space || '/' || asset", "what a change set would write for", "{open}"),
    ("change_set_items", "before", "space || '/' || asset", "what a change set was compared with for", "{open}"),
    ("journal", "before", "run_id", "what was there before run", ""),
    ("journal", "after", "run_id", "what was written by run", ""),
    ("journal_bases", "body", "run_id", "what had been written before run", ""),
    ("journal_additions", "body", "run_id", "what went with objects in run", ""),
)
"""Table, column, name for people, what it is to them, and which rows must find what they refer to."""
_WRITING = ", ".join(f"'{action}'" for action in Action if action.changes_something)
_OPEN = (
    f"action IN ({_WRITING}) AND change_set_id IN "  # noqa: S608 -- words of this program
    "(SELECT id FROM change_sets WHERE run_id IS NULL AND id NOT IN (SELECT id FROM leaving))"
)
_CHUNK = 2000


def structural_faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file: its structure, its indexes, rows that break a constraint."""
    return [str(text) for (text,) in connection.execute(f"PRAGMA integrity_check({MOST_NAMED})") if text != "ok"]


def damaged_contents(connection: sqlite3.Connection) -> list[str]:
    """What single contents and rows of a sound file are not what was written, in words; at most some of them.

    The file has this program's schema, of whichever version.
    """
    connection.text_factory = _lenient
    versions = {table for table in SEALED if _has_seals(connection, table)}
    found = list(islice(_damages(connection, versions), MOST_NAMED + 1))
    if len(found) > MOST_NAMED:
        found[MOST_NAMED:] = ["and more"]
    return found


def unreadable_rows(connection: sqlite3.Connection) -> list[str]:
    """The rows that no command can read, in words; at most some of them."""
    connection.text_factory = _lenient
    found = list(islice(_unreadable(connection), MOST_NAMED + 1))
    if len(found) > MOST_NAMED:
        found[MOST_NAMED:] = ["and more"]
    return found


def _damages(connection: sqlite3.Connection, sealed: set[str]) -> Iterator[str]:
    yield from _damaged_blobs(connection)
    yield from _lost_references(connection)
    for table in sorted(sealed & HISTORY):
        yield from _broken_seals(connection, table)
    if _has_seals(connection, "change_set_items"):
        yield from _altered_change_sets(connection)
    yield from _odd_assets(connection)
    if _has_table(connection, "asset_search"):
        yield from (f"the texts of {named} are not in the search index" for (named,) in connection.execute(LOST_TEXTS))
        packed = connection.execute("SELECT texts FROM search_rows")
        if lacks_words(packed, connection.execute("SELECT kind, word FROM search_words").fetchall()):
            yield "words of the search index are not those of the assets in it"
    yield from _unreadable(connection)


def _has_seals(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = 'seal'", (table,)).fetchone())


def _damaged_blobs(connection: sqlite3.Connection) -> Iterator[str]:
    for digest, size, body in connection.execute("SELECT digest, size, body FROM blobs"):
        if whole(digest, size, body) is None:
            yield f"{_known_as(connection, digest)} is damaged"


def _known_as(connection: sqlite3.Connection, digest: object) -> str:
    for table, column, name, what, _ in _REFERENCES:
        if not _has_table(connection, table):
            continue
        statement = f"SELECT {name} FROM {table} WHERE {column} = ? LIMIT 1"  # noqa: S608 -- names of this program
        row = connection.execute(statement, (digest,)).fetchone()
        if row is not None:
            return f"{what} {row[0]}"
    return f"a content to which nothing refers ({digest})"


def _lost_references(connection: sqlite3.Connection) -> Iterator[str]:
    for table, column, name, what, which in _REFERENCES:
        if not _has_table(connection, table):
            continue
        where = f"AND {which.format(open=_open(connection))}" if which else ""
        rows = connection.execute(
            f"SELECT {name} FROM {table} WHERE {column} IS NOT NULL AND {column} != '' {where} "  # noqa: S608
            f"AND {column} NOT IN (SELECT digest FROM blobs)"
        )
        for (named,) in rows:
            yield f"{what} {named} is not there"


def _open(connection: sqlite3.Connection) -> str:
    return _OPEN if _has_table(connection, "leaving") else "0"


def _has_table(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone())


def _broken_seals(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = SEALED[table]
    names = [column.strip() for column in columns.split(",")]
    what = "run" if table == "runs" else "journal of run"
    for row in connection.execute(f"SELECT {columns}, seal FROM {table} WHERE seal IS NOT NULL"):  # noqa: S608
        values = dict(zip(names, row, strict=False))
        if row[-1] != seal_of_row(row[:-1]):
            named = values.get("id") or values.get("run_id")
            yield f"the {what} {named} is not what was written"


def _altered_change_sets(connection: sqlite3.Connection) -> Iterator[str]:
    heads = connection.execute(
        f"SELECT {_there(connection, 'change_sets', HEAD)} FROM change_sets "  # noqa: S608 -- names of this program
        "WHERE id NOT IN (SELECT id FROM leaving)"
    ).fetchall()
    items = _there(connection, "change_set_items", ITEM)
    for head in heads:
        try:
            record = read_head(head)
            if record.format != FORMAT:
                continue
            rows = connection.execute(
                f"SELECT {items}, seal FROM change_set_items WHERE change_set_id = ? ORDER BY ordinal",  # noqa: S608
                (record.id,),
            ).fetchall()
            sound = all(seal_of(read_item(row[:-1])) == row[-1] for row in rows)
            sound = sound and is_as_saved(record, [row[-1] for row in rows])
        except (RefusedError, *UNREADABLE):
            sound = False
        if not sound:
            yield f"change set {head[0]} is not what was saved"
        elif record.run_id is not None and not _has_run(connection, record.run_id):
            yield f"change set {head[0]} names run {record.run_id}, and there is none"


def _there(connection: sqlite3.Connection, table: str, columns: str) -> str:
    """Columns to select from a table of any version: NULL for those that it came to have later."""
    known = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
    return ", ".join(column if column in known else "NULL" for column in columns.split(", "))


def _has_run(connection: sqlite3.Connection, run_id: object) -> bool:
    return bool(connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone())


def _odd_assets(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT space || '/' || name FROM assets WHERE (misses > 0) != (first_missed_at IS NOT NULL) OR misses < 0"
    )
    yield from (f"how often {named} was missed is not what was noted" for (named,) in rows)


def _unreadable(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that no command can read; see `shapes`."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.text_factory = text_or_bytes
    try:
        for table in SHAPED:
            if not _has_table(connection, table):
                continue
            shape = whole_shape(table, version)
            rows = connection.execute(f"SELECT {shape.names} FROM {table}")  # noqa: S608 -- names of this program
            while chunk := rows.fetchmany(_CHUNK):
                if not shape.takes_all(chunk):
                    yield from _faults(shape, chunk)
    finally:
        connection.text_factory = _lenient


def _faults(shape: Shape, rows: Sequence[Sequence[object]]) -> Iterator[str]:
    for row in rows:
        fault = shape.fault(row)
        if fault is not None:
            yield f"the {row_name(shape.table, shape.known_as(row))} {_told(fault)}"


def _told(fault: str) -> str:
    return fault.removeprefix("it ") if fault.startswith("it ") else f"cannot be read: {fault}"


def _lenient(data: bytes) -> str:
    return data.decode("utf-8", "replace")
