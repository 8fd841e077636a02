"""What is particular to analytic models in CSN: elements without types, navigation attributes, the business layer.

Reference: datasphere-api.md 4.3 and an exported model of a tenant.
"""

from __future__ import annotations

from spheresync.dog.csn_query_writer import Lookup, path_of, qualified
from spheresync.dog.design import Measure, MeasureKind, Path, SourceObject
from spheresync.dog.objects import DogColumn, DogObject
from spheresync.model import AssetKind, ColumnRole, JsonValue

Node = dict[str, JsonValue]

_INFINITY = "\N{INFINITY}"
_VERSION = "1.7.1"
_MEASURE_TYPES = {
    MeasureKind.SOURCE: ("FactSourceMeasure", "BASE"),
    MeasureKind.RESTRICTED: ("RestrictedMeasure", "RESTRICTION"),
    MeasureKind.CALCULATED: ("CalculatedMeasure", "CALCULATION"),
}


def model_relations(item: DogObject) -> dict[str, str]:
    """The name of each association in the document: those of a model tell of which of its sources they are."""
    suffix = f"{_INFINITY}0" if item.kind is AssetKind.ANALYTIC_MODEL else ""
    return {each.name: f"{each.name}{suffix}" for each in item.design.associations}


def sources_of(item: DogObject) -> list[SourceObject]:
    """What a model reads, and what it leads to."""
    reads = [source for select in item.design.reads for source in select.sources]
    return reads + [SourceObject(each.target, space=each.space) for each in item.design.associations]


def model_element(item: DogObject, column: DogColumn, declared: Node, lookup: Lookup) -> Node:
    """An element without label: its type only where nobody else tells it, the association that it comes over."""
    path = _path(item, column, lookup)
    behind = _behind(item, path, lookup)
    same = behind is not None and (behind.type, behind.design.cds_type) == (column.type, column.design.cds_type)
    node: Node = {} if same else dict(declared)
    if len(path) > 1 and item.design.association(path[0]) is not None:
        node["@Analytics.navigationAttributeRef"] = [model_relations(item)[path[0]], *path[1:]]
    if column.role is ColumnRole.MEASURE:
        measure = item.design.measure(column.name)
        kind = measure.kind if measure is not None else MeasureKind.SOURCE
        node["@AnalyticsDetails.measureType"] = {"#": _MEASURE_TYPES[kind][1]}
        if column.aggregation is not None and (behind is None or behind.aggregation != column.aggregation):
            node["@Aggregation.default"] = {"#": column.aggregation}
    return node


def business_layer(item: DogObject) -> JsonValue:
    """The business layer of a model."""
    relations = item.design.associations
    measures: Node = {}
    attributes: Node = {}
    for column in item.columns:
        text = column.label or column.name
        measure = item.design.measure(column.name)
        if measure is not None or column.role is ColumnRole.MEASURE:
            measures[column.name] = _measure(item, column.name, text, measure)
        else:
            attributes[column.name] = _attribute(item, column.name, text)
    facts = [source for select in item.design.reads for source in select.sources]
    return {
        "identifier": {"key": item.name},
        "text": item.label,
        "sourceModel": {
            "factSources": {
                str(number): {"text": source.name, "dataEntity": {"key": qualified(source.object, source.space)}}
                for number, source in enumerate(facts)
            },
            "dimensionSources": {
                str(number): {
                    "text": each.label or each.target,
                    "dataEntity": {"key": qualified(each.target, each.space)},
                    "associationContexts": [
                        {
                            "sourceKey": "0",
                            "sourceType": "AnalyticModelSourceType.Fact",
                            "associationSteps": [each.name],
                        }
                    ],
                }
                for number, each in enumerate(relations)
            },
        },
        "exposedAssociations": {},
        "attributes": attributes,
        "measures": measures,
        "version": _VERSION,
        "supportedCapabilities": {},
        "variables": {},
    }


def _measure(item: DogObject, name: str, text: str, measure: Measure | None) -> JsonValue:
    kind = measure.kind if measure is not None else MeasureKind.SOURCE
    node: Node = {"measureType": f"AnalyticModelMeasureType.{_MEASURE_TYPES[kind][0]}", "text": text}
    if measure is None:
        return {**node, "sourceKey": "0", "key": _picked(item, name)[-1], "isAuxiliary": False}
    if kind is MeasureKind.CALCULATED:
        node["formula"] = measure.formula
        node["elements"] = {str(number): {"key": used} for number, used in enumerate(measure.of)}
    else:
        node["key"] = measure.of[0] if measure.of else name
    if measure.restriction is not None:
        column, value = measure.restriction
        node["formula"] = f"[{column}] = '{value}'"
        node["elements"] = {"0": {"key": column}}
    return {**node, "isAuxiliary": measure.auxiliary}


def _attribute(item: DogObject, name: str, text: str) -> JsonValue:
    path = _picked(item, name)
    association = item.design.association(path[0]) if len(path) > 1 else None
    kind = "FactSourceAttribute" if association is None else "DimensionSourceAttribute"
    node: Node = {"attributeType": f"AnalyticModelAttributeType.{kind}", "text": text}
    if association is None:
        return {**node, "attributeMapping": {"0": {"key": path[-1]}}}
    source = str(item.design.associations.index(association))
    return {**node, "sourceKey": source, "key": path[-1]}


def _picked(item: DogObject, name: str) -> Path:
    pick = item.design.reads[0].pick(name) if item.design.reads else None
    return pick.path if pick is not None and pick.path else (name,)


def _path(item: DogObject, column: DogColumn, lookup: Lookup) -> Path:
    """Where a column comes from as it is; empty where it is made in the model."""
    if item.design.measure(column.name) is not None or len(item.design.reads) != 1:
        return ()
    select = item.design.reads[0]
    relations = [each.name for each in item.design.associations]
    return path_of(select, select.pick(column.name), column.name, lookup, relations)


def _behind(item: DogObject, path: Path, lookup: Lookup) -> DogColumn | None:
    """The column at the end of a path."""
    if len(path) != 2:
        return None
    association = item.design.association(path[0])
    sources = item.design.reads[0].sources
    source = (
        SourceObject(association.target, space=association.space)
        if association is not None
        else next((each for each in sources if each.name == path[0]), None)
    )
    found = lookup(source.object, source.space) if source is not None else None
    return found.column(path[1]) if found is not None else None
