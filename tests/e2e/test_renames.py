"""A name of which only the case has changed is the same asset with the same table; a likely rename is only told."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from mcp import Client

from tests.e2e.test_full import edit
from tests.e2e.test_mcp_dog import call
from tests.e2e.test_safety import add, parameters, tables_of, writes
from tests.e2e.test_undo import held, inputs, undone
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

OLD, NEW = "SPACE_000/ASSET_00001", "SPACE_000/Asset_00001"
TABLE = ("space_000", "asset_00001")


def rename(tenant: RunningTenant, name: str = "Asset_00001", *, of: str = "ASSET_00001") -> None:
    tenant.edit("rename_asset", space="SPACE_000", asset=of, name=name)


def sources(glue: GlueSimulator, database: str = "space_000") -> dict[str, str]:
    return {name: t["live"]["Parameters"]["spheresync.source"] for name, t in tables_of(glue, database).items()}


def taken_over(installation: Installation) -> dict[str, Any]:
    """A sync that writes a table under its new name, and does nothing else."""
    run: dict[str, Any] = installation.ask("sync")
    done = {action: count for action, count in run["counts"].items() if count}
    changed = done.pop("update", 0) + done.pop("metadata_only", 0)
    assert (run["state"], changed, done) == ("done", 1, {"unchanged": 29})
    return run


def statuses(installation: Installation) -> dict[str, str]:
    rows = installation.ask("assets", "--space", "SPACE_000", "--query", "asset_00001")["items"]
    return {row["asset"]: row["status"] for row in rows}


def test_a_change_of_case_is_one_update_of_the_same_table_and_nothing_of_others_is_lost(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    edit(glue, foreign={"team": "bi"})
    rename(tenant)
    preview = synced.ask("preview")
    (item,) = preview["items"]
    assert (item["asset"], item["action"], item["object"]) == (NEW, "update", "space_000.asset_00001")
    assert (item["renamed_from"], item["operations"]) == (OLD, ["glue:UpdateTable"])
    assert item["reason"].startswith(f"renamed from {OLD} in Datasphere")
    assert {"path": "parameters.spheresync.source", "before": OLD, "after": NEW} in item["changes"]
    assert (preview["summary"]["update"], preview["summary"]["unchanged"], preview["total"]) == (1, 29, 1)
    glue.reset()
    assert synced.ask("apply", preview["change_set_id"])["counts"]["update"] == 1
    assert writes(glue) == {"UpdateTable": 1}
    assert sources(glue)["asset_00001"] == NEW and len(sources(glue)) == 10
    assert parameters(glue, *TABLE)["team"] == "bi"
    assert statuses(synced) == {OLD: "deleted", NEW: "synced"}
    glue.reset()
    for _ in range(4):
        run = synced.ask("sync", "--allow-deletes")
        assert (run["state"], run["counts"]["unchanged"], run["counts"]["retire"]) == ("done", 30, 0)
    assert glue.calls() == {}


@pytest.mark.anyio
async def test_whoever_asks_is_told_of_both_names(synced: Installation, tenant: RunningTenant) -> None:
    rename(tenant)
    run = taken_over(synced)
    for asset in (OLD, NEW):
        (entry,) = synced.ask("audit", "query", "--action", "rename", "--asset", asset)["items"]
        assert (entry["asset"], entry["outcome"]) == (asset, "done")
    assert synced.ask("audit", "query", "--action", "update", "--asset", NEW)["items"][0]["run_id"] == run["run_id"]
    assert synced.ask("audit", "query", "--action", "create", "--asset", OLD)["total"] == 1
    assert synced.ask("audit", "verify")["intact"]
    async with Client(synced.serving("--no-scheduler")) as client:
        now, then = [await call(client, "describe_asset", asset=asset) for asset in (NEW, OLD)]
        assert (now["renamed_from"], then["renamed_to"]) == (OLD, NEW)
        assert "renamed_to" not in now and "renamed_from" not in then
        explained = await call(client, "explain_mapping", asset=NEW)
        assert (explained["renamed_from"], explained["table"]) == (OLD, "asset_00001")
        assert any("only the case of its name changed" in line for line in explained["names"])
        other = await call(client, "explain_mapping", asset="SPACE_000/ASSET_00002")
        assert not {"renamed_from", "renamed_to", "may_be_renamed_to"} & other.keys()


def test_two_names_that_are_listed_together_are_two_assets_whatever_vanishes_later(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    add(tenant, "SPACE_000", "Asset_00001")
    assert synced.ask("sync")["counts"]["create"] == 1
    before = sources(glue)
    assert before["asset_00001"] == OLD and len(before) == 11
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    assert [synced.ask("sync")["counts"]["retire"] for _ in range(3)] == [0, 0, 1]
    assert sources(glue) == before
    assert parameters(glue, *TABLE)["spheresync.status"] == "retired"


def test_a_space_whose_every_name_changes_case_trips_no_guard_and_makes_no_table(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(10):
        rename(tenant, f"Asset_{number:05}", of=f"ASSET_{number:05}")
    run = synced.ask("sync")
    assert (run["state"], run["findings"], run["counts"]["update"]) == ("done", [], 10)
    assert writes(glue) == {"UpdateTable": 10}
    assert sources(glue) == {f"asset_{n:05}": f"SPACE_000/Asset_{n:05}" for n in range(10)}


def test_what_a_listing_that_is_not_whole_leaves_out_waits_and_then_keeps_its_table(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    rename(tenant)
    taken_over(synced)
    glue.reset()
    tenant.admin(page_size=4)
    rename(tenant, "ASSET_00001", of="Asset_00001")
    tenant.set_faults(foreign_next_link=True)
    for _ in range(2):
        run = synced.ask("sync", code=1)
        assert (run["counts"]["held"], run["counts"]["create"]) == (1, 0)
    preview = synced.ask("preview", "--no-refresh", code=1)
    (item,) = preview["items"]
    assert (item["asset"], item["action"], item["may_be_renamed_from"]) == (OLD, "held", NEW)
    assert "nobody knows now whether it is still in Datasphere" in item["reason"]
    assert writes(glue) == {}
    tenant.set_faults()
    taken_over(synced)
    assert sources(glue)["asset_00001"] == OLD and len(sources(glue)) == 10


def test_a_retired_table_comes_back_to_life_under_the_new_name(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00001")
    assert [synced.ask("sync")["counts"]["retire"] for _ in range(3)] == [0, 0, 1]
    add(tenant, "SPACE_000", "Asset_00001")
    (item,) = synced.ask("preview")["items"]
    assert (item["renamed_from"], item["action"]) == (OLD, "update")
    taken_over(synced)
    assert "spheresync.status" not in parameters(glue, *TABLE)
    assert len(sources(glue)) == 10


@pytest.mark.parametrize("synced_between", [True, False])
def test_a_name_that_goes_back_gets_its_table_back(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, *, synced_between: bool
) -> None:
    before = inputs(glue)
    rename(tenant)
    if synced_between:
        taken_over(synced)
    else:
        assert synced.ask("preview")["summary"]["update"] == 1
    rename(tenant, "ASSET_00001", of="Asset_00001")
    if synced_between:
        taken_over(synced)
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert inputs(glue) == before
    assert statuses(synced) == {OLD: "synced", NEW: "deleted"}


def test_an_undo_gives_the_table_its_former_name_and_holds_it_so(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    rename(tenant)
    run = taken_over(synced)
    ended = undone(synced, run["run_id"])
    assert (ended["state"], inputs(glue)) == ("done", before)
    assert held(synced) == [NEW]
    glue.reset()
    for flags in ((), ("--full",)):
        again = synced.ask("sync", *flags)
        assert (again["counts"]["held"], again["counts"]["unchanged"]) == (1, 29)
    assert writes(glue) == {}
    assert synced.ask("drift")["items"] == []
    assert undone(synced, ended["run_id"])["state"] == "done"
    assert sources(glue)["asset_00001"] == NEW
    undone(synced, synced.ask("runs")["items"][0]["run_id"])
    assert inputs(glue) == before
    synced.ask("release", "--asset", NEW)
    taken_over(synced)
    assert sources(glue)["asset_00001"] == NEW


def test_a_run_of_before_is_not_undone_over_the_new_name(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another")
    labelled = synced.ask("sync")["run_id"]
    rename(tenant)
    taken_over(synced)
    before = inputs(glue)
    change_set = synced.ask("revert", labelled)
    (item,) = change_set["items"]
    assert (item["action"], item["reason"]) == (
        "conflict",
        f"cannot be undone: space_000.asset_00001 is the table of {NEW} by now, which {OLD} was renamed to",
    )
    synced.ask("apply", change_set["change_set_id"], code=None)
    assert inputs(glue) == before


def test_a_change_set_of_before_is_refused_item_by_item(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00002", label="Another")
    old = synced.ask("preview")
    rename(tenant)
    assert synced.ask("preview")["summary"]["update"] == 1
    run = synced.ask("apply", old["change_set_id"], code=None)
    assert (run["counts"]["refused"], run["counts"]["metadata_only"]) == (1, 1)
    assert sources(glue)["asset_00001"] == OLD
    assert synced.ask("sync")["counts"]["update"] == 1
    assert sources(glue)["asset_00001"] == NEW
    assert parameters(glue, *TABLE)["spheresync.label"] == "Another"


def test_a_lost_state_finds_the_table_by_its_new_name(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    rename(tenant)
    taken_over(synced)
    shutil.rmtree(synced.state_dir)
    glue.reset()
    assert synced.ask("sync")["counts"]["adopt"] == 30
    assert writes(glue) == {}
    assert len(sources(glue)) == 10


@pytest.mark.parametrize("seen", [True, False])
def test_a_state_that_is_lost_before_the_table_is_written_still_keeps_to_it(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, *, seen: bool
) -> None:
    rename(tenant)
    if seen:
        assert synced.ask("preview")["summary"]["update"] == 1
    shutil.rmtree(synced.state_dir)
    glue.reset()
    run = synced.ask("sync")
    assert (run["counts"]["adopt"], run["counts"]["held"], run["counts"]["create"]) == (29, 1, 0)
    assert writes(glue) == {}
    taken_over(synced)
    assert sources(glue)["asset_00001"] == NEW and len(sources(glue)) == 10
    assert synced.ask("sync")["counts"]["unchanged"] == 30


def test_what_is_known_of_the_table_may_be_lost_before_it_is_written(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    rename(tenant)
    assert synced.ask("preview")["summary"]["update"] == 1
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as file, file:
        changed = file.execute(
            "UPDATE checkpoints SET name = x'00' WHERE asset = 'Asset_00001' AND space = 'SPACE_000'"
        )
        assert changed.rowcount == 1
    synced.ask("sync", code=None)
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert sources(glue)["asset_00001"] == NEW and len(sources(glue)) == 10


@pytest.mark.parametrize("latency", [20, 60])
def test_a_kill_anywhere_leaves_one_table_for_each_asset(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, latency: int
) -> None:
    for number in range(10):
        rename(tenant, f"Asset_{number:05}", of=f"ASSET_{number:05}")
    glue.answer_after(latency)
    moments = random.Random(latency)
    for _ in range(4):
        already, more = glue.calls().get("UpdateTable", 0), moments.randint(0, 3)
        process = synced.start("sync", "--json")
        wanted = already + more
        process.is_at(lambda wanted=wanted: glue.calls().get("UpdateTable", 0) >= wanted, "the moment to kill it")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    glue.answer_after(0)
    synced.ask("sync", code=None)
    assert synced.ask("sync")["counts"]["unchanged"] == 30
    assert sources(glue) == {f"asset_{n:05}": f"SPACE_000/Asset_{n:05}" for n in range(10)}
    versions = {table["live"]["VersionId"] for table in tables_of(glue, "space_000").values()}
    assert versions == {"1"}, "made and renamed: nothing twice"


def test_a_likely_rename_is_shown_side_by_side_and_the_guard_counts_it(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.config = "deletion: {misses: 1}\n"
    for number in (1, 2, 3):
        rename(tenant, f"NEW_{number:05}", of=f"ASSET_{number:05}")
    preview = synced.ask("preview")
    made = {each["asset"]: each for each in preview["items"] if each["action"] == "create"}
    gone = {each["asset"]: each for each in preview["items"] if each["action"] == "retire"}
    pairs = {f"SPACE_000/NEW_{n:05}": f"SPACE_000/ASSET_{n:05}" for n in (1, 2, 3)}
    assert {asset: each["may_be_renamed_from"] for asset, each in made.items()} == pairs
    assert {each["may_be_renamed_to"]: asset for asset, each in gone.items()} == pairs
    assert made["SPACE_000/NEW_00001"]["object"] == "space_000.new_00001"
    assert "its table space_000.asset_00001 is left to it" in made["SPACE_000/NEW_00001"]["reason"]
    assert {each["blocked_by"] for each in gone.values()} == {"too_many_removals"}
    run = synced.ask("sync", code=3)
    assert (run["counts"]["create"], run["counts"]["retire"], run["counts"]["blocked"]) == (3, 0, 3)
    assert sources(glue)["asset_00001"] == OLD, "nothing is moved by a guess"


@pytest.mark.anyio
async def test_what_a_missing_asset_may_be_by_now_is_told_as_a_guess(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    rename(tenant, "NEW_00001")
    (item,) = synced.ask("preview")["items"]
    assert (item["action"], item["may_be_renamed_from"]) == ("create", OLD)
    synced.ask("sync")
    async with Client(synced.serving("--no-scheduler")) as client:
        explained = await call(client, "explain_mapping", asset=OLD)
        assert explained["may_be_renamed_to"] == "SPACE_000/NEW_00001"
        assert any("Datasphere tells nothing that proves it" in line for line in explained["names"])
        assert "renamed_to" not in await call(client, "describe_asset", asset=OLD)
    (item,) = synced.ask("preview")["items"]
    assert (item["action"], item["may_be_renamed_to"]) == ("retire", "SPACE_000/NEW_00001")


def test_columns_of_whose_names_only_the_case_changes_stay_and_trip_no_guard(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for number in range(10, 22):
        add(tenant, "SPACE_000", f"ASSET_{number:05}")
    synced.ask("sync")
    columns = [column["Name"] for column in glue.table(*TABLE)["StorageDescriptor"]["Columns"]]
    key = glue.table(*TABLE)["StorageDescriptor"]["Columns"][0]["Name"]
    named = {n: glue.table("space_000", f"asset_{n:05}")["StorageDescriptor"]["Columns"][0] for n in range(22)}
    edits = [
        {"op": "rename_column", "space": "SPACE_000", "asset": f"ASSET_{n:05}", "column": name, "name": name.title()}
        for n, column in named.items()
        for name in (column["Parameters"]["spheresync.name"],)
    ]
    tenant.admin(edits=edits)
    preview = synced.ask("preview")
    item = next(each for each in preview["items"] if each["asset"] == OLD)
    paths = {f"columns.{key}.parameters.spheresync.name", "parameters.spheresync.primary-key"}
    assert {change["path"] for change in item["changes"]} == paths
    assert (preview["findings"], preview["blocked"], item["severity"]) == ([], 0, "compatible")
    run = synced.ask("sync")
    assert (run["state"], run["findings"]) == ("done", [])
    after = glue.table(*TABLE)["StorageDescriptor"]["Columns"]
    assert [column["Name"] for column in after] == columns
    assert after[0]["Parameters"]["spheresync.name"] == "Col_000"
