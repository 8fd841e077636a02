"""Where an asset comes from and where it goes, as faces answer it."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from spheresync.answers.base import Answer, OmitEmpty
from spheresync.model import EdgeKind

DEPTH = 10
"""Steps that lineage is followed where nobody says how many."""
DEEPEST = 50


class LineageNode(Answer):
    """An object: `SPACE/NAME`, `connection:NAME/OBJECT`, or `glue:DESTINATION:DATABASE.TABLE` of a target."""

    id: str = Field(description="SPACE/NAME, connection:NAME/OBJECT or glue:DESTINATION:TABLE")
    kind: str
    label: OmitEmpty[str] = ""


class LineageEdge(Answer):
    """From where data comes to where it goes; columns only on edges between columns."""

    from_: str = Field(validation_alias=AliasChoices("from_", "from"), serialization_alias="from")
    to: str
    kind: EdgeKind
    how: str = Field(description="what makes it")
    from_column: OmitEmpty[str] = ""
    to_column: OmitEmpty[str] = ""


class LineageAnswer(Answer):
    """`findings` says what could not be followed; `as_of` is when the asset was read last."""

    asset: str
    direction: str
    depth: int
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    findings: list[str] = Field(description="what could not be followed")
    as_of: str | None = None
