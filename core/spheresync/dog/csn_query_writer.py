"""The `query` of a view or an analytic model, in the form that Datasphere's view builders leave behind.

Reference: datasphere-api.md 4.3 and the exported views of a tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from spheresync.dog.design import DesignAssociation, Path, Pick, Select, SourceObject
from spheresync.dog.objects import DogObject
from spheresync.model import JsonValue

#: Finds an object as one of the space names it: by name, and its space where that is another one.
Lookup = Callable[[str, str], DogObject | None]

_OPERATORS = frozenset({"+", "-", "*", "/", "||"})
_AGGREGATES = frozenset({"SUM", "MIN", "MAX", "AVG", "COUNT"})


def qualified(name: str, space: str) -> str:
    """How a document names an object: one that another space shares with the space before it."""
    return f"{space}.{name}" if space else name


def write_query(
    item: DogObject, lookup: Lookup, relations: Mapping[str, str], mixin: Mapping[str, JsonValue]
) -> JsonValue:
    """The query of an object that reads something.

    Args:
        item: the object.
        lookup: finds what it reads.
        relations: associations by their name in the design, with their name in the document.
        mixin: associations as the query declares them.
    """
    picked = [column.name for column in item.columns if item.design.measure(column.name) is None]
    selects = [_select(select, picked, lookup, relations) for select in item.design.reads]
    if mixin and selects:
        first = selects[0]["SELECT"]
        assert isinstance(first, dict)
        columns = first["columns"]
        assert isinstance(columns, list)
        columns += [{"ref": [name]} for name in mixin]
        first["mixin"] = dict(mixin)
    if len(selects) == 1:
        return selects[0]
    return {"SET": {"op": "union", "all": True, "args": list(selects)}}


def path_of(select: Select, pick: Pick | None, column: str, lookup: Lookup, relations: Iterable[str]) -> Path:
    """Where a column comes from: the alias of a source, or an association, and a column of it; empty: from no one."""
    path = pick.path if pick is not None else (column,)
    return _located(select, path, lookup, relations)


def condition(pairs: Iterable[tuple[Path, Path]]) -> list[JsonValue]:
    """Equalities that must all hold."""
    found: list[JsonValue] = []
    for left, right in pairs:
        found += [*(["and"] if found else []), {"ref": list(left)}, "=", {"ref": list(right)}]
    return found


def mixins(associations: Iterable[DesignAssociation], relations: Mapping[str, str]) -> dict[str, JsonValue]:
    """Associations as a query declares them."""
    return {
        (name := relations[each.name]): {
            "type": "cds.Association",
            **({"@EndUserText.label": each.label} if each.label else {}),
            "on": condition((("$projection", own), (name, far)) for own, far in each.columns),
            "target": qualified(each.target, each.space),
        }
        for each in associations
    }


def _select(select: Select, columns: list[str], lookup: Lookup, relations: Mapping[str, str]) -> dict[str, JsonValue]:
    picks = {column: select.pick(column) for column in columns}
    body: dict[str, JsonValue] = {"from": _from(select)}
    if select.distinct:
        body["distinct"] = True
    body["columns"] = [_column(select, name, pick, lookup, relations) for name, pick in picks.items()]
    if any(pick is not None and pick.function.upper() in _AGGREGATES for pick in picks.values()):
        body["groupBy"] = [
            {"ref": list(_named(path_of(select, pick, name, lookup, relations), relations))}
            for name, pick in picks.items()
            if pick is None or pick.path
        ]
    return {"SELECT": body}


def _from(select: Select) -> JsonValue:
    node = _source(select.source)
    for join in select.joins:
        args = [node, _source(join.source)]
        node = {"join": join.how, "args": args, **({"on": condition(join.on)} if join.on else {})}
    return node


def _source(source: SourceObject) -> JsonValue:
    name = qualified(source.object, source.space)
    return {"ref": [name], **({"as": source.name} if source.name != name else {})}


def _column(select: Select, name: str, pick: Pick | None, lookup: Lookup, relations: Mapping[str, str]) -> JsonValue:
    if pick is not None and pick.constant is not None:
        return {"val": pick.constant, "as": name}
    if pick is not None and pick.function:
        refs: list[JsonValue] = [
            {"ref": list(_named(_located(select, argument, lookup, relations), relations))}
            for argument in pick.arguments
        ]
        if pick.function in _OPERATORS:
            terms: list[JsonValue] = []
            for ref in refs:
                terms += [*([pick.function] if terms else []), ref]
            return {"xpr": terms, "as": name}
        return {"func": pick.function, "args": refs, "as": name}
    path = _named(path_of(select, pick, name, lookup, relations), relations)
    return {"ref": list(path), **({"as": name} if path[-1] != name else {})}


def _named(path: Path, relations: Mapping[str, str]) -> Path:
    return (relations.get(path[0], path[0]), *path[1:])


def _located(select: Select, path: Path, lookup: Lookup, relations: Iterable[str]) -> Path:
    """A path with its source: of a column alone the first that has it, else the first."""
    if len(path) != 1 or path[0] in relations:
        return path
    for source in select.sources:
        found = lookup(source.object, source.space)
        if found is not None and found.column(path[0]) is not None:
            return (source.name, path[0])
    return (select.source.name, path[0])
