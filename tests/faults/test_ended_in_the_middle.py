"""A run that ends after its process was killed among its writes: what it did is known, counted and can be undone."""

from __future__ import annotations

import signal
import sqlite3

import pytest

from spheresync.state.sqlite.connection import FILE_NAME
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

ASSETS = 120


@pytest.fixture
def surroundings() -> Surroundings:
    """A Glue that is slow enough for a kill to find something under way."""
    return Surroundings(spaces=1, assets=ASSETS, columns=3, glue_latency_ms=60, give_up_after=None)


def tables(glue: GlueSimulator) -> int:
    return len(glue.dump()["tables"].get("space_000", {}))


def kill_among_creates(installation: Installation, glue: GlueSimulator) -> str:
    """Kill a sync while it makes tables, some of which nobody can confirm; answers its id."""
    process = installation.start("sync", "--json")
    process.is_at(lambda: glue.calls().get("CreateTable", 0) >= ASSETS // 3, "the moment to kill it")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    glue.answer_after(0)
    run: str = installation.ask("runs")["items"][0]["run_id"]
    assert sent(installation) > 0
    return run


def sent(installation: Installation) -> int:
    """How many items are noted as sent, and as neither confirmed nor failed."""
    with sqlite3.connect(installation.state_dir / FILE_NAME) as state:
        row = state.execute("SELECT count(*) FROM journal WHERE state = 'sent'").fetchone()
    state.close()
    return int(row[0])


def alter(installation: Installation, statement: str) -> None:
    with sqlite3.connect(installation.state_dir / FILE_NAME) as state:
        assert state.execute(statement).rowcount == 1
    state.close()


def undo(installation: Installation, run: str) -> None:
    change_set = installation.ask("revert", run)["change_set_id"]
    installation.ask("apply", change_set, "--allow-deletes")


def test_a_cancelled_one_is_undone_to_the_last_table(installation: Installation, glue: GlueSimulator) -> None:
    run = kill_among_creates(installation, glue)
    made = tables(glue)
    cancelled = installation.ask("cancel", run)
    counts = cancelled["counts"]
    assert (cancelled["state"], counts["create"], counts["skipped"]) == ("cancelled", made, ASSETS - made)
    assert sent(installation) == 0
    undo(installation, run)
    assert tables(glue) == 0
    assert installation.ask("runs", run)["counts"]["create"] == made, "what it did stays told"


def test_one_that_is_refused_at_its_takeover_tells_what_it_did_and_is_undone(
    installation: Installation, glue: GlueSimulator
) -> None:
    run = kill_among_creates(installation, glue)
    made = tables(glue)
    alter(installation, "UPDATE change_sets SET format = 2")
    installation.ask("sync", code=None)
    refused = installation.ask("runs", run)
    assert (refused["state"], refused["counts"]["create"]) == ("refused", made)
    told = refused["failures"][0]
    assert "was made by another version" in told["reason"] and f"{made} items" in told["reason"]
    assert f"spheresync revert {run}" in told["remedy"]


def test_while_nobody_can_say_what_became_of_it_no_undo_leaves_anything_behind(
    installation: Installation, glue: GlueSimulator
) -> None:
    run = kill_among_creates(installation, glue)
    made = tables(glue)
    glue.fault("error", "*", None, code="ExpiredTokenException")
    installation.ask("cancel", run)
    assert sent(installation) > 0
    refused = installation.ask("revert", run, code=None)
    assert "cannot be undone yet" in refused["error"]["message"]
    glue.heal()
    undo(installation, run)
    assert tables(glue) == 0
    assert installation.ask("runs", run)["counts"]["create"] == made


def test_drift_names_tables_of_ours_in_a_database_of_which_the_state_knows_nothing_else(
    installation: Installation, glue: GlueSimulator
) -> None:
    installation.ask("sync")
    with sqlite3.connect(installation.state_dir / FILE_NAME) as state:
        state.execute("DELETE FROM checkpoints")
    state.close()
    told = [each for each in installation.ask("drift", code=None)["findings"] if each["code"] == "unknown_table"]
    assert told and "sync --full" in told[0]["remedy"]
