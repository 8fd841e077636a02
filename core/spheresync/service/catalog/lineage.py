"""Lineage from the local store: stored definitions, who names whom, and what the targets hold."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import anyio.lowlevel

from spheresync.answers import LineageAnswer, LineageEdge, LineageNode
from spheresync.answers.lineage import DEEPEST, DEPTH
from spheresync.errors import UsageError
from spheresync.lineage.graph import Lineage
from spheresync.lineage.openlineage import events_of
from spheresync.lineage.stored import LineageOfNow
from spheresync.lineage.trace import Tracer
from spheresync.model import Direction, EdgeKind, LineageExport, canonical_json, isoformat
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.unknown_names import unknown_name
from spheresync.service.catalog.lineage_extent import fitting
from spheresync.state.atomic_file import AtomicFile
from spheresync.state.output_file import place_file
from spheresync.state.records import AssetRecord


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
    return await Tracer(source, str(record.id), depth=depth, column=column).run(ways[direction])


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


def answer_of(
    record: AssetRecord,
    found: Lineage,
    direction: str,
    depth: int,
    *,
    of_one: bool,
    reads_objects: bool,
    budget: int | None = None,
) -> LineageAnswer:
    """What faces show of a lineage, with what is left out of it where there is too much for one answer.

    `reads_objects`: whether definitions are read that say what an asset is made from.
    """
    tables = [edge for edge in found.edges if edge.kind is EdgeKind.TABLE]
    carried = (replace(edge, via="") for edge in found.edges if edge.kind is EdgeKind.COLUMN)
    columns = [*dict.fromkeys(carried)]  # whichever flows carry it
    findings = list(found.findings)
    if found.cut:
        findings.append(f"there is more beyond depth {depth}; ask for a greater depth, or for what stands at its end")
    if not reads_objects:
        findings.append(
            "datasphere.objects is off, so the definitions that say what an asset is made from are not read, and what "
            "is shown is less than there is; set `datasphere: {objects: on}` and discover again"
        )
    if record.definition is None:
        findings.append(f"{record.id} was never read, so nothing is known of where it comes from")
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
        findings=[*findings, *shown.left_out],
    )
