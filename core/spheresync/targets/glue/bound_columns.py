"""Which columns of a table that others made are those of an asset, and what of that a person may want to know. Pure.

Columns are matched by name: as in Datasphere to the letter, then in any case, then by the physical name, which is
folded and so may be that of several; last by the parameter `spheresync.name`, so that a column that was renamed there
keeps what is known of it, and whoever owns the table can say himself which column is which. Where a name fits several,
none of them gets it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from spheresync.mapping.names import plain_name
from spheresync.model import counted, first_of
from spheresync.targets.design_values import PhysicalColumn
from spheresync.targets.glue.table_input import COLUMN_NAME, columns_of

_NAMED = 10
"""So many columns are named one by one in a finding."""
_SAME_TYPES = {"integer": "int", "long": "bigint", "bool": "boolean", "doubleprecision": "double"}
_SPACE = re.compile(r"\s+")
_CHARACTERS = re.compile(r"(?:var)?char(?:\((\d+)\))?|string")


@dataclass(frozen=True, slots=True)
class MatchedColumns:
    """The columns of an asset and of a table: `pairs` belong together, the others have no partner.

    `partition_keys` are columns of the asset that are partition keys there, which are never written. `ambiguous` are
    columns of the table whose names fit several of the asset, or that several of the table fit alike.
    """

    pairs: tuple[tuple[PhysicalColumn, Mapping[str, Any]], ...]
    partition_keys: tuple[PhysicalColumn, ...]
    only_in_asset: tuple[PhysicalColumn, ...]
    only_in_table: tuple[str, ...]
    ambiguous: tuple[str, ...]


_Name: TypeAlias = Callable[[PhysicalColumn], str]
_NameThere: TypeAlias = Callable[[Mapping[str, Any]], str]


def match_columns(wanted: Sequence[PhysicalColumn], table: Mapping[str, Any]) -> MatchedColumns:
    """Match the columns of an asset with those of a table, each with one at most."""
    there = columns_of(table)
    keys = [*(table.get("PartitionKeys") or [])]
    partners, ambiguous = _partners(wanted, [*there, *keys])
    rest = [column for at, column in enumerate(wanted) if at not in partners]
    taken = {*partners.values()}
    return MatchedColumns(
        pairs=tuple((wanted[at], there[n]) for at, n in sorted(partners.items()) if n < len(there)),
        partition_keys=tuple(wanted[at] for at, n in sorted(partners.items()) if n >= len(there)),
        only_in_asset=tuple(rest),
        only_in_table=tuple(str(each["Name"]) for n, each in enumerate(there) if n not in taken),
        ambiguous=tuple(str(each["Name"]) for n, each in enumerate([*there, *keys]) if n in ambiguous - taken),
    )


def _partners(
    wanted: Sequence[PhysicalColumn], there: Sequence[Mapping[str, Any]]
) -> tuple[dict[int, int], frozenset[int]]:
    """Column of the asset → of the table, by their places; and those of the table that may be one of several."""
    partners: dict[int, int] = {}
    ambiguous = set[int]()
    for name, name_there in _WAYS:
        said = name_there is _said_there  # what is said there settles what the names leave open
        taken = {*partners.values()} | (set() if said else ambiguous)
        alike: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for at, column in enumerate(wanted):
            if at not in partners:
                alike[name(column)][0].append(at)
        for n, each in enumerate(there):
            if n not in taken:
                alike[name_there(each)][1].append(n)
        for ours, theirs in alike.values():
            # Of names that differ in case only, the one that is spelled as Glue itself would.
            plain = [n for n in theirs if len(ours) == 1 and there[n]["Name"] == wanted[ours[0]].name]
            found = plain if len(theirs) > 1 and plain else theirs
            if len(ours) == len(found) == 1:
                partners[ours[0]] = found[0]
            elif ours:
                ambiguous.update(theirs)
    return partners, frozenset(ambiguous)


def _in_any_case(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _name_there(column: Mapping[str, Any]) -> str:
    return str(column["Name"])


def _folded_there(column: Mapping[str, Any]) -> str:
    return _in_any_case(_name_there(column))


def _said_there(column: Mapping[str, Any]) -> str:
    return str((column.get("Parameters") or {}).get(COLUMN_NAME, ""))


_WAYS: tuple[tuple[_Name, _NameThere], ...] = (
    (lambda column: str(column.column.name), _name_there),
    (lambda column: _in_any_case(column.column.name), _folded_there),
    (lambda column: plain_name(column.column.name), _folded_there),
    (lambda column: str(column.name), _folded_there),  # with the hash that tells it from another
    (lambda column: str(column.column.name), _said_there),
)
"""How a column of the asset and one of the table are the same, the surest way first."""


def findings_of(matched: MatchedColumns) -> Iterator[str]:
    """What of the columns does not fit together; each is told, and nothing of the table is changed for it."""
    lonely = [column.column.name for column in matched.only_in_asset]
    if lonely:
        told = f"{counted(len(lonely), 'column')} of the asset without a partner in the table"
        yield f"{told}: {first_of(lonely, _NAMED)}"
    if matched.only_in_table:
        told = f"{counted(len(matched.only_in_table), 'column')} of the table without a partner in the asset"
        yield f"{told}: {first_of(matched.only_in_table, _NAMED)}"
    if matched.ambiguous:
        named = first_of(matched.ambiguous, _NAMED)
        yield f"columns of the table whose names fit several, until `{COLUMN_NAME}` there says which: {named}"
    if keys := [column.column.name for column in matched.partition_keys]:
        yield f"partition keys of the table, onto which nothing is written: {first_of(keys, _NAMED)}"
    retyped = [
        f"{column.column.name} ({column.type}, there {there.get('Type') or 'no type'})"
        for column, there in matched.pairs
        if not _holds(_plain_type(str(there.get("Type") or "")), _plain_type(column.type))
    ]
    if retyped:
        yield f"columns of another type in the table: {first_of(retyped, _NAMED)}"


def _plain_type(text: str) -> str:
    plain = _SPACE.sub("", text).casefold()
    return _SAME_TYPES.get(plain, plain)


def _holds(there: str, ours: str) -> bool:
    """Whether a column of a type holds every value of another type as it is."""
    characters, wanted = _CHARACTERS.fullmatch(there), _CHARACTERS.fullmatch(ours)
    if characters is None or wanted is None or characters[1] is None:
        return there == ours or bool(characters and wanted)
    return wanted[1] is not None and int(wanted[1]) <= int(characters[1])
