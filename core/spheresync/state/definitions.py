"""How a normalised asset is spelled in the store: canonical JSON with short keys, the same bytes for the same asset."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    Column,
    Hierarchy,
    Labels,
    Parameter,
    Role,
    SourceType,
    SpaceName,
    TechnicalName,
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
            "hierarchies": [[h.name, h.labels, h.levels] for h in asset.hierarchies],
            "facts": asset.facts,
            "owner": asset.owner,
            "view": asset.view_definition,
            "provenance": asset.provenance,
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
            Hierarchy(name, _pairs(labels), tuple(levels)) for name, labels, levels in value["hierarchies"]
        ),
        facts=_pairs(value["facts"]),
        owner=value["owner"],
        view_definition=value["view"],
        provenance=_pairs(value["provenance"]),
    )


def column_names(data: bytes) -> frozenset[str]:
    """Only the column names of a stored asset."""
    return frozenset(column["n"] for column in read_own_json(data)["columns"])


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
        role=Role(value["r"]),
        aggregation=value.get("a"),
        semantics=_pairs(value.get("s", ())),
        pii=value.get("p"),
    )


def _pairs(value: Any) -> Labels:
    return tuple(map(tuple, value)) if value else ()
