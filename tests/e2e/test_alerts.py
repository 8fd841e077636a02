"""Alerts of a running server: who is told what, once, and that nothing is lost when it dies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio.to_thread
import pytest

from tests.contract.test_assistants import call, connect
from tests.e2e.test_full import edit
from tests.e2e.test_schedule import AT_ONCE, FAST, serving, until
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.listener import Listener, listening
from tests.simulators.running_tenant import RunningTenant


@pytest.fixture
def receiver() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


def told(receiver: Listener) -> list[tuple[str, str]]:
    return [(body["kind"], body["event"]) for body in bodies(receiver)]


def bodies(receiver: Listener) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in receiver.posts if post.path == "/webhook-of-ops"]


def channel(receiver: Listener, **more: Any) -> str:
    return json.dumps({"alerts": [{"webhook": f"{receiver.url}/webhook-of-ops", **more}]})


def fail(installation: Installation) -> None:
    """A sync with a secret that the tenant refuses."""
    good = installation.extra.copy()
    installation.extra["SPHERESYNC_DATASPHERE__CLIENT_SECRET"] = "wrong-secret"
    installation.ask("sync", code=1)
    installation.extra = good


def test_a_guard_is_told_of_once_and_its_end_too(
    synced: Installation, tenant: RunningTenant, receiver: Listener
) -> None:
    synced.config, synced.extra = channel(receiver, on=["guard", "run_refused", "run_failed"]), {**synced.extra, **FAST}
    tenant.set_faults(vanish=0.7)
    with serving(synced):
        (began,) = until(lambda: bodies(receiver), "the notice")
        assert (began["kind"], began["event"]) == ("guard", "began")
        assert "would be retired" in began["message"] and "--max-deletes" in began["remedy"]
        looked = tenant.stats().total
        until(lambda: tenant.stats().total > looked + 60, "many more rounds")
        assert len(receiver.posts) == 1
        tenant.set_faults()
        until(lambda: ("guard", "over") in told(receiver), "the end of it")
    assert told(receiver) == [("guard", "began"), ("guard", "over")]


def test_a_failed_run_is_told_of_by_whichever_process_keeps_the_schedule(
    synced: Installation, glue: GlueSimulator, receiver: Listener
) -> None:
    fail(synced)
    synced.config = channel(receiver, format="slack", on="run_failed")
    receiver.statuses += [503, 307]
    with serving(synced) as server:
        until(lambda: receiver.posts, "a first attempt, which is not taken")
        server.kill()
        server.wait(30)
    with serving(synced):
        until(lambda: len(receiver.posts) >= 3, "the attempt that is taken")
        synced.ask("sync")
        until(lambda: any(b"Over: " in post.body for post in receiver.posts), "the end of it")
    texts = [json.loads(post.body)["text"] for post in receiver.posts]
    assert {post.path for post in receiver.posts} == {"/webhook-of-ops"}
    assert len({text for text in texts if "Over: " not in text}) == 1 and "a run failed" in texts[0]
    assert "wrong-secret" not in str(texts)


def test_commands_alone_tell_once_when_it_begins_and_once_when_it_is_over(
    synced: Installation, receiver: Listener
) -> None:
    synced.config = channel(receiver, on=["run_failed", "credentials"])
    fail(synced)
    fail(synced)
    assert sorted(told(receiver)) == [("credentials", "began"), ("run_failed", "began")], "the second adds nothing"
    synced.ask("sync")
    synced.ask("sync")
    assert sorted(told(receiver)[2:]) == [("credentials", "over"), ("run_failed", "over")]


def test_a_notice_that_a_command_cannot_deliver_fails_nothing_and_goes_with_the_next(
    synced: Installation, receiver: Listener
) -> None:
    synced.config = channel(receiver, on=["run_failed"])
    receiver.statuses.append(503)
    fail(synced)
    receiver.posts.clear()
    receiver.statuses += [503]
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as other, other:
        other.execute("UPDATE notices SET not_before = at")
    synced.config = channel(receiver, on=["run_failed"])
    good = synced.extra.copy()
    synced.extra["SPHERESYNC_DATASPHERE__CLIENT_SECRET"] = "wrong-secret"
    ended = synced.run("sync", "--json")
    synced.extra = good
    assert ended.code == 1 and ended.json["state"] == "failed", "stdout holds the one document"
    (warning,) = [line for line in ended.err.splitlines() if "warning" in line]
    assert "the webhook answered 503" in warning and "after the next command" in warning
    assert "webhook-of-ops" not in ended.err
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as other, other:
        other.execute("UPDATE notices SET not_before = at")
    receiver.posts.clear()
    assert synced.run("drift").code == 0
    assert told(receiver) == [("run_failed", "began")]


def test_what_alerts_ask_of_aws_is_counted_apart_from_what_syncs_ask(synced: Installation, receiver: Listener) -> None:
    before = synced.ask("status")["ledger"]
    synced.config = json.dumps({"alerts": [{"sns": "arn:aws:sns:eu-central-1:123456789012:ops", "on": "run_failed"}]})
    synced.extra = {**synced.extra, "AWS_ENDPOINT_URL_SNS": receiver.url}
    receiver.statuses += [500] * 20
    fail(synced)
    after = synced.ask("status")["ledger"]
    assert "alert_aws_calls" not in before and b"Action=Publish" in receiver.posts[0].body
    assert after["alert_aws_calls"] == len(receiver.posts)
    assert after["alert_aws_bytes"] == sum(len(post.body) for post in receiver.posts)
    assert after["aws_calls"] == before["aws_calls"], "a run tells only what it asked itself"


def test_drift_that_a_command_finds_and_repairs_is_told_of(
    synced: Installation, glue: GlueSimulator, receiver: Listener
) -> None:
    edit(glue, TableType="VIRTUAL_VIEW")
    synced.config = channel(receiver, on=["drift"])
    found = synced.ask("drift")
    assert told(receiver) == [("drift", "began")]
    synced.ask("apply", found["change_set_id"])
    assert told(receiver) == [("drift", "began"), ("drift", "over")]


@pytest.mark.anyio
async def test_a_server_without_a_scheduler_tells_how_its_runs_end(synced: Installation, receiver: Listener) -> None:
    synced.config = channel(receiver, on=["run_failed"])
    wrong = {"SPHERESYNC_DATASPHERE__CLIENT_SECRET": "wrong-secret", "SPHERESYNC_ROLE": "operator"}
    async with connect(synced, **wrong) as client:
        assert (await call(client, "run_sync"))["state"] == "failed"
        await anyio.to_thread.run_sync(until, lambda: receiver.posts, "the notice")
    assert told(receiver) == [("run_failed", "began")]


def test_a_broken_audit_log_is_told_of(synced: Installation, receiver: Listener) -> None:
    with closing(sqlite3.connect(synced.state_dir / "spheresync.db")) as other, other:
        (trigger,) = other.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_no_update'").fetchone()
        other.execute("DROP TRIGGER audit_no_update")
        other.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
        other.execute(trigger)
    synced.config = channel(receiver, on=["audit_broken"])
    with serving(synced):
        (began,) = until(lambda: bodies(receiver), "the notice")
    assert began["kind"] == "audit_broken" and "entry 3" in began["message"]


def test_work_that_waits_for_a_person_and_a_client_that_ends_are_told_of(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator, receiver: Listener
) -> None:
    synced.config = channel(receiver, on=["set_aside", "credentials"])
    synced.extra |= {**AT_ONCE, "SPHERESYNC_DATASPHERE__CLIENT_EXPIRES": "2026-01-31"}
    tenant.edit("rename_asset", space="SPACE_001", asset="ASSET_00001", name="TAKEN")
    glue.client().create_table(DatabaseName="space_001", TableInput={"Name": "taken"})
    with serving(synced):
        until(lambda: {kind for kind, _ in told(receiver)} == {"set_aside", "credentials"}, "both notices")
    by_kind = {body["kind"]: body for body in bodies(receiver)}
    assert "TAKEN" in by_kind["set_aside"]["message"]
    assert "2026-01-31" in by_kind["credentials"]["message"]


def test_drift_is_told_of_until_it_is_repaired(synced: Installation, glue: GlueSimulator, receiver: Listener) -> None:
    edit(glue, TableType="VIRTUAL_VIEW")
    synced.config, synced.extra = channel(receiver, on=["drift"]), {**synced.extra, **FAST}
    with serving(synced):
        until(lambda: told(receiver) == [("drift", "began")], "the notice")
        assert "1 table" in bodies(receiver)[0]["message"]
        synced.ask("drift", "--repair")
        until(lambda: ("drift", "over") in told(receiver), "the end of it")


def test_doctor_looks_at_channels_and_sends_only_when_told(installation: Installation, receiver: Listener) -> None:
    installation.config = channel(receiver)
    report = installation.ask("doctor")
    assert [item["ok"] for item in report["items"] if item["connection"].startswith("alerts")] == [True]
    assert receiver.posts == []
    installation.ask("doctor", "--send-test")
    assert [body["message"] for body in bodies(receiver)] == ["This is a test. Nothing is wrong."]
    receiver.statuses.append(500)
    failed = installation.ask("doctor", "--send-test", code=1)
    assert "answered 500" in failed["items"][-1]["message"]


def test_no_output_holds_a_webhook(installation: Installation, receiver: Listener) -> None:
    installation.config = channel(receiver)
    receiver.statuses += [500] * 50
    said = [installation.run("config", "show"), installation.run("config", "show", "--json")]
    said.append(installation.run("doctor", "--send-test", "--verbose"))
    assert "***" in said[1].out
    assert not [each for each in said if "webhook-of-ops" in each.out + each.err]
