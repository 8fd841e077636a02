"""Lineage from the local store: stored definitions, who names whom, and what the targets hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import anyio.lowlevel

from spheresync.answers import LineageAnswer, LineageEdge, LineageNode, ReferenceRow
from spheresync.answers.lineage import DEEPEST, DEPTH
from spheresync.errors import UsageError
from spheresync.lineage.graph import Lineage
from spheresync.lineage.openlineage import events_of
from spheresync.lineage.stored import LineageOfNow
from spheresync.lineage.trace import Tracer
from spheresync.model import Direction, EdgeKind, LineageExport, canonical_json, isoformat
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.kinds_not_read import reads_objects
from spheresync.runtime.unknown_names import unknown_name
from spheresync.service.catalog.lineage_extent import fitting
from spheresync.service.catalog.lineage_unknown import is_end, may_use, unknown_of
from spheresync.service.catalog.referring_assets import Reference, references_to
from spheresync.service.catalog.stored_definitions import definitions_of
from spheresync.state.atomic_file import AtomicFile
from spheresync.state.output_file import place_file
from spheresync.state.records import AssetRecord

_MOST_REFERENCES = 30
"""References that one answer names; of more the number is told."""
_REFERENCE = 70
"""Characters of a reference in an answer besides names."""
_MOST_OTHERS = 300
"""Assets of the same space whose definitions are looked at for what does not tell what it is made from."""


async def trace_lineage(
    context: RuntimeContext, record: AssetRecord, *, column: str | None, direction: str, depth: int
) -> Lineage:
    """Follow the lineage of an asset, or of one of its columns.

    Raises:
        UsageError: there is no such column, direction or depth.
    """
    ways = {way.value: way for way in Direction}
    if direction not in ways:
        raise UsageError(f"there is no direction {direction!r}.", remedy=f"Valid: {', '.join(ways)}.")
    if not 1 <= depth <= DEEPEST:
        raise UsageError(f"a depth is 1 to {DEEPEST}, not {depth}.", remedy=f"Leave it out for {DEPTH}.")
    source = LineageOfNow(context.store, context.settings.target_keys, record.id)
    definition = (await source.definitions([str(record.id)])).get(str(record.id))
    if column is not None and definition is not None:
        known = [str(each.name) for each in definition.columns]
        if column not in known:
            raise unknown_name(f"column of {record.id}", column, known, listing="describe_asset")
    found = await Tracer(source, str(record.id), depth=depth, column=column).run(ways[direction])
    return replace(found, findings=(*source.not_written, *found.findings))


async def export_lineage(context: RuntimeContext, record: AssetRecord, found: Lineage, export: LineageExport) -> None:
    """Write a lineage as OpenLineage events, one JSON object a line; the file is there whole or not at all.

    Raises:
        UsageError: the file is there already and not to be replaced, or cannot be written.
    """
    at = record.read_at or isoformat(context.clock())
    events = events_of(found, tenant=context.settings.tenant_host, at=at)
    data = b"".join(canonical_json(event) + b"\n" for event in events)

    def write(_: Path, draft: AtomicFile, __: threading.Event) -> None:
        draft.path.write_bytes(data)
        draft.seal()

    async def nothing_more(_: None) -> None:
        await anyio.lowlevel.checkpoint()

    await place_file(context.settings.state_dir, export.file, write, nothing_more, replace=export.replace)


async def referred_by(
    context: RuntimeContext, record: AssetRecord, direction: str, *, column: str | None
) -> list[Reference]:
    """What refers to an asset by associations and foreign keys; nobody who asks only where it comes from wants it."""
    if Direction(direction) is Direction.UPSTREAM:
        return []
    return await references_to(context.store, record.id, column)


async def not_known(
    context: RuntimeContext,
    record: AssetRecord,
    found: Lineage,
    direction: str,
    *,
    column: str | None,
    references: Sequence[Reference],
) -> list[str]:
    """What is not known of where an asset comes from, and of what uses it."""
    told = reads_objects(context.settings)
    asset, way = str(record.id), Direction(direction)
    definition = (await definitions_of(context.store, [record])).get(record.id)
    said = [
        *unknown_of(
            asset,
            definition,
            found,
            way,
            reads_objects=told,
            column=column,
            referred_to=bool(references),
        )
    ]
    if way is Direction.UPSTREAM or not told or is_end(definition):
        return said
    listed = [each for each in await context.store.catalog.assets(record.id.space) if each.kind.may_be_exposed]
    others = await definitions_of(context.store, [each for each in listed if not each.misses][:_MOST_OTHERS])
    return [*said, *may_use(asset, [*others.values()])]


def answer_of(
    record: AssetRecord,
    found: Lineage,
    direction: str,
    depth: int,
    *,
    of_one: bool,
    unknown: Sequence[str] = (),
    references: Sequence[Reference] = (),
    budget: int | None = None,
) -> LineageAnswer:
    """What faces show of a lineage, with what is left out of it where there is too much for one answer.

    `unknown`: what is not known of it, in sentences; `references`: what refers to it though no data flows there.
    """
    tables = [edge for edge in found.edges if edge.kind is EdgeKind.TABLE]
    carried = (replace(edge, via="") for edge in found.edges if edge.kind is EdgeKind.COLUMN)
    columns = [*dict.fromkeys(carried)]  # whichever flows carry it
    findings = list(found.findings)
    if found.cut:
        findings.append(f"there is more beyond depth {depth}; ask for a greater depth, or for what stands at its end")
    findings += unknown
    named = references[:_MOST_REFERENCES]
    if budget is not None:
        budget = max(0, budget - sum(map(_length, named)))
    shown = fitting(str(record.id), found.nodes, tables, columns, of_one=of_one, budget=budget)
    return LineageAnswer(
        asset=str(record.id),
        direction=direction,
        depth=depth,
        as_of=record.read_at,
        nodes=[LineageNode(id=node.id, kind=node.kind, label=node.label) for node in shown.nodes],
        edges=[
            LineageEdge(
                from_=edge.source,
                to=edge.target,
                kind=edge.kind,
                how=edge.how,
                from_column=edge.source_column,
                to_column=edge.target_column,
            )
            for edge in (*shown.tables, *shown.columns)
        ],
        referred_by=[
            ReferenceRow(asset=each.asset, association=each.association, columns=dict(each.columns)) for each in named
        ],
        referred_by_total=len(references) if len(references) > len(named) else None,
        findings=[*findings, *shown.left_out],
    )


def _length(reference: Reference) -> int:
    names = (reference.asset, reference.association, *(name for pair in reference.columns for name in pair))
    return _REFERENCE + 2 * sum(map(len, names))
