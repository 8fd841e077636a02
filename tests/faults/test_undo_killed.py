"""An undo whose process dies in the middle: nothing is written twice, and all that was restored is held."""

from __future__ import annotations

import random
import signal

import pytest

from tests.e2e.test_undo import inputs
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ASSETS = 120


@pytest.fixture
def surroundings() -> Surroundings:
    """A Glue that is slow enough for a kill to find something under way."""
    return Surroundings(spaces=1, assets=ASSETS, columns=4, glue_latency_ms=60, give_up_after=None)


def kill_once_under_way(installation: Installation, glue: GlueSimulator, change_set: str, *, after: int) -> None:
    """Begin to apply and kill that as soon as it has sent `after` UpdateTables more; it may end before."""
    before = glue.calls().get("UpdateTable", 0)
    process = installation.start("apply", change_set, "--json")
    process.is_at(lambda: glue.calls().get("UpdateTable", 0) >= before + after, "the moment to kill it")
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_an_undo_that_is_killed_goes_on_and_holds_all_that_it_restored(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    before = inputs(glue)
    labels = [{"op": "set_label", "space": "SPACE_000", "asset": f"ASSET_{n:05}", "label": "X"} for n in range(ASSETS)]
    tenant.admin(edits=labels)
    run = synced.ask("sync")
    assert run["counts"]["metadata_only"] == ASSETS
    change_set = synced.ask("revert", run["run_id"])["change_set_id"]
    glue.reset()
    moments = random.Random(20261125)
    for _ in range(4):
        kill_once_under_way(synced, glue, change_set, after=moments.randint(1, 20))
    under_way = synced.ask("runs")["items"][0]
    assert under_way["state"] == "running"
    assert "is still running" in synced.ask("revert", under_way["run_id"], code=2)["error"]["message"]
    ended = synced.ask("apply", change_set)
    assert (ended["state"], ended["counts"]["metadata_only"]) == ("done", ASSETS)
    assert inputs(glue) == before
    versions = {table["live"]["VersionId"] for table in glue.dump()["tables"]["space_000"].values()}
    assert versions == {"2"}, "made, changed, restored: nothing twice"
    assert synced.ask("assets", "--status", "held")["total"] == ASSETS
    glue.reset()
    assert synced.ask("sync")["counts"]["held"] == ASSETS
    assert glue.calls() == {}
    again = synced.ask("revert", ended["run_id"])
    assert again["summary"]["metadata_only"] == ASSETS, "what was written before the kills can be undone too"
    assert synced.ask("audit", "verify")["intact"]
