"""What looks find out counts everywhere at once, and is as old as its first finding."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.model import (
    GLUE,
    Action,
    AssetId,
    AssetStatus,
    Principal,
    PrincipalKind,
    TargetKey,
    isoformat,
)
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.state.records import ChangeSetRecord
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_one_asset_breaks import tenant

pytestmark = pytest.mark.anyio

SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))
TAKEN = AssetId.parse("GOOD/TWO")


async def plan(installation: InProcess) -> ChangeSetRecord:
    return await make_change_set(installation.context, PlanRequest(Scope(), SOMEBODY, compare=True), silent)


async def sweep(installation: InProcess) -> None:
    async with installation.context.providers.in_use() as providers:
        await DriftSweep(
            installation.store,
            providers.settings,
            installation.context.mapping,
            [providers.target(TargetKey(GLUE))],
            scope=Scope(),
            principal=SOMEBODY,
            clock=installation.context.clock,
            progress=silent,
        ).run()


async def statuses(installation: InProcess) -> Counter[AssetStatus]:
    return Counter(record.status for record in await installation.store.catalog.assets())


async def test_what_a_plan_has_proved_to_be_as_it_should_be_is_synced(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    async with in_process(first, tenant()) as installation:
        await installation.sync()
        glue = installation.glue
    async with in_process(second, tenant(), glue) as installation:
        since = isoformat(installation.context.clock())
        await SharedDiscovery(installation.context).discover(Scope(), full=False, since=since, progress=silent)
        found = await plan(installation)
        assert (found.summary[Action.ADOPT], await statuses(installation)) == (4, {AssetStatus.PENDING: 4})
        again = await plan(installation)
        assert (again.summary[Action.UNCHANGED], await statuses(installation)) == (4, {AssetStatus.SYNCED: 4})


async def test_a_conflict_is_as_old_as_its_first_finding_whoever_looks_again(tmp_path: Path) -> None:
    async with in_process(tmp_path, tenant()) as installation:
        await installation.sync()
        database, name = installation.tables[str(TAKEN)]
        table = {"Name": name, "Description": "Jane's own", "Parameters": {"owner": "Jane"}}
        installation.glue.catalog.call("UpdateTable", {"DatabaseName": database, "TableInput": table})
        await sweep(installation)
        first = (await installation.store.unwritten.all(TargetKey(GLUE)))[TAKEN]
        for look in (sweep, plan, InProcess.sync, sweep):
            await look(installation)
            found = (await installation.store.unwritten.all(TargetKey(GLUE)))[TAKEN]
            assert (found.since, found.problem.code) == (first.since, first.problem.code), look
        record = await installation.store.catalog.asset(TAKEN)
        assert record is not None and record.status is AssetStatus.CONFLICT
