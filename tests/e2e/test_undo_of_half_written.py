"""A write of several calls that ends half-way, the run that ends it, and the undo of both: nothing of it stays."""

from __future__ import annotations

import pytest

from tests.e2e.test_every_item_is_counted import CONFIG, CONTEXT
from tests.e2e.test_lake_formation import put_context
from tests.e2e.test_quick_sight import make_lake_table
from tests.e2e.test_undo_of_five_targets import stands
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

QUIET = CONFIG.replace("publish: always", "publish: never").replace("owners:", "topics: [view], owners:")
UNBOUND = QUIET[: QUIET.index("mapping:")]


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=1, assets=2, columns=4)


def write_unbound(installation: Installation, glue: GlueSimulator) -> Installation:
    """Everything is written, nothing bound to the table of others that is there."""
    make_lake_table(glue)
    put_context(installation, CONTEXT)
    installation.config = UNBOUND
    assert installation.ask("sync")["state"] == "done"
    return installation


@pytest.fixture
def unbound(installation: Installation, glue: GlueSimulator) -> Installation:
    return write_unbound(installation, glue)


def half_then_whole(installation: Installation, glue: GlueSimulator, operation: str, *more: str) -> list[str]:
    """A sync in which one call is refused, and one that ends what it left; answers the runs, the later first."""
    glue.fault("deny", operation, times=None)
    first = installation.ask("sync", *more, code=1)
    glue.heal()
    assert first["state"] == "partly_failed"
    second = installation.ask("sync", *more)
    assert second["state"] == "done"
    return [second["run_id"], first["run_id"]]


def undo(installation: Installation, run: str) -> None:
    made = installation.ask("revert", run)
    if made["items"]:
        assert installation.ask("apply", made["change_set_id"], "--allow-deletes")["state"] == "done"


@pytest.mark.parametrize("operation", ["quicksight:CreateTopic", "glue:AssociateGlossaryTerms", "glue:PutAttachment"])
def test_nothing_stays_of_what_a_first_write_began_and_another_ended(
    unbound: Installation, glue: GlueSimulator, operation: str
) -> None:
    before = stands(glue)
    unbound.config = QUIET
    for run in half_then_whole(unbound, glue, operation):
        undo(unbound, run)
    assert stands(glue) == before
    unbound.config = UNBOUND
    unbound.ask("release")
    glue.reset()
    assert unbound.ask("sync")["state"] == "done"
    assert stands(glue) == before


def test_the_undo_of_the_run_that_ended_half_a_change_takes_back_all_of_it(
    unbound: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    unbound.config = QUIET
    assert unbound.ask("sync")["state"] == "done"
    before = stands(glue)["quicksight"]
    tenant.edit("set_column_label", space="SPACE_000", asset="ASSET_00000", column="COL_001", label="Other")
    ended, _ = half_then_whole(unbound, glue, "quicksight:UpdateTopic")
    assert stands(glue)["quicksight"] != before
    undo(unbound, ended)
    assert stands(glue)["quicksight"] == before
