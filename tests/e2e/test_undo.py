"""The undo of a run: tables as they were, held until their assets change or a person lets go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_former_tables import RENAME
from tests.e2e.test_full import edit
from tests.e2e.test_safety import add, parameters, tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00001"
VOLATILE = {"VersionId", "UpdateTime", "CreateTime"}


def inputs(glue: GlueSimulator) -> dict[str, Any]:
    """Every table as what could be written back."""
    return {
        f"{database}.{name}": {key: value for key, value in table["live"].items() if key not in VOLATILE}
        for database, found in glue.dump()["tables"].items()
        for name, table in found.items()
    }


def changed(installation: Installation, tenant: RunningTenant, *numbers: int) -> str:
    """A run that brought a new label and a new column of each of these assets of SPACE_000."""
    for number in numbers:
        asset = f"ASSET_{number:05}"
        tenant.edit("set_label", space="SPACE_000", asset=asset, label="Ümsatz anew")
        tenant.edit("add_column", space="SPACE_000", asset=asset, column={"name": "NEU", "type": "Edm.Int32"})
    run = installation.ask("sync")
    assert run["counts"]["update"] == len(numbers)
    return str(run["run_id"])


def undone(installation: Installation, run_id: str, *flags: str, code: int = 0) -> dict[str, Any]:
    change_set = installation.ask("revert", run_id)
    assert change_set["undo_of"] == run_id
    return dict(installation.ask("apply", change_set["change_set_id"], *flags, code=code))


def held(installation: Installation) -> list[str]:
    return [each["asset"] for each in installation.ask("assets", "--status", "held")["items"]]


def test_an_undo_of_an_undo_says_since_when_and_by_which_run_it_holds(
    synced: Installation, tenant: RunningTenant
) -> None:
    first = undone(synced, changed(synced, tenant, 1))
    again = synced.ask("revert", first["run_id"])["change_set_id"]
    synced.ask("release", "--asset", ASSET)
    assert synced.ask("sync")["counts"]["update"] == 1
    second = synced.ask("apply", again)
    assert held(synced) == [ASSET] and second["counts"]["unchanged"] >= 1, "all stands as it is to be"
    (row,) = synced.ask("assets", "--status", "held")["items"]
    (entry,) = synced.ask("audit", "query", "--run-id", second["run_id"], "--asset", ASSET)["items"]
    expected = f"Held by the undo of run {first['run_id']} since {entry['at'][:19]}Z (run {second['run_id']})"
    assert entry["outcome"] == "already" and expected in row["problem"]


def test_tables_are_byte_equal_again_and_the_undo_is_reviewed_first(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    run_id = changed(synced, tenant, 1, 2)
    glue.reset()
    change_set = synced.ask("revert", run_id)
    assert writes(glue) == {}
    assert (change_set["state"], change_set["summary"]["update"], change_set["total"]) == ("open", 2, 2)
    item = change_set["items"][0]
    assert (item["asset"], item["operations"]) == (ASSET, ["glue:UpdateTable"])
    assert {"path": "description", "before": "Ümsatz anew"}.items() <= item["changes"][1].items()
    glue.reset()
    run = synced.ask("apply", change_set["change_set_id"])
    assert (run["state"], run["counts"]["update"]) == ("done", 2)
    assert glue.calls() == {"GetTable": 2, "UpdateTable": 2}
    assert inputs(glue) == before
    assert synced.ask("audit", "query", "--action", "revert")["items"][0]["run_id"] == run_id
    assert synced.ask("audit", "query", "--action", "update", "--run", run["run_id"])["total"] == 2


def test_what_was_restored_is_held_until_it_changes_or_a_person_releases_it(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    undone(synced, changed(synced, tenant, 1, 2, 3))
    glue.reset()
    for flags in ((), ("--full",)):
        run = synced.ask("sync", *flags)
        assert (run["state"], run["counts"]["held"], run["counts"]["unchanged"]) == ("done", 3, 27)
    assert writes(glue) == {}
    assert len(held(synced)) == 3
    preview = synced.ask("preview", "--exit-code", code=0)
    assert [item["action"] for item in preview["items"]] == ["held"] * 3

    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00002", label="Once more")
    run = synced.ask("sync")
    assert (run["counts"]["held"], writes(glue)) == (2, {"UpdateTable": 1})
    assert "neu" in {column["Name"] for column in columns(glue, "asset_00002")}

    assert synced.ask("release", "--asset", ASSET, "--asset", "SPACE_000/ASSET_00005") == {
        "released": [ASSET],
        "total": 1,
    }
    assert held(synced) == ["SPACE_000/ASSET_00003"]
    run = synced.ask("sync")
    assert (run["counts"]["held"], run["counts"]["update"]) == (1, 1)
    assert glue.table("space_000", "asset_00001")["Description"] == "Ümsatz anew"
    assert inputs(glue)["space_000.asset_00003"] == before["space_000.asset_00003"]
    assert synced.ask("release")["total"] == 1
    assert synced.ask("release")["released"] == []
    assert synced.ask("sync")["counts"]["update"] == 1
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert synced.ask("audit", "query", "--action", "release")["total"] == 2


def columns(glue: GlueSimulator, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = glue.table("space_000", table)["StorageDescriptor"]["Columns"]
    return found


@pytest.mark.parametrize("hand", ["description", "foreign", "deleted", "taken"])
def test_what_a_person_changed_since_is_refused_item_by_item(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, hand: str
) -> None:
    before = inputs(glue)
    run_id = changed(synced, tenant, 1, 2)
    if hand == "deleted":
        glue.client().delete_table(DatabaseName="space_000", Name="asset_00001")
    else:
        edits: dict[str, Any] = {
            "description": {"Description": "by hand"},
            "foreign": {"foreign": {"team": "bi"}},
            "taken": {"Parameters": {"owner": "Jane"}},
        }
        edit(glue, **edits[hand])
    edited = inputs(glue).get("space_000.asset_00001")
    change_set = synced.ask("revert", run_id)
    assert (change_set["summary"]["conflict"], change_set["summary"]["update"]) == (1, 1)
    refusal = change_set["items"][0]
    assert (refusal["asset"], refusal["action"]) == (ASSET, "conflict")
    assert "cannot be undone" in refusal["reason"]
    run = synced.ask("apply", change_set["change_set_id"], code=1)
    assert (run["state"], run["counts"]["update"], run["counts"]["refused"]) == ("partly_failed", 1, 1)
    assert [(each["asset"], each["code"]) for each in run["failures"]] == [(ASSET, "moved")]
    assert inputs(glue).get("space_000.asset_00001") == edited
    assert inputs(glue)["space_000.asset_00002"] == before["space_000.asset_00002"]
    assert held(synced) == ["SPACE_000/ASSET_00002"]


def test_an_edit_between_review_and_apply_is_refused_too(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    run_id = changed(synced, tenant, 1, 2)
    change_set = synced.ask("revert", run_id)
    edit(glue, foreign={"team": "bi"})
    run = synced.ask("apply", change_set["change_set_id"], code=1)
    assert (run["counts"]["update"], run["counts"]["refused"]) == (1, 1)
    assert parameters(glue, "space_000", "asset_00001")["team"] == "bi"
    assert held(synced) == ["SPACE_000/ASSET_00002"]


def test_what_another_run_wrote_since_is_refused_and_says_which(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    run_id = changed(synced, tenant, 1)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Later")
    later = synced.ask("sync")["run_id"]
    change_set = synced.ask("revert", run_id)
    assert f"run {later} has written" in change_set["items"][0]["reason"]
    run = synced.ask("apply", change_set["change_set_id"], code=3)
    assert (run["state"], run["counts"]["refused"]) == ("refused", 1)
    assert glue.table("space_000", "asset_00001")["Description"] == "Later"
    assert held(synced) == []
    undone(synced, later)
    assert undone(synced, run_id)["counts"]["update"] == 1, "one after the other, the last one first"
    assert glue.table("space_000", "asset_00001")["Description"] != "Ümsatz anew"


def test_a_created_table_goes_only_where_deletes_are_allowed_and_is_not_made_again(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    add(tenant, "SPACE_000", "NEW")
    run_id = synced.ask("sync")["run_id"]
    change_set = synced.ask("revert", run_id)
    assert [(each["action"], each["blocked_by"]) for each in change_set["items"]] == [("delete", "deletes_not_allowed")]
    assert "1 delete waits until you allow it: spheresync apply cs_" in synced.run("revert", run_id).out
    refused = synced.ask("apply", change_set["change_set_id"], code=3)["error"]
    assert "it stays open: 1 delete waits until it is allowed" in refused["message"]
    assert f"`spheresync apply {change_set['change_set_id']} --allow-deletes`" in refused["remedy"]
    assert "new" in tables_of(glue, "space_000")
    assert held(synced) == []
    run = synced.ask("apply", change_set["change_set_id"], "--allow-deletes")
    assert (run["state"], run["counts"]["delete"]) == ("done", 1)
    assert inputs(glue) == before
    glue.reset()
    assert synced.ask("sync")["counts"]["held"] == 1
    assert synced.ask("sync", "--full")["counts"]["held"] == 1
    assert writes(glue) == {}
    assert held(synced) == ["SPACE_000/NEW"]
    tenant.edit("set_label", space="SPACE_000", asset="NEW", label="Now it is wanted")
    assert synced.ask("sync")["counts"]["create"] == 1
    assert synced.ask("sync")["counts"]["unchanged"] == 31


def test_a_database_that_the_undone_run_made_stays_and_is_told_of_where_it_ends_empty(
    installation: Installation, glue: GlueSimulator
) -> None:
    first = installation.ask("sync", "--space", "SPACE_000")["run_id"]
    second = installation.ask("sync", "--space", "SPACE_001")["run_id"]
    glue.client().create_table(DatabaseName="space_001", TableInput={"Name": "of_others"})
    told = {each["code"] for each in installation.ask("revert", second)["findings"]}
    assert told == {"undo_deletes"}, "others have put something there"
    change_set = installation.ask("revert", first)
    (finding,) = [each for each in change_set["findings"] if each["code"] != "undo_deletes"]
    assert (finding["subject"], finding["code"]) == ("database space_000", "database_stays")
    assert "`aws glue delete-database`, with space_000 as its name" in finding["remedy"]
    assert "10 deletes wait until you allow them: spheresync apply cs_" in installation.run("revert", first).out
    run = installation.ask("apply", change_set["change_set_id"], "--allow-deletes")
    assert (run["counts"]["delete"], run["findings"]) == (10, change_set["findings"]), "told with what was done too"
    assert tables_of(glue, "space_000") == {}
    assert {"space_000", "space_001"} <= set(glue.dump()["databases"])
    glue.client().delete_database(Name="space_000")
    installation.ask("release")
    assert installation.ask("sync", "--space", "SPACE_000")["counts"]["create"] == 10


def test_a_retired_and_a_deleted_table_come_back_whole_and_stay(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    edit(glue, foreign={"team": "bi"})
    assert synced.ask("sync", "--full")["counts"]["unchanged"] == 30
    before = inputs(glue)
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    retirement = [synced.ask("sync")["run_id"] for _ in range(3)][-1]
    retired = inputs(glue)
    assert retired != before
    deletion = synced.ask("sync", "--allow-deletes")["run_id"]
    assert "asset_00001" not in tables_of(glue, "space_000")

    assert undone(synced, deletion)["counts"]["create"] == 1
    assert inputs(glue) == retired
    assert synced.ask("sync", "--allow-deletes")["counts"]["held"] == 1
    assert undone(synced, retirement)["state"] == "done"
    assert inputs(glue) == before
    assert parameters(glue, "space_000", "asset_00001")["team"] == "bi"
    for _ in range(4):
        assert synced.ask("sync", "--allow-deletes")["counts"]["held"] == 1
    assert held(synced) == [ASSET]
    assert inputs(glue) == before
    assert synced.ask("release")["released"] == [ASSET]
    assert synced.ask("sync")["counts"]["retire"] == 1


def test_an_asset_that_vanishes_after_its_undo_is_retired_as_any(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    undone(synced, changed(synced, tenant, 1))
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    runs = [synced.ask("sync")["counts"] for _ in range(3)]
    assert [(counts["held"], counts["retire"]) for counts in runs] == [(1, 0), (1, 0), (0, 1)]


def test_an_undo_can_be_undone(synced: Installation, tenant: RunningTenant, glue: GlueSimulator) -> None:
    before = inputs(glue)
    add(tenant, "SPACE_000", "NEW")
    run_id = changed(synced, tenant, 1, 2)
    after = inputs(glue)
    undo = undone(synced, run_id, "--allow-deletes")["run_id"]
    assert inputs(glue) == before
    again = undone(synced, undo)
    assert (again["counts"]["update"], again["counts"]["create"]) == (2, 1)
    assert inputs(glue) == after
    assert undone(synced, again["run_id"], "--allow-deletes")["state"] == "done"
    assert inputs(glue) == before
    assert synced.ask("sync")["counts"]["held"] == 3


def test_a_renaming_is_undone_with_both_tables_though_the_rules_moved_since(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    synced.config = RENAME
    run_id = synced.ask("sync")["run_id"]
    change_set = synced.ask("revert", run_id)
    synced.config = RENAME + 'scope: {exclude: ["SPACE_002/*"]}\n'
    run = synced.ask("apply", change_set["change_set_id"], "--allow-deletes")
    assert (run["state"], run["counts"]["delete"]) == ("done", 1)
    assert inputs(glue) == before
    synced.config = RENAME
    glue.reset()
    assert synced.ask("sync")["counts"]["held"] == 1
    assert glue.calls() == {}
    assert synced.ask("release")["total"] == 1
    counts = synced.ask("sync")["counts"]
    assert (counts["create"], counts["retire"]) == (1, 1)


def test_a_renaming_undone_without_deletes_leaves_the_new_table_beside(
    synced: Installation, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    synced.config = RENAME
    run_id = synced.ask("sync")["run_id"]
    both = {**inputs(glue), "space_000.asset_00001": before["space_000.asset_00001"]}
    run = undone(synced, run_id)
    assert run["counts"]["blocked"] == 1
    assert [each["code"] for each in run["findings"]] == ["deletes_not_allowed"], "it deleted nothing, so says no more"
    assert inputs(glue) == both
    assert synced.ask("sync", "--allow-deletes")["counts"]["held"] == 1
    assert inputs(glue) == both, "nothing of a held asset is touched"
    edit(glue, foreign={"team": "bi"})
    synced.ask("release")
    assert synced.ask("sync")["counts"]["retire"] == 1
    assert "spheresync.status" not in parameters(glue, "space_000", "asset_00001_v1")


def test_a_renaming_of_which_one_table_was_edited_is_left_whole(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = RENAME
    run_id = synced.ask("sync")["run_id"]
    edit(glue, foreign={"team": "bi"})
    after = inputs(glue)
    change_set = synced.ask("revert", run_id)
    assert [each["action"] for each in change_set["items"]] == ["conflict", "conflict"]
    synced.ask("apply", change_set["change_set_id"], "--allow-deletes", code=3)
    assert inputs(glue) == after


def test_leaving_the_scope_and_coming_back_are_undone_without_a_call(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = f'scope: {{exclude: ["{ASSET}"]}}\n'
    left = synced.ask("sync")["run_id"]
    assert undone(synced, left)["counts"]["adopt"] == 1
    assert writes(glue) == {}
    assert synced.ask("sync")["counts"]["held"] == 1
    assert synced.ask("release")["total"] == 1
    assert synced.ask("sync")["counts"]["forget"] == 1
    synced.config = "scope: {}\n"
    back = synced.ask("sync")["run_id"]
    assert undone(synced, back)["counts"]["forget"] == 1
    assert synced.ask("sync")["counts"]["held"] == 1
    assert synced.ask("release")["total"] == 1
    assert synced.ask("sync")["counts"]["adopt"] == 1
    assert writes(glue) == {}


def test_edits_by_hand_that_a_run_wrote_over_come_back_exactly(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    edit(glue, foreign={"team": "bi"}, Description="by hand", TableType="VIRTUAL_VIEW")
    before = inputs(glue)
    run = synced.ask("sync", "--full")
    assert run["counts"]["unchanged"] == 29
    assert inputs(glue) != before
    assert undone(synced, run["run_id"])["state"] == "done"
    assert inputs(glue) == before
    assert synced.ask("release")["total"] == 1
    assert synced.ask("sync")["counts"]["unchanged"] == 29, "the present definition again, without a look by --full"
    assert inputs(glue) != before


def test_a_run_without_changes_has_nothing_to_undo_and_says_so(synced: Installation) -> None:
    run_id = synced.ask("sync")["run_id"]
    change_set = synced.ask("revert", run_id)
    assert (change_set["total"], change_set["findings"][0]["code"]) == (0, "nothing_to_undo")
    assert "nothing to undo" in synced.run("revert", run_id).out


def test_what_cannot_be_asked_is_refused_in_words(synced: Installation) -> None:
    assert "no run" in synced.ask("revert", "run_unknown", code=2)["error"]["message"]
    assert "is known." in synced.ask("release", "--asset", "SPACE_000/ASSET_0000", code=2)["error"]["message"]
    synced.extra["SPHERESYNC_ROLE"] = "operator"
    run_id = synced.ask("runs")["items"][0]["run_id"]
    assert synced.run("revert", run_id).code != 0
    assert synced.run("release").code != 0


def test_what_an_undo_leaves_without_a_table_is_told_wherever_it_is_missed(
    synced: Installation, tenant: RunningTenant
) -> None:
    add(tenant, "SPACE_000", "NEW_ONE")
    tenant.set_faults()
    undo = synced.ask("revert", synced.ask("sync")["run_id"])
    (told,) = [each for each in undo["findings"] if each["code"] == "undo_deletes"]
    assert "1 table of 1 space: SPACE_000 (1)" in told["message"] and "No guard" in told["message"]
    assert "No guard" in synced.run("apply", undo["change_set_id"], "--allow-deletes").out
    (row,) = synced.ask("assets", "--status", "held")["items"]
    assert (
        row["problem"].startswith("It has no table: the undo of run ")
        and "deleted space_000.new_one at" in row["problem"]
    )
    assert "1 held asset that has no table" in synced.run("assets", "--status", "deleted").out
    assert "1 held by an undo, which has no table" in synced.ask("status")["summary"]
    (item,) = synced.ask("preview")["items"]
    assert (item["action"], item["reason"].startswith("a revert deleted its table at ")) == ("held", True)


def test_an_edit_that_only_an_undo_has_met_counts_as_known_everywhere_and_as_nobodys_failure(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.ask("drift")
    run_id = changed(synced, tenant, 1, 2)
    edit(glue, Description="by hand")
    synced.ask("revert", run_id)
    assert [row["asset"] for row in synced.ask("assets", "--status", "drifted")["items"]] == [ASSET]
    status = synced.ask("status")
    assert (status["assets"]["drifted"], status["drift"]["drifted"]) == (1, 1)
    assert "By now 1 object is known to be changed by others" in status["summary"]
    assert status["health"] == "ok" and "could not be written" not in status["summary"]
    (known,) = [each for each in synced.ask("preview")["findings"] if each["code"] == "known_drift"]
    assert ASSET in known["message"]
