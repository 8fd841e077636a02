"""What could not be read is neither unchanged nor synced: it is named, since when, and what to do, at every door."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from mcp import Client

from tests.e2e.test_mcp_dog import call
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

EXCLUDED = 'scope: {exclude: ["SPACE_001/*"]}\n'


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {word: count for word, count in counts.items() if count}


def of_status(installation: Installation, status: str) -> int:
    total: int = installation.ask("assets", "--status", status)["total"]
    return total


def connection(report: Any, space: str) -> Any:
    (found,) = [each for each in report["items"] if each["connection"] == f"datasphere space {space}"]
    return found


def test_a_space_that_is_not_listed_any_more_is_told_at_every_door(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    tenant.set_faults(hidden_spaces=["SPACE_001"])
    run = synced.ask("sync")
    assert counted(run["counts"]) == {"unchanged": 20, "unread": 10}
    assert glue.calls() == {}
    (finding,) = run["findings"]
    assert "no longer lists space SPACE_001 (last listed at 20" in finding["message"], "since when"
    assert "10 known assets count as not read" in finding["message"]
    assert "technical user" in finding["remedy"] and "scope" in finding["remedy"]
    assert counted(synced.ask("preview")["summary"]) == {"unchanged": 20, "unread": 10}
    stored = synced.ask("preview", "--no-refresh")
    assert (counted(stored["summary"]), stored["findings"]) == ({"unchanged": 20, "unread": 10}, [finding])
    assert (of_status(synced, "synced"), of_status(synced, "failed")) == (20, 10)
    asset = synced.ask("assets", "--space", "SPACE_001", "--detail", "full")["items"][0]
    assert "not listed any more" in asset["problem"] and "last seen at 20" in asset["problem"]
    status = synced.ask("status")
    assert status["health"] == "degraded" and [each["subject"] for each in status["problems"]] == ["SPACE_001"]
    report = synced.ask("doctor", code=1)
    assert not report["ok"] and "no longer lists space SPACE_001" in connection(report, "SPACE_001")["message"]
    assert synced.ask("sync", "--space", "SPACE_000")["counts"]["unchanged"] == 10, "the others go on"
    assert of_status(synced, "failed") == 10
    tenant.set_faults()
    assert counted(synced.ask("sync")["counts"]) == {"unchanged": 30}
    assert (of_status(synced, "synced"), synced.ask("status")["health"]) == (30, "ok")
    assert synced.ask("doctor")["ok"]


def test_a_space_that_is_gone_and_was_asked_for_by_name_is_a_failure(
    synced: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(hidden_spaces=["SPACE_001"])
    for scope in (("--space", "SPACE_001"), ("--asset", "SPACE_001/ASSET_00003")):
        run = synced.ask("sync", *scope, code=1)
        assert (run["state"], run["findings"]) == ("partly_failed", [])
        assert [(each["asset"], each["code"]) for each in run["failures"]] == [("SPACE_001", "space_gone")]
        for refresh in ((), ("--no-refresh",)):
            preview = synced.ask("preview", *scope, *refresh, code=1)
            assert [each["subject"] for each in preview["problems"]] == ["SPACE_001"] and preview["findings"] == []
    discovered = synced.ask("discover", "--space", "SPACE_001", code=1)
    assert (discovered["state"], discovered["findings"]) == ("partly_failed", [])
    assert "no longer lists space SPACE_001" in discovered["problems"][0]["message"]
    assert synced.ask("sync")["state"] == "done", "who asks for all hears of it, and it is nobody's failure"


def test_what_the_remedy_says_ends_the_trouble(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(hidden_spaces=["SPACE_001"])
    synced.ask("discover")
    assert of_status(synced, "failed") == 10
    synced.config = EXCLUDED
    assert synced.ask("sync")["counts"]["forget"] == 10
    assert (of_status(synced, "excluded"), synced.ask("status")["health"]) == (10, "ok")
    assert synced.ask("doctor")["ok"]


def test_a_space_that_cannot_be_listed_is_told_and_is_known_after_a_look_at_another(
    synced: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(failing_matching="SPACE_001')/assets", failing_status=403)
    run = synced.ask("sync", code=1)
    assert (run["state"], counted(run["counts"])) == ("partly_failed", {"unchanged": 20, "unread": 10})
    (failure,) = run["failures"]
    assert (failure["asset"], failure["code"]) == ("SPACE_001", "forbidden") and "last listed at 20" in failure[
        "reason"
    ]
    assert "10 known assets count as not read" in failure["reason"]
    tenant.set_faults()
    synced.ask("discover", "--space", "SPACE_000")
    stored = synced.ask("preview", "--no-refresh", code=1)
    assert counted(stored["summary"]) == {"unchanged": 20, "unread": 10}
    assert stored["problems"][0]["subject"] == "SPACE_001"
    assert synced.ask("status")["health"] == "degraded"
    assert counted(synced.ask("sync")["counts"]) == {"unchanged": 30}
    assert synced.ask("status")["health"] == "ok"


def test_a_definition_that_could_not_be_read_is_not_unchanged_in_a_later_plan_either(
    synced: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(wrong_shape_matching="SPACE_001/ASSET_00002/$metadata")
    synced.ask("discover", code=1)
    preview = synced.ask("preview", "--no-refresh", code=1)
    assert (preview["summary"]["unchanged"], [each["subject"] for each in preview["problems"]]) == (
        29,
        ["SPACE_001/ASSET_00002"],
    )
    applied = synced.ask("apply", preview["change_set_id"], code=1)
    assert counted(applied["counts"]) == {"unchanged": 29, "failed": 1}


def test_a_tenant_that_gives_no_list_makes_no_change_set_and_changes_no_status(
    synced: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(throttle_next=1000, retry_after=100000)
    error = synced.ask("preview", code=1)["error"]
    assert error["code"] == "source" and "the last reading" in error["remedy"]
    assert of_status(synced, "synced") == 30


def test_late_assets_degrade_health_and_a_sync_mends_it(synced: Installation) -> None:
    synced.config = "tiers: {critical: {freshness: 1h}, high: {freshness: 1h}, medium: {freshness: 1h}}\n"
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE assets SET read_at = '2026-01-01T00:00:00.000000Z'")
    late = synced.ask("status")
    missed = [each for each in late["problems"] if each["code"] == "freshness_missed"]
    assert late["health"] == "degraded" and sum(tier["late"] for tier in late["tiers"]) == 30
    assert missed and all("no process keeps the schedule" in each["message"] and each["remedy"] for each in missed)
    assert "Datasphere was last read" in late["summary"] and late["notes"][0]["code"] == "scheduler_off"
    synced.config = "tiers: {critical: {freshness: 1h}}\n"
    synced.ask("sync")
    synced.ask("schedule", "pause", "critical")
    well = synced.ask("status")
    assert (well["health"], well["problems"]) == ("ok", [])
    assert [each["code"] for each in well["notes"]] == ["scheduler_off", "tier_paused"]
    assert "nobody keeps the schedule" in well["summary"] and "Paused: critical" in well["summary"]


def test_a_refresh_of_one_asset_does_not_pass_for_one_of_all(synced: Installation) -> None:
    assert "read longest ago" not in synced.ask("status")["summary"]
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as state, state:  # whole seconds are told
        state.execute("UPDATE assets SET read_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-1 minute')")
    synced.ask("preview", "--asset", "SPACE_000/ASSET_00001")
    summary = synced.ask("status")["summary"]
    assert "Datasphere was last read" in summary and "The asset that was read longest ago was read" in summary


def test_a_preview_beside_a_run_says_that_it_may_write_some_of_it(synced: Installation) -> None:
    assert synced.ask("preview", "--no-refresh")["findings"] == []
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as state, state:
        state.execute("UPDATE runs SET state = 'running', finished_at = NULL")
    (finding,) = synced.ask("preview", "--no-refresh")["findings"]
    assert finding["code"] == "run_under_way" and "running" in finding["message"]
    assert "spheresync runs run_" in finding["remedy"]


@pytest.mark.anyio
async def test_a_definition_that_was_refused_is_explained_as_that_with_what_to_do(
    installation: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(wrong_shape_matching="SPACE_001/ASSET_00002/$metadata")
    installation.ask("discover", code=1)
    async with Client(installation.serving("--no-scheduler")) as client:
        asset = "SPACE_001/ASSET_00002"
        problem = (await call(client, "describe_asset", asset=asset))["problem"]
        (finding,) = (await call(client, "explain_mapping", asset=asset))["findings"]
        assert problem in finding and "deploy the object again" in finding and "preview_changes" not in finding
