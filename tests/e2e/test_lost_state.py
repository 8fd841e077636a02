"""The state folder is gone, and AWS knows it all: which texts are ours, and which somebody wrote by hand before."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import Any

import pytest

from tests.e2e.test_full import FIELDS, TABLE, drifted, edit, edit_column
from tests.e2e.test_safety import parameters, tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ONE, TWO, THREE = (f"SPACE_000/ASSET_0000{number}" for number in (1, 2, 3))
RULE = """
mapping:
  rules:
    - match: {space: SPACE_000, name: [ASSET_00001, ASSET_00002, ASSET_00003]}
      set: {description: "{label} ({asset})"}
"""


def lose(installation: Installation, glue: GlueSimulator) -> None:
    shutil.rmtree(installation.state_dir)
    glue.reset()


@pytest.mark.parametrize("policy", ["report", "keep", "overwrite"])
def test_texts_edited_before_the_loss_follow_the_policy(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, policy: str
) -> None:
    synced.config = f"drift: {{description: {policy}, comments: {policy}}}\n"
    label = glue.table(*TABLE)["Description"]
    edit(glue, Description="by hand")
    edit_column(glue, 1, Comment="mine")
    lose(synced, glue)
    run = synced.ask("sync")
    assert run["state"] == "done"
    read = glue.calls().get("GetTable", 0)
    assert read == writes(glue).get("UpdateTable", 0), "what the listing showed is read again only to be changed"
    if policy == "overwrite":
        assert (run["counts"]["adopt"], run["counts"]["metadata_only"]) == (29, 1)
        assert glue.table(*TABLE)["Description"] == label
        return
    assert run["counts"]["adopt"] == 30
    assert writes(glue) == {}
    assert list(drifted(run)) == ([ONE] if policy == "report" else [])
    glue.reset()
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert synced.ask("sync")["state"] == "done"
    assert glue.table(*TABLE)["Description"] == "by hand"
    assert glue.table(*TABLE)["StorageDescriptor"]["Columns"][1]["Comment"] == "mine"
    assert parameters(glue, *TABLE)["spheresync.label"] == "Another label"


def test_edits_are_told_from_ours_though_datasphere_moved_on_and_what_is_in_doubt_stays(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.config = RULE
    installation.ask("sync")
    edit_column(glue, 1, Comment="mine")
    edit(glue, "asset_00002", Description="over a rule", TableType="VIRTUAL_VIEW")
    edit(glue, "asset_00004", Description="by hand")
    for number in (1, 2, 3, 4):
        tenant.edit("set_label", space="SPACE_000", asset=f"ASSET_0000{number}", label=f"Later {number}")
    lose(installation, glue)
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["metadata_only"], run["counts"]["adopt"]) == ("done", 4, 26)
    assert writes(glue) == {"UpdateTable": 4}
    proven, unproven, intact, plain = (glue.table("space_000", f"asset_0000{number}") for number in (1, 2, 3, 4))
    assert proven["Description"] == f"Later 1 ({ONE})", "the rule's text is proven to be ours"
    assert proven["StorageDescriptor"]["Columns"][1]["Comment"] == "mine"
    assert (unproven["Description"], unproven["TableType"]) == ("over a rule", "EXTERNAL_TABLE")
    assert unproven["Parameters"]["spheresync.label"] == "Later 2"
    assert intact["Description"] == f"Later 3 ({THREE})"
    assert (plain["Description"], plain["Parameters"]["spheresync.label"]) == ("by hand", "Later 4")
    told = drifted(run)
    assert set(told) == {ONE, TWO, "SPACE_000/ASSET_00004"}
    assert "description" not in told[ONE]
    assert "description" in told[TWO]
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == 30
    assert glue.calls() == {}


def test_a_table_whose_marker_names_a_space_that_is_not_listed_is_told_as_that_with_what_helps(
    synced: Installation, glue: GlueSimulator
) -> None:
    marked = {**parameters(glue, *TABLE), "spheresync.source": "GONE/V"}
    owner = {"spheresync.managed-by": marked["spheresync.managed-by"]}
    glue.client().create_database(DatabaseInput={"Name": "gone", "Parameters": owner})
    glue.client().create_table(DatabaseName="gone", TableInput={"Name": "v", "Parameters": marked})
    lose(synced, glue)
    synced.run("sync")
    told = synced.ask("sync", code=None)
    assert "never read" not in json.dumps(told), "no discovery can read what no space lists"
    status = synced.ask("status")
    (gone,) = [each for each in status["problems"] if each["subject"] == "GONE"]
    assert gone["code"] == "space_gone" and "exclude it by `scope:`" in gone["remedy"]
    assert "not managed any more: its tables stay in AWS as they are" in gone["remedy"]
    assert "never read" not in json.dumps(status)
    synced.config = "scope: {exclude: ['GONE/*']}\n"
    synced.run("sync")
    assert "space_gone" not in json.dumps(synced.ask("status")), "what the remedy says helps"
    assert glue.table("gone", "v")["Parameters"]["spheresync.source"] == "GONE/V"


NOW = "deletion: {policy: delete, misses: 1}\n"


def copied(glue: GlueSimulator, name: str, **parameters: str) -> dict[str, Any]:
    """A copy of a table of ours that somebody made, our marker with it; answers it."""
    hands = glue.client()
    live: Any = hands.get_table(DatabaseName="space_000", Name="asset_00001")["Table"]
    table = {key: live[key] for key in FIELDS if key in live} | {"Name": name}
    table["Parameters"] = {**table["Parameters"], **parameters}
    hands.create_table(DatabaseName="space_000", TableInput=table)
    return glue.table("space_000", name)


@pytest.mark.parametrize("name", ["a_backup", "zz_backup"])
@pytest.mark.parametrize("marks", [{}, {"spheresync.status": "retired"}])
@pytest.mark.parametrize("original", ["there", "dropped"])
def test_a_copy_that_a_person_made_is_never_taken_for_ours(
    synced: Installation, glue: GlueSimulator, name: str, marks: dict[str, str], original: str
) -> None:
    synced.config = NOW
    copy = copied(glue, name, **marks)
    if original == "dropped":
        glue.client().delete_table(DatabaseName="space_000", Name="asset_00001")
    lose(synced, glue)
    run = synced.ask("sync")
    told = [each["message"] for each in run["findings"] if each["code"] == "claims_same_asset"]
    assert len(told) == 1 and f"space_000.{name} " in told[0]
    synced.ask("sync")
    assert glue.table("space_000", name) == copy
    assert (run["counts"]["adopt"], run["counts"]["create"]) == ((30, 0) if original == "there" else (29, 1))
    assert "spheresync.status" not in parameters(glue, *TABLE)


RENAMED = 'mapping: {rules: [{match: {space: SPACE_000, name: ASSET_00001}, set: {table: "{name}_v1"}}]}\n'


@pytest.mark.parametrize("lost", [True, False])
def test_a_copy_of_a_retired_table_is_never_deleted_with_it(
    synced: Installation, glue: GlueSimulator, lost: bool
) -> None:
    synced.config = RENAMED
    assert synced.ask("sync")["counts"]["retire"] == 1
    copy = copied(glue, "a_backup")
    assert copy["Parameters"]["spheresync.retired-table"] == "space_000.asset_00001"
    if lost:
        lose(synced, glue)
    synced.config = RENAMED + NOW
    told = str(synced.ask("sync", *(() if lost else ("--full",)))["findings"])
    assert "claims_same_asset" in told and "space_000.a_backup " in told
    for _ in range(2):
        synced.ask("sync", "--full")
    assert "asset_00001" not in tables_of(glue, "space_000"), "the former table itself goes"
    assert glue.table("space_000", "a_backup") == copy


def test_a_table_of_ours_that_names_another_asset_by_now_stays(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = NOW
    edit(glue, foreign={"spheresync.source": "SPACE_000/ANOTHER"})
    before = glue.table(*TABLE)
    assert synced.ask("sync", "--full", code=1)["counts"]["conflict"] == 1
    for _ in range(2):
        synced.ask("sync", code=1)
    assert glue.table(*TABLE) == before


def test_a_run_whose_journal_is_lost_is_not_said_to_have_changed_nothing(
    installation: Installation, tenant: RunningTenant
) -> None:
    run = installation.ask("sync")
    with sqlite3.connect(installation.state_dir / "spheresync.db") as database:
        database.execute("DELETE FROM journal WHERE run_id = ? AND ordinal < 4", (run["run_id"],))
    told = installation.ask("revert", run["run_id"], code=1)
    (lost,) = told["problems"]
    assert "what it did to 3 tables cannot be undone" in lost["message"]
    assert told["summary"]["delete"] == run["counts"]["create"] - 3, "the rest can be"
    assert not [each for each in told["findings"] if "changed nothing" in each["message"]]
