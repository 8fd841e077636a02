"""Parts of SQL statements that several tables share."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain, islice

from spheresync.model import AssetId

MOST_LOOKED_UP = 1000
"""Assets whose rows are looked up one by one: with more, reading all of them is quicker."""
_AT_ONCE = 200  # in one statement


def rows_of_assets(assets: Collection[AssetId], table: str, *, name: str) -> Iterator[tuple[str, list[str]]]:
    """The parts of a query for the rows of some assets: a `WITH` clause, to be put before `SELECT`, with its values.

    The query goes on with `FROM named_<table>`, which has all columns of the table. `name` is the column that holds
    the asset's name beside `space`. SQLite answers `(space, name) IN (VALUES ...)` by a scan of the whole table; a
    cross join keeps the order in which it is written, so that each pair is looked up in the index.
    """
    left = iter(assets)
    while part := list(islice(left, _AT_ONCE)):
        pairs = ", ".join(["(?, ?)"] * len(part))
        clause = (
            f"WITH named(named_space, named_name) AS (VALUES {pairs}), named_{table} AS (SELECT {table}.* FROM "  # noqa: S608
            f"named CROSS JOIN {table} ON {table}.space = named_space AND {table}.{name} = named_name)"
        )
        yield clause, list(chain.from_iterable((asset.space, asset.name) for asset in part))


def placeholders(count: int) -> str:
    """The question marks of so many values."""
    return ", ".join("?" * count)
