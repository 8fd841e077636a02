"""Read an EDMX document (OData CSDL XML). Pure: bytes in, `EdmxDocument` out.

OData 4.0 and 4.01, and the structure of 2.0 and 3.0 documents. Annotations may stand inline or in `Annotations`
blocks, under any alias. Only what Spheresync needs is kept. A type is read when it is looked up, so an error in another
type does not fail the asset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from lxml import etree

from spheresync.errors import SourceError, SourceFault
from spheresync.source.datasphere.edmx.document import (
    Annotations,
    DeclaredType,
    EdmxDocument,
    EntitySet,
    EntityType,
    Facets,
    Navigation,
    Property,
)
from spheresync.source.datasphere.edmx.document_budget import DocumentBudget, Spending
from spheresync.source.datasphere.edmx.expressions import Value, attributes_of, read_value
from spheresync.source.datasphere.edmx.vocabulary import Terms
from spheresync.source.datasphere.edmx.xml import parse_xml

_EDMX = (
    "http://docs.oasis-open.org/odata/ns/edmx",
    "http://schemas.microsoft.com/ado/2007/06/edmx",
)
_EDM = (
    "http://docs.oasis-open.org/odata/ns/edm",
    "http://schemas.microsoft.com/ado/2006/04/edm",
    "http://schemas.microsoft.com/ado/2007/05/edm",
    "http://schemas.microsoft.com/ado/2008/01/edm",
    "http://schemas.microsoft.com/ado/2008/09/edm",
    "http://schemas.microsoft.com/ado/2009/08/edm",
    "http://schemas.microsoft.com/ado/2009/11/edm",
)
_EDMX_NAMES = ("Edmx", "Reference", "Include", "DataServices")
_EDM_NAMES = (
    "Schema",
    "EntityType",
    "EntityContainer",
    "EntitySet",
    "TypeDefinition",
    "Annotations",
    "Annotation",
    "Key",
    "PropertyRef",
    "Property",
    "NavigationProperty",
)
#: What each tag we know is called; elements of other namespaces are not ours.
_TAGS: Mapping[object, str] = {
    **{f"{{{namespace}}}{name}": name for namespace in _EDMX for name in _EDMX_NAMES},
    **{f"{{{namespace}}}{name}": name for namespace in _EDM for name in _EDM_NAMES},
}
_REMEDY = "Open the asset's $metadata in a browser; deploy the object again if it is damaged."

_Read_co = TypeVar("_Read_co", covariant=True)
_NO_ANNOTATIONS: Annotations = {}
_DEEPEST = 64
"""Types above one another that one may inherit from."""
_SHOWN = 100
"""Characters of a name that a message repeats."""


class _ReadWhenAsked(Mapping[str, _Read_co]):
    """Entity types by qualified name, in document order, each read when it is looked up.

    Looking one up raises SourceError where the document contradicts itself about it.
    """

    def __init__(self, names: Iterable[str], read: Callable[[str], _Read_co]) -> None:
        self._names = dict.fromkeys(names)
        self._read = read

    def __getitem__(self, qualified: str) -> _Read_co:
        if qualified not in self._names:
            raise KeyError(qualified)
        return self._read(qualified)

    def __contains__(self, qualified: object) -> bool:
        return qualified in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class _RawType:
    """An entity type as an element; `twice` where another one has its name."""

    element: etree._Element
    name: str
    namespace: str
    base: str | None
    twice: bool


def parse_edmx(body: bytes, *, budget: DocumentBudget | None = None) -> EdmxDocument:
    """Read one document within a budget.

    Raises:
        SourceError: as `parse_xml`; WRONG_SHAPE also if it is no EDMX.
    """
    budget = budget or DocumentBudget()
    spending = Spending(budget)
    root = parse_xml(body, budget=budget)
    if _TAGS.get(root.tag) != "Edmx":
        raise _wrong(f"The document is no EDMX: its root is {_shown(str(root.tag))}.")
    return _Reader(root, spending).document()


class _Reader:
    """Reads one tree; names are resolved as they are met, types when they are asked for."""

    def __init__(self, root: etree._Element, spending: Spending) -> None:
        self._schemas = [
            schema for services in _children(root, "DataServices") for schema in _children(services, "Schema")
        ]
        aliases = {
            alias: include.get("Namespace", "")
            for reference in _children(root, "Reference")
            for include in _children(reference, "Include")
            if (alias := include.get("Alias"))
        }
        own = {alias: schema.get("Namespace", "") for schema in self._schemas if (alias := schema.get("Alias"))}
        self._aliases: dict[str, str] = {**aliases, **own}
        self._terms = Terms(self._aliases)
        self._spending = spending
        self._blocks: dict[str, list[etree._Element]] = {}
        self._parents: set[str] = set()
        self._said: dict[str, dict[str, Value]] = {}
        self._raw: dict[str, _RawType] = {}
        self._types: dict[str, EntityType] = {}
        self._declared: dict[str, DeclaredType] = {}

    def document(self) -> EdmxDocument:
        sets: list[tuple[str, str, etree._Element]] = []
        definitions: dict[str, Facets] = {}
        for schema in self._schemas:
            namespace = schema.get("Namespace", "")
            for element in schema:
                self._spending.one()
                kind = _TAGS.get(element.tag)
                if kind == "Annotations":
                    self._take_block(element, namespace)
                elif kind == "EntityType":
                    self._take_type(element, namespace)
                elif kind == "EntityContainer":
                    sets.extend(self._sets_of(element, namespace))
                elif kind == "TypeDefinition":
                    attributes = attributes_of(element)
                    if attributes.get("UnderlyingType"):
                        facets = self._facets(attributes, "UnderlyingType", namespace)
                        definitions[f"{namespace}.{attributes.get('Name')}"] = facets
        return EdmxDocument(
            tuple(
                EntitySet(path.rpartition("/")[2], type_name, self._annotations(path, element), path)
                for path, type_name, element in sets
            ),
            _ReadWhenAsked(self._raw, self._declare),
            _ReadWhenAsked(self._raw, lambda qualified: self._resolve(qualified, ())),
            definitions,
            self._annotations_at,
            self._parents.__contains__,
        )

    def _sets_of(self, container: etree._Element, namespace: str) -> Iterator[tuple[str, str, etree._Element]]:
        prefix = f"{namespace}.{container.get('Name', '')}"
        for found in _children(container, "EntitySet"):
            self._spending.one()
            yield f"{prefix}/{found.get('Name')}", self._qualify(found.get("EntityType", ""), namespace), found

    def _take_type(self, element: etree._Element, namespace: str) -> None:
        name, base = element.get("Name") or "", element.get("BaseType")
        qualified = f"{namespace}.{name}"
        inherits = self._qualify(base, namespace) if base else None
        self._raw[qualified] = _RawType(element, name, namespace, inherits, twice=qualified in self._raw)

    def _declare(self, qualified: str) -> DeclaredType:
        known = self._declared.get(qualified)
        if known is None:
            raw = self._raw[qualified]
            key = set(self._key_of(raw.element))
            known = self._declared[qualified] = DeclaredType(
                raw.name,
                qualified,
                tuple(self._navigation_of(raw)),
                self._annotations(qualified, raw.element),
                bool(key) and all(found.get("Name") in key for found in _children(raw.element, "Property")),
            )
        return known

    def _navigation_of(self, raw: _RawType) -> Iterator[Navigation]:
        for element in _children(raw.element, "NavigationProperty"):
            self._spending.one()
            far, collection = _unwrap(element.get("Type", ""))
            yield Navigation(element.get("Name", ""), self._qualify(far, raw.namespace), collection)

    def _resolve(self, qualified: str, below: tuple[str, ...]) -> EntityType:
        """The type with all that it inherits; `below` are the types that are waiting for it."""
        done = self._types.get(qualified)
        if done is not None:
            return done
        raw = self._raw.get(qualified)
        if raw is None or qualified in below or len(below) > _DEEPEST:
            raise _wrong(f"The BaseType {_shown(qualified)} of {_shown(below[-1])} is missing, or its own ancestor.")
        if not raw.name:
            raise _wrong("An EntityType has no name.")
        if raw.twice:
            raise _wrong(f"The EntityType {_shown(qualified)} is there twice.")
        base = self._resolve(raw.base, (*below, qualified)) if raw.base else None
        properties = [self._inherited(inherited, qualified) for inherited in base.properties] if base else []
        properties += [
            self._property(element, qualified, raw.namespace) for element in _children(raw.element, "Property")
        ]
        key = (*(base.key if base else ()), *self._key_of(raw.element))
        own = self._annotations(qualified, raw.element)
        annotations = {**base.annotations, **own} if base else own
        resolved = self._types[qualified] = EntityType(raw.name, qualified, key, tuple(properties), annotations)
        return resolved

    def _key_of(self, element: etree._Element) -> Iterator[str]:
        for key in _children(element, "Key"):
            for reference in _children(key, "PropertyRef"):
                self._spending.one()
                # A path into a complex property makes that property part of the key.
                yield reference.get("Name", "").partition("/")[0]

    def _property(self, element: etree._Element, owner: str, namespace: str) -> Property:
        self._spending.one_property()
        attributes = attributes_of(element)
        name = attributes.get("Name")
        if not name:
            raise _wrong(f"A property of {_shown(owner)} has no name.")
        facets = self._facets(attributes, "Type", namespace)
        nullable = attributes.get("Nullable", "true").strip().lower()
        if nullable not in {"true", "false", "1", "0"}:
            facets = replace(facets, unclear=_listed(facets.unclear, _spelled("Nullable", attributes["Nullable"])))
        return Property(name, facets, nullable not in {"false", "0"}, self._annotations(f"{owner}/{name}", element))

    def _inherited(self, inherited: Property, heir: str) -> Property:
        """A property of the base type, with what the heir says of it."""
        self._spending.one_inherited()
        own = self._annotations_at(f"{heir}/{inherited.name}")
        return replace(inherited, annotations={**inherited.annotations, **own}) if own else inherited

    def _facets(self, attributes: Mapping[str, str], attribute: str, namespace: str) -> Facets:
        """The type; a property without one is a string (OData CSDL JSON 4.01, 7.1), and that is said."""
        spelled = attributes.get(attribute, "").strip()
        name, collection = _unwrap(spelled) if spelled else ("Edm.String", False)
        return Facets(
            name if name.startswith("Edm.") else self._qualify(name, namespace),
            collection,
            attributes.get("MaxLength"),
            attributes.get("Precision"),
            attributes.get("Scale"),
            "" if spelled else f"no {attribute}",
        )

    def _annotations(self, target: str, element: etree._Element) -> Annotations:
        """What stands inline, then what stands in blocks; of one term the first counts."""
        gathered = self._annotations_at(target)
        if not len(element):
            return gathered
        inline: dict[str, Value] = {}
        self._collect(element, inline)
        return {**gathered, **inline} if gathered and inline else inline or gathered

    def _annotations_at(self, target: str) -> Annotations:
        """What stands in blocks about a target."""
        self._spending.one()
        blocks = self._blocks.pop(target, None)
        if blocks is not None:
            said = self._said[target] = {}
            for block in blocks:
                self._collect(block, said)
        return self._said.get(target, _NO_ANNOTATIONS)

    def _take_block(self, block: etree._Element, namespace: str) -> None:
        if not block.get("Qualifier"):  # with one it is a variant for a special use, not the plain fact
            head, slash, path = block.get("Target", "").partition("/")
            target = f"{self._qualify(head, namespace)}{slash}{path}"
            self._blocks.setdefault(target, []).append(block)
            self._parents.add(target.rpartition("/")[0])

    def _collect(self, parent: etree._Element, into: dict[str, Value]) -> None:
        for element in parent:
            if _TAGS.get(element.tag) == "Annotation":
                self._spending.one()
                attributes = attributes_of(element)
                if "Qualifier" not in attributes:
                    key = self._terms.key(attributes.pop("Term", ""))
                    if key not in into:
                        into[key] = read_value(element, attributes)

    def _qualify(self, name: str, namespace: str) -> str:
        """A name by namespace: its alias resolved; the schema's own namespace where it has none."""
        prefix, dot, local = name.rpartition(".")
        return f"{self._aliases.get(prefix, prefix) if dot else namespace}.{local}"


def _children(element: etree._Element, kind: str) -> Iterator[etree._Element]:
    return (child for child in element if _TAGS.get(child.tag) == kind)


def _unwrap(spelled: str) -> tuple[str, bool]:
    spelled = spelled.strip()
    if spelled.startswith("Collection(") and spelled.endswith(")"):
        return spelled[len("Collection(") : -1].strip(), True
    return spelled, False


def _listed(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _spelled(attribute: str, value: str) -> str:
    return f'{attribute}="{value[:_SHOWN]}"'


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=_REMEDY)
