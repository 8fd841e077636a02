"""Single values by name: the tenant's host, the installation, what was looked at last."""

from __future__ import annotations

from collections.abc import Sequence

from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_SHAPE = shape_of("meta", "key, value")


class MetaReader:
    """Reads values. What is not spelled as the value of that name is counts as absent."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def get(self, key: str) -> str | None:
        rows = await self._connection.all("SELECT key, value FROM meta WHERE key = ?", (key,))
        return dict(self._readable(rows)).get(key)

    async def with_prefix(self, prefix: str) -> dict[str, str]:
        rows = await self._connection.all(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? ORDER BY key", (len(prefix), prefix)
        )
        return dict(self._readable(rows))

    def _readable(self, rows: Sequence[Row]) -> list[tuple[str, str]]:
        return readable(self._connection.lost, _SHAPE, rows, tuple)


class MetaWriter(MetaReader):
    """Writes values."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def set(self, key: str, value: str) -> None:
        await self._writer.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    async def delete(self, key: str) -> None:
        await self._writer.execute("DELETE FROM meta WHERE key = ?", (key,))
