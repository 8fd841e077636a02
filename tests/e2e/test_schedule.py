"""A server that keeps catalogs fresh by itself: tiers, the first plan, take-over after a kill."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_full import edit
from tests.e2e.test_safety import writes
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

MODEL, VIEW = "ASSET_00009", "ASSET_00001"
"""Of each ten assets of the simulated tenant the last is an analytic model."""
FAST = {"SPHERESYNC_TIERS__CRITICAL__INTERVAL": "1s"}
AT_ONCE = {**FAST, "SPHERESYNC_SCHEDULER__FIRST_SYNC": "apply"}


@contextmanager
def serving(installation: Installation, *flags: str) -> Iterator[Forked]:
    """A server over HTTP with its scheduler, ended by SIGTERM."""
    process = installation.start("serve", "--transport", "http", "--port", "0", *flags)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def until(met: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """What `met` answers once that is true."""
    end = monotonic() + seconds
    while monotonic() < end:
        if answer := met():
            return answer
        sleep(0.2)
    pytest.fail(f"{what} did not come about within {seconds:g} s")


def description(glue: GlueSimulator, name: str) -> str:
    return str(glue.table("space_000", name.lower()).get("Description", ""))


def test_a_changed_model_arrives_by_itself_and_a_changed_view_waits_for_its_turn(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.extra |= FAST
    with serving(synced) as server:
        tenant.edit("set_label", space="SPACE_000", asset=VIEW, label="A view of another name")
        tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="A model of another name")
        until(lambda: "A model of another name" in description(glue, MODEL), "the label of the model")
        looked = tenant.stats().total
        until(lambda: tenant.stats().total > looked + 20, "a few more turns")
        assert "A view of another name" not in description(glue, VIEW)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert writes(glue) == {"UpdateTable": 1}
    runs = [run for run in synced.ask("runs")["items"] if run["actor"] == "scheduler"]
    assert [(run["state"], run["counts"]["metadata_only"]) for run in runs] == [("done", 1)]


def test_nothing_is_written_before_a_person_has_applied_what_the_scheduler_proposes(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.extra |= FAST
    with serving(installation):
        status = until(lambda: proposal(installation), "a first change set")
        assert status["scheduler"]["state"] == "waiting"
        first = status["scheduler"]["change_set_id"]
        tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="Renamed before the review")
        second = until(
            lambda: (now := proposal(installation)) and now["scheduler"]["change_set_id"] != first and now,
            "a change set that knows of the edit",
        )
        assert writes(glue) == {}
        run = installation.ask("apply", second["scheduler"]["change_set_id"])
        assert (run["state"], run["counts"]["create"]) == ("done", 30)
        glue.reset()
        tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="Renamed after it")
        until(lambda: "Renamed after it" in description(glue, MODEL), "the label of the model")
        assert installation.ask("status")["scheduler"]["state"] == "running"
    assert writes(glue) == {"UpdateTable": 1}


def test_what_a_command_has_written_waits_in_no_queue(installation: Installation, tenant: RunningTenant) -> None:
    installation.extra |= FAST
    with serving(installation) as server:
        status = until(lambda: proposal(installation), "a first change set")
        assert status["scheduler"]["jobs"]["write_queued"] == 30
        server.kill()
        server.wait(30)
    tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="Renamed")
    installation.ask("discover")
    assert installation.ask("apply", status["scheduler"]["change_set_id"])["counts"]["create"] == 30
    assert installation.ask("status")["scheduler"]["jobs"]["write_queued"] == 1
    assert written_next(installation) == [f"SPACE_000/{MODEL}"]
    assert installation.ask("sync")["state"] == "done"
    assert "write_queued" not in installation.ask("status")["scheduler"]["jobs"]
    assert written_next(installation) == []


def written_next(installation: Installation) -> list[str]:
    """What waits to be written; the server may have been killed while it listed, so that a listing waits too."""
    return [job["subject"] for job in installation.ask("schedule", "jobs")["items"] if job["kind"] == "write"]


def proposal(installation: Installation) -> dict[str, Any] | None:
    status: dict[str, Any] = installation.ask("status")
    return status if status["scheduler"]["change_set_id"] else None


def test_what_was_never_synced_is_written_at_once_whatever_its_tier(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.extra |= AT_ONCE
    with serving(installation):
        until(lambda: sum(writes(glue).values()) >= 30, "the first sync")
        until(lambda: synced_count(installation) == 30, "the books of it")
        tenant.edit("rename_asset", space="SPACE_001", asset=VIEW, name="BRAND_NEW")
        until(lambda: "brand_new" in glue.dump()["tables"]["space_001"], "the new table")
    assert writes(glue) == {"CreateDatabase": 3, "CreateTable": 31}


def test_what_a_command_has_read_and_nobody_has_written_is_not_read_again_but_written_when_it_is_due(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    installation.extra["SPHERESYNC_SCHEDULER__FIRST_SYNC"] = "apply"
    installation.ask("discover")
    tenant.clear_stats()
    with serving(installation):
        until(lambda: synced_count(installation) == 30, "what was never synced")
    assert writes(glue) == {"CreateDatabase": 3, "CreateTable": 30}
    asked = tenant.stats().counts
    assert not {"relational_metadata", "analytical_metadata"} & asked.keys(), "each was read a moment ago"


def synced_count(installation: Installation) -> int:
    return int(installation.ask("assets", "--status", "synced", "--limit", "1")["total"])


def test_killed_in_its_first_sync_the_next_server_finishes_and_writes_nothing_twice(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.extra |= AT_ONCE
    with serving(installation) as server:
        until(lambda: writes(glue).get("CreateTable", 0) >= 3, "the first tables")
        server.kill()
        server.wait(30)
    with serving(installation):
        until(lambda: synced_count(installation) == 30, "the rest")
    assert writes(glue) == {"CreateDatabase": 3, "CreateTable": 30}


def test_most_assets_vanishing_trips_the_guard_round_after_round(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.extra |= FAST
    tenant.set_faults(vanish=0.7)
    with serving(synced):
        held = until(lambda: set_aside(synced), "removals that are held back")
        assert "guard" in held[0]["problem"]["message"] or "held" in held[0]["problem"]["code"]
        looked = tenant.stats().total
        until(lambda: tenant.stats().total > looked + 30, "more rounds")
    assert writes(glue) == {}
    assert len([run for run in synced.ask("runs")["items"] if run["actor"] == "scheduler"]) == 1


def set_aside(installation: Installation) -> list[dict[str, Any]]:
    return [job for job in installation.ask("status")["scheduler"]["set_aside"] if job["kind"] == "write"]


def in_the_way(glue: GlueSimulator) -> GlueClient:
    """Somebody else has a table where the model's would go; answers their client."""
    hands = glue.client()
    hands.create_database(DatabaseInput={"Name": "space_000"})
    hands.create_table(DatabaseName="space_000", TableInput={"Name": MODEL.lower()})
    return hands


def test_what_only_a_person_can_settle_is_tried_once_and_told(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    hands = in_the_way(glue)
    installation.extra |= AT_ONCE
    with serving(installation):
        (job,) = until(lambda: set_aside(installation), "the conflict that is set aside")
        assert (job["subject"], job["problem"]["code"]) == (f"SPACE_000/{MODEL}", "conflict")
        until(lambda: synced_count(installation) == 29, "the others")
        runs = len(installation.ask("runs")["items"])
        looked = tenant.stats().total
        until(lambda: tenant.stats().total > looked + 20, "more turns")
        assert len(installation.ask("runs")["items"]) == runs, "and not tried again each second"
        assert glue.table("space_000", MODEL.lower())["VersionId"] == "0"
        hands.delete_table(DatabaseName="space_000", Name=MODEL.lower())
        installation.ask("sync")
        until(lambda: not set_aside(installation), "the job that nothing asks for any more")


def jobs(installation: Installation) -> set[str]:
    return {str(each["job_id"]) for each in installation.ask("schedule", "jobs", "--limit", "200")["items"]}


def test_a_person_sees_the_queue_and_has_a_job_that_was_set_aside_tried_again(
    installation: Installation, glue: GlueSimulator
) -> None:
    hands = in_the_way(glue)
    installation.extra |= AT_ONCE
    with serving(installation):
        (job,) = until(lambda: installation.ask("schedule", "jobs", "--state", "dead")["items"], "the conflict")
        assert (job["kind"], job["subject"], job["problem"]["code"]) == ("write", f"SPACE_000/{MODEL}", "conflict")
        assert f"Job {job['job_id']}: " in installation.run("schedule", "jobs").out
        hands.delete_table(DatabaseName="space_000", Name=MODEL.lower())
        number = str(job["job_id"])
        assert installation.ask("schedule", "retry", number)["items"][0]["state"] == "queued"
        until(lambda: synced_count(installation) == 30, "what was in the way is gone")
        until(lambda: number not in jobs(installation), "the job is over")
    error = installation.ask("schedule", "cancel", number, code=2)["error"]
    assert f"no job {number}" in error["message"] and "spheresync schedule jobs" in error["remedy"]
    wrong = installation.ask("schedule", "jobs", "--state", "asleep", code=2)["error"]
    assert "queued, running, dead" in wrong["remedy"]
    (entry,) = installation.ask("audit", "query", "--action", "schedule")["items"]
    assert entry["outcome"] == "retry"


def test_a_job_that_a_person_ends_is_gone_until_its_turn_comes_again(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.extra |= FAST
    tenant.set_faults(vanish=0.7)
    with serving(synced):
        until(lambda: set_aside(synced), "removals that are held back")
    (job,) = synced.ask("schedule", "jobs", "--state", "dead")["items"]
    assert (job["kind"], job["subject"], job["problem"]["code"]) == ("write", "", "held_back")
    assert "It is gone." in synced.ask("schedule", "cancel", str(job["job_id"]))["note"]
    assert synced.ask("schedule", "jobs", "--state", "dead") == {"items": [], "total": 0, "note": ""}
    assert writes(glue) == {}


def test_a_paused_tier_waits_and_one_that_is_to_run_now_runs(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.extra |= FAST
    assert synced.ask("schedule", "pause", "critical")["scheduler"]["state"] == "off"
    with serving(synced):
        tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="While it was paused")
        tenant.edit("set_label", space="SPACE_000", asset=VIEW, label="Long before its hour")
        until(lambda: synced.ask("status")["scheduler"]["state"] == "running", "the scheduler")
        answer = synced.ask("schedule", "run-now", "high")
        assert "27 assets" in answer["note"]
        until(lambda: "Long before its hour" in description(glue, VIEW), "the view")
        assert "While it was paused" not in description(glue, MODEL)
        assert [tier["paused"] for tier in synced.ask("schedule", "show")["tiers"]] == [True, False, False]
        synced.ask("schedule", "resume", "critical")
        until(lambda: "While it was paused" in description(glue, MODEL), "the model")
    assert writes(glue) == {"UpdateTable": 2}
    assert synced.ask("audit", "query", "--action", "schedule")["total"] == 3


def test_a_run_that_somebody_asks_for_says_that_it_wrote_assets_of_a_paused_tier(
    synced: Installation, tenant: RunningTenant
) -> None:
    note = synced.ask("schedule", "pause", "critical")["note"]
    assert "A pause stops the scheduler only" in note
    tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="Asked for")
    tenant.edit("set_label", space="SPACE_000", asset=VIEW, label="Asked for")
    run = synced.ask("sync")
    assert (run["state"], run["failures_total"], run["counts"]["metadata_only"]) == ("done", 0, 2)
    (told,) = [each for each in run["findings"] if each["code"] == "paused_tier"]
    assert told["message"].startswith("1 asset of the paused tier critical was written: a pause (since 20")
    assert synced.ask("sync")["findings"] == []


def test_run_now_of_a_paused_tier_without_assets_does_not_say_that_something_is_written(synced: Installation) -> None:
    synced.ask("schedule", "pause", "medium")
    note = synced.ask("schedule", "run-now", "medium")["note"]
    assert note.startswith("No asset is in tier medium.") and note.endswith("The tier is paused and stays so.")


def test_run_now_says_whether_anybody_reads(synced: Installation) -> None:
    note = synced.ask("schedule", "run-now", "high")["note"]
    assert note == (
        "27 assets of tier high are due now. No process keeps the schedule now, so nothing is read yet: they are read, "
        "and what changed is written, once a server runs with the scheduler. `spheresync sync --tier high` does it now."
    )
    none = synced.ask("schedule", "run-now", "medium")["note"]
    assert "No asset is in tier medium" in none and "once a server runs with the scheduler" in none
    with serving(synced):
        until(lambda: synced.ask("status")["scheduler"]["state"] == "running", "the scheduler")
        said = synced.ask("schedule", "run-now", "high")["note"]
        assert said == "27 assets of tier high are read next; what changed is written."


def test_two_servers_share_one_schedule_and_one_takes_over_from_the_other(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    synced.extra |= FAST
    with serving(synced) as first, serving(synced):
        until(lambda: synced.ask("status")["scheduler"]["state"] == "running", "a scheduler")
        first.kill()
        first.wait(30)
        tenant.edit("set_label", space="SPACE_000", asset=MODEL, label="After the take-over")
        until(lambda: "After the take-over" in description(glue, MODEL), "the label of the model")
    assert writes(glue) == {"UpdateTable": 1}


def test_drift_is_looked_for_by_itself_and_left_to_a_person(synced: Installation, glue: GlueSimulator) -> None:
    edit(glue, foreign={"team": "bi"}, Description="By hand")
    synced.extra |= FAST
    with serving(synced):
        status = until(
            lambda: (now := synced.ask("status"))["drift"] and now["drift"]["looked_at"] and now, "a look for drift"
        )
    assert status["drift"]["drifted"] == 1
    assert description(glue, VIEW) == "By hand"
    assert writes(glue) == {"UpdateTable": 1}, "the one by hand"


def test_the_ledger_says_what_the_tenant_and_glue_counted(
    installation: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    """To the byte: bodies as they went over the wire, those of repeats and of answers that went wrong among them."""
    installation.extra |= AT_ONCE
    tenant.clear_stats()
    tenant.set_faults(gzip=True, throttle_next=2, retry_after=0)
    glue.fault("lose", "CreateTable", times=2)
    glue.fault("throttle", "CreateTable", times=2)
    with serving(installation):
        until(lambda: synced_count(installation) == 30, "the first sync")
    tenant.set_faults(truncated_matching=VIEW)
    installation.ask("sync", code=1)
    tenant.set_faults()
    installation.ask("sync")
    ledger, asked, counters = installation.ask("status")["ledger"], tenant.stats(), glue.counters()
    assert (ledger["datasphere_requests"], ledger["datasphere_bytes"]) == (asked.total, asked.bytes_sent)
    assert (ledger["aws_calls"], ledger["aws_bytes"]) == (sum(counters["calls"].values()), counters["bytes_received"])
    assert ledger["datasphere_bytes"] > 10_000 < ledger["aws_bytes"], "not two zeros that agree"


@pytest.mark.parametrize("command", [["pause", "urgent"], ["run-now", "CRITICAL"]])
def test_a_tier_that_does_not_exist_is_a_usage_error(installation: Installation, command: list[str]) -> None:
    error = installation.ask("schedule", *command, code=2)["error"]
    assert "critical, high, medium" in error["remedy"]
