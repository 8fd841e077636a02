"""Which columns of a table that others made are the same in another body of it, though they were renamed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spheresync.targets.glue.table_input import COLUMN_NAME, columns_of, is_annotated


def same_as_wanted(table: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    """For each column of a table that of the same name in what should stand there, None where there is none.

    One that was renamed meanwhile, and carries what is ours with it, is told by that.
    """
    same = _of_same_name(columns_of(table), columns_of(wanted))
    rest = [column for column in columns_of(wanted) if not any(column is each for each in same)]
    named = _by_source(rest)
    return [
        each or (named.get(column["Parameters"][COLUMN_NAME]) if _says_its_source(column) else None)
        for column, each in zip(columns_of(table), same, strict=True)
    ]


def same_as_written(table: Mapping[str, Any], base: Mapping[str, Any] | None) -> list[Mapping[str, Any] | None]:
    """For each column of a table the same one in another body of it, whatever it was called then; None where none is.

    A column that carries what is ours says itself which one it was; of the others the name does.
    """
    columns, there = columns_of(table), columns_of(base or {})
    now, then = _by_source(columns), _by_source(there)
    told = {source: then[source] for source in now.keys() & then.keys()}
    rest = [column for column in there if not any(column is each for each in told.values())]
    unsaid = [column for column in columns if not any(column is now[source] for source in told)]
    same = iter(_of_same_name(unsaid, rest))
    said = {id(now[source]): column for source, column in told.items()}
    return [said[id(column)] if id(column) in said else next(same) for column in columns]


def _of_same_name(
    columns: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    """For each column that of the same spelling among others, else one of another case that is nobody else's."""
    there = {str(column["Name"]): column for column in others}
    names = [str(column["Name"]) for column in columns]
    rest = {name.casefold(): column for name, column in there.items() if name not in names}
    return [there.get(name) or rest.get(name.casefold()) for name in names]


def _by_source(columns: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The columns that carry what is ours by what they are called in Datasphere, but for those that say the same."""
    named: dict[str, list[Mapping[str, Any]]] = {}
    for column in columns:
        if _says_its_source(column):
            named.setdefault(column["Parameters"][COLUMN_NAME], []).append(column)
    return {source: found[0] for source, found in named.items() if len(found) == 1}


def _says_its_source(column: Mapping[str, Any]) -> bool:
    return is_annotated(column) and COLUMN_NAME in column["Parameters"]
