"""What of a database is not as this program wrote it, found by reading all of it. Synchronous, on a thread of its own.

SQLite's own check finds a broken structure, and indexes that disagree with their tables. It says nothing about what
rows hold: contents are held against their digests, change sets and rows against their seals, references against what
they refer to, and words against those that there are.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from spheresync.errors import RefusedError
from spheresync.model import Action, AssetKind, AssetStatus, Tier
from spheresync.state.blobs import whole
from spheresync.state.change_sets import HEAD, ITEM, read_head, read_item
from spheresync.state.saved import FORMAT, is_as_saved, seal_of
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.spelling import read_problem

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
)
"""Table, column, name for people, what it is to them, and which rows must find what they refer to."""
_WRITING = ", ".join(f"'{action}'" for action in Action if action.changes_something)
_OPEN = (
    f"action IN ({_WRITING}) AND change_set_id IN "  # noqa: S608 -- words of this program
    "(SELECT id FROM change_sets WHERE run_id IS NULL AND id NOT IN (SELECT id FROM leaving))"
)
_WORDS = (
    ("assets", "kind", AssetKind),
    ("assets", "status", AssetStatus),
    ("assets", "tier", Tier),
)


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


def _damages(connection: sqlite3.Connection, sealed: set[str]) -> Iterator[str]:
    yield from _damaged_blobs(connection)
    yield from _lost_references(connection)
    for table in sorted(sealed):
        yield from _broken_seals(connection, table)
    if _has_seals(connection, "change_set_items"):
        yield from _altered_change_sets(connection)
    yield from _odd_assets(connection)
    yield from _unreadable(connection)


def _has_seals(connection: sqlite3.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = 'seal'", (table,)).fetchone())


def _damaged_blobs(connection: sqlite3.Connection) -> Iterator[str]:
    for digest, size, body in connection.execute("SELECT digest, size, body FROM blobs"):
        content = whole(digest, body)
        if content is None or len(content) != size:
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
    what = {"checkpoints": "checkpoint", "former_tables": "former table", "runs": "run", "journal": "journal of run"}
    for row in connection.execute(f"SELECT {columns}, seal FROM {table} WHERE seal IS NOT NULL"):  # noqa: S608
        values = dict(zip(names, row, strict=False))
        if row[-1] != seal_of_row(row[:-1]):
            named = values.get("id") or values.get("run_id") if table in {"runs", "journal"} else _asset(values)
            yield f"the {what[table]} {named} is not what was written"


def _asset(values: dict[str, object]) -> str:
    return f"{values['space']}/{values['asset']}"


def _altered_change_sets(connection: sqlite3.Connection) -> Iterator[str]:
    heads = connection.execute(
        f"SELECT {HEAD} FROM change_sets WHERE id NOT IN (SELECT id FROM leaving)"  # noqa: S608
    ).fetchall()
    for head in heads:
        try:
            record = read_head(head)
            if record.format != FORMAT:
                continue
            rows = connection.execute(
                f"SELECT {ITEM}, seal FROM change_set_items WHERE change_set_id = ? ORDER BY ordinal",  # noqa: S608
                (record.id,),
            ).fetchall()
            sound = all(seal_of(read_item(row[:-1])) == row[-1] for row in rows)
            sound = sound and is_as_saved(record, [row[-1] for row in rows])
        except (RefusedError, TypeError):
            sound = False
        if not sound:
            yield f"change set {head[0]} is not what was saved"


def _odd_assets(connection: sqlite3.Connection) -> Iterator[str]:
    for table, column, words in _WORDS:
        known = {None, *(word.value for word in words)}
        rows = connection.execute(f"SELECT space || '/' || name, {column} FROM {table}")  # noqa: S608
        yield from (f"the {column} of {named} is none that there is" for named, word in rows if word not in known)
    rows = connection.execute(
        "SELECT space || '/' || name FROM assets WHERE (misses > 0) != (first_missed_at IS NOT NULL) OR misses < 0"
    )
    yield from (f"how often {named} was missed is not what was noted" for (named,) in rows)


def _unreadable(connection: sqlite3.Connection) -> Iterator[str]:
    """Fields that hold a spelling of their own, which a damage breaks."""
    for named, text in connection.execute("SELECT space || '/' || name, problem FROM assets"):
        if not _reads(read_problem, text):
            yield f"the problem of {named} cannot be read"
    if _has_table(connection, "unwritten"):
        for named, text in connection.execute("SELECT space || '/' || asset, problem FROM unwritten"):
            if not _reads(read_problem, text):
                yield f"why {named} was not written cannot be read"
    if _has_table(connection, "drift_found"):
        for named, body in connection.execute("SELECT space || '/' || asset, found FROM drift_found"):
            if not _reads(lambda value: json.loads(zlib.decompress(value)), body):
                yield f"the drift of {named} cannot be read"


def _reads(read: Callable[[Any], object], value: object) -> bool:
    try:
        read(value)
    except (ValueError, TypeError, IndexError, zlib.error):
        return False
    return True


def _lenient(data: bytes) -> str:
    return data.decode("utf-8", "replace")
