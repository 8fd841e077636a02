"""What each target in each destination was last known to hold of each asset."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import Collection, Sequence

from spheresync.model import (
    AssetId,
    DestinationName,
    Digest,
    PhysicalName,
    RunId,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
)
from spheresync.state.cell_encoding import decode_fingerprints, encode_fingerprints
from spheresync.state.records import Checkpoint, CheckpointState
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.fences import require_fence
from spheresync.state.sqlite.rows.readable import readable, readable_one
from spheresync.state.sqlite.rows.shapes import shape_of
from spheresync.state.sqlite.rows.statements import MOST_LOOKED_UP, rows_of_assets

_COLUMNS = SEALED["checkpoints"]
_SHAPE = shape_of("checkpoints", _COLUMNS, sealed=True)
_PUT = (
    f"INSERT OR REPLACE INTO checkpoints ({_COLUMNS}, seal) VALUES ({', '.join('?' * (len(_COLUMNS.split(',')) + 1))})"
)
_STATES = {state.value: state for state in CheckpointState}


class CheckpointReader:
    """Reads checkpoints; none that is damaged or was altered."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def keys(self) -> list[TargetKey]:
        rows = await self._connection.all(
            "SELECT DISTINCT target, destination FROM checkpoints ORDER BY target, destination"
        )
        return [TargetKey(TargetName(row[0]), DestinationName(row[1])) for row in rows]

    async def all(self, key: TargetKey) -> list[Checkpoint]:
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM checkpoints WHERE target = ? AND destination = ? ORDER BY space, asset",
            (key.target, key.destination),
        )
        return self._readable(rows)

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, Checkpoint]:
        if len(assets) > MOST_LOOKED_UP:
            among = frozenset(assets)
            return {each.asset: each for each in await self.all(key) if each.asset in among}
        found = dict[AssetId, Checkpoint]()
        for clause, values in rows_of_assets(assets, "checkpoints", name="asset"):
            query = f"{clause} SELECT {_SHAPE.names} FROM named_checkpoints WHERE target = ? AND destination = ?"
            rows = await self._connection.all(query, [*values, key.target, key.destination])
            found.update({each.asset: each for each in self._readable(rows)})
        return found

    async def get(self, asset: AssetId, key: TargetKey) -> Checkpoint | None:
        row = await self._connection.one(
            f"SELECT {_SHAPE.names} FROM checkpoints WHERE target = ? AND destination = ? AND space = ? AND asset = ?",
            (key.target, key.destination, asset.space, asset.name),
        )
        return readable_one(self._connection.lost, _SHAPE, row, _read)

    async def of_assets(self, assets: Collection[AssetId]) -> dict[AssetId, list[Checkpoint]]:
        found = dict[AssetId, list[Checkpoint]]()
        for clause, values in rows_of_assets(assets, "checkpoints", name="asset"):
            query = f"{clause} SELECT {_SHAPE.names} FROM named_checkpoints ORDER BY target, destination"
            for each in self._readable(await self._connection.all(query, values)):
                found.setdefault(each.asset, []).append(each)
        return found

    async def of_asset(self, asset: AssetId) -> list[Checkpoint]:
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM checkpoints WHERE space = ? AND asset = ? ORDER BY target, destination",
            (asset.space, asset.name),
        )
        return self._readable(rows)

    async def named(
        self, name: str, container: str | None, limit: int
    ) -> list[tuple[AssetId, PhysicalName, PhysicalName]]:
        rows = await self._connection.all(
            "SELECT DISTINCT space, asset, container, name FROM checkpoints "
            "WHERE name = ?1 AND (?2 IS NULL OR container = ?2) ORDER BY space, asset LIMIT ?3",
            (name, container, limit),
        )
        return [
            (AssetId(SpaceName(space), TechnicalName(asset)), PhysicalName(held), PhysicalName(table))
            for space, asset, held, table in rows
            if all(isinstance(each, str) for each in (space, asset, held, table))
        ]

    async def unlisted(self) -> list[AssetId]:
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM checkpoints WHERE state IN ('active', 'bound', 'retired') AND NOT EXISTS "
            "(SELECT 1 FROM assets WHERE assets.space = checkpoints.space AND assets.name = checkpoints.asset)"
        )
        return sorted({each.asset for each in self._readable(rows)})

    def _readable(self, rows: Sequence[Row]) -> list[Checkpoint]:
        """What they say; one that cannot be read or is not what was written counts as lost."""
        return readable(self._connection.lost, _SHAPE, rows, _read)

    async def body_bytes(self, key: TargetKey) -> int:
        row = await self._connection.one(
            "SELECT coalesce(sum(b.size), 0) FROM checkpoints c JOIN blobs b ON b.digest = c.body "
            "WHERE c.target = ? AND c.destination = ? AND c.state IN ('active', 'bound')",
            (key.target, key.destination),
        )
        return int(row[0]) if row else 0

    async def count_active(self, key: TargetKey) -> dict[PhysicalName, int]:
        rows = await self._connection.all(
            "SELECT container, count(*) FROM checkpoints "
            "WHERE target = ? AND destination = ? AND state = 'active' GROUP BY container ORDER BY container",
            (key.target, key.destination),
        )
        return {PhysicalName(container): count for container, count in rows}

    async def count_in_use(self, key: TargetKey) -> int:
        row = await self._connection.one(
            "SELECT count(*) FROM checkpoints WHERE target = ? AND destination = ? AND state IN ('active', 'bound')",
            (key.target, key.destination),
        )
        return int(row[0]) if row else 0

    async def count_retired(self, key: TargetKey) -> int:
        row = await self._connection.one(
            "SELECT (SELECT count(*) FROM checkpoints WHERE target = ?1 AND destination = ?2 AND state = 'retired') + "
            "(SELECT count(*) FROM former_tables WHERE target = ?1 AND destination = ?2 AND retired)",
            (key.target, key.destination),
        )
        return int(row[0]) if row else 0


class CheckpointWriter(CheckpointReader):
    """Writes checkpoints."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put_many(
        self, checkpoints: Sequence[Checkpoint], fence: int | None = None, *, run_id: RunId | None = None
    ) -> None:
        if fence is not None:
            for run in {run_id} if run_id is not None else {checkpoint.run_id for checkpoint in checkpoints}:
                await require_fence(self._connection, run, fence)
        rows = [_spell(checkpoint, fence) for checkpoint in checkpoints]
        await self._writer.execute_many(_PUT, [(*row, seal_of_row(row)) for row in rows])


def _spell(c: Checkpoint, fence: int | None) -> tuple[object, ...]:
    return (
        c.asset.space,
        c.asset.name,
        c.target,
        c.destination,
        c.container,
        c.name,
        c.body,
        c.body_digest,
        c.version,
        *encode_fingerprints(c.fingerprints),
        c.mapping,
        c.definition,
        c.state,
        c.held,
        c.synced_at,
        c.run_id,
        c.fence if fence is None else fence,
    )


def _read(row: Row) -> Checkpoint:
    return Checkpoint(
        asset=AssetId(SpaceName(row[0]), TechnicalName(row[1])),
        target=TargetName(row[2]),
        destination=DestinationName(row[3]),
        container=PhysicalName(row[4]),
        name=PhysicalName(row[5]),
        body=Digest(row[6]),
        body_digest=Digest(row[7]),
        version=row[8],
        fingerprints=decode_fingerprints(row[9], row[10], row[11]),
        mapping=row[12],
        definition=row[13],
        state=_STATES[row[14]],
        held=row[15],
        synced_at=row[16],
        run_id=RunId(row[17]),
        fence=row[18],
    )
