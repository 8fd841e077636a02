"""A run that is killed among its attachments: the next one ends it, and takes nothing of ours for others'."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.test_glue_context import CONFIG, CONTEXT, attached, terms, written
from tests.e2e.test_lake_formation import put_context
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

ASSETS = 20


@pytest.fixture
def surroundings() -> Surroundings:
    """A Glue that is slow enough for a kill to find something under way."""
    return Surroundings(spaces=1, assets=ASSETS, columns=3, glue_latency_ms=60, give_up_after=None)


@pytest.mark.parametrize("moment", [1, ASSETS, ASSETS + 8])
def test_what_a_killed_run_began_is_ended_by_the_next_and_known_as_ours(
    installation: Installation, glue: GlueSimulator, moment: int
) -> None:
    installation.config = CONFIG
    put_context(installation, CONTEXT)
    process = installation.start("sync", "--json")
    process.is_at(lambda: glue.calls().get("glue:PutAttachment", 0) >= moment, "the moment to kill it")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    glue.answer_after(0)
    assert installation.ask("sync")["state"] == "done"
    for number in range(ASSETS):
        table = f"asset_{number:05}"
        said = attached(glue, table)
        assert "found" not in json.loads(said["written"]) and terms(glue, table) == {"Net revenue"}
        assert terms(glue, table, "col_001") == {"Customer"} and attached(glue, table, "col_001")
    assert len(glue.glue_context_dump()["terms"]) == 3
    glue.reset()
    assert installation.ask("sync")["state"] == "done" and not glue.calls()
    assert not installation.ask("drift")["items"] and not written(glue)
