"""What a look at a table has found stays known, whoever looked; and bound tables count where tables of ours do."""

from __future__ import annotations

import pytest

from tests.e2e.test_bound_tables import BIND, ICEBERG, ONE, TABLE, edit, lake, original, written
from tests.simulators.fixtures import SMALLER
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = SMALLER

BOTH = (
    'scope: {include: ["SPACE_000/ASSET_00001", "SPACE_000/ASSET_00002"]}\n'
    'mapping: {rules: [{match: {name: ASSET_00001}, set: {bind: "lake.{name}"}}]}\n'
)


def drop_both(glue: GlueSimulator) -> None:
    hands = glue.client()
    hands.delete_table(DatabaseName="lake", Name="asset_00001")
    hands.delete_table(DatabaseName="space_000", Name="asset_00002")


@pytest.mark.parametrize("seen_by", ["the plan of the undo", "the undo"])
@pytest.mark.parametrize("missing", ["report", "overwrite"])
def test_a_table_that_an_undo_found_deleted_is_not_unchanged_afterwards(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, seen_by: str, missing: str
) -> None:
    lake(glue, "asset_00001", **ICEBERG)
    installation.config = BOTH + f"drift: {{missing: {missing}}}\n"
    installation.ask("sync")
    for number in (1, 2):
        tenant.edit("set_label", space="SPACE_000", asset=f"ASSET_0000{number}", label="Another label")
    run = installation.ask("sync")["run_id"]
    if seen_by == "the plan of the undo":
        drop_both(glue)
    undo = installation.ask("revert", run)
    if seen_by == "the undo":
        drop_both(glue)
    assert installation.ask("apply", undo["change_set_id"], code=3)["counts"]["refused"] == 2
    again = installation.ask("sync")["counts"]
    assert (again["held"], again["create"]) == (1, int(missing == "overwrite"))
    drifted = installation.ask("assets", "--status", "drifted")["items"]
    assert [each["asset"] for each in drifted] == ([] if missing == "overwrite" else ["SPACE_000/ASSET_00002"])
    for _ in range(2):
        assert installation.ask("sync")["counts"]["held"] == 1, "each run looks for it"
    lake(glue, "asset_00001", **ICEBERG)
    assert installation.ask("sync")["counts"]["metadata_only"] == 1


def test_an_edit_that_kept_an_undo_from_being_planned_is_looked_into_by_the_next_sync(
    installation: Installation, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BOTH
    run = installation.ask("sync")["run_id"]
    edit(glue, lambda table: table.update(Description="described"))
    undo = installation.ask("revert", run)
    assert [each["action"] for each in undo["items"]].count("conflict") == 1
    findings = installation.ask("sync")["findings"]
    assert any(each["code"] == "drift" and "description" in each["message"] for each in findings)
    assert glue.table(*TABLE)["Description"] == "described"


def test_an_asset_on_a_bound_table_counts_as_verified(installation: Installation, glue: GlueSimulator) -> None:
    lake(glue)
    installation.config = BOTH.replace(', "SPACE_000/ASSET_00002"', "")
    installation.ask("sync")
    said = installation.ask("status")
    assert (said["health"], "not_verified" in str(said)) == ("ok", False)


def test_a_bound_table_that_nothing_knows_of_is_named_by_a_look_and_taken_back_after_a_full_sync(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    installation.ask("sync")
    bound = written(glue)
    installation.config = ONE
    installation.ask("sync")
    assert original(glue, before)
    glue.client().update_table(DatabaseName="lake", TableInput=bound)  # as its owner does who restores the table
    told = [each for each in installation.ask("drift", code=None)["findings"] if each["code"] == "unknown_table"]
    assert [each["subject"] for each in told] == ["lake.asset_00001"] and "sync --full" in told[0]["remedy"]
    installation.ask("sync", "--full")
    assert installation.ask("sync")["state"] == "done"
    assert original(glue, before)
    assert installation.ask("drift")["findings"] == []
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
