"""A table proves by its own digest what we wrote last, whatever texts of it somebody edited since."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.model import Asset, DesiredObject, PhysicalName, canonical_json
from spheresync.targets.glue.last_written import LastWritten, last_written
from spheresync.targets.glue.table_input import design_table, retired
from tests.unit.mapping.assets import ASSETS, MARKER, ORDERS, column, decide

RULES = {
    "table": {"match": {"name": "*"}, "set": {"description": "{label} ({asset})"}},
    "columns": {"match": {"name": "*"}, "columns": [{"match": {"name": "C*"}, "set": {"description": "col {label}"}}]},
}


def design(asset: Asset, *rules: dict[str, Any]) -> DesiredObject:
    return design_table(asset, decide(asset, *rules), PhysicalName("d"), PhysicalName("t"), MARKER)


def edit(body: bytes, *, description: str | None, comments: dict[int, str]) -> bytes:
    table: dict[str, Any] = json.loads(body)
    if description is not None:
        table["Description"] = description
    for number, text in comments.items():
        table["StorageDescriptor"]["Columns"][number]["Comment"] = text
    return canonical_json(table)


def texts(body: bytes) -> list[str]:
    """Description and comments; none and an empty one are the same."""
    table = json.loads(body)
    columns = table["StorageDescriptor"]["Columns"]
    return [table.get("Description") or "", *(each.get("Comment") or "" for each in columns)]


@given(ASSETS, st.data())
def test_any_texts_edited_are_put_back_where_no_rule_set_them(asset: Asset, data: st.DataObject) -> None:
    desired = design(asset)
    columns = range(len(json.loads(desired.body)["StorageDescriptor"]["Columns"]))
    comments = data.draw(st.dictionaries(st.sampled_from(columns), st.text(max_size=4))) if columns else {}
    live = edit(desired.body, description=data.draw(st.none() | st.text(max_size=4)), comments=comments)
    found = last_written(live, desired.digest)
    assert found.proven
    assert texts(found.body) == texts(desired.body)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("edited", [{0}, {1}, {0, 1}])
def test_what_a_rule_set_stays_and_what_was_edited_is_put_back(rule: str, edited: set[int]) -> None:
    wide = replace(ORDERS, columns=(*ORDERS.columns, *(column(f"C{number}") for number in range(20))))
    desired = design(wide, RULES[rule])
    description = "by hand" if rule == "columns" and 0 in edited else None
    comments = {number: "mine" for number in edited if number or rule == "table"}
    live = edit(desired.body, description=description, comments=comments)
    assert last_written(live, desired.digest) == LastWritten(desired.body, proven=True)


def test_the_mark_of_a_retired_table_is_put_back_with_the_label() -> None:
    gone = retired(design(ORDERS).body, "t", PhysicalName("d"), PhysicalName("t"))
    live = edit(gone.body, description="by hand", comments={0: "mine"})
    assert last_written(live, gone.digest) == LastWritten(gone.body, proven=True)


def test_where_nothing_proves_it_no_text_is_ours_and_the_rest_is_as_it_is() -> None:
    desired = design(ORDERS, RULES["table"])
    live = edit(desired.body, description="over a rule", comments={})
    found = last_written(live, desired.digest)
    body = json.loads(found.body)
    assert not found.proven
    assert "Description" not in body
    assert not any("Comment" in each for each in body["StorageDescriptor"]["Columns"])
    assert body["Parameters"] == json.loads(live)["Parameters"]


def test_foreign_fields_stand_in_the_way_of_no_proof() -> None:
    desired = design(ORDERS)
    table = json.loads(edit(desired.body, description="by hand", comments={}))
    table["Parameters"]["team"] = "bi"
    table["Retention"] = 7
    found = last_written(canonical_json(table), desired.digest)
    assert found.proven
    assert json.loads(found.body) == {**table, "Description": json.loads(desired.body)["Description"]}
