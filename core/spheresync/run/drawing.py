"""From stored definitions to the tables that stand for them. Pure, and told in values that any process can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spheresync.mapping.glue_table import design_table
from spheresync.mapping.rules import Decision
from spheresync.model import DesiredObject, PhysicalName
from spheresync.state.definitions import decode_asset


@dataclass(frozen=True, slots=True)
class Brief:
    """One table to draw: the definition as stored, and what else `design_table` takes."""

    definition: bytes
    decision: Decision
    container: PhysicalName
    name: PhysicalName
    marker: str
    last_body: bytes | None


def draw_all(briefs: Sequence[Brief]) -> list[DesiredObject]:
    """The tables, in the same order."""
    return [
        design_table(
            decode_asset(brief.definition),
            brief.decision,
            brief.container,
            brief.name,
            brief.marker,
            last_body=brief.last_body,
        )
        for brief in briefs
    ]
