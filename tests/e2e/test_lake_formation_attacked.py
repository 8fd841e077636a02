"""Lake Formation when its other half fails, columns come and go, and others work on tables, keys and tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_lake_formation import (
    ADD,
    COLUMN_TAGS,
    CONFIG,
    CONTEXT,
    MARKER,
    REMOVE,
    TABLE_TAGS,
    assign,
    put_context,
    tags,
    written,
)
from tests.simulators.fixtures import FirstSyncs, Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

SURROUNDINGS = Surroundings(assets=6)

PLAIN = f"installation: lake\n{CONFIG}"
ONE_KEY = PLAIN + "lakeformation: {tags: {spheresync_domain: domain}}\n"
WITHOUT_CONTACT = PLAIN + "personal_data: {policy: [{class: contact, action: exclude_column}]}\n"
WITHOUT_ONE = PLAIN + "mapping: {rules: [{match: {}, columns: [{match: {name: COL_001}, set: {include: false}}]}]}\n"


@pytest.fixture
def lake(
    installation: Installation, surroundings: Surroundings, glue: GlueSimulator, first_syncs: FirstSyncs
) -> Installation:
    installation.config = PLAIN
    put_context(installation, CONTEXT)
    first_syncs.begin(installation, surroundings, glue, CONTEXT)
    return installation


def columns_of(glue: GlueSimulator, table: str = "asset_00000") -> set[str]:
    return {each["Name"] for each in glue.table("space_000", table)["StorageDescriptor"]["Columns"]}


def test_a_column_keeps_its_tag_as_long_as_its_table_keeps_it(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = WITHOUT_CONTACT
    glue.fault("deny", "UpdateTable", times=None)
    lake.ask("sync", code=1)
    assert "col_002" in columns_of(glue) and tags(glue)["columns"] == COLUMN_TAGS
    lake.ask("sync", "--target", "lakeformation", code=None)
    assert tags(glue)["columns"] == COLUMN_TAGS, "nor where Glue has no turn at all"
    glue.heal()
    assert lake.ask("sync")["state"] == "done"
    assert "col_002" not in columns_of(glue) and set(tags(glue)["columns"]) == {"col_001"}
    assert lake.ask("sync")["counts"]["unchanged"] == 36


@pytest.mark.parametrize("off", [False, True], ids=["glue alone", "switched off"])
def test_a_column_that_leaves_and_comes_back_is_protected_again(
    lake: Installation, glue: GlueSimulator, off: bool
) -> None:
    extra = () if off else ("--target", "glue")
    for config in (WITHOUT_ONE, PLAIN):
        lake.config = config.replace("[glue, lakeformation]", "[glue]") if off else config
        assert lake.ask("sync", *extra)["state"] == "done"
    assert "col_001" in columns_of(glue) and "col_001" not in tags(glue)["columns"]
    lake.config = PLAIN
    assert lake.ask("sync")["counts"]["metadata_only"] == 6
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_tag_that_went_with_its_column_is_not_taken_away_again_by_a_run_that_looked_before(
    lake: Installation, glue: GlueSimulator
) -> None:
    lake.config = WITHOUT_ONE
    glue.reset()
    run = lake.ask("sync", "--full")
    assert run["state"] == "done" and "col_001" not in columns_of(glue)
    assert REMOVE not in glue.calls()
    undo = lake.ask("revert", run["run_id"])
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_a_table_that_we_made_again_meanwhile_is_tagged_again(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = PLAIN.replace("[glue, lakeformation]", "[glue]")
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00000")
    lake.ask("sync", "--full")
    lake.config = PLAIN
    lake.ask("sync")
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_an_undo_brings_columns_back_with_their_tags(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = WITHOUT_CONTACT
    run = lake.ask("sync")
    assert "col_002" not in columns_of(glue)
    undo = lake.ask("revert", run["run_id"])
    assert {item["target"] for item in undo["items"] if item.get("access")} == {"lakeformation"}
    assert lake.ask("apply", undo["change_set_id"])["state"] == "done"
    assert "col_002" in columns_of(glue) and tags(glue)["columns"] == COLUMN_TAGS


def test_a_table_that_somebody_made_in_the_place_of_ours_is_never_tagged(
    lake: Installation, glue: GlueSimulator
) -> None:
    glue.remake("space_000", "asset_00000", StorageDescriptor={"Columns": [{"Name": "col_001", "Type": "int"}]})
    lake.config = PLAIN + "lakeformation: {tags: {spheresync_pii: personal_data, kind: kind}}\n"
    lake.ask("sync", code=None)
    lake.ask("sync", "--target", "lakeformation", code=None)
    lake.ask("drift", "--repair", code=None)
    assert tags(glue) == {"tags": {}, "columns": {}}
    assert tags(glue, "asset_00001")["tags"] == {"kind": "view"}, "and the others are"


def test_a_key_of_others_is_not_used_though_it_has_the_values(installation: Installation, glue: GlueSimulator) -> None:
    hands = glue.client_of("lakeformation")
    hands.create_lf_tag(TagKey="spheresync_pii", TagValues=["contact", "identifier"])
    installation.config = PLAIN
    put_context(installation, CONTEXT)
    run = installation.ask("sync", code=1)
    assert "use_existing_keys" in str(run["failures"])
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": {}}, "the other keys are put on all the same"
    other = installation.ask("sync", code=1)
    assert other["counts"]["conflict"] == 6 and tags(glue)["columns"] == {}


def test_a_tag_that_somebody_deleted_is_made_again(lake: Installation, glue: GlueSimulator) -> None:
    glue.client_of("lakeformation").delete_lf_tag(TagKey="spheresync_domain")
    assert tags(glue)["tags"] == {"spheresync_sensitivity": "internal"}
    assert lake.ask("sync", "--full")["state"] == "done"
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}


def test_what_the_policy_lets_stand_never_becomes_ours(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = PLAIN + "drift: {parameters: keep}\n"
    assign(glue, {"spheresync_pii": "contact"}, "col_004")
    assign(glue, {"spheresync_pii": "contact"}, "col_001")
    for domain in ("Finance", "People", "Sales"):
        put_context(lake, CONTEXT.replace("Sales", domain))
        lake.ask("sync")
        found = tags(glue)
        assert found["tags"]["spheresync_domain"] == domain.lower()
        assert found["columns"]["col_004"] == found["columns"]["col_001"] == {"spheresync_pii": "contact"}
    glue.reset()
    lake.ask("drift", "--repair")
    assert not written(glue)
    lake.config = PLAIN
    lake.ask("drift", "--repair")
    assert tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}, "the policy that counts now puts ours back"
    assert written(glue) == {ADD: 1, "lakeformation:RemoveLFTagsFromResource": 1}


def test_assets_whose_tags_wait_for_a_second_person_are_not_in_sync(lake: Installation, glue: GlueSimulator) -> None:
    lake.config = PLAIN + "approvals: {four_eyes: [access]}\n"
    put_context(lake, CONTEXT.replace("identifier", "health"))
    lake.ask("sync", code=None)
    assert tags(glue)["columns"] == COLUMN_TAGS
    listed: Any = lake.ask("assets", "--space", "SPACE_000")["items"]
    assert {each["status"] for each in listed} == {"pending"}
    preview = lake.ask("preview")
    lake.as_account(4001).ask("approve", preview["change_set_id"])
    lake.as_account(4002).ask("apply", preview["change_set_id"])
    assert tags(glue)["columns"]["col_001"] == {"spheresync_pii": "health"}
    listed = lake.ask("assets", "--space", "SPACE_000")["items"]
    assert {each["status"] for each in listed} == {"synced"}
    assert MARKER in glue.lakeformation_dump()["tags"]["spheresync_pii"]


@pytest.mark.parametrize("back", [False, True], ids=["another value", "as before"])
def test_half_of_the_tags_that_a_write_was_to_put_there_is_nobody_elses_edit(
    lake: Installation, glue: GlueSimulator, back: bool
) -> None:
    lake.config = PLAIN + "drift: {parameters: report}\n"
    finance = CONTEXT.replace("Sales", "Finance")
    for context in (finance, CONTEXT):  # so that the LF-Tag has both values
        put_context(lake, context)
        assert lake.ask("sync")["state"] == "done"
    put_context(lake, finance.replace("internal", "secret"))
    glue.fault("deny", "lakeformation:UpdateLFTag", times=None)
    lake.ask("sync", code=1)
    glue.heal()
    assert tags(glue)["tags"] == {"spheresync_domain": "finance", "spheresync_sensitivity": "internal"}
    assert not [each for each in lake.ask("drift")["items"] if each["target"] == "lakeformation"]
    put_context(lake, CONTEXT if back else CONTEXT.replace("Sales", "Legal"))
    assert lake.ask("sync")["state"] == "done"
    assert tags(glue)["tags"]["spheresync_domain"] == ("sales" if back else "legal")
    assert lake.ask("sync")["counts"]["unchanged"] == 36


@pytest.mark.parametrize("how", ["compared in full", "switched off and on"])
def test_tags_under_keys_that_the_settings_have_no_more_go_where_a_plan_looks_first(
    lake: Installation, glue: GlueSimulator, how: str
) -> None:
    lake.config = ONE_KEY
    if how == "switched off and on":
        lake.config = ONE_KEY.replace("[glue, lakeformation]", "[glue]")
        assert lake.ask("sync")["state"] == "done"
        lake.config = ONE_KEY
        assert lake.ask("sync")["counts"]["metadata_only"] == 6
    else:
        assert lake.ask("sync", "--full")["counts"]["metadata_only"] == 6
    assert tags(glue) == {"tags": {"spheresync_domain": "sales"}, "columns": {}}


def test_an_undo_brings_back_tags_under_keys_that_the_settings_have_no_more(
    lake: Installation, glue: GlueSimulator
) -> None:
    lake.config = ONE_KEY
    run = lake.ask("sync")
    undo = lake.ask("revert", run["run_id"])
    assert "tags.spheresync_sensitivity" in {change["path"] for change in undo["items"][0]["changes"]}
    undone = lake.ask("apply", undo["change_set_id"])
    assert undone["state"] == "done" and tags(glue) == {"tags": TABLE_TAGS, "columns": COLUMN_TAGS}
    lake.config = PLAIN
    lake.ask("release")
    assert lake.ask("sync")["counts"]["unchanged"] == 36
    again = lake.ask("revert", undone["run_id"])
    assert lake.ask("apply", again["change_set_id"])["state"] == "done"
    assert tags(glue) == {"tags": {"spheresync_domain": "sales"}, "columns": {}}
