"""Processes that take turns: one that is stopped in its turn, and one that waits for its turn and is not wanted."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.test_schedule import until
from tests.faults.test_signals_while_others_hang import Silent, begun, hanging, silent
from tests.simulators.fixtures import Surroundings
from tests.simulators.forked import Forked
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

__all__ = ["silent"]
ASSET = "SPACE_000/ASSET_00000"


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=6, give_up_after=None)


def labels(installation: Installation) -> set[str]:
    return {item["label"] for item in installation.ask("assets")["items"]}


def definitions_read(tenant: RunningTenant) -> int:
    return sum(path.endswith("/$metadata") for _, _, path, _ in tenant.stats().hits)


_SILENT_FOR_LONG = (
    "UPDATE leases SET heartbeat_at = '2026-01-01T00:00:00.000000Z' WHERE name = 'discovery' AND owner IS NOT NULL"
)
"""As if whoever reads Datasphere had sent no heartbeat for long."""


def state_of(installation: Installation) -> sqlite3.Connection:
    return sqlite3.connect(installation.state_dir / "spheresync.db", timeout=0.05, isolation_level=None)


def stop_outside_of_a_write(process: Forked, installation: Installation) -> bool:
    """Stop it; whoever stops in the middle of a write keeps the state from everybody, and goes on for now."""
    process.send_signal(signal.SIGSTOP)
    with closing(state_of(installation)) as state:
        try:
            state.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
        held = state.execute(_SILENT_FOR_LONG).rowcount
        state.execute("COMMIT")
    assert held == 1, "it was still reading"
    return True


def test_another_process_reads_in_place_of_a_stopped_one_which_writes_nothing_over_it(
    installation: Installation, tenant: RunningTenant
) -> None:
    tenant.set_faults(latency_ms=2_000)
    with installation.start("discover", "--json") as stopped:
        try:
            until(lambda: tenant.stats().peak == 6, "it asks for all definitions at once")
            until(lambda: stop_outside_of_a_write(stopped, installation), "it is stopped")
            until(lambda: definitions_read(tenant) == 6, "they are sent to it")
            tenant.set_faults()
            for number in range(6):
                tenant.edit("set_label", space="SPACE_000", asset=f"ASSET_{number:05}", label="Newer")
            assert installation.ask("discover")["read"] == 6
            assert labels(installation) == {"Newer"}
            stopped.send_signal(signal.SIGCONT)
            out, err = stopped.communicate(timeout=60)
        finally:
            stopped.kill()
    assert stopped.wait() == 0, err
    assert json.loads(out)["mapped"] == 6, "what the other one read serves it too"
    assert labels(installation) == {"Newer"}
    assert installation.ask("audit", "verify")["intact"]


def test_a_run_that_waits_is_cancelled_from_another_process_at_once(
    installation: Installation, glue: GlueSimulator, silent: Silent
) -> None:
    stuck = hanging(installation, AWS_ENDPOINT_URL=silent.url)
    with stuck.start("sync", "--json") as first:
        try:
            ahead = begun(installation, state="running")
            silent.wait_for_one_more()
            with installation.start("sync", "--space", "SPACE_000", "--json") as second:
                waiting = begun(installation, state="queued")
                cancelled = installation.ask("cancel", waiting, code=None)
                assert (cancelled["run_id"], cancelled["state"]) == (waiting, "cancelled")
                out, _ = second.communicate(timeout=60)
            assert json.loads(out)["state"] == "cancelled"
            assert installation.ask("runs", ahead, code=None)["state"] == "running", "nobody touched the one ahead"
        finally:
            first.kill()
    assert glue.calls() == {}
    assert installation.ask("sync")["state"] == "done"
    assert installation.ask("runs", waiting, code=None)["state"] == "cancelled"
    (asked,) = installation.ask("audit", "query", "--action", "cancel")["items"]
    assert asked["run_id"] == waiting
