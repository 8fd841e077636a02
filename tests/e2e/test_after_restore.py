"""What is asked of a restored state before its first sync: drift and undo claim nothing that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.test_full import edit
from tests.e2e.test_safety import writes
from tests.e2e.test_undo import inputs
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


@pytest.fixture
def restored(synced: Installation, tenant: RunningTenant, glue: GlueSimulator, tmp_path: Path) -> Installation:
    """A state from before a sync that changed two tables and made one; somebody edited a third since."""
    file = tmp_path / "state.db"
    synced.ask("backup", str(file))
    for number in (1, 2):
        asset = {"space": "SPACE_000", "asset": f"ASSET_0000{number}"}
        tenant.edit("set_label", **asset, label="After the backup")
        tenant.edit("add_column", **asset, column={"name": "NEU", "type": "Edm.Int32"})
    tenant.edit("rename_asset", space="SPACE_001", asset="ASSET_00001", name="NEWCOMER")
    assert synced.ask("sync")["counts"]["update"] == 2
    edit(glue, "asset_00003", TableType="VIRTUAL_VIEW")
    synced.ask("restore", str(file))
    glue.reset()
    return synced


def test_drift_of_tables_that_nobody_knows_is_no_success_and_repairs_nothing(
    restored: Installation, glue: GlueSimulator
) -> None:
    found = restored.ask("drift", code=1)
    assert (found["summary"]["compared"], found["summary"]["not_compared"], found["total"]) == (0, 30, 0)
    assert {each["subject"] for each in found["problems"]} == {"SPACE_000", "SPACE_001", "SPACE_002"}
    assert all("10 tables" in each["message"] and "sync" in each["remedy"] for each in found["problems"])
    part = restored.ask("drift", "--asset", "SPACE_000/ASSET_00003", code=1)
    assert [each["message"].count("1 table ") for each in part["problems"]] == [1]
    restored.ask("drift", "--repair", code=1)
    assert writes(glue) == {}
    restored.ask("sync", "--space", "SPACE_000")
    found = restored.ask("drift")
    assert (found["summary"]["compared"], found["summary"]["not_compared"]) == (31, 0), "it looked at all databases"


def test_an_undo_waits_until_a_sync_has_found_out_what_aws_holds(
    restored: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    first = restored.ask("runs")["items"][-1]["run_id"]
    before = inputs(glue)
    refused = restored.ask("revert", first, code=3)["error"]
    assert "since this state was restored" in refused["message"] and "Run a sync" in refused["remedy"]
    assert restored.ask("sync")["counts"]["adopt"] == 29, "and one that somebody edited is written again"
    undo = restored.ask("revert", first)
    kinds = {item["asset"]: item["action"] for item in restored.ask("revert", first, "--limit", "100")["items"]}
    stay = {f"SPACE_000/ASSET_0000{number}" for number in (1, 2)}
    assert {asset for asset, action in kinds.items() if action == "conflict"} >= stay, "others changed these since"
    restored.ask("apply", undo["change_set_id"], "--allow-deletes", code=None)
    after = inputs(glue)
    assert all(after[key] == before[key] for key in after), "what stays is as it was"
    assert {"space_000.asset_00001", "space_000.asset_00002"} <= after.keys()
    assert "space_000.asset_00004" not in after, "it is as the run left it"


def test_a_run_that_only_the_lost_state_knew_cannot_be_undone_and_says_so(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, tmp_path: Path
) -> None:
    synced.ask("backup", str(tmp_path / "state.db"))
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="After the backup")
    run = synced.ask("sync")["run_id"]
    synced.ask("restore", str(tmp_path / "state.db"))
    glue.reset()
    assert run in synced.ask("revert", run, code=2)["error"]["message"]
    assert glue.calls() == {}


def test_what_a_revert_holds_is_known_after_a_restore_too(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, tmp_path: Path
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Undone")
    undo = synced.ask("revert", synced.ask("sync")["run_id"])
    run = synced.ask("apply", undo["change_set_id"])["run_id"]
    synced.ask("backup", str(tmp_path / "state.db"))
    synced.ask("restore", str(tmp_path / "state.db"))
    found = synced.ask("drift", "--asset", "SPACE_000/ASSET_00001")
    assert (found["summary"]["compared"], found["summary"]["drifted"]) == (1, 0)
    again = synced.ask("revert", run)
    synced.ask("apply", again["change_set_id"])
    assert glue.table("space_000", "asset_00001")["Description"] == "Undone"


def test_what_nobody_has_verified_since_is_not_called_in_sync(restored: Installation) -> None:
    status = restored.ask("status")
    told = [each["message"] for each in status["problems"] if each["code"] == "not_verified"]
    assert status["health"] == "degraded"
    assert [each.split(":")[0] for each in told] == ["30 assets counted as in sync are not verified"]
    restored.ask("sync")
    assert "not_verified" not in {each["code"] for each in restored.ask("status")["problems"]}
