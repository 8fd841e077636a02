"""Why targets do not hold of assets what they should: the last problem of each, until it is over."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from spheresync.model import AssetId, Problem, SpaceName, TargetKey, TechnicalName
from spheresync.state.cell_encoding import decode_asset_id, decode_problems, encode_problem
from spheresync.state.records import Unwritten, UnwrittenGroup
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of
from spheresync.state.sqlite.rows.statements import MOST_LOOKED_UP, placeholders, rows_of_assets

_COLUMNS = "target, destination, space, asset, problem, since"
_SHAPE = shape_of("unwritten", _COLUMNS)
_NAMED_SHAPE = shape_of("unwritten", "space, asset")


class UnwrittenReader:
    """Reads what was not written."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def all(self, key: TargetKey) -> dict[AssetId, Unwritten]:
        rows = await self._connection.all(
            f"SELECT {_COLUMNS} FROM unwritten WHERE target = ? AND destination = ?", (key.target, key.destination)
        )
        return {each.asset: each for each in readable(self._connection.lost, _SHAPE, rows, _read)}

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, Unwritten]:
        if len(assets) > MOST_LOOKED_UP:
            among = frozenset(assets)
            return {asset: each for asset, each in (await self.all(key)).items() if asset in among}
        found = dict[AssetId, Unwritten]()
        for clause, values in rows_of_assets(assets, "unwritten", name="asset"):
            query = f"{clause} SELECT {_COLUMNS} FROM named_unwritten WHERE target = ? AND destination = ?"
            rows = await self._connection.all(query, [*values, key.target, key.destination])
            found.update({each.asset: each for each in readable(self._connection.lost, _SHAPE, rows, _read)})
        return found

    async def assets(self, key: TargetKey, codes: Collection[str]) -> frozenset[AssetId]:
        query = "SELECT space, asset FROM unwritten WHERE target = ? AND destination = ? AND code IN "
        query += f"({placeholders(len(codes))})"
        rows = await self._connection.all(query, [key.target, key.destination, *codes])
        return frozenset(readable(self._connection.lost, _NAMED_SHAPE, rows, decode_asset_id))

    async def groups(self, keys: Sequence[TargetKey] | None = None) -> list[UnwrittenGroup]:
        where = (
            "FROM unwritten AS u WHERE NOT EXISTS (SELECT 1 FROM assets AS a WHERE a.space = u.space "
            "AND a.name = u.asset AND a.problem IS NOT NULL AND a.included = 1 AND a.misses = 0)"
        )
        among: list[str] = []
        if keys is not None:
            where += f" AND (u.target, u.destination) IN (VALUES {', '.join(['(?, ?)'] * len(keys))})"
            among = [str(part) for key in keys for part in (key.target, key.destination)]
        # What several targets say of an asset alike is one asset that is told of.
        distinct = f"SELECT code, min(since) AS since {where} GROUP BY code, space, asset"
        query = f"SELECT code, count(*), min(since) FROM ({distinct}) GROUP BY code ORDER BY code"
        rows = await self._connection.all(query, among)
        groups = []
        for code, count, since in rows:
            query = f"SELECT {_COLUMNS} {where} AND code = ? GROUP BY space, asset ORDER BY space, asset LIMIT 3"
            first = readable(self._connection.lost, _SHAPE, await self._connection.all(query, [*among, code]), _read)
            if first:
                groups.append(UnwrittenGroup(code, count, since, tuple(first)))
        return groups


class UnwrittenWriter(UnwrittenReader):
    """Notes what was not written."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put_many(self, key: TargetKey, problems: Iterable[Problem], *, at: str) -> None:
        await self._writer.execute_many(
            "INSERT INTO unwritten (target, destination, space, asset, code, problem, since) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (space, asset, target, destination) DO UPDATE SET "
            "since = CASE WHEN code = excluded.code THEN since ELSE excluded.since END, "
            "code = excluded.code, problem = excluded.problem",
            [
                (key.target, key.destination, each.asset.space, each.asset.name, each.code, encode_problem(each), at)
                for each in problems
                if each.asset is not None
            ],
        )

    async def remove_many(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        await self._writer.execute_many(
            "DELETE FROM unwritten WHERE target = ? AND destination = ? AND space = ? AND asset = ?",
            [(key.target, key.destination, asset.space, asset.name) for asset in assets],
        )


def _read(row: Row) -> Unwritten:
    asset = AssetId(SpaceName(row[2]), TechnicalName(row[3]))
    return Unwritten(asset, decode_problems(row[4])[0], row[5])
