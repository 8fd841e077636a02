"""What context files say, in the table that Glue should hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spheresync.mapping.rules import Decision
from spheresync.model import Asset, PhysicalName, Severity
from spheresync.targets.glue.design import GLUE_DESIGN
from spheresync.targets.glue.table_input import LONGEST_VALUE, design_table
from tests.unit.mapping.assets import MARKER, ORDERS
from tests.unit.mapping.test_context import loaded


def decided(folder: Path, *entries: dict[str, Any], rules: str = "") -> Decision:
    mapping = loaded(folder, {"assets": [*entries]}, rules=rules)
    return mapping.decide(ORDERS.id, ORDERS.kind, ORDERS.label)


def body_of(decision: Decision, asset: Asset = ORDERS) -> bytes:
    database, table = PhysicalName("sales"), PhysicalName("v_orders")
    return design_table(decision.applied(asset), decision, database, table, MARKER).body


def parameters(decision: Decision) -> dict[str, str]:
    said: dict[str, str] = json.loads(body_of(decision))["Parameters"]
    return {key.removeprefix("spheresync."): value for key, value in said.items()}


def test_what_is_said_beats_datasphere_and_rules(tmp_path: Path) -> None:
    rules = "mapping: {rules: [{set: {tags: {layer: silver, kept: yes1}}}]}\n"
    assert ORDERS.owner
    assert parameters(decided(tmp_path, {"set": {"domain": "Sales"}}))["owner"] == ORDERS.owner
    said = parameters(decided(tmp_path, {"set": {"owner": "a@example.com", "tags": {"layer": "gold"}}}, rules=rules))
    assert (said["owner"], said["tag.layer"], said["tag.kept"]) == ("a@example.com", "gold", "yes1")


def test_an_empty_text_leaves_nothing_in_the_table(tmp_path: Path) -> None:
    rules = "mapping: {rules: [{set: {tags: {layer: silver}}}]}\n"
    said = parameters(decided(tmp_path, {"set": {"owner": "", "tags": {"layer": ""}, "terms": []}}, rules=rules))
    assert not {"owner", "tag.layer", "terms"} & said.keys()


def test_the_longest_that_can_be_said_fits(tmp_path: Path) -> None:
    names = [f"{number:03}{'ä' * 253}" for number in range(100)]
    decision = decided(tmp_path, {"set": {"terms": names}, "columns": [{"set": {"terms": [*names]}}]})
    body = json.loads(body_of(decision))
    for holder in (body, *body["StorageDescriptor"]["Columns"]):
        assert len(holder["Parameters"]["spheresync.terms"].encode()) < LONGEST_VALUE


def test_a_change_of_it_moves_no_column(tmp_path: Path) -> None:
    before = body_of(decided(tmp_path, {"set": {"owner": "a"}}))
    said = {"match": {"name": "Email"}, "set": {"personal_data": "none", "terms": ["Address"]}}
    after = body_of(decided(tmp_path, {"set": {"owner": "b", "terms": ["X"]}, "columns": [said]}))
    changes = GLUE_DESIGN.changes(before, after)
    assert {each.path for each in changes} == {
        "columns.email.parameters.spheresync.pii",
        "columns.email.parameters.spheresync.terms",
        "parameters.spheresync.owner",
        "parameters.spheresync.terms",
    }
    assert not GLUE_DESIGN.moves_columns(changes)
    assert GLUE_DESIGN.severity(changes) is Severity.COMPATIBLE
