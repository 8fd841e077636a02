"""The undo of a run that wrote in every target: what it changed comes back in each, of tables of others too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.e2e.test_datazone import listings
from tests.e2e.test_every_item_is_counted import CHANGED, EXPIRED, counted, filled, five, surroundings
from tests.e2e.test_full import edit
from tests.e2e.test_lake_formation import put_context
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

__all__ = ["filled", "five", "surroundings"]


def stands(glue: GlueSimulator) -> dict[str, Any]:
    """What the targets hold of the assets; without what counts the writes, and the words that all share."""
    tables = {
        f"{database}.{name}": table["live"]["Parameters"]
        for database, held in glue.dump()["tables"].items()
        for name, table in held.items()
    }
    revisions = glue.datazone_dump()["assets"].values()
    return {
        "glue": tables,
        "lakeformation": glue.lakeformation_dump()["assigned"],
        "quicksight": {key: each["content"] for key, each in glue.quicksight_dump().get("DataSet", {}).items()},
        "datazone": {
            held[-1]["name"]: [each["content"] for each in held[-1]["formsOutput"] if each["formName"] != "AssetCommon"]
            for held in revisions
        },
        "glue_context": glue.glue_context_dump()["noted"],
    }


def listed(glue: GlueSimulator) -> set[str]:
    """Names of the assets that are published."""
    return {name for name, (status, _) in listings(glue).items() if status == "ACTIVE"}


def test_a_run_that_wrote_onto_a_table_of_others_is_undone_in_every_target(
    filled: Installation, glue: GlueSimulator
) -> None:
    before = stands(glue)
    put_context(filled, CHANGED)
    run = filled.ask("sync")
    assert stands(glue) != before
    named = {each["action"]: (len(each["assets"]), each["assets_total"]) for each in run["outcomes"]}
    assert run["counts"]["metadata_only"] > 2 and named["metadata_only"] == (2, 2), "assets, in however many targets"
    undo = filled.ask("revert", run["run_id"])
    assert undo["summary"]["retire"] == 0, [each["reason"] for each in undo["items"]]
    done = filled.ask("apply", undo["change_set_id"])
    assert done["state"] == "done" and counted(done["counts"]) == counted(undo["summary"])
    after = stands(glue)
    for target, held in before.items():
        assert after[target] == held, target
    held = filled.ask("sync")
    assert held["counts"]["held"] > 0 and stands(glue) == before
    (why,) = [each for each in held["findings"] if each["code"] == "held"]
    assert "it is held, as 1 more asset: a revert holds it until" in why["message"]
    assert f"`spheresync release --asset {why['subject']}` lets the next sync" in why["remedy"]
    one = filled.ask("sync", "--asset", "SPACE_000/ASSET_00001")
    (why,) = [each for each in one["findings"] if each["code"] == "held"]
    assert why["message"].startswith("it is held: a revert holds it") and one["outcomes"][0]["action"] == "held"
    filled.ask("release")
    assert filled.ask("sync")["state"] == "done"
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def test_the_undo_of_a_delete_publishes_again_what_the_run_had_unpublished(
    filled: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(3):
        filled.ask("sync", "--max-deletes", "9")
    published = listed(glue)
    assert "asset_00001" in published
    run = filled.ask("sync", "--allow-deletes", "--max-deletes", "9")
    assert run["state"] == "done" and listed(glue) == published - {"asset_00001"}
    (told,) = [each["message"] for each in run["findings"] if each["code"] == "access_changes"]
    assert "1 asset is unpublished" in told and "shown to everybody" not in told
    audited = filled.ask("audit", "query", "--run", run["run_id"])["items"]
    (row,) = [each for each in audited if each["target"] == "datazone_publishing"]
    assert (row["action"], row["outcome"]) == ("delete", "done")
    undo = filled.ask("revert", run["run_id"])
    assert [each["action"] for each in undo["items"] if each["target"] == "datazone_publishing"] == ["create"]
    done = filled.ask("apply", undo["change_set_id"])
    assert done["state"] == "done" and listed(glue) == published
    glue.reset()
    assert filled.ask("sync", "--max-deletes", "9")["state"] == "done" and not glue.calls()


@pytest.mark.parametrize("how", ["down while it is planned", "down while it is applied", "denied", "not configured"])
def test_an_undo_is_finished_by_another_once_a_target_is_there_again(
    filled: Installation, glue: GlueSimulator, how: str
) -> None:
    before = stands(glue)
    put_context(filled, CHANGED)
    run = filled.ask("sync")["run_id"]
    config = filled.config
    if how == "not configured":
        filled.config = config.replace(", quicksight, datazone", "")
    elif how == "denied":
        glue.fault("deny", "datazone:*", times=None)
    elif how == "down while it is planned":
        glue.fault("error", "datazone:*", times=None, **EXPIRED)
    undo = filled.ask("revert", run, code=None)
    if how == "down while it is applied":
        glue.fault("error", "datazone:*", times=None, **EXPIRED)
    half = filled.ask("apply", undo["change_set_id"], code=1)
    assert half["state"] == "partly_failed" and not any("somebody else" in each["remedy"] for each in half["failures"])
    glue.heal()
    filled.config = config
    assert filled.ask("sync")["state"] == "done"
    again = filled.ask("revert", run)
    assert again["summary"]["conflict"] == 0 and {each["target"] for each in again["items"]} <= {
        "quicksight",
        "datazone",
        "datazone_publishing",
    }
    assert filled.ask("apply", again["change_set_id"])["state"] == "done"
    after = stands(glue)
    for target, held in before.items():
        assert after[target] == held, target
    assert not filled.ask("revert", run)["items"], "all of it is undone"


def test_an_undo_of_an_undo_and_of_that_goes_back_and_forth_in_every_target_of_bound_tables_too(
    filled: Installation, glue: GlueSimulator
) -> None:
    before = stands(glue)
    put_context(filled, CHANGED)
    run = filled.ask("sync")
    after = stands(glue)
    for wanted in (before, after, before):
        undo = filled.ask("revert", run["run_id"])
        assert {each["action"] for each in undo["items"]} == {"metadata_only"}, undo["items"]
        assert all(each["reason"].endswith("changed it") for each in undo["items"]), undo["items"]
        run = filled.ask("apply", undo["change_set_id"])
        assert run["state"] == "done" and stands(glue) == wanted


def test_what_an_undo_holds_in_one_target_is_held_in_those_that_add_to_it(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CHANGED)
    run = filled.ask("sync", "--target", "glue")["run_id"]
    assert filled.ask("apply", filled.ask("revert", run)["change_set_id"])["state"] == "done"
    before = stands(glue)
    for command in (["sync"], ["sync", "--full"]):
        done = filled.ask(*command)
        assert (done["state"], done["counts"]["refused"]) == ("done", 0) and done["counts"]["held"], done["counts"]
    assert stands(glue) == before
    filled.ask("release")
    assert filled.ask("sync")["state"] == "done" and stands(glue) != before
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def test_the_undo_of_another_prefix_holds_in_every_target_until_it_is_released(
    filled: Installation, glue: GlueSimulator
) -> None:
    before, config = stands(glue), filled.config
    filled.config = f"prefix: new_\n{config}"
    run = filled.ask("sync")["run_id"]
    undone = filled.ask("apply", filled.ask("revert", run)["change_set_id"], "--allow-deletes")
    assert undone["state"] == "done" and stands(glue) == before
    for again in (filled.config, config):
        filled.config = again
        held = filled.ask("sync")
        assert (held["state"], held["counts"]["refused"]) == ("done", 0) and held["counts"]["held"], held["counts"]
    filled.ask("release")
    assert filled.ask("sync")["state"] == "done" and stands(glue) == before
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def test_an_undo_calls_what_it_deletes_by_name_and_tells_of_no_database_in_which_a_table_stays(
    five: Installation, glue: GlueSimulator
) -> None:
    five.config = five.config.replace("publish: always", "publish: never").replace(
        'bind: "lake.orders"', "table: orders"
    )
    run = five.ask("sync")
    edit(glue, "asset_00001", Description="by hand")
    undo = five.ask("revert", run["run_id"])
    deletes = Counter(each["target"] for each in undo["items"] if each["action"] == "delete")
    assert deletes["glue"] == 1 and deletes["datazone"] == 2, deletes
    told = {each["code"]: each["message"] for each in undo["findings"]}
    assert "this undo deletes 2 DataZone assets and 1 table of 1 space" in told["undo_deletes"]
    assert "database_stays" not in told, "what others changed keeps its table"
