"""Drift: what others did to the catalog is found without Datasphere, explained, and repaired or kept by policy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from spheresync.model import digest_json
from tests.e2e.test_full import FIELDS, TABLE, edit
from tests.e2e.test_safety import parameters, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSET = "SPACE_000/ASSET_00001"
PAGES = {"GetTables": 3}
TAGS = 'mapping: {rules: [{match: {name: "*"}, set: {tags: {layer: gold}}}]}\n'
TEXTS = "drift: {description: overwrite, comments: overwrite}\n"


def contents(glue: GlueSimulator) -> dict[str, dict[str, Any]]:
    """What could be written of every table: all but what Glue itself notes."""
    return {
        f"{database}.{name}": {key: table["live"].get(key) for key in FIELDS}
        for database, tables in glue.dump()["tables"].items()
        for name, table in tables.items()
    }


def edit_columns(glue: GlueSimulator, name: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Somebody else's hands on the columns of a table of space_000."""
    descriptor = glue.table("space_000", name)["StorageDescriptor"]
    change(descriptor["Columns"])
    edit(glue, name, StorageDescriptor=descriptor)


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The one item of the answer."""
    assert answer["total"] == len(answer["items"]) == 1, answer["items"]
    item: dict[str, Any] = answer["items"][0]
    return item


def by_asset(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {item["asset"]: item for item in answer["items"]}
    assert len(found) == answer["total"] == answer["summary"]["drifted"]
    return found


def known_drift(installation: Installation) -> list[str]:
    """What is said, without another look, of the assets that count as drifted."""
    return [row["problem"] for row in installation.ask("assets", "--status", "drifted")["items"]]


def quiet(installation: Installation, glue: GlueSimulator) -> None:
    """The next sync has nothing to do and asks AWS nothing."""
    glue.reset()
    run = installation.ask("sync")
    assert (run["state"], run["counts"]["unchanged"]) == ("done", 30)
    assert glue.calls() == {}


def test_each_kind_is_found_explained_and_repaired_and_nothing_else_is_named(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.config = TAGS + TEXTS
    installation.ask("sync")
    before = contents(glue)
    edit(glue, "asset_00001", foreign={"team": "bi"})
    edit(glue, "asset_00002", Description="by hand")
    edit_columns(glue, "asset_00003", lambda columns: columns[1].update(Comment="mine"))
    edit_columns(glue, "asset_00004", lambda columns: columns.pop(2))
    edit(glue, "asset_00005", foreign={"spheresync.tag.layer": "lead"})
    edit(glue, "asset_00006", TableType="VIRTUAL_VIEW", foreign={"team": "bi"})
    glue.client().delete_table(DatabaseName="space_001", Name="asset_00007")
    glue.reset()
    answer = installation.ask("drift", "--exit-code", code=4)
    assert glue.calls() == {**PAGES, "GetTable": 1}, "what no page holds is asked for by name"
    found = by_asset(answer)
    kinds = {asset.removeprefix("SPACE_"): (item["kind"], item["effect"]) for asset, item in found.items()}
    assert kinds == {
        "000/ASSET_00001": ("parameters", "kept: not ours"),
        "000/ASSET_00002": ("description", "restore"),
        "000/ASSET_00003": ("comments", "restore"),
        "000/ASSET_00004": ("columns", "restore"),
        "000/ASSET_00005": ("parameters", "restore"),
        "000/ASSET_00006": ("parameters", "restore"),
        "001/ASSET_00007": ("table_deleted", "recreate"),
    }
    tag = found["SPACE_000/ASSET_00005"]["fields"]
    assert [(each["path"], each["written"], each["found"]) for each in tag] == [
        ("parameters.spheresync.tag.layer", "gold", "lead")
    ]
    assert (tag[0]["policy"], found["SPACE_000/ASSET_00005"]["policy"]) == ("overwrite", "overwrite")
    dropped = found["SPACE_000/ASSET_00004"]["fields"][0]
    assert (dropped["path"], dropped["written"], dropped["found"]) == ("columns.col_002", "date", None)
    edited = found["SPACE_000/ASSET_00002"]
    assert edited["changed_at"].endswith("Z") and edited["changed_by"] == "AWS Glue does not say who"
    change_set = installation.ask("preview", "--no-refresh")
    planned = {word: count for word, count in change_set["summary"].items() if count}
    assert planned["unchanged"] == 24 and planned["create"] == 1, "a plan looks again at what is known, and mends it"
    run = installation.ask("apply", answer["change_set_id"])
    assert (run["state"], run["counts"]["create"]) == ("done", 1)
    assert run["counts"]["update"] + run["counts"]["metadata_only"] == 5
    after = contents(glue)
    for edited_table in ("space_000.asset_00001", "space_000.asset_00006"):
        assert after[edited_table]["Parameters"].pop("team") == "bi", "others keep what is theirs"
    assert after == before
    again = only(installation.ask("drift"))
    assert (again["asset"], again["effect"]) == (ASSET, "kept: not ours")
    quiet(installation, glue)


@pytest.mark.parametrize("policy", ["report", "keep"])
def test_what_the_policies_let_stand_is_named_and_not_repaired(
    synced: Installation, glue: GlueSimulator, policy: str
) -> None:
    words = ("description", "comments", "columns", "parameters", "missing")
    synced.config = f"drift: {{{', '.join(f'{word}: {policy}' for word in words)}}}\n"
    edit(glue, "asset_00002", Description="by hand")
    edit_columns(glue, "asset_00003", lambda columns: columns[1].update(Comment="mine"))
    edit_columns(glue, "asset_00004", lambda columns: columns[1].update(Type="array<int>"))
    edit(glue, "asset_00005", foreign={"spheresync.kind": "edited"})
    glue.client().delete_table(DatabaseName="space_001", Name="asset_00007")
    before = contents(glue)
    glue.reset()
    for _ in range(2):
        answer = synced.ask("drift", "--repair")
        found = by_asset(answer)
        assert len(found) == 5 and answer["change_set_id"] is answer["run_id"] is None
        assert {(item["policy"], item["effect"]) for item in found.values()} == {(policy, policy)}
        assert all("drift: {" in item["remedy"] or "says keep" in item["remedy"] for item in found.values())
        named = {finding["subject"] for finding in answer["findings"]}
        assert named == (set(found) if policy == "report" else set())
        synced.ask("sync", "--full")  # which leaves the same edits, and remembers that it does not know the version
    assert writes(glue) == {}
    assert contents(glue) == before


def test_a_text_that_stays_is_told_as_long_as_it_stays_and_others_of_the_table_are_repaired(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    label = glue.table(*TABLE)["Description"]
    edit(glue, Description="by hand", TableType="VIRTUAL_VIEW")
    item = only(synced.ask("drift", "--repair"))
    assert {field["path"]: field["effect"] for field in item["fields"]} == {
        "description": "report",
        "tableType": "restore",
    }
    table = glue.table(*TABLE)
    assert (table["Description"], table["TableType"]) == ("by hand", "EXTERNAL_TABLE")
    (said,) = known_drift(synced)
    assert "1 field, and the drift policy leaves that" in said and "next sync" not in said
    assert [field["path"] for field in only(synced.ask("drift"))["fields"]] == ["description"]
    quiet(synced, glue)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    assert synced.ask("sync")["state"] == "done"
    assert known_drift(synced) == [said]
    left = only(synced.ask("drift"))["fields"][0]
    assert (left["written"], left["found"]) == ("Another label", "by hand")
    synced.config = TEXTS
    assert synced.ask("drift", "--repair")["counts"]["metadata_only"] == 1
    assert known_drift(synced) == []
    assert glue.table(*TABLE)["Description"] == "Another label" != label
    assert synced.ask("drift")["total"] == 0


def test_a_repair_puts_back_what_was_written_and_leaves_what_is_new_to_the_sync(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    label = glue.table(*TABLE)["Description"]
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    synced.ask("discover")
    edit(glue, foreign={"spheresync.kind": "edited"})
    assert only(synced.ask("drift", "--repair"))["asset"] == ASSET
    assert (glue.table(*TABLE)["Description"], parameters(glue, *TABLE)["spheresync.kind"]) == (label, "view")
    assert [row["asset"] for row in synced.ask("assets", "--status", "pending")["items"]] == [ASSET]
    assert synced.ask("drift")["total"] == 0
    glue.reset()
    assert synced.ask("sync")["counts"]["metadata_only"] == 1
    assert glue.calls() == {"GetTable": 1, "UpdateTable": 1}
    assert glue.table(*TABLE)["Description"] == "Another label"


def test_a_repair_leaves_new_mapping_rules_to_the_sync(synced: Installation, glue: GlueSimulator) -> None:
    synced.config = TAGS
    edit(glue, foreign={"spheresync.kind": "edited"})
    assert only(synced.ask("drift", "--repair"))["asset"] == ASSET
    held = parameters(glue, *TABLE)
    assert held["spheresync.kind"] == "view" and "spheresync.tag.layer" not in held
    assert synced.ask("sync")["counts"]["metadata_only"] == 30
    assert parameters(glue, *TABLE)["spheresync.tag.layer"] == "gold"


def test_what_is_not_ours_any_more_is_told_and_never_touched(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, "asset_00001", Parameters={"owner": "Jane"})
    edit(glue, "asset_00002", foreign={"spheresync.managed-by": "spheresync:other"})
    edit(glue, "asset_00003", foreign={"spheresync.kind": "edited"})
    before = contents(glue)
    glue.reset()
    answer = synced.ask("drift")
    kinds = {asset[-5:]: (item["kind"], item["effect"], item["policy"]) for asset, item in by_asset(answer).items()}
    assert kinds == {
        "00001": ("marker_lost", "conflict", None),
        "00002": ("taken_over", "conflict", None),
        "00003": ("parameters", "restore", "overwrite"),
    }
    assert synced.ask("assets", "--status", "conflict")["total"] == 2
    run = synced.ask("drift", "--repair", code=1)
    assert (run["state"], run["counts"]["conflict"]) == ("partly_failed", 2)
    after = contents(glue)
    assert all(after[f"space_000.asset_0000{number}"] == before[f"space_000.asset_0000{number}"] for number in (1, 2))
    answer = synced.ask("drift", "--repair", code=1)
    assert (answer["summary"]["conflicts"], answer["run_id"]) == (2, None)
    assert writes(glue) == {"UpdateTable": 1}


def test_a_database_that_is_gone_comes_back_with_its_tables(synced: Installation, glue: GlueSimulator) -> None:
    before = contents(glue)
    glue.client().delete_database(Name="space_000")
    glue.reset()
    answer = synced.ask("drift")
    assert {item["kind"] for item in answer["items"]} == {"database_deleted"}
    assert (answer["total"], answer["summary"]["compared"]) == (10, 30)
    assert glue.calls() == PAGES
    assert synced.ask("apply", answer["change_set_id"])["counts"]["create"] == 10
    assert contents(glue) == before
    assert synced.ask("drift")["total"] == 0
    quiet(synced, glue)


def test_a_retired_table_stays_retired_and_a_forgotten_one_is_nobodys(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in (3, 4):
        tenant.edit("remove_asset", space="SPACE_000", asset=f"ASSET_0000{number}")
        for _ in range(3):
            synced.ask("sync")
    assert synced.ask("assets", "--status", "retired")["total"] == 2
    synced.config = "scope: {exclude: [SPACE_001/ASSET_00001]}\n"
    assert synced.ask("sync")["counts"]["forget"] == 1
    before = contents(glue)
    edit(glue, "asset_00003", foreign={"spheresync.status": "active"})
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00004")
    glue.client().delete_table(DatabaseName="space_001", Name="asset_00001")
    found = by_asset(synced.ask("drift", "--repair"))
    assert {asset: (item["kind"], item["effect"]) for asset, item in found.items()} == {
        "SPACE_000/ASSET_00003": ("parameters", "restore"),
        "SPACE_000/ASSET_00004": ("table_deleted", "keep"),
    }
    after = contents(glue)
    assert after == {name: table for name, table in before.items() if name in after}
    assert before.keys() - after.keys() == {"space_000.asset_00004", "space_001.asset_00001"}
    assert synced.ask("assets", "--status", "retired")["total"] == 2


def test_what_was_edited_again_since_the_look_is_refused(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, foreign={"spheresync.kind": "edited"})
    answer = synced.ask("drift")
    edit(glue, foreign={"spheresync.kind": "again"})
    run = synced.ask("apply", answer["change_set_id"], code=3)
    assert (run["state"], run["counts"]["refused"]) == ("refused", 1)
    assert parameters(glue, *TABLE)["spheresync.kind"] == "again"
    assert synced.ask("drift", "--repair")["state"] == "done"
    assert parameters(glue, *TABLE)["spheresync.kind"] == "view"


def test_a_table_made_anew_by_hand_tells_who_made_it(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue)  # so that the version moves on, and a new table's is behind it
    assert synced.ask("sync", "--full")["counts"]["unchanged"] == 30
    live: Any = glue.table(*TABLE)
    hands = glue.client()
    hands.delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    table = {key: live[key] for key in FIELDS} | {"TableType": "VIRTUAL_VIEW"}
    hands.create_table(DatabaseName=TABLE[0], TableInput=table)
    item = only(synced.ask("drift", "--repair"))
    assert item["changed_by"] == "made anew by arn:aws:iam::123456789012:user/someone"
    assert glue.table(*TABLE)["TableType"] == "EXTERNAL_TABLE"


def test_a_foreign_table_of_the_same_version_is_not_written_over_by_a_later_update(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    hands = glue.client()
    hands.delete_table(DatabaseName=TABLE[0], Name=TABLE[1])
    hands.create_table(DatabaseName=TABLE[0], TableInput={"Name": TABLE[1], "Parameters": {"owner": "Jane"}})
    assert only(synced.ask("drift"))["kind"] == "marker_lost"
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    said = synced.ask("sync", code=1)["failures"][0]["reason"]
    assert parameters(glue, *TABLE) == {"owner": "Jane"}
    lost = "the table lost the marker of this installation; it stays as it is"
    assert lost in said.replace(f"the table {'.'.join(TABLE)} lost", "the table lost")
    lineage = synced.ask("lineage", ASSET)
    assert lineage["edges"] == []
    assert f"{'.'.join(TABLE)} in glue was written from {ASSET} and is not ours any more" in lineage["findings"][0]
    assert "lost the marker" in lineage["findings"][0]


def test_a_repair_leaves_what_a_revert_holds_held(synced: Installation, glue: GlueSimulator) -> None:
    with sqlite3.connect(synced.state_dir / "spheresync.db") as state:
        row = "SELECT fp_schema, fp_content, fp_metadata FROM assets WHERE space = ? AND name = ?"
        prints = state.execute(row, ASSET.split("/")).fetchone()
        held = (digest_json([*prints]), *ASSET.split("/"))
        state.execute("UPDATE checkpoints SET held = ?, seal = NULL WHERE space = ? AND asset = ?", held)
    edit(glue, foreign={"spheresync.kind": "edited"})
    assert synced.ask("drift", "--repair")["state"] == "done"
    assert [row["asset"] for row in synced.ask("assets", "--status", "held")["items"]] == [ASSET]
    assert synced.ask("sync")["counts"]["held"] == 1


@pytest.mark.parametrize("how", ["sync --full", "drift --repair"])
def test_what_was_written_there_before_is_no_edit_of_others(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, how: str
) -> None:
    """A write that something between swallowed, or an earlier version that somebody put back."""
    earlier = glue.table(*TABLE)
    tenant.edit("set_label", space="SPACE_000", asset=ASSET.partition("/")[2], label="Second")
    assert synced.ask("sync")["counts"]["metadata_only"] == 1
    wanted = contents(glue)
    edit(glue, **{key: earlier[key] for key in FIELDS if key in earlier})
    assert contents(glue) != wanted
    if how == "drift --repair":
        item = only(synced.ask("drift"))
        assert item["effect"] == "restore" and "a write was lost" in item["reason"]
        repaired = synced.ask("drift", "--repair")
        assert repaired["state"] == "done"
    else:
        run = synced.ask("sync", "--full")
        assert run["state"] == "done" and "somebody else" not in str(run)
    assert contents(glue) == wanted
    assert synced.ask("drift")["total"] == 0
    quiet(synced, glue)


def test_what_is_unchanged_says_as_of_when_aws_was_looked_at(synced: Installation, glue: GlueSimulator) -> None:
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00001")
    for answer in (synced.ask("preview"), run := synced.ask("sync")):
        assert "AWS was never looked at for drift" in answer["seen_in_aws"]
    assert "AWS was never looked at for drift" in synced.ask("status")["summary"]
    first = synced.ask("drift")["looked_at"][:19]
    synced.ask("drift", "--space", "SPACE_001")
    seen = synced.ask("runs", run["run_id"])["seen_in_aws"]
    assert f"last looked at for drift at {first}" in seen and "a part of it (10 objects) at" in seen
    assert "a part" not in synced.ask("preview", "--space", "SPACE_001")["seen_in_aws"]
    full = synced.ask("sync", "--full")
    assert "in this run" in full["seen_in_aws"]
    assert f"(by the full sync {full['run_id']})" in synced.ask("preview")["seen_in_aws"]
    assert f"the full sync {full['run_id']} compared all with AWS: no edit" in synced.ask("status")["summary"]


def test_a_change_that_another_run_made_meanwhile_is_no_change_of_the_later_one(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Anew")
    made = synced.ask("preview")["change_set_id"]
    assert synced.ask("sync")["counts"]["metadata_only"] == 1
    glue.reset()
    run = synced.ask("apply", made)
    assert writes(glue) == {} and run["counts"]["unchanged"] >= 1
    entries = synced.ask("audit", "query", "--run-id", run["run_id"], "--asset", ASSET)["items"]
    assert [entry["outcome"] for entry in entries] == ["already"]
    assert synced.ask("audit", "query", "--run-id", run["run_id"], "--changes-only")["total"] == 0


def test_what_the_policy_keeps_is_synced_and_named_among_what_others_changed(
    synced: Installation, glue: GlueSimulator
) -> None:
    synced.config = "drift: {description: keep}\n"
    edit(glue, "asset_00001", Description="by hand")
    synced.ask("drift")
    assert [row["asset"] for row in synced.ask("assets", "--status", "drifted")["items"]] == []
    said = f"count under another status: 1 synced, as what others changed there is kept ({ASSET})."
    assert said in synced.ask("status")["summary"]
