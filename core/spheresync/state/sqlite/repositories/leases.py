"""Named leases: at most one living process holds each. Used for discovery and for the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from spheresync.errors import LeaseLostError
from spheresync.model import isoformat
from spheresync.state.cell_encoding import LARGEST_NUMBER
from spheresync.state.records import Lease
from spheresync.state.sqlite.connection import ReadConnection, WriteConnection
from spheresync.state.sqlite.liveness.owners import Owners
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_SHAPE = shape_of("leases", "name, owner, fence, acquired_at, heartbeat_at")


class LeaseReader:
    """Tells who holds what."""

    def __init__(self, connection: ReadConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._owners = owners
        self._clock = clock

    async def holder(self, name: str) -> Lease | None:
        return next((lease for lease in await self.held() if lease.name == name), None)

    async def is_held(self, name: str, fence: int) -> bool:
        row = await self._connection.one("SELECT fence, owner FROM leases WHERE name = ?", (name,))
        return row is not None and row[0] == fence and row[1] is not None

    async def held(self) -> list[Lease]:
        now = self._clock()
        query = f"SELECT {_SHAPE.names} FROM leases ORDER BY name"  # noqa: S608 -- columns of this module
        rows = await self._connection.all(query)
        readable_rows = readable(self._connection.lost, _SHAPE, rows, tuple)
        return [
            Lease(name, owner, fence)
            for name, owner, fence, _, heartbeat_at in readable_rows
            if self._owners.is_responsive(owner, heartbeat_at, now)
        ]


class LeaseWriter(LeaseReader):
    """Takes leases and gives them back."""

    def __init__(self, connection: WriteConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        super().__init__(connection, owners, clock)
        self._writer = connection

    async def acquire(self, name: str, owner: str, *, beats: bool = False) -> int | None:
        if await self.holder(name) is not None:
            return None
        at = isoformat(self._clock())
        row = await self._writer.one(
            "INSERT INTO leases (name, owner, fence, acquired_at, heartbeat_at) VALUES (?1, ?2, 1, ?3, ?4) "
            "ON CONFLICT (name) DO UPDATE "
            "SET owner = ?2, fence = CASE WHEN typeof(fence) = 'integer' AND fence < ?5 THEN fence + 1 ELSE 1 END, "
            "acquired_at = ?3, heartbeat_at = ?4 RETURNING fence",
            (name, owner, at, at if beats else None, LARGEST_NUMBER),
        )
        assert row is not None
        return int(row[0])

    async def heartbeat(self, name: str, fence: int) -> None:
        changed = await self._writer.execute(
            "UPDATE leases SET heartbeat_at = ? WHERE name = ? AND fence = ? AND owner IS NOT NULL",
            (isoformat(self._clock()), name, fence),
        )
        if not changed:
            raise _lost(name)

    async def require(self, name: str, fence: int) -> None:
        if not await self.is_held(name, fence):
            raise _lost(name)

    async def release(self, name: str, owner: str) -> None:
        await self._writer.execute("UPDATE leases SET owner = NULL WHERE name = ? AND owner = ?", (name, owner))


def _lost(name: str) -> LeaseLostError:
    return LeaseLostError(f"Another process holds {name} by now.", remedy="Nothing is lost: it goes on there.")
