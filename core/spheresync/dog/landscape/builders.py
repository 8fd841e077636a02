"""A short notation for objects: one line a column.

A line reads `NAME TYPE [flag ...] [| label]`. A name with spaces stands in double quotes. Flags: `key`, `dim`,
`measure`, an aggregation (`sum`, `avg`, `min`, `max`, `count`), `required`, and annotation terms such as
`Common.IsCalendarDate`.
"""

from __future__ import annotations

import re

from spheresync.dog.objects import DogColumn, DogObject, DogParameter, parse_type
from spheresync.model import AssetKind, ColumnRole, Hierarchy

_LINE = re.compile(
    r'(?:"(?P<quoted>[^"]+)"|(?P<plain>\S+))\s+(?P<type>\w+(?:\([^)]*\))?)(?P<flags>[^|]*)(?:\|\s*(?P<label>.*))?'
)
_AGGREGATIONS = {"sum": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX", "count": "COUNT_DISTINCT"}


def columns(text: str) -> tuple[DogColumn, ...]:
    """Read the columns of an object, one a line."""
    return tuple(_column(line.strip()) for line in text.strip().splitlines())


def view(
    name: str,
    label: str,
    text: str,
    *,
    analytical: bool = False,
    dimension: str | None = None,
    hierarchies: tuple[Hierarchy, ...] = (),
    parameters: tuple[DogParameter, ...] = (),
    exposed: bool = True,
) -> DogObject:
    """A view. `dimension` is the dimension's type, as in `#TIME`; `analytical` lets it answer analytical queries."""
    return DogObject(
        AssetKind.VIEW,
        name,
        label,
        columns(text),
        exposed=exposed,
        analytical=analytical,
        parameters=parameters,
        hierarchies=hierarchies,
        dimension_type=dimension,
    )


def model(name: str, label: str, text: str) -> DogObject:
    """An analytic model; these are always exposed."""
    return DogObject(AssetKind.ANALYTIC_MODEL, name, label, columns(text))


def table(name: str, label: str, text: str, *, remote: bool = False) -> DogObject:
    """A local or remote table: not in the catalog, only in the design-time API."""
    kind = AssetKind.REMOTE_TABLE if remote else AssetKind.LOCAL_TABLE
    return DogObject(kind, name, label, columns(text), exposed=False)


def flow(kind: AssetKind, name: str, label: str) -> DogObject:
    """A flow or a task chain: no columns, not in the catalog."""
    return DogObject(kind, name, label, exposed=False)


def hierarchy(name: str, label: str, *levels: str) -> Hierarchy:
    """A levelled hierarchy, from the top level down."""
    return Hierarchy(name, (("", label),), levels)


def parameter(name: str, type_name: str) -> DogParameter:
    """An input parameter."""
    return DogParameter(name, parse_type(type_name))


def _column(line: str) -> DogColumn:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a column: {line!r}")
    flags = match["flags"].split()
    aggregation = next((_AGGREGATIONS[flag] for flag in flags if flag in _AGGREGATIONS), None)
    role = ColumnRole.MEASURE if aggregation or "measure" in flags else ColumnRole.ATTRIBUTE
    return DogColumn(
        name=match["quoted"] or match["plain"],
        type=parse_type(match["type"]),
        label=match["label"],
        key="key" in flags,
        nullable=not {"key", "required"} & set(flags),
        role=ColumnRole.DIMENSION if "dim" in flags else role,
        aggregation=aggregation,
        terms=tuple(flag for flag in flags if "." in flag),
    )
