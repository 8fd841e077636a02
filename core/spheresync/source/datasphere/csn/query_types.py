"""Types of columns whose elements have none: of a cast, or of what the query selects as it is. Pure.

Within one document. What leads out of it are the `type_origins` of the asset, for whoever has other definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from spheresync.model import UNTYPED, Column, ColumnOrigin, ColumnRole, Derivation, JsonValue
from spheresync.source.datasphere.csn.document import CsnDocument
from spheresync.source.datasphere.csn.elements import Element, element, read_column, ref_of
from spheresync.source.datasphere.csn.labels import Texts
from spheresync.source.datasphere.csn.query import NO_QUERY, QueryReading, read_query
from spheresync.source.datasphere.csn.types import Node, source_type

_DEEP = 16
"""Objects that a type is looked for through."""
_NO_LABELS = Texts(None)
"""Labels of other objects' columns are not asked for, so none is missing."""


class QueryTypes:
    """What the columns of one object take their types from."""

    def __init__(self, document: CsnDocument, name: str, definition: Node, reading: QueryReading) -> None:
        self._document = document
        self._name = name
        self._queries = {name: _Query(definition, reading)}
        self._alone = len(document.definitions) == 1
        self.origins: list[ColumnOrigin] = []
        """Of the columns that the document gives no type: where other documents may have it."""

    def typed(self, column: Column, told: Element) -> Column:
        """The column with the type, and a measure with the aggregation, of what it selects."""
        whole = column.role is not ColumnRole.MEASURE or column.aggregation or self._alone
        if column.type != UNTYPED and whole:
            return column
        behind = self._queries[self._name]
        name = str(column.name)
        found = self._of_query(behind, name, _DEEP)
        steps = () if found is not None else _navigation(told)
        if found is None and steps:
            found = self._selected((self._name,), steps, _DEEP)
        if found is not None:
            aggregation = column.aggregation or (found.aggregation if column.role is ColumnRole.MEASURE else None)
            column = replace(
                column, type=found.type if column.type == UNTYPED else column.type, aggregation=aggregation
            )
        if column.type == UNTYPED:
            through = (ColumnOrigin(name, (self._name,), steps, Derivation.DIRECT),) if steps else ()
            self.origins += behind.origins(name) or through
        return column

    def _of_query(self, query: _Query, name: str, deep: int) -> Column | None:
        """A column like the one that a query gives; None where its type is not known, or is one of several."""
        if name in query.casts:
            cast = self._document.types.resolved(query.casts[name])
            return read_column(element(name, cast), _NO_LABELS)
        found: Column | None = None
        for origin in query.origins(name):
            each = self._selected(origin.objects, origin.path, deep - 1)
            if each is None or each.type == UNTYPED or (found is not None and found.type != each.type):
                return None
            found = found or each
        return found

    def _selected(self, objects: tuple[str, ...], path: tuple[str, ...], deep: int) -> Column | None:
        """The column at the end of a path, as far as the document holds what is on the way."""
        for name in objects if deep > 0 else ():
            definition = self._document.definition(name)
            node = _element(definition, path[0]) if definition is not None and path else None
            if definition is None or node is None:
                continue
            if len(path) > 1:
                target = node.get("target")
                return self._selected((target,), path[1:], deep - 1) if isinstance(target, str) else None
            column = read_column(element(path[0], self._document.types.resolved(node)), _NO_LABELS)
            return column if column.type != UNTYPED else self._of_query(self._query_of(name, definition), path[0], deep)
        return None

    def _query_of(self, name: str, definition: Node) -> _Query:
        """The query of another object; read once, however many columns lead there."""
        if name not in self._queries:
            query, elements = definition.get("query"), definition.get("elements")
            names = [*elements] if isinstance(elements, dict) else []
            reading = read_query(query, names, name) if isinstance(query, dict) else NO_QUERY
            self._queries[name] = _Query(definition, reading)
        return self._queries[name]


class _Query:
    """The query of one definition, looked through once a column asks for its type."""

    def __init__(self, definition: Node, reading: QueryReading) -> None:
        self._definition = definition
        self._reading = reading
        self._by_name: dict[str, tuple[ColumnOrigin, ...]] | None = None
        self._casts: Mapping[str, Node] | None = None

    @property
    def casts(self) -> Mapping[str, Node]:
        if self._casts is None:
            self._casts = _casts(self._definition.get("query") or self._definition.get("projection"))
        return self._casts

    def origins(self, name: str) -> tuple[ColumnOrigin, ...]:
        """The columns that one holds as they are; none where it holds anything else too."""
        if self._by_name is None:
            found: dict[str, list[ColumnOrigin]] = {}
            for origin in self._reading.origins.columns:
                if origin.column in self._reading.as_it_is:
                    found.setdefault(origin.column, []).append(origin)
            self._by_name = {column: tuple(each) for column, each in found.items()}
        return self._by_name.get(name, ())


def _casts(query: JsonValue) -> Mapping[str, Node]:
    """The types that columns of a query are cast to, by name; of a union only where all parts cast to the same type."""
    if not isinstance(query, dict):
        return {}
    union = query.get("SET")
    if isinstance(union, dict):
        parts = union.get("args")
        each_of = [[*_columns(part)] for part in parts] if isinstance(parts, list) else []
        return {
            name: cast
            for place, (name, cast) in enumerate(each_of[0] if each_of else ())
            if cast is not None and all(_same(cast, other[place : place + 1]) for other in each_of[1:])
        }
    return {name: cast for name, cast in _columns(query) if cast is not None}


def _same(cast: Node, other: list[tuple[str, Node | None]]) -> bool:
    there = other[0][1] if other else None
    return there is not None and source_type(there) == source_type(cast)


def _columns(query: JsonValue) -> Iterator[tuple[str, Node | None]]:
    """Name and cast of each column that a SELECT lists."""
    select = query.get("SELECT", query) if isinstance(query, dict) else None
    columns = select.get("columns") if isinstance(select, dict) else None
    for column in columns if isinstance(columns, list) else ():
        if isinstance(column, dict):
            path, named, cast = ref_of(column), column.get("as"), column.get("cast")
            name = named if isinstance(named, str) and named else path[-1] if path else ""
            yield name, cast if isinstance(cast, dict) and source_type(cast) is not None else None


def _navigation(told: Element) -> tuple[str, ...]:
    """The path over associations that an analytic model names for a column."""
    path = told.annotations.get("analytics.navigationattributeref")
    steps = tuple(step for step in path if isinstance(step, str)) if isinstance(path, list) else ()
    return steps if len(steps) > 1 else ()


def _element(definition: Node, name: str) -> Node | None:
    elements = definition.get("elements")
    found = elements.get(name) if isinstance(elements, dict) else None
    return found if isinstance(found, dict) else None
