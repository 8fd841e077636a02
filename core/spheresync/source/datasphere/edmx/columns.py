"""Properties of one entity type as columns: names, types, keys, labels, roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from spheresync.errors import SourceError, SourceFault
from spheresync.model import Column, ColumnRole, Labels, Parameter, SourceType, TechnicalName
from spheresync.source.datasphere.edmx.document import Annotations, EntityType, Facets, Property
from spheresync.source.datasphere.edmx.expressions import Value, text_of
from spheresync.source.datasphere.edmx.semantics import (
    Fact,
    aggregation_of,
    facts_of,
    is_mandatory,
    named_facts,
    role_of,
)
from spheresync.source.datasphere.edmx.vocabulary import find

_DEFINITIONS_DEEP = 8
"""TypeDefinitions that stand for one another; the standard allows one."""
_SHOWN = 40
"""Characters of an odd facet that are kept."""
_WORDS = frozenset({"variable", "floating"})


def read_columns(entity: EntityType, definitions: Mapping[str, Facets]) -> tuple[Column, ...]:
    """The columns in document order; `definitions` are the document's TypeDefinitions.

    Raises:
        SourceError: WRONG_SHAPE, two columns of one name.
    """
    names = {found.name: original_name(found) for found in entity.properties}
    if len(names) != len(entity.properties) or len(set(names.values())) != len(names):
        raise _wrong(f"The entity type {entity.name} has two columns of one name.")

    def column_name(path: str) -> str:
        return names.get(path, path)

    key = frozenset(entity.key)
    return tuple(
        _column(found, names[found.name], found.name in key, source_type(found.type, definitions), column_name)
        for found in entity.properties
    )


def read_parameters(entity: EntityType, definitions: Mapping[str, Facets]) -> tuple[Parameter, ...]:
    """The input parameters of a view: the properties of its `...Parameters` type."""
    return tuple(
        Parameter(original_name(found), source_type(found.type, definitions), labels_of(found.annotations))
        for found in entity.properties
    )


def original_name(found: Property) -> TechnicalName:
    """A property's name in Datasphere: the original one where OData could not spell it."""
    return TechnicalName(text_of(find(found.annotations, "dataintegration.originalname")) or found.name)


def labels_of(annotations: Annotations) -> Labels:
    """The business name, in the tenant's default language; EDMX holds no other."""
    label = text_of(find(annotations, "common.label"))
    return (("", label),) if label else ()


def source_type(facets: Facets, definitions: Mapping[str, Facets]) -> SourceType:
    """A type with its facets; a TypeDefinition is replaced by what it stands for, its facets filling gaps.

    A facet that cannot be one is left out and kept as spelled in `odd`.
    """
    for _ in range(_DEFINITIONS_DEEP):
        underlying = definitions.get(facets.name)
        if underlying is None:
            break
        facets = Facets(
            underlying.name,
            facets.collection or underlying.collection,
            facets.max_length or underlying.max_length,
            facets.precision or underlying.precision,
            facets.scale or underlying.scale,
            facets.unclear or underlying.unclear,
        )
    return _plain_type(facets)


@lru_cache(maxsize=4096)
def _plain_type(facets: Facets) -> SourceType:
    length = None if (facets.max_length or "").strip().lower() == "max" else _number(facets.max_length)
    precision, scale = _number(facets.precision), _scale(facets.scale)
    odd = [facets.unclear] if facets.unclear else []
    odd += [
        f'{facet}="{spelled[:_SHOWN]}"'
        for facet, spelled, read in (
            ("MaxLength", facets.max_length, length),
            ("Precision", facets.precision, precision),
            ("Scale", facets.scale, scale),
        )
        if read is None and spelled is not None and not (facet == "MaxLength" and spelled.strip().lower() == "max")
    ]
    if facets.scale is None and precision is not None and facets.name == "Edm.Decimal":
        scale = 0  # OData CSDL: an omitted Scale is 0; analytical documents rely on it
    return SourceType(facets.name, length, precision, scale, facets.collection, " ".join(odd))


def _column(
    found: Property,
    name: TechnicalName,
    key: bool,
    column_type: SourceType,
    column_name: Callable[[str], str],
) -> Column:
    said = _said(tuple(found.annotations.items()))
    return Column(
        name,
        column_type,
        found.name,
        key,
        found.nullable and not key and not said.mandatory,
        said.labels,
        ColumnRole.KEY if key else said.role,
        said.aggregation,
        named_facts(said.facts, column_name) if said.facts else (),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What annotations say of a column that is no key."""

    labels: Labels
    mandatory: bool
    role: ColumnRole
    aggregation: str | None
    facts: tuple[Fact, ...]


@lru_cache(maxsize=4096)
def _said(annotations: tuple[tuple[str, Value], ...]) -> _Said:
    """The same columns stand in many assets, annotated alike."""
    by_term = dict(annotations)
    return _Said(
        labels_of(by_term), is_mandatory(by_term), role_of(by_term), aggregation_of(by_term), facts_of(by_term)
    )


def _scale(text: str | None) -> int | str | None:
    word = (text or "").strip().lower()
    return word if word in _WORDS else _number(text)


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.strip()
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 10 else None


def _wrong(message: str) -> SourceError:
    return SourceError(
        SourceFault.WRONG_SHAPE, message, remedy="Open the asset's $metadata in a browser; deploy the object again."
    )
