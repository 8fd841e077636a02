"""What a lineage does not know: that no source is shown is not that there is none. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spheresync.lineage.graph import WRITTEN, Lineage
from spheresync.model import Asset, AssetKind, Direction, EdgeKind, counted, first_of
from spheresync.runtime.kinds_not_read import OBJECTS_ON

_NAMED = 8
_OBJECTS_OFF = (
    "{what} is not known, which is not that there is nothing: datasphere.objects is off, so no definition that tells "
    "it is read; {who}, and the next reading tells it"
)
_LESS = (
    "datasphere.objects is off, so what is shown was read before that or is a part of it only; "
    f"{OBJECTS_ON}, and the next reading tells all of it"
)
NO_REFERENCES = "associations are not read either, so what refers to it by them or by foreign keys is not known"
_READS_NOTHING = "the definition of {asset} names nothing that it is made from"
_NOT_TOLD = (
    "where {what} comes from is not known: the definition, as far as it is read, does not tell it, which is not that "
    "there is nothing"
)
_NOT_USED = (
    "no query or flow that was read takes data from {what}{referred}; what else uses it, as a tool that reads its "
    "table, is not known"
)


def unknown_of(
    asset: str,
    definition: Asset | None,
    found: Lineage,
    direction: Direction,
    *,
    reads_objects: bool,
    column: str | None,
    referred_to: bool,
) -> Iterator[str]:
    """What is not known of where an asset comes from and of what uses it, with the reason.

    Args:
        asset: its whole name.
        definition: as it was last read.
        found: what is known.
        direction: which way was asked for.
        reads_objects: whether definitions are read that say what an asset is made from.
        column: the one that the lineage is of, None where it is of the whole asset.
        referred_to: whether associations are known that lead to it.
    """
    what = asset if column is None else f"{asset}.{column}"
    tables = [edge for edge in found.edges if edge.kind is EdgeKind.TABLE]
    no_source = direction is not Direction.DOWNSTREAM and not any(edge.target == asset for edge in tables)
    no_use = direction is not Direction.UPSTREAM and not any(
        edge.source == asset and (edge.how != WRITTEN or is_end(definition)) for edge in tables
    )
    if definition is None:
        yield f"{asset} was never read, so nothing is known of where it comes from"
    elif not reads_objects:
        open_ = [*(["where it comes from"] if no_source else []), *(["what uses it"] if no_use else [])]
        yield _OBJECTS_OFF.format(what=" and ".join(open_), who=OBJECTS_ON) if open_ else _LESS
        if direction is not Direction.UPSTREAM:
            yield NO_REFERENCES
    elif no_source or no_use:
        nothing = not definition.origins.objects and not definition.kind.may_be_exposed
        said = [(_READS_NOTHING if nothing else _NOT_TOLD).format(asset=asset, what=what)] if no_source else []
        if no_use:
            referred = "" if referred_to else ", and no association or foreign key that was read leads to it"
            said.append(_NOT_USED.format(what=what, referred=referred))
        yield ", and ".join(said)
    if definition is not None and not (column is not None or no_source) and direction is not Direction.DOWNSTREAM:
        yield from _columns_without_source(asset, definition, found)


def is_end(definition: Asset | None) -> bool:
    """Whether other assets hardly ever read one like this: a model is made for what shows it."""
    return definition is not None and definition.kind is AssetKind.ANALYTIC_MODEL


def _columns_without_source(asset: str, definition: Asset, found: Lineage) -> Iterator[str]:
    known = {edge.target_column for edge in found.edges if edge.kind is EdgeKind.COLUMN and edge.target == asset}
    left = [str(column.name) for column in definition.columns if column.name not in known]
    if left:
        every = counted(len(definition.columns), "column")
        yield f"of {len(left)} of {every} no source is known: {first_of(left, _NAMED)}"


def may_use(asset: str, others: Sequence[Asset]) -> Iterator[str]:
    """That other assets do not tell what they are made from, so that any of them may use this one."""
    silent = sorted(str(each.id) for each in others if not each.origins.objects and str(each.id) != asset)
    if silent:
        yield f"what these are made from is not known, so any of them may use {asset}: {first_of(silent, _NAMED)}"
