"""Numbers that no process ever gives out are damage: they keep nobody from anything, and are told as what they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spheresync.errors import StateError
from spheresync.model import (
    JobKind,
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
)
from spheresync.state.records import JobRequest, RunRecord
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.copies import damages_of
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio
LAST = 2**63 - 1
AT = "2026-11-24T08:00:00.000000Z"
SOMEBODY = Principal(PrincipalKind.USER, "anna", frozenset({"admin"}))


def alter(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
        assert file.execute(statement, values).rowcount == 1


async def acquire(store: SqliteStore) -> int | None:
    async def work(tx: SqliteTx) -> int | None:
        return await tx.leases.acquire("scheduler", store.owner.id)

    return await store.write(work)


async def test_a_fence_at_its_end_keeps_nobody_from_a_lease(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path) as store:
        assert await acquire(store) == 1
        alter(tmp_path, "UPDATE leases SET fence = ?", LAST)
        assert any("lease scheduler" in each for each in await damages_of(tmp_path / FILE_NAME))
        fence = await acquire(store)
        assert fence is not None and await store.leases.is_held("scheduler", fence)
        assert await acquire(store) is None, "it is held"
        assert await damages_of(tmp_path / FILE_NAME) == ()


async def test_a_job_that_has_the_last_number_is_lost_and_the_next_ones_are_entered(tmp_path: Path) -> None:
    async def submit(store: SqliteStore, subject: str) -> None:
        job = JobRequest(JobKind.READ, subject, 5, "due", "t", AT, None, revive=False)
        await store.write(lambda tx: tx.jobs.submit([job]))

    async with SqliteStore.open(tmp_path) as store:
        await submit(store, "a")
        await submit(store, "b")
        alter(tmp_path, "UPDATE jobs SET id = ? WHERE subject = 'b'", LAST)
        assert any("job" in each for each in await damages_of(tmp_path / FILE_NAME))
        assert [job.subject for job in await store.jobs.queue(None, None, 9)] == ["a"]
        alter(tmp_path, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'jobs'", LAST)
        with pytest.raises(StateError) as caught:
            await submit(store, "c")
        assert "no number left for jobs" in caught.value.message and "disk" not in caught.value.message
        await submit(store, "c")
        assert [job.subject for job in await store.jobs.queue(None, None, 9)] == ["a", "c"]
        assert await damages_of(tmp_path / FILE_NAME) == ()


async def test_history_keeps_its_rows_under_the_next_numbers(tmp_path: Path) -> None:
    async def create(store: SqliteStore, name: str) -> None:
        run = RunRecord.queued(RunId(name), RunKind.SYNC, b"{}", SOMEBODY, owner=store.owner.id, at=AT)
        await store.write(lambda tx: tx.runs.create(run))

    async with SqliteStore.open(tmp_path) as store:
        await create(store, "run_1")
        await create(store, "run_2")
        alter(tmp_path, "UPDATE runs SET seq = ? WHERE id = 'run_2'", LAST)
        alter(tmp_path, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'runs'", LAST)
        with pytest.raises(StateError, match="no number left for runs"):
            await create(store, "run_3")
        await create(store, "run_3")
        runs, _ = await store.runs.page()
        assert [run.id for run in runs] == ["run_3", "run_2", "run_1"]
