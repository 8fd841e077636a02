"""What was found of other people's edits: looks at the targets, and what each object was last seen to be like."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from spheresync.errors import UsageError
from spheresync.model import (
    AssetId,
    ChangeSetId,
    DestinationName,
    JsonValue,
    PhysicalName,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
    canonical_json,
)
from spheresync.state.cell_encoding import (
    MOMENT,
    decode_asset_id,
    decode_cell,
    decode_counts,
    decode_problems,
    decompressed,
    encode_counts,
    encode_problems,
    valid_text,
)
from spheresync.state.records import (
    WHOLE,
    DriftEffect,
    DriftKind,
    DriftLook,
    DriftSummary,
    FieldDrift,
    PendingRepair,
    TableDrift,
)
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of
from spheresync.state.sqlite.rows.statements import placeholders, rows_of_assets

KEPT_LOOKS = 50
"""Looks that stay on record; what they found stays until a newer look at the same object."""
_LOOK = "id, at, actor, scope, target, summary, problems, findings, change_set_id"
_FOUND = "target, destination, space, asset, look, ordinal, stays, found, standing"

_AT_LEAST = "WHERE target = ? AND destination = ? AND standing >= ?"

_LOOK_SHAPE = shape_of("drift_looks", _LOOK)
_FOUND_ROW = shape_of("drift_found", _FOUND)
_NAMED_SHAPE = shape_of("drift_found", "space, asset")
_KEY_SHAPE = shape_of("drift_found", "target, destination")
_FOUND_SHAPE = shape_of("drift_found", f"ordinal, {_FOUND}")


class DriftReader:
    """Reads what was found."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def look(self, look_id: str) -> DriftLook:
        row = await self._connection.one(f"SELECT {_LOOK} FROM drift_looks WHERE id = ?", (look_id,))
        found = readable(self._connection.lost, _LOOK_SHAPE, [] if row is None else [row], _read_look)
        if not found:
            raise UsageError("that look for drift is no longer on record.", remedy="Leave cursor out to look again.")
        return found[0]

    async def found(self, look_id: str, *, after: int = 0, limit: int = 100) -> list[tuple[int, TableDrift]]:
        rows = await self._connection.all(
            f"SELECT ordinal, {_FOUND} FROM drift_found WHERE look = ? AND ordinal > ? ORDER BY ordinal LIMIT ?",
            (look_id, after, limit),
        )
        found = readable(self._connection.lost, _FOUND_SHAPE, rows, lambda row: (int(row[0]), _read_found(row[1:])))
        if len(found) < len(rows) == limit:  # those that follow stand in for what cannot be read
            found += await self.found(look_id, after=rows[-1][0], limit=limit - len(found))
        return found

    async def count(self, look_id: str) -> int:
        row = await self._connection.one("SELECT count(*) FROM drift_found WHERE look = ?", (look_id,))
        return int(row[0]) if row else 0

    async def assets(self, key: TargetKey) -> list[AssetId]:
        rows = await self._connection.all(
            "SELECT space, asset FROM drift_found WHERE target = ? AND destination = ? ORDER BY space, asset",
            (key.target, key.destination),
        )
        return readable(self._connection.lost, _NAMED_SHAPE, rows, decode_asset_id)

    async def drifted(self, assets: Collection[AssetId], key: TargetKey) -> frozenset[AssetId]:
        found = set[AssetId]()
        for clause, values in rows_of_assets(assets, "drift_found", name="asset"):
            query = f"{clause} SELECT space, asset FROM named_drift_found {_AT_LEAST}"
            rows = await self._connection.all(query, [*values, key.target, key.destination, PendingRepair.TO_TELL])
            found.update(readable(self._connection.lost, _NAMED_SHAPE, rows, decode_asset_id))
        return frozenset(found)

    async def to_mend(self, key: TargetKey) -> frozenset[AssetId]:
        query = f"SELECT space, asset FROM drift_found {_AT_LEAST}"
        rows = await self._connection.all(query, (key.target, key.destination, PendingRepair.TO_MEND))
        return frozenset(readable(self._connection.lost, _NAMED_SHAPE, rows, decode_asset_id))

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, TableDrift]:
        found = dict[AssetId, TableDrift]()
        for clause, values in rows_of_assets(assets, "drift_found", name="asset"):
            query = f"{clause} SELECT {_FOUND} FROM named_drift_found WHERE target = ? AND destination = ?"
            rows = await self._connection.all(query, [*values, key.target, key.destination])
            found.update(
                {drift.asset: drift for drift in readable(self._connection.lost, _FOUND_ROW, rows, _read_found)}
            )
        return found

    async def summary(self) -> DriftSummary:
        rows = await self._connection.all("SELECT target, destination FROM drift_found")
        keys = readable(self._connection.lost, _KEY_SHAPE, rows, _read_key)
        looks = await self.looks()
        everything = canonical_json(WHOLE)
        last, whole = next(iter(looks), None), next((look for look in looks if look.scope == everything), None)
        return DriftSummary(Counter(keys), last, whole)

    async def looks(self) -> list[DriftLook]:
        rows = await self._connection.all(
            f"SELECT {_LOOK} FROM drift_looks ORDER BY {MOMENT.format(at='at')} DESC, seq DESC"
        )
        return readable(self._connection.lost, _LOOK_SHAPE, rows, _read_look)


class DriftWriter(DriftReader):
    """Writes what was found."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put(self, look: DriftLook, found: Sequence[TableDrift]) -> None:
        values = _spell_look(look)
        await self._writer.execute(f"INSERT INTO drift_looks ({_LOOK}) VALUES ({placeholders(len(values))})", values)
        await self._writer.execute_many(
            f"INSERT OR REPLACE INTO drift_found ({_FOUND}) VALUES ({placeholders(9)})",
            [_spell_found(drift, look.id, ordinal) for ordinal, drift in enumerate(found, start=1)],
        )
        await self._writer.execute(
            "DELETE FROM drift_looks WHERE seq <= (SELECT max(seq) FROM drift_looks) - ? "
            "AND id NOT IN (SELECT look FROM drift_found)",
            (KEPT_LOOKS,),
        )

    async def forget(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        await self._writer.execute_many(
            "DELETE FROM drift_found WHERE target = ? AND destination = ? AND space = ? AND asset = ?",
            [(key.target, key.destination, asset.space, asset.name) for asset in assets],
        )

    async def replace(self, found: Iterable[TableDrift]) -> None:
        await self._writer.execute_many(
            "UPDATE drift_found SET stays = ?, found = ?, standing = ? "
            "WHERE target = ? AND destination = ? AND space = ? AND asset = ?",
            [
                (each.stays, _packed(each), each.rest, each.target, each.destination, each.asset.space, each.asset.name)
                for each in found
            ],
        )

    async def settle(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        settled = [(key.target, key.destination, asset.space, asset.name) for asset in assets]
        await self._writer.execute_many(
            "DELETE FROM drift_found WHERE target = ? AND destination = ? AND space = ? AND asset = ? AND NOT stays",
            settled,
        )
        await self._writer.execute_many(
            "UPDATE drift_found SET standing = CASE standing WHEN ? THEN ? WHEN ? THEN ? ELSE standing END "
            "WHERE target = ? AND destination = ? AND space = ? AND asset = ?",
            [
                (
                    PendingRepair.TO_MEND,
                    PendingRepair.NOTHING,
                    PendingRepair.TO_MEND_IN_PART,
                    PendingRepair.TO_TELL,
                    *each,
                )
                for each in settled
            ],
        )

    async def leave(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        await self._writer.execute_many(
            "UPDATE drift_found SET standing = ? "
            "WHERE target = ? AND destination = ? AND space = ? AND asset = ? AND standing > ?",
            [
                (PendingRepair.TO_TELL, key.target, key.destination, asset.space, asset.name, PendingRepair.TO_TELL)
                for asset in assets
            ],
        )


def _spell_look(look: DriftLook) -> tuple[object, ...]:
    return (
        look.id,
        look.at,
        look.actor,
        look.scope.decode("utf-8", "replace"),
        look.target,
        encode_counts(look.summary),
        encode_problems(look.problems),
        encode_problems(look.findings),
        look.change_set_id,
    )


def _read_key(row: Row) -> TargetKey:
    target, destination = row
    return TargetKey(TargetName(target), DestinationName(destination))


def _read_look(row: Row) -> DriftLook:
    return DriftLook(
        id=row[0],
        at=row[1],
        actor=row[2],
        scope=row[3].encode(),
        target=TargetName(row[4]),
        summary=decode_counts(row[5]),
        problems=decode_problems(row[6]),
        findings=decode_problems(row[7]),
        change_set_id=None if row[8] is None else ChangeSetId(row[8]),
    )


def _packed(drift: TableDrift) -> bytes:
    fields: list[JsonValue] = [[f.path, f.kind, f.written, f.found, f.policy, f.effect] for f in drift.fields]
    spelled: list[JsonValue] = [
        drift.container,
        drift.name,
        [*drift.kinds],
        drift.policy,
        drift.effect,
        valid_text(drift.reason),
        valid_text(drift.remedy),
        fields,
        drift.fields_total,
        drift.changed_at,
        drift.changed_by,
    ]
    return zlib.compress(canonical_json(spelled), 1)


def _spell_found(drift: TableDrift, look_id: str, ordinal: int) -> tuple[object, ...]:
    return (
        drift.target,
        drift.destination,
        drift.asset.space,
        drift.asset.name,
        look_id,
        ordinal,
        drift.stays,
        _packed(drift),
        drift.rest,
    )


def _read_found(row: Row) -> TableDrift:
    spelled = decode_cell(decompressed(row[7]).decode("utf-8", "surrogatepass"))
    return TableDrift(
        asset=AssetId(SpaceName(row[2]), TechnicalName(row[3])),
        target=TargetName(row[0]),
        destination=DestinationName(row[1]),
        container=PhysicalName(spelled[0]),
        name=PhysicalName(spelled[1]),
        kinds=tuple(map(DriftKind, spelled[2])),
        policy=spelled[3],
        effect=DriftEffect(spelled[4]),
        reason=spelled[5],
        remedy=spelled[6],
        fields=tuple(
            FieldDrift(path, DriftKind(kind), written, found, policy, DriftEffect(effect))
            for path, kind, written, found, policy, effect in spelled[7]
        ),
        fields_total=spelled[8],
        changed_at=spelled[9],
        changed_by=spelled[10],
        stays=bool(row[6]),
    )
