"""Single values by name: the tenant's host, the installation, what was looked at last."""

from __future__ import annotations

from spheresync.state.connection import Reads, Writes


class MetaReader:
    """Reads values."""

    def __init__(self, link: Reads) -> None:
        self._link = link

    async def get(self, key: str) -> str | None:
        row = await self._link.one("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    async def with_prefix(self, prefix: str) -> dict[str, str]:
        """Every value whose name begins with `prefix`, by name."""
        rows = await self._link.all(
            "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ? ORDER BY key", (len(prefix), prefix)
        )
        return dict(rows)


class MetaWriter(MetaReader):
    """Writes values."""

    def __init__(self, link: Writes) -> None:
        super().__init__(link)
        self._writes = link

    async def set(self, key: str, value: str) -> None:
        await self._writes.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    async def delete(self, key: str) -> None:
        """Forget a value; a name that is not there is no error."""
        await self._writes.execute("DELETE FROM meta WHERE key = ?", (key,))
