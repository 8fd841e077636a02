"""QuickSight: data sets for what can be queried, topics where settings ask for them, and nothing of others touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client

from tests.long_form import part_of
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ACCOUNT = "123456789012"
ARN = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}"
ANN, BOB, CARL = (f"{ARN}:{each}" for each in ("user/default/ann", "group/default/bob", "user/default/carl"))
CONFIG = f"""
installation: quick
targets: [glue, quicksight]
scope: {{include: ["SPACE_000/*"]}}
quicksight: {{account_id: "{ACCOUNT}", owners: ["{ANN}"], viewers: ["{BOB}"]}}
"""
BOUND = """
  - match: {name: ASSET_00000}
    set: {bind: "lake.orders"}
"""
MARKER = "spheresync:quick"
MAKING = ("CreateDataSource", "CreateFolder", "CreateDataSet", "CreateTopic")
FAULTS = [(kind, operation) for operation in MAKING for kind in ("lose", "throttle", "error")]
OURS = ["ASSET_00000"]


def make_lake_table(glue: GlueSimulator, name: str = "orders", columns: int = 6) -> None:
    """A table of others that Athena can query."""
    hands = glue.client()
    if "lake" not in glue.dump()["tables"]:
        hands.create_database(DatabaseInput={"Name": "lake"})
    listed: Any = [{"Name": f"col_{n:03}", "Type": "string"} for n in range(columns)]
    storage: Any = {"Columns": listed, "Location": f"s3://lake/{name}/"}
    hands.create_table(DatabaseName="lake", TableInput={"Name": name, "StorageDescriptor": storage})


@pytest.fixture
def quick(installation: Installation, glue: GlueSimulator) -> Installation:
    make_lake_table(glue)
    installation.config = f"{CONFIG}mapping:\n  rules:{BOUND}"
    return installation


@pytest.fixture
def filled(
    quick: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    first_syncs.begin(quick, surroundings, glue)
    return quick


def data_sets(glue: GlueSimulator) -> dict[str, Any]:
    found: dict[str, Any] = glue.quicksight_dump().get("DataSet", {})
    return found


def data_set(glue: GlueSimulator) -> dict[str, Any]:
    """The only one."""
    (found,) = data_sets(glue).values()
    return dict(found)


def written(glue: GlueSimulator) -> dict[str, int]:
    """Calls of QuickSight that change something, by name."""
    reads = ("quicksight:Describe", "quicksight:List")
    calls = {name: count for name, count in glue.calls().items() if name.startswith("quicksight:")}
    return {name.partition(":")[2]: count for name, count in calls.items() if not name.startswith(reads)}


def test_a_bound_table_has_a_data_set_and_a_second_sync_does_nothing(quick: Installation, glue: GlueSimulator) -> None:
    preview = quick.ask("preview")
    made = {each["operation"] for each in preview["prerequisites"] if each["target"] == "quicksight"}
    assert made == {"quicksight:CreateDataSource", "quicksight:CreateFolder"}
    run = quick.ask("apply", preview["change_set_id"])
    assert run["state"] == "done" and run["counts"]["create"] == 10, run
    assert written(glue) == {"CreateDataSource": 1, "CreateFolder": 1, "CreateDataSet": 1}
    (own_id,) = data_sets(glue)
    assert own_id.startswith("asset_00000_")
    held = data_set(glue)
    assert (
        held["tags"]["spheresync:managed-by"] == MARKER and held["tags"]["spheresync:source"] == "SPACE_000/ASSET_00000"
    )
    assert held["permissions"].keys() == {ANN, BOB} and len(held["permissions"][ANN]) > len(held["permissions"][BOB])
    glue.reset()
    again = quick.ask("sync")
    assert {word: count for word, count in again["counts"].items() if count} == {"unchanged": 11}
    assert not glue.calls()


@pytest.mark.anyio
async def test_an_explanation_foretells_no_name_that_a_data_set_does_not_get(
    quick: Installation, glue: GlueSimulator
) -> None:
    quick.ask("discover")
    assert await _explained(quick, "SPACE_000/ASSET_00000") == ["quicksight: gets an id of its own once it is made"]
    quick.ask("sync")
    (own_id,) = data_sets(glue)
    (told,) = await _explained(quick, "SPACE_000/ASSET_00000")
    assert told.startswith("quicksight: ") and told.endswith(f".{own_id}")
    assert await _explained(quick, "SPACE_000/ASSET_00001") == [], "it has no data set"


async def _explained(installation: Installation, asset: str) -> list[str]:
    async with Client(installation.serving("--no-scheduler")) as client:
        answer = await client.call_tool("explain_mapping", {"asset": asset})
    names: list[str] = (answer.structured_content or {})["names"]
    return [each for each in names if each.startswith("quicksight")]


def test_assets_without_a_data_set_are_no_trouble_of_the_status(filled: Installation) -> None:
    assert filled.ask("status")["problems"] == []


def test_a_label_that_changes_is_one_update_and_nothing_else(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    glue.reset()
    run = filled.ask("sync")
    assert run["state"] == "done", run
    assert written(glue) == {"UpdateDataSet": 1}
    assert "Net value" in [each["Name"] for each in data_set(glue)["content"]["OutputColumns"]]


def test_what_can_be_queried_is_said_by_a_rule_and_what_is_not_any_more_goes_by_the_removal_rules(
    quick: Installation, glue: GlueSimulator
) -> None:
    plain = quick.config
    make_lake_table(glue, "more")
    quick.config = plain.replace("rules:", 'rules:\n  - {match: {name: ASSET_00001}, set: {bind: "lake.more"}}')
    quick.ask("sync")
    assert len(data_sets(glue)) == 2
    quick.config = quick.config.replace('bind: "lake.more"', 'bind: "lake.more", queryable: false')
    glue.reset()
    preview = quick.ask("preview")
    (item,) = [each for each in preview["items"] if each["target"] == "quicksight"]
    assert item["action"] == "retire" and "queryable" in item["reason"]
    assert quick.ask("apply", preview["change_set_id"])["state"] == "done"
    names = sorted(each["content"]["Name"] for each in data_sets(glue).values())
    assert len([name for name in names if name.startswith("[retired in Datasphere] ")]) == 1
    assert not [name for name in glue.calls() if name in {"UpdateTable", "CreateTable"}], "Glue holds what it held"
    glue.reset()
    quick.ask("sync")
    assert not glue.calls()
    quick.config = quick.config.replace(", queryable: false", "")
    assert quick.ask("sync")["state"] == "done"
    assert not [each for each in data_sets(glue).values() if each["content"]["Name"].startswith("[retired")]
    quick.config = quick.config.replace('bind: "lake.more"', 'bind: "lake.more", queryable: false')
    quick.ask("sync")
    assert quick.ask("sync", "--allow-deletes")["counts"]["delete"] == 1
    assert len(data_sets(glue)) == 1
    assert quick.ask("sync")["counts"]["unchanged"] == 11


def test_a_lost_state_finds_everything_again_and_makes_no_duplicate(quick: Installation, glue: GlueSimulator) -> None:
    quick.config = quick.config.replace("owners:", "topics: [view], owners:")
    quick.ask("sync")
    before = glue.dump()
    shutil.rmtree(quick.state_dir)
    glue.reset()
    run = quick.ask("sync")
    assert run["state"] == "done", run
    assert not written(glue)
    assert glue.dump() == before
    glue.reset()
    quick.ask("sync")
    assert not glue.calls()


@pytest.mark.parametrize(("former", "now"), [("", "p_"), ("q_", ""), ("q_", "p_")])
def test_a_lost_state_finds_data_sets_that_kept_their_ids_through_a_change_of_the_prefix(
    installation: Installation, glue: GlueSimulator, former: str, now: str
) -> None:
    make_lake_table(glue)
    settings = f"{CONFIG.replace('owners:', 'topics: [view], owners:')}mapping:\n  rules:{BOUND}"
    installation.config = f'prefix: "{former}"\n{settings}'
    installation.ask("sync")
    installation.config = f'prefix: "{now}"\n{settings}'
    for _ in range(3):
        assert installation.ask("sync", "--allow-deletes")["state"] == "done"
    before = glue.quicksight_dump()
    shutil.rmtree(installation.state_dir)
    for more in ([], ["--full"]):
        assert installation.ask("sync", *more)["state"] == "done"
        assert glue.quicksight_dump() == before


@pytest.mark.parametrize("changed", [False, True], ids=["as it was", "with another label"])
def test_what_a_lost_state_finds_again_is_no_new_data_set_and_no_undo_deletes_it(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant, changed: bool
) -> None:
    before = data_set(glue)["content"]
    shutil.rmtree(filled.state_dir)
    if changed:
        tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    run = filled.ask("sync")
    assert (run["state"], run["counts"]["create"]) == ("done", 0), run
    assert run["counts"]["adopt"] == (9 if changed else 11), run
    undo = filled.ask("revert", run["run_id"])
    assert "delete" not in {each["action"] for each in undo["items"]}
    filled.run("apply", undo["change_set_id"])
    assert data_set(glue)["content"] == before


def test_kinds_that_are_named_get_a_topic(quick: Installation, glue: GlueSimulator) -> None:
    plain = quick.config
    quick.config = plain.replace("owners:", "topics: [view], owners:")
    assert quick.ask("sync")["state"] == "done"
    (topic,) = glue.quicksight_dump()["Topic"].values()
    assert topic["permissions"].keys() == {ANN, BOB} and topic["tags"]["spheresync:managed-by"] == MARKER
    columns = topic["content"]["Topic"]["DataSets"][0]["Columns"]
    assert {each["ColumnDataRole"] for each in columns} == {"DIMENSION"} or columns
    assert all(each["AllowedAggregations"] for each in columns if each["ColumnDataRole"] == "DIMENSION")
    glue.reset()
    quick.ask("sync")
    assert not glue.calls()
    quick.config = plain
    assert quick.ask("sync")["state"] == "done"
    assert not glue.quicksight_dump()["Topic"] and len(data_sets(glue)) == 1
    assert written(glue) == {"DeleteTopic": 1, "UntagResource": 1}


def test_rights_follow_the_settings_and_those_of_others_stay(quick: Installation, glue: GlueSimulator) -> None:
    quick.config = quick.config.replace("owners:", "topics: [view], owners:")
    quick.ask("sync")
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    viewer = data_set(glue)["permissions"][BOB]
    hands.update_data_set_permissions(
        AwsAccountId=ACCOUNT, DataSetId=own_id, GrantPermissions=[{"Principal": CARL, "Actions": viewer}]
    )
    quick.config = quick.config.replace(f'owners: ["{ANN}"]', f'owners: ["{BOB}"]').replace(
        f'viewers: ["{BOB}"]', "viewers: []"
    )
    preview = quick.ask("preview")
    assert quick.ask("apply", preview["change_set_id"])["state"] == "done"
    assert data_set(glue)["permissions"].keys() == {BOB, CARL}
    assert len(data_set(glue)["permissions"][BOB]) > len(viewer)
    for kind in ("DataSource", "Folder", "Topic"):
        (held,) = glue.quicksight_dump()[kind].values()
        assert held["permissions"].keys() == {BOB}, kind
    glue.reset()
    quick.ask("sync")
    assert not glue.calls()


def test_another_workgroup_is_another_data_source(filled: Installation, glue: GlueSimulator) -> None:
    filled.config = filled.config.replace("owners:", "workgroup: reports, owners:")
    glue.reset()
    assert filled.ask("sync")["state"] == "done"
    assert written(glue) == {"CreateDataSource": 1, "UpdateDataSet": 1}
    used = data_set(glue)["content"]["PhysicalTableMap"]["table"]["RelationalTable"]["DataSourceArn"]
    source = glue.quicksight_dump()["DataSource"][used.rpartition("/")[2]]
    assert source["content"]["DataSourceParameters"]["AthenaParameters"]["WorkGroup"] == "reports"


def test_what_others_made_of_a_data_set_survives_update_and_undo(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    content = data_set(glue)["content"]
    arn = f"{ARN}:dataset/{own_id}"
    label = next(each["Name"] for each in content["OutputColumns"] if each["Name"].endswith("1"))
    calculated = {"ColumnName": "Twice", "ColumnId": "twice", "Expression": f"{{{label}}} * 2"}
    content["LogicalTableMap"]["columns"]["DataTransforms"].append(
        {"CreateColumnsOperation": {"Columns": [calculated]}}
    )
    hands.update_data_set(
        AwsAccountId=ACCOUNT,
        DataSetId=own_id,
        Name=content["Name"],
        PhysicalTableMap=content["PhysicalTableMap"],
        LogicalTableMap=content["LogicalTableMap"],
        ImportMode=content["ImportMode"],
        FieldFolders={**content["FieldFolders"], "Theirs": {"columns": ["Twice"]}},
        DataSetUsageConfiguration={"DisableUseAsDirectQuerySource": True},
    )
    hands.tag_resource(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "42"}])
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    run = filled.ask("sync")
    assert run["state"] == "done", run
    held = data_set(glue)
    assert held["tags"]["cost"] == "42"
    assert held["content"]["DataSetUsageConfiguration"] == {"DisableUseAsDirectQuerySource": True}
    assert held["content"]["FieldFolders"]["Theirs"] == {"columns": ["Twice"]}
    assert "{Net value} * 2" in str(held["content"]["LogicalTableMap"])
    undo = filled.ask("revert", run["run_id"])
    assert filled.ask("apply", undo["change_set_id"])["state"] == "done"
    held = data_set(glue)
    assert f"{{{label}}} * 2" in str(held["content"]["LogicalTableMap"]) and held["tags"]["cost"] == "42"
    assert "Net value" not in [each["Name"] for each in held["content"]["OutputColumns"]]


def test_the_undo_of_a_first_sync_deletes_what_was_made_and_an_undo_of_that_brings_it_back(
    quick: Installation, glue: GlueSimulator
) -> None:
    quick.config = quick.config.replace("owners:", "topics: [view], owners:")
    run = quick.ask("sync")
    made = data_set(glue)
    hands = glue.client_of("quicksight")
    source = next(iter(glue.quicksight_dump()["DataSource"]))
    undo = quick.ask("revert", run["run_id"])
    gone = quick.ask("apply", undo["change_set_id"], "--allow-deletes")
    assert gone["state"] == "done", gone
    assert not data_sets(glue) and not glue.quicksight_dump()["Topic"]
    assert source in glue.quicksight_dump()["DataSource"], "what is shared stays"
    assert hands.list_folders(AwsAccountId=ACCOUNT)["FolderSummaryList"]
    again = quick.ask("revert", gone["run_id"])
    assert quick.ask("apply", again["change_set_id"])["state"] == "done"
    assert data_set(glue)["content"] == made["content"] and data_set(glue)["permissions"] == made["permissions"]


def test_what_others_changed_of_ours_is_drift_and_put_back(quick: Installation, glue: GlueSimulator) -> None:
    quick.config = quick.config + "drift: {description: overwrite, comments: overwrite}\n"
    quick.ask("sync")
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    before = data_set(glue)["content"]
    hands.update_data_set(
        AwsAccountId=ACCOUNT,
        DataSetId=own_id,
        Name="Theirs",
        PhysicalTableMap=before["PhysicalTableMap"],
        LogicalTableMap={"columns": {"Alias": "x", "Source": {"PhysicalTableId": "table"}}},
        ImportMode="DIRECT_QUERY",
    )
    found = quick.ask("drift")
    assert [each["target"] for each in found["items"]] == ["quicksight"]
    repaired = quick.ask("drift", "--repair")
    assert quick.ask("runs", repaired["run_id"])["state"] == "done"
    assert data_set(glue)["content"] == before
    hands.delete_data_set(AwsAccountId=ACCOUNT, DataSetId=own_id)
    assert quick.ask("sync", "--full")["state"] == "done"
    assert data_set(glue)["content"] == before


def test_a_text_of_others_stays_where_the_policy_lets_it(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    held = data_set(glue)["content"]
    keys = ("PhysicalTableMap", "LogicalTableMap", "ImportMode", "FieldFolders")
    hands.update_data_set(AwsAccountId=ACCOUNT, DataSetId=own_id, Name="Their name", **{key: held[key] for key in keys})
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    assert filled.ask("sync")["state"] == "done"
    assert data_set(glue)["content"]["Name"] == "Their name"
    assert "Net value" in [each["Name"] for each in data_set(glue)["content"]["OutputColumns"]]
    glue.reset()
    assert filled.ask("sync", "--full")["state"] == "done"
    assert not written(glue) and data_set(glue)["content"]["Name"] == "Their name"


def edit(glue: GlueSimulator, change: Callable[[dict[str, Any]], object]) -> None:
    """Somebody changes the definition of the only data set."""
    (own_id,) = data_sets(glue)
    held = data_set(glue)["content"]
    keys = ("Name", "PhysicalTableMap", "LogicalTableMap", "ImportMode", "FieldFolders", "ColumnLevelPermissionRules")
    definition = {key: held[key] for key in keys if key in held}
    change(definition)
    glue.client_of("quicksight").update_data_set(AwsAccountId=ACCOUNT, DataSetId=own_id, **definition)


def names_a_column_anew(definition: dict[str, Any]) -> None:
    renames = definition["LogicalTableMap"]["columns"]["DataTransforms"]
    former, renames[1]["RenameColumnOperation"]["NewColumnName"] = "Column 1", "Umsatz"
    for folder in definition["FieldFolders"].values():
        folder["columns"] = ["Umsatz" if name == former else name for name in folder["columns"]]


def test_a_column_that_others_name_anew_stands_in_the_way_of_no_later_write(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    quick.config = quick.config.replace("owners:", "topics: [view], owners:")
    quick.ask("sync")
    edit(glue, names_a_column_anew)
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_002", label="Net value")
    assert quick.ask("sync")["state"] == "done"
    (topic,) = glue.quicksight_dump()["Topic"].values()
    shown = {each["Name"] for each in data_set(glue)["content"]["OutputColumns"]}
    assert {"Umsatz", "Net value"} <= shown
    assert {each["ColumnName"] for each in topic["content"]["Topic"]["DataSets"][0]["Columns"]} == shown
    quick.config = quick.config + "drift: {comments: overwrite}\n"
    repaired = quick.ask("drift", "--repair")
    assert quick.ask("runs", repaired["run_id"])["state"] == "done"
    assert "Column 1" in [each["Name"] for each in data_set(glue)["content"]["OutputColumns"]]
    assert not [each for each in quick.ask("drift")["items"] if each["target"] == "quicksight"]


def test_a_folder_or_data_source_that_somebody_deletes_is_made_again(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    before = glue.quicksight_dump()
    hands = glue.client_of("quicksight")
    (own_id,), (folder,), (source,) = data_sets(glue), before["Folder"], before["DataSource"]
    hands.delete_folder_membership(AwsAccountId=ACCOUNT, FolderId=folder, MemberId=own_id, MemberType="DATASET")
    hands.delete_folder(AwsAccountId=ACCOUNT, FolderId=folder)
    hands.delete_data_source(AwsAccountId=ACCOUNT, DataSourceId=source)
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Net value")
    (told,) = filled.ask("sync", code=1)["failures"]
    assert told["code"] == "no_container" and "the next sync makes it again" in told["remedy"]
    run = filled.ask("sync")
    assert run["state"] == "done", run
    after = glue.quicksight_dump()
    assert (
        after["Folder"].keys() == before["Folder"].keys() and after["DataSource"].keys() == before["DataSource"].keys()
    )
    assert data_set(glue)["folders"] == [folder]
    glue.reset()
    filled.ask("sync")
    assert not glue.calls()


def test_a_column_that_is_gone_takes_rules_of_its_own_along_and_waits_for_what_else_reads_it(
    filled: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:

    def add(definition: dict[str, Any]) -> None:
        definition["ColumnLevelPermissionRules"] = [{"Principals": [CARL], "ColumnNames": ["Column 5"]}]
        calculated = {"ColumnName": "Twice", "ColumnId": "t", "Expression": "{Column 5} * 2"}
        definition["LogicalTableMap"]["columns"]["DataTransforms"].append(
            {"CreateColumnsOperation": {"Columns": [calculated]}}
        )

    edit(glue, add)
    tenant.edit("remove_column", space="SPACE_000", asset="ASSET_00000", column="COL_005")
    before = data_set(glue)
    (told,) = filled.ask("sync", code=1)["failures"]
    assert "Twice, which others made, reads a column that is gone: Column 5" in told["reason"]
    assert "in QuickSight" in told["remedy"] and data_set(glue) == before
    edit(glue, lambda definition: definition["LogicalTableMap"]["columns"]["DataTransforms"].pop())
    run = filled.ask("sync")
    assert run["state"] == "done", run
    held = data_set(glue)["content"]
    assert "Column 5" not in str(held) and not held.get("ColumnLevelPermissionRules")


def test_a_data_set_goes_with_its_asset_and_comes_back_with_it(
    quick: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    quick.config = quick.config + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    quick.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    run = quick.ask("sync")
    assert run["state"] == "done", run
    assert data_set(glue)["tags"]["spheresync:status"] == "retired"
    run = quick.ask("sync")
    assert run["state"] == "done", run
    assert not data_sets(glue)
    assert glue.dump()["tables"]["lake"]["orders"], "the table is its owner's"


def test_a_data_set_of_somebody_else_is_never_touched(filled: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    hands.untag_resource(ResourceArn=f"{ARN}:dataset/{own_id}", TagKeys=["spheresync:managed-by", "spheresync:source"])
    before = data_sets(glue)
    shutil.rmtree(filled.state_dir)
    run = filled.ask("sync", code=1)
    assert run["failures"][0]["code"] == "conflict" and "marker" in run["failures"][0]["reason"]
    assert data_sets(glue) == before


def test_whatever_is_said_of_a_data_set_calls_it_one(filled: Installation, glue: GlueSimulator) -> None:
    (first,) = [each["run_id"] for each in filled.ask("runs")["items"] if each["kind"] == "sync"]
    undo = filled.ask("revert", first)
    assert "deletes 1 data set and 9 tables of 1 space" in str(undo["findings"]), undo["findings"]
    edit(glue, lambda definition: definition.update(Name="Their name"))
    (found,) = filled.ask("drift")["items"]
    assert found["reason"] == "somebody else has changed 1 field of ours in the data set"
    hands = glue.client_of("quicksight")
    (own_id,) = data_sets(glue)
    hands.untag_resource(ResourceArn=f"{ARN}:dataset/{own_id}", TagKeys=["spheresync:managed-by"])
    (found,) = filled.ask("drift")["items"]
    (refused,) = [each for each in filled.ask("revert", first)["items"] if each["target"] == "quicksight"]
    said = [found["reason"], refused["reason"], found["remedy"]]
    for _ in range(2):
        (told,) = filled.ask("sync", code=None)["failures"]
        said += [told["reason"], told["remedy"]]
    assert all("data set" in each and "table" not in each and "prefix" not in each for each in said), said


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "operation"), part_of(FAULTS, one_in=2))
def test_faults_leave_nothing_undone_or_done_twice(
    quick: Installation, glue: GlueSimulator, kind: str, operation: str
) -> None:
    quick.config = quick.config.replace("owners:", "topics: [view], owners:")
    more = {"code": "InternalFailureException", "status": 500} if kind == "error" else {}
    glue.fault(kind, f"quicksight:{operation}", times=2, **more)
    quick.ask("sync", code=None)
    glue.heal()
    assert quick.ask("sync")["state"] == "done"
    held = glue.quicksight_dump()
    assert [len(held[each]) for each in ("DataSource", "Folder", "DataSet", "Topic")] == [1, 1, 1, 1]
    glue.reset()
    quick.ask("sync")
    assert not glue.calls()


def test_a_service_that_is_down_leaves_its_own_behind_and_nothing_of_glue(
    quick: Installation, glue: GlueSimulator
) -> None:
    glue.fault("error", "quicksight:CreateDataSet", times=None, code="InternalFailureException", status=500)
    run = quick.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == 9
    glue.heal()
    glue.reset()
    assert quick.ask("sync")["state"] == "done"
    assert written(glue) == {"CreateDataSet": 1}


def test_a_table_of_ours_that_holds_metadata_only_gets_its_data_set_by_a_rule(
    quick: Installation, glue: GlueSimulator
) -> None:
    quick.config = quick.config + "  - {match: {name: ASSET_00001}, set: {queryable: true}}\n"
    run = quick.ask("sync")
    assert not run["failures"] and len(data_sets(glue)) == 2


def test_doctor_asks_for_each_permission_and_names_what_is_denied(quick: Installation, glue: GlueSimulator) -> None:
    fine = [each for each in quick.ask("doctor", code=None)["items"] if each["connection"] == "quicksight"]
    assert [each["ok"] for each in fine] == [True], fine
    assert not written_things(glue)
    glue.fault("deny", "quicksight:UpdateTopicPermissions", times=None)
    denied = [each for each in quick.ask("doctor", code=None)["items"] if each["connection"] == "quicksight"]
    assert [each["ok"] for each in denied] == [False] and "quicksight:UpdateTopicPermissions" in denied[0]["remedy"]


@pytest.mark.parametrize(
    ("code", "status"), [("UnsupportedUserEditionException", 403), ("ResourceNotFoundException", 404)]
)
def test_an_account_without_quick_sight_is_told_once_with_what_to_do(
    quick: Installation, glue: GlueSimulator, code: str, status: int
) -> None:
    said = f"Account {ACCOUNT} is not signed up with QuickSight"
    glue.fault("error", "quicksight:*", times=None, code=code, status=status, message=said)
    (told,) = quick.ask("sync", code=1)["failures"]
    assert "Subscribe account" in told["remedy"] and ACCOUNT in told["remedy"] and "database" not in told["reason"]
    (found,) = [each for each in quick.ask("doctor", code=1)["items"] if each["connection"] == "quicksight"]
    assert not found["ok"] and "Subscribe account" in found["remedy"]


def written_things(glue: GlueSimulator) -> list[str]:
    return [own_id for things in glue.quicksight_dump().values() for own_id in things]


def test_what_is_missing_or_wrong_in_the_settings_is_told(quick: Installation) -> None:
    quick.config = 'targets: [quicksight]\nquicksight: {owners: ["ann"], workgroup: "a b", topics: [nothing]}\n'
    ended = quick.run("config", "validate")
    said = ended.out + ended.err
    assert ended.code == 2
    assert "name glue too" in said and "group/default" in said and "workgroup of Athena" in said and "topics" in said
    quick.config = "targets: [glue, quicksight]\n"
    ended = quick.run("config", "validate")
    assert ended.code == 2 and "account_id is needed" in ended.out + ended.err
