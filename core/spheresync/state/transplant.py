"""What is changed in a copy of the state that is to become the state again: what it believed may be long past."""

# ruff: noqa: S608 -- statements are put together from names of the schema; values are always bound
from __future__ import annotations

from collections.abc import Sequence

from spheresync.model import Problem, RunId
from spheresync.state.connection import Writes
from spheresync.state.copies import Rows
from spheresync.state.records import AuditEntry
from spheresync.state.spelling import read_problems, spell_problems


class TransplantWriter:
    """Changes that only a restore makes."""

    def __init__(self, link: Writes) -> None:
        self._link = link

    async def append_sealed(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries that follow the log's last one, as they were written elsewhere."""
        await self._link.execute_many(
            "INSERT INTO audit (seq, at, actor, action, run_id, asset, target, outcome, detail, prev_hash, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (e.seq, e.at, e.actor, e.action, e.run_id, e.asset, e.target, e.outcome, e.detail, e.prev_hash, e.hash)
                for e in entries
            ],
        )
        await self._link.execute("UPDATE audit_head SET seq = ?, hash = ?", (entries[-1].seq, entries[-1].hash))

    async def replace(self, table: str, found: Rows) -> None:
        """Have a table hold what it holds elsewhere; columns that are not known here are left out."""
        known = {name for (name,) in await self._link.all("SELECT name FROM pragma_table_info(?)", (table,))}
        shared = [at for at, column in enumerate(found.columns) if column in known]
        names = ", ".join(found.columns[at] for at in shared)
        await self._link.execute(f"DELETE FROM {table}")
        await self._link.execute_many(
            f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(shared))})",
            [tuple(row[at] for at in shared) for row in found.rows],
        )

    async def drop_notices(self) -> None:
        """What was still to be told when the copy was made is long past."""
        await self._link.execute("DELETE FROM notices")

    async def end_unfinished_runs(self, problem: Problem, *, at: str) -> list[tuple[RunId, str]]:
        """Cancel every queued or running run; answers id and kind of each. Who still drives one is fenced off."""
        rows = await self._link.all(
            "SELECT id, kind, problems FROM runs WHERE state IN ('queued', 'running') ORDER BY seq"
        )
        await self._link.execute_many(
            "UPDATE runs SET state = 'cancelled', phase = 'ended', owner = NULL, fence = fence + 1, finished_at = ?, "
            "problems = ? WHERE id = ?",
            [(at, spell_problems((*read_problems(problems), problem)), run) for run, _, problems in rows],
        )
        return [(RunId(run), kind) for run, kind, _ in rows]

    async def expire_change_sets(self, *, at: str) -> int:
        """No saved change set may be applied any more; answers how many could have been."""
        return await self._link.execute(
            "UPDATE change_sets SET expires_at = ?1 WHERE run_id IS NULL AND expires_at > ?1", (at,)
        )

    async def forget_targets(self) -> int:
        """Forget what targets held, so that they are asked as after the loss of a state; answers how many objects.

        What a revert holds stays held, at a version that nobody trusts.
        """
        await self._link.execute("DELETE FROM former_tables")
        await self._link.execute("DELETE FROM drift_found")
        await self._link.execute("DELETE FROM meta WHERE substr(key, 1, 10) = 'container:'")
        forgotten = await self._link.execute("DELETE FROM checkpoints WHERE held IS NULL")
        await self._link.execute("UPDATE checkpoints SET version = NULL")
        return forgotten
