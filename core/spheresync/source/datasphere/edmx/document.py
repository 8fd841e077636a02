"""What an EDMX document (OData CSDL XML) says, as typed values; `document_reader` reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from spheresync.source.datasphere.edmx.expressions import Value

Annotations: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Facets:
    """A type with its facets as spelled; `name` qualified by namespace, never by alias.

    `unclear` says what of the property could not be understood besides its facets.
    """

    name: str
    collection: bool = False
    max_length: str | None = None
    precision: str | None = None
    scale: str | None = None
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    type: Facets
    nullable: bool
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class Navigation:
    """A navigation property; `type` is the qualified type of the other end."""

    name: str
    type: str
    collection: bool


@dataclass(frozen=True, slots=True)
class DeclaredType:
    """An entity type as it is declared, without what it inherits; `key_only`: every property is part of the key."""

    name: str
    qualified: str
    navigation: tuple[Navigation, ...]
    annotations: Annotations
    key_only: bool


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity type with what it inherits, base first. `key` holds property names, of paths the first segment."""

    name: str
    qualified: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class EntitySet:
    """`path` is how annotations address it: the qualified container, a slash, and its name."""

    name: str
    type: str
    annotations: Annotations
    path: str


@dataclass(frozen=True, slots=True)
class EdmxDocument:
    """Types by qualified name, in document order; `definitions` are TypeDefinitions by qualified name.

    Attributes:
        sets: the entity sets.
        declared: the entity types without what they inherit.
        types: the entity types with it. Looking one up raises SourceError: WRONG_SHAPE where it contradicts itself or
            inherits from what is not here, TOO_LARGE beyond the budget.
        definitions: see above.
        annotations_at: what the document says of a target, as `Annotations` blocks address it.
        tells_of_parts: whether it says anything of what is below a target.
    """

    sets: tuple[EntitySet, ...]
    declared: Mapping[str, DeclaredType]
    types: Mapping[str, EntityType]
    definitions: Mapping[str, Facets]
    annotations_at: Callable[[str], Annotations]
    tells_of_parts: Callable[[str], bool]

    def as_reached(self, found: EntityType, paths: Iterable[str]) -> EntityType:
        """A type with what is said of it and its properties by the paths that lead to it; the type's own word first."""
        ways = list(paths)
        to_parts = [way for way in ways if self.tells_of_parts(way)]

        def with_more(each: Property) -> Property:
            filled = self._filled(each.annotations, (f"{way}/{each.name}" for way in to_parts))
            return each if filled is each.annotations else replace(each, annotations=filled)

        return replace(
            found,
            annotations=self._filled(found.annotations, ways),
            properties=tuple(map(with_more, found.properties)) if to_parts else found.properties,
        )

    def _filled(self, own: Annotations, targets: Iterable[str]) -> Annotations:
        """The first word of each term: what is there, then what is said of the targets."""
        for target in targets:
            further = self.annotations_at(target)
            own = {**further, **own} if further else own
        return own
