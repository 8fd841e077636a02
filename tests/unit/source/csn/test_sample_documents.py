"""Real documents: expectation written by reading the JSON, not by running the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.model import OUTSIDE, AssetKind, ColumnRole, Derivation, ForeignKey, Hierarchy
from spheresync.source.datasphere.csn.definition import CsnObject
from tests.unit.source.csn.documents import objects, origins, read

pytestmark = pytest.mark.samples


@pytest.fixture
def exports(samples: Path) -> Path:
    return samples / "exports"


def types(found: CsnObject) -> dict[str, str]:
    return {str(column.name): str(column.type) for column in found.columns}


def test_an_analytic_model_has_the_types_of_what_it_selects(exports: Path) -> None:
    model = read((exports / "SalesOrders_Model.json").read_bytes(), "SalesOrders_Model")
    assert model.kind is AssetKind.ANALYTIC_MODEL
    text, number = "cds.String(5000)", "cds.Integer64"
    texts = [
        "COMPANYNAME",
        "FISCVARIANT",
        "NOTEID",
        "SALESORG",
        "CURRENCY",
        "LIFECYCLESTATUS",
        "BILLINGSTATUS",
        "DELIVERYSTATUS",
        "EMAILADDRESS",
        "FAXNUMBER",
        "WEBADDRESS",
        "LEGALFORM",
    ]
    numbers = [
        "SALESORDERID",
        "CREATEDBY",
        "CHANGEDBY",
        "FISCALYEARPERIOD",
        "PARTNERID",
        "PARTNERROLE",
        "PHONENUMBER",
        "ADDRESSID",
        "ID",
        "PARTNERID1",
        "ADDRESSID1",
        "GROSSAMOUNT",
    ]
    assert types(model) == {
        **dict.fromkeys(texts, text),
        **dict.fromkeys(numbers, number),
        "CREATEDAT": "cds.Date",
        "CHANGEDAT": "cds.Date",
        "TAXAMOUNT": "cds.Decimal(38,19)",
        "NETAMOUNT": "cds.Decimal(38,19)",
        "LATLONG": "cds.hana.ST_GEOMETRY",
        "LATLONG_2": "cds.hana.ST_GEOMETRY",
        "LATITUDE": "cds.Double",
        "LONGITUDE": "cds.Double",
        "GEO_ASMT_LEVEL": "cds.String(4)",
    }
    measures = {str(column.name): column.aggregation for column in model.columns if column.role is ColumnRole.MEASURE}
    assert measures == {"GROSSAMOUNT": "SUM", "NETAMOUNT": "SUM"}
    assert {column.role for column in model.columns if column.name not in measures} == {ColumnRole.DIMENSION}
    assert model.foreign_keys == (ForeignKey("_Addresses∞0", "Addresses_Location", (("COMPANYNAME", "COMPANYNAME"),)),)
    assert objects(model) == {("SalesOrders_View", "query"), ("Addresses_Location", "association")}
    along = {"ID", "LATLONG", "LATITUDE", "LONGITUDE", "GEO_ASMT_LEVEL", "LATLONG_2"}
    renamed = {"PARTNERID1": "PARTNERID", "ADDRESSID1": "ADDRESSID"}
    assert origins(model) == {
        (name, "Addresses_Location", renamed.get(name, name), "direct")
        if name in along or name in renamed
        else (name, "SalesOrders_View", name, "direct")
        for name in types(model)
    }


def test_a_fact_of_two_joined_tables(exports: Path) -> None:
    fact = read((exports / "SalesOrders_View.json").read_bytes(), "SalesOrders_View")
    assert (fact.kind, len(fact.columns), fact.facts["modeling_pattern"]) == (AssetKind.VIEW, 25, "ANALYTICAL_FACT")
    assert objects(fact) == {("SalesOrders", "join"), ("BusinessPartners", "join")}
    of_partners = [
        "PARTNERROLE",
        "EMAILADDRESS",
        "PHONENUMBER",
        "FAXNUMBER",
        "WEBADDRESS",
        "ADDRESSID",
        "COMPANYNAME",
        "LEGALFORM",
    ]
    assert origins(fact) == {
        (name, "BusinessPartners" if name in of_partners else "SalesOrders", name, "direct") for name in types(fact)
    }
    (association,) = fact.associations
    assert (association.name, association.target, association.exact) == ("_Addresses", "Addresses_Location", True)
    assert association.labels == (("", "View 1 to Addresses_Location"),) or association.labels


def test_a_dimension_with_a_filter_before_its_join_and_a_calculated_column(exports: Path) -> None:
    found = read((exports / "SalesOrders_View.json").read_bytes(), "Addresses_Location")
    assert [(column.name, column.nullable) for column in found.columns if column.role is ColumnRole.KEY] == [
        ("COMPANYNAME", False)
    ]
    assert objects(found) == {("Addresses_View_GEO", "join"), ("BusinessPartners", "join")}
    geo, partners = "Addresses_View_GEO", "BusinessPartners"
    assert origins(found) == {
        *((name, geo, name, "direct") for name in ("ID", "LATLONG", "LATITUDE", "LONGITUDE", "GEO_ASMT_LEVEL")),
        *((name, partners, name, "direct") for name in ("PARTNERID", "ADDRESSID", "COMPANYNAME")),
        ("LATLONG_2", geo, "LONGITUDE", "calculated"),
        ("LATLONG_2", geo, "LATITUDE", "calculated"),
    }


def test_the_recorded_time_dimension(samples: Path) -> None:
    name = "SAP.TIME.VIEW_DIMENSION_DAY"
    day = read((samples / "recorded-tenant" / "views" / f"{name}.json").read_bytes(), name)
    table = "SAP.TIME.M_TIME_DIMENSION"
    columns = [
        "DATE_SQL",
        "DATE_SAP",
        "DAY_OF_WEEK",
        "CALWEEK",
        "CALMONTH",
        "MONTH",
        "CALQUARTER",
        "QUARTER",
        "YEAR",
        "DAY_INT",
    ]
    assert list(types(day)) == columns
    assert objects(day) == {(table, "query")}
    assert origins(day) == {(column, table, column, "direct") for column in columns}
    assert day.hierarchies == (
        Hierarchy("YQMD", (("", "Year, Quarter, Month, Day"),), ("YEAR", "CALQUARTER", "CALMONTH", "DATE_SQL")),
        Hierarchy("YMD", (("", "Year, Month, Day"),), ("YEAR", "CALMONTH", "DATE_SQL")),
        Hierarchy("YWD", (("", "Year, Week, Day"),), ("YEAR", "CALWEEK", "DATE_SQL")),
    )
    by_name = {str(column.name): column for column in day.columns}
    assert (by_name["DATE_SQL"].role, by_name["DATE_SQL"].nullable) == (ColumnRole.KEY, False)
    assert by_name["DATE_SQL"].semantics == (("calendar", "date"), ("text_column", "DAY_INT"))
    assert by_name["CALQUARTER"].semantics == (("calendar", "year_quarter"), ("text_association", "_QUARTER"))
    assert {(a.name, a.target, a.columns) for a in day.associations} == {
        ("_DAY_OF_WEEK", "SAP.TIME.M_TIME_DIMENSION_TDAY", (("DAY_OF_WEEK", "ID"),)),
        ("_MONTH", "SAP.TIME.M_TIME_DIMENSION_TMONTH", (("MONTH", "ID"),)),
        ("_QUARTER", "SAP.TIME.M_TIME_DIMENSION_TQUARTER", (("QUARTER", "ID"),)),
    }
    assert day.foreign_keys == (), "text associations are no foreign keys"
    assert (day.facts["dimension_type"], day.facts["hidden"]) == ("TIME", "true")


def test_the_recorded_translation_table(samples: Path) -> None:
    name = "SAP.TIME.M_TIME_DIMENSION_TDAY"
    table = read((samples / "recorded-tenant" / "localtables" / f"{name}.json").read_bytes(), name)
    assert (table.kind, table.labels) == (AssetKind.LOCAL_TABLE, (("", "Translation Table - Day"),))
    assert [(c.name, str(c.type), c.role, c.semantics) for c in table.columns] == [
        ("ID", "cds.String(2)", ColumnRole.KEY, (("text_column", "_DESCRIPTION"),)),
        ("_DESCRIPTION", "cds.String(50)", ColumnRole.ATTRIBUTE, (("is_text", "true"),)),
        ("_LANGU", "cds.String(5)", ColumnRole.KEY, (("language", "true"),)),
    ]
    assert table.facts["modeling_pattern"] == "LANGUAGE_DEPENDENT_TEXT"
    assert origins(table) == objects(table) == set()


def test_a_remote_table_leads_to_its_connection(samples: Path) -> None:
    table = read((samples / "modelled-flows" / "remote_table_hana_quoted.json").read_bytes(), "RT_BIC_MATERIAL")
    assert table.kind is AssetKind.REMOTE_TABLE
    assert objects(table) == {(f"{OUTSIDE}HANA_DP_AGENT/MY_SCHEMA./BIC/MY_MATERIAL", "remote")}
    assert [(c.name, str(c.type), c.nullable, c.semantics) for c in table.columns] == [
        ("/BIC/MY_KEY", "cds.String(18)", False, (("native_type", "NVARCHAR"),)),
        ("/BIC/MY_VALUE", "cds.String(40)", True, (("native_type", "NVARCHAR"),)),
    ]


def test_a_data_flow_reads_and_writes(samples: Path) -> None:
    flow = read((samples / "modelled-flows" / "data_flow_federated.json").read_bytes(), "DF_ENRICH_CUSTOMER")
    assert (flow.kind, flow.columns) == (AssetKind.DATA_FLOW, ())
    assert objects(flow) == {("SRC_CUSTOMER", "flow")}
    assert [(o.object, o.how.value) for o in flow.origins.writes] == [("ENRICHED_CUSTOMER", "flow")]
    (written,) = flow.origins.written
    assert (written.object, written.column) == ("ENRICHED_CUSTOMER", "CUSTOMER_NAME")
    assert (written.objects, written.path, written.how) == (("SRC_CUSTOMER",), ("NAME",), Derivation.DIRECT)


def test_a_replication_flow_keeps_what_belongs_together(samples: Path) -> None:
    flow = read((samples / "modelled-flows" / "replication_flow_federated.json").read_bytes(), "RF_CUSTOMER_TO_BQ")
    assert (flow.kind, flow.labels) == (AssetKind.REPLICATION_FLOW, (("", "Replicate CDS entities to BigQuery"),))
    assert [(o.object, o.task) for o in flow.origins.objects] == [
        (f"{OUTSIDE}ABAP_SRC/CDS/CUSTOMER", "replicationtask1"),
        (f"{OUTSIDE}ABAP_SRC/CDS/SALES_ORDER", "replicationtask2"),
    ]
    assert [(o.object, o.task) for o in flow.origins.writes] == [
        (f"{OUTSIDE}BQ_TGT/staging/CUSTOMER", "replicationtask1"),
        (f"{OUTSIDE}BQ_TGT/staging/SALES_ORDER", "replicationtask2"),
    ]


def test_interop_documents(samples: Path) -> None:
    body = (samples / "csn-interop" / "ariba-supplier-service.json").read_bytes()
    supplier = read(body, "SupplierService.Supplier")
    assert [(c.name, str(c.type), c.role) for c in supplier.columns][:4] == [
        ("BP_NUMBER", "cds.String", ColumnRole.KEY),
        ("BP_TYPE", "cds.String", ColumnRole.KEY),
        ("BP_UUID", "cds.UUID", ColumnRole.ATTRIBUTE),
        ("oid", "cds.String(128)", ColumnRole.ATTRIBUTE),
    ]
    assert objects(supplier) == {("ariba.BusinessPartner", "query")}
    (alternative,) = supplier.associations
    assert alternative.columns == (("alternative_BP_NUMBER", "BP_NUMBER"), ("alternative_BP_TYPE", "BP_TYPE"))
    flight = (samples / "csn-interop" / "entities_with_annotations.json").read_bytes()
    airline = read(flight, "Airline")
    assert [(c.name, c.semantics) for c in airline.columns] == [
        ("AirlineID", (("text_column", "Name"),)),
        ("Name", (("is_text", "true"),)),
        ("CurrencyCode_code", (("currency", "true"),)),
    ]
