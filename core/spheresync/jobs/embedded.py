"""The job engine on the embedded state: one SQLite file that several processes share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from spheresync.jobs.port import (
    PATIENT,
    Job,
    JobId,
    NewJob,
)
from spheresync.jobs.retries import (
    ATTEMPTS,
    LONGEST_WAIT,
    MOST_COUNTED,
    MOST_PATIENT,
    Remedy,
    remedy_for,
    share_of_subject,
    wait_before,
    wait_together,
)
from spheresync.model import (
    DestinationName,
    JobKind,
    JobState,
    Problem,
    TargetKey,
    TargetName,
    isoformat,
)
from spheresync.state.port import Store, Tx
from spheresync.state.records import JobRequest, JobRow


class EmbeddedEngine:
    """Keeps the promises of `JobEngine` (there said) over one open store; claims belong to the store's process."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def within(self, tx: Tx) -> EmbeddedJobsWithin:
        return EmbeddedJobsWithin(tx, self._clock)

    async def submit(self, jobs: Sequence[NewJob]) -> list[JobId | None]:
        return await self._store.write(lambda tx: self.within(tx).submit(jobs)) if jobs else []

    async def claim(
        self,
        kinds: Sequence[JobKind],
        *,
        limit: int,
        time_limit: timedelta,
        but_for: Collection[TargetKey | None] = (),
    ) -> list[Job]:
        async def claim(tx: Tx) -> list[JobRow]:
            return await tx.jobs.claim(kinds, self._store.owner_id, limit=limit, time_limit=time_limit, but_for=but_for)

        return [_job_of(row) for row in await self._store.write(claim)]

    async def beat(self, jobs: Sequence[Job]) -> frozenset[JobId]:
        async def beat(tx: Tx) -> list[int]:
            return await tx.jobs.beat(_claims(jobs))

        return frozenset(JobId(job_id) for job_id in await self._store.write(beat)) if jobs else frozenset()

    async def finish(self, jobs: Sequence[Job]) -> None:
        async def finish(tx: Tx) -> None:
            await tx.jobs.finish(_claims(jobs))

        if jobs:
            await self._store.write(finish)

    async def fail(self, job: Job, problem: Problem) -> JobState | None:
        remedy, attempts = remedy_for(problem.code, of_write=job.kind in PATIENT), job.attempts + 1
        for_ever = {Remedy.ROOM: MOST_COUNTED, Remedy.PATIENCE: MOST_PATIENT}
        tries_again = remedy in for_ever or (remedy is Remedy.TIME and attempts < ATTEMPTS)
        if remedy is Remedy.PATIENCE:
            not_before = isoformat(wait_together(attempts, self._clock()))
        else:
            wait = wait_before(attempts, share_of_subject(f"{job.subject}#{attempts}"))
            not_before = isoformat(self._clock() + wait)

        async def fail(tx: Tx) -> bool:
            if tries_again:
                counted = min(attempts, for_ever.get(remedy, attempts))
                return await tx.jobs.put_back(
                    job.id, job.fence, not_before=not_before, attempts=counted, problem=problem
                )
            return await tx.jobs.set_aside(job.id, job.fence, problem)

        if not await self._store.write(fail):
            return None
        return JobState.QUEUED if tries_again else JobState.DEAD

    async def cancel(self, job_id: JobId) -> bool:
        return await self._store.write(lambda tx: self.within(tx).cancel(job_id))

    async def shorten_waits(self) -> None:
        latest = isoformat(self._clock() + LONGEST_WAIT)

        async def shorten(tx: Tx) -> None:
            await tx.jobs.shorten_waits(latest)

        if await self._store.jobs.wait_beyond(latest):
            await self._store.write(shorten)

    async def next_at(self, kinds: Sequence[JobKind], *, but_for: Collection[TargetKey | None] = ()) -> datetime | None:
        at = await self._store.jobs.next_at(kinds, but_for=but_for)
        try:
            return None if at is None else datetime.fromisoformat(at)
        except ValueError:
            return self._clock()  # a damaged row: whoever claims sets it aside

    async def queue(self, *, kind: JobKind | None = None, state: JobState | None = None, limit: int = 50) -> list[Job]:
        return [_job_of(row) for row in await self._store.jobs.queue(kind, state, limit)]

    async def get(self, job_id: JobId) -> Job | None:
        row = await self._store.jobs.get(job_id)
        return None if row is None else _job_of(row)

    async def settle(self, jobs: Sequence[Job]) -> None:
        async def settle(tx: Tx) -> None:
            await tx.jobs.settle([(job.id, job.token) for job in jobs])

        if jobs:
            await self._store.write(settle)

    async def lost(self) -> frozenset[JobId]:
        return frozenset(JobId(job_id) for job_id in await self._store.jobs.lost())

    async def counts(self) -> dict[tuple[JobKind, JobState], int]:
        return await self._store.jobs.counts()


class EmbeddedJobsWithin:
    """Keeps the promises of `JobsWithin` (there said) in one unit of work of the store."""

    def __init__(self, tx: Tx, clock: Callable[[], datetime]) -> None:
        self._tx = tx
        self._clock = clock

    async def submit(self, jobs: Sequence[NewJob]) -> list[JobId | None]:
        ids = await self._tx.jobs.submit([_request_of(job, self._clock()) for job in jobs])
        return [None if job_id is None else JobId(job_id) for job_id in ids]

    async def get(self, job_id: JobId) -> Job | None:
        row = await self._tx.jobs.get(job_id)
        return None if row is None else _job_of(row)

    async def cancel(self, job_id: JobId) -> bool:
        return await self._tx.jobs.cancel(job_id)


def _request_of(job: NewJob, now: datetime) -> JobRequest:
    """A job as the rows of the state have it."""
    return JobRequest(
        kind=job.kind,
        subject=job.subject,
        priority=job.priority,
        reason=job.reason,
        token=job.token,
        not_before=isoformat(job.not_before or now),
        needs=job.needs,
        revive=job.revive or job.by_person,
        by_person=job.by_person,
        target=None if job.key is None else job.key.target,
        destination=None if job.key is None else job.key.destination,
    )


def _key_of(row: JobRow) -> TargetKey | None:
    if row.target is None or row.destination is None:
        return None
    return TargetKey(TargetName(row.target), DestinationName(row.destination))


def _claims(jobs: Sequence[Job]) -> list[tuple[int, int]]:
    return [(job.id, job.fence) for job in jobs]


def _job_of(row: JobRow) -> Job:
    return Job(
        id=JobId(row.id),
        kind=row.kind,
        subject=row.subject,
        priority=row.priority,
        reason=row.reason,
        token=row.token,
        state=row.state,
        not_before=datetime.fromisoformat(row.not_before),
        attempts=row.attempts,
        fence=row.fence,
        owner=row.owner,
        started_at=None if row.started_at is None else datetime.fromisoformat(row.started_at),
        cancel_requested=row.cancel_requested,
        problem=row.problem,
        created_at=datetime.fromisoformat(row.created_at),
        key=_key_of(row),
    )
