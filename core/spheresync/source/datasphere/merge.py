"""What CSN adds to an asset, and where it disagrees with `$metadata`. Pure.

CSN wins (reference: datasphere-api.md 3.2: EDMX loses types, and leaves keys of dimensions out of models); what only
EDMX has stays. A disagreement is a finding of the asset, for people.
"""

from __future__ import annotations

from dataclasses import replace

from spheresync.model import (
    CSN_OF_EDM,
    UNTYPED,
    Asset,
    Column,
    ColumnRole,
    Labels,
    Parameter,
    SourceType,
    default_label,
    first_of,
    freeze_pairs,
    said_of_untyped,
)
from spheresync.source.datasphere.csn.definition import CsnObject
from spheresync.source.datasphere.surfaces import CSN

_SHOWN = 5
_ONE_VALUE = frozenset({"currency_column", "unit_column", "text_column", "calendar", "fiscal", "personal_data"})


def merge_csn(asset: Asset, found: CsnObject) -> Asset:
    """The asset with what its CSN says; one without columns takes them all from there."""
    findings: list[str] = []
    columns = _columns(asset, found, findings)
    untyped = {str(column.name) for column in columns if column.type == UNTYPED}
    findings += [*said_of_untyped(columns), *found.findings]
    findings += [f"lineage: {said}" for said in found.origins.unknown]
    facts = {**dict(asset.facts), **found.facts}
    return replace(
        asset,
        labels=_labels(asset.labels, found.labels),
        columns=columns,
        parameters=_parameters(asset.parameters, found.parameters),
        hierarchies=found.hierarchies or asset.hierarchies,
        facts=freeze_pairs(facts),
        view_definition=found.view_definition or asset.view_definition,
        provenance=freeze_pairs({**dict(asset.provenance), **_provenance(asset, found, columns)}),
        associations=found.associations,
        foreign_keys=found.foreign_keys,
        origins=found.origins,
        findings=tuple(findings),
        type_origins=tuple(each for each in found.type_origins if each.column in untyped),
    )


def _columns(asset: Asset, found: CsnObject, findings: list[str]) -> tuple[Column, ...]:
    if not asset.columns:
        return found.columns
    by_name = {column.name: column for column in found.columns}
    merged: list[Column] = []
    only_edmx: list[str] = []
    for column in asset.columns:
        other = by_name.pop(column.name, None)
        if other is None:
            only_edmx.append(str(column.name))
            merged.append(column)
        else:
            merged.append(_column(column, other, findings))
    if only_edmx:
        findings.append(f"only $metadata has {first_of(only_edmx, _SHOWN, total=len(only_edmx))}")
    if by_name:
        names = [str(name) for name in by_name]
        findings.append(f"$metadata leaves out {first_of(names, _SHOWN, total=len(names))}, which the CSN has")
    return (*merged, *by_name.values())


def _column(edmx: Column, csn: Column, findings: list[str]) -> Column:
    if csn.type != UNTYPED and not _agree(edmx.type, csn.type):
        findings.append(f"{edmx.name} is {edmx.type} in $metadata and {csn.type} in the CSN, which counts")
    if edmx.key != csn.key:
        where = ("the CSN", "$metadata") if csn.key else ("$metadata", "the CSN")
        findings.append(f"{edmx.name} is a key in {where[0]} and none in {where[1]}; it counts as one")
    elif ColumnRole.MEASURE in {edmx.role, csn.role} and ColumnRole.DIMENSION in {edmx.role, csn.role}:
        findings.append(
            f"{edmx.name} is a {edmx.role} in $metadata and a {csn.role} in the CSN; it counts as a measure"
        )
    told = {name for name, _ in csn.semantics}
    kept = {fact for fact in edmx.semantics if fact[0] not in _ONE_VALUE & told}
    return Column(
        name=edmx.name,
        type=edmx.type if csn.type == UNTYPED else csn.type,
        edm_property=edmx.edm_property,
        key=edmx.key or csn.key,
        nullable=edmx.nullable and csn.nullable,
        labels=_labels(edmx.labels, csn.labels),
        role=edmx.role.or_stronger(csn.role),
        aggregation=csn.aggregation or edmx.aggregation,
        semantics=tuple(sorted(kept | set(csn.semantics))) if csn.semantics else edmx.semantics,
        pii=edmx.pii,
    )


def _agree(edmx: SourceType, csn: SourceType) -> bool:
    """Whether two spellings may be of one type; a facet that one of them leaves out says nothing."""
    if edmx.name != "Edm.String" and csn.name not in CSN_OF_EDM.get(edmx.name, frozenset({csn.name})):
        return False
    if edmx.name == "Edm.String" and csn.name in {
        "cds.Boolean",
        "cds.Integer",
        "cds.Integer64",
        "cds.Double",
        "cds.Date",
    }:
        return False
    pairs = ((edmx.length, csn.length), (edmx.precision, csn.precision), (edmx.scale, csn.scale))
    if edmx.name == "Edm.DateTimeOffset" or (edmx.name == "Edm.String" and csn.name != "cds.String"):
        return True
    return all(one == other for one, other in pairs if one is not None and other is not None)


def _labels(edmx: Labels, csn: Labels) -> Labels:
    """Of every language the label; the default one of CSN where it has one."""
    if not csn:
        return edmx
    return tuple(sorted({**dict(edmx), **dict(csn)}.items()))


def _parameters(edmx: tuple[Parameter, ...], csn: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Those of CSN, with the types of `$metadata` where a variable has none."""
    if not csn:
        return edmx
    by_name = {each.name: each for each in edmx}
    merged: list[Parameter] = []
    for each in csn:
        known = by_name.pop(each.name, None)
        if known is None:
            merged.append(each)
        else:
            kind = known.type if each.type == UNTYPED else each.type
            merged.append(Parameter(each.name, kind, _labels(known.labels, each.labels)))
    return (*merged, *by_name.values())


def _provenance(asset: Asset, found: CsnObject, columns: tuple[Column, ...]) -> dict[str, str]:
    """Which document each kind of fact is from; of a column's type by itself where it is from another one."""
    said = dict(asset.provenance)
    of_csn = {
        "hierarchies": found.hierarchies,
        "parameters": found.parameters,
        "relations": found.associations,
        "keys": any(column.key for column in found.columns),
        "lineage": found.origins.objects or found.origins.writes or found.origins.runs,
        "facts": found.facts,
        "view": found.view_definition,
    }
    provenance = {fact: CSN for fact, there in of_csn.items() if there}
    if default_label(found.labels):
        provenance["label"] = CSN
    if found.columns:
        provenance["types"] = CSN
        provenance["roles"] = f"{said['roles']}+{CSN}" if "roles" in said else CSN
        if not asset.columns:
            provenance["columns"] = CSN
        elif len(columns) > len(asset.columns):
            provenance["columns"] = f"{said['columns']}+{CSN}"
        typed = {column.name for column in found.columns if column.type != UNTYPED}
        provenance |= {
            f"type of {column.name}": "$metadata"
            for column in columns
            if column.name not in typed and column.type != UNTYPED
        }
    return provenance
