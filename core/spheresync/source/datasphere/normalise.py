"""A raw definition into an asset: one value, whatever documents it came from. Pure.

The relational `$metadata` gives columns and keys, the analytical one adds roles, aggregation and the columns that only
it has; CSN wins wherever it says something: types, labels in every language, relations, hierarchies, facts
(reference: datasphere-api.md 3.2 and 11.6). Where they disagree the asset has a finding, and the provenance says which
document each fact is from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from spheresync.errors import SourceError, SourceFault
from spheresync.model import Asset, AssetEntry, Column, Labels, RawDefinition, freeze_pairs
from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn
from spheresync.source.datasphere.edmx.reading import EdmxReading, read_edmx
from spheresync.source.datasphere.merge import merge_csn
from spheresync.source.datasphere.surfaces import ANALYTICAL, CSN, RELATIONAL

_WITHHELD = "all is from $metadata alone: a role is missing that may read the CSN"
_T = TypeVar("_T")


def normalise(raw: RawDefinition) -> Asset:
    """The asset that the documents define.

    Raises:
        SourceError: a document cannot be read, does not hold the asset, or gives it no columns; the message names
            asset and document.
    """
    documents = dict(raw.documents)
    entry, name = raw.entry, raw.entry.id.name
    surfaces = [surface for surface in (RELATIONAL, ANALYTICAL) if surface in documents]
    readings = {surface: _read(entry, surface, lambda body: read_edmx(body, name), documents) for surface in surfaces}
    found = None
    if CSN in documents:
        found = _read(entry, CSN, lambda body: read_object(parse_csn(body), name), documents)
    if readings:
        asset = _of_edmx(entry, readings)
        if raw.withheld is not None:
            return replace(asset, findings=(*asset.findings, _WITHHELD))
        return asset if found is None else merge_csn(asset, found)
    if found is None:
        raise SourceError(
            SourceFault.WRONG_SHAPE, f"{entry.id}: there is no document to read.", remedy="Discover it again."
        )
    return _of_csn(entry, found)


def _read(entry: AssetEntry, document: str, read: Callable[[bytes], _T], documents: dict[str, bytes]) -> _T:
    try:
        return read(documents[document])
    except SourceError as error:
        what = document if document == CSN else f"{document} $metadata"
        message = f"{entry.id}: {what}: {error.message}"
        raise SourceError(error.fault, message, remedy=error.remedy, status=error.status) from error


def _of_edmx(entry: AssetEntry, readings: dict[str, EdmxReading]) -> Asset:
    (surface, first), *others = readings.items()
    columns, provenance = first.columns, {"columns": surface, "roles": surface}
    for other, reading in others:
        columns = _merge(columns, reading.columns)
        provenance["roles"] = f"{provenance['roles']}+{other}"
        if len(columns) > len(first.columns):
            provenance["columns"] = f"{provenance['columns']}+{other}"
    labels, provenance["label"] = _label(entry, readings)
    each = list(readings.values())
    return Asset(
        id=entry.id,
        kind=entry.kind,
        labels=labels,
        columns=columns,
        parameters=next((reading.parameters for reading in each if reading.parameters), ()),
        hierarchies=next((reading.hierarchies for reading in each if reading.hierarchies), ()),
        facts=freeze_pairs(_facts(entry, each)),
        provenance=freeze_pairs(provenance),
    )


def _of_csn(entry: AssetEntry, found: CsnObject) -> Asset:
    """An asset that the catalog does not list."""
    if entry.kind.holds_data and not found.columns:
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            f"{entry.id}: csn: the document gives it no columns.",
            remedy="Open the object in Datasphere's Data Builder and deploy it again.",
        )
    bare = Asset(
        id=entry.id, kind=entry.kind, labels=_catalog_label(entry), columns=(), provenance=(("label", "catalog"),)
    )
    return merge_csn(bare, found)


def _merge(columns: tuple[Column, ...], added: tuple[Column, ...]) -> tuple[Column, ...]:
    """Columns with what a second document adds to them, then those that only it has."""
    by_name = {column.name: column for column in added}
    merged = [_enrich(column, by_name.pop(column.name, None)) for column in columns]
    return (*merged, *by_name.values())


def _enrich(column: Column, other: Column | None) -> Column:
    if other is None:
        return column
    return replace(
        column,
        labels=column.labels or other.labels,
        role=column.role.or_stronger(other.role),
        aggregation=column.aggregation or other.aggregation,
        semantics=tuple(sorted({*column.semantics, *other.semantics})),
    )


def _label(entry: AssetEntry, readings: dict[str, EdmxReading]) -> tuple[Labels, str]:
    """The asset's labels and which document they are from."""
    for surface, reading in readings.items():
        if reading.labels:
            return reading.labels, surface
    return _catalog_label(entry), "catalog"


def _catalog_label(entry: AssetEntry) -> Labels:
    text = entry.label.strip()
    return (("", text),) if text else ()


def _facts(entry: AssetEntry, readings: Sequence[EdmxReading]) -> dict[str, str]:
    facts = {
        "has_parameters": str(entry.has_parameters).lower(),
        "supports_analytical_queries": str(entry.supports_analytical_queries).lower(),
    }
    for reading in readings:
        facts.setdefault("entity_set", reading.entity_set)
        if reading.dimension_type:
            facts.setdefault("dimension_type", reading.dimension_type)
    return facts
