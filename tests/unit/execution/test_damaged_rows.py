"""A row of the state that says nothing: its own asset is read or looked at anew, and nobody else notices."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import RunState
from spheresync.schedule.due_jobs import DueJobs
from spheresync.service.health.figures import figures_of
from spheresync.service.health.status import sync_status
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import ALL, descriptions, nothing_was_removed, tenant

pytestmark = pytest.mark.anyio

OF_VICTIM = "WHERE space = 'GOOD' AND name = 'TWO'"
DAMAGES = {
    "kind": f"UPDATE assets SET kind = 'x' {OF_VICTIM}",
    "status": f"UPDATE assets SET status = 'x' {OF_VICTIM}",
    "tier": f"UPDATE assets SET tier = 'x' {OF_VICTIM}",
    "problem": f"UPDATE assets SET problem = '{{' {OF_VICTIM}",
    "fingerprint": f"UPDATE assets SET fp_schema = NULL {OF_VICTIM}",
    "read at": f"UPDATE assets SET read_at = 'x' {OF_VICTIM}",
    "definition": f"UPDATE assets SET definition = 'x' {OF_VICTIM}",
    "space": "UPDATE spaces SET problem = '{' WHERE name = 'GOOD'",
    "checkpoint": "UPDATE checkpoints SET state = 'x' WHERE asset = 'TWO'",
    "what was written": "UPDATE checkpoints SET body = 'x' WHERE asset = 'TWO'",
    "entry": f"UPDATE entries SET entry = '{{' {OF_VICTIM}",
}


def damage(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "state" / "spheresync.db") as state:
        assert state.execute(statement).rowcount == 1


async def still_answers(installation: InProcess) -> None:
    context = installation.context
    assert (await sync_status(context)).assets
    assert (await figures_of(context)).assets
    await DueJobs(context, EmbeddedEngine(installation.store, context.clock)).ask()


@pytest.mark.parametrize("what", DAMAGES)
@pytest.mark.parametrize("label", ["First", "Second"])
async def test_a_damaged_row_is_mended_by_the_next_sync_and_harms_nobody(tmp_path: Path, what: str, label: str) -> None:
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        damage(tmp_path, DAMAGES[what])
        await still_answers(installation)
        installation.serve(tenant(label))
        for _ in range(2):
            run = await installation.sync()
            assert nothing_was_removed(installation)
        assert (run.state, run.problems) == (RunState.DONE, ())
        assert descriptions(installation) == dict.fromkeys(ALL, label)
        await still_answers(installation)
