"""Permits to send requests, as rows that all processes of the state count together."""

from __future__ import annotations

from spheresync.state.rate_window import LIFE, WINDOW, Grant, admit, clamp_future_grant
from spheresync.state.records import GrantedPermits
from spheresync.state.sqlite.connection import WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_SHAPE = shape_of("request_grants", "id, permits, last_use")


class RequestGrantWriter:
    """Grants permits and takes unused ones back. Times in seconds of the clock that all processes share."""

    def __init__(self, connection: WriteConnection) -> None:
        self._connection = connection

    async def settle(self, row: int, *, used: int, last_use: float) -> None:
        if used:
            await self._connection.execute(
                "UPDATE request_grants SET permits = ?, last_use = ? WHERE id = ?", (used, last_use, row)
            )
        else:
            await self._connection.execute("DELETE FROM request_grants WHERE id = ?", (row,))

    async def grant(self, budget: str, *, now: float, limit: int, wanted: int) -> GrantedPermits:
        rows = await self._connection.all(
            "SELECT id, permits, last_use FROM request_grants WHERE budget = ?", (budget,)
        )
        found = readable(self._connection.lost, _SHAPE, rows, lambda row: (row[0], Grant(row[1], row[2])))
        held = dict(found)
        straight = {row: clamp_future_grant(grant, now) for row, grant in held.items()}
        moved = [(straight[row].last_use, row) for row, grant in held.items() if straight[row] != grant]
        if moved:
            await self._connection.execute_many("UPDATE request_grants SET last_use = ? WHERE id = ?", moved)
        verdict = admit(straight.values(), now=now, limit=limit, wanted=wanted)
        if verdict.permits == 0:
            return GrantedPermits(None, 0, now, verdict.retry_at)
        await self._connection.execute(
            "DELETE FROM request_grants WHERE budget = ? AND last_use <= ?", (budget, now - WINDOW)
        )
        row = await self._connection.one(
            "INSERT INTO request_grants (budget, permits, last_use) VALUES (?, ?, ?) RETURNING id",
            (budget, verdict.permits, now + LIFE),
        )
        assert row is not None
        return GrantedPermits(int(row[0]), verdict.permits, now + LIFE, now)
