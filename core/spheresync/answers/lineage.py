"""Where an asset comes from and where it goes, as faces answer it."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from spheresync.answers.base import Answer, OmitEmpty, OmitNone
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
    how: str
    from_column: OmitEmpty[str] = ""
    to_column: OmitEmpty[str] = ""


class ReferenceRow(Answer):
    """An association or foreign key that leads to the asset; `columns` are those of the one by the other's."""

    asset: str
    association: str
    columns: OmitEmpty[dict[str, str]] = Field(default={})


class LineageAnswer(Answer):
    """`findings` says what could not be followed; `as_of` is when the asset was read last.

    `referred_by` is no data flow: it names what refers to the asset; `referred_by_total` where those are only some.
    """

    asset: str
    direction: str
    depth: int
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    referred_by: OmitEmpty[list[ReferenceRow]] = Field(default=[], description="no data flow")
    referred_by_total: OmitNone[int] = None
    findings: list[str]
    as_of: str | None = None
