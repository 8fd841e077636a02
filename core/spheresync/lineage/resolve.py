"""What the origins of one asset come to, by the definitions of those that they name. Pure.

No edge leads to a column that a known object does not have: that is a finding. Of an object that nobody has read
nothing can be said, so what its readers name of it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from spheresync.lineage.graph import RUNS, Edge
from spheresync.model import Asset, AssetKind, ColumnOrigin, Derivation, EdgeKind, Reads, WrittenColumn

_NOT_AGGREGATED = frozenset({None, "", "NONE", "NOP"})
_FAR = 16
"""Associations in one path."""


@dataclass(slots=True)
class Resolved:
    """The edges of one asset, and what of its origins could not be resolved.

    `broken` names what is not there, `unclear` what may be this or that, or is not read;
    `passed` are the objects that associations lead to or through, which the document itself does not name.
    """

    edges: list[Edge] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    passed: tuple[str, ...] = ()

    @property
    def findings(self) -> list[str]:
        """All of it, for people."""
        return [*self.broken, *self.unclear]

    def add(self, me: str, into: tuple[str, str], origin: ColumnOrigin | WrittenColumn, members: _Members) -> None:
        """Add the edges into one column from where one of its origins leads."""
        target, column = into
        via = me if isinstance(origin, WrittenColumn) else ""
        ends = list(members.ends(origin.objects, origin.path))
        spelled = ".".join((*origin.objects[:1], *origin.path))
        if not ends and (unread := members.unread(origin.objects, origin.path)):
            self.unclear.append(f"{me}: it reads {spelled} over {unread}, which nobody has read")
        elif not ends:
            self.broken.append(f"{me}: it reads {spelled}, which is not there")
        elif len(ends) > 1:
            self.unclear.append(f"{me}: it reads {spelled}, which may be of {' or '.join(name for name, _ in ends)}")
        self.edges += [
            Edge(name, target, EdgeKind.COLUMN, origin.how, source_column, column, via=via)
            for name, source_column in ends
        ]


def resolve(asset: Asset, known: Mapping[str, Asset]) -> Resolved:
    """The edges that an asset's own definition gives rise to: into it, and of a flow out of it.

    Args:
        asset: a view, table, model, flow or task chain.
        known: the definitions of the objects that it names, by `SPACE/NAME`, as far as there are any.
    """
    me = str(asset.id)
    found, members = Resolved(), _Members(known)
    origins = asset.origins
    for each in origins.objects:
        found.edges.append(Edge(each.object, me, EdgeKind.TABLE, each.how, task=each.task))
    for each in origins.writes:
        found.edges.append(Edge(me, each.object, EdgeKind.TABLE, each.how, task=each.task))
    found.edges += [Edge(me, ran, EdgeKind.TABLE, RUNS) for ran in origins.runs]
    columns = {str(column.name) for column in asset.columns}
    passed = dict.fromkeys(name for each in origins.followed for name in members.passed(each.objects, each.steps))
    found.passed = tuple(name for name in passed if name != me)
    found.edges += [Edge(name, me, EdgeKind.TABLE, Reads.ASSOCIATION) for name in found.passed]
    aggregated = _aggregated(asset)
    for origin in origins.columns:
        if origin.column in columns:
            told = replace(origin, how=Derivation.AGGREGATED) if origin.column in aggregated else origin
            found.add(me, (me, origin.column), told, members)
    for written in origins.written:
        if written.object in known and not members.has(written.object, written.column):
            found.broken.append(f"{me}: it fills {written.object}.{written.column}, which that does not have")
            continue
        found.add(me, (written.object, written.column), written, members)
    found.unclear += [f"{me}: {said}" for said in origins.unknown]
    return found


def _aggregated(asset: Asset) -> frozenset[str]:
    """The measures of an analytic model: whoever asks it gets sums or counts of a column, never its values."""
    if asset.kind is not AssetKind.ANALYTIC_MODEL:
        return frozenset()
    return frozenset(str(each.name) for each in asset.columns if each.aggregation not in _NOT_AGGREGATED)


class _Members:
    """The columns and associations of known objects, each looked through once."""

    def __init__(self, known: Mapping[str, Asset]) -> None:
        self._known = known
        self._columns: dict[str, frozenset[str]] = {}
        self._targets: dict[str, Mapping[str, str]] = {}

    def has(self, name: str, column: str) -> bool:
        """Whether a known object has a column; what holds no data has whatever is asked for."""
        if name not in self._columns:
            self._columns[name] = frozenset(str(each.name) for each in self._known[name].columns)
        return column in self._columns[name] or not self._known[name].kind.holds_data

    def target(self, name: str, association: str) -> str:
        """Where an association of a known object leads, empty where it has none of that name."""
        if name not in self._targets:
            self._targets[name] = {each.name: each.target for each in reversed(self._known[name].associations)}
        return self._targets[name].get(association, "")

    def passed(self, objects: tuple[str, ...], steps: tuple[str, ...]) -> Iterator[str]:
        """The objects that associations lead to, one behind the other, as far as they are known."""
        for step in steps[:_FAR]:
            objects = tuple(target for name in objects if name in self._known and (target := self.target(name, step)))
            yield from objects

    def unread(self, objects: tuple[str, ...], path: tuple[str, ...]) -> str:
        """An object on the way that nobody has read, so that nothing can be said of what is behind."""
        for step in path[: _FAR + 1]:
            unread = next((name for name in objects if name not in self._known), "")
            if unread:
                return unread
            objects = tuple(target for name in objects if (target := self.target(name, step)))
        return ""

    def ends(self, objects: tuple[str, ...], path: tuple[str, ...], far: int = _FAR) -> Iterator[tuple[str, str]]:
        """Where a path leads from each of the objects; from those that nobody knows only if no known one has it."""
        read = [name for name in objects if name in self._known]
        having = [name for name in read if self.has(name, path[0]) or self.target(name, path[0])]
        for name in having or [name for name in objects if name not in self._known]:
            if len(path) == 1:
                if name not in self._known or self.has(name, path[0]):
                    yield name, path[0]
            elif name in self._known and far and (target := self.target(name, path[0])):
                yield from self.ends((target,), path[1:], far - 1)
