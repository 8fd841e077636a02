"""Why an asset looks as it does in the target, in words."""

from __future__ import annotations

from spheresync.mapping.names import plain_name
from spheresync.mapping.rules import Decision, decide_column
from spheresync.mapping.texts import COMMENT_BYTES, DESCRIPTION_BYTES
from spheresync.model import Asset, AssetId, AssetKind, PhysicalName, counted
from spheresync.model.json_document import read_own_json
from spheresync.targets.design_values import ExplainedColumn, Explanation, PhysicalColumn
from spheresync.targets.glue.bound_columns import findings_of, match_columns
from spheresync.targets.glue.table_input import physical_columns


def explain(
    asset_id: AssetId,
    kind: AssetKind,
    label: str,
    *,
    asset: Asset | None,
    decision: Decision,
    database: PhysicalName,
    table: PhysicalName,
    unread: str | None = None,
    bound_to: bytes | None = None,
) -> Explanation:
    """Explain the mapping of one asset; without a definition only its names, and why there is none.

    `unread` says why its definition could not be read when it was last tried, and what to do. `bound_to` is the table
    of others that a rule binds it to, as it was last read.
    """
    names: tuple[str, ...] = (
        _name("database", database, decision.database_name(asset_id, kind, label), decision.database),
        _name("table", table, decision.table_name(asset_id, kind, label), decision.table),
    )
    if decision.bind is not None:
        names = (f"table {database}.{table}: others made it; the rule's bind {decision.bind!r} names it",)
    if asset is None and not decision.included:
        return Explanation(names, (), (f"It is left out, so its definition is not read: {decision.excluded_by}.",))
    if asset is None and unread is not None:
        return Explanation(names, (), (f"Its definition could not be read: {unread}",))
    if asset is None:
        return Explanation(names, (), ("Its definition was never read; run discover.",))
    stale = [] if unread is None else [f"this goes by the last definition that could be read, before this: {unread}"]
    if decision.bind is not None:
        return _bound(names, asset, decision, bound_to, stale)
    physical = physical_columns(asset, decision)
    columns = tuple(
        ExplainedColumn(each.column.name, each.name, str(each.column.type), each.type, each.reason) for each in physical
    )
    return Explanation(names, columns, (*stale, *_findings(asset, decision, physical)))


def _bound(
    names: tuple[str, ...], asset: Asset, decision: Decision, bound_to: bytes | None, stale: list[str]
) -> Explanation:
    """What of an asset is written onto the table of others that it is bound to, and what is not."""
    findings = [*stale, *asset.findings]
    if bound_to is None:
        return Explanation(names, (), (*findings, "nothing is written onto that table yet, so its columns are unknown"))
    matched = match_columns(physical_columns(asset, decision), read_own_json(bound_to))
    columns = tuple(
        ExplainedColumn(
            physical.column.name,
            str(there["Name"]),
            str(physical.column.type),
            str(there.get("Type") or ""),
            "as its owner made it; only what is known of the column is written",
        )
        for physical, there in matched.pairs
    )
    return Explanation(names, columns, (*findings, *findings_of(matched)))


def _name(what: str, name: PhysicalName, plain: PhysicalName, template: str | None) -> str:
    origin = f"the rule's template {template!r}" if template is not None else "the default"
    if name == plain:
        return f"{what} {name}: from {origin}"
    return f"{what} {name}: {origin} gives {plain}, which another source holds, so a hash of this source follows"


def _findings(asset: Asset, decision: Decision, physical: list[PhysicalColumn]) -> list[str]:
    findings = []
    left_out = [c.name for c in asset.columns if not decide_column(decision.columns, c).included]
    if left_out:
        findings.append(f"{counted(len(left_out), 'column')} left out by rules: {', '.join(left_out[:10])}")
    if not physical and asset.kind.holds_data:
        findings.append("no column is left; the table will have none")
    renamed = [f"{p.column.name} → {p.name}" for p in physical if p.name != plain_name(p.column.name)]
    if renamed:
        findings.append(f"columns whose names collide in Glue got a hash: {', '.join(renamed[:10])}")
    if len(asset.label.encode()) > DESCRIPTION_BYTES:
        findings.append(
            "the label is longer than a description may be and is cut there; the whole is in the parameters"
        )
    long_labels = [c.name for c in asset.columns if len(c.label.encode()) > COMMENT_BYTES]
    if long_labels:
        findings.append(f"labels cut in comments, whole in the parameters: {', '.join(long_labels[:10])}")
    findings += asset.findings
    odd = [f"{c.name} ({c.type.odd})" for c in asset.columns if c.type.odd]
    if odd:
        findings.append(f"columns whose definition is odd, so that part of it was left out: {', '.join(odd[:10])}")
    lossy = [p.column.name for p in physical if not p.exact]
    if lossy:
        findings.append(f"columns kept as string because Glue has no exact type: {', '.join(lossy[:10])}")
    return findings
