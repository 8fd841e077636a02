"""Follow lineage from one asset, step by step, with only the definitions on the way in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from spheresync.lineage.graph import (
    OUTSIDE_OBJECT,
    RUNS,
    UNKNOWN,
    WRITTEN,
    Edge,
    Lineage,
    Node,
)
from spheresync.lineage.known_assets import DefinitionSource, KnownAssets
from spheresync.lineage.resolve import resolve
from spheresync.model import OUTSIDE, Asset, Direction, EdgeKind, Reads, first_of

MOST_NODES = 500
_NAMED = 3
_OF_COLUMNS = ("what becomes of its columns", "what its columns are made from")


class LineageSource(DefinitionSource, Protocol):
    """What lineage is read from."""

    async def naming(self, names: Collection[str]) -> Sequence[str]:
        """The assets whose definitions name one of these objects as read, written or run."""
        ...

    async def written(self, names: Collection[str]) -> Mapping[str, Sequence[WrittenObject]]:
        """What the targets hold of these assets."""
        ...


class WrittenObject(Protocol):
    """An object of a target that stands for an asset: its id, its kind, and the physical name of each column."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def columns(self) -> Mapping[str, str]: ...


class Tracer:
    """Follows the lineage of one asset. Build it, `run` it once."""

    def __init__(self, source: LineageSource, start: str, *, depth: int, column: str | None = None) -> None:
        self._source = source
        self._start = start
        self._depth = depth
        self._column = column
        self._known = KnownAssets(source)
        self._edges: dict[Edge, None] = {}
        self._findings: dict[str, None] = {}
        self._resolved: set[str] = set()
        self._written: dict[str, str] = {}
        self._cut = False

    async def run(self, direction: Direction) -> Lineage:
        """Everything within the depth, in one direction or both."""
        kept: dict[Edge, None] = {}
        if direction is not Direction.DOWNSTREAM:
            kept |= dict.fromkeys(await self._walk(upstream=True))
        if direction is not Direction.UPSTREAM:
            down = await self._walk(upstream=False)
            kept |= dict.fromkeys([*down, *await self._to_targets(down)])
        names = {self._start, *(end for edge in kept for end in (edge.source, edge.target))}
        return Lineage(self._nodes(names), tuple(kept), tuple(self._findings), self._cut)

    async def _walk(self, *, upstream: bool) -> list[Edge]:
        """Step by step: the edges of everything that was reached so far, and what they lead to."""
        front = {(self._start, "")}  # with the task by which a flow was entered
        seen = set(front)
        tables: dict[Edge, None] = {}
        for _ in range(self._depth):
            names = {name for name, _ in front}
            await self._resolve(names | set(await self._neighbours(names, upstream=upstream)))
            steps = [edge for edge in self._edges if edge.kind is EdgeKind.TABLE]
            front = set()
            for edge in steps:
                here, there = (edge.target, edge.source) if upstream else (edge.source, edge.target)
                for name, task in list(seen):
                    if name != here or (task and edge.task and task != edge.task):
                        continue
                    tables.setdefault(edge)
                    reached = (there, edge.task)
                    if reached not in seen:
                        seen.add(reached)
                        front.add(reached)
            if len(seen) > MOST_NODES:
                self._cut = True
                break
            if not front:
                break
        else:
            self._cut = self._cut or bool(front and await self._goes_on(front, upstream=upstream))
        return self._with_columns(tables, {name for name, _ in seen}, upstream=upstream)

    async def _goes_on(self, front: Iterable[tuple[str, str]], *, upstream: bool) -> bool:
        """Whether there is more behind what the depth ended at."""
        names = {name for name, _ in front}
        await self._resolve(names | set(await self._neighbours(names, upstream=upstream)))
        ends = ("target", "source")[not upstream]
        return any(edge.kind is EdgeKind.TABLE and getattr(edge, ends) in names for edge in self._edges)

    def _with_columns(self, tables: Mapping[Edge, None], reached: set[str], *, upstream: bool) -> list[Edge]:
        """The table edges with the column edges between what was reached; of one column only what it leads to."""
        columns = [
            edge
            for edge in self._edges
            if edge.kind is EdgeKind.COLUMN and edge.source in reached and edge.target in reached
        ]
        if self._column is None:
            return [*tables, *columns]
        kept: dict[Edge, None] = {}
        front = {(self._start, self._column)}
        seen = set(front)
        while front:
            step = set()
            for edge in columns:
                source, target = (edge.source, edge.source_column), (edge.target, edge.target_column)
                here, there = (target, source) if upstream else (source, target)
                if here in front:
                    kept.setdefault(edge)
                    step.add(there)
            front = step - seen
            seen |= step
        objects = {name for name, _ in seen}
        between = [
            edge
            for edge in tables
            if {edge.source, edge.target} <= objects or (edge.how == Reads.REMOTE and edge.target in objects)
        ]
        flows = [*self._carrying(kept, tables), *self._opaque(objects, tables, upstream=upstream)]
        return [*dict.fromkeys([*between, *flows]), *kept]

    def _carrying(self, kept: Iterable[Edge], tables: Collection[Edge]) -> list[Edge]:
        """The edges into and out of the flows that carry these columns, of the tasks that do."""
        found: list[Edge] = []
        for source, via, target in {(edge.source, edge.via, edge.target): None for edge in kept if edge.via}:
            into = [edge for edge in tables if (edge.source, edge.target) == (source, via)]
            out = [edge for edge in tables if (edge.source, edge.target) == (via, target)]
            tasks = {edge.task for edge in into} & {edge.task for edge in out}
            found += [edge for edge in (*into, *out) if edge.task in tasks or not tasks]
        return found

    def _opaque(self, objects: Collection[str], tables: Collection[Edge], *, upstream: bool) -> list[Edge]:
        """The flows that fill (downstream: read) one of these tables without telling what becomes of its columns."""
        told = {(edge.via, edge.target if upstream else edge.source) for edge in self._edges if edge.via}
        found: list[Edge] = []
        for edge in tables:
            flow, table = (edge.source, edge.target) if upstream else (edge.target, edge.source)
            asset = self._known.assets.get(flow)
            moves = asset is not None and not asset.kind.holds_data and edge.how != RUNS
            if moves and table in objects and (flow, table) not in told:
                found += [edge, *self._beyond(edge, flow, tables, upstream=upstream)]
                self._findings.setdefault(
                    f"{flow} {'fills' if upstream else 'reads'} {table}, and does not tell {_OF_COLUMNS[upstream]}"
                )
        return found

    @staticmethod
    def _beyond(edge: Edge, flow: str, tables: Collection[Edge], *, upstream: bool) -> list[Edge]:
        """The connections from (downstream: to) which the same task of such a flow moves data."""
        found = []
        for each in tables:
            here, there = (each.target, each.source) if upstream else (each.source, each.target)
            same_task = not (edge.task and each.task) or each.task == edge.task
            if here == flow and there.startswith(OUTSIDE) and same_task:
                found.append(each)
        return found

    async def _neighbours(self, names: Collection[str], *, upstream: bool) -> Sequence[str]:
        """Assets whose own definitions may hold an edge to or from these: what a flow writes only the flow knows."""
        return await self._source.naming(names) if not upstream else await self._writers(names)

    async def _writers(self, names: Collection[str]) -> list[str]:
        """Flows that fill one of these, and task chains that run one."""
        naming = await self._source.naming(names)
        await self._known.load(naming)
        return [name for name in naming if (asset := self._known.assets.get(name)) is not None and _fills(asset, names)]

    async def _resolve(self, names: Iterable[str]) -> None:
        """Make the edges of these assets."""
        fresh = [name for name in names if name not in self._resolved]
        self._resolved.update(fresh)
        for asset in await self._known.load_to_resolve(fresh):
            found = resolve(asset, self._known.assets)
            self._edges |= dict.fromkeys(found.edges)
            self._findings |= dict.fromkeys(found.findings)

    async def _to_targets(self, down: Sequence[Edge]) -> list[Edge]:
        """Edges on to what was written of the assets that data goes to; of one column only from where it goes."""
        found: list[Edge] = []
        names = {self._start, *(edge.target for edge in down)}
        reached = {(self._start, self._column), *((edge.target, edge.target_column) for edge in down)}
        for name, objects in (await self._source.written(names)).items():
            for written in objects:
                self._written[written.id] = written.kind
                found.append(Edge(name, written.id, EdgeKind.TABLE, WRITTEN))
                found += [
                    Edge(name, written.id, EdgeKind.COLUMN, WRITTEN, column, physical)
                    for column, physical in written.columns.items()
                    if self._column is None or (name, column) in reached
                ]
        return found

    def _nodes(self, names: Collection[str]) -> tuple[Node, ...]:
        nodes = [self._node(name) for name in sorted(names)]
        unknown = [node.id for node in nodes if node.kind == UNKNOWN]
        if unknown:
            shown = first_of(unknown, _NAMED, total=len(unknown))
            self._findings.setdefault(f"{shown} is not listed, or was never read, so what is behind is not known")
        return tuple(nodes)

    def _node(self, name: str) -> Node:
        if name.startswith(OUTSIDE):
            return Node(name, OUTSIDE_OBJECT)
        if name in self._written:
            return Node(name, self._written[name])
        asset = self._known.assets.get(name)
        return Node(name, UNKNOWN) if asset is None else Node(name, asset.kind.value, asset.label)


def _fills(asset: Asset, names: Collection[str]) -> bool:
    origins = asset.origins
    return any(each.object in names for each in origins.writes) or any(ran in names for ran in origins.runs)
