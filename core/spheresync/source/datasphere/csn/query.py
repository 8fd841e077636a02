"""What a view reads: the `query` of a definition, which CSN holds as a tree.

Reference: https://cap.cloud.sap/docs/cds/cqn and datasphere-api.md 4.3. SQL texts are not read. A column named without
its table may be of several: all are answered, and whoever knows their columns chooses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from spheresync.errors import SourceError, SourceFault
from spheresync.model import AssociationPath, ColumnOrigin, Derivation, JsonValue, ObjectOrigin, Origins, Reads
from spheresync.source.datasphere.csn import not_followed
from spheresync.source.datasphere.csn.budget import Budget
from spheresync.source.datasphere.csn.elements import ref_of
from spheresync.source.datasphere.csn.query_results import MADE, FoundOrigins, QueryOrigin, QueryResult, QueryScope
from spheresync.source.datasphere.csn.types import Node

MOST_PARTS = 200_000
"""Expressions of one query; a view of a hundred columns has some hundreds."""
MOST_ORIGINS = 50_000
"""Origins of all columns together."""

_AGGREGATES = frozenset(
    {"sum", "min", "max", "avg", "count", "countdistinct", "stddev", "stddev_pop", "stddev_samp", "var", "var_pop"}
    | {"var_samp", "median", "string_agg", "corr", "first_value", "last_value", "nth_value", "any_value"}
)
_OWN = frozenset({"$self", "$projection"})
_STAR = "*"
_DEEPEST = 60
"""Columns of one query that are made from each other."""


class QueryReading(NamedTuple):
    """What a query reads; `as_it_is` are the columns that hold nothing but their origins, and so have their type."""

    origins: Origins
    as_it_is: Collection[str]


NO_QUERY = QueryReading(Origins(), ())


def read_query(
    query: Node, columns: Iterable[str], target: str, *, made_elsewhere: Collection[str] = ()
) -> QueryReading:
    """What a query reads.

    Args:
        query: the `query` or `projection` of a definition.
        columns: the elements of the definition that hold data; no other gets an origin.
        target: the name of the definition.
        made_elsewhere: columns that the query need not have.

    Raises:
        SourceError: TOO_LARGE.
    """
    return _Reader(target).read(query, columns, made_elsewhere)


class _Reader:
    def __init__(self, target: str) -> None:
        self._target = target
        self._objects: dict[ObjectOrigin, None] = {}
        self._unknown: dict[str, None] = {}
        self._paths: dict[AssociationPath, None] = {}
        self.budget = Budget(MOST_PARTS, "The query has", "expression")

    def read(self, query: Node, columns: Iterable[str], made_elsewhere: Collection[str]) -> QueryReading:
        result = self._query(query, Reads.QUERY, None)
        origins: list[ColumnOrigin] = []
        of_all = Budget(MOST_ORIGINS, "The query gives its columns", "origin")
        unmatched: list[str] = []
        as_it_is: dict[str, None] = {}
        for name in columns:
            found = result.column(name, self.budget)
            if found is None and name not in made_elsewhere:
                unmatched.append(name)
            whole = bool(found)
            for origin in found or ():
                told = bool(origin.objects) and origin.objects != (self._target,)
                whole = whole and told and origin.how is Derivation.DIRECT
                if told:  # what reads itself is made from something else
                    of_all.spend()
                    origins.append(ColumnOrigin(name, *origin))
            if whole:
                as_it_is[name] = None
        if result.columns or result.passed_on or result.inner:  # else it is said already that nothing is known of it
            self._say(not_followed.unmatched(unmatched))
        objects, paths = tuple(self._one_each()), tuple(self._paths)
        return QueryReading(Origins(objects, tuple(origins), unknown=tuple(self._unknown), paths=paths), as_it_is)

    def _say(self, sentences: Iterable[str]) -> None:
        for said in sentences:
            self._unknown.setdefault(said)

    def _one_each(self) -> Iterator[ObjectOrigin]:
        """Each object once, by the strongest way in which it is read."""
        ways: dict[str, Reads] = {}
        for origin in self._objects:
            known = ways.get(origin.object)
            if known is None or _STRENGTH[origin.how] < _STRENGTH[known]:
                ways[origin.object] = origin.how
        return (ObjectOrigin(name, how) for name, how in ways.items())

    def _query(self, query: JsonValue | Node, how: Reads, outer: QueryScope | None) -> QueryResult:
        self.budget.spend()
        if isinstance(query, Mapping):
            for member, read in (("SELECT", self._select), ("SET", self._set), ("projection", self._select)):
                node = query.get(member)
                if isinstance(node, dict):
                    return read(node, how, outer)
            if "from" in query:  # what `projection` of a definition holds
                return self._select(query, how, outer)
        self._unknown.setdefault("a part of the query is of a form that is not known")
        return QueryResult()

    def _set(self, node: Node, how: Reads, outer: QueryScope | None) -> QueryResult:
        """A union gives each column what every part gives at its place; EXCEPT and INTERSECT only the first part."""
        self._say(not_followed.beyond(node, not_followed.SET, "a union"))
        args = node.get("args")
        parts = args if isinstance(args, list) else []
        word = str(node.get("op") or "union").lower()
        if not parts:
            return QueryResult()
        if not word.startswith("union"):  # the other parts only decide which rows there are
            first = self._query(parts[0], how, outer)
            for part in parts[1:]:
                self._query(part, Reads.FILTER, outer)
            return first
        inner = Reads.UNION if how in {Reads.QUERY, Reads.JOIN} else how
        results = [self._query(part, inner, outer) for part in parts]
        first, *others = results
        whole = all(not each.passed_on and not each.inner for each in results)
        columns = {name: dict(found) for name, found in first.columns.items()}
        merged = QueryResult(columns, dict(first.passed_on), list(first.inner), first.left_out)
        for other in others:
            if whole:
                for name, found in zip(first.columns, other.columns.values(), strict=False):
                    columns[name] |= found
            else:  # by name: what is passed on has no known place
                for name, found in other.columns.items():
                    if name not in columns:
                        columns[name] = dict(first.column(name, self.budget) or {MADE: None})
                    columns[name] |= found
                for name in first.columns:
                    columns[name] |= other.column(name, self.budget) or {MADE: None}
                merged.inner.append(other)
        return merged

    def _select(self, node: Node, how: Reads, outer: QueryScope | None) -> QueryResult:
        self._say(not_followed.beyond(node, not_followed.SELECT, "the query"))
        sources: dict[str, QueryResult] = {}
        self._from(node.get("from"), how, outer, sources)
        mixin = node.get("mixin")
        mixins = {
            name: target
            for name, each in (mixin.items() if isinstance(mixin, dict) else ())
            if isinstance(each, dict) and isinstance(target := each.get("target"), str)
        }
        scope = QueryScope(sources, mixins, outer)
        for member in ("where", "having", "groupBy", "orderBy"):
            self._filters(node.get(member), scope)
        left_out = node.get("excluding")
        result = QueryResult(
            left_out=frozenset(name for name in left_out if isinstance(name, str))
            if isinstance(left_out, list)
            else frozenset()
        )
        columns = node.get("columns")
        _Columns(self, scope, result).take(columns if isinstance(columns, list) else [_STAR])
        return result

    def _from(self, node: JsonValue, how: Reads, outer: QueryScope | None, sources: dict[str, QueryResult]) -> None:
        self.budget.spend()
        if not isinstance(node, dict):
            return
        self._say(not_followed.beyond(node, not_followed.TABLE, "a table of the query"))
        alias = node.get("as")
        if isinstance(node.get("args"), list) and "join" in node:
            inner = how if how in {Reads.UNION, Reads.FILTER} else Reads.JOIN
            for arg in _each(node["args"]):
                self._from(arg, inner, outer, sources)
            self._filters(node.get("on"), QueryScope(sources, {}, outer))
        elif path := ref_of(node):
            self.note(path[0], how)
            self.follow((path[0],), path[1:])
            self.say_of_steps(node)
            result = QueryResult(passed_on={path[0]: tuple(path[1:])}, table=path[0] if len(path) == 1 else "")
            for name in [alias] if isinstance(alias, str) else [path[-1], path[-1].rpartition(".")[2]]:
                sources.setdefault(name, result)
        elif "SELECT" in node or "SET" in node:
            sources[alias if isinstance(alias, str) else f"\0{len(sources)}"] = self._query(node, how, outer)
        else:
            self._unknown.setdefault("a table function or a text of SQL is read, of which nobody knows what it reads")

    def _filters(self, condition: JsonValue, scope: QueryScope) -> None:
        """Objects that only decide which rows there are: of subqueries in a condition, and behind associations."""
        columns = _Columns(self, scope, QueryResult())
        for node, to_object in self._named_in(condition):
            path = ref_of(node)
            if not path:
                self._query(node, Reads.FILTER, scope)
            elif len(path) > 1 or to_object:
                table = scope.sources.get(path[0]) if len(path) == 2 and not to_object else None
                if table is None or not table.table:  # a column of a table leads to nothing else
                    columns.follow(path, to_object=to_object)
                self.say_of_steps(node)

    def _named_in(self, node: JsonValue) -> Iterator[tuple[Node, bool]]:
        """The subqueries and references of a condition, and whether one is of an object: whether that `exists`."""
        self.budget.spend()
        if isinstance(node, list):
            before: JsonValue = None
            for each in node:
                if each.__class__ is str:
                    self.budget.spend()
                elif isinstance(each, dict) and ref_of(each):
                    self.budget.spend()
                    yield each, before == "exists"
                else:
                    for found, to_object in self._named_in(each):
                        yield found, to_object or (before == "exists" and found is each)
                before = each
        elif isinstance(node, dict):
            if "SELECT" in node or "SET" in node or ref_of(node):
                yield node, False
            else:
                self.say_of_column(node)
                for member in ("xpr", "args", "list"):
                    args = node.get(member)
                    yield from self._named_in([*args.values()] if isinstance(args, dict) else args)

    def say_of_steps(self, node: Node) -> None:
        """A condition within a path is not followed; where it names columns alone, it leads to no other object."""
        for step in _each(node.get("ref")):
            if isinstance(step, dict) and "where" in step:
                for named, to_object in self._named_in(step["where"]):
                    if to_object or len(ref_of(named)) != 1:
                        self.unknown(f"a condition within {'.'.join(ref_of(node))} is not followed")

    def note(self, name: str, how: Reads) -> None:
        """An object is read."""
        if name != self._target:
            self._objects.setdefault(ObjectOrigin(name, how))
        else:
            self._unknown.setdefault("the query reads the object itself, so what that is made from is not known")

    def follow(self, objects: tuple[str, ...], steps: Sequence[str]) -> None:
        """Associations are followed."""
        if steps:
            self.budget.spend(len(steps))
            self._paths.setdefault(AssociationPath(objects, tuple(steps)))

    def unknown(self, said: str) -> None:
        self._unknown.setdefault(said)

    def say_of_column(self, node: Node) -> None:
        if not not_followed.COLUMN.issuperset(node):
            self._say(not_followed.beyond(node, not_followed.COLUMN, "a column of the query"))

    def subquery(self, node: Node, scope: QueryScope) -> QueryResult:
        return self._query(node, Reads.QUERY, scope)


class _Columns:
    """The columns of one SELECT."""

    def __init__(self, reader: _Reader, scope: QueryScope, result: QueryResult) -> None:
        self._reader = reader
        self._scope = scope
        self._result = result
        self._budget = reader.budget
        self._named: dict[str, tuple[Node, Sequence[str]]] = {}  # with the path that it is, where it is one
        self._open: set[str] = set()

    def take(self, columns: Sequence[JsonValue]) -> None:
        for column in columns:
            if isinstance(column, dict):
                path = ref_of(column)
                if path and path[-1] == _STAR:
                    self._pass_on(path[:-1])
                elif name := _name(column, path):
                    self._named.setdefault(name, (column, path))
            elif column == _STAR:
                self._pass_on(())
            if isinstance(column, dict):
                self._reader.say_of_column(column)
        for name in self._named:
            self._result.columns[name] = self._column(name)

    def _pass_on(self, of: Sequence[str]) -> None:
        for name, source in self._scope.sources.items():
            if not of or of[0] == name:
                self._result.inner.append(source)

    def follow(self, path: Sequence[str], *, to_object: bool) -> None:
        """Follow a path of a condition; what it names that nothing has is no matter of the columns."""
        for origin in self._ref(path, said=False):
            self._reader.follow(origin.objects, origin.path if to_object else origin.path[:-1])

    def _column(self, name: str) -> FoundOrigins:
        """Where a column comes from; one that refers to itself comes from nowhere."""
        if name in self._result.columns:
            return self._result.columns[name]
        if name not in self._named or name in self._open:
            return {}
        if len(self._open) >= _DEEPEST:
            raise _too_large(f"makes columns from each other over more than {_DEEPEST} steps")
        node, path = self._named[name]
        self._open.add(name)
        if "inline" in node or "expand" in node:
            found: FoundOrigins = {}
        elif path and "param" not in node:
            found = self._read(node, path)
        else:
            found = self._expression(node, Derivation.DIRECT)
        self._open.discard(name)
        return found if found and "cast" not in node else {**found, MADE: None}

    def _expression(self, node: JsonValue | Node, how: Derivation) -> FoundOrigins:
        self._budget.spend()
        found: FoundOrigins = {}
        if isinstance(node, list):
            for each in node:
                found |= self._expression(each, how)
        elif isinstance(node, Mapping):
            self._reader.say_of_column(node)
            if "SELECT" in node or "SET" in node:
                result = self._reader.subquery(node, self._scope)
                for origins in list(result.columns.values())[:1]:
                    found |= _as(origins, Derivation.CALCULATED)
            elif path := ref_of(node):
                found |= {} if node.get("param") is True else _as(self._read(node, path), how)
            elif "func" in node:
                word = str(node["func"]).lower()
                inner = Derivation.AGGREGATED if word in _AGGREGATES else _at_least(how, Derivation.CALCULATED)
                args = node.get("args")
                found |= self._expression(list(args.values()) if isinstance(args, dict) else args, inner)
                found |= self._expression(node.get("xpr"), _at_least(inner, Derivation.CALCULATED))
            else:
                for member in ("xpr", "list", "args"):
                    found |= self._expression(node.get(member), _at_least(how, Derivation.CALCULATED))
        return found

    def _read(self, node: Node, path: Sequence[str]) -> FoundOrigins:
        """What a path comes to; the associations in it are followed, whether anything is made of the column or not."""
        self._reader.say_of_steps(node)
        found = self._ref(path)
        for origin in found:
            if len(origin.path) > 1:
                self._reader.follow(origin.objects, origin.path[:-1])
        return found

    def _ref(self, path: Sequence[str], *, said: bool = True) -> FoundOrigins:
        first, rest = path[0], path[1:]
        if first in _OWN:
            return self._through(self._column(rest[0]), rest[1:]) if rest else {}
        if first.startswith("$"):  # a parameter, the user, the time
            return {}
        scope: QueryScope | None = self._scope
        while scope is not None:
            if first in scope.sources and rest:
                found = scope.sources[first].column(rest[0], self._budget)
                if found is None and said:
                    self._reader.unknown(f"{first}.{rest[0]} is named, which {first} does not have")
                return self._through(found or {}, rest[1:])
            if first in scope.mixins:
                return self._along(scope.mixins[first], rest)
            scope = scope.outer
        return self._unqualified(first, rest, said=said)

    def _along(self, target: str, rest: Sequence[str]) -> FoundOrigins:
        """A column behind an association of the query; the association alone holds no data."""
        if not rest:
            return {}
        self._reader.note(target, Reads.ASSOCIATION)
        return {QueryOrigin((target,), tuple(rest)): None}

    def _unqualified(self, name: str, rest: Sequence[str], *, said: bool) -> FoundOrigins:
        """A column without its table: of the subqueries that have it, else of any table."""
        scope: QueryScope | None = self._scope
        while scope is not None:
            self._budget.spend(len(scope.sources))
            sources = list({id(each): each for each in scope.sources.values()}.values())
            result = sources[0] if len(sources) == 1 else QueryResult(inner=sources)
            if found := result.column(name, self._budget):
                return self._through(found, rest)
            scope = scope.outer
        if self._scope.sources and said:
            self._reader.unknown(f"{name} is named, which nothing that is read has")
        return {}

    def _through(self, found: FoundOrigins, steps: Sequence[str]) -> FoundOrigins:
        self._budget.spend(len(found))
        return {origin.through(steps): None for origin in found} if steps else found


_STRENGTH = {how: position for position, how in enumerate(Reads)}
_RANK = {how: position for position, how in enumerate(Derivation)}


def _at_least(how: Derivation, least: Derivation) -> Derivation:
    return max(how, least, key=_RANK.__getitem__)


def _as(found: FoundOrigins, how: Derivation) -> FoundOrigins:
    if how is Derivation.DIRECT:
        return found
    return {QueryOrigin(each.objects, each.path, _at_least(each.how, how)): None for each in found}


def _name(column: Node, path: Sequence[str]) -> str:
    named = column.get("as")
    if isinstance(named, str) and named:
        return named
    if path:
        return path[-1]
    word = column.get("func")
    return word if isinstance(word, str) else ""


def _each(node: JsonValue) -> list[JsonValue]:
    return node if isinstance(node, list) else []


def _too_large(what: str) -> SourceError:
    return SourceError(
        SourceFault.TOO_LARGE, f"The query {what}.", remedy="Look at the object in Datasphere's Data Builder."
    )
