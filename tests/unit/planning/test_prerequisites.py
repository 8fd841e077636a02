"""Databases that must exist first: each change set, however it was made, lists just those that its run creates."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.model import ChangeSetId, RunState
from spheresync.state.records import AuditFilter
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import sweep, tenant

pytestmark = pytest.mark.anyio


async def created_and_listed(installation: InProcess, change_set: ChangeSetId) -> tuple[list[str], list[str]]:
    """Databases that a run created, and those that its change set lists as created first."""
    record = await installation.store.change_sets.get(change_set)
    listed = [each.name for each in record.prerequisites]
    run = next(run for run in (await installation.store.runs.page(limit=9))[0] if run.change_set_id == change_set)
    made = AuditFilter(actions=("create_database",), run_id=run.id)
    entries, _ = await installation.store.audit.query(made, limit=99)
    return sorted(entry.detail.split('"database":"')[1].split('"')[0] for entry in entries), sorted(listed)


async def test_a_sync_lists_the_databases_that_it_creates(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant()) as installation:
        run = await installation.sync()
        assert run.state is RunState.DONE and run.change_set_id is not None
        created, listed = await created_and_listed(installation, run.change_set_id)
        assert created == listed == ["good", "other"]
        installation.serve(tenant("Second"))
        again = await installation.sync()
        assert again.change_set_id is not None
        assert await created_and_listed(installation, again.change_set_id) == ([], [])


async def test_the_repair_of_a_deleted_database_lists_it(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        installation.glue.catalog.call("DeleteDatabase", {"Name": "good"})
        look, _ = await sweep(installation)
        assert look.change_set_id is not None
        assert (await installation.apply(look.change_set_id)).state is RunState.DONE
        assert await created_and_listed(installation, look.change_set_id) == (["good"], ["good"])
