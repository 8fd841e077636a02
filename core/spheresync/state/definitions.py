"""How a normalised asset is spelled in the store: canonical JSON with short keys, the same bytes for the same asset."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    Association,
    AssociationPath,
    Column,
    ColumnOrigin,
    ColumnRole,
    Derivation,
    ForeignKey,
    Hierarchy,
    Labels,
    ObjectOrigin,
    Origins,
    Parameter,
    Reads,
    SourceType,
    SpaceName,
    TechnicalName,
    WrittenColumn,
    canonical_json,
)
from spheresync.model.json_document import read_own_json


def encode_asset(asset: Asset) -> bytes:
    """Spell an asset; `decode_asset` reads it back equal."""
    return canonical_json(
        {
            "id": [asset.id.space, asset.id.name],
            "kind": asset.kind,
            "labels": asset.labels,
            "columns": [_encode_column(column) for column in asset.columns],
            "parameters": [[p.name, _encode_type(p.type), p.labels] for p in asset.parameters],
            "hierarchies": [
                [h.name, h.labels, h.levels, *([h.parent, h.child] if h.parent else [])] for h in asset.hierarchies
            ],
            "facts": asset.facts,
            "owner": asset.owner,
            "view": asset.view_definition,
            "provenance": asset.provenance,
            **_encode_relations(asset),
        }
    )


def decode_asset(data: bytes) -> Asset:
    """Read what `encode_asset` wrote."""
    value = read_own_json(data)
    return Asset(
        id=AssetId(SpaceName(value["id"][0]), TechnicalName(value["id"][1])),
        kind=AssetKind(value["kind"]),
        labels=_pairs(value["labels"]),
        columns=tuple(_decode_column(column) for column in value["columns"]),
        parameters=tuple(
            Parameter(name, _decode_type(kind), _pairs(labels)) for name, kind, labels in value["parameters"]
        ),
        hierarchies=tuple(
            Hierarchy(name, _pairs(labels), *(tuple(columns) for columns in of))
            for name, labels, *of in value["hierarchies"]
        ),
        facts=_pairs(value["facts"]),
        owner=value["owner"],
        view_definition=value["view"],
        provenance=_pairs(value["provenance"]),
        associations=tuple(_decode_association(each) for each in value.get("associations", ())),
        foreign_keys=tuple(
            ForeignKey(association, target, _pairs(columns))
            for association, target, columns in value.get("foreign_keys", ())
        ),
        origins=_decode_origins(value["origins"]) if "origins" in value else Origins(),
        findings=tuple(value.get("findings", ())),
        type_origins=_decode_column_origins(value.get("type_origins", [])),
    )


def column_names(data: bytes) -> frozenset[str]:
    """Only the column names of a stored asset."""
    return frozenset(column["n"] for column in read_own_json(data)["columns"])


def _encode_relations(asset: Asset) -> dict[str, object]:
    """What only some assets have."""
    found: dict[str, object] = {}
    if asset.associations:
        found["associations"] = [
            [a.name, a.target, a.columns, a.exact, a.composition, a.to_many, a.labels] for a in asset.associations
        ]
    if asset.foreign_keys:
        found["foreign_keys"] = [[f.association, f.target, f.columns] for f in asset.foreign_keys]
    if asset.origins != Origins():
        o = asset.origins
        origins: dict[str, object] = {
            "objects": [[each.object, each.how, each.task] for each in o.objects],
            "columns": [_encode_origin(each) for each in o.columns],
            "writes": [[each.object, each.how, each.task] for each in o.writes],
            "written": [[each.object, each.column, each.objects, each.path, each.how] for each in o.written],
            "runs": o.runs,
            "unknown": o.unknown,
        }
        if o.paths:
            origins["paths"] = [[each.objects, each.steps] for each in o.paths]
        found["origins"] = origins
    if asset.findings:
        found["findings"] = asset.findings
    if asset.type_origins:
        found["type_origins"] = [_encode_origin(each) for each in asset.type_origins]
    return found


def _encode_origin(origin: ColumnOrigin) -> list[object]:
    return [origin.column, origin.objects, origin.path, origin.how]


def _decode_column_origins(value: list[Any]) -> tuple[ColumnOrigin, ...]:
    return tuple(
        ColumnOrigin(column, tuple(objects), tuple(path), Derivation(how)) for column, objects, path, how in value
    )


def _decode_association(value: list[Any]) -> Association:
    name, target, columns, exact, composition, to_many, labels = value
    return Association(name, target, _pairs(columns), exact, composition, to_many, _pairs(labels))


def _decode_origins(value: dict[str, Any]) -> Origins:
    return Origins(
        objects=tuple(ObjectOrigin(name, Reads(how), task) for name, how, task in value["objects"]),
        columns=_decode_column_origins(value["columns"]),
        writes=tuple(ObjectOrigin(name, Reads(how), task) for name, how, task in value["writes"]),
        written=tuple(
            WrittenColumn(name, column, tuple(objects), tuple(path), Derivation(how))
            for name, column, objects, path, how in value["written"]
        ),
        runs=tuple(value["runs"]),
        unknown=tuple(value["unknown"]),
        paths=tuple(AssociationPath(tuple(objects), tuple(steps)) for objects, steps in value.get("paths", ())),
    )


def _encode_type(kind: SourceType) -> list[object]:
    odd = [kind.odd] if kind.odd else []
    return [kind.name, kind.length, kind.precision, kind.scale, kind.collection, *odd]


def _decode_type(value: list[Any]) -> SourceType:
    return _type_of(*value)


@lru_cache(maxsize=4096)
def _type_of(name: str, *facets: Any) -> SourceType:
    """Few types stand for many columns; one object serves them all."""
    return SourceType(name, *facets)


def _encode_column(column: Column) -> dict[str, object]:
    spelled: dict[str, object] = {"n": column.name, "t": _encode_type(column.type), "r": column.role}
    if column.edm_property != column.name:
        spelled["e"] = column.edm_property
    if column.key:
        spelled["k"] = True
    if not column.nullable:
        spelled["o"] = False
    if column.labels:
        spelled["l"] = column.labels
    if column.aggregation is not None:
        spelled["a"] = column.aggregation
    if column.semantics:
        spelled["s"] = column.semantics
    if column.pii is not None:
        spelled["p"] = column.pii
    return spelled


def _decode_column(value: dict[str, Any]) -> Column:
    return Column(
        name=TechnicalName(value["n"]),
        type=_decode_type(value["t"]),
        edm_property=value.get("e", value["n"]),
        key=value.get("k", False),
        nullable=value.get("o", True),
        labels=_pairs(value.get("l", ())),
        role=ColumnRole(value["r"]),
        aggregation=value.get("a"),
        semantics=_pairs(value.get("s", ())),
        pii=value.get("p"),
    )


def _pairs(value: Any) -> Labels:
    return tuple(map(tuple, value)) if value else ()
