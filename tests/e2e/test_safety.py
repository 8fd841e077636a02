"""What must never happen to somebody's catalog: the trials that the best peer fails, outages, other people's work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

WRITES = {"CreateTable", "UpdateTable", "DeleteTable", "BatchDeleteTable", "CreateDatabase", "DeleteDatabase"}


def writes(glue: GlueSimulator) -> dict[str, int]:
    return {api: count for api, count in glue.calls().items() if api in WRITES}


def parameters(glue: GlueSimulator, database: str, table: str) -> dict[str, str]:
    found: dict[str, str] = glue.table(database, table)["Parameters"]
    return found


def named(run: dict[str, Any], subject: str) -> bool:
    return any(subject in json.dumps(entry) for entry in run["failures"])


def test_one_space_that_answers_503_deletes_nothing_and_is_named(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(unavailable_spaces=["SPACE_001"])
    for _ in range(4):
        run = synced.ask("sync", code=1)
        assert run["state"] == "partly_failed"
        assert named(run, "SPACE_001")
    assert writes(glue) == {}
    tenant.set_faults()
    assert synced.ask("sync")["counts"]["unchanged"] == 30


def test_most_assets_vanishing_is_refused_before_the_first_removal(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(vanish=0.7)
    assert synced.ask("sync")["state"] == "done"
    assert synced.ask("sync")["state"] == "done"
    third = synced.ask("sync", code=3)
    assert third["state"] == "refused"
    assert third["findings"]
    assert writes(glue) == {}
    many = synced.ask("sync", "--max-deletes", "21")
    assert many["counts"]["retire"] == 21
    assert writes(glue) == {"UpdateTable": 21}


def test_a_filter_added_between_runs_forgets_and_deletes_nothing(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = 'scope: {exclude: ["SPACE_002/*"]}\n'
    run = synced.ask("sync")
    assert run["counts"]["forget"] == 10
    assert writes(glue) == {}
    assert len(glue.dump()["tables"]["space_002"]) == 10
    synced.config = "scope: {}\n"
    assert synced.ask("sync")["counts"]["adopt"] == 10
    assert writes(glue) == {}


def test_pairs_that_differ_only_by_case_both_arrive_under_names_that_stay(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(20):
        for name in (f"Orders_{number}", f"ORDERS_{number}"):
            add(tenant, "SPACE_000", name)
    run = installation.ask("sync")
    assert run["counts"]["create"] == 70
    before = {name: t["live"]["Parameters"]["spheresync.source"] for name, t in tables_of(glue, "space_000").items()}
    assert before["orders_3"] == "SPACE_000/ORDERS_3", "the smaller source by code point has the plain name"
    assert len(before) == 50
    tenant.edit("remove_asset", space="SPACE_000", asset="ORDERS_3")
    installation.ask("sync")
    after = {name: t["live"]["Parameters"]["spheresync.source"] for name, t in tables_of(glue, "space_000").items()}
    assert after == before


def tables_of(glue: GlueSimulator, database: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.dump()["tables"][database]
    return found


def add(tenant: RunningTenant, space: str, name: str) -> None:
    column = {"name": "ID", "type": "Edm.Int32", "key": True}
    tenant.edit("add_asset", space=space, object={"name": name, "kind": "view", "label": name, "columns": [column]})


@pytest.mark.parametrize(
    "faults",
    [
        {"html_outage": True},
        {"error_storm": True},
        {"token_outage": True},
        {"wrong_shape_matching": "/catalog/spaces"},
        {"truncated_matching": "/catalog/spaces"},
    ],
    ids=lambda faults: next(iter(faults)),
)
def test_an_outage_changes_nothing_and_the_next_run_goes_on(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, faults: dict[str, Any]
) -> None:
    tenant.set_faults(**faults)
    run = synced.ask("sync", code=1)
    assert run["state"] in {"failed", "partly_failed"}
    assert run["failures"]
    assert writes(glue) == {}
    tenant.set_faults()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert writes(glue) == {}


@pytest.mark.parametrize(
    "faults",
    [{"denied_spaces": ["SPACE_001"]}, {"failing_page": 2}, {"paging_loop": True}, {"foreign_next_link": True}],
    ids=lambda faults: next(iter(faults)),
)
def test_a_listing_that_is_not_whole_counts_no_miss(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, faults: dict[str, Any]
) -> None:
    tenant.admin(page_size=4)
    tenant.set_faults(**faults)
    for _ in range(4):
        run = synced.ask("sync", code=1)
        assert named(run, "SPACE_001")
    assert writes(glue) == {}
    assert not [row for row in synced.ask("assets")["items"] if row["status"] in {"missing", "retired"}]


def test_a_vanished_asset_is_retired_at_the_third_miss_then_deleted_where_allowed(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    for _ in range(2):
        assert synced.ask("sync")["counts"]["retire"] == 0
    assert synced.ask("sync")["counts"]["retire"] == 1
    assert parameters(glue, "space_000", "asset_00003")["spheresync.status"] == "retired"
    glue.reset()
    assert synced.ask("sync")["counts"]["delete"] == 0
    assert glue.calls() == {}
    assert synced.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert "asset_00003" not in tables_of(glue, "space_000")
    assert synced.ask("audit", "query", "--action", "delete")["total"] == 1


def test_a_retired_table_comes_back_to_life_with_its_asset(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(vanish=0.1, vanish_spaces=["SPACE_000"])
    for _ in range(3):
        synced.ask("sync")
    retired = [n for n, t in tables_of(glue, "space_000").items() if "spheresync.status" in t["live"]["Parameters"]]
    assert len(retired) == 1
    tenant.set_faults()
    revived = synced.ask("sync")["counts"]
    assert (revived["metadata_only"], revived["unchanged"]) == (1, 29)
    assert "spheresync.status" not in parameters(glue, "space_000", retired[0])
    assert not glue.table("space_000", retired[0])["Description"].startswith("[retired")


def test_a_table_of_our_name_that_is_not_ours_is_a_conflict_and_stays_as_it_is(
    installation: Installation, glue: GlueSimulator
) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "space_000"})
    hands.create_table(DatabaseName="space_000", TableInput={"Name": "asset_00001", "Description": "Jane's own"})
    run = installation.ask("sync", code=1)
    assert run["state"] == "partly_failed"
    assert run["counts"]["conflict"] == 1
    assert run["counts"]["create"] == 29
    assert named(run, "SPACE_000/ASSET_00001")
    table = glue.table("space_000", "asset_00001")
    assert table["Description"] == "Jane's own"
    assert table["VersionId"] == "0"
    assert "spheresync.managed-by" not in glue.dump()["databases"]["space_000"].get("Parameters", {})


def test_a_conflict_stays_one_until_the_way_is_free(installation: Installation, glue: GlueSimulator) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "space_000"})
    hands.create_table(DatabaseName="space_000", TableInput={"Name": "asset_00001"})
    installation.ask("sync", code=1)
    assert installation.ask("assets", "--status", "conflict")["total"] == 1
    assert installation.ask("preview")["summary"]["conflict"] == 1, "and not a create"
    glue.reset()
    assert installation.ask("sync", code=1)["counts"]["conflict"] == 1
    assert glue.calls() == {"GetTable": 1}
    hands.delete_table(DatabaseName="space_000", Name="asset_00001")
    assert installation.ask("sync")["counts"]["create"] == 1


def test_a_conflict_in_a_database_with_a_hashed_name_settles(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("add_space", name="space_000", label="The other one")
    add(tenant, "space_000", "FIRST")
    installation.ask("sync")
    database = next(name for name in glue.dump()["databases"] if name.startswith("space_000_"))
    glue.client().create_table(DatabaseName=database, TableInput={"Name": "late"})
    add(tenant, "space_000", "LATE")
    assert installation.ask("sync", code=1)["counts"]["conflict"] == 1
    glue.reset()
    assert installation.ask("sync", code=1)["counts"]["conflict"] == 1
    assert glue.calls() == {"GetTable": 1}


def test_what_somebody_edits_after_the_preview_is_not_overwritten_and_the_rest_is_applied(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for name in ("ASSET_00001", "ASSET_00002"):
        tenant.edit("set_label", space="SPACE_000", asset=name, label="Another label")
    change_set = synced.ask("preview")["change_set_id"]
    hands = glue.client()
    edited = hands.get_table(DatabaseName="space_000", Name="asset_00001")["Table"]
    fields = {key: edited[key] for key in ("Name", "Parameters", "StorageDescriptor", "TableType", "PartitionKeys")}
    hands.update_table(DatabaseName="space_000", TableInput={**fields, "Description": "Written by hand"})
    run = synced.ask("apply", change_set, code=1)
    assert run["state"] == "partly_failed"
    assert run["counts"]["refused"] == 1
    assert named(run, "SPACE_000/ASSET_00001")
    assert glue.table("space_000", "asset_00001")["Description"] == "Written by hand"
    assert parameters(glue, "space_000", "asset_00001")["spheresync.label"] != "Another label"
    assert parameters(glue, "space_000", "asset_00002")["spheresync.label"] == "Another label"

    again = synced.ask("preview")
    paths = {change["path"] for change in again["items"][0]["changes"]}
    assert "parameters.spheresync.label" in paths
    assert "description" not in paths, "the plan shows that the edited text stays"
    assert synced.ask("apply", again["change_set_id"])["state"] == "done"
    assert glue.table("space_000", "asset_00001")["Description"] == "Written by hand", "drift.description: report"
    assert parameters(glue, "space_000", "asset_00001")["spheresync.label"] == "Another label"


def test_foreign_parameters_survive_an_update(synced: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    hands = glue.client()
    live = hands.get_table(DatabaseName="space_000", Name="asset_00001")["Table"]
    fields = {key: live[key] for key in ("Name", "Description", "StorageDescriptor", "TableType", "PartitionKeys")}
    hands.update_table(
        DatabaseName="space_000", TableInput={**fields, "Parameters": {**live["Parameters"], "owner-team": "bi"}}
    )
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert synced.ask("sync")["state"] == "done"
    assert parameters(glue, "space_000", "asset_00001")["owner-team"] == "bi"
    assert parameters(glue, "space_000", "asset_00001")["spheresync.label"] == "Another label"


def test_every_asset_of_a_space_losing_columns_waits_for_a_person(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(10):
        add(tenant, "SPACE_000", f"MORE_{number}")
        tenant.edit("add_column", space="SPACE_000", asset=f"MORE_{number}", column={"name": "X", "type": "Edm.Int32"})
    assert installation.ask("sync")["counts"]["create"] == 40
    glue.reset()
    for row in installation.ask("assets", "--space", "SPACE_000", "--limit", "50")["items"]:
        name = row["asset"].split("/")[1]
        column = "X" if name.startswith("MORE") else "COL_003"
        tenant.edit("remove_column", space="SPACE_000", asset=name, column=column)
    held_back = installation.ask("sync", code=3)
    assert held_back["state"] == "refused"
    assert held_back["findings"][0]["code"] == "all_lose_columns"
    assert writes(glue) == {}
    assert installation.ask("sync", "--max-deletes", "0")["counts"]["update"] == 20


def test_a_part_of_a_space_may_lose_columns(installation: Installation, tenant: RunningTenant) -> None:
    for number in range(10):
        add(tenant, "SPACE_000", f"MORE_{number}")
    assert installation.ask("sync")["counts"]["create"] == 40
    for name in ("ASSET_00001", "ASSET_00002"):
        tenant.edit("remove_column", space="SPACE_000", asset=name, column="COL_003")
    scoped = installation.ask("sync", "--asset", "SPACE_000/ASSET_00001", "--asset", "SPACE_000/ASSET_00002")
    assert (scoped["state"], scoped["counts"]["update"]) == ("done", 2)


def test_a_space_that_does_not_exist_is_named_with_those_that_do(synced: Installation) -> None:
    error = synced.ask("sync", "--space", "SPACE_00", code=2)["error"]
    assert error["code"] == "usage"
    assert "SPACE_000" in error["remedy"]
    assert synced.ask("runs")["total"] == 1, "no run was begun"
