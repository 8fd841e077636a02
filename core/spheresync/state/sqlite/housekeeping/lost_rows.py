"""Take rows out that cannot be read, so that what they were about is made anew.

Facts that only a damaged row held are kept where they still hold: an asset and a space stay, as if listed for the first
time; a lost catalog entry or schedule has its asset listed anew; a lost checkpoint has the target looked at, where the
table itself says whose it is. Runs, journals, change sets and the audit log are history, and never touched.
"""

# ruff: noqa: S608 -- statements are put together from names of the schema; values are always bound
from __future__ import annotations

from collections.abc import Iterable, Sequence

from spheresync.model import AssetKind, AssetStatus
from spheresync.state.cell_encoding import LARGEST_NUMBER
from spheresync.state.records import LostRow
from spheresync.state.remedies import TABLES_LOST
from spheresync.state.sqlite.connection import WriteConnection
from spheresync.state.sqlite.repositories.search_writer import SearchWriter
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import HISTORY, SHAPED, key_columns, whole_shape

_NUMBERED = {"runs": "seq", "change_sets": "seq", "request_grants": "id", "jobs": "id", "notices": "id"}
"""Tables that give each row the next number, and the column of it."""
_IN_ORDER = frozenset({"runs", "change_sets"})
_OF_TARGETS = frozenset({"checkpoints", "former_tables"})
_OF_SEARCH = frozenset({"search_rows", "search_words"})
_OF_LISTINGS = frozenset({"entries", "schedule"})
_FIRST_SEEN = (
    "label = '', tier = NULL, status = ?2, entry_digest = NULL, raw_digest = NULL, parser_version = 0, "
    "definition = NULL, fp_schema = NULL, fp_content = NULL, fp_metadata = NULL, column_count = 0, included = 1, "
    "reason = '', problem = NULL, misses = 0, first_missed_at = NULL, first_seen_at = ?1, listed_at = ?1, "
    "read_at = NULL, changed_at = NULL, pii_columns = 0, personal_data = '', context_texts = '', "
    "search_id = NULL, search_stale = 1, "
    "refers_to = NULL"
)
_UNLISTED = "label = name, listed_at = ?1, complete = 0, problem = NULL, present = 1"


class LostRowWriter:
    """Takes rows out, in a unit of work of its own."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection

    async def find(self) -> None:
        """Read every row of every table, and note those that cannot be read. A search index with gaps is emptied."""
        for table in SHAPED:
            shape = whole_shape(table)
            rows = await self._connection.all(f"SELECT {shape.names} FROM {table}")
            readable(self._connection.lost, shape, rows, len)
        search = SearchWriter(self._connection)
        if not (await search.is_sound() and await search.has_every_word()):
            await search.forget_all()

    async def clear(self, lost: Iterable[LostRow], *, at: str) -> list[LostRow]:
        """Take those out that still cannot be read; answers which."""
        cleared = []
        for row in lost:
            if row.table in HISTORY or not await self._still_lost(row):
                continue
            await self._take_out(row, at)
            cleared.append(row)
        if any(row.table in _OF_SEARCH for row in cleared):
            await SearchWriter(self._connection).forget_all()  # what is in the index cannot be told any more
        if any(row.table in _OF_TARGETS for row in cleared):
            await self._connection.execute("DELETE FROM meta WHERE substr(key, 1, 10) = 'container:'")
            await self._connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (TABLES_LOST, at))
        return cleared

    async def renumber(self) -> list[str]:
        """Take back numbers beyond all that are ever given out, after which SQLite has none left; answers the tables.

        What is history keeps its rows, under the next numbers; rows of other tables count as lost.
        """
        used_up = await self._connection.all("SELECT name FROM sqlite_sequence WHERE seq > ?", (LARGEST_NUMBER,))
        tables = [name for (name,) in used_up if name in _NUMBERED]
        for table in tables:
            number = _NUMBERED[table]
            last = f"(SELECT coalesce(max({number}), 0) FROM {table} WHERE {number} <= ?1)"
            if table in _IN_ORDER:
                beyond = await self._connection.all(
                    f"SELECT {number} FROM {table} WHERE {number} > ?", (LARGEST_NUMBER,)
                )
                for (each,) in beyond:
                    await self._connection.execute(
                        f"UPDATE {table} SET {number} = {last} + 1 WHERE {number} = ?2", (LARGEST_NUMBER, each)
                    )
            else:
                await self._connection.execute(f"DELETE FROM {table} WHERE {number} > ?", (LARGEST_NUMBER,))
            await self._connection.execute(
                f"UPDATE sqlite_sequence SET seq = {last} WHERE name = ?2", (LARGEST_NUMBER, table)
            )
        return tables

    async def _still_lost(self, row: LostRow) -> bool:
        shape = whole_shape(row.table)
        found = await self._connection.all(f"SELECT {shape.names} FROM {row.table} WHERE {_where(row.table)}", row.key)
        return any(shape.fault(each) is not None for each in found)

    async def _take_out(self, row: LostRow, at: str) -> None:
        named = all(type(part) is str for part in row.key)
        if row.table == "assets" and named:
            await self._reset_asset(row.key, at)
        elif row.table == "spaces" and named:
            await self._connection.execute(f"UPDATE spaces SET {_UNLISTED} WHERE name = ?2", (at, *row.key))
        else:
            await self._connection.execute(f"DELETE FROM {row.table} WHERE {_where(row.table)}", row.key)
        if row.table in _OF_LISTINGS:
            await self._connection.execute(
                "UPDATE assets SET entry_digest = NULL WHERE space IS ? AND name IS ?", row.key
            )

    async def _reset_asset(self, key: Sequence[object], at: str) -> None:
        """An asset stays known, and so that it counts as missed once it is not listed any more."""
        await self._connection.execute(
            f"UPDATE assets SET kind = CASE WHEN kind IN ({_KINDS}) THEN kind ELSE ?3 END, {_FIRST_SEEN} "
            "WHERE space IS ?4 AND name IS ?5",
            (at, AssetStatus.PENDING, AssetKind.VIEW, *key),
        )


_KINDS = ", ".join(f"'{kind}'" for kind in AssetKind)


def _where(table: str) -> str:
    return " AND ".join(f"{column} IS ?" for column in key_columns(table))
