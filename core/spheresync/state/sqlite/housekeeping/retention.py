"""Remove old runs and saved change sets as the retention settings say, and contents that nothing refers to any more.

Everything goes in units of a few hundred rows, so that no other writer waits long. A run that is on its way out is
invisible from the first moment on: nobody reads, applies or reverts half of one.
"""

# ruff: noqa: S608 -- statements are put together from this module's own names; values are always bound
from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Final

from spheresync.model import Digest
from spheresync.state.records import ExpiredRecords, FilePages
from spheresync.state.sqlite.connection import ReadConnection, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

KEPT: Final = 20
"""So many of the newest runs that did something stay, however old they are."""
_PARTS = (
    ("journal", "run_id"),
    ("journal_bases", "run_id"),
    ("journal_additions", "run_id"),
    ("change_set_items", "change_set_id"),
)
_MARKED = 500
_UNIT = 500

# The last run of each sort stays too: what a person has approved once must not be forgotten.
_KEPT_RUNS = f"""
SELECT max(seq) FROM runs GROUP BY kind, actor_kind, state
UNION SELECT seq FROM (
    SELECT seq FROM runs AS busy WHERE EXISTS (SELECT 1 FROM journal WHERE run_id = busy.id)
    ORDER BY seq DESC LIMIT {KEPT})
"""
_DUE_RUNS = f"""
SELECT id, change_set_id FROM runs
WHERE state NOT IN ('queued', 'running') AND id NOT IN (SELECT id FROM leaving) AND seq NOT IN ({_KEPT_RUNS})
    AND (coalesce(finished_at, created_at) < ?1 OR coalesce(finished_at, created_at) < ?2 AND problems = '[]'
        AND NOT EXISTS (SELECT 1 FROM journal WHERE run_id = runs.id))
ORDER BY seq LIMIT {_MARKED}
"""
_DUE_CHANGE_SETS = f"""
SELECT id FROM change_sets
WHERE run_id IS NULL AND created_at < ?1 AND expires_at < ?2 AND id NOT IN (SELECT id FROM leaving)
ORDER BY seq LIMIT {_MARKED}
"""

_UNREFERRED = shape_of("unreferred", "digest, noted_at")


class RetentionReader:
    """Finds what is to be removed."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def due(self, *, runs_before: str, idle_before: str, change_sets_before: str, now: str) -> ExpiredRecords:
        runs = await self._connection.all(_DUE_RUNS, (runs_before, idle_before))
        change_sets = await self._connection.all(_DUE_CHANGE_SETS, (change_sets_before, now))
        applied = [change_set for _, change_set in runs if change_set is not None]
        return ExpiredRecords(tuple(run for run, _ in runs), (*applied, *(change_set for (change_set,) in change_sets)))

    async def is_removing(self) -> bool:
        return await self._connection.one("SELECT 1 FROM leaving LIMIT 1") is not None

    async def contents(self) -> int:
        row = await self._connection.one("SELECT count(*) FROM blobs")
        return int(row[0]) if row else 0

    async def pages(self) -> FilePages:
        figures = [await self._connection.one(f"PRAGMA {name}") for name in _PAGE_FIGURES]
        free, total, size, mode = (int(row[0]) if row else 0 for row in figures)
        return FilePages(free, total, size, returnable=mode == 2)


_PAGE_FIGURES = ("freelist_count", "page_count", "page_size", "auto_vacuum")


class RetentionWriter(RetentionReader):
    """Removes it, some rows in each unit of work."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def mark_expired(self, due: ExpiredRecords) -> None:
        await self._writer.execute_many(
            "INSERT OR IGNORE INTO leaving (id) VALUES (?)", [(id_,) for id_ in (*due.runs, *due.change_sets)]
        )

    async def remove_some(self) -> None:
        left = _UNIT
        for (id_,) in await self._connection.all("SELECT id FROM leaving ORDER BY id LIMIT ?", (_UNIT,)):
            for table, key in _PARTS:
                left -= await self._writer.execute(
                    f"DELETE FROM {table} WHERE {key} = ?1 AND ordinal <= (SELECT max(ordinal) FROM "
                    f"(SELECT ordinal FROM {table} WHERE {key} = ?1 ORDER BY ordinal LIMIT ?2))",
                    (id_, left),
                )
                if left <= 0:
                    return
            await self._writer.execute("DELETE FROM runs WHERE id = ?", (id_,))
            await self._writer.execute("DELETE FROM change_sets WHERE id = ?", (id_,))
            await self._writer.execute("DELETE FROM leaving WHERE id = ?", (id_,))
            left -= 1

    async def noted_unreferenced(self, begin: str, end: str) -> dict[Digest, float]:
        rows = await self._connection.all(
            "SELECT digest, noted_at FROM unreferred WHERE digest >= ? AND digest < ?", (begin, end)
        )
        return dict(readable(self._connection.lost, _UNREFERRED, rows, lambda row: (Digest(row[0]), row[1])))

    async def note_unreferenced(self, digests: Collection[Digest], *, at: float) -> None:
        await self._writer.execute_many(
            "INSERT OR REPLACE INTO unreferred (digest, noted_at) VALUES (?, ?)", [(digest, at) for digest in digests]
        )

    async def unnote_unreferenced(self, digests: Collection[Digest]) -> None:
        await self._writer.execute_many("DELETE FROM unreferred WHERE digest = ?", [(digest,) for digest in digests])

    async def remove_contents(self, digests: Sequence[Digest]) -> int:
        wanted = json.dumps(digests)
        removed = await self._writer.execute(
            "DELETE FROM blobs WHERE digest IN (SELECT digest FROM unreferred WHERE digest IN "
            "(SELECT value FROM json_each(?)))",
            (wanted,),
        )
        await self._writer.execute("DELETE FROM unreferred WHERE digest IN (SELECT value FROM json_each(?))", (wanted,))
        return removed

    async def release_pages(self, pages: int) -> None:
        for _ in range(pages):  # whatever number a statement is told, it is stepped once and gives back one page
            await self._connection.all("PRAGMA incremental_vacuum(1)")
