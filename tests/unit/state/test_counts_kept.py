"""What is counted is counted again once anybody has written, and not before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spheresync.state.sqlite.connection import FILE_NAME, MOST_COUNTS, READERS, AsyncConnection, open_connections
from spheresync.state.sqlite.schema import shipped_migrations

pytestmark = pytest.mark.anyio

COUNT = "SELECT count(*) FROM meta WHERE key LIKE ?"
WRITE = "INSERT INTO meta (key, value) VALUES (?, 'v')"


async def test_a_count_is_as_of_the_last_write_whoever_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    count = AsyncConnection.count

    async def noted(self: AsyncConnection, sql: str, values: tuple[object, ...] = ()) -> int:
        counted.append(sql)
        return await count(self, sql, values)

    monkeypatch.setattr(AsyncConnection, "count", noted)
    async with open_connections(tmp_path, shipped_migrations()) as (writing, pool):

        async def seen() -> set[int]:
            return {await pool.count(COUNT, ("mine%",)) for _ in range(3 * READERS)}

        assert await seen() == {0}
        assert len(counted) == READERS, "each connection counts once"
        await writing.execute("BEGIN IMMEDIATE")
        await writing.execute(WRITE, ("mine 1",))
        assert await seen() == {0}, "what is not committed is not seen"
        await writing.execute("COMMIT")
        assert await seen() == {1}
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as another:
            another.execute(WRITE, ("mine 2",))
            another.commit()
        assert await seen() == {2}
        assert {await pool.count(COUNT, (f"mine {each}",)) for each in range(2 * MOST_COUNTS)} == {0, 1}
        assert await writing.count(COUNT, ("mine%",)) == 2, "whoever writes sees what it wrote"
