"""Lake Formation: LF-Tags say of the tables of Glue and of their columns what is known, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp.types import ElicitResult

from tests.e2e.test_mcp_dog import call
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(assets=6)

CONFIG = """
targets: [glue, lakeformation]
context: ["context/*.yaml"]
"""
CONTEXT = """
assets:
  - match: {space: SPACE_000}
    set: {domain: Sales, sensitivity: internal}
    columns:
      - {match: {name: COL_001}, set: {personal_data: identifier}}
      - {match: {name: COL_002}, set: {personal_data: contact}}
      - {match: {name: COL_003}, set: {personal_data: contact}}
"""
ADD, REMOVE, LOOK = (
    f"lakeformation:{each}" for each in ("AddLFTagsToResource", "RemoveLFTagsFromResource", "GetResourceLFTags")
)
TABLE_TAGS = {"spheresync_domain": "sales", "spheresync_sensitivity": "internal"}
COLUMN_TAGS = {
    "col_001": {"spheresync_pii": "identifier"},
    "col_002": {"spheresync_pii": "contact"},
    "col_003": {"spheresync_pii": "contact"},
}
MARKER = "spheresync:lake"


def put_context(installation: Installation, text: str) -> None:
    folder = installation.state_dir.parent / "context"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meaning.yaml").write_text(text, "utf-8")


@pytest.fixture
def lake(installation: Installation) -> Installation:
    installation.config = f"installation: lake\n{CONFIG}"
    put_context(installation, CONTEXT)
    return installation


@pytest.fixture
def filled(
    lake: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    """After a first sync."""
    first_syncs.begin(lake, surroundings, glue, CONTEXT)
    return lake


def tags(glue: GlueSimulator, table: str = "asset_00000", database: str = "space_000") -> dict[str, Any]:
    """What is assigned to a table and its columns."""
    held: dict[str, Any] = glue.lakeformation_dump()["assigned"]["tables"].get(database, {}).get(table, {})
    return {"tags": {}, "columns": {}, **held}


def written(glue: GlueSimulator) -> dict[str, int]:
    """Calls that change something, by name."""
    reads = ("Get", "List", "lakeformation:Get", "lakeformation:List")
    return {name: count for name, count in glue.calls().items() if not name.startswith(reads)}


def assign(glue: GlueSimulator, tag: dict[str, str], *columns: str, table: str = "asset_00000") -> None:
    """Somebody else puts tags onto a table or its columns."""
    where: dict[str, Any] = {"DatabaseName": "space_000", "Name": table}
    resource = {"TableWithColumns": {**where, "ColumnNames": [*columns]}} if columns else {"Table": where}
    said = [{"TagKey": key, "TagValues": [value]} for key, value in tag.items()]
    assert not glue.client_of("lakeformation").add_lf_tags_to_resource(Resource=resource, LFTags=said)["Failures"]


def test_tables_and_columns_carry_what_is_known_and_a_second_sync_does_nothing(
    lake: Installation, glue: GlueSimulator
) -> None:
    preview = lake.ask("preview")
    made = {each["object"]: each["operation"] for each in preview["prerequisites"] if each["target"] == "lakeformation"}
    assert made == dict.fromkeys(
        ["spheresync_domain", "spheresync_pii", "spheresync_sensitivity"], "lakeformation:CreateLFTag"
    )
    run = lake.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["create"], run["counts"]["metadata_only"]) == ("done", 18, 6)
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    assert not tags(glue, database="space_001")["tags"]
    assert {key: set(values) for key, values in glue.lakeformation_dump()["tags"].items()} == {
        "spheresync_domain": {"sales", MARKER},
        "spheresync_pii": {"contact", "identifier", MARKER},
        "spheresync_sensitivity": {"internal", MARKER},
    }
    assert glue.calls()[ADD] == 18, "one for the table, one for each distinct set of tags of its columns"

    glue.reset()
    again = lake.ask("sync")
    assert {word: count for word, count in again["counts"].items() if count} == {"unchanged": 36}
    assert not glue.calls()


def test_one_tag_that_changes_is_one_call_in_place_and_none_to_glue(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = lake.config + "lakeformation: {tags: {spheresync_domain: domain, team: space}}\n"
    lake.ask("sync")
    lake.config = lake.config.replace("team: space", "team: kind")
    glue.reset()
    preview = lake.ask("preview")
    assert {item["target"] for item in preview["items"]} == {"lakeformation"}
    assert all(item["access"] for item in preview["items"])
    run = lake.ask("apply", preview["change_set_id"])
    assert (run["state"], run["counts"]["metadata_only"]) == ("done", 18)
    assert written(glue) == {ADD: 18, "lakeformation:UpdateLFTag": 1}
    assert tags(glue)["tags"] == {"spheresync_domain": "sales", "team": "view"}


def test_a_key_that_is_not_wanted_any_more_is_taken_away_and_what_others_put_there_stays(
    filled: Installation, glue: GlueSimulator
) -> None:
    glue.client_of("lakeformation").create_lf_tag(TagKey="theirs", TagValues=["a"])
    assign(glue, {"theirs": "a"})
    assign(glue, {"theirs": "a"}, "col_001", "col_005")
    filled.config = filled.config + "lakeformation: {tags: {spheresync_domain: domain}}\n"
    glue.reset()
    assert filled.ask("sync")["counts"]["metadata_only"] == 6
    assert written(glue) == {REMOVE: 18}
    assert tags(glue)["tags"] == {"spheresync_domain": "sales", "theirs": "a"}
    assert tags(glue)["columns"] == {"col_001": {"theirs": "a"}, "col_005": {"theirs": "a"}}
    filled.config = f"installation: lake\n{CONFIG}"
    filled.ask("sync")
    assert tags(glue)["columns"]["col_001"] == {"theirs": "a", "spheresync_pii": "identifier"}


def test_an_undo_restores_the_tags_and_nothing_of_others(filled: Installation, glue: GlueSimulator) -> None:
    put_context(filled, CONTEXT.replace("Sales", "Finance").replace("identifier", "health"))
    run = filled.ask("sync")
    assert tags(glue)["tags"]["spheresync_domain"] == "finance"
    glue.client_of("lakeformation").create_lf_tag(TagKey="theirs", TagValues=["a"])
    assign(glue, {"theirs": "a"})
    undo = filled.ask("revert", run["run_id"])
    assert filled.ask("apply", undo["change_set_id"])["state"] == "done"
    assert tags(glue) == {"tags": {**TABLE_TAGS, "theirs": "a"}, "columns": COLUMN_TAGS}


def test_what_others_changed_is_drift_and_repaired_as_the_policy_says(
    filled: Installation, glue: GlueSimulator
) -> None:
    assign(glue, {"spheresync_domain": MARKER})
    assign(glue, {"spheresync_pii": "identifier"}, "col_002")
    found = filled.ask("drift")
    assert [each["target"] for each in found["items"]] == ["lakeformation"]
    glue.reset()
    assert filled.ask("sync")["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    assert written(glue) == {ADD: 2}


def test_a_table_that_is_gone_is_one_table_in_however_many_targets(filled: Installation, glue: GlueSimulator) -> None:
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    found = filled.ask("drift")["summary"]
    assert (found["drifted"], found["table_deleted"]) == (2, 1)


def test_a_lost_state_finds_its_tags_again_and_writes_nothing(lake: Installation, glue: GlueSimulator) -> None:
    import shutil

    lake.ask("sync")
    before = glue.dump()
    shutil.rmtree(lake.state_dir)
    glue.reset()
    run = lake.ask("sync")
    assert run["state"] == "done"
    assert not written(glue)
    assert glue.dump() == before


def test_a_key_of_others_is_used_only_where_that_is_allowed(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("lakeformation")
    hands.create_lf_tag(TagKey="spheresync_domain", TagValues=["their value"])
    run = lake.ask("sync", code=1)
    told = str(run)
    assert run["state"] == "partly_failed" and "use_existing_keys" in told and "spheresync_domain" in told
    assert glue.lakeformation_dump()["tags"]["spheresync_domain"] == ["their value"]
    lake.config = lake.config + "lakeformation: {use_existing_keys: true}\n"
    run = lake.ask("sync")
    assert run["state"] == "done"
    assert glue.lakeformation_dump()["tags"]["spheresync_domain"] == ["their value", "sales"]
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    assign(glue, {"spheresync_domain": "their value"}, table="asset_00001")
    assert lake.ask("sync", "--full")["state"] == "done"


def test_access_changes_wait_for_a_second_person(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = lake.config + "approvals: {four_eyes: [access]}\n"
    run = lake.ask("sync", code=None)
    assert run["counts"]["create"] == 18 and run["counts"]["blocked"] == 6
    assert not glue.calls().get(ADD)
    preview = lake.ask("preview")
    assert {item["blocked_by"] for item in preview["items"]} == {"access_not_approved"}
    refused = lake.run("apply", preview["change_set_id"])
    assert refused.code == 3 and "access change" in refused.err
    own = lake.run("approve", preview["change_set_id"]).out
    assert "no second person" in own and "deletes" not in own
    said = lake.as_account(4001).run("approve", preview["change_set_id"]).out
    assert "Nothing to apply" not in said and f"spheresync apply {preview['change_set_id']}" in said
    applied = lake.as_account(4002).ask("apply", preview["change_set_id"])
    assert applied["counts"]["metadata_only"] == 6
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_service_that_is_down_leaves_its_own_behind_and_the_next_run_does_just_that(
    lake: Installation, glue: GlueSimulator
) -> None:
    glue.fault("error", "lakeformation:AddLFTagsToResource", times=None, code="InternalServiceException", status=500)
    run = lake.ask("sync", code=1)
    assert run["state"] == "partly_failed" and run["counts"]["create"] == 18
    glue.heal()
    glue.reset()
    assert lake.ask("sync")["state"] == "done"
    assert written(glue) == {ADD: 18}
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_table_of_somebody_else_is_never_tagged(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "space_000"})
    hands.create_table(DatabaseName="space_000", TableInput={"Name": "asset_00000"})
    run = lake.ask("sync", code=1)
    assert run["counts"]["conflict"] >= 1
    assert tags(glue) == {"tags": {}, "columns": {}}
    assert tags(glue, "asset_00001")["tags"] == TABLE_TAGS


def test_tags_stay_as_long_as_a_table_does(lake: Installation, glue: GlueSimulator, tenant: RunningTenant) -> None:
    lake.config = lake.config + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    lake.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    assert lake.ask("sync")["counts"]["retire"] == 1
    assert tags(glue)["tags"] == TABLE_TAGS
    assert lake.ask("sync")["counts"]["delete"] == 1
    assert tags(glue) == {"tags": {}, "columns": {}}
    assert lake.ask("sync")["state"] == "done"


def test_the_undo_of_a_first_sync_deletes_tables_and_leaves_no_tag(lake: Installation, glue: GlueSimulator) -> None:
    run = lake.ask("sync")
    undo = lake.ask("revert", run["run_id"])
    assert not [item for item in undo["items"] if item["target"] == "lakeformation"], "the tags go with their tables"
    assert lake.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    assert not glue.lakeformation_dump()["assigned"]["tables"].get("space_000")
    assert not glue.dump()["tables"]["space_000"]
    lake.ask("release", "--asset", "SPACE_000/ASSET_00000")
    assert lake.ask("sync")["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_table_that_an_undo_brings_back_has_its_tags_again(
    lake: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    lake.config = lake.config + "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    lake.ask("sync")
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    lake.ask("sync")
    run = lake.ask("sync")
    assert run["counts"]["delete"] == 1 and "asset_00000" not in glue.dump()["tables"]["space_000"]
    undo = lake.ask("revert", run["run_id"])
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_table_that_is_made_again_is_tagged_again(filled: Installation, glue: GlueSimulator) -> None:
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    found = filled.ask("drift", "--repair")
    assert filled.ask("runs", found["run_id"])["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00001")
    assert filled.ask("sync", "--full")["state"] == "done"
    assert tags(glue, "asset_00001") == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00002")
    put_context(filled, CONTEXT.replace("Sales", "Finance"))
    filled.ask("sync", code=None)
    filled.ask("sync")
    assert tags(glue, "asset_00002")["columns"] == COLUMN_TAGS


def test_a_bound_table_is_tagged_by_its_own_columns_and_left_as_it_was(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "theirs"})
    columns: Any = [{"Name": "Col_001", "Type": "string"}, {"Name": "other", "Type": "int"}]
    hands.create_table(DatabaseName="theirs", TableInput={"Name": "sap", "StorageDescriptor": {"Columns": columns}})
    plain = lake.config
    lake.config = plain + (
        'scope: {include: ["SPACE_000/ASSET_00001"]}\n'
        'mapping: {rules: [{match: {name: ASSET_00001}, set: {bind: "theirs.sap"}}]}\n'
    )
    run = lake.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"]) == ("done", 2)
    assert tags(glue, "sap", "theirs") == {
        "tags": TABLE_TAGS,
        "columns": {"col_001": {"spheresync_pii": "identifier"}},
    }
    glue.reset()
    assert lake.ask("sync")["counts"]["unchanged"] == 2 and not written(glue)
    glue.client_of("lakeformation").create_lf_tag(TagKey="theirs", TagValues=["a"])
    where = {"Table": {"DatabaseName": "theirs", "Name": "sap"}}
    said: Any = [{"TagKey": "theirs", "TagValues": ["a"]}]
    glue.client_of("lakeformation").add_lf_tags_to_resource(Resource=where, LFTags=said)
    lake.config = plain + 'scope: {include: ["SPACE_000/ASSET_00001"]}\n'
    assert lake.ask("sync")["state"] == "done"
    assert tags(glue, "sap", "theirs") == {"tags": {"theirs": "a"}, "columns": {}}
    assert tags(glue, "asset_00001") == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_throttles_change_nothing_in_the_result(lake: Installation, glue: GlueSimulator) -> None:
    for operation in ("AddLFTagsToResource", "GetResourceLFTags", "CreateLFTag", "GetLFTag"):
        glue.fault("throttle", f"lakeformation:{operation}", times=4)
    assert lake.ask("sync")["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_an_answer_that_is_lost_is_looked_after(lake: Installation, glue: GlueSimulator) -> None:
    glue.fault("lose", "lakeformation:AddLFTagsToResource", times=3)
    glue.fault("lose", "lakeformation:CreateLFTag", times=2)
    run = lake.ask("sync")
    assert run["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_value_that_no_tag_can_have_fails_its_own_assets(lake: Installation, glue: GlueSimulator) -> None:
    put_context(lake, CONTEXT.replace("domain: Sales", "domain: 'Sales & more'"))
    run = lake.ask("sync", code=1)
    assert run["counts"]["create"] == 18
    told = [each for each in run["failures"] if each["asset"] == "SPACE_000/ASSET_00000"]
    assert "'&'" in told[0]["reason"] and "context file" in told[0]["remedy"]
    put_context(lake, CONTEXT.replace("domain: Sales", f"domain: {'s' * 50}"))
    assert lake.ask("sync")["state"] == "done"
    put_context(lake, CONTEXT.replace("domain: Sales", f"domain: {'s' * 51}"))
    assert "51 characters, 50 at most" in str(lake.ask("sync", code=1)["failures"])
    assert tags(glue)["tags"]["spheresync_domain"] == "s" * 50


def test_a_table_that_everybody_reads_is_told_of(filled: Installation, glue: GlueSimulator) -> None:
    told = [each for each in filled.ask("doctor", code=None)["items"] if "IAM_ALLOWED_PRINCIPALS" in each["message"]]
    assert len(told) == 1 and "6 tables" in told[0]["message"]


def test_only_the_tables_of_glue_can_be_tagged(lake: Installation) -> None:
    lake.config = "targets: [lakeformation]\nlakeformation: {tags: {Upper: domain, ok: nothing}}\n"
    ended = lake.run("config", "validate")
    assert ended.code == 2
    said = ended.out + ended.err
    assert "name glue too" in said and "'upper'" in said and "personal_data" in said


def test_a_preview_says_who_gains_and_who_loses_what(lake: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("lakeformation")
    preview = lake.ask("preview")
    told = [each["message"] for each in preview["findings"] if each["code"] == "access_reach"]
    assert told == ["nobody has a grant by LF-Tags, so by these changes nobody sees more or less"]
    lake.ask("sync")

    def grant(who: str, **expression: list[str]) -> None:
        said: Any = [{"TagKey": f"spheresync_{key}", "TagValues": values} for key, values in expression.items()]
        resource = {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": said}}
        principal = {"DataLakePrincipalIdentifier": f"arn:aws:iam::123456789012:role/{who}"}
        hands.grant_permissions(Principal=principal, Resource=resource, Permissions=["SELECT"])

    hands.update_lf_tag(TagKey="spheresync_domain", TagValuesToAdd=["finance"])
    grant("sellers", domain=["sales"])
    grant("bookers", domain=["finance"])
    grant("callers", domain=["sales", "finance"], pii=["contact"])
    put_context(lake, CONTEXT.replace("Sales", "Finance").replace("identifier", "contact"))
    preview = lake.ask("preview")
    told = sorted(each["message"] for each in preview["findings"] if each["code"] == "access_reach")
    assert [each.split(":role/")[1].split(" on ")[0] for each in told] == [
        "bookers gains SELECT",
        "callers gains SELECT",
        "sellers loses SELECT",
    ]
    assert "6 tables: space_000.asset_00000 (col_001)" in told[1]
    assert "its other columns" in told[0] and "col_002" in told[2]


@pytest.mark.anyio
async def test_a_repair_of_access_is_told_and_asked_as_a_sync_of_it_is(
    filled: Installation, glue: GlueSimulator
) -> None:
    resource = {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "spheresync_sensitivity"}]}}
    resource["LFTagPolicy"]["Expression"][0]["TagValues"] = ["public"]
    hands = glue.client_of("lakeformation")
    hands.update_lf_tag(TagKey="spheresync_sensitivity", TagValuesToAdd=["public"])
    principal = {"DataLakePrincipalIdentifier": "arn:aws:iam::123456789012:role/sellers"}
    hands.grant_permissions(Principal=principal, Resource=resource, Permissions=["SELECT"])
    assign(glue, {"spheresync_sensitivity": "public"})
    asked = list[str]()

    async def refuse(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="decline")

    async with Client(filled.serving(SPHERESYNC_ROLE="operator")) as client:
        found = await call(client, "detect_drift")
        mute = await client.call_tool("apply_changes", {"change_set_id": found["change_set_id"]})
    told = {each["code"]: each["message"] for each in found["findings"]}
    assert "1 access change on 1 table" in told["access_changes"]
    assert "sellers loses SELECT on 1 table: space_000.asset_00000" in told["access_reach"]
    assert mute.is_error and "changes who may see what and this client cannot ask" in str(mute.content)
    async with Client(filled.serving(SPHERESYNC_ROLE="operator"), elicitation_callback=refuse) as client:
        said = await client.call_tool("apply_changes", {"change_set_id": found["change_set_id"]})
    assert said.is_error and len(asked) == 1 and "changes who may see what" in asked[0]
    assert tags(glue)["tags"]["spheresync_sensitivity"] == "public"


def test_a_repair_of_access_waits_for_a_second_person_and_says_so(filled: Installation, glue: GlueSimulator) -> None:
    assign(glue, {"spheresync_domain": MARKER})
    filled.config += "approvals: {four_eyes: [access]}\n"
    repair = filled.ask("change-sets", filled.ask("drift")["change_set_id"])
    assert {item["blocked_by"] for item in repair["items"]} == {"access_not_approved"}


def test_what_may_not_be_read_of_grants_is_said_and_holds_up_nothing(lake: Installation, glue: GlueSimulator) -> None:
    glue.fault("deny", "lakeformation:ListPermissions", times=None)
    preview = lake.ask("preview")
    (told,) = [each for each in preview["findings"] if each["code"] == "access_reach"]
    assert "could not be found out" in told["message"] and "ListPermissions" in told["remedy"]
    assert lake.ask("apply", preview["change_set_id"])["state"] == "done"


def test_a_trial_tells_of_changes_of_access_that_follow_from_its_rules_only(lake: Installation) -> None:
    lake.ask("discover")
    file = lake.state_dir.parent / "trial.yaml"

    def access(rules: str) -> list[str]:
        file.write_text(rules, "utf-8")
        found = lake.ask("preview", "--no-refresh", "--trial-rules", str(file))["findings"]
        return [each["message"] for each in found if each["code"].startswith("access_")]

    assert access("scope: {exclude: ['SPACE_001/*']}") == [], "tags are put onto what stays without the trial too"
    moved = access("mapping: {rules: [{match: {name: ASSET_00001}, set: {table: moved}}]}")
    assert "1 access change on 1 table" in moved[0]


def test_an_asset_that_is_gone_stands_where_its_table_stands(
    filled: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    """What tags its table is never retired, and says nothing of the asset beside that."""
    asset = "SPACE_000/ASSET_00001"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    for _ in range(3):
        filled.ask("sync", "--max-deletes", "1")
    (retired,) = filled.ask("assets", "--status", "retired")["items"]
    problem = retired["problem"]
    assert (
        retired["asset"] == asset
        and problem.startswith("Its table is marked as retired since ")
        and "next sync marks" not in problem
    )
    filled.ask("sync", "--allow-deletes")
    (deleted,) = filled.ask("assets", "--status", "deleted")["items"]
    assert deleted["problem"].startswith("Its table space_000.asset_00001 was deleted at ")
