"""Which columns of a table that others made are those of an asset, and what of that a person may want to know. Pure.

Columns are matched by their physical name in any case, then by the parameter `spheresync.name`, so that a column that
was renamed there keeps what is known of it, and whoever owns the table can say himself which column is which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spheresync.model import counted, first_of
from spheresync.targets.design import PhysicalColumn
from spheresync.targets.glue.table_input import COLUMN_NAME, columns_of

_NAMED = 10
"""So many columns are named one by one in a finding."""
_SAME_TYPES = {"integer": "int"}
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class MatchedColumns:
    """The columns of an asset and of a table: `pairs` belong together, the others have no partner.

    `partition_keys` are columns of the asset that are partition keys there, which are never written.
    """

    pairs: tuple[tuple[PhysicalColumn, Mapping[str, Any]], ...]
    partition_keys: tuple[PhysicalColumn, ...]
    only_in_asset: tuple[PhysicalColumn, ...]
    only_in_table: tuple[str, ...]


def match_columns(wanted: Sequence[PhysicalColumn], table: Mapping[str, Any]) -> MatchedColumns:
    """Match the columns of an asset with those of a table, each with one at most."""
    there = dict(enumerate(columns_of(table)))
    partners: dict[int, int] = {}  # of the asset → of the table, by their places
    for same in (_same_spelling, _same_name, _same_source):
        for at, column in enumerate(wanted):
            taken = set(partners.values())
            if at in partners:
                continue
            found = next((n for n, each in there.items() if n not in taken and same(column, each)), None)
            if found is not None:
                partners[at] = found
    keys = {str(key["Name"]).casefold() for key in table.get("PartitionKeys") or []}
    rest = [column for at, column in enumerate(wanted) if at not in partners]
    return MatchedColumns(
        pairs=tuple((wanted[at], there[found]) for at, found in sorted(partners.items())),
        partition_keys=tuple(column for column in rest if column.name in keys),
        only_in_asset=tuple(column for column in rest if column.name not in keys),
        only_in_table=tuple(str(each["Name"]) for n, each in there.items() if n not in set(partners.values())),
    )


def _same_spelling(column: PhysicalColumn, there: Mapping[str, Any]) -> bool:
    return bool(there["Name"] == column.name)


def _same_name(column: PhysicalColumn, there: Mapping[str, Any]) -> bool:
    return str(there["Name"]).casefold() == column.name


def _same_source(column: PhysicalColumn, there: Mapping[str, Any]) -> bool:
    return bool((there.get("Parameters") or {}).get(COLUMN_NAME) == column.column.name)


def findings_of(matched: MatchedColumns) -> Iterator[str]:
    """What of the columns does not fit together; each is told, and nothing of the table is changed for it."""
    lonely = [column.column.name for column in matched.only_in_asset]
    if lonely:
        told = f"{counted(len(lonely), 'column')} of the asset without a partner in the table"
        yield f"{told}: {first_of(lonely, _NAMED)}"
    if matched.only_in_table:
        told = f"{counted(len(matched.only_in_table), 'column')} of the table without a partner in the asset"
        yield f"{told}: {first_of(matched.only_in_table, _NAMED)}"
    if keys := [column.column.name for column in matched.partition_keys]:
        yield f"partition keys of the table, onto which nothing is written: {first_of(keys, _NAMED)}"
    retyped = [
        f"{column.column.name} ({column.type}, there {there.get('Type') or 'no type'})"
        for column, there in matched.pairs
        if _plain_type(column.type) != _plain_type(str(there.get("Type") or ""))
    ]
    if retyped:
        yield f"columns of another type in the table: {first_of(retyped, _NAMED)}"


def _plain_type(text: str) -> str:
    plain = _SPACE.sub("", text).casefold()
    return _SAME_TYPES.get(plain, plain)
