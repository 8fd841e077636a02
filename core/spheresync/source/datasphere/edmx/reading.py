"""What one `$metadata` document says of an asset. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault
from spheresync.model import Column, Hierarchy, Labels, Parameter
from spheresync.source.datasphere.edmx.columns import labels_of, read_columns, read_parameters
from spheresync.source.datasphere.edmx.document_reader import parse_edmx
from spheresync.source.datasphere.edmx.entity import Chosen, choose_entity
from spheresync.source.datasphere.edmx.expressions import EnumMember, Path, Record, Value, text_of
from spheresync.source.datasphere.edmx.vocabulary import find


@dataclass(frozen=True, slots=True)
class EdmxReading:
    """What one document says."""

    entity_set: str
    labels: Labels
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...]
    hierarchies: tuple[Hierarchy, ...]
    dimension_type: str | None


def read_edmx(body: bytes, name: str) -> EdmxReading:
    """What the document says of the asset of that name.

    Raises:
        SourceError: it cannot be read as EDMX, does not hold the asset, or gives it no columns.
    """
    document = parse_edmx(body)
    chosen = choose_entity(document, name)
    columns = read_columns(chosen.type, document.definitions)
    parameters = read_parameters(chosen.parameters, document.definitions) if chosen.parameters else ()
    if not columns:
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            "the document gives it no columns.",
            remedy="Open the asset's $metadata in a browser; deploy the object again.",
        )
    dimension_type = _word(find(chosen.type.annotations, "analytics.dimensiontype"))
    return EdmxReading(
        chosen.set_name,
        labels_of(chosen.type.annotations),
        columns,
        parameters,
        tuple(_hierarchies(chosen, columns)),
        dimension_type.lstrip("#") if dimension_type else None,
    )


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
