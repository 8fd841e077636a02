"""Is it still the same table? Read before it is changed, shown in the preview, never touched where it is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_full import FIELDS, TABLE, edit
from tests.e2e.test_safety import add, named, parameters, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00001"
TAGS = 'mapping: {rules: [{match: {name: "*"}, set: {tags: {layer: gold}}}]}\n'


def relabel(tenant: RunningTenant, *names: str) -> None:
    for name in names:
        tenant.edit("set_label", space="SPACE_000", asset=name, label="Another label")


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The one item of a change set."""
    (item,) = answer["items"]
    found: dict[str, Any] = item
    return found


def test_a_table_that_others_dropped_and_made_anew_is_a_conflict_in_preview_apply_and_sync(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    relabel(tenant, "ASSET_00001", "ASSET_00002")
    saved = synced.ask("preview")["change_set_id"]
    glue.remake(*TABLE, Description="Jane's own")
    before = glue.table(*TABLE)
    assert before["VersionId"] == "0"
    run = synced.ask("apply", saved, code=1)
    assert (run["state"], run["counts"]["conflict"], run["counts"]["metadata_only"]) == ("partly_failed", 1, 1)
    assert named(run, ASSET)
    preview = synced.ask("preview")
    assert preview["summary"]["conflict"] == 1
    assert (only(preview)["action"], only(preview)["asset"]) == ("conflict", ASSET)
    for command in (("sync",), ("sync", "--full"), ("drift", "--repair")):
        assert synced.ask(*command, code=1)["counts"].get("conflict", 1) == 1
    assert glue.table(*TABLE) == before
    assert synced.ask("assets", "--status", "conflict")["total"] == 1


def test_a_copy_of_ours_with_other_content_is_a_conflict_until_a_person_compares_all(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    live = glue.table(*TABLE)
    copied = {key: live[key] for key in FIELDS if key != "Name"} | {"TableType": "VIRTUAL_VIEW"}
    glue.remake(*TABLE, **copied)
    relabel(tenant, "ASSET_00001")
    before = glue.table(*TABLE)
    assert synced.ask("sync", code=1)["counts"]["conflict"] == 1
    item = only(synced.ask("preview"))
    assert item["action"] == "conflict" and "made anew" in item["reason"]
    assert glue.table(*TABLE) == before
    assert synced.ask("sync", "--full")["counts"]["metadata_only"] == 1
    assert parameters(glue, *TABLE)["spheresync.label"] == "Another label"


def test_a_changed_table_is_one_read_and_one_write_and_a_new_one_no_read(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    relabel(tenant, "ASSET_00001", "ASSET_00002")
    synced.ask("sync")
    assert glue.calls() == {"GetTable": 2, "UpdateTable": 2}
    glue.reset()
    change_set = synced.ask("preview", "--no-refresh")
    assert change_set["items"] == [] and glue.calls() == {}


def test_where_a_whole_database_changes_pages_are_read(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = TAGS
    assert synced.ask("sync")["counts"]["metadata_only"] == 30
    assert glue.calls() == {"GetTables": 3, "UpdateTable": 30}
    glue.reset()
    synced.config = TAGS.replace("gold", "silver")
    change_set = synced.ask("preview", "--no-refresh")["change_set_id"]
    assert glue.calls() == {"GetTables": 3}
    glue.reset()
    assert synced.ask("apply", change_set)["counts"]["metadata_only"] == 30
    assert glue.calls() == {"GetTables": 3, "UpdateTable": 30}


def test_pages_that_may_not_be_read_cost_a_read_by_name_each(synced: Installation, glue: GlueSimulator) -> None:
    glue.fault("deny", "GetTables", times=None, database="space_001")
    synced.config = TAGS
    assert synced.ask("sync")["counts"]["metadata_only"] == 30
    assert glue.calls() == {"GetTables": 3, "GetTable": 10, "UpdateTable": 30}


def test_a_preview_shows_what_others_edited_and_applies_over_just_that(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    hands = glue.client()
    live: Any = hands.get_table(DatabaseName=TABLE[0], Name=TABLE[1])["Table"]
    table = {key: live[key] for key in FIELDS if key in live} | {"Description": "by hand"}
    hands.update_table(DatabaseName=TABLE[0], TableInput=table)
    relabel(tenant, "ASSET_00001")
    preview = synced.ask("preview")
    paths = {change["path"] for change in only(preview)["changes"]}
    assert "parameters.spheresync.label" in paths and "description" not in paths
    assert synced.ask("apply", preview["change_set_id"])["state"] == "done"
    assert glue.table(*TABLE)["Description"] == "by hand"
    assert parameters(glue, *TABLE)["spheresync.label"] == "Another label"


@pytest.mark.parametrize("kind", ["drop", "deny"])
def test_a_preview_needs_no_aws_and_says_that_nobody_looked(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, kind: str
) -> None:
    relabel(tenant, "ASSET_00001")
    glue.fault(kind, "*", times=None)
    preview = synced.ask("preview")
    assert only(preview)["action"] == "metadata_only"
    assert [finding["code"] for finding in preview["findings"]] == ["not_looked_at"]


def test_a_table_made_anew_is_neither_retired_nor_deleted_nor_restored(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    tenant.edit("remove_asset", space="SPACE_001", asset="ASSET_00002")
    relabel(tenant, "ASSET_00003")
    changed = synced.ask("sync")["run_id"]
    synced.ask("sync")
    synced.ask("discover")
    glue.remake(*TABLE, Description="Jane's own")
    glue.remake("space_000", "asset_00003", Description="Jane's other")
    preview = synced.ask("preview", "--no-refresh")
    assert {item["asset"]: item["action"] for item in preview["items"]} == {
        ASSET: "conflict",
        "SPACE_001/ASSET_00002": "retire",
    }
    assert synced.ask("sync", code=1)["counts"]["retire"] == 1
    glue.remake("space_001", "asset_00002", Description="Jane's third")
    synced.ask("sync", "--allow-deletes", code=None)
    assert only(synced.ask("revert", changed))["action"] == "conflict"
    assert glue.table(*TABLE)["Description"] == "Jane's own"
    assert glue.table("space_000", "asset_00003")["Description"] == "Jane's other"
    assert glue.table("space_001", "asset_00002")["Description"] == "Jane's third"


def test_a_table_that_is_hidden_is_never_called_deleted(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.hide(*TABLE)
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00002")
    drift = synced.ask("drift", code=1)
    assert [(item["asset"], item["kind"]) for item in drift["items"]] == [("SPACE_000/ASSET_00002", "table_deleted")]
    assert drift["problems"][0]["code"] == "denied" and "cannot be seen" in drift["problems"][0]["message"]
    assert (drift["summary"]["compared"], drift["summary"]["not_compared"]) == (29, 1)
    full = synced.ask("sync", "--full", code=1)
    assert (full["counts"]["create"], full["counts"]["unchanged"], full["counts"]["failed"]) == (1, 28, 1)
    assert named(full, ASSET) and "cannot be seen" in str(full["failures"])
    relabel(tenant, "ASSET_00001")
    preview = synced.ask("preview")
    assert [finding["code"] for finding in preview["findings"]] == ["not_looked_at"]
    assert synced.ask("sync", code=1)["counts"]["failed"] == 1
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(2):
        synced.ask("sync", code=None)
    assert synced.ask("sync", code=1)["counts"]["failed"] == 1
    assert synced.ask("assets", "--status", "retired")["total"] == 0
    assert glue.table(*TABLE)["VersionId"] == "0"
    glue.heal()
    assert synced.ask("sync")["counts"]["retire"] == 1


def test_a_table_that_only_a_listing_left_out_is_compared(synced: Installation, glue: GlueSimulator) -> None:
    glue.fault("hide", "GetTables", times=None, database=TABLE[0], table=TABLE[1])
    assert synced.ask("drift")["total"] == 0
    run = synced.ask("sync", "--full")
    assert (run["state"], run["counts"]["unchanged"]) == ("done", 30)
    assert writes(glue) == {}


def test_a_lost_state_leaves_a_hidden_table_alone(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.hide(*TABLE)
    for file in synced.state_dir.iterdir():
        if file.is_file():
            file.unlink()
    run = synced.ask("sync", code=1)
    assert (run["counts"]["adopt"], run["counts"]["failed"]) == (29, 1)
    assert "cannot be seen" in str(run["failures"])
    assert glue.table(*TABLE)["VersionId"] == "0"


def test_a_table_that_a_lost_state_could_not_see_keeps_what_others_edited(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    edit(glue, Description="Jane's own")
    glue.hide(*TABLE)
    for file in synced.state_dir.iterdir():
        if file.is_file():
            file.unlink()
    synced.ask("sync", code=1)
    glue.heal()
    synced.ask("sync")
    assert glue.table(*TABLE)["Description"] == "Jane's own"
    assert synced.ask("drift")["total"] == 1
    assert synced.ask("sync")["counts"]["unchanged"] == 30


@pytest.mark.parametrize("flags", [(), ("--no-refresh",)])
def test_a_first_preview_of_a_new_asset_shows_that_its_name_is_taken(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, flags: tuple[str, ...]
) -> None:
    add(tenant, "SPACE_000", "NEW_ONE")
    add(tenant, "SPACE_000", "NEW_TWO")
    glue.client().create_table(DatabaseName="space_000", TableInput={"Name": "new_one", "Description": "Jane's own"})
    synced.ask("discover")
    glue.reset()
    preview = synced.ask("preview", *flags)
    found = {item["asset"]: item["action"] for item in preview["items"]}
    assert found == {"SPACE_000/NEW_ONE": "conflict", "SPACE_000/NEW_TWO": "create"}
    assert glue.calls() == {"GetDatabase": 1, "GetTable": 2}
    assert synced.ask("sync", code=1)["counts"]["conflict"] == 1
    glue.reset()
    assert synced.ask("preview", "--no-refresh", "--space", "SPACE_001")["total"] == 0 and glue.calls() == {}


def test_many_new_assets_cost_a_listing_of_their_database(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(12):
        add(tenant, "SPACE_000", f"NEW_{number}")
    glue.client().create_table(DatabaseName="space_000", TableInput={"Name": "new_7"})
    glue.reset()
    assert synced.ask("preview")["summary"]["conflict"] == 1
    assert glue.calls() == {"GetDatabase": 1, "GetTables": 1}
