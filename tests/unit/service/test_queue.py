"""What a person does about a job stands in the log if, and only if, it was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from spheresync.model import Principal, utc_now
from spheresync.schedule.embedded import EmbeddedEngine
from spheresync.schedule.engine import JobId, JobKind, NewJob
from spheresync.service.queue import cancel_job, retry_job
from spheresync.state.audit import AuditWriter
from spheresync.state.store import Store

if TYPE_CHECKING:
    from spheresync.run.workshop import Workshop

pytestmark = pytest.mark.anyio
ANNA = Principal("user", "anna", frozenset({"admin"}))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def workshop(store: Store) -> Workshop:
    return cast("Workshop", SimpleNamespace(store=store, clock=utc_now))


@pytest.fixture
async def queued(store: Store) -> JobId:
    (job,) = await EmbeddedEngine(store, utc_now).submit([NewJob(JobKind.READ, "S/A", 10, "due", token="1")])
    assert job is not None
    return job


async def outcomes(store: Store) -> list[str]:
    return [entry.outcome for entry in (await store.audit.query())[0]]


async def test_a_retry_and_a_cancel_are_noted_with_what_they_do(
    workshop: Workshop, store: Store, queued: JobId
) -> None:
    answer = await retry_job(workshop, queued, ANNA)
    assert [(row.job_id, row.attempts) for row in answer.items] == [(queued, 0)]
    await cancel_job(workshop, queued, ANNA)
    assert await store.jobs.get(queued) is None
    assert await outcomes(store) == ["cancel", "retry"]


async def test_what_cannot_be_noted_is_not_done(
    workshop: Workshop, store: Store, queued: JobId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(AuditWriter, "append_many", full)
    before = await store.jobs.get(queued)
    for act in (retry_job, cancel_job):
        with pytest.raises(OSError, match="no space"):
            await act(workshop, queued, ANNA)
    assert await store.jobs.get(queued) == before
