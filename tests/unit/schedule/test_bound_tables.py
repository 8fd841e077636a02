"""The scheduler and tables of others: what waits for one is no failure, and each kind of work has its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import NewJob, subject_of
from spheresync.model import AssetId, AssetKind, JobKind
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.schedule.pending_work import _FIRST, REMOVES, work_of
from spheresync.schedule.reading_jobs import removals, write_jobs
from spheresync.schedule.write_jobs import write_batch
from spheresync.state.records import RunRecord
from tests.simulators.in_process import in_process

pytestmark = pytest.mark.anyio

ONE = AssetId.parse("S/ONE")
BIND = '{"mapping": {"rules": [{"set": {"bind": "lake.{name}"}}]}}'


def landscape() -> Landscape:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return Landscape((DogSpace("S", "Space", (DogObject(AssetKind.VIEW, "ONE", "One", (column,)),)),))


def test_every_kind_of_work_has_its_place_and_what_takes_away_is_a_removal() -> None:
    assert set(_FIRST) == set(AssetWork)
    assert {AssetWork.RETIRE, AssetWork.DELETE, AssetWork.FORGET, AssetWork.TAKE_BACK} == REMOVES


async def test_what_waits_for_a_table_is_set_aside_for_nobody_and_asked_for_again_at_its_turn(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=BIND) as installation:
        await SharedDiscovery(installation.context).list_catalog()
        await SharedDiscovery(installation.context).read_asset(ONE)
        engine = EmbeddedEngine(installation.store, installation.context.clock)

        async def start(request: RunRequest) -> RunRecord:
            return await installation.sync(request)

        for _ in range(2):
            await engine.submit([NewJob(JobKind.WRITE, subject_of(ONE), 0, "new")])
            jobs = await engine.claim([JobKind.WRITE], limit=1, time_limit=timedelta(hours=1))
            await write_batch(installation.context, engine, jobs, start)
            assert await engine.queue() == []
        record = await installation.store.catalog.asset(ONE)
        assert record is not None
        assert len(await write_jobs(installation.context, [record])) == 1


async def test_what_no_rule_binds_any_more_is_work_of_the_scheduler(tmp_path: Path) -> None:
    async with in_process(tmp_path, landscape(), config=BIND) as installation:
        call = installation.glue.catalog.call
        call("CreateDatabase", {"DatabaseInput": {"Name": "lake"}})
        call("CreateTable", {"DatabaseName": "lake", "TableInput": {"Name": "one"}})
        await installation.sync()
        assert installation.tables == {"S/ONE": ("lake", "one")}
        out = '{"mapping": {"rules": [{"set": {"bind": "lake.{name}", "include": false}}]}}'
        (tmp_path / "spheresync.yaml").write_text(out, "utf-8")
        async with installation.context.providers.in_use():
            records = await installation.store.catalog.assets()
        assert await work_of(installation.context, records) == {ONE: AssetWork.TAKE_BACK}
        assert await removals(installation.context) == [ONE]
