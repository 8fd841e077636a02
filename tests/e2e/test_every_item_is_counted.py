"""Every item of a run ends under one word, whatever a target answers: none leaves it unseen."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_quick_sight import make_lake_table
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSETS = 2
ITEMS = ASSETS * 5 + 1  # a data set for the bound table only, and publishing
ALL = {f"SPACE_000/ASSET_{number:05}" for number in range(ASSETS)}
TARGETS = ("glue", "lakeformation", "quicksight", "datazone", "glue_context")
CONFIG = f"""installation: lake
targets: [{", ".join(TARGETS)}]
context: ["context/*.yaml"]
scope: {{include: ["SPACE_000/*"]}}
quicksight: {{account_id: "123456789012", owners: ["arn:aws:quicksight:eu-central-1:123456789012:user/default/ann"]}}
datazone: {{domain_id: dzd_x1, project_id: p1, publish: always}}
mapping:
  rules:
    - match: {{name: ASSET_00000}}
      set: {{bind: "lake.orders"}}
"""
CONTEXT = """
assets:
  - match: {space: SPACE_000}
    set: {domain: Sales, owner: anna@example.com, terms: [Customer]}
terms:
  - {name: Customer, definition: Who buys.}
"""
CHANGED = CONTEXT.replace("Sales", "Finance").replace("anna", "berta").replace("Who buys", "Who has bought")
EXPIRED = {"code": "ExpiredTokenException", "status": 400}
"""What says of a service that nothing asked of it will be answered, at once."""


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=ASSETS, columns=4)


@pytest.fixture
def five(installation: Installation, glue: GlueSimulator) -> Installation:
    """With all targets, before a first sync."""
    make_lake_table(glue)
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    return installation


@pytest.fixture
def filled(
    five: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    first_syncs.begin(five, surroundings, glue, CONTEXT)
    return five


def counted(counts: dict[str, int]) -> int:
    return sum(counts.values())


def test_what_must_exist_first_says_how_many_assets_need_it(five: Installation) -> None:
    put_context(five, f"{CONTEXT}".replace("space: SPACE_000}", "name: ASSET_00001}"))
    plan = five.ask("preview")
    needed = {(each["target"], each["object"]): each["assets_total"] for each in plan["prerequisites"]}
    assert needed["lakeformation", "spheresync_domain"] == 1, needed
    assert needed["datazone", "Customer"] == needed["glue_context", "Customer"] == 1
    assert needed["datazone", "SpheresyncForm"] == needed["glue_context", "SpheresyncTable"] == ASSETS


def test_a_table_of_others_that_cannot_be_read_has_failed_in_its_target_and_counts_there(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CHANGED)
    glue.hide("lake", "orders")
    run = filled.ask("sync", code=1)
    failed = [each["target"] for each in run["failures"] if each["asset"] == "SPACE_000/ASSET_00000"]
    assert "glue" in failed and len(failed) == run["counts"]["failed"] == run["failures_total"], run["failures"]
    assert counted(run["counts"]) == ITEMS, run["counts"]


@pytest.mark.parametrize(
    ("operation", "target"),
    [
        ("lakeformation:GetLFTag", "lakeformation"),
        ("lakeformation:UpdateLFTag", "lakeformation"),
        ("glue:ListGlossaryTerms", "glue_context"),
        ("glue:UpdateGlossaryTerm", "glue_context"),
        ("datazone:Search", "datazone"),
        ("datazone:UpdateGlossaryTerm", "datazone"),
    ],
)
def test_where_what_must_exist_first_cannot_be_asked_for_each_item_has_failed_and_is_tried_again(
    filled: Installation, glue: GlueSimulator, operation: str, target: str
) -> None:
    items = 2 * ASSETS if target == "datazone" else ASSETS  # what is published goes with it
    put_context(filled, CHANGED)
    plan = filled.ask("preview")
    glue.fault("error", operation, times=None, **EXPIRED)
    run = filled.ask("apply", plan["change_set_id"], code=1)
    assert run["state"] == "partly_failed" and counted(run["counts"]) == counted(plan["summary"])
    assert [each["asset"] for each in run["failures"] if each["code"] == "denied"] == [target], "told once for all"
    assert run["failures_total"] == len(run["failures"]) and run["counts"]["failed"] == items
    assert filled.ask("status")["health"] != "ok"
    assert {row["asset"] for row in filled.ask("assets", "--status", "failed")["items"]} == ALL
    assert "is done" not in filled.run("runs", run["run_id"]).out
    glue.heal()
    again = filled.ask("sync", "--retry-of", run["run_id"])
    assert again["state"] == "done" and again["counts"]["failed"] == 0
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


@pytest.mark.parametrize("kind", [{"kind": "deny"}, {"kind": "error", "code": "InternalFailure", "status": 500}])
@pytest.mark.parametrize(
    ("operation", "text"),
    [("glue:UpdateGlossaryTerm", "ShortDescription"), ("datazone:UpdateGlossaryTerm", "shortDescription")],
)
def test_a_term_that_could_not_be_brought_up_to_date_is_told_and_tried_again_until_it_is(
    filled: Installation, glue: GlueSimulator, operation: str, text: str, kind: dict[str, Any]
) -> None:
    put_context(filled, CHANGED)
    glue.fault(**kind, operation=operation, times=None)
    for _ in range(2):  # once with assets that are written, and once without
        run = filled.ask("apply", filled.ask("preview")["change_set_id"], code=1)
        assert "is done" not in filled.run("runs", run["run_id"]).out
        assert run["state"] == "partly_failed" and run["counts"]["failed"] == 0
        assert [each["reason"].split(":")[0] for each in run["failures"]] == ["glossary term Customer"]
        assert filled.ask("status")["health"] != "ok"
    glue.heal()
    assert filled.ask("sync")["state"] == "done"
    held = glue.datazone_dump() if operation.startswith("datazone") else glue.glue_context_dump()
    (term,) = held["terms"].values()
    assert term[text] == "Who has bought."
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


@pytest.mark.parametrize("operation", ["glue:CreateGlossary", "glue:ListGlossaries", "glue:PutFormType"])
def test_a_business_context_that_does_not_answer_is_out_of_reach_and_not_refused(
    five: Installation, glue: GlueSimulator, operation: str
) -> None:
    five.config = five.config.replace(", ".join(TARGETS), "glue, glue_context")
    plan = five.ask("preview")
    glue.fault("drop", operation, times=None)
    run = five.ask("apply", plan["change_set_id"], code=1)
    (told,) = run["failures"]
    assert (told["asset"], told["code"]) == ("glue_context", "unreachable") and run["counts"]["failed"] == ASSETS
    assert "network" in told["remedy"] and "preview" not in told["remedy"]
    glue.heal()
    assert five.ask("sync")["state"] == "done"


def test_what_goes_onto_something_that_could_not_be_written_has_failed_too_and_each_asset_counts_once(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CHANGED)
    glue.fault("error", "datazone:*", times=None, **EXPIRED)
    run = filled.ask("sync", code=1)
    assert (run["counts"]["failed"], run["counts"]["refused"]) == (2 * ASSETS, 0)
    assert [each["asset"] for each in run["failures"]] == ["datazone"]
    status = filled.ask("status")
    assert f"{ASSETS} assets could not be written ({ASSETS} " in status["summary"], status["summary"]
    glue.heal()
    assert filled.ask("sync")["state"] == "done"


def test_a_run_tells_of_changes_of_access_those_that_it_has_made(filled: Installation) -> None:
    put_context(filled, CHANGED)
    plan = filled.ask("preview")
    assert _access(plan) == {f"{ASSETS} access changes on {ASSETS} {word}" for word in ("tables", "assets")}
    run = filled.ask("apply", plan["change_set_id"], "--asset", "SPACE_000/ASSET_00001")
    assert _access(run) == {"1 access change on 1 table", "1 access change on 1 asset"}
    undo = filled.ask("revert", run["run_id"])
    assert _access(undo) == _access(run)


def _access(answer: dict[str, Any]) -> set[str]:
    return {each["message"].split(":")[0] for each in answer["findings"] if each["code"] == "access_changes"}


def test_what_a_lost_state_finds_again_is_adopted_in_every_target_and_no_undo_takes_it_away(
    filled: Installation, glue: GlueSimulator
) -> None:
    shutil.rmtree(filled.state_dir)
    glue.reset()
    run = filled.ask("sync")
    told = {word: count for word, count in run["counts"].items() if count}
    assert not _written(glue) and told.keys() <= {"adopt", "unchanged"}, told
    assert not _access(run)
    undo = filled.ask("revert", run["run_id"])
    assert {each["action"] for each in undo["items"]} <= {"forget"}
    filled.ask("apply", undo["change_set_id"])
    assert not _written(glue)


def lose(installation: Installation, glue: GlueSimulator) -> None:
    shutil.rmtree(installation.state_dir)
    glue.reset()


def _acts(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(each["target"], each["asset"]): each["action"] for each in answer["items"]}


def test_a_preview_after_a_lost_state_says_of_every_target_what_is_found_again_and_reads_no_more_than_a_sync(
    filled: Installation, glue: GlueSimulator
) -> None:
    lose(filled, glue)
    assert filled.ask("sync")["counts"]["adopt"] == ITEMS
    reads = sum(glue.calls().values())
    lose(filled, glue)
    plan = filled.ask("preview")
    assert (plan["summary"]["adopt"], len(plan["items"])) == (ITEMS, ITEMS) and not _access(plan), _acts(plan)
    assert sum(glue.calls().values()) <= reads and not _written(glue)
    assert filled.ask("preview")["summary"]["unchanged"] == ITEMS
    assert filled.ask("apply", plan["change_set_id"])["counts"]["adopt"] == ITEMS
    assert filled.ask("sync")["state"] == "done" and not _written(glue)
    glue.reset()
    assert filled.ask("sync")["counts"]["unchanged"] == ITEMS and not glue.calls()


def test_what_moved_on_since_a_state_was_lost_is_a_change_of_what_stands_and_nothing_is_made_again(
    filled: Installation, glue: GlueSimulator
) -> None:
    lose(filled, glue)
    put_context(filled, CHANGED)
    plan = filled.ask("preview")
    assert plan["summary"]["create"] == len([key for key, act in _acts(plan).items() if act == "create"])
    assert {target for (target, _), act in _acts(plan).items() if act == "create"} <= {"datazone_publishing"}
    held = glue.datazone_dump(), glue.quicksight_dump()
    done = filled.ask("apply", plan["change_set_id"])
    assert done["state"] == "done" and counted(done["counts"]) == counted(plan["summary"]), done
    assert glue.datazone_dump()["assets"].keys() == held[0]["assets"].keys()
    assert glue.quicksight_dump()["DataSet"].keys() == held[1]["DataSet"].keys()
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def test_a_preview_after_a_lost_state_needs_no_target_and_says_of_which_it_could_not_look(
    filled: Installation, glue: GlueSimulator
) -> None:
    lose(filled, glue)
    glue.fault("error", "datazone:*", times=None, **EXPIRED)
    plan = filled.ask("preview")
    acts = _acts(plan)
    assert {act for (target, _), act in acts.items() if not target.startswith("datazone")} == {"adopt"}
    told = [each["message"] for each in plan["findings"] if each["code"] == "not_looked_at"]
    assert told and all(each.startswith("datazone") for each in told), plan["findings"]
    glue.heal()
    assert filled.ask("sync")["state"] == "done" and not _written(glue)


@pytest.mark.parametrize(
    "operation",
    ["lakeformation:CreateLFTag", "quicksight:CreateDataSource", "datazone:CreateGlossary", "datazone:CreateFormType"],
)
def test_one_lost_answer_about_what_all_share_fails_nothing(
    five: Installation, glue: GlueSimulator, operation: str
) -> None:
    glue.fault("drop", operation, times=1)
    run = five.ask("sync")
    assert (run["state"], run["counts"]["failed"]) == ("done", 0), run["failures"]


OURS = {"DatabaseName": "space_000", "Name": "asset_00001"}
ASSET = "SPACE_000/ASSET_00001"


def test_a_table_that_somebody_dropped_is_made_again_with_all_that_stood_on_it_in_one_run(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CHANGED)
    glue.client().delete_table(**OURS)
    run = filled.ask("sync")
    assert (run["state"], run["counts"]["create"], run["counts"]["refused"]) == ("done", 1, 0), run
    assert glue.lakeformation_dump()["assigned"] and not filled.ask("drift")["total"]
    glue.reset()
    assert filled.ask("sync")["counts"]["unchanged"] == ITEMS and not glue.calls()


def test_what_was_reviewed_is_not_put_onto_a_table_that_somebody_dropped_since(
    filled: Installation, glue: GlueSimulator
) -> None:
    put_context(filled, CHANGED)
    plan = filled.ask("preview")
    glue.client().delete_table(**OURS)
    run = filled.ask("apply", plan["change_set_id"], code=1)
    told = {each["target"]: each["reason"] for each in run["failures"]}
    assert not any("another run" in reason for reason in told.values()), told
    assert filled.ask("sync")["state"] == "done" and not filled.ask("drift")["total"]


def test_a_table_that_somebody_made_anew_is_told_alike_in_every_target_and_nothing_is_put_onto_it(
    filled: Installation, glue: GlueSimulator
) -> None:
    glue.client().delete_table(**OURS)
    theirs = {"Name": OURS["Name"], "StorageDescriptor": {"Columns": [{"Name": "x", "Type": "string"}]}}
    glue.client().create_table(DatabaseName=OURS["DatabaseName"], TableInput=theirs)
    found = filled.ask("drift")
    assert {(each["effect"], each["kind"]) for each in found["items"]} == {("conflict", "marker_lost")}
    assert found["summary"]["to_repair"] == 0 and {each["asset"] for each in found["items"]} == {ASSET}
    put_context(filled, CHANGED)
    plan = filled.ask("preview")
    acts = {target: act for (target, asset), act in _acts(plan).items() if asset == ASSET}
    assert acts.pop("glue") == "conflict" and set(acts.values()) == {"held"}, acts
    run = filled.ask("sync", code=1)
    assert (run["counts"]["conflict"], run["counts"]["refused"]) == (1, 0), run
    for held in (glue.lakeformation_dump()["assigned"], glue.glue_context_dump()["noted"]):
        assert "orders" in str(held) and OURS["Name"] not in str(held)
    glue.client().delete_table(**OURS)
    assert filled.ask("sync")["state"] == "done" and not filled.ask("drift")["total"]


def test_a_data_set_whose_data_source_somebody_deleted_goes_with_its_asset_all_the_same(
    filled: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    (source,) = glue.quicksight_dump()["DataSource"]
    glue.client_of("quicksight").delete_data_source(AwsAccountId="123456789012", DataSourceId=source)
    filled.config += "deletion: {policy: delete, misses: 1, grace: 0s}\n"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    runs = [filled.ask("sync", "--max-deletes", "9", code=None) for _ in range(3)]
    assert [run["state"] for run in runs] == ["partly_failed", "done", "done"], runs
    assert not glue.quicksight_dump()["DataSet"]
    glue.reset()
    assert filled.ask("sync")["state"] == "done" and not glue.calls()


def _written(glue: GlueSimulator) -> list[str]:
    """Calls that change something, but for events of lineage."""
    reads = ("Get", "List", "Search", "Describe", "BatchGet", "PostLineage", "Assume")
    return [name for name in glue.calls() if not name.rpartition(":")[2].startswith(reads)]


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later"])
def test_a_change_set_that_a_sync_has_overtaken_finds_all_as_it_wants_it(
    five: Installation, glue: GlueSimulator, tenant: RunningTenant, first: bool
) -> None:
    if not first:
        five.ask("sync")
        tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00001", column="COL_001", label="Another")
        put_context(five, CHANGED)
    overtaken = five.ask("preview")
    done = five.ask("sync")
    assert done["state"] == "done", done
    (listed,) = five.ask("change-sets")["items"]
    assert listed["written_since"] == done["run_id"]
    notes = five.ask("change-sets", overtaken["change_set_id"])["notes"]
    assert done["run_id"] in next(each["message"] for each in notes if each["code"] == "written_since")
    glue.reset()
    run = five.ask("apply", overtaken["change_set_id"])
    assert run["state"] == "done" and not run["failures"], run
    assert {word for word, count in run["counts"].items() if count} <= {"unchanged", "adopt"}, run["counts"]
    status = five.ask("status")
    assert status["summary"].startswith("2 of 2 assets in sync."), status["summary"]
