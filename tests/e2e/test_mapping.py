"""Scope and mapping rules, from the file to the table."""

from __future__ import annotations

from tests.e2e.test_sync import tables
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

RENAME = """
mapping:
  rules:
    - match: {space: SPACE_000, name: "ASSET_0000[1]"}
      set: {table: never}
    - match: {space: SPACE_000, name: "ASSET_00001"}
      set: {table: "{name}_v1", description: "{label} ({asset})", tags: {layer: gold}}
"""

ONE_DATABASE = """
mapping:
  rules:
    - match: {space: ["SPACE_000", "SPACE_001"]}
      set: {database: shared}
"""

TAKEN = """
mapping:
  rules:
    - match: {space: SPACE_001, name: ASSET_00001}
      set: {database: space_000}
"""


def test_a_rule_that_renames_makes_the_new_table_and_marks_the_old_one(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.ask("sync")
    installation.config = RENAME
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["create"], run["counts"]["retire"]) == ("done", 1, 1)
    new = glue.table("space_000", "asset_00001_v1")
    assert new["Parameters"]["spheresync.tag.layer"] == "gold"
    assert new["Description"].endswith("(SPACE_000/ASSET_00001)")
    assert glue.table("space_000", "asset_00001")["Parameters"]["spheresync.status"] == "retired"
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_two_spaces_may_share_a_database_and_no_table_is_lost(installation: Installation, glue: GlueSimulator) -> None:
    installation.config = ONE_DATABASE
    assert installation.ask("sync")["counts"]["create"] == 30
    shared = {name: source for name, source in tables(glue).items() if name.startswith("shared.")}
    assert len(shared) == 20
    assert shared["shared.asset_00001"] == "SPACE_000/ASSET_00001"
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_a_database_name_that_a_space_holds_is_said_with_the_one_used_instead(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = TAKEN
    change_set = installation.ask("preview")
    (finding,) = [each for each in change_set["findings"] if each["code"] == "database_name_taken"]
    run = installation.ask("sync")
    assert run["state"] == "done", "a finding, and no failure"
    given = {name.partition(".")[0] for name, source in tables(glue).items() if source == "SPACE_001/ASSET_00001"}
    assert given != {"space_000"}
    assert finding["message"] == (
        f"A mapping rule asks for database space_000, but space SPACE_000 holds it; {given.pop()} is used instead."
    )
    assert finding["remedy"] and "findings" in run and finding in run["findings"]
    unchanged = installation.ask("preview")
    assert unchanged["findings"] == [], "said where it is seen"


def test_bad_rules_are_all_named_and_nothing_is_done(installation: Installation, glue: GlueSimulator) -> None:
    installation.config = """
prefixx: a_
mapping: {rules: [{match: {spce: A}, set: {table: "{nmae}"}}, {set: {tier: urgent}}]}
deletion: {misses: 0}
"""
    error = installation.ask("sync", code=2)["error"]
    assert error["code"] == "configuration"
    text = "\n".join(error["problems"])
    for expected in ("prefixx", "prefix", "spce", "space", "nmae", "name", "tier", "misses", "spheresync.yaml"):
        assert expected in text
    assert glue.calls() == {}


def test_a_rule_that_names_the_own_database_of_a_space_leads_there(
    installation: Installation, tenant: RunningTenant
) -> None:
    installation.ask("sync")
    installation.config = "mapping: {rules: [{match: {space: SPACE_000}, set: {database: space_000}}]}\n"
    tenant.edit("rename_asset", space="SPACE_000", asset="ASSET_00001", name="ORDERS")
    change_set = installation.ask("preview")
    (item,) = [each for each in change_set["items"] if each["action"] == "create"]
    findings = [each["code"] for each in change_set["findings"]]
    assert (item["object"], findings) == ("space_000.orders", ["missed"]), "of the former name, and no database is told"
