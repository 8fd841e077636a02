"""What the drift policies leave is put back where somebody asks for it by name, as a change set that says so."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from tests.e2e.test_drift import contents, edit_columns, only, quiet
from tests.e2e.test_full import edit
from tests.e2e.test_mcp_dog import call
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

EDITED, OTHER = "SPACE_000/ASSET_00002", "SPACE_000/ASSET_00003"
ALL_KEPT = "drift: {description: keep, comments: keep, columns: report, parameters: report, missing: keep}\n"


def description(glue: GlueSimulator, name: str) -> str:
    return str(glue.table("space_000", name).get("Description"))


def test_what_is_only_reported_is_put_back_where_it_is_asked_for_by_name(
    synced: Installation, glue: GlueSimulator
) -> None:
    before = contents(glue)
    edit(glue, "asset_00002", Description="by hand")
    edit(glue, "asset_00003", Description="by hand too")
    reported = synced.ask("drift", "--asset", EDITED)
    assert reported["change_set_id"] is None and reported["summary"]["reported"] == 1
    assert "1 reported, left as the policy says" in synced.run("drift", "--asset", EDITED).out

    asked = synced.ask("drift", "--asset", EDITED, "--overwrite")
    item = only(asked)
    assert (item["policy"], item["effect"]) == ("report", "restore") and "puts back" in item["remedy"]
    assert {field["effect"] for field in item["fields"]} == {"restore"}
    assert asked["summary"]["to_repair"] == 1 and asked["summary"]["reported"] == 0
    assert description(glue, "asset_00002") == "by hand", "only a person's apply writes it"
    run = synced.ask("apply", asked["change_set_id"])
    assert (run["state"], run["counts"]["update"] + run["counts"]["metadata_only"]) == ("done", 1), run
    assert "whatever_policy" in {finding["code"] for finding in run["findings"]}
    assert description(glue, "asset_00003") == "by hand too", "what was not named stays"
    after = contents(glue)
    assert after["space_000.asset_00002"] == before["space_000.asset_00002"]
    assert synced.ask("drift", "--asset", EDITED)["total"] == 0


def test_a_repair_that_was_asked_for_is_applied_as_reviewed_whatever_is_configured_then(
    synced: Installation, glue: GlueSimulator
) -> None:
    before = contents(glue)
    edit_columns(glue, "asset_00002", lambda columns: columns[1].update(Comment="mine", Type="array<int>"))
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00003")
    synced.config = ALL_KEPT
    asked = synced.ask("drift", "--asset", EDITED, "--asset", OTHER, "--overwrite")
    effects: dict[str, Any] = {item["asset"]: item["effect"] for item in asked["items"]}
    assert effects == {EDITED: "restore", OTHER: "recreate"}
    assert {item["policy"] for item in asked["items"]} == {"report", "keep"}
    run = synced.ask("apply", asked["change_set_id"])
    assert run["state"] == "done" and run["failures"] == []
    assert contents(glue) == before
    synced.config = ""
    quiet(synced, glue)


def test_a_former_run_says_that_what_it_left_was_repaired_since(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, "asset_00002", Description="by hand")
    former = synced.ask("sync", "--full")
    (left,) = [each for each in former["findings"] if each["code"] == "drift"]
    assert left["message"].endswith("; it stays as it is") and "--overwrite" in left["remedy"]
    asked = synced.ask("drift", "--asset", EDITED, "--overwrite")
    repair = synced.ask("apply", asked["change_set_id"])
    (said,) = [each for each in synced.ask("runs", former["run_id"])["findings"] if each["code"] == "drift"]
    assert f"the run left it as it was, and run {repair['run_id']} has written the table since" in said["message"]
    assert "it stays as it is" not in said["message"]


def test_nobody_overwrites_what_is_not_named(synced: Installation) -> None:
    refused = synced.ask("drift", "--overwrite", code=2)
    assert "asset by asset" in str(refused)


@pytest.mark.anyio
async def test_a_table_that_others_deleted_is_not_shown_as_active(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = "drift: {missing: report}\n"
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00002")
    async with Client(synced.serving("--no-scheduler", SPHERESYNC_ROLE="operator")) as client:
        only(await call(client, "detect_drift", assets=[EDITED]))
        described = await call(client, "describe_asset", asset=EDITED)
        assert [each["state"] for each in described["targets"]] == ["deleted by others"]
        assert f"detect_drift with assets=[{EDITED}] and overwrite=true makes a change set" in described["problem"]
        asked = await call(client, "detect_drift", assets=[EDITED], overwrite=True)
        run = await call(client, "apply_changes", change_set_id=asked["change_set_id"], wait_seconds=60)
        assert run["state"] == "done"
        described = await call(client, "describe_asset", asset=EDITED)
        assert [each["state"] for each in described["targets"]] == ["active"]
