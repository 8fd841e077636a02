"""The counts of a preview and of a run add up: every asset that is in scope is told under exactly one word."""

from __future__ import annotations

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant


def test_what_could_not_be_read_is_failed_and_not_unchanged_too(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(wrong_shape_matching="ASSET_00002/$metadata")
    preview = synced.ask("preview", code=1)
    assert (sum(preview["summary"].values()), len(preview["problems"])) == (30, 3)
    assert {word: count for word, count in preview["summary"].items() if count} == {"unchanged": 27, "failed": 3}
    run = synced.ask("sync", code=1)
    assert run["state"] == "partly_failed"
    assert {word: count for word, count in run["counts"].items() if count} == {"unchanged": 27, "failed": 3}


def test_what_a_guard_holds_back_is_told(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(vanish=0.7)
    for _ in range(3):
        run = synced.ask("sync", code=None)
    counts = run["counts"]
    assert (run["state"], counts["retire"]) == ("refused", 0)
    assert (counts["blocked"], counts["unchanged"]) == (21, 9)


def test_a_table_that_an_update_had_to_make_again_is_created(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    glue.client().delete_table(DatabaseName="space_000", Name="asset_00001")
    tenant.edit("set_label", space="SPACE_000", asset="ASSET_00001", label="Bookings")
    run = synced.ask("sync")
    assert {word: count for word, count in run["counts"].items() if count} == {"create": 1, "unchanged": 29}
    assert synced.ask("audit", "query", "--action", "create", "--run", run["run_id"])["total"] == 1


def test_what_is_listed_and_not_exposed_is_no_failure_anywhere(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(failing_matching="SPACE_001/ASSET_00002/$metadata", failing_status=404)
    discovery = synced.ask("discover")
    assert (discovery["state"], discovery["filtered"], discovery["failed"]) == ("done", 1, 0)
    assert "SPACE_001/ASSET_00002" in discovery["findings"][0]["message"]
    assert synced.ask("assets", "--status", "failed")["total"] == 0
    assert synced.ask("assets", "--status", "synced")["total"] == 30
    run = synced.ask("sync")
    assert (run["state"], run["counts"]["unchanged"], run["counts"]["failed"]) == ("done", 30, 0)


def test_what_waits_to_be_retired_is_missing_and_not_unchanged(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(vanish=0.1)
    preview = synced.ask("preview")
    assert {word: count for word, count in preview["summary"].items() if count} == {"missing": 3, "unchanged": 27}
    run = synced.ask("sync")
    assert run["state"] == "done"
    assert {word: count for word, count in run["counts"].items() if count} == {"missing": 3, "unchanged": 27}


def test_a_space_that_cannot_be_listed_is_no_asset_that_failed(synced: Installation, tenant: RunningTenant) -> None:
    tenant.set_faults(failing_matching="SPACE_001')/assets", failing_status=403)
    run = synced.ask("sync", code=1)
    assert (run["state"], run["counts"]["failed"], sum(run["counts"].values())) == ("partly_failed", 0, 30)
    assert [failure["asset"] for failure in run["failures"]] == ["SPACE_001"]


def test_what_an_undo_holds_and_nobody_can_read_is_counted_once(synced: Installation, tenant: RunningTenant) -> None:
    tenant.edit("set_label", space="SPACE_001", asset="ASSET_00001", label="Bookings")
    run_id = synced.ask("sync")["run_id"]
    synced.ask("apply", synced.ask("revert", run_id)["change_set_id"])
    tenant.set_faults(failing_matching="SPACE_001')/assets", failing_status=403)
    preview = synced.ask("preview", code=1)
    assert {word: count for word, count in preview["summary"].items() if count} == {
        "unchanged": 20,
        "held": 1,
        "unread": 9,
    }
    assert preview["oldest"]["of"] == "space SPACE_001" and preview["oldest"]["at"] < preview["read_at"]
    assert preview["read_at"] <= preview["created_at"]
    run = synced.ask("sync", code=1)
    assert {word: count for word, count in run["counts"].items() if count} == {"unchanged": 20, "held": 1, "unread": 9}
