"""What the tenant writes as CSN reads back as what the object says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.dog.csn_writer import csn_document, space_content, write_csn
from spheresync.dog.design import (
    AccessControl,
    ChainStep,
    ColumnDesign,
    Design,
    DesignAssociation,
    FlowSource,
    FlowTarget,
    Join,
    Measure,
    MeasureKind,
    Pick,
    Remote,
    Replication,
    ReplicationSystem,
    Select,
    SourceObject,
    Use,
)
from spheresync.dog.landscape import retailer_landscape
from spheresync.dog.objects import DogColumn, DogObject, DogParameter, DogSpace, Landscape, parse_type
from spheresync.model import AssetKind, ColumnRole, Derivation, ForeignKey, Hierarchy, Labels
from spheresync.source.datasphere.csn.definition import CsnObject, read_object
from spheresync.source.datasphere.csn.document import parse_csn

ONE_CSN_TYPE = {
    "Boolean": "cds.Boolean",
    "Byte": "cds.hana.TINYINT",
    "Int16": "cds.hana.SMALLINT",
    "Int32": "cds.Integer",
    "Int64": "cds.Integer64",
    "Single": "cds.hana.REAL",
    "Double": "cds.Double",
    "Decimal(15,2)": "cds.Decimal(15,2)",
    "Date": "cds.Date",
    "TimeOfDay": "cds.Time",
    "DateTimeOffset(7)": "cds.Timestamp",
    "String(40)": "cds.String(40)",
    "String": "cds.LargeString",
    "Binary": "cds.LargeBinary",
    "Binary(16)": "cds.Binary(16)",
    "Guid": "cds.UUID",
}


def column(name: str, type_name: str = "String(10)", **more: Any) -> DogColumn:
    return DogColumn(name, parse_type(type_name), **more)


def table(name: str, *columns: DogColumn, **more: Any) -> DogObject:
    return DogObject(AssetKind.LOCAL_TABLE, name, name, columns, exposed=False, **more)


def view(name: str, *columns: DogColumn, design: Design, **more: Any) -> DogObject:
    return DogObject(AssetKind.VIEW, name, name, columns, design=design, **more)


def read_back(item: DogObject, *others: DogObject, elsewhere: tuple[DogObject, ...] = ()) -> CsnObject:
    here = DogSpace("S", "S", (item, *others))
    landscape = Landscape((here, DogSpace("OTHER", "Other", elsewhere)))
    return read_object(parse_csn(write_csn(item, here, landscape)), item.name)


def origins(found: CsnObject) -> set[tuple[str, str, str, str]]:
    return {(o.column, "|".join(o.objects), ".".join(o.path), o.how.value) for o in found.origins.columns}


def objects(found: CsnObject) -> set[tuple[str, str]]:
    return {(o.object, o.how.value) for o in found.origins.objects}


def own_label(labels: Labels, item: DogObject) -> str:
    """The label in the object's own language, or the one that is in none."""
    found = dict(labels)
    return found.get(item.design.language, found.get("", ""))


ORDERS = table(
    "LT_ORDERS",
    column("ID", "Guid", key=True, nullable=False),
    column("CUSTOMER"),
    column("NETWR", "Decimal(15,2)"),
    column("WAERK", "String(5)"),
)
CUSTOMERS = table("LT_CUSTOMERS", column("CUSTOMER", key=True, nullable=False), column("LAND", "String(3)"))


def test_every_type_has_its_counterpart() -> None:
    item = table("T", *(column(f"C{number}", spelled) for number, spelled in enumerate(ONE_CSN_TYPE)))
    assert [str(each.type) for each in read_back(item).columns] == list(ONE_CSN_TYPE.values())
    exact = table("T", column("A", "String(1000)", design=ColumnDesign(cds_type="cds.hana.ST_POINT")))
    assert [str(each.type) for each in read_back(exact).columns] == ["cds.hana.ST_POINT"]


def test_every_object_of_the_landscape_reads_back() -> None:
    landscape = retailer_landscape()
    for space in landscape.spaces:
        for item in space.objects:
            _reads_back(item, read_object(parse_csn(write_csn(item, space, landscape)), item.name))


def _reads_back(item: DogObject, found: CsnObject) -> None:
    """Names, keys, labels, roles, types, hierarchies and parameters are those of the object."""
    at = item.name
    model = item.kind is AssetKind.ANALYTIC_MODEL
    assert [str(each.name) for each in found.columns] == [each.name for each in item.columns], at
    for read, said in zip(found.columns, item.columns, strict=True):
        attribute = ColumnRole.DIMENSION if model else ColumnRole.ATTRIBUTE
        role = ColumnRole.KEY if said.key else attribute if said.role is ColumnRole.ATTRIBUTE else said.role
        assert (read.key, read.nullable, read.role) == (said.key, said.nullable and not said.key, role), (at, said.name)
        assert read.aggregation == said.aggregation, (at, said.name)
        assert own_label(read.labels, item) == (said.label or ""), (at, said.name)
        assert str(read.type) != "unknown", (at, said.name)
        if said.design.cds_type:
            assert str(read.type) == said.design.cds_type, (at, said.name)
            continue
        assert said.type.length in {None, read.type.length}, (at, said.name)
        if said.type.name == "Edm.Decimal":
            assert (read.type.precision, read.type.scale) == (said.type.precision, said.type.scale), (at, said.name)
    assert own_label(found.labels, item) == item.label, at
    assert {each.name: (each.levels, each.parent, each.child) for each in found.hierarchies} == {
        each.name: (each.levels, each.parent, each.child) for each in item.hierarchies
    }
    assert [each.name for each in found.parameters] == [each.name for each in item.parameters]
    told = item.design.reads or item.design.sql or item.design.remote
    if told or item.kind not in {AssetKind.VIEW, AssetKind.REMOTE_TABLE}:
        assert found.kind is item.kind, at


def test_labels_are_there_in_every_language_that_the_object_has() -> None:
    item = table(
        "T",
        column("A{}", label="Customer", design=ColumnDesign(labels=(("de", "Kunde"), ("fr", "Client")))),
        column("A_{", label="Other", design=ColumnDesign(labels=(("de", "Andere"),))),
        column("B", label="Plain"),
        design=Design(labels=(("de", "Tabelle"),), description="A table."),
    )
    found = read_back(item)
    assert found.labels == (("de", "Tabelle"), ("en", "T"))
    assert [each.labels for each in found.columns] == [
        (("de", "Kunde"), ("en", "Customer"), ("fr", "Client")),
        (("de", "Andere"), ("en", "Other")),
        (("", "Plain"),),
    ]
    assert found.facts["description"] == "A table."


def test_associations_are_foreign_keys_or_lead_to_texts_also_in_another_space() -> None:
    item = table(
        "T",
        column("CUSTOMER"),
        column("AREA"),
        column("CENTER"),
        column("DAY"),
        design=Design(
            associations=(
                DesignAssociation("_Customer", "LT_CUSTOMERS", (("CUSTOMER", "CUSTOMER"),), label="Customer"),
                DesignAssociation("_Center", "CENTERS", (("AREA", "A"), ("CENTER", "C")), space="OTHER"),
                DesignAssociation("_Day", "DAYS", (("DAY", "ID"),), use=Use.TEXT),
                DesignAssociation("_All", "LT_ORDERS", (("CUSTOMER", "CUSTOMER"),), use=Use.NONE, to_many=True),
            )
        ),
    )
    found = read_back(item)
    assert found.foreign_keys == (
        ForeignKey("_Customer", "LT_CUSTOMERS", (("CUSTOMER", "CUSTOMER"),)),
        ForeignKey("_Center", "OTHER.CENTERS", (("AREA", "A"), ("CENTER", "C"))),
    )
    assert {each.name: (each.exact, each.to_many) for each in found.associations} == {
        "_Customer": (True, False),
        "_Center": (True, False),
        "_Day": (True, False),
        "_All": (True, True),
    }
    assert [each.semantics for each in found.columns] == [
        (("foreign_key_association", "_Customer"),),
        (),
        (("foreign_key_association", "_Center"),),
        (("text_association", "_Day"),),
    ]


def test_what_columns_mean_is_annotated() -> None:
    item = table(
        "T",
        column(
            "ID", key=True, nullable=False, design=ColumnDesign(text_column="NAME", personal_data="DATA_SUBJECT_ID")
        ),
        column("NAME", design=ColumnDesign(is_text=True, personal=True, sensitive=True, native_type="NVARCHAR")),
        column("LANG", design=ColumnDesign(is_language=True)),
        column("AMOUNT", "Decimal(15,2)", design=ColumnDesign(currency_column="CURRENCY")),
        column("CURRENCY", terms=("Common.IsCurrency",)),
        column("QUANTITY", "Decimal(13,3)", design=ColumnDesign(unit_column="UNIT")),
        column("UNIT", terms=("Common.IsUnit",)),
        column("MONTH", terms=("Common.IsCalendarYearMonth",)),
        column("DAY", terms=("Common.IsDayOfCalendarYear",)),
        design=Design(personal_data="DATA_SUBJECT", data_subject_role="Employee", folder="F1"),
    )
    found = read_back(item)
    assert {str(each.name): each.semantics for each in found.columns} == {
        "ID": (("personal_data", "data_subject_id"), ("text_column", "NAME")),
        "NAME": (
            ("is_text", "true"),
            ("native_type", "NVARCHAR"),
            ("potentially_personal", "true"),
            ("potentially_sensitive", "true"),
        ),
        "LANG": (("language", "true"),),
        "AMOUNT": (("currency_column", "CURRENCY"),),
        "CURRENCY": (("currency", "true"),),
        "QUANTITY": (("unit_column", "UNIT"),),
        "UNIT": (("unit", "true"),),
        "MONTH": (("calendar", "year_month"),),
        "DAY": (("calendar", "day_of_year"),),
    }
    assert found.facts == {
        "modeling_pattern": "LANGUAGE_DEPENDENT_TEXT",
        "personal_data_entity": "DATA_SUBJECT",
        "data_subject_role": "Employee",
        "folder": "F1",
    }


def test_both_forms_of_hierarchy_keep_their_order() -> None:
    leveled = Hierarchy("TIME", (("", "Time"),), ("Y", "M"))
    parents = Hierarchy("TREE", (("", "Tree"),), parent=("P1", "P2"), child=("C1", "C2"))
    item = table("T", column("Y"), column("M"), hierarchies=(parents, leveled))
    assert set(read_back(item).hierarchies) == {leveled, parents}


def test_a_view_of_a_join_with_calculated_and_constant_columns() -> None:
    select = Select(
        SourceObject("LT_ORDERS"),
        (Join(SourceObject("LT_CUSTOMERS", "C"), ((("LT_ORDERS", "CUSTOMER"), ("C", "CUSTOMER")),), "left"),),
        (
            Pick("NET", ("LT_ORDERS", "NETWR")),
            Pick("NAME", function="CONCAT", arguments=(("LT_ORDERS", "WAERK"), ("C", "LAND"))),
            Pick("GROSS", function="*", arguments=(("NETWR",), ("NETWR",))),
            Pick("CHANNEL", constant="WEB"),
        ),
    )
    names = ("ID", "NET", "LAND", "NAME", "GROSS", "CHANNEL")
    item = view("V", *(column(name) for name in names), design=Design(reads=(select,)))
    found = read_back(item, ORDERS, CUSTOMERS)
    assert (found.kind, found.origins.unknown) == (AssetKind.VIEW, ())
    assert objects(found) == {("LT_ORDERS", "join"), ("LT_CUSTOMERS", "join")}
    assert origins(found) == {
        ("ID", "LT_ORDERS", "ID", "direct"),
        ("NET", "LT_ORDERS", "NETWR", "direct"),
        ("LAND", "LT_CUSTOMERS", "LAND", "direct"),
        ("NAME", "LT_ORDERS", "WAERK", "calculated"),
        ("NAME", "LT_CUSTOMERS", "LAND", "calculated"),
        ("GROSS", "LT_ORDERS", "NETWR", "calculated"),
    }


def test_a_union_an_aggregate_and_a_source_in_another_space() -> None:
    far = table("ARCHIVE", column("CUSTOMER"), column("NETWR", "Decimal(15,2)"))
    picks = (Pick("NETWR", function="SUM", arguments=(("NETWR",),)),)
    selects = (
        Select(SourceObject("LT_ORDERS"), picks=picks),
        Select(SourceObject("ARCHIVE", space="OTHER"), picks=picks),
    )
    item = view("V", column("CUSTOMER"), column("NETWR", "Decimal(15,2)"), design=Design(reads=selects))
    found = read_back(item, ORDERS, elsewhere=(far,))
    assert objects(found) == {("LT_ORDERS", "union"), ("OTHER.ARCHIVE", "union")}
    assert origins(found) == {
        *(("CUSTOMER", name, "CUSTOMER", "direct") for name in ("LT_ORDERS", "OTHER.ARCHIVE")),
        *(("NETWR", name, "NETWR", "aggregated") for name in ("LT_ORDERS", "OTHER.ARCHIVE")),
    }
    document: Any = csn_document(item, DogSpace("S", "S", (item, ORDERS)), Landscape())
    first = document["definitions"]["V"]["query"]["SET"]["args"][0]["SELECT"]
    assert first["groupBy"] == [{"ref": ["LT_ORDERS", "CUSTOMER"]}]


def test_a_text_of_sql_is_shown_and_not_followed() -> None:
    found = read_back(view("V", column("A"), design=Design(sql='SELECT "A" FROM "T"')))
    assert (found.kind, found.view_definition) == (AssetKind.VIEW, 'SELECT "A" FROM "T"')
    assert found.origins.unknown


def test_a_query_that_names_what_its_source_does_not_have_is_served() -> None:
    item = view("V", column("GONE"), design=Design(reads=(Select(SourceObject("LT_ORDERS")),)))
    assert origins(read_back(item, ORDERS)) == {("GONE", "LT_ORDERS", "GONE", "direct")}


def a_model() -> tuple[DogObject, DogObject]:
    fact = view(
        "FACT",
        column("CUSTOMER"),
        column("NET", "Decimal(15,2)", role=ColumnRole.MEASURE, aggregation="SUM"),
        column("COST", "Decimal(15,2)", role=ColumnRole.MEASURE, aggregation="SUM"),
        design=Design(reads=(Select(SourceObject("LT_ORDERS")),)),
        analytical=True,
    )
    design = Design(
        reads=(Select(SourceObject("FACT"), picks=(Pick("COUNTRY", ("_Customer", "LAND")),)),),
        associations=(DesignAssociation("_Customer", "LT_CUSTOMERS", (("CUSTOMER", "CUSTOMER"),)),),
        measures=(
            Measure("NET_DE", MeasureKind.RESTRICTED, ("NET",), restriction=("COUNTRY", "DE")),
            Measure("MARGIN", MeasureKind.CALCULATED, ("NET_DE", "COST"), "[NET_DE] - [COST]", auxiliary=True),
        ),
    )
    columns = (
        column("CUSTOMER", role=ColumnRole.DIMENSION),
        column("COUNTRY", "String(3)", role=ColumnRole.DIMENSION),
        *(
            column(name, "Decimal(15,2)", role=ColumnRole.MEASURE, aggregation="SUM")
            for name in ("NET", "COST", "NET_DE")
        ),
        column("MARGIN", "Double", role=ColumnRole.MEASURE),
    )
    return DogObject(AssetKind.ANALYTIC_MODEL, "AM", "Model", columns, design=design), fact


def test_an_analytic_model_takes_its_types_from_what_it_selects() -> None:
    model, fact = a_model()
    space = DogSpace("S", "S", (model, fact, ORDERS, CUSTOMERS))
    document: Any = csn_document(model, space, Landscape((space,)))
    elements = document["definitions"]["AM"]["elements"]
    typed = {name for name, element in elements.items() if "type" in element}
    assert typed == {"NET_DE", "MARGIN", "_Customer\u221e0"}
    assert elements["COUNTRY"]["@Analytics.navigationAttributeRef"] == ["_Customer\u221e0", "LAND"]
    found = read_back(model, fact, ORDERS, CUSTOMERS)
    _reads_back(model, found)
    assert [str(each.type) for each in found.columns] == [
        "cds.String(10)",
        "cds.String(3)",
        *["cds.Decimal(15,2)"] * 3,
        "cds.Double",
    ]
    assert found.foreign_keys == (ForeignKey("_Customer\u221e0", "LT_CUSTOMERS", (("CUSTOMER", "CUSTOMER"),)),)
    assert objects(found) == {("FACT", "query"), ("LT_CUSTOMERS", "association")}


def test_an_analytic_model_tells_how_its_measures_are_made() -> None:
    model, fact = a_model()
    found = read_back(model, fact, ORDERS, CUSTOMERS)
    facts = {str(each.name): dict(each.semantics) for each in found.columns}
    assert facts["NET"]["measure_type"] == "source"
    assert facts["NET_DE"] == {"measure_type": "restricted", "formula": "[COUNTRY] = 'DE'"}
    assert facts["MARGIN"] == {"measure_type": "calculated", "formula": "[NET_DE] - [COST]", "auxiliary": "true"}
    made = {
        (o.column, ".".join((*o.objects, *o.path))) for o in found.origins.columns if o.how is Derivation.CALCULATED
    }
    assert made == {
        ("NET_DE", "FACT.NET"),
        ("NET_DE", "LT_CUSTOMERS.LAND"),
        ("MARGIN", "FACT.NET"),
        ("MARGIN", "FACT.COST"),
        ("MARGIN", "LT_CUSTOMERS.LAND"),
    }


def test_a_model_without_modelled_sources_keeps_its_types() -> None:
    model, _ = a_model()
    _reads_back(replace(model, design=Design()), read_back(replace(model, design=Design())))


def test_remote_tables_and_access_controls() -> None:
    design = Design(
        remote=Remote("S4", '"SAPABAP1"."VBAK"'), access_controls=(AccessControl("DAC_COUNTRY", (("A", "COUNTRY"),)),)
    )
    item = DogObject(AssetKind.REMOTE_TABLE, "RT", "RT", (column("A"),), exposed=False, design=design)
    found = read_back(item)
    assert (found.kind, objects(found)) == (AssetKind.REMOTE_TABLE, {("connection:S4/SAPABAP1.VBAK", "remote")})
    assert json.loads(found.facts["data_access_controls"]) == ["DAC_COUNTRY"]


@pytest.mark.parametrize("kind", [AssetKind.DATA_FLOW, AssetKind.TRANSFORMATION_FLOW])
def test_flows_read_and_write(kind: AssetKind) -> None:
    design = Design(
        flow_reads=(FlowSource("LT_ORDERS"), FlowSource("/dir/file.csv", "S3")),
        flow_writes=(FlowTarget("LT_CLEAN", (("NET", '"NETWR"'), ("NAME", 'CONCAT("A", "B")'))),),
    )
    found = read_back(DogObject(kind, "F", "Flow", exposed=False, design=design))
    assert (found.kind, found.labels, found.origins.unknown) == (kind, (("", "Flow"),), ())
    assert objects(found) == {("LT_ORDERS", "flow"), ("connection:S3/dir/file.csv", "flow")}
    assert [each.object for each in found.origins.writes] == ["LT_CLEAN"]
    assert {(each.column, each.path, each.how) for each in found.origins.written} == {
        ("NET", ("NETWR",), Derivation.DIRECT),
        ("NAME", ("A",), Derivation.CALCULATED),
        ("NAME", ("B",), Derivation.CALCULATED),
    }


def test_a_replication_flow_and_a_task_chain() -> None:
    replication = Replication((("VBAK", "LT_VBAK"),), ReplicationSystem("S4", "ABAP", "/CDS"))
    flow = DogObject(AssetKind.REPLICATION_FLOW, "RF", "RF", exposed=False, design=Design(replication=replication))
    found = read_back(flow)
    assert objects(found) == {("connection:S4/CDS/VBAK", "replication")}
    assert [each.object for each in found.origins.writes] == ["LT_VBAK"]
    steps = (ChainStep("RF"), ChainStep("V", "OTHER"))
    chain = DogObject(AssetKind.TASK_CHAIN, "TC", "TC", exposed=False, design=Design(steps=steps))
    assert read_back(chain, flow).origins.runs == ("RF", "OTHER.V")


def test_the_content_of_a_space_says_what_single_documents_say() -> None:
    landscape = retailer_landscape()
    for space in landscape.spaces:
        content = space_content(space, landscape, list(space.objects))
        definitions = content["definitions"]
        assert isinstance(definitions, dict)
        kept = [item for item in space.objects if item.name in definitions]
        assert {item.kind for item in space.objects} - {item.kind for item in kept} <= {
            AssetKind.DATA_FLOW,
            AssetKind.REPLICATION_FLOW,
            AssetKind.TRANSFORMATION_FLOW,
            AssetKind.TASK_CHAIN,
        }
        whole = parse_csn(json.dumps(content).encode())
        for item in kept:
            single = read_object(parse_csn(write_csn(item, space, landscape)), item.name)
            assert read_object(whole, item.name) == single


@pytest.mark.samples
def test_the_time_dimension_is_written_as_it_was_recorded(samples: Path) -> None:
    name = "SAP.TIME.VIEW_DIMENSION_DAY"
    recorded = json.loads((samples / "recorded-tenant" / "views" / f"{name}.json").read_bytes())["definitions"][name]
    landscape = retailer_landscape()
    sales = landscape.find("SALES")
    assert sales is not None
    day = sales.find(name)
    assert day is not None
    written: Any = csn_document(day, sales, landscape)["definitions"]
    for member in ("@Hierarchy.leveled", "@ObjectModel.modelingPattern", "@Analytics.dimensionType", "kind", "_meta"):
        assert written[name][member] == recorded[member]
    for term in ("key", "type", "length", "@EndUserText.label", "@Semantics.date", "@Analytics.dimension"):
        for column_name, element in written[name]["elements"].items():
            assert element.get(term) == recorded["elements"][column_name].get(term), (column_name, term)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.data())
def test_any_columns_read_back(names: list[str], data: st.DataObject) -> None:
    columns = tuple(
        DogColumn(
            name,
            parse_type(data.draw(st.sampled_from(list(ONE_CSN_TYPE)))),
            data.draw(st.none() | NAMES.filter(lambda text: text[0] != "{")),
            key=(key := data.draw(st.booleans())),
            nullable=not key,
            role=data.draw(st.sampled_from([ColumnRole.ATTRIBUTE, ColumnRole.DIMENSION])),
            design=ColumnDesign(personal=data.draw(st.booleans())),
        )
        for name in names
    )
    parameters = (DogParameter("P", parse_type("Date")),)
    _reads_back(
        DogObject(AssetKind.LOCAL_TABLE, "T", "T", columns, exposed=False, parameters=parameters),
        read_back(table("T", *columns, parameters=parameters)),
    )
