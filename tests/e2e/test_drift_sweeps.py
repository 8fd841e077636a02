"""Looks for drift: what they cost, what part they are about, what they could not read, whom they tell."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from spheresync.dog.aws import embedded_session_factory
from tests.e2e.test_drift import PAGES, TAGS, only
from tests.e2e.test_full import FIELDS, edit
from tests.e2e.test_mcp_dog import SERVE, call, surroundings
from tests.e2e.test_safety import tables_of, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def test_what_only_waits_for_a_sync_is_no_drift_and_a_look_is_nothing_but_pages(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    tenant.edit("remove_asset", space="SPACE_001", asset="ASSET_00002")
    synced.ask("discover")
    synced.config = TAGS
    tenant.clear_stats()
    answer = synced.ask("drift", "--exit-code")
    assert (answer["items"], answer["total"], answer["change_set_id"]) == ([], 0, None)
    assert (answer["summary"]["compared"], answer["summary"]["not_compared"]) == (30, 0)
    assert glue.calls() == PAGES
    assert tenant.stats().total == 0
    repaired = synced.ask("drift", "--repair")
    assert (repaired["run_id"], repaired["state"], repaired["counts"]) == (None, "done", {})
    assert writes(glue) == {}


def test_a_database_that_may_not_be_read_is_named_and_the_others_are_compared(
    synced: Installation, glue: GlueSimulator
) -> None:
    for space in ("space_000", "space_001", "space_002"):
        glue.client().delete_table(DatabaseName=space, Name="asset_00005")
    glue.fault("deny", "GetTables", times=1)
    answer = synced.ask("drift", code=1)
    assert [problem["code"] for problem in answer["problems"]] == ["denied"]
    assert answer["problems"][0]["subject"].startswith("database space_00")
    assert (answer["total"], answer["summary"]["compared"], answer["summary"]["not_compared"]) == (2, 20, 10)
    assert synced.ask("drift", "--repair")["counts"]["create"] == 3


def test_what_could_not_be_looked_at_is_in_the_status_and_in_the_doctors_findings_until_it_was(
    synced: Installation, glue: GlueSimulator
) -> None:
    glue.client().delete_table(DatabaseName="space_002", Name="asset_00005")
    assert synced.ask("doctor")["ok"]
    glue.fault("hide", "*", database="space_001", table="asset_00003", times=None)
    glue.fault("deny", "*", database="space_000", times=None)
    answer = synced.ask("drift", code=1)
    assert (answer["summary"]["compared"], answer["summary"]["not_compared"]) == (19, 11)
    status = synced.ask("status")
    assert (status["health"], status["drift"]["compared"], status["drift"]["not_compared"]) == ("degraded", 19, 11)
    said = "compared 19 objects: others had changed 1 of them; 11 could not be compared (denied)."
    assert said in status["summary"]
    finding = next(each for each in status["problems"] if each["code"] == "not_compared")
    assert "11 objects could not be looked at" in finding["message"] and answer["looked_at"][:19] in finding["message"]
    assert "space_000" in finding["message"] and "asset_00003" in finding["message"] and finding["remedy"]
    report = synced.ask("doctor", code=1)
    known = next(each for each in report["items"] if each["connection"] == "tables of glue")
    assert not known["ok"] and "11 objects could not be looked at" in known["message"]
    assert "11 objects could not be compared" in synced.run("drift").out
    glue.heal()
    synced.ask("drift", "--space", "SPACE_001")
    assert synced.ask("status")["health"] == "degraded"
    synced.ask("drift")
    assert synced.ask("status")["health"] == "ok" and synced.ask("doctor")["ok"]


def test_a_table_that_may_not_be_written_is_among_the_doctors_findings(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.fault("deny", "UpdateTable", database="space_000", times=None)
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Another label")
    synced.ask("sync", code=1)
    known = next(each for each in synced.ask("doctor", code=1)["items"] if not each["ok"])
    assert known["connection"] == "tables of glue" and "SPACE_000/ASSET_00001" in known["message"]
    glue.heal()
    synced.ask("sync")
    assert synced.ask("doctor")["ok"]


def test_a_look_before_anything_was_written_says_nothing_of_what_was_written_later(
    installation: Installation,
) -> None:
    installation.ask("discover")
    installation.ask("drift")
    assert "there was nothing to compare" in installation.ask("status")["summary"]
    installation.ask("sync")
    summary = installation.ask("status")["summary"]
    assert "there was nothing to compare" in summary and "nobody else had changed" not in summary


@pytest.mark.parametrize(
    ("kind", "more"),
    [("deny", {}), ("drop", {}), ("loop", {}), ("error", {"code": "InternalServiceException", "status": 500})],
)
def test_what_could_not_be_read_is_an_error_and_nothing_is_called_deleted_or_clean(
    synced: Installation, glue: GlueSimulator, kind: str, more: dict[str, Any]
) -> None:
    edit(glue, foreign={"spheresync.kind": "edited"})
    assert synced.ask("drift")["total"] == 1
    glue.reset()
    glue.fault(kind, "GetTables", times=None, **more)
    answer = synced.ask("drift", "--repair", code=1)
    if kind == "loop":  # the first page came before the error, so what it holds is known, and the rest is not
        assert len(answer["problems"]) == 3 and answer["summary"]["table_deleted"] == 0
        return
    assert answer["error"]["code"] == "target" and "items" not in answer
    assert writes(glue) == {}
    assert synced.ask("audit", "query", "--action", "detect_drift")["total"] == 1


def test_a_part_of_the_catalog_is_looked_at_by_itself_and_pages_are_read_without_looking_again(
    synced: Installation, glue: GlueSimulator
) -> None:
    for number in (1, 2, 3):
        edit(glue, f"asset_0000{number}", foreign={"spheresync.kind": "edited"})
    glue.client().delete_table(DatabaseName="space_001", Name="asset_00001")
    glue.reset()
    assert synced.ask("drift", "--space", "SPACE_002")["summary"]["compared"] == 10
    assert glue.calls() == {"GetTables": 1}
    assert synced.ask("drift", "--asset", "SPACE_001/ASSET_00001")["total"] == 1
    synced.config = "mapping: {rules: [{match: {name: ASSET_00002}, set: {tier: critical}}]}\n"
    critical = synced.ask("drift", "--tier", "critical")
    assert critical["summary"]["compared"] < 30 and only(critical)["asset"] == "SPACE_000/ASSET_00002"
    first = synced.ask("drift", "--limit", "2")
    glue.reset()
    rest = synced.ask("drift", "--limit", "2", "--cursor", first["next_cursor"])
    assert glue.calls() == {}
    assert rest["next_cursor"] is None and rest["total"] == first["total"] == 4
    assert [item["asset"][-5:] for item in first["items"] + rest["items"]] == ["00001", "00002", "00003", "00001"]
    synced.ask("apply", first["change_set_id"])
    refused = synced.ask("drift", "--limit", "2", "--cursor", first["next_cursor"], code=2)
    assert "repaired" in refused["error"]["message"]


def test_what_a_run_writes_meanwhile_is_not_judged(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, foreign={"spheresync.kind": "edited"})
    with sqlite3.connect(synced.state_dir / "spheresync.db") as state:
        state.execute("UPDATE runs SET finished_at = NULL")
    answer = synced.ask("drift")
    assert (answer["total"], answer["change_set_id"], answer["summary"]["not_compared"]) == (0, None, 1)
    assert "written by a run" in answer["findings"][0]["message"]


def test_a_look_is_written_down_and_people_are_told_in_plain_words(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, Description="by hand", foreign={"spheresync.kind": "edited"})
    ended = synced.run("drift")
    assert ended.code == 0
    for said in ("30 objects compared: 1 was changed by others", "view -> edited", "AWS Glue does not say who"):
        assert said in ended.out
    assert "drift --repair" in ended.out and "Nothing was written" in ended.out
    rows = synced.ask("audit", "query", "--action", "detect_drift", "--detail", "full")["items"]
    assert (rows[0]["outcome"], rows[0]["detail"]["counts"]["drifted"]) == ("done", 1)
    ended = synced.run("drift", "--repair")
    assert "Repaired by run" in ended.out
    assert synced.ask("audit", "verify")["intact"]
    assert len(tables_of(glue, "space_000")) == 10


@pytest.mark.anyio
async def test_an_assistant_finds_drift_in_dog_and_the_status_says_so_until_it_is_repaired(tmp_path: Path) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(tmp_path), cwd=str(tmp_path))
    async with Client(server) as client:
        assert (await call(client, "run_sync", wait_seconds=60))["state"] == "done"
        assert "drift" not in await call(client, "get_sync_status"), "nobody has looked"
        hands = embedded_session_factory(tmp_path)().client("glue")
        database = hands.get_databases()["DatabaseList"][0]["Name"]
        live: Any = hands.get_tables(DatabaseName=database)["TableList"][0]
        table = {key: live[key] for key in FIELDS if key in live}
        table["Parameters"] |= {"spheresync.kind": "edited"}
        hands.update_table(DatabaseName=database, TableInput=table)
        answer = await call(client, "detect_drift")
        item = only(answer)
        assert (item["object"], item["effect"]) == (f"{database}.{live['Name']}", "restore")
        status = await call(client, "get_sync_status")
        compared = answer["summary"]["compared"]
        looked = {"looked_at": answer["looked_at"], "compared": compared}
        assert status["drift"] == {"drifted": 1} | looked
        assert (
            f"At {answer['looked_at'][:19]}Z, the last look for drift compared {compared} objects: "
            "others had changed 1 of them." in status["summary"]
        )
        run = await call(client, "apply_changes", change_set_id=answer["change_set_id"], wait_seconds=60)
        assert run["state"] == "done"
        assert "drifted" not in (await call(client, "get_sync_status"))["drift"]
        assert (await call(client, "detect_drift", tiers=["critical", "high", "medium"]))["total"] == 0
