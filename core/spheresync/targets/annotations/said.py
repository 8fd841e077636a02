"""What is said of an asset wherever people look for data: the same in every catalog. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.mapping.rules import Decision, decide_column, fill
from spheresync.mapping.texts import cut, several_lines
from spheresync.model import Asset, Column
from spheresync.targets.design_values import BaseObject

LONGEST_MEMBER = 4_000
"""Characters of one text in our form; longer ones are cut."""


def held_columns(asset: Asset, decision: Decision, base: BaseObject) -> dict[str, Column]:
    """The columns of an asset that its table has, by their names there."""
    return {
        base.columns[column.name]: column
        for column in asset.columns
        if column.name in base.columns and decide_column(decision.columns, column).included
    }


def description_of(asset: Asset, decision: Decision) -> str:
    """The description as rules want it, by default the label."""
    description = label = decision.label_of(asset.labels)
    if decision.description is not None:
        description = fill(decision.description, asset.id, asset.kind, label, decision.prefix)
    return several_lines(description)


def said_of(asset: Asset, decision: Decision) -> Mapping[str, str]:
    """What is known of an asset besides its columns, by the names of members of a form."""
    said = {
        "label": decision.label_of(asset.labels),
        "owner": asset.owner or "",
        **{name: text for name, text in decision.context.fields if name != "owner"},
        "tags": _listed({**dict(decision.tags), **dict(decision.context.tags)}),
    }
    return {name: cut(text, LONGEST_MEMBER) for name, text in said.items() if text}


def facts_of(column: Column, decision: Decision) -> Mapping[str, str]:
    """What programs may want to know of a column besides its name and type."""
    facts = {
        "label": decision.label_of(column.labels),
        "role": "key" if column.key else column.role.value,
        "aggregation": column.aggregation or "",
        "personalData": column.pii or "",
    }
    return {name: text for name, text in facts.items() if text}


def _listed(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(tags.items()))
