"""Counts over whole tables for operators' dashboards; one query each, bounded however large the tables are."""

# ruff: noqa: S608 -- statements are put together from this package's own texts; values are always bound
from __future__ import annotations

from collections.abc import Mapping

from spheresync.model import RunState, Tier
from spheresync.state.cell_encoding import MOMENT
from spheresync.state.records import RunFigures, TierFigures
from spheresync.state.sqlite.connection import ReadConnection
from spheresync.state.sqlite.repositories.schedule import LATE
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_TIER, _RUN = shape_of("assets", "tier"), shape_of("runs", "state")


class FigureReader:
    """Reads the figures."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def freshness(self, objectives: Mapping[Tier, str]) -> dict[Tier, TierFigures]:
        rows = await self._connection.all(
            f"SELECT a.tier, count(*), min({MOMENT.format(at='a.read_at')}), sum(a.read_at IS NULL), "
            f"sum(o.moment IS NOT NULL AND {LATE.format(moment='o.moment')}) FROM assets AS a "
            "LEFT JOIN (SELECT ?1 AS tier, ?2 AS moment UNION ALL SELECT ?3, ?4 UNION ALL SELECT ?5, ?6) AS o "
            "ON o.tier = a.tier WHERE a.included = 1 AND a.misses = 0 AND a.tier IS NOT NULL GROUP BY a.tier",
            [value for tier in Tier for value in (tier, objectives.get(tier))],
        )
        return dict(readable(self._connection.lost, _TIER, rows, lambda row: (Tier(row[0]), TierFigures(*row[1:]))))

    async def runs(self) -> dict[RunState, RunFigures]:
        rows = await self._connection.all(
            f"SELECT state, count(*), max({MOMENT.format(at='finished_at')}) FROM runs GROUP BY state"
        )
        return dict(readable(self._connection.lost, _RUN, rows, lambda row: (RunState(row[0]), RunFigures(*row[1:]))))

    async def audit_entries(self) -> int:
        row = await self._connection.one("SELECT seq FROM audit_head")
        return int(row[0]) if row is not None and isinstance(row[0], int) else 0
