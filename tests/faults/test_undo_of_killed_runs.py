"""The undo of a run whose process died after a write: what it had sent is known as its own, whoever ended it."""

from __future__ import annotations

import pytest

from tests.e2e.test_every_item_is_counted import CONFIG
from tests.e2e.test_undo_of_five_targets import stands
from tests.e2e.test_undo_of_half_written import surroundings, write_unbound
from tests.long_form import part_of
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

__all__ = ["surroundings"]

QUIET = CONFIG.replace("publish: always", "publish: never")
LATER = ("lakeformation:AddLFTagsToResource", "glue:PutAttachment", "datazone:CreateAsset")


@pytest.fixture
def unbound(installation: Installation, glue: GlueSimulator) -> Installation:
    """Everything is written, nothing bound, and the next sync binds an asset to a table of others."""
    write_unbound(installation, glue).config = QUIET
    return installation


def sync_killed(installation: Installation, glue: GlueSimulator, *, after: int) -> bool:
    """Begin a sync that dies right after so many writes; answers whether it did."""
    process = installation.start("sync", "--json")
    glue.fault("kill", pid=process.pid, after=after, writes=True)
    process.communicate()
    glue.heal()
    return process.wait() != 0


@pytest.mark.soak
def test_the_undo_of_a_run_that_was_killed_leaves_nothing_of_it_on_a_table_of_others(
    unbound: Installation, glue: GlueSimulator
) -> None:
    before = stands(glue)
    for moment in part_of(range(40), one_in=2):
        if not sync_killed(unbound, glue, after=moment):
            break
        killed = unbound.ask("runs")["items"][0]["run_id"]
        assert unbound.ask("sync", "--target", "glue", "--asset", "SPACE_000/ASSET_00001")["state"] == "done"
        undo = unbound.ask("revert", killed)
        done = unbound.ask("apply", undo["change_set_id"], "--allow-deletes")
        assert (done["state"], stands(glue)) == ("done", before), f"killed after {moment} writes"
        unbound.ask("release")
    else:
        pytest.fail("the sync never came to its end")
    assert moment > len(LATER)


@pytest.mark.parametrize("operation", LATER)
def test_what_was_written_and_not_answered_is_undone(
    unbound: Installation, glue: GlueSimulator, operation: str
) -> None:
    before = stands(glue)
    glue.fault("lose", operation, times=1)
    run = unbound.ask("sync")
    assert run["state"] == "done"
    undo = unbound.ask("revert", run["run_id"])
    assert unbound.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    assert stands(glue) == before
