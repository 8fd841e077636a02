"""One object of a CSN document: everything that it says of an asset. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from spheresync.errors import SourceError, SourceFault
from spheresync.model import (
    UNTYPED,
    AssetKind,
    Association,
    Column,
    ColumnOrigin,
    ColumnRole,
    Derivation,
    ForeignKey,
    Hierarchy,
    JsonValue,
    Labels,
    ObjectOrigin,
    Origins,
    Parameter,
    Reads,
    first_of,
)
from spheresync.source.datasphere.csn import not_followed
from spheresync.source.datasphere.csn.annotations import (
    Annotations,
    annotations_of,
    is_true,
    reference_of,
    references_of,
    text_of,
    word_of,
)
from spheresync.source.datasphere.csn.budget import Budget
from spheresync.source.datasphere.csn.business_layer import BusinessLayer, read_business_layer
from spheresync.source.datasphere.csn.document import CsnDocument
from spheresync.source.datasphere.csn.elements import (
    Elements,
    elements_of,
    read_association,
    read_column,
    semantic,
    with_facts,
)
from spheresync.source.datasphere.csn.flows import FLOW_KINDS, read_flow, remote_origin
from spheresync.source.datasphere.csn.labels import Texts
from spheresync.source.datasphere.csn.query import MOST_ORIGINS, QueryReading, read_query
from spheresync.source.datasphere.csn.query_types import QueryTypes
from spheresync.source.datasphere.csn.semantics import description_of
from spheresync.source.datasphere.csn.types import Node, source_type

_REMEDY = "Open the object in Datasphere's Data Builder and deploy it again."
_CUBE = "ANALYTICAL_CUBE"
_SCRIPT = "datawarehouse.tablefunction.script"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CsnObject:
    """What a document says of one object; `kind` is what its form tells."""

    name: str
    kind: AssetKind
    labels: Labels
    columns: tuple[Column, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    associations: tuple[Association, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    view_definition: str | None = None
    origins: Origins = field(default_factory=Origins)
    findings: tuple[str, ...] = ()
    type_origins: tuple[ColumnOrigin, ...] = ()

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The associations that columns name as their foreign key."""
        named = {name for column in self.columns if (name := semantic(column, "foreign_key_association"))}
        return tuple(
            ForeignKey(each.name, each.target, each.columns)
            for each in self.associations
            if each.name in named and each.columns
        )


def read_object(document: CsnDocument, name: str) -> CsnObject:
    """What the document says of the object of that name.

    Raises:
        SourceError: WRONG_SHAPE, the document does not hold it; TOO_LARGE.
    """
    definition = document.definition(name)
    if definition is None:
        flow = document.flow(name)
        if flow is None:
            raise SourceError(SourceFault.WRONG_SHAPE, f"The CSN does not hold {name!r}.", remedy=_REMEDY)
        return _flow(name, *flow, document.texts)
    return _Reader(document, name, definition).read()


def _flow(name: str, root: str, flow: Node, texts: Texts) -> CsnObject:
    annotations = annotations_of(flow)
    labels = texts.of(annotations)
    return CsnObject(
        name,
        FLOW_KINDS[root],
        labels,
        facts=_described(annotations),
        origins=read_flow(root, flow),
        findings=_findings(texts),
    )


class _Reader:
    def __init__(self, document: CsnDocument, name: str, definition: Node) -> None:
        self._document = document
        self._name = name
        self._definition = definition
        self._annotations = annotations_of(definition)
        model = document.business.get(name)
        self._layer = read_business_layer(model, document.texts) if isinstance(model, dict) else None

    def read(self) -> CsnObject:
        document, texts = self._document, self._document.texts
        elements = elements_of(self._definition, document.types)
        others = ColumnRole.DIMENSION if self._is_cube else ColumnRole.ATTRIBUTE
        data = [each for each in elements.found if not each.relation]
        columns = [read_column(each, texts, others=others) for each in data]
        names = frozenset(str(column.name) for column in columns)
        associations = [read_association(each, texts, names) for each in elements.found if each.relation]
        reading = self._reading(columns)
        if self._layer is not None:
            columns = [_measured(column, self._layer) for column in columns]
        types = QueryTypes(document, self._name, self._definition, reading)
        columns = [types.typed(column, each) for column, each in zip(columns, data, strict=True)]
        labels, hierarchies = texts.of(self._annotations), tuple(_hierarchies(self._annotations, texts))
        parameters = (*self._parameters(), *(self._layer.variables if self._layer else ()))
        return CsnObject(
            self._name,
            self._kind,
            labels,
            tuple(columns),
            parameters,
            hierarchies,
            tuple(each for each in associations if each is not None),
            self._facts(),
            _view_text(self._annotations),
            reading.origins,
            _findings(texts, elements),
            tuple(types.origins),
        )

    @property
    def _is_cube(self) -> bool:
        return word_of(self._annotations.get("objectmodel.modelingpattern")) == _CUBE

    @property
    def _kind(self) -> AssetKind:
        if self._layer is not None or (self._is_cube and "query" in self._definition):
            return AssetKind.ANALYTIC_MODEL
        if text_of(self._annotations.get("datawarehouse.remote.connection")):
            return AssetKind.REMOTE_TABLE
        if "query" in self._definition or "projection" in self._definition or _view_text(self._annotations):
            return AssetKind.VIEW
        return AssetKind.LOCAL_TABLE

    def _reading(self, columns: list[Column]) -> QueryReading:
        query = self._definition.get("query") or self._definition.get("projection")
        names = [str(column.name) for column in columns]
        as_it_is: Collection[str] = ()
        if isinstance(query, dict):
            measures = self._layer.measures if self._layer is not None else ()
            origins, as_it_is = read_query(query, names, self._name, made_elsewhere=measures)
            if text_of(self._annotations.get(_SCRIPT)):
                said = "it is the script of a table function, which is not read"
                origins = replace(origins, unknown=(*origins.unknown, said))
        elif text := _view_text(self._annotations):
            origins = Origins(unknown=(f"it is a text of SQL ({len(text)} characters), which is not read",))
        else:
            origins = Origins(objects=tuple(self._remote()))
        if self._layer is not None:
            made, said_of = _of_measures(names, origins, self._layer)
            origins = replace(
                origins,
                columns=(*origins.columns, *made),
                unknown=(*origins.unknown, *map(not_followed.measure, said_of)),
            )
        return QueryReading(origins, as_it_is)

    def _remote(self) -> Iterator[ObjectOrigin]:
        connection = text_of(self._annotations.get("datawarehouse.remote.connection"))
        entity = self._annotations.get("datawarehouse.remote.entity")
        if connection and isinstance(entity, str) and entity:
            yield ObjectOrigin(remote_origin(connection, entity), Reads.REMOTE)

    def _parameters(self) -> Iterator[Parameter]:
        params = self._definition.get("params")
        for name, node in params.items() if isinstance(params, dict) else ():
            if isinstance(node, dict):
                resolved = self._document.types.resolved(node)
                labels = self._document.texts.of(annotations_of(resolved))
                yield Parameter(name, source_type(resolved) or UNTYPED, labels)

    def _facts(self) -> dict[str, str]:
        annotations = self._annotations
        facts = _described(annotations)
        for term, value in annotations.items():
            if term in _WORDS and (word := word_of(value)):
                facts[_WORDS[term]] = word
            elif term in _TRUE and is_true(value):
                facts[_TRUE[term]] = "true"
        if names := _access_controls(annotations.get("datawarehouse.dataaccesscontrol.usage")):
            facts["data_access_controls"] = json.dumps(names, ensure_ascii=False)
        if folder := _folder(self._definition.get("_meta")):
            facts["folder"] = folder
        if self._layer is not None and self._layer.version:
            facts["model_version"] = self._layer.version
        return facts


_WORDS = {
    "objectmodel.modelingpattern": "modeling_pattern",
    "objectmodel.representativekey": "representative_key",
    "objectmodel.usagetype.sizecategory": "size_category",
    "analytics.dimensiontype": "dimension_type",
    "datawarehouse.remote.connection": "connection",
    "datawarehouse.external.schema": "external_schema",
    "datawarehouse.external.entity": "external_entity",
    "odm.entityname": "odm_entity",
    "entityrelationship.entitytype": "entity_type",
    "personaldata.entitysemantics": "personal_data_entity",
    "personaldata.datasubjectrole": "data_subject_role",
}
_TRUE = {
    "datawarehouse.consumption.external": "exposed",
    "internal.entity.hidden": "hidden",
    "cds.persistence.exists": "persisted",
}


def _findings(texts: Texts, elements: Elements | None = None) -> tuple[str, ...]:
    """What of the object could not be read, for people."""
    said = []
    if elements is not None and (names := elements.malformed):
        said.append(f"{first_of(names, _SHOWN)}: the CSN describes the element by no JSON object, so it is no column")
    if elements is not None and (names := elements.endless):
        said.append(
            f"{first_of(names, _SHOWN)}: the structure holds itself or is nested too deep, so it has no columns"
        )
    if names := list(texts.missing):
        said.append(f"{first_of(names, _SHOWN)}: the CSN has no text of the key in any language, so no label")
    return tuple(said)


def _described(annotations: Annotations) -> dict[str, str]:
    text = description_of(annotations)
    return {"description": text} if text else {}


def _measured(column: Column, layer: BusinessLayer) -> Column:
    measure = layer.measures.get(str(column.name))
    if measure is None:
        return column
    facts = {"measure_type": measure.kind}
    if measure.formula:
        facts["formula"] = measure.formula
    if measure.auxiliary:
        facts["auxiliary"] = "true"
    semantics = tuple(pair for pair in column.semantics if pair[0] != "measure_type")
    role = column.role if column.role is ColumnRole.KEY else ColumnRole.MEASURE
    return replace(column, role=role, semantics=with_facts(replace(column, semantics=semantics), facts))


def _of_measures(
    names: list[str], origins: Origins, layer: BusinessLayer
) -> tuple[list[ColumnOrigin], Collection[str]]:
    """Where measures come from that the query does not select: from what they are made of,
    and which are made in a way that is not read."""
    by_column: dict[str, list[ColumnOrigin]] = {}
    for origin in origins.columns:
        by_column.setdefault(origin.column, []).append(origin)
    budget = Budget(MOST_ORIGINS, "The measures are made over", "step")
    made: list[ColumnOrigin] = []
    opaque: dict[str, None] = {}
    for name in names:
        if name in by_column or name not in layer.measures:
            continue
        seen: dict[ColumnOrigin, None] = {}
        for used in [name, *_used(name, layer, budget)]:
            measure = layer.measures.get(used)
            if used not in by_column and (measure is None or measure.opaque):
                opaque.setdefault(name if measure is None else used)
            for origin in by_column.get(used, ()):
                budget.spend()
                seen.setdefault(replace(origin, column=name, how=Derivation.CALCULATED))
        made += seen
    return made, opaque


def _used(name: str, layer: BusinessLayer, budget: Budget) -> list[str]:
    """The elements that a measure is made from, through other measures too."""
    found: dict[str, None] = {}
    todo = [name]
    while todo:
        measure = layer.measures.get(todo.pop())
        for used in measure.uses if measure is not None else ():
            budget.spend()
            if used not in found:
                found[used] = None
                todo.append(used)
    return list(found)


def _hierarchies(annotations: Annotations, texts: Texts) -> Iterator[Hierarchy]:
    for record in _records(annotations.get("hierarchy.leveled")):
        levels = record.get("levels")
        names = [
            reference_of(level.get("element") if isinstance(level, dict) and "=" not in level else level)
            for level in (levels if isinstance(levels, list) else ())
        ]
        yield Hierarchy(
            text_of(record.get("name")), texts.labels(record.get("label")), tuple(name for name in names if name)
        )
    for record in _records(annotations.get("hierarchy.parentchild")):
        recurse = record.get("recurse")
        parent, child = (
            tuple(references_of(recurse.get(end))) if isinstance(recurse, dict) else () for end in ("parent", "child")
        )
        yield Hierarchy(text_of(record.get("name")), texts.labels(record.get("label")), parent=parent, child=child)


def _records(value: JsonValue) -> list[Node]:
    records = value if isinstance(value, list) else [value]
    return [record for record in records if isinstance(record, dict)]


def _view_text(annotations: Annotations) -> str | None:
    """The text of an SQL view or of a table function, where the object holds one."""
    for term in ("datawarehouse.sqleditor.query", _SCRIPT):
        if text := text_of(annotations.get(term)):
            return text
    return None


def _access_controls(usage: JsonValue) -> list[str]:
    targets = (text_of(each.get("target")) for each in _records(usage))
    return list(dict.fromkeys(target for target in targets if target))


def _folder(meta: JsonValue) -> str:
    dependencies = meta.get("dependencies") if isinstance(meta, dict) else None
    return text_of(dependencies.get("folderAssignment")) if isinstance(dependencies, dict) else ""
