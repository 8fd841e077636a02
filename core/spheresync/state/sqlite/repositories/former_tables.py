"""Tables that assets had in a target before mapping rules named them anew."""

# ruff: noqa: S608 -- statements are put together from this module's own column list; values are always bound
from __future__ import annotations

from collections.abc import Iterable, Sequence

from spheresync.model import (
    Address,
    AssetId,
    DestinationName,
    Digest,
    PhysicalName,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
)
from spheresync.state.records import FormerTable
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_COLUMNS = SEALED["former_tables"]
_SHAPE = shape_of("former_tables", _COLUMNS, sealed=True)
_PUT = (
    f"INSERT OR REPLACE INTO former_tables ({_COLUMNS}, seal) "
    f"VALUES ({', '.join('?' * (len(_COLUMNS.split(',')) + 1))})"
)


class FormerTableReader:
    """Reads former tables."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def all(self, key: TargetKey) -> list[FormerTable]:
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM former_tables WHERE target = ? AND destination = ? ORDER BY container, name",
            (key.target, key.destination),
        )
        return readable(self._connection.lost, _SHAPE, rows, _read)


class FormerTableWriter(FormerTableReader):
    """Writes former tables."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put_many(self, tables: Sequence[FormerTable]) -> None:
        rows = [_spell(table) for table in tables]
        await self._writer.execute_many(_PUT, [(*row, seal_of_row(row)) for row in rows])

    async def remove_many(
        self,
        key: TargetKey,
        addresses: Iterable[Address],
    ) -> None:
        await self._writer.execute_many(
            "DELETE FROM former_tables WHERE target = ? AND destination = ? AND container = ? AND name = ?",
            [(key.target, key.destination, *address) for address in addresses],
        )


def _spell(t: FormerTable) -> tuple[object, ...]:
    return (
        t.target,
        t.destination,
        t.container,
        t.name,
        t.asset.space,
        t.asset.name,
        t.body,
        t.body_digest,
        t.version,
        t.retired,
        t.since,
    )


def _read(row: Row) -> FormerTable:
    return FormerTable(
        target=TargetName(row[0]),
        destination=DestinationName(row[1]),
        container=PhysicalName(row[2]),
        name=PhysicalName(row[3]),
        asset=AssetId(SpaceName(row[4]), TechnicalName(row[5])),
        body=Digest(row[6]),
        body_digest=Digest(row[7]),
        version=row[8],
        retired=bool(row[9]),
        since=row[10],
    )
