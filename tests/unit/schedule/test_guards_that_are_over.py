"""What a guard held back is forgotten once its assets need nothing any more, though nobody plans them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.model import GLUE, AssetId, AssetStatus, Problem, TargetKey
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.guards import GUARDS
from spheresync.schedule.reading_jobs import list_tenant, read_definition
from spheresync.state.port import Tx
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import VICTIM, tenant

pytestmark = pytest.mark.anyio
KEY = TargetKey(GLUE)


async def hold_back(installation: InProcess, code: str) -> None:
    """Note what a plan notes of an asset that a guard holds back."""

    async def note(tx: Tx) -> None:
        await tx.unwritten.put_many(KEY, [Problem.of(VICTIM, code, "a guard holds it back")], at="2026-11-27T08:00:00Z")
        await settle_statuses(tx, [VICTIM], [KEY])

    await installation.store.write(note)


async def held_back(installation: InProcess) -> set[AssetId]:
    return {*await installation.store.unwritten.all(KEY)}


async def status(installation: InProcess) -> AssetStatus:
    record = await installation.store.catalog.asset(VICTIM)
    assert record is not None
    return record.status


@pytest.mark.parametrize("code", sorted(GUARDS))
@pytest.mark.parametrize("by", ["a listing", "a reading"])
async def test_an_asset_that_needs_nothing_is_not_held_back_any_more(tmp_path: Path, code: str, by: str) -> None:
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        await hold_back(installation, code)
        assert await held_back(installation) == {VICTIM}
        if by == "a listing":
            await list_tenant(installation.context)
        else:
            await read_definition(installation.context, VICTIM)
        assert not await held_back(installation)
        assert await status(installation) is AssetStatus.SYNCED


async def test_an_asset_that_is_still_gone_stays_held_back(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant(), config="deletion: {misses: 1}\n") as installation:
        await installation.sync()
        installation.serve(tenant(good=("ONE", "THREE")))
        await hold_back(installation, sorted(GUARDS)[0])
        await list_tenant(installation.context)
        assert await held_back(installation) == {VICTIM}
