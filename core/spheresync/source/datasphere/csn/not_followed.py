"""What a reader of lineage does not follow is said: whatever an expression holds beside what the reader knows.

One rule for queries, operators of flows and measures: the reader names the members that it takes up or that lead to no
data, and every other member becomes a sentence for people. No edge is guessed of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from spheresync.model import JsonValue, first_of

_NAMED = 3
_LONGEST = 60

SELECT = frozenset(
    {"from", "columns", "where", "having", "groupBy", "orderBy", "limit", "mixin", "excluding", "distinct", "one"}
    | {"elements", "hints", "quantifier", "localized"}
)
SET = frozenset({"op", "all", "distinct", "args", "orderBy", "limit", "elements"})
TABLE = frozenset({"ref", "as", "join", "args", "on", "SELECT", "SET", "global", "cardinality", "func"})
COLUMN = frozenset(
    {"ref", "as", "xpr", "func", "args", "list", "val", "literal", "param", "cast", "key", "virtual", "SELECT", "SET"}
    | {"#", "enum", "type", "length", "precision", "scale", "notNull", "elements", "cardinality", "localized"}
    | {"target", "on", "doc", "sort", "nulls"}
)


def beyond(node: Mapping[str, JsonValue], known: frozenset[str], what: str) -> Iterator[str]:
    """A sentence for each member that is none of the known ones; annotations and private members lead to no data."""
    for member in node:
        if member not in known and member[:1] not in {"@", "$", "_"}:
            yield f"{what} has {member[:_LONGEST]!r}, which is not followed"


def unmatched(names: Sequence[str]) -> Iterator[str]:
    """What is said of elements that no column of the query gives."""
    if names:
        shown = first_of([name[:_LONGEST] for name in names], _NAMED)
        yield f"{shown}: no column of the query has that name, so what it is made from is not known"


def operator(component: str, what: str) -> str:
    """What is said of an operator of a flow whose form is not known."""
    return f"an operator {component[:_LONGEST]!r} is of a form that is not known, so {what} is not followed"


def measure(name: str) -> str:
    """What is said of a measure that only a text makes, or something that nothing here has."""
    return f"the measure {name[:_LONGEST]!r} is made in a way that is not read"
