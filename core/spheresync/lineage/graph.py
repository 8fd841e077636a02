"""A lineage as nodes and edges. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import EdgeKind

UNKNOWN = "unknown"
"""Kind of a node that some definition names and that the catalog does not hold."""
OUTSIDE_OBJECT = "outside"
"""Kind of a node that a connection leads to."""
RUNS = "runs"
WRITTEN = "written"
"""How an asset gets into a target: this program wrote it there."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """An object of the lineage: `SPACE/NAME`, `connection:NAME/OBJECT`, or an object of a target by its key."""

    id: str
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """From where data comes to where it goes; both columns are empty on an edge between tables."""

    source: str
    target: str
    kind: EdgeKind
    how: str
    source_column: str = ""
    target_column: str = ""
    task: str = ""  # of a flow with several: what it reads in one it writes in the same
    via: str = ""  # the flow that carries a column


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was found. `findings` says, for people, what could not be followed; `cut` that there is more of it."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    findings: tuple[str, ...] = ()
    cut: bool = False
