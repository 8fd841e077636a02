"""EDMX as the tenant serves it.

Source: the recorded document of a live tenant and datasphere-api.md 3.2. Relational documents have the namespace
`StandaloneService` and a `Key`; analytical ones `InaApplicationService` and none. Every annotation stands in an
external `Annotations` block, and the case of the `Analytics` terms differs between the two, as it does in the field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from xml.sax.saxutils import quoteattr

from spheresync.dog.objects import DogColumn, DogObject
from spheresync.model import ColumnRole, Hierarchy, SourceType

_SAP = "https://sap.github.io/odata-vocabularies/vocabularies"
_OASIS = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
_VOCABULARIES = (
    ("Analytics", f"{_SAP}/Analytics.xml", "com.sap.vocabularies.Analytics.v1"),
    ("Capabilities", f"{_OASIS}/Org.OData.Capabilities.V1.xml", "Org.OData.Capabilities.V1"),
    ("Common", f"{_SAP}/Common.xml", "com.sap.vocabularies.Common.v1"),
    ("Core", f"{_OASIS}/Org.OData.Core.V1.xml", "Org.OData.Core.V1"),
    ("DataIntegration", f"{_SAP}/DataIntegration.xml", "com.sap.vocabularies.DataIntegration.v1"),
    ("Hierarchy", f"{_SAP}/Hierarchy.xml", "com.sap.vocabularies.Hierarchy.v1"),
)
_RESTRICTIONS = (("Delete", "Deletable"), ("Insert", "Insertable"), ("Update", "Updatable"))
_NOT_IDENTIFIER = re.compile(r"[^0-9A-Za-z_\u00c0-\u024f]")


class Surface(StrEnum):
    """The two consumption APIs (datasphere-api.md 3.1)."""

    RELATIONAL = "relational"
    ANALYTICAL = "analytical"

    @property
    def namespace(self) -> str:
        return "StandaloneService" if self is Surface.RELATIONAL else "InaApplicationService"

    @property
    def dimension_term(self) -> str:
        return "Analytics.dimension" if self is Surface.RELATIONAL else "Analytics.Dimension"


def entity_set_name(name: str) -> str:
    """The entity set of an object: characters that no OData identifier may hold become underscores."""
    return _identifier(name)


def property_names(columns: Iterable[DogColumn]) -> tuple[str, ...]:
    """The property of each column, in order; where two columns would share one, the later gets a number."""
    taken: set[str] = set()
    names = []
    for column in columns:
        plain = _identifier(column.name)
        name, number = plain, 1
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name)
        names.append(name)
    return tuple(names)


def write_edmx(item: DogObject, surface: Surface) -> bytes:
    """The `$metadata` document of `item` on `surface`, UTF-8."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append('<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">')
    for alias, uri, namespace in _VOCABULARIES:
        lines.append(f'  <edmx:Reference Uri="{uri}">')
        lines.append(f'    <edmx:Include Alias="{alias}" Namespace="{namespace}"/>')
        lines.append("  </edmx:Reference>")
    lines.append("  <edmx:DataServices>")
    lines.append(f'    <Schema Namespace="{surface.namespace}" xmlns="http://docs.oasis-open.org/odata/ns/edm">')
    lines.extend(_schema(item, surface))
    lines.extend(("    </Schema>", "  </edmx:DataServices>", "</edmx:Edmx>"))
    return "\n".join(lines).encode("utf-8")


def write_catalog_edmx() -> bytes:
    """The `$metadata` document of the catalog service itself (datasphere-api.md 2.1)."""
    return _CATALOG.encode("utf-8")


def _identifier(name: str) -> str:
    mangled = _NOT_IDENTIFIER.sub("_", name)
    return f"_{mangled}" if mangled[:1].isdecimal() else mangled


def _schema(item: DogObject, surface: Surface) -> Iterator[str]:
    entity = entity_set_name(item.name)
    qualified = f"{surface.namespace}.{entity}"
    columns = tuple(zip(property_names(item.columns), item.columns, strict=True))
    yield '      <EntityContainer Name="EntityContainer">'
    yield f"        <EntitySet Name={quoteattr(entity)} EntityType={quoteattr(qualified)}/>"
    if item.parameters:
        yield f'        <EntitySet Name="{entity}Parameters" EntityType="{qualified}Parameters"/>'
    yield "      </EntityContainer>"
    yield from _entity_type(entity, columns, surface)
    if item.parameters:
        yield from _parameters_type(item, entity, qualified)
    yield from _block(qualified, _entity_annotations(item, entity))
    yield from _block(f"{surface.namespace}.EntityContainer/{entity}", _restrictions(surface))
    for name, column in columns:
        yield from _block(f"{qualified}/{name}", _column_annotations(name, column, surface))


def _entity_type(entity: str, columns: tuple[tuple[str, DogColumn], ...], surface: Surface) -> Iterator[str]:
    yield f"      <EntityType Name={quoteattr(entity)}>"
    keys = [name for name, column in columns if column.key]
    if surface is Surface.RELATIONAL and keys:
        yield "        <Key>"
        for name in keys:
            yield f"          <PropertyRef Name={quoteattr(name)}/>"
        yield "        </Key>"
    for name, column in columns:
        required = "" if column.nullable else ' Nullable="false"'
        yield f"        <Property Name={quoteattr(name)} {_type(column.type, surface)}{required}/>"
    yield "      </EntityType>"


def _parameters_type(item: DogObject, entity: str, qualified: str) -> Iterator[str]:
    yield f'      <EntityType Name="{entity}Parameters">'
    yield "        <Key>"
    for one in item.parameters:
        yield f"          <PropertyRef Name={quoteattr(_identifier(one.name))}/>"
    yield "        </Key>"
    for one in item.parameters:
        declared = _type(one.type, Surface.RELATIONAL)
        yield f'        <Property Name={quoteattr(_identifier(one.name))} {declared} Nullable="false"/>'
    yield f'        <NavigationProperty Name="Set" Type="Collection({qualified})"/>'
    yield "      </EntityType>"


def _type(declared: SourceType, surface: Surface) -> str:
    facets = [f"Type={quoteattr(declared.name)}"]
    if declared.length is not None:
        facets.append(f'MaxLength="{declared.length}"')
    if declared.precision is not None:
        facets.append(f'Precision="{declared.precision}"')
    omitted = surface is Surface.ANALYTICAL and declared.scale == 0
    if declared.scale is not None and not omitted:
        facets.append(f'Scale="{declared.scale}"')
    return " ".join(facets)


def _block(target: str, annotations: Iterable[str]) -> Iterator[str]:
    body = list(annotations)
    if body:
        yield f"      <Annotations Target={quoteattr(target)}>"
        yield from body
        yield "      </Annotations>"


def _entity_annotations(item: DogObject, entity: str) -> Iterator[str]:
    leveled = [hierarchy for hierarchy in item.hierarchies if not hierarchy.parent]
    if leveled:
        yield '        <Annotation Term="Hierarchy.leveled">'
        yield "          <Collection>"
        names = dict(zip((one.name for one in item.columns), property_names(item.columns), strict=True))
        for hierarchy in leveled:
            yield from _hierarchy(hierarchy, names)
        yield "          </Collection>"
        yield "        </Annotation>"
    if item.dimension_type is not None:
        yield _text("Analytics.dimensionType", item.dimension_type)
    if item.label:
        yield _text("Common.Label", item.label)
    if entity != item.name:
        yield _text("DataIntegration.OriginalName", item.name)


def _hierarchy(hierarchy: Hierarchy, names: dict[str, str]) -> Iterator[str]:
    label = hierarchy.labels[0][1] if hierarchy.labels else hierarchy.name
    yield "            <Record>"
    yield f'              <PropertyValue Property="name" String={quoteattr(hierarchy.name)}/>'
    yield f'              <PropertyValue Property="label" String={quoteattr(label)}/>'
    yield '              <PropertyValue Property="levels">'
    yield "                <Collection>"
    for level in hierarchy.levels:
        yield "                  <Record>"
        path = quoteattr(names.get(level, level))
        yield f'                    <PropertyValue Property="element" Path={path}/>'
        yield "                  </Record>"
    yield "                </Collection>"
    yield "              </PropertyValue>"
    yield "            </Record>"


def _restrictions(surface: Surface) -> Iterator[str]:
    entries = [(f"{verb}Restrictions", word) for verb, word in _RESTRICTIONS]
    if surface is Surface.ANALYTICAL:
        entries.insert(0, ("CountRestrictions", "Countable"))
    for term, word in entries:
        yield f'        <Annotation Term="Capabilities.{term}">'
        yield f'          <Record Type="Capabilities.{term}Type">'
        yield f'            <PropertyValue Property="{word}" Bool="false"/>'
        yield "          </Record>"
        yield "        </Annotation>"


def _column_annotations(name: str, column: DogColumn, surface: Surface) -> Iterator[str]:
    if column.role is ColumnRole.DIMENSION:
        yield _flag(surface.dimension_term)
    elif column.role is ColumnRole.MEASURE:
        yield _flag("Analytics.measure")
    if column.label is not None:
        yield _text("Common.Label", column.label)
    for term in column.terms:
        yield _flag(term)
    if name != column.name:
        yield _text("DataIntegration.OriginalName", column.name)


def _flag(term: str) -> str:
    return f'        <Annotation Term="{term}" Bool="true"/>'


def _text(term: str, value: str) -> str:
    return f'        <Annotation Term="{term}" String={quoteattr(value)}/>'


_CATALOG = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:DataServices>
    <Schema Namespace="CatalogService" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <EntityContainer Name="EntityContainer">
        <EntitySet Name="spaces" EntityType="CatalogService.spaces"/>
        <EntitySet Name="assets" EntityType="CatalogService.assets"/>
      </EntityContainer>
      <EntityType Name="spaces">
        <Key>
          <PropertyRef Name="name"/>
        </Key>
        <Property Name="name" Type="Edm.String" Nullable="false"/>
        <Property Name="label" Type="Edm.String"/>
        <NavigationProperty Name="assets" Type="Collection(CatalogService.assets)"/>
      </EntityType>
      <EntityType Name="assets">
        <Key>
          <PropertyRef Name="spaceName"/>
          <PropertyRef Name="name"/>
        </Key>
        <Property Name="spaceName" Type="Edm.String" Nullable="false"/>
        <Property Name="name" Type="Edm.String" Nullable="false"/>
        <Property Name="label" Type="Edm.String"/>
        <Property Name="assetRelationalMetadataUrl" Type="Edm.String"/>
        <Property Name="assetRelationalDataUrl" Type="Edm.String"/>
        <Property Name="assetAnalyticalMetadataUrl" Type="Edm.String"/>
        <Property Name="assetAnalyticalDataUrl" Type="Edm.String"/>
        <Property Name="supportsAnalyticalQueries" Type="Edm.Boolean"/>
        <Property Name="hasParameters" Type="Edm.Boolean"/>
      </EntityType>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>"""
