"""A table that an asset had before rules named it anew: followed, deleted where allowed, taken into use again."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.e2e.test_full import edit
from tests.e2e.test_safety import parameters, tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00001"
RENAME = 'mapping: {rules: [{match: {space: SPACE_000, name: ASSET_00001}, set: {table: "{name}_v1"}}]}\n'
MOVE_ALL = 'mapping: {rules: [{match: {name: "*"}, set: {database: elsewhere, table: "{space}_{name}"}}]}\n'
BACK = "mapping: {}\n"


def is_retired(glue: GlueSimulator, name: str) -> bool:
    return parameters(glue, "space_000", name).get("spheresync.status") == "retired"


def deletes(preview: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    items = [each for each in preview["items"] if each["action"] == "delete"]
    return [(each["asset"], each["object"], each["blocked_by"]) for each in items]


def renamed(installation: Installation, glue: GlueSimulator, rules: str = RENAME) -> None:
    installation.config = rules
    counts = installation.ask("sync")["counts"]
    assert counts["create"] == counts["retire"] > 0
    glue.reset()


def test_it_is_offered_in_a_preview_and_deleted_only_where_allowed(synced: Installation, glue: GlueSimulator) -> None:
    renamed(synced, glue)
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    preview = synced.ask("preview", "--exit-code", code=0)
    assert deletes(preview) == [(ASSET, "space_000.asset_00001", "deletes_not_allowed")]
    assert glue.calls() == {}
    run = synced.ask("sync", "--allow-deletes")
    assert (run["state"], run["counts"]["delete"], run["findings"]) == ("done", 1, [])
    assert set(tables_of(glue, "space_000")) >= {"asset_00001_v1", "asset_00002"}
    assert "asset_00001" not in tables_of(glue, "space_000")
    assert synced.ask("audit", "query", "--action", "delete", "--asset", ASSET)["total"] == 1
    assert synced.ask("assets", "--status", "synced")["total"] == 30, "its asset is not gone"
    glue.reset()
    assert deletes(synced.ask("preview")) == []
    assert synced.ask("sync", "--allow-deletes")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_an_approved_offer_is_carried_out_by_apply(synced: Installation, glue: GlueSimulator) -> None:
    renamed(synced, glue)
    preview = synced.ask("preview")
    run = synced.ask("apply", preview["change_set_id"], "--allow-deletes")
    assert (run["state"], run["counts"]["delete"]) == ("done", 1)
    assert "asset_00001" not in tables_of(glue, "space_000")


def test_what_somebody_edited_is_not_deleted_and_what_is_gone_or_taken_is_not_followed(
    synced: Installation, glue: GlueSimulator
) -> None:
    renamed(synced, glue)
    edit(glue, foreign={"team": "bi"})
    run = synced.ask("sync", "--allow-deletes", code=3)
    assert (run["counts"]["refused"], run["counts"]["delete"]) == (1, 0)
    assert is_retired(glue, "asset_00001")
    assert deletes(synced.ask("preview")) != [], "still followed"
    edit(glue, Parameters={"owner": "Jane"})
    assert synced.ask("sync", "--allow-deletes")["counts"]["delete"] == 0, "somebody else's by now"
    assert deletes(synced.ask("preview")) == []
    assert glue.table("space_000", "asset_00001")["Parameters"] == {"owner": "Jane"}
    assert synced.ask("assets", "--status", "synced")["total"] == 30


def test_rules_that_go_back_take_it_into_use_again_under_its_name(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    label = glue.table("space_000", "asset_00001")["Description"]
    renamed(synced, glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00002", label="Another label")
    synced.config = BACK
    run = synced.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["retire"]) == ("done", 2, 1)
    assert writes(glue) == {"UpdateTable": 3}
    assert not is_retired(glue, "asset_00001")
    assert glue.table("space_000", "asset_00001")["Description"] == label
    assert is_retired(glue, "asset_00001_v1")
    glue.reset()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}
    assert [named for _, named, _ in deletes(synced.ask("preview"))] == ["space_000.asset_00001_v1"]


@pytest.mark.parametrize("lost", [False, True])
def test_many_are_deleted_by_the_policy_and_trip_no_guard_even_after_the_loss_of_the_state(
    synced: Installation, glue: GlueSimulator, lost: bool
) -> None:
    renamed(synced, glue, MOVE_ALL)
    if lost:
        shutil.rmtree(synced.state_dir)
        run = synced.ask("sync", "--space", "SPACE_001")
        assert (run["state"], run["counts"]["adopt"]) == ("done", 10)
        assert synced.ask("sync")["counts"]["unchanged"] == 30
        assert writes(glue) == {}
    synced.config = MOVE_ALL + "deletion: {policy: delete}\n"
    run = synced.ask("sync")
    assert (run["state"], run["counts"]["delete"], run["findings"]) == ("done", 30, [])
    assert [len(tables_of(glue, f"space_00{number}")) for number in range(3)] == [0, 0, 0]
    assert len(tables_of(glue, "elsewhere")) == 30


def test_the_policy_keep_neither_marks_nor_deletes_it(synced: Installation, glue: GlueSimulator) -> None:
    keep = "deletion: {policy: keep}\n"
    synced.config = RENAME + keep
    counts = synced.ask("sync", "--allow-deletes")["counts"]
    assert (counts["create"], counts["retire"]) == (1, 0)
    assert synced.ask("sync", "--allow-deletes")["counts"]["unchanged"] == 30
    assert not is_retired(glue, "asset_00001")
    glue.reset()
    synced.config = BACK + keep
    assert synced.ask("sync")["counts"]["adopt"] == 1, "it is as it was, and in use again"
    assert glue.calls() == {}
    synced.config = BACK
    assert synced.ask("sync")["counts"]["retire"] == 1
    assert is_retired(glue, "asset_00001_v1")
    assert not is_retired(glue, "asset_00001")


def test_a_table_gives_way_only_to_one_that_is_there(synced: Installation, glue: GlueSimulator) -> None:
    glue.fault("error", "CreateTable", times=None, code="AccessDeniedException")
    synced.config = RENAME
    run = synced.ask("sync", code=1)
    assert (run["counts"]["failed"], run["counts"]["refused"], run["counts"]["retire"]) == (1, 1, 0)
    assert not is_retired(glue, "asset_00001")
    glue.heal()
    glue.client().create_table(DatabaseName="space_000", TableInput={"Name": "asset_00001_v1"})
    assert synced.ask("sync", code=1)["counts"]["conflict"] == 1
    assert not is_retired(glue, "asset_00001")
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00001_v1")
    counts = synced.ask("sync")["counts"]
    assert (counts["create"], counts["retire"]) == (1, 1)


def test_a_newcomer_does_not_take_its_name(synced: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    renamed(synced, glue)
    column = {"name": "ID", "type": "Edm.Int32", "key": True}
    spoken = {"name": "Asset_00001", "kind": "view", "label": "Like it", "columns": [column]}
    tenant.edit("add_asset", space="SPACE_000", object=spoken)
    assert synced.ask("sync")["counts"]["create"] == 1
    assert parameters(glue, "space_000", "asset_00001")["spheresync.source"] == ASSET
    named = [name for name in tables_of(glue, "space_000") if name.startswith("asset_00001_") and name[12:] != "v1"]
    assert len(named) == 1
