"""How much of a lineage one answer shows: the nearest first, and a finding for what is left out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spheresync.lineage.graph import Edge, Node
from spheresync.model import counted

MOST_COLUMN_EDGES = 200
"""Edges between columns in an answer that is not about one column."""
_NODE, _EDGE = 40, 60
"""Characters of a node and of an edge in an answer besides names."""

_DEEP = "one direction, a smaller depth"


@dataclass(frozen=True, slots=True)
class Extent:
    """What an answer shows of a lineage, and in `left_out` what it does not, with what to ask for that."""

    nodes: Sequence[Node]
    tables: Sequence[Edge]
    columns: Sequence[Edge]
    left_out: Sequence[str] = ()


def fitting(
    asset: str,
    nodes: Sequence[Node],
    tables: Sequence[Edge],
    columns: Sequence[Edge],
    *,
    of_one: bool,
    budget: int | None,
) -> Extent:
    """As much as fits; edges between objects stay before edges between columns, near ones before far ones.

    Args:
        asset: what the lineage is of.
        nodes: the objects.
        tables: edges between objects.
        columns: edges between columns, in any order.
        of_one: whether the lineage is of one column.
        budget: characters that nodes and edges may have in all; None for any number.
    """
    for kept, what in _fewer_and_fewer(asset, columns, of_one=of_one):
        few = of_one or len(kept) <= MOST_COLUMN_EDGES
        if few and (budget is None or _length(nodes, (*tables, *kept)) <= budget):
            left = len(columns) - len(kept)
            ask = _DEEP if of_one else "one column" if _has_columns(asset, columns) else "one of these objects"
            said = [f"{counted(left, 'edge')} between columns {what} left out; ask for {ask}"] if left else []
            return Extent(nodes, tables, kept, said)
    return Extent(nodes, tables, (), ()) if budget is None else _nearest(asset, nodes, tables, len(columns), budget)


def _fewer_and_fewer(asset: str, columns: Sequence[Edge], *, of_one: bool) -> list[tuple[Sequence[Edge], str]]:
    """All edges between columns, then fewer of them, with what the others are."""
    if of_one:
        return [(columns, ""), ((), "are")]
    leading = _leading(asset, columns)
    own = [edge for edge in columns if asset in {edge.source, edge.target}]
    return [
        (columns, ""),
        (leading, f"that no column of {asset} comes from or goes to are"),
        (own, "that are not its own are"),
        ((), "are"),
    ]


def _has_columns(asset: str, columns: Sequence[Edge]) -> bool:
    return any(asset in {edge.source, edge.target} for edge in columns)


def _leading(asset: str, columns: Sequence[Edge]) -> list[Edge]:
    """The edges by which columns of the asset come from others, or others from them."""
    kept: set[Edge] = set()
    for upstream in (True, False):
        by_end: dict[tuple[str, str], list[Edge]] = {}
        for edge in columns:
            end = (edge.target, edge.target_column) if upstream else (edge.source, edge.source_column)
            by_end.setdefault(end, []).append(edge)
        front = {end for end in by_end if end[0] == asset}
        seen = set(front)
        while front:
            steps = [edge for end in front for edge in by_end.get(end, ())]
            kept.update(steps)
            reached = {
                (edge.source, edge.source_column) if upstream else (edge.target, edge.target_column) for edge in steps
            }
            front = reached - seen
            seen |= reached
    return [edge for edge in columns if edge in kept]


def _nearest(asset: str, nodes: Sequence[Node], tables: Sequence[Edge], columns: int, budget: int) -> Extent:
    """The first edges between objects, as many as fit, and the objects that they are between."""
    by_id = {node.id: node for node in nodes}
    names = {asset}
    shown: list[Edge] = []
    left = budget - _length([by_id[asset]] if asset in by_id else [], ())
    steps = _steps_from(asset, tables)
    for edge in sorted(tables, key=lambda each: max(steps.get(each.source, 0), steps.get(each.target, 0))):
        ends = {edge.source, edge.target} - names
        left -= _length([by_id[end] for end in ends if end in by_id], (edge,))
        if left < 0 and shown:
            break
        shown.append(edge)
        names |= ends
    kept = [node for node in nodes if node.id in names]
    further = counted(len(nodes) - len(kept), "object")
    said = [f"{further} further away are left out; ask for {_DEEP}, or for what stands at its end"]
    if columns:
        said.append(f"{counted(columns, 'edge')} between columns are left out; ask for one column")
    return Extent(kept, shown, (), said)


def _steps_from(asset: str, tables: Sequence[Edge]) -> dict[str, int]:
    """How many edges each object is away, whichever way they go."""
    beside: dict[str, set[str]] = {}
    for edge in tables:
        beside.setdefault(edge.source, set()).add(edge.target)
        beside.setdefault(edge.target, set()).add(edge.source)
    steps, front, away = {asset: 0}, {asset}, 0
    while front:
        away += 1
        front = {there for here in front for there in beside.get(here, ()) if there not in steps}
        steps |= dict.fromkeys(front, away)
    return steps


def _length(nodes: Sequence[Node], edges: Sequence[Edge]) -> int:
    """About how many characters these have in an answer."""
    told = sum(_NODE + len(node.id) + len(node.kind) + len(node.label) for node in nodes)
    for edge in edges:
        columns = len(edge.source_column) + len(edge.target_column)
        told += _EDGE + len(edge.source) + len(edge.target) + len(edge.how) + (columns + 30 if columns else 0)
    return told
