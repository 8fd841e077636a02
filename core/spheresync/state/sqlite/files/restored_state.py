"""What a restore changes in the copy that is to become the state: what the backup held may no longer be so."""

# ruff: noqa: S608 -- statements are put together from names of the schema; values are always bound
from __future__ import annotations

from collections.abc import Sequence

from spheresync.state.records import AuditEntry
from spheresync.state.sqlite.connection import WriteConnection
from spheresync.state.sqlite.files.copies import Rows


class RestoredStateWriter:
    """Changes that only a restore makes."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection

    async def append_sealed(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries that follow the log's last one, as they were written elsewhere."""
        await self._connection.execute_many(
            "INSERT INTO audit (seq, at, actor, action, run_id, asset, target, outcome, detail, prev_hash, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (e.seq, e.at, e.actor, e.action, e.run_id, e.asset, e.target, e.outcome, e.detail, e.prev_hash, e.hash)
                for e in entries
            ],
        )
        await self._connection.execute("UPDATE audit_head SET seq = ?, hash = ?", (entries[-1].seq, entries[-1].hash))

    async def replace(self, table: str, found: Rows) -> None:
        """Have a table hold what it holds elsewhere; columns that are not known here are left out."""
        known = {name for (name,) in await self._connection.all("SELECT name FROM pragma_table_info(?)", (table,))}
        shared = [at for at, column in enumerate(found.columns) if column in known]
        names = ", ".join(found.columns[at] for at in shared)
        await self._connection.execute(f"DELETE FROM {table}")
        await self._connection.execute_many(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(shared))})",
            [tuple(row[at] for at in shared) for row in found.rows],
        )

    async def drop_notices(self) -> None:
        """What was still to be told when the copy was made is long past."""
        await self._connection.execute("DELETE FROM notices")

    async def forget_targets(self) -> int:
        await self._connection.execute("DELETE FROM former_tables")
        await self._connection.execute("DELETE FROM drift_found")
        await self._connection.execute("DELETE FROM meta WHERE substr(key, 1, 10) = 'container:'")
        return await self._connection.execute("DELETE FROM checkpoints WHERE held IS NULL")
