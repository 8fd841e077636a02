"""Lineage told as OpenLineage events after what changed it: to a file, to an address, and in spite of either."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_schedule import FAST, serving, until
from tests.simulators.installation import Installation
from tests.simulators.listener import Listener, listening
from tests.simulators.running_tenant import RunningTenant

SPACE = "SPACE_000"
COLUMN = "COL_002"
TOKEN = "bearer-of-lineage"


@pytest.fixture
def receiver() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


def names(events: list[dict[str, Any]]) -> list[str]:
    return sorted(event["job"]["name"] for event in events)


def posted(receiver: Listener) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in receiver.posts]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def told_to(receiver: Listener, **more: str) -> str:
    return json.dumps({"lineage": {"openlineage": f"{receiver.url}/api/v1/lineage", **more}})


def at_once(installation: Installation) -> None:
    """What waits after a failure is due."""
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as other, other:
        other.execute("UPDATE jobs SET not_before = created_at WHERE kind = 'lineage'")


def waiting(installation: Installation) -> list[dict[str, Any]]:
    return [each for each in installation.ask("status")["problems"] if each["code"] == "undelivered"]


def test_each_change_is_one_line_of_a_file_and_nothing_changed_is_none(
    installation: Installation, tenant: RunningTenant
) -> None:
    installation.config = json.dumps({"lineage": {"openlineage": "file:lineage.jsonl"}})
    file = installation.state_dir.parent / "lineage.jsonl"
    first = installation.ask("sync")
    events = lines(file)
    assert first["counts"]["create"] == 30 == len(events), "written tables, and nothing that Datasphere told of origins"
    runs = {event["run"]["runId"] for event in events}
    parents = {event["run"]["facets"]["parent"]["job"]["name"] for event in events}
    assert len(runs) == 30 and parents == {f"spheresync.{first['run_id']}"}, "a run id for each, one run above them"
    assert all(event["outputs"][0]["facets"]["columnLineage"]["fields"] for event in events)

    installation.ask("sync")
    assert len(lines(file)) == 30, "an unchanged sync tells nothing"

    tenant.edit("rename_column", space=SPACE, asset="ASSET_00001", column=COLUMN, name="COL_NEW")
    installation.ask("sync")
    (event,) = lines(file)[30:]
    assert event["job"]["name"] == "glue:default:space_000.asset_00001"
    fields = event["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert fields["col_new"]["inputFields"][0]["field"] == "COL_NEW" and COLUMN.lower() not in fields


def test_what_says_nothing_new_of_lineage_is_not_told_again_but_to_another_receiver(
    installation: Installation, tenant: RunningTenant
) -> None:
    installation.config = json.dumps({"lineage": {"openlineage": "file:lineage.jsonl"}})
    installation.ask("sync")
    folder = installation.state_dir.parent
    for label, told in (("Another", "lineage.jsonl"), ("A third", "second.jsonl")):
        installation.config = json.dumps({"lineage": {"openlineage": f"file:{told}"}})
        tenant.edit("set_label", space=SPACE, asset="ASSET_00001", label=label)
        assert installation.ask("sync")["state"] == "done"
    assert len(lines(folder / "lineage.jsonl")) == 30
    assert names(lines(folder / "second.jsonl")) == ["glue:default:space_000.asset_00001"]
    tenant.edit("rename_column", space=SPACE, asset="ASSET_00001", column=COLUMN, name="COL_NEW")
    installation.ask("sync")
    tenant.edit("rename_column", space=SPACE, asset="ASSET_00001", column="COL_NEW", name=COLUMN)
    installation.ask("sync")
    assert len(lines(folder / "second.jsonl")) == 3, "each change is told, also back to what was told before"


def test_a_receiver_that_is_down_holds_up_nothing_and_is_told_later(
    installation: Installation, receiver: Listener
) -> None:
    installation.config = told_to(receiver, token="${LINEAGE_TOKEN}")
    installation.extra["LINEAGE_TOKEN"] = TOKEN
    receiver.statuses += [500]
    ended = installation.run("sync", "--json")
    assert (ended.code, ended.json["state"]) == (0, "done")
    assert len(receiver.posts) == 1, "one is tried, and the others are spared"
    (warning,) = [line for line in ended.err.splitlines() if "warning" in line]
    assert "answered 500" in warning and "lineage" in warning
    (problem,) = waiting(installation)
    assert "30 assets" in problem["message"] and "answered 500" in problem["message"]
    assert "/api/v1/lineage" not in ended.err + json.dumps(problem)

    at_once(installation)
    receiver.posts.clear()
    receiver.statuses += [200, 200, 503]
    assert installation.ask("sync")["counts"]["unchanged"] == 30
    assert len(receiver.posts) == 3
    refused = json.loads(receiver.posts[-1].body)

    at_once(installation)
    installation.ask("discover")
    assert len(posted(receiver)) == 31 and len(set(names(posted(receiver)))) == 30
    again = [event for event in posted(receiver) if event["job"] == refused["job"]]
    assert [event["run"] for event in again] == [refused["run"]] * 2, "told again it is the same run"
    assert {post.authorization for post in receiver.posts} == {f"Bearer {TOKEN}"}
    assert {post.path for post in receiver.posts} == {"/api/v1/lineage"}
    assert waiting(installation) == []
    shown = installation.ask("config", "show")
    assert shown["settings"]["lineage"]["token"] == "***"
    assert TOKEN not in ended.out + ended.err + json.dumps(shown) + (
        installation.state_dir / "spheresync.db"
    ).read_bytes().decode("latin-1")


def test_one_event_that_is_refused_keeps_no_other_from_being_told(
    installation: Installation, receiver: Listener
) -> None:
    installation.config = told_to(receiver)
    receiver.statuses += [200, 200, 422, 200, 400]
    installation.ask("sync")
    assert len(receiver.posts) == 30
    (problem,) = waiting(installation)
    assert "2 assets" in problem["message"]


def test_a_redirect_is_not_followed(installation: Installation, receiver: Listener) -> None:
    installation.config = told_to(receiver)
    receiver.statuses += [307]
    installation.ask("sync")
    assert {post.path for post in receiver.posts} == {"/api/v1/lineage"}
    assert "redirect" in waiting(installation)[0]["message"]


def test_what_a_killed_server_had_to_tell_the_next_one_tells(
    installation: Installation, tenant: RunningTenant, receiver: Listener
) -> None:
    installation.ask("sync")
    installation.config = told_to(receiver)
    installation.extra |= FAST
    receiver.statuses += [503] * 3
    model = installation.ask("assets", "--tier", "critical")["items"][0]["asset"]
    space, name = model.split("/")
    tenant.edit("rename_column", space=space, asset=name, column=COLUMN, name="COL_NEW")
    event = f"glue:default:{model.lower().replace('/', '.')}"
    with serving(installation) as server:
        until(lambda: receiver.posts, "a first attempt, which is not taken")
        server.kill()
        server.wait(30)
    at_once(installation)
    receiver.statuses.clear()
    receiver.posts.clear()
    with serving(installation):
        until(lambda: event in names(posted(receiver)), "what was to be told")
    assert set(names(posted(receiver))) == {event}


def test_a_file_that_cannot_be_written_is_told_of_and_gets_all_of_it_later(installation: Installation) -> None:
    installation.config = json.dumps({"lineage": {"openlineage": "file:events/lineage.jsonl"}})
    assert installation.ask("sync")["state"] == "done"
    (problem,) = waiting(installation)
    assert "30 assets" in problem["message"] and "cannot be written" in problem["message"]
    (installation.state_dir.parent / "events").mkdir()
    at_once(installation)
    installation.ask("sync")
    assert len(lines(installation.state_dir.parent / "events" / "lineage.jsonl")) == 30
    assert waiting(installation) == []


def test_the_file_is_never_one_of_the_state(installation: Installation) -> None:
    installation.ask("discover")
    before = (installation.state_dir / "spheresync.db").read_bytes()
    for path in (installation.state_dir / "spheresync.db", installation.state_dir / "owners" / "x"):
        installation.config = json.dumps({"lineage": {"openlineage": f"file:{path}"}})
        assert "the state itself" in installation.ask("config", "validate", code=2)["error"]["message"]
    link = installation.state_dir.parent / "link.jsonl"
    link.symlink_to(installation.state_dir / "spheresync.db")
    installation.config = json.dumps({"lineage": {"openlineage": "file:link.jsonl"}})
    installation.ask("sync", code=2)
    assert (installation.state_dir / "spheresync.db").read_bytes() == before


def test_who_is_told_no_more_leaves_nothing_waiting(installation: Installation, receiver: Listener) -> None:
    installation.config = told_to(receiver)
    receiver.statuses += [503]
    installation.ask("sync")
    assert waiting(installation)
    installation.config = "{}"
    with serving(installation):
        until(lambda: not _jobs(installation), "an empty queue")


def _jobs(installation: Installation) -> int:
    with closing(sqlite3.connect(installation.state_dir / "spheresync.db")) as other:
        return int(other.execute("SELECT count(*) FROM jobs WHERE kind = 'lineage'").fetchone()[0])
