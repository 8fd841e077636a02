"""Processes that die, race and stop: one state, no lost write, no doubled one, no lock error."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.test_schedule import serving, synced_count, until
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSETS = 240


@pytest.fixture
def surroundings() -> Surroundings:
    """A Glue that is slow enough for a kill to find something under way."""
    return Surroundings(spaces=4, assets=ASSETS // 4, columns=4, glue_latency_ms=40, give_up_after=None)


def created(glue: GlueSimulator) -> int:
    return glue.calls().get("CreateTable", 0)


def written_more_than_once(glue: GlueSimulator) -> dict[str, str]:
    return {
        f"{database}.{name}": table["live"]["VersionId"]
        for database, found in glue.dump()["tables"].items()
        for name, table in found.items()
        if table["live"]["VersionId"] != "0"
    }


def kill_once_under_way(installation: Installation, glue: GlueSimulator, *, after: int) -> None:
    """Start a sync and kill it as soon as it has sent `after` CreateTables more; it may end before."""
    before = created(glue)
    process = installation.start("sync", "--json")
    process.is_at(lambda: created(glue) >= before + after, "the moment to kill it")
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_ten_kills_in_the_middle_of_an_apply_lose_nothing_and_write_nothing_twice(
    installation: Installation, glue: GlueSimulator
) -> None:
    moments = random.Random(20261124)
    for _ in range(10):
        kill_once_under_way(installation, glue, after=moments.randint(1, 24))
    installation.ask("sync")
    assert sum(len(found) for found in glue.dump()["tables"].values()) == ASSETS
    assert written_more_than_once(glue) == {}
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == ASSETS
    assert glue.calls() == {}
    assert installation.ask("audit", "verify")["intact"]
    unfinished = [run for run in installation.ask("runs")["items"] if run["state"] in {"queued", "running"}]
    assert unfinished == []


def test_four_syncs_at_once_write_every_table_once(installation: Installation, glue: GlueSimulator) -> None:
    processes = [installation.start("sync", "--json") for _ in range(4)]
    outputs = [process.communicate(timeout=120) for process in processes]
    for process, (out, err) in zip(processes, outputs, strict=True):
        assert process.returncode == 0, f"{out[-2000:]}\n{err[-2000:]}"
        assert "locked" not in err
    assert created(glue) == ASSETS
    assert written_more_than_once(glue) == {}


def test_a_lost_answer_is_read_back_and_not_repeated(installation: Installation, glue: GlueSimulator) -> None:
    glue.fault("lose", "CreateTable", times=10)
    run = installation.ask("sync")
    assert run["state"] == "done"
    assert run["counts"]["create"] == ASSETS
    assert written_more_than_once(glue) == {}
    assert Counter(entry["operation"] for entry in glue.log())["CreateTable"] == ASSETS


def test_a_run_is_cancelled_from_another_process_and_the_next_sync_does_the_rest(
    installation: Installation, glue: GlueSimulator
) -> None:
    process = installation.start("sync", "--json")
    assert process.is_at(lambda: created(glue) >= 10, "ten tables")
    run_id = installation.ask("runs")["items"][0]["run_id"]
    installation.ask("cancel", run_id, code=None)
    process.communicate(timeout=60)
    assert installation.ask("runs", run_id, code=None)["state"] in {"cancelled", "done"}
    done = created(glue)
    rest = installation.ask("sync")
    assert rest["state"] == "done"
    assert created(glue) == ASSETS
    assert rest["counts"]["create"] == ASSETS - done


def test_a_cancel_ends_a_run_whose_process_is_dead(installation: Installation, glue: GlueSimulator) -> None:
    process = installation.start("sync", "--json")
    assert process.is_at(lambda: created(glue) >= 10, "ten tables")
    process.kill()
    process.communicate(timeout=60)
    done = created(glue)
    run_id = installation.ask("runs")["items"][0]["run_id"]
    assert installation.ask("cancel", run_id, code=None)["state"] == "cancelled"
    ended = installation.ask("runs", run_id, code=None)
    assert ended["state"] == "cancelled" and ended["cancelled_by"] == ended["actor"]
    assert created(glue) == done


def test_throttling_slows_a_run_and_fails_nothing(
    tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant
) -> None:
    with running_glue(tps=80, burst=20) as slow:
        run = surroundings.install(tmp_path / "state", tenant, slow).ask("sync")
        assert (run["state"], run["counts"]["failed"]) == ("done", 0)
        assert run["counts"]["create"] == ASSETS


def test_throttling_slows_a_scheduler_and_sets_nothing_aside(
    tmp_path: Path, surroundings: Surroundings, tenant: RunningTenant
) -> None:
    with running_glue(tps=80, burst=20) as slow:
        installation = surroundings.install(tmp_path / "state", tenant, slow, SPHERESYNC_SCHEDULER__FIRST_SYNC="apply")
        installation.ask("discover")
        with serving(installation):
            until(lambda: synced_count(installation) == ASSETS, "every table")
        assert written_more_than_once(slow) == {}
        assert slow.counters()["refused"]["ThrottlingException"] > 0, "it was throttled"
    status = installation.ask("status")
    assert (status["health"], status["scheduler"]["set_aside"]) == ("ok", [])
    assert [run["counts"]["failed"] for run in installation.ask("runs")["items"]] == [0] * len(status["last_runs"])
