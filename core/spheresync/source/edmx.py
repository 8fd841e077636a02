"""One EDMX document (OData CSDL XML) as a typed value. Pure: bytes in, `EdmxDocument` out.

OData 4.0 and 4.01, and the structure of 2.0 and 3.0 documents. Annotations may stand inline or in `Annotations`
blocks, under any alias. Only what Spheresync reads is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from lxml import etree

from spheresync.errors import SourceError, SourceFault
from spheresync.source.expressions import Value, attributes_of, read_value
from spheresync.source.vocabulary import Terms
from spheresync.source.xml import XML_CAP, parse_xml

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

Annotations: TypeAlias = Mapping[str, Value]
_NO_ANNOTATIONS: Annotations = {}
_Gathered: TypeAlias = dict[str, dict[str, Value]]


@dataclass(frozen=True, slots=True)
class Facets:
    """A type with its facets as spelled; `name` qualified by namespace, never by alias."""

    name: str
    collection: bool = False
    max_length: str | None = None
    precision: str | None = None
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class Property:
    name: str
    type: Facets
    nullable: bool
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity type with what it inherits, base first. `key` holds property names, of paths the first segment."""

    name: str
    qualified: str
    key: tuple[str, ...]
    properties: tuple[Property, ...]
    navigation: tuple[tuple[str, str], ...]  # (name, qualified type of the other end)
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class EntitySet:
    name: str
    type: str
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class EdmxDocument:
    """`types` by qualified name, in document order; `definitions` are TypeDefinitions by qualified name."""

    sets: tuple[EntitySet, ...]
    types: Mapping[str, EntityType]
    definitions: Mapping[str, Facets]


@dataclass(frozen=True, slots=True)
class _RawType:
    """An entity type before its base type and annotations are known."""

    element: etree._Element
    name: str
    namespace: str
    base: str | None


def check_ended(body: bytes) -> None:
    """Cheap test that an EDMX answer arrived whole, so that a cut one can be asked for again.

    Raises:
        SourceError: as `parse_xml`; a document that ends as it should is not parsed here.
    """
    if not body[-256:].rstrip().endswith((b"</edmx:Edmx>", b"</Edmx>")):
        parse_xml(body)


def parse_edmx(body: bytes, *, cap: int = XML_CAP) -> EdmxDocument:
    """Read one document of at most `cap` bytes.

    Raises:
        SourceError: as `parse_xml`; WRONG_SHAPE also if it is no EDMX or contradicts itself.
    """
    root = parse_xml(body, cap=cap)
    if _TAGS.get(root.tag) != "Edmx":
        raise _wrong(f"The document is no EDMX: its root is {str(root.tag)[:100]}.")
    return _Reader(root).document()


class _Reader:
    """Reads one tree; names are resolved as they are met."""

    def __init__(self, root: etree._Element) -> None:
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
        self._names: dict[str, str] = {}
        self._namespace = ""
        self._gathered: _Gathered = {}
        self._raw: dict[str, _RawType] = {}
        self._types: dict[str, EntityType] = {}

    def document(self) -> EdmxDocument:
        sets: list[tuple[str, str, etree._Element]] = []
        definitions: dict[str, Facets] = {}
        for schema in self._schemas:
            self._namespace = schema.get("Namespace", "")
            for element in schema:
                kind = _TAGS.get(element.tag)
                if kind == "Annotations":
                    self._gather(element)
                elif kind == "EntityType":
                    self._take_type(element)
                elif kind == "EntityContainer":
                    sets.extend(self._sets_of(element))
                elif kind == "TypeDefinition":
                    attributes = attributes_of(element)
                    facets = self._facets(attributes, "UnderlyingType")
                    definitions[f"{self._namespace}.{attributes.get('Name')}"] = facets
        for qualified in self._raw:
            self._resolve(qualified, ())
        return EdmxDocument(
            tuple(
                EntitySet(target.rpartition("/")[2], type_name, self._annotations(target, element))
                for target, type_name, element in sets
            ),
            {qualified: self._types[qualified] for qualified in self._raw},
            definitions,
        )

    def _sets_of(self, container: etree._Element) -> Iterator[tuple[str, str, etree._Element]]:
        prefix = f"{self._namespace}.{container.get('Name', '')}"
        for found in _children(container, "EntitySet"):
            yield f"{prefix}/{found.get('Name')}", self._qualify(found.get("EntityType", "")), found

    def _take_type(self, element: etree._Element) -> None:
        name = element.get("Name")
        if not name:
            raise _wrong("An EntityType has no name.")
        base = element.get("BaseType")
        qualified = f"{self._namespace}.{name}"
        if qualified in self._raw:
            raise _wrong(f"The EntityType {qualified} is there twice.")
        self._raw[qualified] = _RawType(element, name, self._namespace, self._qualify(base) if base else None)

    def _resolve(self, qualified: str, below: tuple[str, ...]) -> EntityType:
        """The type with all that it inherits; `below` are the types that are waiting for it."""
        done = self._types.get(qualified)
        if done is not None:
            return done
        raw = self._raw.get(qualified)
        if raw is None or qualified in below or len(below) > 64:
            raise _wrong(f"The BaseType {qualified} of {below[-1]} is missing, or its own ancestor.")
        base = self._resolve(raw.base, (*below, qualified)) if raw.base else None
        self._namespace = raw.namespace
        key: tuple[str, ...] = base.key if base else ()
        properties = [self._inherited(inherited, qualified) for inherited in base.properties] if base else []
        navigation: list[tuple[str, str]] = list(base.navigation) if base else []
        for element in raw.element:
            kind = _TAGS.get(element.tag)
            if kind == "Property":
                properties.append(self._property(element, qualified))
            elif kind == "Key":
                # A path into a complex property makes that property part of the key.
                key += tuple(ref.get("Name", "").partition("/")[0] for ref in _children(element, "PropertyRef"))
            elif kind == "NavigationProperty":
                far = self._qualify(_unwrap(element.get("Type", ""))[0])
                navigation.append((element.get("Name", ""), far))
        own = self._annotations(qualified, raw.element)
        annotations = {**base.annotations, **own} if base else own
        resolved = EntityType(raw.name, qualified, key, tuple(properties), tuple(navigation), annotations)
        self._types[qualified] = resolved
        return resolved

    def _property(self, element: etree._Element, owner: str) -> Property:
        attributes = attributes_of(element)
        name = attributes.get("Name")
        if not name:
            raise _wrong(f"A property of {owner} has no name.")
        return Property(
            name,
            self._facets(attributes, "Type"),
            attributes.get("Nullable", "true") not in {"false", "0"},
            self._annotations(f"{owner}/{name}", element),
        )

    def _inherited(self, inherited: Property, heir: str) -> Property:
        """A property of the base type, with what the heir says of it."""
        own = self._gathered.get(f"{heir}/{inherited.name}")
        return replace(inherited, annotations={**inherited.annotations, **own}) if own else inherited

    def _facets(self, attributes: Mapping[str, str], attribute: str) -> Facets:
        spelled = attributes.get(attribute)
        if not spelled:
            raise _wrong(f"{attributes.get('Name')} has no {attribute}.")
        name, collection = _unwrap(spelled)
        return Facets(
            name if name.startswith("Edm.") else self._qualify(name),
            collection,
            attributes.get("MaxLength"),
            attributes.get("Precision"),
            attributes.get("Scale"),
        )

    def _annotations(self, target: str, element: etree._Element) -> Annotations:
        """What stands inline, then what stands in blocks; of one term the first counts."""
        gathered = self._gathered.get(target)
        if not len(element):
            return gathered or _NO_ANNOTATIONS
        inline: dict[str, Value] = {}
        self._collect(element, inline)
        if gathered and inline:
            return {**gathered, **inline}
        return inline or gathered or _NO_ANNOTATIONS

    def _gather(self, block: etree._Element) -> None:
        if block.get("Qualifier"):
            return  # a variant for a special use, not the plain fact
        head, slash, path = block.get("Target", "").partition("/")
        self._collect(block, self._gathered.setdefault(f"{self._qualify(head)}{slash}{path}", {}))

    def _collect(self, parent: etree._Element, into: dict[str, Value]) -> None:
        for element in parent:
            if _TAGS.get(element.tag) == "Annotation":
                attributes = attributes_of(element)
                if "Qualifier" not in attributes:
                    key = self._terms.key(attributes.pop("Term", ""))
                    if key not in into:
                        into[key] = read_value(element, attributes)

    def _qualify(self, name: str) -> str:
        """A name by namespace: its alias resolved; the schema's own namespace where it has none."""
        known = self._names.get(name)
        if known is None:
            prefix, dot, local = name.rpartition(".")
            known = f"{self._aliases.get(prefix, prefix) if dot else self._namespace}.{local}"
            if dot:  # without a prefix it depends on the schema that it stands in
                self._names[name] = known
        return known


def _children(element: etree._Element, kind: str) -> Iterator[etree._Element]:
    return (child for child in element if _TAGS.get(child.tag) == kind)


def _unwrap(spelled: str) -> tuple[str, bool]:
    spelled = spelled.strip()
    if spelled.startswith("Collection(") and spelled.endswith(")"):
        return spelled[len("Collection(") : -1].strip(), True
    return spelled, False


def _wrong(message: str) -> SourceError:
    return SourceError(SourceFault.WRONG_SHAPE, message, remedy=_REMEDY)
