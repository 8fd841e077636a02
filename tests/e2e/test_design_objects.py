"""A tenant's design-time objects, read where the switch is on: tables of all that is deployed, relations, lineage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.test_safety import writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SPACE = "SPACE_000"
CUSTOMERS = {
    "kind": "local_table",
    "name": "CUSTOMERS",
    "label": "Customers",
    "columns": [{"name": "ID", "type": "String(10)", "key": True}, {"name": "NAME", "type": "String(80)"}],
}
ORDERS = {
    "kind": "view",
    "name": "ORDERS",
    "label": "Orders",
    "exposed": False,
    "columns": [
        {"name": "ORDER_ID", "type": "Int64", "key": True},
        {"name": "CUSTOMER", "type": "String(10)"},
    ],
}


@pytest.fixture
def objects(installation: Installation, tenant: RunningTenant) -> Installation:
    """The switch is on; a local table that the catalog never lists, and a view that is not exposed."""
    installation.extra["SPHERESYNC_DATASPHERE__OBJECTS"] = "on"
    tenant.edit("add_asset", space=SPACE, object=CUSTOMERS)
    tenant.edit("add_asset", space=SPACE, object=ORDERS)
    return installation


def parameters(glue: GlueSimulator, table: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.table("space_000", table)["Parameters"]
    return found


def test_what_is_deployed_becomes_tables_and_a_second_sync_finds_nothing_to_do(
    objects: Installation, glue: GlueSimulator
) -> None:
    assert objects.ask("sync")["counts"]["create"] == 32
    assert parameters(glue, "customers")["spheresync.kind"] == "local_table"
    assert json.loads(parameters(glue, "customers")["spheresync.primary-key"]) == ["ID"]
    assert parameters(glue, "orders")["spheresync.kind"] == "view"
    glue.reset()
    again = objects.ask("sync")
    assert (again["state"], again["counts"]["unchanged"]) == ("done", 32)
    assert glue.calls() == {}


def test_without_the_switch_they_stay_unknown(objects: Installation) -> None:
    objects.extra["SPHERESYNC_DATASPHERE__OBJECTS"] = "off"
    assert objects.ask("sync")["counts"]["create"] == 30


def test_a_flow_is_known_and_no_table_is_made_of_it(objects: Installation, tenant: RunningTenant) -> None:
    flow = {"kind": "data_flow", "name": "DF_LOAD", "label": "Load"}
    tenant.edit("add_asset", space=SPACE, object=flow)
    assert objects.ask("sync")["counts"]["create"] == 32
    listed = {row["asset"]: row for row in objects.ask("assets", "--kind", "data_flow")["items"]}
    assert listed[f"{SPACE}/DF_LOAD"]["status"] == "excluded"
    assert objects.ask("preview", "--exit-code")["summary"]["unchanged"] == 32


@pytest.mark.parametrize("fault", ["no_discovery", "no_content"])
def test_without_a_discovery_document_or_the_content_of_a_space_all_is_read_one_by_one(
    objects: Installation, tenant: RunningTenant, fault: str
) -> None:
    tenant.set_faults(**{fault: True})
    run = objects.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 32)


def test_lists_that_fail_take_nothing_away(objects: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    objects.ask("sync")
    glue.reset()
    tenant.set_faults(html_matching="/localtables")
    for _ in range(4):
        run = objects.ask("sync", "--allow-deletes", code=1)
        assert run["counts"]["retire"] == run["counts"]["delete"] == 0
        assert any("localtables" in each["reason"] for each in run["failures"])
    assert writes(glue) == {}
    tenant.set_faults()
    assert objects.ask("sync")["counts"]["unchanged"] == 32


def test_a_table_that_is_gone_is_retired_once_the_tenant_says_so(
    objects: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    objects.ask("sync")
    tenant.edit("remove_asset", space=SPACE, asset="CUSTOMERS")
    for _ in range(3):
        run = objects.ask("sync")
    assert run["counts"]["retire"] == 1
    assert parameters(glue, "customers")["spheresync.status"] == "retired"


def test_a_table_that_the_catalog_never_lists_keeps_its_table_under_a_name_of_another_case(
    objects: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    objects.ask("sync")
    for name, before in (("Customers", "CUSTOMERS"), ("Orders", "ORDERS")):
        tenant.edit("rename_asset", space=SPACE, asset=before, name=name)
    preview = objects.ask("preview")
    assert {each["asset"]: each.get("renamed_from") for each in preview["items"]} == {
        f"{SPACE}/Customers": f"{SPACE}/CUSTOMERS",
        f"{SPACE}/Orders": f"{SPACE}/ORDERS",
    }
    assert objects.ask("apply", preview["change_set_id"])["state"] == "done"
    assert parameters(glue, "customers")["spheresync.source"] == f"{SPACE}/Customers"
    assert objects.ask("sync")["counts"]["unchanged"] == 32


def switched_off(objects: Installation) -> Installation:
    objects.extra["SPHERESYNC_DATASPHERE__OBJECTS"] = "off"
    return objects


def test_switched_off_what_only_objects_told_stays_and_is_told_as_not_read_and_no_failure(
    objects: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    flow = {"kind": "data_flow", "name": "DF_LOAD", "label": "Load"}
    tenant.edit("add_asset", space=SPACE, object=flow)
    objects.ask("sync")
    switched_off(objects)
    before = glue.dump()["tables"]["space_000"]
    for _ in range(5):
        run = objects.ask("sync", "--allow-deletes")
        assert (run["state"], run["counts"]["unread"], run["counts"]["missing"], run["failures"]) == ("done", 3, 0, [])
        told = [each for each in run["findings"] if each["code"] == "objects_off"]
        assert len(told) == 1 and told[0]["message"].startswith("3 known objects are not read")
        assert "Switch datasphere.objects on" in told[0]["remedy"]
    now = glue.dump()["tables"]["space_000"]
    assert {name: now[name] for name in ("customers", "orders")} == {
        name: before[name] for name in ("customers", "orders")
    }
    assert objects.ask("discover")["state"] == "done"
    preview = objects.ask("preview", "--no-refresh", "--exit-code")
    assert [each["code"] for each in preview["findings"]] == ["objects_off"]
    status = objects.ask("status")
    assert (status["health"], status["problems"]) == ("ok", [])
    assert [each["code"] for each in status["notes"]] == ["scheduler_off", "objects_off"]
    row = next(each for each in objects.ask("assets")["items"] if each["asset"] == f"{SPACE}/CUSTOMERS")
    assert row["status"] == "excluded" and "datasphere.objects is off" in row["problem"]


def test_switched_on_again_all_of_it_is_read_as_if_it_had_never_been_off(
    objects: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    objects.ask("sync")
    switched_off(objects)
    for _ in range(3):
        objects.ask("sync")
    tenant.edit("remove_asset", space=SPACE, asset="CUSTOMERS")
    objects.extra["SPHERESYNC_DATASPHERE__OBJECTS"] = "on"
    run = objects.ask("sync")
    assert (run["state"], run["counts"]["missing"], run["counts"]["retire"]) == ("done", 1, 0)
    assert "spheresync.status" not in parameters(glue, "customers")
    for _ in range(2):
        run = objects.ask("sync")
    assert run["counts"]["retire"] == 1


def test_what_is_exposed_is_read_on_without_objects_and_what_csn_told_goes_as_the_preview_shows(
    objects: Installation,
) -> None:
    objects.ask("sync")
    switched_off(objects)
    preview = objects.ask("preview")
    assert preview["problems"] == []
    assert {each["action"] for each in preview["items"]} <= {"update"}
    assert objects.ask("sync")["state"] == "done"
    assert objects.ask("sync")["counts"]["unchanged"] == 30


def test_left_out_by_a_rule_what_only_objects_told_is_managed_no_more_and_told_no_more(
    objects: Installation, glue: GlueSimulator
) -> None:
    objects.ask("sync")
    switched_off(objects).ask("sync")
    objects.config = f"scope: {{exclude: [{SPACE}/CUSTOMERS, {SPACE}/ORDERS]}}\n"
    run = objects.ask("sync")
    assert (run["state"], run["counts"]["forget"], run["counts"]["unread"]) == ("done", 2, 0)
    assert "spheresync.status" not in parameters(glue, "customers"), "what has left the scope stays as it is"
    run, status = objects.ask("sync"), objects.ask("status")
    assert (run["counts"]["forget"], run["findings"]) == (0, [])
    assert [each["code"] for each in status["notes"]] == ["scheduler_off"]
