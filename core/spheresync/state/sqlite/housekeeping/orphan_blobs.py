"""Which contents nothing refers to, found out in one moment of the database without holding up any writer."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from spheresync.model import Digest
from spheresync.state.sqlite.files.copies import open_for_reading

REFERRING = frozenset({"body", "before", "after", "definition"})
"""Columns of these names, in whatever table, refer to contents; so do those whose name ends in `_blob`."""


def unreferenced_contents(path: Path, begin: str, end: str, stop: threading.Event) -> list[Digest]:
    """The digests from `begin` to before `end` that no row refers to.

    Raises:
        sqlite3.Error: the file cannot be read, or `stop` was set.
    """
    with closing(open_for_reading(path, in_use=True)) as connection:
        connection.set_progress_handler(stop.is_set, 20_000)
        referred = " UNION ALL ".join(
            f'SELECT "{column}" FROM "{table}" WHERE "{column}" >= ?1 AND "{column}" < ?2'  # noqa: S608 -- of the schema
            for table, column in referring_columns(connection)
        )
        rows = connection.execute(
            f"SELECT digest FROM blobs WHERE digest >= ?1 AND digest < ?2 AND digest NOT IN ({referred})",  # noqa: S608
            (begin, end),
        )
        return [Digest(digest) for (digest,) in rows]


def referring_columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Table and column of everything that refers to contents."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'blobs'").fetchall()
    return [
        (table, column)
        for (table,) in tables
        for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        if column in REFERRING or column.endswith("_blob")
    ]
