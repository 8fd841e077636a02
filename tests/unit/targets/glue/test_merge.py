"""The three-way merge: ours stays ours, theirs stays theirs, texts follow the drift policy."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import Asset, PhysicalName, canonical_json
from spheresync.targets.glue.merge import differences, merge
from spheresync.targets.glue.table_input import design_table, fingerprint_of, retired
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, column, decide

POLICIES = DriftPolicies()
FOREIGN = st.dictionaries(st.sampled_from(["team", "x.y", "comment"]), st.text(min_size=1, max_size=5))


def _made(asset: Asset) -> bytes:
    return design_table(asset, decide(asset), PhysicalName("d"), PhysicalName("t"), MARKER).body


def _live(body: bytes, foreign: dict[str, str] | None = None, **members: Any) -> dict[str, Any]:
    """The table as somebody else left it."""
    table: dict[str, Any] = json.loads(body) | members
    table["Parameters"] |= foreign or {}
    for each in table["StorageDescriptor"]["Columns"]:
        each["Parameters"] |= foreign or {}
    return table


@given(ASSETS, ASSETS, FOREIGN)
def test_what_nobody_edited_becomes_what_is_desired_and_foreign_fields_stay(
    before: Asset, after: Asset, foreign: dict[str, str]
) -> None:
    last, desired = _made(before), _made(after)
    merged = merge(last, _live(last, foreign, Retention=7), desired, POLICIES)
    assert (merged.kept, merged.ours_moved) == ((), ())
    body = json.loads(merged.body)
    assert fingerprint_of(body) == fingerprint_of(json.loads(desired))
    assert body["Retention"] == 7
    assert foreign.items() <= body["Parameters"].items()
    known = {each["Name"] for each in json.loads(last)["StorageDescriptor"]["Columns"]}
    for each in body["StorageDescriptor"]["Columns"]:
        assert each["Name"] not in known or foreign.items() <= each["Parameters"].items()


@given(ASSETS, ASSETS)
def test_without_foreign_fields_the_body_is_the_desired_one(before: Asset, after: Asset) -> None:
    last, desired = _made(before), _made(after)
    assert merge(last, json.loads(last), desired, POLICIES).body == desired


@given(ASSETS, FOREIGN)
def test_merging_twice_changes_nothing_more(asset: Asset, foreign: dict[str, str]) -> None:
    desired = _made(asset)
    once = merge(None, _live(desired, foreign), desired, POLICIES).body
    assert merge(once, json.loads(once), desired, POLICIES).body == once


@pytest.mark.parametrize("policy", DriftPolicy)
@pytest.mark.parametrize("edited", ["by hand", ""])
def test_edited_texts_follow_the_policy(policy: DriftPolicy, edited: str) -> None:
    last = _made(ORDERS)
    live = _live(last, Description=edited)
    live["StorageDescriptor"]["Columns"][1]["Comment"] = edited
    desired = _made(replace(ORDERS, labels=(("", "New"),)))
    merged = merge(last, live, desired, DriftPolicies(description=policy, comments=policy))
    body = json.loads(merged.body)
    comment = body["StorageDescriptor"]["Columns"][1].get("Comment", "")
    if policy is DriftPolicy.OVERWRITE:
        assert (body["Description"], comment, merged.kept) == ("New", "Label of Amount", ())
    else:
        assert (body.get("Description", ""), comment) == (edited, edited)
        assert {change.path for change in merged.kept} == {"description", "columns.amount.comment"}
    assert body["Parameters"]["spheresync.label"] == "New"


@pytest.mark.parametrize("policy", [DriftPolicy.KEEP, DriftPolicy.REPORT])
def test_a_kept_text_outlives_every_later_update_and_the_table_still_proves_itself(policy: DriftPolicy) -> None:
    policies = DriftPolicies(description=policy, comments=policy)
    live = _live(_made(ORDERS), Description="by hand")
    live["StorageDescriptor"]["Columns"][0]["Comment"] = "mine"
    last = _made(ORDERS)
    for label in ("One", "Two", "Three"):
        desired = _made(replace(ORDERS, labels=(("", label),)))
        last = merge(last, live, desired, policies).body
        live = json.loads(last)
        assert (live["Description"], live["StorageDescriptor"]["Columns"][0]["Comment"]) == ("by hand", "mine")
        assert live["Parameters"]["spheresync.own-description"] == label
        assert fingerprint_of(live) == live["Parameters"]["spheresync.fingerprint"]
    overwritten = merge(last, live, _made(ORDERS), DriftPolicies(description="overwrite", comments="overwrite"))
    assert overwritten.body == _made(ORDERS)


@given(ASSETS, st.sampled_from(["Description", "Comment"]))
def test_an_edit_that_former_versions_let_stand_stands_on(asset: Asset, key: str) -> None:
    """Their key for our text beside is one that Datasphere's own description has."""
    asset = replace(asset, labels=(("", "Ours"),), columns=(column("ID"),), facts=())
    last = json.loads(_made(asset))
    holder = last if key == "Description" else last["StorageDescriptor"]["Columns"][0]
    ours, holder[key] = holder[key], "by hand"
    holder["Parameters"][f"spheresync.{key.lower()}"] = ours
    assert fingerprint_of(last) == last["Parameters"]["spheresync.fingerprint"]
    desired = _made(replace(asset, labels=(("", "New"),)))
    body = json.loads(merge(canonical_json(last), last, desired, POLICIES).body)
    holder = body if key == "Description" else body["StorageDescriptor"]["Columns"][0]
    assert holder[key] == "by hand" and f"spheresync.{key.lower()}" not in holder["Parameters"]
    assert fingerprint_of(body) == fingerprint_of(json.loads(desired))


@pytest.mark.parametrize("known", [True, False])
def test_a_retirement_is_marked_on_a_kept_text_too_and_taken_off_again(known: bool) -> None:
    last = _made(ORDERS)
    live = _live(last, Description="by hand")
    if known:
        last = merge(last, live, _made(ORDERS), POLICIES).body
        live = json.loads(last)
    gone = retired(last, "t", PhysicalName("d"), PhysicalName("t"))
    marked = merge(last, live, gone.body, POLICIES).body
    assert json.loads(marked)["Description"] == "[retired in Datasphere] by hand"
    assert json.loads(marked)["Parameters"]["spheresync.status"] == "retired"
    assert fingerprint_of(json.loads(marked)) == gone.digest
    back = json.loads(merge(marked, json.loads(marked), _made(ORDERS), POLICIES).body)
    assert back["Description"] == "by hand"
    assert "spheresync.status" not in back["Parameters"]


def test_an_edit_that_says_what_is_desired_is_no_edit() -> None:
    desired = _made(replace(ORDERS, labels=(("", "New"),)))
    assert merge(_made(ORDERS), _live(_made(ORDERS), Description="New"), desired, POLICIES).kept == ()


def test_fields_of_ours_that_somebody_moved_are_named_and_written_again() -> None:
    last = _made(ORDERS)
    live = _live(last, TableType="VIRTUAL_VIEW")
    live["Parameters"]["spheresync.kind"] = "edited"
    columns = live["StorageDescriptor"]["Columns"]
    columns[0]["Type"] = "string"
    columns[1]["Parameters"]["spheresync.role"] = "edited"
    columns[3] = {"Name": "added", "Type": "int"}
    merged = merge(last, live, last, POLICIES)
    assert {change.path for change in merged.ours_moved} == {
        "tableType",
        "parameters.spheresync.kind",
        "columns.id.type",
        "columns.amount.parameters.spheresync.role",
        "columns.email",
        "columns.added",
    }
    assert merged.body == last


def test_another_order_of_columns_is_a_move() -> None:
    last = _made(ORDERS)
    live = _live(last)
    live["StorageDescriptor"]["Columns"].reverse()
    assert [change.path for change in merge(last, live, last, POLICIES).ours_moved] == ["columns.order"]


def test_a_parameter_of_ours_that_is_no_longer_desired_goes() -> None:
    last = _made(ORDERS)
    body = json.loads(merge(last, _live(last), _made(replace(ORDERS, owner=None)), POLICIES).body)
    assert "spheresync.owner" not in body["Parameters"]


def test_a_column_that_somebody_added_goes_only_where_ours_are_overwritten() -> None:
    last = _made(ORDERS)
    live = _live(last)
    live["StorageDescriptor"]["Columns"].append({"Name": "theirs", "Type": "int"})
    desired = _made(replace(ORDERS, columns=(*ORDERS.columns, column("New"))))

    def names(policy: DriftPolicy) -> list[str]:
        merged = merge(last, live, desired, DriftPolicies(columns=policy))
        return [each["Name"] for each in json.loads(merged.body)["StorageDescriptor"]["Columns"]]

    ours = ["id", "amount", "curr", "email", "new"]
    assert names(DriftPolicy.OVERWRITE) == ours
    assert names(DriftPolicy.KEEP) == [*ours, "theirs"]


def test_other_members_of_the_storage_descriptor_survive() -> None:
    last = _made(ORDERS)
    live = _live(last)
    live["StorageDescriptor"]["SerdeInfo"] = {"Name": "s"}
    assert json.loads(merge(last, live, last, POLICIES).body)["StorageDescriptor"]["SerdeInfo"] == {"Name": "s"}
    assert merge(last, live, last, POLICIES).body == canonical_json(live)


VOID: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, 0, False, ""]) | st.builds(list),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)
JSON: st.SearchStrategy[Any] = st.recursive(
    VOID | st.sampled_from([1, 2, "x"]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)


def _said(value: Any) -> Any:
    """What a value says once everything that AWS may have filled in is None."""
    if isinstance(value, dict):
        members = {name: _said(inner) for name, inner in value.items()}
        return {name: inner for name, inner in members.items() if inner is not None} or None
    if isinstance(value, list):
        return [_said(inner) for inner in value] or None
    return value or None


@given(JSON, JSON)
def test_two_bodies_differ_where_they_say_something_else(last: Any, live: Any) -> None:
    assert (differences(last, live) == ()) == (_said(last) == _said(live))


@given(ASSETS, st.dictionaries(st.sampled_from(["SkewedInfo", "SchemaReference", "x"]), VOID))
def test_what_aws_fills_in_is_no_difference(asset: Asset, filled: dict[str, Any]) -> None:
    last = json.loads(_made(asset))
    live = _live(_made(asset), **filled)
    live["StorageDescriptor"] |= filled
    assert differences(last, live) == differences(live, last) == ()


@pytest.mark.parametrize("live", [{"a": {}}, {}, {"a": {"b": {"c": []}}}])
def test_nested_empties_are_no_difference(live: dict[str, Any]) -> None:
    assert differences({"a": {"b": {}}}, live) == differences(live, {"a": {"b": {}}}) == ()
    assert differences({"a": {"b": {"c": 1}}}, live) == differences(live, {"a": {"b": {"c": 1}}}) != ()
