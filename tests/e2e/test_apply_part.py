"""A part of a change set is applied by naming its assets; the rest is not done, and takes a new change set."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from tests.e2e.test_mcp_dog import call
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ONE, TWO, THIRD = "SPACE_000/ASSET_00000", "SPACE_001/ASSET_00001", "SPACE_002/ASSET_00002"


@pytest.fixture
def planned(installation: Installation) -> dict[str, Any]:
    installation.ask("discover")
    change_set: dict[str, Any] = installation.ask("preview")
    assert change_set["summary"]["create"] == 30 and len(change_set["prerequisites"]) == 3
    return change_set


def test_only_what_is_named_is_done_with_the_databases_that_it_needs(
    installation: Installation, planned: dict[str, Any], glue: GlueSimulator
) -> None:
    change_set = planned["change_set_id"]
    wrong = installation.ask("apply", change_set, "--asset", "SPACE_000/asset_00000", code=2)
    assert "does nothing for asset" in wrong["error"]["message"] and ONE in wrong["error"]["remedy"]
    nothing = installation.ask("preview", "--space", "SPACE_002")["change_set_id"]
    misspelled = installation.ask("apply", nothing, "--asset", "SPACE_000/ASSET_0000", code=2)["error"]["remedy"]
    assert "Did you mean SPACE_000/ASSET_0000" in misspelled and "get_change_set shows" in misspelled
    run = installation.ask("apply", change_set, "--asset", ONE, "--asset", TWO)
    assert (run["state"], run["counts"]["create"], run["counts"]["skipped"]) == ("done", 2, 28)
    assert run["scope"] == {"assets": [ONE, TWO]}
    assert {name: len(tables) for name, tables in glue.dump()["tables"].items() if tables} == {
        "space_000": 1,
        "space_001": 1,
    }
    assert "space_002" not in glue.dump()["databases"]
    again = installation.ask("apply", change_set, "--asset", ONE, "--asset", TWO)
    assert (again["run_id"], again["findings"]) == (run["run_id"], []), "a change set has one run"
    for other in (["--asset", THIRD], []):
        (told,) = installation.ask("apply", change_set, *other)["findings"]
        assert (
            told["code"] == "applied_otherwise"
            and "for 2 assets of it; of what is asked for now nothing" in told["message"]
        )
    assert installation.ask("sync", "--space", "SPACE_002")["counts"]["create"] == 10
    assert installation.ask("sync")["counts"]["create"] == 18
    done = installation.ask("preview")
    assert done["summary"]["create"] == 0
    wrong = installation.ask("apply", done["change_set_id"], "--asset", "SPACE_000/ASSET_0000", code=2)["error"]
    assert "Did you mean SPACE_000/ASSET_0000" in wrong["remedy"] and "It changes nothing" in wrong["remedy"]
    assert installation.ask("audit", "verify")["intact"]


def test_what_could_not_be_read_elsewhere_is_no_failure_of_a_part(
    installation: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(wrong_shape_matching=f"{THIRD.partition('/')[2]}/$metadata")
    installation.ask("discover", code=1)
    change_set = installation.ask("preview", code=1)
    assert change_set["problems_total"] == change_set["summary"]["failed"] == 3
    run = installation.ask("apply", change_set["change_set_id"], "--asset", ONE)
    assert (run["state"], run["failures"], run["counts"]["failed"]) == ("done", [], 0)


def test_findings_about_other_assets_are_not_repeated(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for asset in (ONE, TWO):
        space, _, name = asset.partition("/")
        tenant.edit("set_label", space=space, asset=name, label="Another label")
        hands = glue.client()
        table = glue.table(space.lower(), name.lower())
        kept = {each: table[each] for each in ("Name", "Parameters", "StorageDescriptor", "TableType")}
        hands.update_table(DatabaseName=space.lower(), TableInput={**kept, "Description": "of others"})
    change_set = synced.ask("preview", code=None)
    about = {each["subject"] for each in change_set["findings"]}
    assert {ONE, TWO} <= about, change_set["findings"]
    run = synced.ask("apply", change_set["change_set_id"], "--asset", ONE, code=None)
    assert TWO not in {each["subject"] for each in run["findings"]}


def test_an_undo_is_done_as_a_whole_and_deletes_only_where_somebody_allows_it(synced: Installation) -> None:
    synced.config = "deletion: {policy: delete}\n"
    run = synced.ask("runs")["items"][0]["run_id"]
    undo = synced.ask("revert", run)
    assert (undo["summary"]["delete"], undo["blocked"]) == (30, 30), "the policy is about what Datasphere lists no more"
    part = synced.ask("apply", undo["change_set_id"], "--asset", ONE, code=2)
    assert "an undo is done as a whole" in part["error"]["message"]
    assert synced.ask("apply", undo["change_set_id"], code=3)["error"]["code"] == "refused"
    assert synced.ask("apply", undo["change_set_id"], "--allow-deletes")["counts"]["delete"] == 30


@pytest.mark.anyio
async def test_an_assistant_applies_a_part_and_is_told_that_the_rest_is_left(
    installation: Installation, planned: dict[str, Any]
) -> None:
    async with Client(installation.serving("--no-scheduler", SPHERESYNC_ROLE="operator")) as client:
        part = {"change_set_id": planned["change_set_id"], "assets": [ONE], "wait_seconds": 60}
        result = await client.call_tool("apply_changes", part)
        said = str(result.content)
        assert f"Scope: assets {ONE}." in said
        assert "29 items of the change set were not asked for" in said and "preview_changes" in said
        other = await client.call_tool("apply_changes", part | {"assets": [TWO]})
        assert "NOTHING WAS DONE NOW: run" in str(other.content)
        shown = await client.call_tool("get_change_set", {"change_set_id": planned["change_set_id"], "limit": 1})
        assert "for 1 asset of it, which is done: get_run says what was done" in str(shown.content)
        left = await call(client, "preview_changes")
        assert left["summary"]["create"] == 29
