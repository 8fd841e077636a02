"""Whatever breaks at one job or one asset of the schedule: its claim ends with the reason, and the others are done."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import NewJob, subject_of
from spheresync.model import (
    AssetId,
    AssetKind,
    JobKind,
    JobState,
    Problem,
)
from spheresync.observe.loop_health import LoopHealth
from spheresync.schedule import due_jobs as turns
from spheresync.schedule import obsolete_jobs as settling
from spheresync.schedule import scheduler as scheduling
from spheresync.schedule.control import LISTED
from spheresync.schedule.due_jobs import DueJobs
from spheresync.schedule.obsolete_jobs import forget_settled
from spheresync.schedule.scheduler import Scheduler
from spheresync.schedule.write_jobs import write_batch
from spheresync.state.records import RunRecord
from spheresync.state.sqlite.repositories.catalog import CatalogReader
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

VICTIM = AssetId.parse("GOOD/TWO")
OTHERS = [AssetId.parse(f"GOOD/{name}") for name in ("ONE", "THREE")]
LONG = timedelta(hours=1)


@pytest.fixture
async def listed(tmp_path: Path) -> AsyncIterator[InProcess]:
    """An installation that has listed and read its tenant and written nothing."""
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    objects = tuple(DogObject(AssetKind.VIEW, name, name, (column,)) for name in ("ONE", "TWO", "THREE"))
    async with in_process(tmp_path, Landscape((DogSpace("GOOD", "Good", objects),))) as installation:
        await SharedDiscovery(installation.context).list_catalog()
        for asset in (VICTIM, *OTHERS):
            await SharedDiscovery(installation.context).read_asset(asset)
        yield installation


def engine_of(installation: InProcess) -> EmbeddedEngine:
    return EmbeddedEngine(installation.store, installation.context.clock)


def scheduler_of(installation: InProcess) -> Scheduler:
    return Scheduler(installation.context, engine_of(installation), cast("Any", None), LoopHealth(), cast("Any", None))


@pytest.mark.parametrize(
    "site", [(scheduling, "forget_settled"), (EmbeddedEngine, "submit")], ids=["forgetting", "follow-up"]
)
async def test_what_follows_from_a_job_and_breaks_ends_its_claim(
    listed: InProcess, monkeypatch: pytest.MonkeyPatch, site: tuple[Any, str]
) -> None:
    engine = engine_of(listed)
    await engine.submit([NewJob(JobKind.LIST, "tenant", 0, "what there is")])

    async def breaks(*_: object) -> None:
        raise KeyError(site[1])

    monkeypatch.setattr(*site, breaks)
    assert await scheduler_of(listed).look()
    (job,) = await engine.queue(kind=JobKind.LIST)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert job.problem is not None and "err_" in job.problem.message


async def test_a_job_that_is_set_aside_and_cannot_be_judged_keeps_no_other_from_being_forgotten(
    listed: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(listed)
    await engine.submit([NewJob(JobKind.READ, subject_of(asset), 0, "due") for asset in (VICTIM, *OTHERS)])
    for job in await engine.claim([JobKind.READ], limit=3, time_limit=LONG):
        await engine.fail(job, Problem(job.about, "wrong_shape", "it made no sense"))
    real = settling._is_settled

    async def breaks(context: Any, job: Any) -> bool:
        if job.asset == VICTIM:
            raise KeyError("record")
        return await real(context, job)

    monkeypatch.setattr(settling, "_is_settled", breaks)
    await forget_settled(listed.context, engine)
    assert [job.asset for job in await engine.queue(state=JobState.DEAD)] == [VICTIM]


async def test_an_asset_whose_record_breaks_fails_its_own_write_alone(
    listed: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_of(listed)
    await engine.submit([NewJob(JobKind.WRITE, subject_of(asset), 0, "new") for asset in (VICTIM, *OTHERS)])
    jobs = await engine.claim([JobKind.WRITE], limit=3, time_limit=LONG)
    real = CatalogReader.asset

    async def breaks(reader: CatalogReader, asset: AssetId) -> Any:
        if asset == VICTIM:
            raise KeyError("kind")
        return await real(reader, asset)

    monkeypatch.setattr(CatalogReader, "asset", breaks)

    async def start(request: RunRequest) -> RunRecord:
        return await listed.sync(request)

    await write_batch(listed.context, engine, jobs, start)
    (left,) = await engine.queue(kind=JobKind.WRITE)
    assert left.asset == VICTIM and left.problem is not None and "err_" in left.problem.message
    assert listed.tables.keys() == {*map(str, OTHERS)}


@pytest.mark.parametrize("site", ["_candidate", "_next_turn"])
async def test_an_asset_whose_turn_breaks_keeps_no_other_from_being_read(
    listed: InProcess, monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    real = getattr(turns, site)

    def breaks(row: Any, *rest: Any) -> Any:
        if row.asset == VICTIM:
            raise KeyError(site)
        return real(row, *rest)

    monkeypatch.setattr(turns, site, breaks)
    now = listed.context.clock
    monkeypatch.setattr(listed.context, "clock", lambda: now() + timedelta(days=400))
    engine = engine_of(listed)
    await DueJobs(listed.context, engine).ask()
    assert {job.asset for job in await engine.queue(kind=JobKind.READ)} == {*OTHERS}


async def test_a_damaged_note_of_the_last_listing_counts_as_none(listed: InProcess) -> None:
    await listed.store.write(lambda tx: tx.meta.set(LISTED, "yesterday"))
    engine = engine_of(listed)
    await DueJobs(listed.context, engine).ask()
    assert [job.kind for job in await engine.queue(kind=JobKind.LIST)] == [JobKind.LIST]


@pytest.mark.parametrize(
    "damage", ["not_before = '!'", "created_at = 'x'", "problem = '{'", "kind = 'x'", "state = 'x'"]
)
async def test_a_damaged_job_is_set_aside_or_left_and_the_others_are_done(
    listed: InProcess, tmp_path: Path, damage: str
) -> None:
    engine = engine_of(listed)
    ids = await engine.submit([NewJob(JobKind.READ, subject_of(asset), 0, "due") for asset in (VICTIM, *OTHERS)])
    with sqlite3.connect(tmp_path / "state" / "spheresync.db") as state:
        state.execute(f"UPDATE jobs SET {damage} WHERE id = ?", (ids[0],))
    assert await engine.next_at([JobKind.READ]) is not None
    claimed = await engine.claim([JobKind.READ], limit=3, time_limit=LONG)
    assert {job.asset for job in claimed} == {*OTHERS}
    await engine.finish(claimed)
    assert await engine.claim([JobKind.READ], limit=3, time_limit=LONG) == []
    assert all(job.state is JobState.DEAD for job in await engine.queue())
    assert sum((await engine.counts()).values()) <= 1
