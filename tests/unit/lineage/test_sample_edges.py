"""Every object of the recorded and published payloads has the edges that follow from its CSN by hand, and no other.

What is expected is written from the documents, by reading them. An object that a file has and that is not written here
fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spheresync.lineage.resolve import resolve
from spheresync.model import AssetKind, EdgeKind
from spheresync.source.datasphere.csn.document import FLOW_ROOTS
from spheresync.source.datasphere.csn.flows import FLOW_KINDS
from tests.unit.lineage.test_trace import Catalog

pytestmark = pytest.mark.samples

Columns = dict[str, set[tuple[str, str, str]]]
"""Column: (object, its column, how) of each that it is made from."""


@dataclass(frozen=True)
class Expected:
    """`tables`: (from, to, how), where nothing stands for the object itself; `written`: columns of other objects."""

    tables: set[tuple[str, str, str]] = field(default_factory=set)
    columns: Columns = field(default_factory=dict)
    written: dict[tuple[str, str], set[tuple[str, str, str]]] = field(default_factory=dict)


def same(table: str, names: str) -> Columns:
    """Columns selected by their own names."""
    return {name: {(table, name, "direct")} for name in names.split()}


NOTHING = Expected()
DAY = "SAP.TIME.M_TIME_DIMENSION"
GEO = "Addresses_View_GEO"
PARTNERS = "BusinessPartners"
ORDERS = "SalesOrders"
OF_ORDERS = (
    "SALESORDERID CREATEDBY CREATEDAT CHANGEDBY CHANGEDAT FISCVARIANT FISCALYEARPERIOD NOTEID PARTNERID SALESORG "
    "CURRENCY GROSSAMOUNT NETAMOUNT TAXAMOUNT LIFECYCLESTATUS BILLINGSTATUS DELIVERYSTATUS"
)
OF_PARTNERS = "PARTNERROLE EMAILADDRESS PHONENUMBER FAXNUMBER WEBADDRESS ADDRESSID COMPANYNAME LEGALFORM"
ORDERS_VIEW = Expected(
    {(ORDERS, "", "join"), (PARTNERS, "", "join")}, {**same(ORDERS, OF_ORDERS), **same(PARTNERS, OF_PARTNERS)}
)
LOCATION = Expected(
    {(GEO, "", "join"), (PARTNERS, "", "join")},
    {
        **same(GEO, "ID LATLONG LATITUDE LONGITUDE GEO_ASMT_LEVEL"),
        **same(PARTNERS, "PARTNERID ADDRESSID COMPANYNAME"),
        "LATLONG_2": {(GEO, "LONGITUDE", "calculated"), (GEO, "LATITUDE", "calculated")},
    },
)
ADDRESSES_VIEW = Expected(
    {("Addresses", "", "query")},
    {
        "ID": {("Addresses", "ADDRESSID", "direct")},
        "LOCALITY": {("Addresses", "CITY", "direct")},
        "POSTCODE": {("Addresses", "POSTALCODE", "direct")},
        "COUNTRY": {("Addresses", "COUNTRY", "direct")},
        "MIXED": {("Addresses", "BUILDING", "calculated"), ("Addresses", "STREET", "calculated")},
    },
)
MODEL = Expected(
    {("SalesOrders_View", "", "query"), ("Addresses_Location", "", "association")},
    {
        **same("SalesOrders_View", f"{OF_ORDERS} {OF_PARTNERS}"),
        **same("Addresses_Location", "ID LATLONG LATITUDE LONGITUDE GEO_ASMT_LEVEL LATLONG_2"),
        "PARTNERID1": {("Addresses_Location", "PARTNERID", "direct")},
        "ADDRESSID1": {("Addresses_Location", "ADDRESSID", "direct")},
    },
)
TABLES = dict.fromkeys(("Airline", "Airport", "Countries", "Countries_texts", "FlightConnection", "Flight"), NOTHING)
IN_HANA, AS_CDS, BIGQUERY = "connection:HANA_DP_AGENT", "connection:ABAP_SRC/CDS", "connection:BQ_TGT/staging"

EXPECTED: dict[str, dict[str, Expected]] = {
    "recorded-tenant/localtables/SAP.TIME.M_TIME_DIMENSION_TDAY.json": {"SAP.TIME.M_TIME_DIMENSION_TDAY": NOTHING},
    "recorded-tenant/views/SAP.TIME.VIEW_DIMENSION_DAY.json": {
        "SAP.TIME.VIEW_DIMENSION_DAY": Expected(
            {(DAY, "", "query")},
            same(DAY, "DATE_SQL DATE_SAP DAY_OF_WEEK CALWEEK CALMONTH MONTH CALQUARTER QUARTER YEAR DAY_INT"),
        )
    },
    "exports/Addresses.json": {"Addresses": NOTHING},
    "exports/Addresses_View.json": {"Addresses_View": ADDRESSES_VIEW, "Addresses": NOTHING},
    "exports/Addresses_View_GEO.json": {GEO: NOTHING},
    "exports/BusinessPartners.json": {PARTNERS: NOTHING},
    "exports/SalesOrders.json": {ORDERS: NOTHING},
    "exports/SalesOrders_View.json": {
        "SalesOrders_View": ORDERS_VIEW,
        ORDERS: NOTHING,
        PARTNERS: NOTHING,
        GEO: NOTHING,
        "Addresses_Location": LOCATION,
    },
    "exports/SalesOrders_Model.json": {
        "SalesOrders_Model": MODEL,
        PARTNERS: NOTHING,
        GEO: NOTHING,
        "Addresses_Location": LOCATION,
        ORDERS: NOTHING,
        "SalesOrders_View": ORDERS_VIEW,
    },
    "csn-interop/ariba-supplier-service.json": {
        "SupplierService.Supplier": Expected(
            {("ariba.BusinessPartner", "", "query")},
            same(
                "ariba.BusinessPartner", "BP_NUMBER BP_TYPE BP_UUID oid name alternative_BP_NUMBER alternative_BP_TYPE"
            ),
        ),
        **dict.fromkeys(
            ("ariba.BusinessPartner", "ariba.Material", "ariba.PurchaseOrder", "ariba.PurchaseOrderItem"), NOTHING
        ),
    },
    "csn-interop/entities_with_annotations.json": TABLES,
    "csn-interop/tables_with_primary_key.json": TABLES,
    "modelled-flows/remote_table_hana_quoted.json": {
        "RT_BIC_MATERIAL": Expected({(f"{IN_HANA}/MY_SCHEMA./BIC/MY_MATERIAL", "", "remote")})
    },
    "modelled-flows/data_flow_federated.json": {
        "DF_ENRICH_CUSTOMER": Expected(
            {("SRC_CUSTOMER", "", "flow"), ("", "ENRICHED_CUSTOMER", "flow")},
            written={("ENRICHED_CUSTOMER", "CUSTOMER_NAME"): {("SRC_CUSTOMER", "NAME", "direct")}},
        )
    },
    "modelled-flows/replication_flow_federated.json": {
        "RF_CUSTOMER_TO_BQ": Expected(
            {
                (f"{AS_CDS}/CUSTOMER", "", "replication"),
                ("", f"{BIGQUERY}/CUSTOMER", "replication"),
                (f"{AS_CDS}/SALES_ORDER", "", "replication"),
                ("", f"{BIGQUERY}/SALES_ORDER", "replication"),
            }
        )
    },
}
NO_OBJECTS = {
    *("catalog_assets.json", "catalog_spaces.json", "connections.json", "localtables.json"),
}
"""Lists of the recorded tenant."""


def objects(file: Path) -> Iterator[tuple[str, AssetKind]]:
    """The objects of a document, with the kind under which a list would name each."""
    document = json.loads(file.read_bytes())
    for name, definition in document.get("definitions", {}).items():
        if definition["kind"] == "entity":
            yield name, AssetKind.VIEW
    for root in FLOW_ROOTS:
        yield from ((name, FLOW_KINDS[root]) for name in document.get(root, {}))


@pytest.mark.parametrize("file", EXPECTED)
def test_every_object_has_the_edges_of_its_document_and_no_other(file: str, samples: Path) -> None:
    catalog, path = Catalog(), samples / file
    document = json.loads(path.read_bytes())
    kinds = dict(objects(path))
    assert kinds.keys() == EXPECTED[file].keys()
    for name, kind in kinds.items():
        catalog.add(name, kind, document)
    for name, expected in EXPECTED[file].items():
        found = resolve(catalog.assets[f"S/{name}"], catalog.assets)
        tables = {(e.source, e.target, e.how) for e in found.edges if e.kind is EdgeKind.TABLE}
        assert tables == {(whole(a or name), whole(b or name), how) for a, b, how in expected.tables}, name
        columns = {
            (e.source, e.source_column, e.target, e.target_column, e.how)
            for e in found.edges
            if e.kind is EdgeKind.COLUMN
        }
        into = {(name, column): origins for column, origins in expected.columns.items()} | expected.written
        assert columns == {
            (whole(source), column, whole(target), filled, how)
            for (target, filled), origins in into.items()
            for source, column, how in origins
        }, name
        assert found.findings == [], name


def test_every_document_is_written_here(samples: Path) -> None:
    there = {file.relative_to(samples).as_posix() for file in samples.rglob("*.json") if file.name not in NO_OBJECTS}
    assert there == EXPECTED.keys()


def whole(name: str) -> str:
    return name if name.startswith("connection:") else f"S/{name}"
