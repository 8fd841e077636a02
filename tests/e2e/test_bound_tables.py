"""Bound tables: what is known of an asset stands on a table that others made, and the rest of it stays theirs."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from typing import Any

import pytest
from mcp import Client

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00001"
TABLE = ("lake", "asset_00001")
ONE = 'scope: {include: ["SPACE_000/ASSET_00001"]}\n'
BIND = ONE + 'mapping: {rules: [{match: {space: SPACE_000}, set: {bind: "lake.{name}"}}]}\n'
ICEBERG: dict[str, Any] = {
    "TableType": "EXTERNAL_TABLE",
    "Owner": "lake-team",
    "Retention": 3,
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://lake/metadata/00001.json", "crawler": "c"},
    "PartitionKeys": [{"Name": "col_003", "Type": "int", "Comment": ""}],
    "StorageDescriptor": {
        "Location": "s3://lake/asset_00001",
        "Columns": [
            {"Name": "Col_000", "Type": "string", "Parameters": {"iceberg.field.id": "1"}},
            {"Name": "col_001", "Type": "decimal(15, 2)", "Comment": "theirs"},
            {"Name": "day", "Type": "timestamp", "Parameters": {"spheresync.name": "COL_002"}},
            {"Name": "own", "Type": "int", "Comment": "the lake's own"},
        ],
    },
}
_SET_BY_GLUE = frozenset(
    {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation", "CatalogId", "VersionId"}
)


def bind(*numbers: int, to: str = "{name}") -> str:
    """A configuration that binds some assets and leaves all others out."""
    names = ", ".join(f'"SPACE_000/ASSET_0000{number}"' for number in numbers)
    return BIND.replace('"SPACE_000/ASSET_00001"', names).replace("{name}", to)


def lake(glue: GlueSimulator, name: str = "asset_00001", **members: Any) -> dict[str, Any]:
    """A table of somebody else; answers it as it is now."""
    hands = glue.client()
    if "lake" not in glue.dump()["databases"]:
        hands.create_database(DatabaseInput={"Name": "lake"})
    hands.create_table(DatabaseName="lake", TableInput={"Name": name, **(members or ICEBERG)})  # type: ignore[typeddict-item]  # members of a TableInput
    glue.reset()
    return written(glue, name)


def written(glue: GlueSimulator, name: str = "asset_00001") -> dict[str, Any]:
    """What somebody wrote of a table, whoever did."""
    return {key: value for key, value in glue.table("lake", name).items() if key not in _SET_BY_GLUE}


def theirs(table: dict[str, Any]) -> dict[str, Any]:
    """A table without all that an installation may write: texts that were empty, and parameters of its own."""
    left = deepcopy(table)
    for holder in (left, *(left.get("StorageDescriptor") or {}).get("Columns", [])):
        own = {key for key in holder.get("Parameters") or {} if key.startswith("spheresync.")}
        text = "Description" if holder is left else "Comment"
        if own and not any(key.startswith("spheresync.beside-") for key in own):
            holder.pop(text, None)
        holder["Parameters"] = {key: each for key, each in (holder.get("Parameters") or {}).items() if key not in own}
    return left


def columns(glue: GlueSimulator, name: str = "asset_00001") -> dict[str, dict[str, Any]]:
    return {column["Name"]: column for column in glue.table("lake", name)["StorageDescriptor"]["Columns"]}


def test_the_meaning_of_an_asset_is_written_and_nothing_else_and_a_second_sync_does_nothing(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["create"]) == ("done", 1, 0)
    assert glue.calls() == {"GetTables": 1, "UpdateTable": 1}, "no database is made, and no other looked at"
    assert list(glue.dump()["databases"]) == ["lake"]
    table, there = glue.table(*TABLE), columns(glue)
    assert theirs(written(glue)) == theirs(before)
    assert table["Description"] == "Asset 1"
    said = table["Parameters"]
    assert (said["spheresync.source"], said["spheresync.queryable"]) == (ASSET, "true")
    assert said["spheresync.bound-by"].startswith("spheresync:") and "spheresync.managed-by" not in said
    assert there["Col_000"]["Comment"] == "Column 0", "matched in any case"
    assert (there["day"]["Comment"], there["day"]["Parameters"]["spheresync.name"]) == ("Column 2", "COL_002")
    assert there["col_001"]["Comment"] == "theirs"
    assert there["col_001"]["Parameters"]["spheresync.label"] == "Column 1"
    assert "Parameters" not in there["own"]
    assert table["PartitionKeys"] == before["PartitionKeys"]
    findings = {each["message"] for each in run["findings"] if each["code"] == "bound_columns"}
    assert any("COL_004" in each and "without a partner" in each for each in findings)
    assert any("own" in each for each in findings)
    assert any("partition keys" in each and "COL_003" in each for each in findings)
    assert any("COL_002 (date, there timestamp)" in each for each in findings)
    assert not any("COL_000 (" in each for each in findings), "a string holds what a varchar does"
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}


def original(glue: GlueSimulator, before: dict[str, Any]) -> bool:
    """Whether a table is again what its owner made, empty members aside."""
    return bool(_filled(written(glue, before["Name"])) == _filled(before))


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner for key, each in value.items() if (inner := _filled(each)) not in (None, "", {}, [])}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def test_a_table_that_does_not_exist_yet_is_waited_for_and_found_by_the_next_run(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = BIND
    for _ in range(2):
        glue.reset()
        run = installation.ask("sync")
        assert (run["state"], run["counts"]["held"], run["counts"]["failed"]) == ("done", 1, 0)
        assert glue.calls() == {"GetTables": 1}, "the database does not exist either"
        item = installation.ask("preview")["items"][0]
        assert (item["action"], item["object"]) == ("held", "lake.asset_00001")
        assert "does not exist yet" in item["reason"]
        (pending,) = installation.ask("assets", "--status", "pending")["items"]
        assert pending["asset"] == ASSET and "does not exist yet" in pending["problem"]
        assert installation.ask("status")["health"] == "ok"
    assert glue.dump()["databases"] == {}
    lake(glue)
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    assert glue.table(*TABLE)["Description"] == "Asset 1"


def test_rules_bind_a_table_of_ours_away_and_back_as_they_name_it_anew(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = ONE
    assert installation.ask("sync")["counts"]["create"] == 1
    installation.config = BIND
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["retire"]) == ("done", 1, 1)
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.status"] == "retired"
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    installation.config = ONE
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["retire"]) == ("done", 1, 1)
    assert original(glue, before)
    assert "spheresync.status" not in glue.table("space_000", "asset_00001")["Parameters"]
    glue.reset()
    assert installation.ask("sync", "--allow-deletes")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
    assert original(glue, before)


def test_another_table_is_bound_and_what_is_ours_taken_back_from_the_former(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    lake(glue, "other", **ICEBERG)
    installation.config = BIND
    installation.ask("sync")
    installation.config = BIND.replace("{name}", "other")
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["retire"]) == ("done", 1, 1)
    assert original(glue, before)
    assert glue.table("lake", "other")["Description"] == "Asset 1"
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}


def test_what_is_ours_is_taken_back_when_the_asset_is_gone_and_written_again_when_it_is_back(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND.replace("ASSET_00001", "*")
    for number in range(10):
        lake(glue, f"asset_0000{number}") if number != 1 else None
    assert installation.ask("sync")["counts"]["metadata_only"] == 10
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    assert [installation.ask("sync")["counts"]["retire"] for _ in range(2)] == [0, 0]
    glue.reset()
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["retire"]) == ("done", 1)
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
    assert original(glue, before)
    glue.reset()
    for _ in range(2):
        run = installation.ask("sync", "--allow-deletes")
        assert (run["state"], run["counts"]["delete"], run["counts"]["retire"]) == ("done", 0, 0)
    assert glue.calls() == {}
    assert original(glue, before)
    assert installation.ask("assets", "--status", "deleted")["total"] == 1


def test_a_rule_or_scope_that_leaves_the_asset_out_takes_back_what_is_ours_and_trips_no_guard(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = [lake(glue, f"asset_0000{number}") for number in range(10)]
    installation.config = BIND.replace("ASSET_00001", "*")
    assert installation.ask("sync")["counts"]["metadata_only"] == 10
    installation.config = BIND.replace("SPACE_000/ASSET_00001", "SPACE_000/ASSET_00009")
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["retire"], run["counts"]["blocked"]) == ("done", 9, 0)
    assert all(original(glue, before[number]) for number in range(9))
    assert not original(glue, before[9])


def test_of_two_assets_that_rules_bind_to_one_table_the_first_keeps_it(
    installation: Installation, glue: GlueSimulator
) -> None:
    lake(glue)
    both = bind(1, 2, to="asset_00001")
    installation.config = bind(2, to="asset_00001")
    installation.ask("sync")
    installation.config = both
    for _ in range(2):
        run = installation.ask("sync", code=1)
        assert (run["counts"]["conflict"], run["failures"][0]["asset"]) == (1, ASSET)
        assert "is bound to SPACE_000/ASSET_00002" in json.dumps(run["failures"])
    assert glue.table(*TABLE)["Parameters"]["spheresync.source"] == "SPACE_000/ASSET_00002"
    assert installation.ask("assets", "--status", "conflict")["total"] == 1
    installation.config = bind(1, to="asset_00001")
    assert installation.ask("sync")["counts"]["held"] == 1, "what is there is taken back first"
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    assert glue.table(*TABLE)["Parameters"]["spheresync.source"] == ASSET


def test_among_newcomers_the_smallest_name_is_bound(installation: Installation, glue: GlueSimulator) -> None:
    lake(glue)
    installation.config = bind(1, 2, to="asset_00001")
    run = installation.ask("sync", code=1)
    assert (run["counts"]["metadata_only"], run["counts"]["conflict"]) == (1, 1)
    assert glue.table(*TABLE)["Parameters"]["spheresync.source"] == ASSET


def test_a_table_of_another_installation_is_a_conflict(installation: Installation, glue: GlueSimulator) -> None:
    for name, marker in (("asset_00001", "spheresync.managed-by"), ("asset_00002", "spheresync.bound-by")):
        lake(glue, name, Parameters={marker: "spheresync:another", "spheresync.source": "X/Y"})
    before = glue.dump()
    installation.config = bind(1, 2)
    run = installation.ask("sync", code=1)
    assert run["counts"]["conflict"] == 2
    assert all("`bind:`" in each["remedy"] and "emove" not in each["remedy"] for each in run["failures"])
    assert glue.dump() == before


def edit(glue: GlueSimulator, change: Any, name: str = "asset_00001") -> None:
    """Have somebody else change a table, who writes back the rest of it as he read it."""
    table = written(glue, name)
    change(table)
    glue.client().update_table(DatabaseName="lake", TableInput=table)
    glue.reset()


def comment(number: int, text: str) -> Any:
    def change(table: dict[str, Any]) -> None:
        table["StorageDescriptor"]["Columns"][number]["Comment"] = text

    return change


@pytest.mark.parametrize("policy", ["report", "keep", "overwrite"])
def test_an_edit_of_our_text_follows_the_drift_policy_and_a_text_of_theirs_is_never_overwritten(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    before = lake(glue)
    installation.config = BIND + f"drift: {{description: {policy}, comments: {policy}}}\n"
    installation.ask("sync")
    edit(glue, comment(0, "by hand"))
    edit(glue, comment(1, "theirs, changed"))
    edit(glue, lambda table: table.update(Description="described"))
    drift = installation.ask("drift", code=None)
    assert drift["items"][0]["asset"] == ASSET
    fields = json.dumps(drift["items"])
    assert ("by hand" in fields, "described" in fields, "theirs" in fields) == (True, True, False)
    installation.ask("drift", "--repair")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert installation.ask("sync")["state"] == "done"
    table, there = glue.table(*TABLE), columns(glue)
    assert table["Parameters"]["spheresync.label"] == "Another label"
    ours = policy == "overwrite"
    assert table["Description"] == ("Another label" if ours else "described")
    assert there["Col_000"]["Comment"] == ("Column 0" if ours else "by hand")
    assert there["col_001"]["Comment"] == "theirs, changed"
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
    installation.config = ONE
    installation.ask("sync")
    if not ours:
        before["Description"] = "described"
        before["StorageDescriptor"]["Columns"][0]["Comment"] = "by hand"
    before["StorageDescriptor"]["Columns"][1]["Comment"] = "theirs, changed"
    assert original(glue, before)


def test_an_edit_that_a_write_left_is_put_right_by_a_drift_repair_once_the_policy_says_so(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = lake(glue)
    report = BIND + "drift: {description: report, comments: report}\n"
    installation.config = report
    installation.ask("sync")
    edit(glue, lambda table: table.update(Description="described"))
    edit(glue, comment(0, "by hand"))
    installation.ask("drift")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    installation.ask("sync")
    assert glue.table(*TABLE)["Description"] == "described"
    assert installation.ask("drift")["summary"]["reported"] == 1
    installation.config = report.replace("report", "overwrite")
    assert installation.ask("drift", "--repair")["summary"]["to_repair"] == 1
    assert (glue.table(*TABLE)["Description"], columns(glue)["Col_000"]["Comment"]) == ("Another label", "Column 0")
    assert "spheresync.own-description" not in glue.table(*TABLE)["Parameters"]
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
    installation.config = ONE
    installation.ask("sync")
    assert original(glue, before)


def commit(table: dict[str, Any]) -> None:
    """What writers of Iceberg do: parameters of the table survive, columns are made from the schema."""
    table["Parameters"] |= {"metadata_location": "s3://lake/metadata/00002.json"}
    made = [{key: column[key] for key in ("Name", "Type")} for column in table["StorageDescriptor"]["Columns"]]
    table["StorageDescriptor"]["Columns"] = [*made, {"Name": "col_004", "Type": "timestamp"}]
    table["StorageDescriptor"]["Columns"][1]["Comment"] = "theirs"


def test_a_commit_of_its_owner_stays_and_what_it_took_away_is_written_again(
    installation: Installation, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BIND
    installation.ask("sync")
    edit(glue, lambda table: table["Parameters"].update(metadata_location="s3://lake/metadata/00002.json"))
    assert installation.ask("drift", code=None)["items"] == [], "what is not ours is no drift"
    edit(glue, commit)
    committed = written(glue)
    drift = installation.ask("drift", code=None)
    assert [each["asset"] for each in drift["items"]] == [ASSET]
    installation.ask("drift", "--repair")
    there = columns(glue)
    assert (there["Col_000"]["Comment"], there["col_001"]["Comment"]) == ("Column 0", "theirs")
    assert theirs(written(glue)) == theirs(committed)
    assert installation.ask("sync", "--full")["counts"]["metadata_only"] == 1, "a column more has a partner"
    assert columns(glue)["col_004"]["Comment"] == "Column 4"
    glue.reset()
    assert installation.ask("sync", "--full")["counts"]["unchanged"] == 1
    assert glue.calls() == {"GetTables": 1}


def test_undo_puts_back_what_stood_there_and_the_undo_of_that_writes_it_again(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    run = installation.ask("sync")["run_id"]
    bound = written(glue)
    undo = installation.ask("revert", run)
    done = installation.ask("apply", undo["change_set_id"])
    assert done["state"] == "done"
    assert written(glue) == before, "to the letter"
    held = installation.ask("sync")
    assert held["counts"]["held"] == 1
    assert written(glue) == before
    again = installation.ask("revert", done["run_id"])
    assert installation.ask("apply", again["change_set_id"])["state"] == "done"
    assert written(glue) == bound
    installation.ask("release")
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert written(glue) == bound


def test_undo_keeps_what_the_owner_did_since_and_is_refused_where_somebody_changed_ours(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    run = installation.ask("sync")["run_id"]
    edit(glue, lambda table: table["Parameters"].update(metadata_location="s3://lake/metadata/00002.json"))
    bound = written(glue)
    edit(glue, comment(0, "by hand"))
    assert installation.ask("revert", run)["items"][0]["action"] == "conflict"
    glue.client().update_table(DatabaseName="lake", TableInput=bound)
    undo = installation.ask("revert", run)
    edit(glue, lambda table: table["Parameters"].update(metadata_location="s3://lake/metadata/00003.json"))
    assert installation.ask("apply", undo["change_set_id"])["state"] == "done", "a commit since the plan stays too"
    before["Parameters"]["metadata_location"] = "s3://lake/metadata/00003.json"
    assert written(glue) == before


def test_what_the_owner_had_under_our_prefix_and_what_stood_empty_comes_back(
    installation: Installation, glue: GlueSimulator
) -> None:
    his = {"spheresync.note": "his", "spheresync.label": "his", "spheresync.owner": "he"}
    there: dict[str, Any] = deepcopy(ICEBERG) | {"Description": ""}
    there["Parameters"] |= his
    first, second, _third, fourth = there["StorageDescriptor"]["Columns"]
    first |= {"Comment": "", "Parameters": his}
    second["Parameters"] = {}
    fourth["Parameters"] = his
    before = lake(glue, "asset_00001", **there)
    installation.config = BIND
    installation.ask("sync")
    assert columns(glue)["Col_000"]["Comment"] == "Column 0"
    assert columns(glue)["own"]["Parameters"] == his, "nothing is written onto it"
    assert installation.ask("sync", "--full")["counts"]["unchanged"] == 1
    assert installation.ask("drift")["items"] == []
    shutil.rmtree(installation.state_dir)
    assert installation.ask("sync")["counts"]["adopt"] == 1
    installation.config = ONE
    installation.ask("sync")
    assert written(glue) == before


def test_undo_of_a_take_back_writes_it_again(installation: Installation, glue: GlueSimulator) -> None:
    before = lake(glue)
    installation.config = BIND
    installation.ask("sync")
    bound = written(glue)
    installation.config = ONE
    run = installation.ask("sync")["run_id"]
    assert original(glue, before)
    undo = installation.ask("revert", run)
    assert {item["action"] for item in undo["items"]} == {"delete", "metadata_only"}
    assert installation.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    assert written(glue) == bound
    assert "space_000" not in glue.dump()["tables"] or glue.dump()["tables"]["space_000"] == {}


def test_a_lost_state_finds_its_bound_tables_and_writes_nothing_twice(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BIND
    installation.ask("sync")
    edit(glue, comment(0, "by hand"))
    shutil.rmtree(installation.state_dir)
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["adopt"]) == ("done", 1)
    assert glue.calls() == {"GetTables": 1}
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    installation.ask("sync")
    assert (glue.table(*TABLE)["Description"], columns(glue)["Col_000"]["Comment"]) == ("Another label", "by hand")


def test_a_lost_state_takes_back_what_no_rule_binds_any_more_and_what_is_gone(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = [lake(glue, f"asset_0000{number}") for number in range(3)]
    installation.config = bind(0, 1, 2)
    installation.ask("sync")
    shutil.rmtree(installation.state_dir)
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    rules = 'mapping: {rules: [{match: {name: [ASSET_00000, ASSET_00001]}, set: {bind: "lake.{name}"}}]}'
    installation.config = "\n".join([bind(0, 1, 2).splitlines()[0], rules, ""])
    for _ in range(4):
        assert installation.ask("sync", "--max-deletes", "1")["state"] == "done"
    assert not original(glue, before[0])
    assert original(glue, before[1]) and original(glue, before[2])
    assert "asset_00002" in glue.dump()["tables"]["space_000"]
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 2
    assert glue.calls() == {}


def test_a_lost_state_takes_back_what_was_ours_where_the_only_bound_asset_of_a_database_is_gone(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = lake(glue)
    rules = 'mapping: {rules: [{match: {name: ASSET_00001}, set: {bind: "lake.{name}"}}]}'
    installation.config = "\n".join([bind(0, 1).splitlines()[0], rules, ""])
    installation.ask("sync")
    shutil.rmtree(installation.state_dir)
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(4):
        assert installation.ask("sync", "--max-deletes", "1")["state"] == "done"
    assert original(glue, before)
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    assert glue.calls() == {}


def test_a_table_that_its_owner_drops_is_waited_for_and_never_made(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BIND
    installation.ask("sync")
    hands = glue.client()
    hands.delete_table(DatabaseName="lake", Name="asset_00001")
    glue.reset()
    drift = installation.ask("drift", "--repair", code=None)
    assert [each["asset"] for each in drift["items"]] == [ASSET]
    assert ["Each sync looks for it" in each["remedy"] for each in drift["findings"]] == [True]
    assert glue.calls() == {"GetTable": 1}
    for _ in range(2):
        assert installation.ask("sync")["counts"]["held"] == 1
    assert glue.dump()["tables"] == {"lake": {}}
    lake(glue)
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    hands.delete_table(DatabaseName="lake", Name="asset_00001")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert installation.ask("sync")["counts"]["held"] == 1, "found out by the plan that was to change it"
    assert glue.dump()["tables"] == {"lake": {}}
    lake(glue)
    assert installation.ask("sync")["counts"]["metadata_only"] == 1
    assert glue.table(*TABLE)["Description"] == "Another label"


def test_a_table_that_its_owner_makes_anew_is_bound_again(installation: Installation, glue: GlueSimulator) -> None:
    lake(glue)
    installation.config = BIND
    installation.ask("sync")
    glue.remake(*TABLE, **ICEBERG)
    assert installation.ask("drift", "--repair", code=None)["items"][0]["effect"] == "restore"
    assert glue.table(*TABLE)["Description"] == "Asset 1"
    assert columns(glue)["col_001"]["Comment"] == "theirs"
    glue.remake(*TABLE, **ICEBERG)
    assert installation.ask("sync", "--full")["counts"]["metadata_only"] == 1
    assert glue.table(*TABLE)["Description"] == "Asset 1"


def test_many_bound_tables_are_read_a_page_at_a_time(installation: Installation, glue: GlueSimulator) -> None:
    for number in range(10):
        lake(glue, f"asset_0000{number}")
    installation.config = BIND.replace("ASSET_00001", "*")
    assert installation.ask("sync")["counts"]["metadata_only"] == 10
    assert glue.calls() == {"GetTables": 1, "UpdateTable": 10}
    glue.reset()
    assert installation.ask("drift")["items"] == []
    assert glue.calls() == {"GetTables": 1}
    glue.reset()
    change_set = installation.ask("preview", "--no-refresh")
    assert change_set["items"] == [] and glue.calls() == {}


def test_a_preview_shows_each_field_before_and_after_and_apply_writes_just_that(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    preview = installation.ask("preview")
    assert {each["code"] for each in preview["findings"]} == {"bound_columns"}
    (item,) = preview["items"]
    assert (item["action"], item["strategy"], item["object"]) == ("metadata_only", "metadata_only", "lake.asset_00001")
    assert item["operations"] == ["glue:UpdateTable"]
    assert not preview.get("prerequisites")
    changes = {each["path"]: (each["before"], each["after"]) for each in item["changes"]}
    assert changes["columns.Col_000.comment"] == (None, "Column 0")
    assert changes["columns.Col_000.parameters.spheresync.name"] == (None, "COL_000")
    assert not any(path.endswith(".type") and "spheresync" not in path for path in changes)
    assert written(glue) == before
    assert installation.ask("apply", preview["change_set_id"])["counts"]["metadata_only"] == 1
    assert theirs(written(glue)) == theirs(before)


def test_what_the_owner_changes_between_preview_and_apply_is_kept_and_an_edit_of_ours_refuses(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BIND
    change_set = installation.ask("preview")["change_set_id"]
    edit(glue, lambda table: table["Parameters"].update(metadata_location="s3://lake/metadata/00002.json"))
    edit(glue, comment(0, "his own"))
    assert installation.ask("apply", change_set)["state"] == "done"
    assert glue.table(*TABLE)["Parameters"]["metadata_location"] == "s3://lake/metadata/00002.json"
    assert columns(glue)["Col_000"]["Comment"] == "his own"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    change_set = installation.ask("preview")["change_set_id"]
    edit(glue, lambda table: table.update(Description="described"))
    assert installation.ask("apply", change_set, code=3)["counts"]["refused"] == 1
    assert glue.table(*TABLE)["Description"] == "described"


@pytest.mark.anyio
async def test_every_answer_names_the_bound_table_and_what_of_it_does_not_fit(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = BIND
    unbound = await _asked(installation, "explain_mapping")
    assert (unbound["database"], unbound["table"]) == ("lake", "asset_00001")
    assert "its columns are unknown" in json.dumps(unbound["findings"])
    lake(glue)
    installation.ask("sync")
    objects = {each["asset"]: each.get("objects") for each in installation.ask("assets")["items"]}
    assert objects[ASSET] == ["glue:lake.asset_00001"]
    described = await _asked(installation, "describe_asset")
    assert [(each["object"], each["state"]) for each in described["targets"]] == [("lake.asset_00001", "bound")]
    explained = await _asked(installation, "explain_mapping")
    assert "others made it" in explained["names"][0]
    physical = {each["name"]: (each["physical"], each["physical_type"]) for each in explained["columns"]}
    assert physical == {
        "COL_000": ("Col_000", "string"),
        "COL_001": ("col_001", "decimal(15, 2)"),
        "COL_002": ("day", "timestamp"),
    }
    found = json.dumps(explained["findings"])
    assert "COL_004, COL_005" in found and "COL_003" in found and "there timestamp" in found
    lineage = await _asked(installation, "get_lineage")
    ends = [(each["to"], each["kind"], each.get("to_column")) for each in lineage["edges"]]
    assert ("glue:default:lake.asset_00001", "table", None) in ends
    assert ("glue:default:lake.asset_00001", "column", "day") in ends
    written_rows = installation.ask("audit", "query", "--asset", ASSET, "--detail", "full")
    assert "lake.asset_00001" in json.dumps(written_rows["items"])


async def _asked(installation: Installation, tool: str) -> dict[str, Any]:
    async with Client(installation.serving("--no-scheduler")) as client:
        if tool == "explain_mapping":
            installation.ask("discover")
        answer = await client.call_tool(tool, {"asset": ASSET})
        assert isinstance(answer.structured_content, dict), answer.content
        return answer.structured_content


def test_doctor_names_crawlers_that_remove_what_is_ours(installation: Installation, glue: GlueSimulator) -> None:
    hands = glue.client()
    merging = json.dumps({"Version": 1.0, "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}})
    own: Any = {"Role": "r", "Targets": {}, "DatabaseName": "LAKE"}
    hands.create_crawler(Name="harmful", **own)
    hands.create_crawler(Name="merging", Configuration=merging, **own)
    hands.create_crawler(Name="logging", SchemaChangePolicy={"UpdateBehavior": "LOG"}, **own)
    hands.create_crawler(Name="elsewhere", **own | {"DatabaseName": "other"})
    hands.create_crawler(Name="of others", TablePrefix="raw_", **own)
    listed: Any = {"CatalogTargets": [{"DatabaseName": "lake", "Tables": ["asset_00001"]}]}
    hands.create_crawler(Name="by name", **own | {"DatabaseName": "other", "Targets": listed})
    installation.config = BIND
    assert "GetCrawlers" not in (installation.ask("doctor", code=None), glue.calls())[1]
    lake(glue)
    installation.ask("sync")
    glue.reset()
    said = installation.ask("doctor", code=1)["items"]
    crawlers = [each for each in said if each["connection"] == "crawlers of glue"]
    assert [each["message"].split("'")[1] for each in crawlers] == ["harmful", "by name"]
    assert all(not each["ok"] and "MergeNewColumns" in each["remedy"] for each in crawlers)
    assert glue.calls()["GetCrawlers"] == 1
    glue.fault("deny", "GetCrawlers", times=None)
    (mild,) = [each for each in installation.ask("doctor")["items"] if each["connection"] == "crawlers of glue"]
    assert mild["ok"] and "glue:GetCrawlers" in mild["remedy"]


def test_guards_count_what_is_taken_back_with_what_is_retired(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = [lake(glue, f"asset_0000{number}") for number in range(10)]
    installation.config = BIND.replace("ASSET_00001", "*")
    installation.ask("sync")
    for number in (1, 2):
        tenant.edit("remove_asset", space="SPACE_000", asset=f"ASSET_0000{number}")
    for _ in range(2):
        installation.ask("sync")
    run = installation.ask("sync", code=3)
    assert (run["counts"]["retire"], run["counts"]["blocked"]) == (0, 2)
    assert not original(glue, before[1])
    assert installation.ask("sync", "--max-deletes", "2")["counts"]["retire"] == 2
    assert original(glue, before[1]) and original(glue, before[2])


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_the_deletion_policy_decides_whether_and_never_deletes(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    before = [lake(glue, f"asset_0000{number}") for number in range(10)]
    installation.config = BIND.replace("ASSET_00001", "*") + f"deletion: {{policy: {policy}, misses: 1}}\n"
    installation.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(3):
        assert installation.ask("sync")["counts"]["delete"] == 0
    assert original(glue, before[1]) is (policy == "delete")


def test_an_asset_whose_name_changes_its_case_keeps_its_bound_table(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    lake(glue)
    installation.config = BIND.replace("ASSET_00001", "*")
    for number in (0, *range(2, 10)):
        lake(glue, f"asset_0000{number}")
    installation.ask("sync")
    tenant.edit("rename_asset", space="SPACE_000", asset="ASSET_00001", name="Asset_00001")
    for _ in range(3):
        run = installation.ask("sync")
        assert (run["state"], run["counts"]["conflict"]) == ("done", 0)
    assert glue.table(*TABLE)["Parameters"]["spheresync.source"] == "SPACE_000/Asset_00001"
    assert installation.ask("sync")["counts"]["unchanged"] == 10


@pytest.mark.parametrize(
    "members",
    [
        {"TableType": "VIRTUAL_VIEW", "ViewOriginalText": "/* Presto View: e30= */", "ViewExpandedText": "x"},
        {"TargetTable": {"CatalogId": "1", "DatabaseName": "far", "Name": "away"}},
        {"TableType": "EXTERNAL", "FederatedTable": {"Identifier": "id", "ConnectionName": "hana"}},
    ],
    ids=["view", "link", "federated"],
)
def test_tables_of_every_kind_are_bound_and_given_back(
    installation: Installation, glue: GlueSimulator, members: dict[str, Any]
) -> None:
    before = lake(glue, "asset_00001", **members)
    installation.config = BIND
    run = installation.ask("sync")["run_id"]
    table = glue.table(*TABLE)
    assert table["Parameters"]["spheresync.source"] == ASSET and "StorageDescriptor" not in table
    assert theirs(written(glue)) == theirs(before)
    assert installation.ask("sync")["counts"]["unchanged"] == 1
    installation.ask("apply", installation.ask("revert", run)["change_set_id"])
    assert written(glue) == before


def test_a_view_that_could_not_be_written_back_is_left_alone(installation: Installation, glue: GlueSimulator) -> None:
    stale = {"Dialect": "ATHENA", "DialectVersion": "3", "ViewOriginalText": "SELECT 1", "IsStale": True}
    lake(glue, TableType="VIRTUAL_VIEW")
    dump = glue.dump()
    dump["tables"]["lake"]["asset_00001"]["versions"][-1]["ViewDefinition"] = {"Representations": [stale]}
    glue.load(dump)
    before = glue.dump()
    installation.config = BIND
    run = installation.ask("sync", code=1)
    assert run["counts"]["conflict"] == 1 and "ViewDefinition.Representations.IsStale" in json.dumps(run["failures"])
    assert glue.dump() == before


def test_iceberg_tables_keep_no_version_for_it_and_others_do(installation: Installation, glue: GlueSimulator) -> None:
    lake(glue)
    lake(glue, "asset_00002", **ICEBERG | {"Parameters": {}})
    installation.config = bind(1, 2)
    installation.ask("sync")
    versions = {name: len(table["versions"]) for name, table in glue.dump()["tables"]["lake"].items()}
    assert versions == {"asset_00001": 1, "asset_00002": 2}


def test_a_bound_table_that_may_not_be_seen_fails_by_itself(installation: Installation, glue: GlueSimulator) -> None:
    lake(glue)
    lake(glue, "asset_00002", **ICEBERG)
    before = glue.table(*TABLE)
    installation.config = bind(1, 2)
    glue.hide(*TABLE)
    run = installation.ask("sync", code=1)
    assert (run["counts"]["metadata_only"], run["counts"]["failed"]) == (1, 1)
    assert glue.table(*TABLE) == before
    glue.heal()
    assert installation.ask("sync")["counts"]["metadata_only"] == 1


def test_a_lost_answer_is_looked_into_and_nothing_is_written_twice(
    installation: Installation, glue: GlueSimulator
) -> None:
    before = lake(glue)
    installation.config = BIND
    glue.fault("lose", "UpdateTable")
    assert installation.ask("sync", code=None)["state"] in {"done", "partly_failed"}
    assert installation.ask("sync")["state"] == "done"
    assert glue.calls()["UpdateTable"] == 1
    assert theirs(written(glue)) == theirs(before)
