"""What the scheduler knows of each asset: its catalog entry, when it is due again, how often it was seen to change."""

# ruff: noqa: S608 -- statements are put together from this module's own texts; values are always bound

from __future__ import annotations

from collections.abc import Sequence

from spheresync.errors import SourceFault
from spheresync.mapping.personal_data import BY_POLICY
from spheresync.model import OBJECTS_OFF, SPACE_GONE, SPACE_UNREAD, AssetEntry, AssetId, AssetKind, SpaceName, Tier
from spheresync.state.cell_encoding import MOMENT, decode_asset_id, decode_entry, encode_entry
from spheresync.state.records import DueRow, LostRow, Move, ScheduleRow, UnreadAssets
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_CODE = "CASE WHEN json_valid({problem}) THEN json_extract({problem}, '$[0][1]') END"
"""The code of a problem; none where there is none, or the text of it is damaged."""

LATE = (
    "coalesce(read_at, first_seen_at) < {moment} "
    f"AND coalesce({_CODE.format(problem='problem')} NOT IN ('{SourceFault.NOT_EXPOSED}', '{OBJECTS_OFF}'), 1)"
)
"""Which assets were not read in time; for SQL over `assets` alone."""

_BY_SPACE = f"coalesce({_CODE} IN ('{SPACE_GONE}', '{SPACE_UNREAD}', '{OBJECTS_OFF}'), 0)"
"""Which assets are kept from being read by their space, or by a switch."""

_IN_SCOPE = (
    # What is left out for what it holds is read on: only a reading can tell that it holds that no more.
    f"WHERE (a.included = 1 OR substr(a.reason, 1, {len(BY_POLICY)}) = '{BY_POLICY}') "
    "AND a.misses = 0 AND a.tier IS NOT NULL "
    # Where its space is not listed, asking for an asset is a request wasted; the listing finds out when it is back.
    f"AND NOT {_BY_SPACE.format(problem='a.problem')} "
    # Without its entry nobody knows what to ask for; the next listing says it again.
    "AND EXISTS (SELECT 1 FROM entries AS e WHERE e.space = a.space AND e.name = a.name)"
)
_OF_WATCHED = f"FROM schedule AS s JOIN assets AS a ON a.space = s.space AND a.name = s.name {_IN_SCOPE}"
_ALL_WATCHED = f"FROM assets AS a LEFT JOIN schedule AS s ON a.space = s.space AND a.name = s.name {_IN_SCOPE}"
_CELLS = (
    "SELECT a.space, a.name, a.kind, a.tier, a.read_at, a.problem IS NOT NULL, s.next_due_at, s.seen_at, s.changes, "
    "s.days, s.failures, s.signalled"
)


_PLANNED = shape_of("schedule", "space, name, next_due_at, seen_at, changes, days, failures, signalled")
_WATCHED_ASSET = shape_of("assets", "space, name, kind, tier, read_at")
_OF_KIND, _TIER_DUE, _NAME = (
    shape_of("assets", "space, kind"),
    shape_of("assets", "tier"),
    shape_of("assets", "space, name"),
)
_ENTRY = shape_of("entries")


class ScheduleReader:
    """Reads the schedule."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def seen(self) -> list[tuple[SpaceName, AssetKind, float, float]]:
        rows = await self._connection.all(
            f"SELECT a.space, a.kind, total(s.changes), total(s.days) {_OF_WATCHED} GROUP BY a.space, a.kind"
        )
        return readable(
            self._connection.lost, _OF_KIND, rows, lambda row: (SpaceName(row[0]), AssetKind(row[1]), row[2], row[3])
        )

    async def watched(self) -> list[DueRow]:
        return self._due(await self._connection.all(f"{_CELLS} {_ALL_WATCHED}"))

    async def due(self, now: str) -> list[DueRow]:
        return self._due(await self._connection.all(f"{_CELLS} {_OF_WATCHED} AND s.next_due_at <= ?", (now,)))

    async def lacking(self) -> list[AssetId]:
        rows = await self._connection.all(
            "SELECT a.space, a.name FROM assets AS a LEFT JOIN schedule AS s ON s.space = a.space AND s.name = a.name "
            "LEFT JOIN entries AS e ON e.space = a.space AND e.name = a.name WHERE s.space IS NULL OR e.space IS NULL"
        )
        return readable(self._connection.lost, _NAME, rows, decode_asset_id)

    async def get(self, asset: AssetId) -> ScheduleRow | None:
        row = await self._connection.one(
            "SELECT next_due_at, seen_at, changes, days, failures, signalled FROM schedule "
            "WHERE space = ? AND name = ?",
            (asset.space, asset.name),
        )
        found = [] if row is None else [(asset.space, asset.name, *row)]
        return next(
            iter(readable(self._connection.lost, _PLANNED, found, lambda each: _planned(asset, each[2:]))), None
        )

    def _due(self, rows: Sequence[Row]) -> list[DueRow]:
        """Those whose asset can be read."""
        planned = [(row[0], row[1], *row[6:]) for row in rows if row[6] is not None]
        known = set(readable(self._connection.lost, _PLANNED, planned, lambda row: (row[0], row[1])))
        return readable(
            self._connection.lost, _WATCHED_ASSET, rows, lambda row: _due(row, noted=(row[0], row[1]) in known)
        )

    async def next_due(self) -> dict[Tier, str]:
        due = f"coalesce({MOMENT.format(at='s.next_due_at')}, '')"
        rows = await self._connection.all(f"SELECT a.tier, min({due}) {_ALL_WATCHED} GROUP BY a.tier")
        return dict(readable(self._connection.lost, _TIER_DUE, rows, lambda row: (Tier(row[0]), row[1])))

    async def stalest(self, tier: Tier) -> str | None:
        row = await self._connection.one(
            f"SELECT min({MOMENT.format(at='read_at')}) FROM assets WHERE tier = ? AND included = 1 AND misses = 0 "
            f"AND coalesce({_CODE.format(problem='problem')} <> '{OBJECTS_OFF}', 1)",
            (tier,),
        )
        return None if row is None else row[0]

    async def freshest(self, tier: Tier) -> str | None:
        row = await self._connection.one(
            f"SELECT max({MOMENT.format(at='read_at')}) FROM assets WHERE tier = ? AND included = 1", (tier,)
        )
        return None if row is None else row[0]

    async def unseen_since(self, tier: Tier, moment: str) -> UnreadAssets:
        by_space = _BY_SPACE.format(problem="problem")
        row = await self._connection.one(
            f"SELECT count(*), total({by_space}), total(problem IS NOT NULL AND NOT {by_space}) FROM assets "
            f"WHERE tier = ? AND included = 1 AND misses = 0 AND {LATE.format(moment='?')}",
            (tier, moment),
        )
        return UnreadAssets(0, 0, 0) if row is None else UnreadAssets(*map(int, row))

    async def entry(self, asset: AssetId) -> AssetEntry | None:
        row = await self._connection.one(
            "SELECT entry FROM entries WHERE space = ? AND name = ?", (asset.space, asset.name)
        )
        found = [] if row is None else [(asset.space, asset.name, row[0])]
        return next(
            iter(readable(self._connection.lost, _ENTRY, found, lambda each: decode_entry(asset, each[2]))), None
        )


class ScheduleWriter(ScheduleReader):
    """Writes the schedule."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put_entries(self, entries: Sequence[AssetEntry]) -> None:
        await self._writer.execute_many(
            "INSERT INTO schedule (space, name, next_due_at, seen_at, changes, days, failures, signalled) "
            "VALUES (?, ?, '', NULL, 0, 0, 0, 0) ON CONFLICT (space, name) DO UPDATE SET signalled = 1",
            [(each.id.space, each.id.name) for each in entries],
        )
        await self._writer.execute_many(
            "INSERT OR REPLACE INTO entries (space, name, entry) VALUES (?, ?, ?)",
            [(each.id.space, each.id.name, encode_entry(each)) for each in entries],
        )

    async def put(self, rows: Sequence[ScheduleRow]) -> None:
        await self._writer.execute_many(
            "INSERT OR REPLACE INTO schedule (space, name, next_due_at, seen_at, changes, days, failures, "
            "signalled) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (r.asset.space, r.asset.name, r.next_due_at, r.seen_at, r.changes, r.days, r.failures, r.signalled)
                for r in rows
            ],
        )
        self._writer.lost.forget(LostRow("schedule", (r.asset.space, r.asset.name), "") for r in rows)

    async def move(self, moves: Sequence[Move]) -> None:
        await self._writer.execute_many(
            "UPDATE schedule SET next_due_at = ? WHERE space = ? AND name = ? AND next_due_at = ?",
            [(each.due, each.asset.space, each.asset.name, each.planned) for each in moves],
        )


def _planned(asset: AssetId, row: Row) -> ScheduleRow:
    fields = [*row[:5], bool(row[5])]
    return ScheduleRow(asset, *fields)


def _due(row: Row, *, noted: bool) -> DueRow:
    asset = decode_asset_id(row)
    planned = _planned(asset, row[6:]) if noted else ScheduleRow.at_once(asset)
    return DueRow(asset, AssetKind(row[2]), Tier(row[3]), row[4], planned, bool(row[5]), noted)
