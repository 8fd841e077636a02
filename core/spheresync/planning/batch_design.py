"""From stored definitions to the tables that stand for them. Pure, and told in values that any process can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spheresync.mapping.rules import Decision
from spheresync.model import AssetId, DesiredObject, PhysicalName
from spheresync.observe.incidents import Account
from spheresync.state.definitions import decode_asset
from spheresync.targets.glue.table_input import design_table


@dataclass(frozen=True, slots=True)
class Brief:
    """One table to draw: whose it is, the definition as stored, and what else `design_table` takes."""

    asset: AssetId
    definition: bytes
    decision: Decision
    container: PhysicalName
    name: PhysicalName
    marker: str
    last_body: bytes | None


@dataclass(frozen=True, slots=True)
class OfAnother:
    """What is said instead of a table where the definition is that of another asset."""

    asset: AssetId


Drawn: TypeAlias = DesiredObject | Account | OfAnother


def draw_all(briefs: Sequence[Brief]) -> list[Drawn]:
    """The tables, in the same order; of one that could not be drawn, why."""
    return [_drawn(brief) for brief in briefs]


def _drawn(brief: Brief) -> Drawn:
    try:
        definition = decode_asset(brief.definition)
        if definition.id != brief.asset:
            return OfAnother(definition.id)
        return design_table(
            definition,
            brief.decision,
            brief.container,
            brief.name,
            brief.marker,
            last_body=brief.last_body,
        )
    except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
        return Account.of(error)
