"""Which entity type of a document is the asset, and which holds its parameters.

The entity set is not named after the asset where the name holds dots (reference: datasphere-api.md 3.1), and a view
with input parameters is served behind a type that ends in `Parameters`, with a navigation `Set` or `Results` to the
data. Only the types that are chosen are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault
from spheresync.source.datasphere.edmx.document import DeclaredType, EdmxDocument, EntitySet, EntityType, Navigation
from spheresync.source.datasphere.edmx.expressions import text_of
from spheresync.source.datasphere.edmx.vocabulary import find

_SUFFIX = "Parameters"
_ORIGINAL = "dataintegration.originalname"
_TO_THE_DATA = ("Set", "Results")
"""What the navigation from parameters to data is called: by Datasphere, and by other SAP services."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Chosen:
    """The asset's entity type, the name of its entity set, and its parameters' type where it has one."""

    type: EntityType
    set_name: str
    parameters: EntityType | None


@dataclass(frozen=True, slots=True)
class _Behind:
    """The type whose parameters another one holds; `navigation` leads from that one to it, where one does."""

    type: DeclaredType
    navigation: str | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    type: DeclaredType
    set: EntitySet | None
    parameters: DeclaredType | None
    navigation: str | None = None  # from the parameters to the type

    @property
    def names(self) -> frozenset[str]:
        """What the candidate may be called after; CAP adds `Type` and `Set` to views with parameters."""
        spelled = {self.type.name}
        if self.set is not None:
            spelled |= {self.set.name, self.set.name.removesuffix("Set")}
        if self.parameters is not None:
            spelled |= {self.type.name.removesuffix("Type"), self.parameters.name.removesuffix(_SUFFIX)}
        return frozenset(spelled)

    def original(self) -> str | None:
        own = text_of(find(self.type.annotations, _ORIGINAL))
        return own or (text_of(find(self.set.annotations, _ORIGINAL)) if self.set else None)


def choose_entity(document: EdmxDocument, asset_name: str) -> Chosen:
    """The entity type behind the asset's entity set.

    By its original name, else by the asset's name with dots as underscores, else the only one there is.

    Raises:
        SourceError: WRONG_SHAPE, none or several fit, or the one that fits contradicts itself; TOO_LARGE.
    """
    plain = asset_name.replace(".", "_")
    candidates = _candidates(document, {asset_name, plain})
    for fits in (
        [candidate for candidate in candidates if candidate.original() == asset_name],
        [candidate for candidate in candidates if candidate.names & {asset_name, plain}],
        candidates,
    ):
        if len(fits) == 1:
            return _read(document, fits[0])
        if fits:
            break
    names = ", ".join(sorted(candidate.type.name[:_SHOWN] for candidate in candidates)[:10]) or "none"
    raise SourceError(
        SourceFault.WRONG_SHAPE,
        f"No single entity type of the document is {asset_name!r}; it has: {names}.",
        remedy="Open the asset's $metadata in a browser; deploy the object again.",
    )


def _read(document: EdmxDocument, found: _Candidate) -> Chosen:
    """The types with all that is said of them, by their own names and by the paths of the sets that serve them."""
    data = document.types[found.type.qualified]
    name = found.set.name if found.set else found.type.name
    if found.parameters is None:
        return Chosen(document.as_reached(data, [found.set.path] if found.set else []), name, None)
    parameters = document.types[found.parameters.qualified]
    served = [each.path for each in document.sets if each.type == data.qualified][:1]
    if found.set is None:
        return Chosen(document.as_reached(data, served), name, parameters)
    through = [f"{found.set.path}/{found.navigation}"] if found.navigation else []
    return Chosen(
        document.as_reached(data, [*served, *through, found.set.path]),
        name,
        document.as_reached(parameters, [found.set.path]),
    )


def _candidates(document: EdmxDocument, names: set[str]) -> list[_Candidate]:
    """Every type that may be the asset, once: those of entity sets and those behind parameters."""
    found: dict[str, _Candidate] = {}
    pairs: list[tuple[EntitySet | None, DeclaredType | None]]
    pairs = [(entity_set, document.declared.get(entity_set.type)) for entity_set in document.sets]
    for entity_set, entity in pairs or [(None, entity) for entity in document.declared.values()]:
        if entity is None:
            continue
        behind = _behind(document, entity, names)
        if behind is not None:
            found[behind.type.qualified] = _Candidate(behind.type, entity_set, entity, behind.navigation)
        elif entity.qualified not in found:
            found[entity.qualified] = _Candidate(entity, entity_set, None)
    return list(found.values())


def _behind(document: EdmxDocument, entity: DeclaredType, names: set[str]) -> _Behind | None:
    """The type whose parameters `entity` holds; None if it is no parameters' type.

    Found by the navigation of a known name, by one that leads back, by a type of the right name, or by the only
    navigation to many that a type made of keys has: parameters all are keys.
    """
    if not entity.name.endswith(_SUFFIX) or len(entity.name) == len(_SUFFIX):
        return None
    ways = list(_ways(document, entity))
    for known in _TO_THE_DATA:
        for way, far in ways:
            if way.name == known:
                return _Behind(far, way.name)
    for way, far in ways:
        if any(back.type == entity.qualified and back.name == _SUFFIX for back in far.navigation):
            return _Behind(far, way.name)
    stem = entity.qualified.removesuffix(_SUFFIX)
    by_name = document.declared.get(f"{stem}Type") or document.declared.get(stem)
    if by_name is not None:
        return _Behind(by_name, next((way.name for way, far in ways if far is by_name), None))
    many = [(way, far) for way, far in ways if way.collection]
    if len(many) == 1 and entity.key_only and entity.name not in names:
        return _Behind(many[0][1], many[0][0].name)
    return None


def _ways(document: EdmxDocument, entity: DeclaredType) -> Iterator[tuple[Navigation, DeclaredType]]:
    for navigation in entity.navigation:
        far = document.declared.get(navigation.type)
        if far is not None and far is not entity:
            yield navigation, far
