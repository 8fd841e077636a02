"""Counts of assets by what they have in common, as a row of `GROUP BY` tells them."""

from __future__ import annotations

from spheresync.model import AssetKind, AssetStatus, SpaceName, Tier
from spheresync.state.records import FacetCount
from spheresync.state.sqlite.connection import Row
from spheresync.state.sqlite.rows.shapes import shape_of

_COLUMNS = "space, kind, tier, status"
FACET = shape_of("assets", _COLUMNS)
"""The cells of such a row, but for the count."""


def facets_where(clause: str = "1") -> str:
    """The query for the counts of the assets that a clause holds for."""
    return (
        f"SELECT {_COLUMNS}, count(*) FROM assets WHERE {clause} "  # noqa: S608 -- values are bound by whoever asks
        f"GROUP BY {_COLUMNS} ORDER BY {_COLUMNS}"
    )


def read_facet(row: Row) -> FacetCount:
    space, kind, tier, status, count = row
    return FacetCount(
        SpaceName(space), AssetKind(kind), None if tier is None else Tier(tier), AssetStatus(status), count
    )
