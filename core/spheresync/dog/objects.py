"""What a tenant holds: spaces, objects and columns as frozen values, and their JSON form.

A column's type is written as in `Edm.Decimal(15,2)`, without the `Edm.` also as `Decimal(15,2)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spheresync.dog.design import (
    NO_COLUMN_DESIGN,
    NO_DESIGN,
    ColumnDesign,
    Design,
    column_design_from_json,
    design_from_json,
    design_to_json,
)
from spheresync.errors import UsageError
from spheresync.model import AssetKind, ColumnRole, Hierarchy, JsonValue, SourceType

_TYPE = re.compile(r"(?:Edm\.)?(?P<name>[A-Za-z]\w*)(?:\((?P<facets>[^)]*)\))?")

#: Kinds that the catalog lists once they are exposed (reference: datasphere-api.md 2.3).
CATALOG_KINDS = frozenset({AssetKind.VIEW, AssetKind.ANALYTIC_MODEL})


@dataclass(frozen=True, slots=True)
class DogColumn:
    """One column.

    `terms` are further Boolean annotation terms, such as `Common.IsCalendarDate`; `design` is what only CSN says.
    """

    name: str
    type: SourceType
    label: str | None = None
    key: bool = False
    nullable: bool = True
    role: ColumnRole = ColumnRole.ATTRIBUTE
    aggregation: str | None = None
    terms: tuple[str, ...] = ()
    design: ColumnDesign = NO_COLUMN_DESIGN


@dataclass(frozen=True, slots=True)
class DogParameter:
    """One input parameter of a view."""

    name: str
    type: SourceType


@dataclass(frozen=True, slots=True)
class DogObject:
    """One object of a space.

    `exposed` is the switch *Expose for Consumption*; `analytical` says that a view also answers analytical queries
    (an analytic model answers nothing else); `dimension_type` is the value of `Analytics.dimensionType`, with `#`;
    `design` is what only CSN says.
    """

    kind: AssetKind
    name: str
    label: str
    columns: tuple[DogColumn, ...] = ()
    exposed: bool = True
    analytical: bool = False
    parameters: tuple[DogParameter, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    dimension_type: str | None = None
    design: Design = NO_DESIGN

    def column(self, name: str) -> DogColumn | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def listed(self) -> bool:
        """Whether the catalog lists it."""
        return self.exposed and self.kind in CATALOG_KINDS

    @property
    def relational(self) -> bool:
        """Whether the relational consumption API serves it."""
        return self.listed and self.kind is AssetKind.VIEW

    @property
    def answers_analytical(self) -> bool:
        """Whether the analytical consumption API serves it."""
        return self.listed and (self.analytical or self.kind is AssetKind.ANALYTIC_MODEL)


@dataclass(frozen=True, slots=True)
class DogSpace:
    """One space with its objects in the order of the catalog's listing."""

    name: str
    label: str
    objects: tuple[DogObject, ...] = ()

    def find(self, name: str) -> DogObject | None:
        return next((item for item in self.objects if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Landscape:
    """Everything a tenant holds."""

    spaces: tuple[DogSpace, ...] = ()

    def find(self, name: str) -> DogSpace | None:
        return next((space for space in self.spaces if space.name == name), None)


def parse_type(text: str) -> SourceType:
    """Read `Decimal(15,2)`, `String(40)`, `Edm.Date` ... into a type.

    Raises:
        UsageError: the text is not of that form.
    """
    match = _TYPE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no column type.", remedy="Write it as in Decimal(15,2), String(40) or Date.")
    name = f"Edm.{match['name']}"
    facets = [facet.strip() for facet in (match["facets"] or "").split(",") if facet.strip()]
    if any(not facet.isdecimal() for facet in facets):
        raise UsageError(f"{text!r} is no column type.", remedy="Length, precision and scale are whole numbers.")
    numbers = [int(facet) for facet in facets]
    if not numbers:
        return SourceType(name)
    if match["name"] == "Decimal":
        return SourceType(name, precision=numbers[0], scale=numbers[1] if len(numbers) > 1 else None)
    if match["name"] in {"DateTimeOffset", "TimeOfDay", "Duration"}:
        return SourceType(name, precision=numbers[0])
    return SourceType(name, length=numbers[0])


def landscape_to_json(landscape: Landscape) -> JsonValue:
    """The JSON form of a landscape: `{"spaces": [{"name", "label", "objects": [...]}]}`."""
    return {
        "spaces": [
            {"name": space.name, "label": space.label, "objects": [object_to_json(item) for item in space.objects]}
            for space in landscape.spaces
        ]
    }


def object_to_json(item: DogObject) -> JsonValue:
    """The JSON form of an object; facts that have their default are left out."""
    document: dict[str, JsonValue] = {"kind": item.kind.value, "name": item.name, "label": item.label}
    document["columns"] = [column_to_json(column) for column in item.columns]
    if not item.exposed:
        document["exposed"] = False
    if item.analytical:
        document["analytical"] = True
    if item.parameters:
        document["parameters"] = [{"name": one.name, "type": str(one.type)} for one in item.parameters]
    if item.hierarchies:
        document["hierarchies"] = [_hierarchy_to_json(one) for one in item.hierarchies]
    if item.dimension_type is not None:
        document["dimension_type"] = item.dimension_type
    if item.design is not NO_DESIGN and (design := design_to_json(item.design)):
        document["design"] = design
    return document


def column_to_json(column: DogColumn) -> JsonValue:
    """The JSON form of a column; facts that have their default are left out."""
    document: dict[str, JsonValue] = {"name": column.name, "type": str(column.type)}
    if column.label is not None:
        document["label"] = column.label
    if column.key:
        document["key"] = True
    if not column.nullable:
        document["nullable"] = False
    if column.role is not ColumnRole.ATTRIBUTE:
        document["role"] = column.role.value
    if column.aggregation is not None:
        document["aggregation"] = column.aggregation
    if column.terms:
        document["terms"] = list(column.terms)
    if column.design is not NO_COLUMN_DESIGN and (design := design_to_json(column.design)):
        document["design"] = design
    return document


def landscape_from_json(document: JsonValue) -> Landscape:
    """Read what `landscape_to_json` wrote.

    Raises:
        UsageError: the document has another shape.
    """
    return Landscape(tuple(_space(one) for one in _items(_mapping(document, "a landscape"), "spaces")))


def object_from_json(document: JsonValue) -> DogObject:
    """Read what `object_to_json` wrote; `kind` defaults to `view`.

    Raises:
        UsageError: the document has another shape.
    """
    value = _mapping(document, "an object")
    parameters = [_mapping(one, "a parameter") for one in _items(value, "parameters")]
    name = _text(value, "name")
    return DogObject(
        kind=AssetKind(_text(value, "kind", AssetKind.VIEW.value)),
        name=name,
        label=_text(value, "label", name),
        columns=tuple(column_from_json(one) for one in _items(value, "columns")),
        exposed=value.get("exposed", True) is True,
        analytical=value.get("analytical", False) is True,
        parameters=tuple(DogParameter(_text(one, "name"), parse_type(_text(one, "type"))) for one in parameters),
        hierarchies=tuple(_hierarchy(one) for one in _items(value, "hierarchies")),
        dimension_type=_text(value, "dimension_type") if value.get("dimension_type") else None,
        design=design_from_json(value["design"]) if "design" in value else NO_DESIGN,
    )


def column_from_json(document: JsonValue) -> DogColumn:
    """Read what `column_to_json` wrote.

    Raises:
        UsageError: the document has another shape.
    """
    value = _mapping(document, "a column")
    key = value.get("key", False) is True
    return DogColumn(
        name=_text(value, "name"),
        type=parse_type(_text(value, "type")),
        label=_text(value, "label") if value.get("label") is not None else None,
        key=key,
        nullable=value.get("nullable", not key) is True,
        role=ColumnRole(_text(value, "role", ColumnRole.ATTRIBUTE.value)),
        aggregation=_text(value, "aggregation") if value.get("aggregation") else None,
        terms=tuple(str(term) for term in _items(value, "terms")),
        design=column_design_from_json(value["design"]) if "design" in value else NO_COLUMN_DESIGN,
    )


def _space(document: JsonValue) -> DogSpace:
    value = _mapping(document, "a space")
    name = _text(value, "name")
    objects = tuple(object_from_json(one) for one in _items(value, "objects"))
    return DogSpace(name, _text(value, "label", name), objects)


def _hierarchy_to_json(hierarchy: Hierarchy) -> JsonValue:
    label = hierarchy.labels[0][1] if hierarchy.labels else hierarchy.name
    document: dict[str, JsonValue] = {"name": hierarchy.name, "label": label, "levels": list(hierarchy.levels)}
    for end, names in (("parent", hierarchy.parent), ("child", hierarchy.child)):
        if names:
            document[end] = list(names)
    return document


def _hierarchy(document: JsonValue) -> Hierarchy:
    value = _mapping(document, "a hierarchy")
    levels, parent, child = (tuple(str(each) for each in _items(value, key)) for key in ("levels", "parent", "child"))
    name = _text(value, "name")
    return Hierarchy(name, (("", _text(value, "label", name)),), levels, parent, child)


def _mapping(document: JsonValue, what: str) -> Mapping[str, JsonValue]:
    if not isinstance(document, dict):
        raise UsageError(f"{what} must be a JSON object, not {type(document).__name__}.")
    return document


def _items(document: Mapping[str, JsonValue], key: str) -> Iterable[JsonValue]:
    found = document.get(key, [])
    if not isinstance(found, list):
        raise UsageError(f"{key!r} must be a JSON list.")
    return found


def _text(document: Mapping[str, JsonValue], key: str, default: str | None = None) -> str:
    found = document.get(key, default)
    if not isinstance(found, str):
        raise UsageError(f"{key!r} must be a text.", remedy=f"It was found in {sorted(document)}.")
    return found
