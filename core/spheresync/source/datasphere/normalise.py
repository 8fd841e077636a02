"""A raw definition into an asset: one value, whatever documents it came from. Pure.

Where both documents exist the relational one gives columns, keys and types, and the analytical one adds roles,
aggregation and the columns that only it has (reference: datasphere-api.md 3.2 and 11.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spheresync.errors import SourceError, SourceFault
from spheresync.model import Asset, AssetEntry, Column, Hierarchy, Parameter, RawDefinition, Role, freeze_pairs
from spheresync.source.datasphere.edmx.columns import labels_of, read_columns, read_parameters
from spheresync.source.datasphere.edmx.document_reader import parse_edmx
from spheresync.source.datasphere.edmx.entity import Chosen, choose_entity
from spheresync.source.datasphere.edmx.expressions import EnumMember, Path, Record, Value, text_of
from spheresync.source.datasphere.edmx.vocabulary import find
from spheresync.source.protocol import Normaliser

#: Raised with every change of what `normalise` answers for the same documents; part of cached results' keys.
NORMALISER_VERSION = 2

_ROLE_ORDER = {role: position for position, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one document says."""

    surface: str
    chosen: Chosen
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...]
    hierarchies: tuple[Hierarchy, ...]


def normalise(raw: RawDefinition) -> Asset:
    """The asset that the documents define.

    Raises:
        SourceError: a document cannot be read as EDMX, does not hold the asset, or gives it no columns; the message
            names asset and document.
    """
    readings = [_read(raw.entry, surface, body) for surface, body in raw.documents]
    if not readings:
        raise SourceError(
            SourceFault.WRONG_SHAPE, f"{raw.entry.id}: there is no document to read.", remedy="Discover it again."
        )
    first, *others = readings
    columns, provenance = first.columns, {"columns": first.surface, "roles": first.surface}
    for other in others:
        columns = _merge(columns, other.columns)
        provenance["roles"] = f"{provenance['roles']}+{other.surface}"
        if len(columns) > len(first.columns):
            provenance["columns"] = f"{provenance['columns']}+{other.surface}"
    labels, provenance["label"] = _label(raw.entry, readings)
    return Asset(
        id=raw.entry.id,
        kind=raw.entry.kind,
        labels=labels,
        columns=columns,
        parameters=next((reading.parameters for reading in readings if reading.parameters), ()),
        hierarchies=next((reading.hierarchies for reading in readings if reading.hierarchies), ()),
        facts=_facts(raw.entry, readings),
        provenance=freeze_pairs(provenance),
    )


def _read(entry: AssetEntry, surface: str, body: bytes) -> _Reading:
    try:
        document = parse_edmx(body)
        chosen = choose_entity(document, entry.id.name)
        columns = read_columns(chosen.type, document.definitions)
        parameters = read_parameters(chosen.parameters, document.definitions) if chosen.parameters else ()
        if not columns:
            raise SourceError(
                SourceFault.WRONG_SHAPE,
                "the document gives it no columns.",
                remedy="Open the asset's $metadata in a browser; deploy the object again.",
            )
    except SourceError as error:
        message = f"{entry.id}: {surface} $metadata: {error.message}"
        raise SourceError(error.fault, message, remedy=error.remedy, status=error.status) from error
    return _Reading(surface, chosen, columns, parameters, tuple(_hierarchies(chosen, columns)))


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
        role=min(column.role, other.role, key=_ROLE_ORDER.__getitem__),
        aggregation=column.aggregation or other.aggregation,
        semantics=tuple(sorted({*column.semantics, *other.semantics})),
    )


def _label(entry: AssetEntry, readings: list[_Reading]) -> tuple[tuple[tuple[str, str], ...], str]:
    """The asset's labels and which document they are from."""
    for reading in readings:
        labels = labels_of(reading.chosen.type.annotations)
        if labels:
            return labels, reading.surface
    text = entry.label.strip()
    return ((("", text),) if text else ()), "catalog"


def _facts(entry: AssetEntry, readings: list[_Reading]) -> tuple[tuple[str, str], ...]:
    facts = {
        "has_parameters": str(entry.has_parameters).lower(),
        "supports_analytical_queries": str(entry.supports_analytical_queries).lower(),
    }
    for reading in readings:
        facts.setdefault("entity_set", reading.chosen.set_name)
        dimension_type = _word(find(reading.chosen.type.annotations, "analytics.dimensiontype"))
        if dimension_type:
            facts.setdefault("dimension_type", dimension_type.lstrip("#"))
    return freeze_pairs(facts)


def _hierarchies(chosen: Chosen, columns: tuple[Column, ...]) -> Iterator[Hierarchy]:
    value = find(chosen.type.annotations, "hierarchy.leveled")
    names = {column.edm_property: str(column.name) for column in columns}
    for record in value if isinstance(value, tuple) else ():
        if not isinstance(record, Record):
            continue
        levels = record.properties.get("levels")
        paths = [_level(level) for level in levels] if isinstance(levels, tuple) else []
        label = text_of(record.properties.get("label"))
        yield Hierarchy(
            _word(record.properties.get("name")) or "",
            (("", label),) if label else (),
            tuple(names.get(path, path) for path in paths if path),
        )


def _level(value: Value) -> str | None:
    """The property of one level: a record's `element`, or the path itself."""
    if isinstance(value, Record):
        value = value.properties.get("element")
    return value.path if isinstance(value, Path) else text_of(value)


def _word(value: Value) -> str | None:
    return value.name if isinstance(value, EnumMember) else text_of(value)


NORMALISER = Normaliser(NORMALISER_VERSION, normalise)
