"""How much of a lineage fits into one answer: no more than asked for, near before far, nothing left out unsaid."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.lineage.graph import Edge, Node
from spheresync.model import EdgeKind
from spheresync.service.catalog.lineage_extent import MOST_COLUMN_EDGES, Extent, fitting

ASSET = "S/A0"


def _chain(length: int, columns: int, beside: int) -> tuple[list[Node], list[Edge], list[Edge]]:
    """A0 <- A1 <- ...: some columns each that lead to A0, and some that end at A1."""
    names = [f"S/A{number}" for number in range(length + 1)]
    tables, between = [], []
    for target, source in pairwise(names):
        tables.append(Edge(source, target, EdgeKind.TABLE, "query"))
        own = range(columns if target == ASSET else columns + beside)
        between += [Edge(source, target, EdgeKind.COLUMN, "direct", f"C{n}", f"C{n}") for n in own]
    return [Node(name, "view", f"Label of {name}") for name in names], tables, between


def _characters(shown: Extent) -> int:
    nodes = [{"id": node.id, "kind": node.kind, "label": node.label} for node in shown.nodes]
    edges = [
        {"from": e.source, "to": e.target, "kind": e.kind, "how": e.how}
        | ({"from_column": e.source_column, "to_column": e.target_column} if e.source_column else {})
        for e in (*shown.tables, *shown.columns)
    ]
    return len(json.dumps([nodes, edges], separators=(",", ":")))


@given(
    length=st.integers(1, 60),
    columns=st.integers(0, 40),
    beside=st.integers(0, 40),
    budget=st.one_of(st.none(), st.integers(500, 20_000)),
)
def test_it_fits_and_what_is_left_out_is_counted(length: int, columns: int, beside: int, budget: int | None) -> None:
    nodes, tables, between = _chain(length, columns, beside)
    shown = fitting(ASSET, nodes, tables, between, of_one=False, budget=budget)
    if budget is not None:
        assert _characters(shown) <= budget
    assert len(shown.columns) <= MOST_COLUMN_EDGES
    missing = len(between) - len(shown.columns), len(nodes) - len(shown.nodes)
    for left in filter(None, missing):
        assert any(text.startswith(f"{left} ") for text in shown.left_out), shown.left_out
    assert bool(shown.left_out) == any(missing)
    if shown.columns != between:
        assert all(edge.source_column < f"C{columns}" or columns > 9 for edge in shown.columns)
    ends = {end for edge in shown.tables for end in (edge.source, edge.target)}
    assert ends | {ASSET} == {node.id for node in shown.nodes}
    assert list(shown.tables) == tables[: len(shown.tables)]


@pytest.mark.parametrize("of_one", [False, True])
def test_what_is_near_both_ways_stays(of_one: bool) -> None:
    up = [Edge(f"S/U{n + 1}", f"S/U{n}", EdgeKind.TABLE, "query") for n in range(50)]
    down = [Edge(f"S/D{n}", f"S/D{n + 1}", EdgeKind.TABLE, "query") for n in range(50)]
    tables = [Edge("S/U0", ASSET, EdgeKind.TABLE, "query"), *up, Edge(ASSET, "S/D0", EdgeKind.TABLE, "query"), *down]
    nodes = [Node(name, "view") for name in sorted({end for each in tables for end in (each.source, each.target)})]
    shown = fitting(ASSET, nodes, tables, (), of_one=of_one, budget=1_500)
    names = {node.id for node in shown.nodes}
    assert {"S/U0", "S/U1", "S/D0", "S/D1"} <= names and "S/U50" not in names and "S/D50" not in names
