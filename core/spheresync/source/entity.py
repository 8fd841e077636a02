"""Which entity type of a document is the asset, and which holds its parameters.

The entity set is not named after the asset where the name holds dots (reference: datasphere-api.md 3.1), and a view
with input parameters is served behind a type that ends in `Parameters`, with a navigation `Set` to the data.
"""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.errors import SourceError, SourceFault
from spheresync.source.edmx import EdmxDocument, EntitySet, EntityType
from spheresync.source.expressions import text_of
from spheresync.source.vocabulary import find

_SUFFIX = "Parameters"
_ORIGINAL = "dataintegration.originalname"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The asset's entity type, the name of its entity set, and its parameters' type where it has one."""

    type: EntityType
    set_name: str
    parameters: EntityType | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    type: EntityType
    set: EntitySet | None
    parameters: EntityType | None

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
        SourceError: WRONG_SHAPE, none or several fit.
    """
    candidates = _candidates(document)
    plain = asset_name.replace(".", "_")
    for fits in (
        [candidate for candidate in candidates if candidate.original() == asset_name],
        [candidate for candidate in candidates if candidate.names & {asset_name, plain}],
        candidates,
    ):
        if len(fits) == 1:
            found = fits[0]
            return Chosen(found.type, found.set.name if found.set else found.type.name, found.parameters)
        if fits:
            break
    names = ", ".join(sorted(candidate.type.name for candidate in candidates)[:10]) or "none"
    raise SourceError(
        SourceFault.WRONG_SHAPE,
        f"No single entity type of the document is {asset_name!r}; it has: {names}.",
        remedy="Open the asset's $metadata in a browser; deploy the object again.",
    )


def _candidates(document: EdmxDocument) -> list[_Candidate]:
    """Every type that may be the asset, once: those of entity sets and those behind parameters."""
    found: dict[str, _Candidate] = {}
    pairs: list[tuple[EntitySet | None, EntityType | None]]
    pairs = [(entity_set, document.types.get(entity_set.type)) for entity_set in document.sets]
    for entity_set, entity in pairs or [(None, entity) for entity in document.types.values()]:
        if entity is None:
            continue
        behind = _behind(document, entity)
        if behind is not None:
            found[behind.qualified] = _Candidate(behind, entity_set, entity)
        elif entity.qualified not in found:
            found[entity.qualified] = _Candidate(entity, entity_set, None)
    return list(found.values())


def _behind(document: EdmxDocument, entity: EntityType) -> EntityType | None:
    """The type whose parameters `entity` holds; None if it is no parameters' type."""
    if not entity.name.endswith(_SUFFIX) or len(entity.name) == len(_SUFFIX):
        return None
    for name, far in entity.navigation:
        if name == "Set" and far in document.types:
            return document.types[far]
    stem = entity.qualified.removesuffix(_SUFFIX)
    return document.types.get(f"{stem}Type") or document.types.get(stem)
