"""What a person does about a job stands in the log if, and only if, it was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import JobId, NewJob
from spheresync.model import (
    JobKind,
    JobState,
    Principal,
    PrincipalKind,
    utc_now,
)
from spheresync.service.schedule.job_queue import cancel_job, list_jobs, retry_job
from spheresync.service.schedule.tiers import standing_counts
from spheresync.state.sqlite.repositories.audit import AuditWriter
from spheresync.state.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from spheresync.runtime.context import RuntimeContext

pytestmark = pytest.mark.anyio
ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"admin"}))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def context(store: SqliteStore) -> RuntimeContext:
    return cast("RuntimeContext", SimpleNamespace(store=store, clock=utc_now, jobs=EmbeddedEngine(store, utc_now)))


@pytest.fixture
async def queued(store: SqliteStore) -> JobId:
    (job,) = await EmbeddedEngine(store, utc_now).submit([NewJob(JobKind.READ, "S/A", 10, "due", token="1")])
    assert job is not None
    return job


async def outcomes(store: SqliteStore) -> list[str]:
    return [entry.outcome for entry in (await store.audit.query())[0]]


async def test_a_retry_and_a_cancel_are_noted_with_what_they_do(
    context: RuntimeContext, store: SqliteStore, queued: JobId
) -> None:
    answer = await retry_job(context, queued, ANNA)
    assert [(row.job_id, row.attempts) for row in answer.items] == [(queued, 0)]
    await cancel_job(context, queued, ANNA)
    assert await store.jobs.get(queued) is None
    assert await outcomes(store) == ["cancel", "retry"]


async def test_what_cannot_be_noted_is_not_done(
    context: RuntimeContext, store: SqliteStore, queued: JobId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(AuditWriter, "append_many", full)
    before = await store.jobs.get(queued)
    for act in (retry_job, cancel_job):
        with pytest.raises(OSError, match="no space"):
            await act(context, queued, ANNA)
    assert await store.jobs.get(queued) == before


async def test_a_job_whose_process_has_ended_is_told_as_such_and_counts_as_queued(
    context: RuntimeContext, tmp_path: Path, store: SqliteStore, queued: JobId
) -> None:
    async with SqliteStore.open(tmp_path / "state") as other:
        (claimed,) = await EmbeddedEngine(other, utc_now).claim([JobKind.READ], limit=1, time_limit=timedelta(hours=1))
        engine = EmbeddedEngine(store, utc_now)
        (row,) = (await list_jobs(context, state=None, limit=5)).items
        assert (row.state, row.reason) == ("running", "due")
        assert await standing_counts(engine) == {(JobKind.READ, JobState.RUNNING): 1}
    assert claimed.id == queued
    (row,) = (await list_jobs(context, state=None, limit=5)).items
    assert row.reason == "due; its process has ended, so it waits to be done anew"
    assert await standing_counts(engine) == {(JobKind.READ, JobState.QUEUED): 1}


async def test_only_what_nobody_is_at_and_was_not_asked_for_anew_is_settled(store: SqliteStore) -> None:
    engine = EmbeddedEngine(store, utc_now)

    async def settle(*jobs: tuple[int, str]) -> set[str]:
        await store.write(lambda tx: tx.jobs.settle(jobs))
        return {job.subject for job in await engine.queue()}

    ids = await engine.submit([NewJob(JobKind.WRITE, subject, 10, "new", token="1") for subject in "ABC"])
    (running,) = await engine.claim([JobKind.WRITE], limit=1, time_limit=timedelta(hours=1))
    await engine.submit([NewJob(JobKind.WRITE, "B", 10, "newer", token="2")])
    assert await settle(*((job, "1") for job in ids if job is not None)) == {running.subject, "B"}
