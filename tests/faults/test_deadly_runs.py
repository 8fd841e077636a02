"""A run that ends whoever drives it is not driven for ever, and one that merely meets bad luck is."""

from __future__ import annotations

import signal
import sqlite3
from dataclasses import replace

import pytest

from spheresync.execution.run_driver import MOST_CLAIMS
from spheresync.state.sqlite.connection import FILE_NAME
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

ASSETS = 4


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=ASSETS, columns=3)


def claims(installation: Installation) -> int:
    """How often the one run was claimed, whatever came of it."""
    with sqlite3.connect(installation.state_dir / FILE_NAME) as state:
        row = state.execute("SELECT fence FROM runs").fetchone()
    state.close()
    return 0 if row is None else int(row[0])


def end_in_the_middle(installation: Installation, change_set: str, number: signal.Signals) -> None:
    """Begin the run of a change set, or go on with it, and end its process once it drives the run."""
    before = claims(installation)
    process = installation.start("apply", change_set, "--json")
    assert process.is_at(lambda: claims(installation) != before, "the run is driven"), process.communicate()
    process.send_signal(number)
    process.communicate()


def test_a_run_whose_driver_died_three_times_is_ended_and_a_sync_does_its_work(
    installation: Installation, glue: GlueSimulator
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.fault("throttle", "CreateTable", None)
    for _ in range(MOST_CLAIMS):
        end_in_the_middle(installation, change_set, signal.SIGKILL)
    glue.heal()
    run = installation.ask("apply", change_set, code=1)
    assert run["state"] == "failed"
    assert [failure["code"] for failure in run["failures"]] == ["driver_died"]
    assert installation.ask("sync")["state"] == "done"
    assert sum(len(tables) for tables in glue.dump()["tables"].values()) == ASSETS
    assert installation.ask("audit", "verify")["intact"]


def test_processes_that_were_told_to_end_are_no_deaths(installation: Installation, glue: GlueSimulator) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.fault("throttle", "CreateTable", None)
    for _ in range(MOST_CLAIMS + 1):
        end_in_the_middle(installation, change_set, signal.SIGTERM)
    glue.heal()
    assert installation.ask("apply", change_set)["state"] == "done"


def test_what_a_run_writes_is_of_who_asked_for_it_also_when_somebody_else_takes_it_over(
    installation: Installation, glue: GlueSimulator
) -> None:
    change_set = installation.ask("preview")["change_set_id"]
    glue.fault("throttle", "CreateTable", None)
    asking = replace(installation.as_account(4711), extra={**installation.extra, "SPHERESYNC_ROLE": "operator"})
    end_in_the_middle(asking, change_set, signal.SIGKILL)
    glue.heal()
    run = installation.ask("apply", change_set)
    written = installation.ask("audit", "query", "--run", run["run_id"], "--limit", "200")["items"]
    assert {"create", "run_apply"} <= {row["action"] for row in written}
    assert {(row["actor"], row["actor_kind"], *row["actor_roles"]) for row in written} == {
        ("uid-4711", "user", "operator")
    }
