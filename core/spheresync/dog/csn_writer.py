"""CSN as the design-time API serves it: Datasphere's own form, not CSN Interop.

Source: the recorded and exported objects of tenants (datasphere-api.md 4.3). Elements of an analytic model have no
type where what they select has the same one; the associations of a model end in U+221E and a number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from spheresync.dog.csn_flow_writer import FLOW_ROOTS, flow_body
from spheresync.dog.csn_model_writer import business_layer, model_element, model_relations, sources_of
from spheresync.dog.csn_query_writer import Lookup, condition, mixins, qualified, write_query
from spheresync.dog.design import ColumnDesign, DesignAssociation, Use
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape
from spheresync.model import AssetKind, ColumnRole, JsonValue, SourceType

Node = dict[str, JsonValue]

_TYPES = {
    "Boolean": "cds.Boolean",
    "Byte": "cds.hana.TINYINT",
    "SByte": "cds.hana.TINYINT",
    "Int16": "cds.hana.SMALLINT",
    "Int32": "cds.Integer",
    "Int64": "cds.Integer64",
    "Single": "cds.hana.REAL",
    "Double": "cds.Double",
    "Decimal": "cds.Decimal",
    "Date": "cds.Date",
    "TimeOfDay": "cds.Time",
    "DateTimeOffset": "cds.Timestamp",
    "String": "cds.String",
    "Binary": "cds.Binary",
    "Guid": "cds.UUID",
}
_UNBOUNDED = {"cds.String": "cds.LargeString", "cds.Binary": "cds.LargeBinary"}
_CALENDAR = re.compile(r"Common\.Is(Calendar|Fiscal|DayOfCalendar|DayOfFiscal)(\w+)")
_TERMS = {
    "Common.IsCalendarDate": "@Semantics.date",
    "Common.IsCurrency": "@Semantics.currencyCode",
    "Common.IsUnit": "@Semantics.unitOfMeasure",
}
_BRACES = str.maketrans("{}", "__")


def write_csn(item: DogObject, space: DogSpace, landscape: Landscape) -> bytes:
    """The document of one object, UTF-8."""
    return json_bytes(csn_document(item, space, landscape))


def json_bytes(document: JsonValue) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def csn_document(item: DogObject, space: DogSpace, landscape: Landscape) -> Node:
    """The document of one object. With an analytic model come the definitions of what it reads and leads to."""
    texts = _Texts()
    lookup = lookup_of(space, landscape)
    if item.kind in FLOW_ROOTS:
        root, kind = FLOW_ROOTS[item.kind]
        flow: Node = {"kind": kind, **texts.label_of(item), **_described(item), **flow_body(item, lookup)}
        return {root: {item.name: flow}, **texts.block()}
    definitions: Node = {item.name: _definition(item, lookup, texts)}
    document: Node = {"definitions": definitions}
    if item.kind is AssetKind.ANALYTIC_MODEL:
        for source in sources_of(item):
            found = lookup(source.object, source.space)
            if found is not None and (name := qualified(source.object, source.space)) not in definitions:
                there = lookup_of(landscape.find(source.space) or space, landscape)
                definitions[name] = _definition(found, there, texts)
        document["businessLayerDefinitions"] = {item.name: business_layer(item)}
    return {**document, **texts.block()}


def space_content(space: DogSpace, landscape: Landscape, objects: list[DogObject]) -> Node:
    """The definitions of tables, views and models of a space together, as one document."""
    texts = _Texts()
    lookup = lookup_of(space, landscape)
    kept = [item for item in objects if item.kind not in FLOW_ROOTS]
    models = [item for item in kept if item.kind is AssetKind.ANALYTIC_MODEL]
    document: Node = {"definitions": {item.name: _definition(item, lookup, texts) for item in kept}}
    if models:
        document["businessLayerDefinitions"] = {item.name: business_layer(item) for item in models}
    return {**document, **texts.block()}


def lookup_of(space: DogSpace, landscape: Landscape) -> Lookup:
    """Finds what objects of this space name."""

    def lookup(name: str, other: str) -> DogObject | None:
        found = landscape.find(other) if other else space
        return found.find(name) if found is not None else None

    return lookup


def modeling_pattern(item: DogObject) -> str:
    """What an object is used for, `@ObjectModel.modelingPattern`."""
    if item.kind is AssetKind.ANALYTIC_MODEL:
        return "ANALYTICAL_CUBE"
    if any(column.design.is_language for column in item.columns):
        return "LANGUAGE_DEPENDENT_TEXT"
    if item.dimension_type is not None:
        return "ANALYTICAL_DIMENSION"
    return "ANALYTICAL_FACT" if item.analytical else "DATA_STRUCTURE"


@dataclass(slots=True)
class _Texts:
    """Labels of one document; those in several languages go into its `i18n` block."""

    languages: dict[str, Node]

    def __init__(self) -> None:
        self.languages = {}

    def label_of(self, item: DogObject) -> Node:
        return self._label(item, item.name, item.label, item.design.labels)

    def label_of_column(self, item: DogObject, number: int, column: DogColumn) -> Node:
        return self._label(item, f"{item.name}.{number}.{column.name}", column.label or "", column.design.labels)

    def block(self) -> Node:
        return {"i18n": dict(self.languages)} if self.languages else {}

    def _label(self, item: DogObject, key: str, label: str, others: tuple[tuple[str, str], ...]) -> Node:
        if not others:
            return {"@EndUserText.label": label} if label else {}
        name = f"{key.translate(_BRACES)}@EndUserText.label"
        for language, text in ((item.design.language, label), *others):
            if text:
                self.languages.setdefault(language, {})[name] = text
        return {"@EndUserText.label": f"{{i18n>{name}}}"}


def _definition(item: DogObject, lookup: Lookup, texts: _Texts) -> Node:
    relations = model_relations(item)
    elements: Node = {}
    for number, column in enumerate(item.columns):
        elements[column.name] = {
            **texts.label_of_column(item, number, column),
            **_element(item, column, lookup),
            **_used_associations(item, column, relations),
        }
    for association in item.design.associations:
        elements[relations[association.name]] = _association(association, relations[association.name])
    definition: Node = {"kind": "entity", "elements": elements}
    if item.design.reads:
        declared = mixins(item.design.associations, relations)
        definition["query"] = write_query(item, lookup, relations, declared)
    if item.parameters:
        definition["params"] = {one.name: _type(one.type) for one in item.parameters}
    definition.update(texts.label_of(item))
    definition.update(_object_annotations(item))
    definition["_meta"] = {"dependencies": {"folderAssignment": item.design.folder or None}}
    return definition


def _element(item: DogObject, column: DogColumn, lookup: Lookup) -> Node:
    declared: Node = {"type": column.design.cds_type} if column.design.cds_type else _type(column.type)
    node: Node = {"key": True} if column.key else {}
    if not column.nullable and not column.key:
        node["notNull"] = True
    if item.kind is AssetKind.ANALYTIC_MODEL:
        return {**node, **model_element(item, column, declared, lookup), **dict(_column_annotations(column))}
    node |= declared
    if column.role is ColumnRole.DIMENSION:
        node["@Analytics.dimension"] = True
    elif column.role is ColumnRole.MEASURE:
        node["@AnalyticsDetails.measureType"] = {"#": "BASE"}
    if column.aggregation is not None:
        node["@Aggregation.default"] = {"#": column.aggregation}
    return {**node, **dict(_column_annotations(column))}


def _type(declared: SourceType) -> Node:
    name = _TYPES.get(declared.name.removeprefix("Edm."), f"cds.{declared.name.removeprefix('Edm.')}")
    if declared.length is None:
        name = _UNBOUNDED.get(name, name)
    node: Node = {"type": name}
    if declared.length is not None:
        node["length"] = declared.length
    if name == "cds.Decimal":
        node |= {"precision": declared.precision} if declared.precision is not None else {}
        node |= {"scale": declared.scale} if declared.scale is not None else {}
    return node


def _column_annotations(column: DogColumn) -> Iterator[tuple[str, JsonValue]]:
    design: ColumnDesign = column.design
    for term in column.terms:
        yield _term(term), True
    for term, said in (
        ("@Semantics.text", design.is_text),
        ("@Semantics.language", design.is_language),
        ("@PersonalData.isPotentiallyPersonal", design.personal),
        ("@PersonalData.isPotentiallySensitive", design.sensitive),
    ):
        if said:
            yield term, True
    for term, name in (
        ("@Semantics.amount.currencyCode", design.currency_column),
        ("@Semantics.quantity.unitOfMeasure", design.unit_column),
    ):
        if name:
            yield term, {"=": name}
    if design.text_column:
        yield "@ObjectModel.text.element", [{"=": design.text_column}]
    if design.personal_data:
        yield "@PersonalData.fieldSemantics", {"#": design.personal_data}
    if design.native_type:
        yield "@DataWarehouse.native.dataType", design.native_type


def _term(term: str) -> str:
    """The CDS annotation behind a term of OData: `Common.IsCalendarYearMonth` is `@Semantics.calendar.yearMonth`."""
    known = _TERMS.get(term)
    match = _CALENDAR.fullmatch(term)
    if known is not None or match is None:
        return known or f"@{term}"
    kind, unit = match[1], match[2]
    word = f"dayOf{unit}" if kind.startswith("DayOf") else f"{unit[:1].lower()}{unit[1:]}"
    return f"@Semantics.{kind.removeprefix('DayOf').lower()}.{word}"


def _used_associations(item: DogObject, column: DogColumn, relations: dict[str, str]) -> Node:
    """The annotations of a column that is the last of an association."""
    terms = {Use.FOREIGN_KEY: "@ObjectModel.foreignKey.association", Use.TEXT: "@ObjectModel.text.association"}
    return {
        terms[each.use]: {"=": relations[each.name]}
        for each in item.design.associations
        if each.use in terms and each.columns and each.columns[-1][0] == column.name
    }


def _association(association: DesignAssociation, name: str) -> JsonValue:
    return {
        "type": "cds.Association",
        "on": condition(((own,), (name, far)) for own, far in association.columns),
        "target": qualified(association.target, association.space),
        **({"cardinality": {"max": "*"}} if association.to_many else {}),
        **({"@EndUserText.label": association.label} if association.label else {}),
    }


def _object_annotations(item: DogObject) -> Node:
    design = item.design
    pattern = modeling_pattern(item)
    capability = "ANALYTICAL_PROVIDER" if item.kind is AssetKind.ANALYTIC_MODEL else pattern
    found: Node = {
        "@ObjectModel.modelingPattern": {"#": pattern},
        "@ObjectModel.supportedCapabilities": [{"#": capability}],
        **_described(item),
    }
    if item.listed:
        found["@DataWarehouse.consumption.external"] = True
    if item.kind is AssetKind.ANALYTIC_MODEL:
        found["@DataWarehouse.editorType"] = {"#": "DWCQueryModelEditor"}
        found["@DataWarehouse.hanaCatalog.viewType"] = {"#": "CALCULATION_VIEW"}
    if item.dimension_type is not None:
        found["@Analytics.dimensionType"] = item.dimension_type
    if design.sql:
        found["@DataWarehouse.sqlEditor.query"] = design.sql
    if design.remote is not None:
        found["@DataWarehouse.remote.connection"] = design.remote.connection
        found["@DataWarehouse.remote.entity"] = design.remote.entity
    if design.access_controls:
        found["@DataWarehouse.dataAccessControl.usage"] = [
            {"target": each.name, "on": condition(((own,), (each.name, far)) for own, far in each.columns)}
            for each in design.access_controls
        ]
    if design.personal_data:
        found["@PersonalData.entitySemantics"] = {"#": design.personal_data}
    if design.data_subject_role:
        found["@PersonalData.dataSubjectRole"] = design.data_subject_role
    return {**found, **_hierarchies(item)}


def _described(item: DogObject) -> Node:
    return {"@EndUserText.quickInfo": item.design.description} if item.design.description else {}


def _hierarchies(item: DogObject) -> Node:
    leveled: list[JsonValue] = []
    parents: list[JsonValue] = []
    for each in item.hierarchies:
        record: Node = {"name": each.name, "label": each.labels[0][1] if each.labels else each.name}
        if each.parent:
            recurse: Node = {
                "parent": [{"=": name} for name in each.parent],
                "child": [{"=": name} for name in each.child],
            }
            parents.append({**record, "recurse": recurse})
        else:
            leveled.append({**record, "levels": [{"element": {"=": level}} for level in each.levels]})
    found: Node = {"@Hierarchy.leveled": leveled} if leveled else {}
    return {**found, **({"@Hierarchy.parentChild": parents} if parents else {})}
