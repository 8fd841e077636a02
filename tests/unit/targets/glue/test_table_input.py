"""What a Glue table holds, and how it proves itself."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.mapping.fingerprints import fingerprints
from spheresync.model import (
    Asset,
    AssetKind,
    ColumnRole,
    ForeignKey,
    Hierarchy,
    PhysicalName,
    SourceType,
    canonical_json,
)
from spheresync.targets.glue.explain import explain
from spheresync.targets.glue.table_input import design_database, design_table, fingerprint_of, retired
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, TYPES, column, decide

DATABASE, TABLE = PhysicalName("sales"), PhysicalName("v_orders")


def _body(asset: Asset, *rules: dict[str, Any], last: bytes | None = None) -> dict[str, Any]:
    made = design_table(asset, decide(asset, *rules), DATABASE, TABLE, MARKER, last_body=last)
    body: dict[str, Any] = json.loads(made.body)
    assert made.digest == fingerprint_of(body) == body["Parameters"]["spheresync.fingerprint"]
    assert made.body == canonical_json(body)
    return body


def _columns(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Name"]: each for each in body["StorageDescriptor"]["Columns"]}


def test_a_table_is_as_the_contract_says() -> None:
    body = _body(ORDERS)
    assert (body["Name"], body["TableType"], body["PartitionKeys"]) == ("v_orders", "EXTERNAL_TABLE", [])
    assert body["Description"] == "Orders"
    parameters = body["Parameters"]
    expected = {
        "classification": "sap-datasphere",
        "typeOfData": "view",
        "spheresync.managed-by": MARKER,
        "spheresync.source": "SALES/V_Orders",
        "spheresync.kind": "view",
        "spheresync.label": "Orders",
        "spheresync.owner": "steward@example.com",
        "spheresync.view-definition": "SELECT * FROM Orders",
    }
    assert expected.items() <= parameters.items()
    assert json.loads(parameters["spheresync.labels"]) == {"": "Orders", "de": "Aufträge"}
    assert json.loads(parameters["spheresync.hierarchies"])[0]["levels"] == ["YEAR", "MONTH"]
    assert "ViewOriginalText" not in body
    assert "Location" not in body["StorageDescriptor"]


def test_columns_are_as_the_contract_says() -> None:
    columns = _columns(_body(ORDERS))
    assert [*columns] == ["id", "amount", "curr", "email"]
    assert columns["amount"]["Comment"] == "Label of Amount"
    assert {
        "spheresync.name": "Amount",
        "spheresync.type": "Edm.Double",
        "spheresync.label": "Label of Amount",
        "spheresync.role": "measure",
        "spheresync.aggregation": "SUM",
    }.items() <= columns["amount"]["Parameters"].items()
    assert columns["id"]["Type"] == "bigint"
    assert columns["id"]["Parameters"]["spheresync.role"] == "key"
    assert columns["curr"]["Type"] == "varchar(5)"
    assert columns["curr"]["Parameters"]["spheresync.type"] == "Edm.String(5)"
    assert columns["email"]["Parameters"]["spheresync.pii"] == "email"
    assert "spheresync.pii" not in columns["id"]["Parameters"]


def test_tables_say_so() -> None:
    assert _body(replace(ORDERS, kind=AssetKind.LOCAL_TABLE))["Parameters"]["typeOfData"] == "table"


def test_rules_reach_description_tags_and_columns() -> None:
    body = _body(
        ORDERS,
        {"set": {"description": "{label} ({asset})", "tags": {"layer": "gold"}}},
        {
            "columns": [
                {"match": {"name": "CURR"}, "set": {"include": False}},
                {"match": {"name": "Amount"}, "set": {"type": "decimal(18,0)", "description": "{column}: {label}"}},
            ]
        },
    )
    assert body["Description"] == "Orders (SALES/V_Orders)"
    assert body["Parameters"]["spheresync.tag.layer"] == "gold"
    columns = _columns(body)
    assert "curr" not in columns
    assert (columns["amount"]["Type"], columns["amount"]["Comment"]) == ("decimal(18,0)", "Amount: Label of Amount")
    assert columns["amount"]["Parameters"]["spheresync.type"] == "Edm.Double"


@given(ASSETS)
def test_every_table_keeps_awss_limits_and_proves_itself(asset: Asset) -> None:
    body = _body(asset)
    assert len(body.get("Description", "").encode()) <= 2048
    columns = body["StorageDescriptor"]["Columns"]
    assert len(_columns(body)) == len(asset.columns) == len(columns)
    assert [each["Parameters"]["spheresync.name"] for each in columns] == [each.name for each in asset.columns]
    assert all(len(each.get("Comment", "").encode()) <= 255 for each in columns)
    assert all(value for each in [body, *columns] for value in each["Parameters"].values())


@given(ASSETS, st.dictionaries(st.sampled_from(["team", "x.y"]), st.text(max_size=5)))
def test_foreign_fields_do_not_count_and_ours_do(asset: Asset, foreign: dict[str, str]) -> None:
    body = _body(asset)
    digest = fingerprint_of(body)
    others = json.loads(json.dumps(body)) | {"Retention": 3, "Owner": "me"}
    others["Parameters"] |= foreign
    for each in others["StorageDescriptor"]["Columns"]:
        each["Parameters"] |= foreign
    assert fingerprint_of(others) == digest
    for change in ({"Description": "edited"}, {"TableType": "VIRTUAL_VIEW"}):
        assert fingerprint_of(others | change) != digest
    others["Parameters"]["spheresync.kind"] = "edited"
    assert fingerprint_of(others) != digest


def test_an_answer_with_empty_members_is_still_ours() -> None:
    body = _body(replace(ORDERS, labels=(), columns=(column("A", labels=()),)))
    live = json.loads(json.dumps(body)) | {"Description": "", "ViewOriginalText": ""}
    live["StorageDescriptor"]["Columns"][0]["Comment"] = ""
    live["StorageDescriptor"]["Parameters"] = {}
    assert fingerprint_of(live) == fingerprint_of(body)


def test_columns_that_differ_in_case_get_names_of_their_own() -> None:
    names = [*_columns(_body(replace(ORDERS, columns=(column("a"), column("A"), column("B")))))]
    assert names[1:] == ["a", "b"]
    assert names[0].startswith("a_")


def test_a_column_in_use_keeps_its_name_when_a_smaller_one_comes() -> None:
    before = _body(replace(ORDERS, columns=(column("amount"), column("b"))))
    after = _body(replace(ORDERS, columns=(column("AMOUNT"), column("amount"))), last=canonical_json(before))
    by_source = {each["Parameters"]["spheresync.name"]: each["Name"] for each in _columns(after).values()}
    assert by_source["amount"] == "amount"
    assert by_source["AMOUNT"].startswith("amount_")


def test_what_is_too_large_for_a_parameter_is_named_and_left_out() -> None:
    parameters = _body(replace(ORDERS, view_definition="x" * 512_001))["Parameters"]
    assert "spheresync.view-definition" not in parameters
    assert "512001 bytes" in parameters["spheresync.view-definition-omitted"]


def test_a_retired_table_is_the_same_and_says_so() -> None:
    body = _body(ORDERS) | {"Retention": 7}
    body["Parameters"]["team"] = "finance"
    once = retired(canonical_json(body), "2026-11-24T00:00:00Z", DATABASE, TABLE)
    marked = json.loads(once.body)
    assert once.digest == fingerprint_of(marked) != fingerprint_of(body)
    assert marked["Description"] == "[retired in Datasphere] Orders"
    assert marked["Parameters"]["spheresync.status"] == "retired"
    assert marked["Parameters"]["spheresync.retired-at"] == "2026-11-24T00:00:00Z"
    assert (marked["Parameters"]["team"], marked["Retention"]) == ("finance", 7)
    assert marked["StorageDescriptor"] == body["StorageDescriptor"]
    assert retired(once.body, "2026-11-24T00:00:00Z", DATABASE, TABLE) == once


@given(st.text(max_size=3_000))
def test_a_retired_description_fits_and_is_marked_once(label: str) -> None:
    body = canonical_json(_body(replace(ORDERS, labels=(("", label),))))
    once = retired(body, "t", DATABASE, TABLE)
    description = json.loads(once.body)["Description"]
    assert len(description.encode()) <= 2048
    assert description.startswith("[retired in Datasphere]")
    assert retired(once.body, "t", DATABASE, TABLE) == once


def test_a_database_carries_its_space() -> None:
    made = design_database(DATABASE, "SALES", "Sales\x00 & more", MARKER)
    body = json.loads(made.body)
    assert (body["Name"], body["Description"]) == ("sales", "Sales & more")
    assert body["Parameters"]["spheresync.managed-by"] == MARKER
    assert body["Parameters"]["spheresync.source"] == "SALES"
    assert body["Parameters"]["spheresync.fingerprint"] == made.digest


def _moved(asset: Asset) -> set[str]:
    before, after = fingerprints(ORDERS), fingerprints(asset)
    return {name for name in ("schema", "content", "metadata") if getattr(before, name) != getattr(after, name)}


def _with_column(**facts: Any) -> Asset:
    return replace(ORDERS, columns=(replace(ORDERS.columns[0], **facts), *ORDERS.columns[1:]))


@pytest.mark.parametrize(
    ("asset", "moved"),
    [
        (replace(ORDERS), set()),
        (replace(ORDERS, provenance=(("columns", "analytical"),)), set()),
        (replace(ORDERS, labels=(("", " Orders\n"), ("de", "Aufträge"))), set()),
        (replace(ORDERS, view_definition="SELECT * FROM Orders\n"), set()),
        (_with_column(edm_property="other"), set()),
        (replace(ORDERS, owner="other"), {"metadata"}),
        (replace(ORDERS, labels=(("", "Orders"), ("de", "Bestellungen"))), {"metadata"}),
        (_with_column(labels=(("", "other"),)), {"metadata"}),
        (replace(ORDERS, kind=AssetKind.ANALYTIC_MODEL), {"content"}),
        (replace(ORDERS, view_definition="SELECT 1"), {"content"}),
        (replace(ORDERS, hierarchies=(replace(ORDERS.hierarchies[0], levels=("MONTH", "YEAR")),)), {"content"}),
        (_with_column(role=ColumnRole.DIMENSION), {"content"}),
        (_with_column(key=False), {"schema"}),
        (_with_column(nullable=True), {"schema"}),
        (_with_column(type=SourceType("Edm.Int32")), {"schema"}),
        (replace(ORDERS, columns=ORDERS.columns[1:]), {"schema", "content", "metadata"}),
    ],
)
def test_fingerprints_move_with_what_counts(asset: Asset, moved: set[str]) -> None:
    assert _moved(asset) == moved


def test_the_order_of_columns_counts() -> None:
    assert "schema" in _moved(replace(ORDERS, columns=tuple(reversed(ORDERS.columns))))


def test_an_explanation_says_where_names_and_types_come_from() -> None:
    asset = replace(ORDERS, columns=(*ORDERS.columns, column("AMOUNT", "Edm.Guid")))
    decision = decide(
        asset, {"set": {"table": "{name}_v1"}}, {"columns": [{"match": {"name": "CURR"}, "set": {"include": False}}]}
    )
    table = PhysicalName("v_orders_v1_0a1b2c3d")
    facts = (asset.id, asset.kind, asset.label)
    found = explain(*facts, asset=asset, decision=decision, database=DATABASE, table=table)
    assert "{name}_v1" in found.names[1]
    assert "hash" in found.names[1]
    by_name = {each.name: each for each in found.columns}
    assert (by_name["ID"].source_type, by_name["ID"].physical_type) == ("Edm.Int64", "bigint")
    assert all(each.reason for each in found.columns)
    said = "\n".join(found.findings)
    assert all(word in said for word in ("CURR", "Amount → amount_", "AMOUNT"))
    unread = explain(*facts, asset=None, decision=decision, database=DATABASE, table=TABLE)
    assert (unread.columns, len(unread.findings)) == ((), 1)
    refused = partial(
        explain, *facts, decision=decision, database=DATABASE, table=TABLE, unread="<Key> is odd. Mend it."
    )
    (why,) = refused(asset=None).findings
    assert "<Key> is odd. Mend it." in why and "discover" not in why
    assert "<Key> is odd. Mend it." in refused(asset=asset).findings[0]


SPEAKING = replace(
    ORDERS,
    labels=(("de", "Auftraege"), ("en-US", "Orders")),
    columns=(replace(column("ID"), key=True, labels=(("de", "Kennung"),)), column("CUST")),
    foreign_keys=(ForeignKey("_Cust", "MASTER/Customers", (("CUST", "ID"),)),),
    hierarchies=(Hierarchy("H", (("de", "Baum"),), parent=("CUST",), child=("ID",)),),
)


@pytest.mark.parametrize(
    ("languages", "label", "comment"),
    [
        ((), "Auftraege", "Kennung"),
        (("de",), "Auftraege", "Kennung"),
        (("de-AT",), "Auftraege", "Kennung"),
        (("EN",), "Orders", "Kennung"),
        (("fr", "en-US", "de"), "Orders", "Kennung"),
    ],
)
def test_the_chosen_language_is_what_readers_see(languages: tuple[str, ...], label: str, comment: str) -> None:
    decision = replace(decide(SPEAKING, language=languages), tags=())
    assert decision.languages == languages
    body = json.loads(design_table(SPEAKING, decision, DATABASE, TABLE, MARKER).body)
    assert (body["Description"], _columns(body)["id"]["Comment"]) == (label, comment)
    assert body["Parameters"]["spheresync.label"] == label
    assert json.loads(body["Parameters"]["spheresync.labels"]) == {"de": "Auftraege", "en-US": "Orders"}
    assert json.loads(_columns(body)["id"]["Parameters"]["spheresync.labels"]) == {"de": "Kennung"}
    assert (decision.digest == decide(SPEAKING).digest) is (not languages)


def test_keys_and_relations_are_facts_of_the_table() -> None:
    parameters = _body(SPEAKING)["Parameters"]
    assert json.loads(parameters["spheresync.primary-key"]) == ["ID"]
    assert json.loads(parameters["spheresync.foreign-keys"]) == [
        {"association": "_Cust", "columns": ["CUST"], "references": "MASTER/Customers", "referenced-columns": ["ID"]}
    ]
    assert json.loads(parameters["spheresync.hierarchies"]) == [
        {"name": "H", "label": "Baum", "parent": ["CUST"], "child": ["ID"]}
    ]


@pytest.mark.parametrize("left_out", ["ID", "CUST"])
def test_a_key_or_reference_with_a_column_left_out_is_not_claimed(left_out: str) -> None:
    both = replace(SPEAKING, columns=tuple(replace(each, key=True) for each in SPEAKING.columns))
    rule = {"match": {"name": "*"}, "columns": [{"match": {"name": left_out}, "set": {"include": False}}]}
    parameters = _body(both, rule)["Parameters"]
    assert "spheresync.primary-key" not in parameters, "half a key is none"
    assert ("spheresync.foreign-keys" in parameters) is (left_out != "CUST")


_TEXTS = {"Edm.String", "cds.String"}


@given(TYPES)
def test_whatever_becomes_a_string_for_want_of_its_type_is_named(source: SourceType) -> None:
    asset = replace(ORDERS, columns=(replace(column("THE_ONE"), type=source),))
    facts = (asset.id, asset.kind, asset.label)
    found = explain(*facts, asset=asset, decision=decide(asset), database=DATABASE, table=TABLE)
    for_want_of = found.columns[0].physical_type == "string" and (source.name not in _TEXTS or source.collection)
    assert any("no exact type: THE_ONE" in each for each in found.findings) is for_want_of
