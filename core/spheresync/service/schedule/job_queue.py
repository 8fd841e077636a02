"""The scheduler's queue as people see it: what waits, runs or was set aside, and what they may do about a job."""

from __future__ import annotations

from spheresync.answers import QueueAnswer, QueuedJob
from spheresync.errors import UsageError
from spheresync.jobs.port import (
    Job,
    JobId,
    JobsWithin,
    NewJob,
)
from spheresync.model import (
    JobState,
    JsonValue,
    Principal,
    isoformat,
)
from spheresync.runtime.context import RuntimeContext
from spheresync.service import answer_rows
from spheresync.service.cursors import page_size
from spheresync.state.port import Tx
from spheresync.state.records import AuditAction, AuditEvent, AuditOutcome

_LOST = "its process has ended, so it waits to be done anew"
"""Of a job that is still noted as running."""


async def list_jobs(context: RuntimeContext, *, state: str | None, limit: int) -> QueueAnswer:
    """Jobs in the order in which they are done; those that were set aside come last.

    Raises:
        UsageError: there is no such state; the text names those there are.
    """
    wanted, size = _state(state), page_size(limit)
    counts = await context.jobs.counts()
    total = sum(count for (_, each), count in counts.items() if wanted in {None, each})
    jobs = await context.jobs.queue(state=wanted, limit=size)
    lost = await context.jobs.lost()
    return QueueAnswer(items=[_row(job, lost=job.id in lost) for job in jobs], total=total)


async def cancel_job(context: RuntimeContext, job_id: int, principal: Principal) -> QueueAnswer:
    """End a job: one that runs is given up by its worker within seconds, any other is gone at once.

    Raises:
        UsageError: there is no such job.
    """

    async def cancel(tx: Tx) -> Job:
        queue = context.jobs.within(tx)
        job = await _job(queue, job_id)
        await queue.cancel(job.id)
        await tx.audit.append_many([_event(job, AuditOutcome.CANCEL, principal)])
        return job

    job = await context.store.write(cancel)
    gone = "It is being given up." if job.state is JobState.RUNNING else "It is gone."
    return QueueAnswer(items=[_row(job)], total=1, note=f"{gone} What it was about is looked at again in its turn.")


async def retry_job(context: RuntimeContext, job_id: int, principal: Principal) -> QueueAnswer:
    """Have a job that was set aside, or that waits after a failure, done now.

    Raises:
        UsageError: there is no such job.
    """

    async def retry(tx: Tx) -> Job:
        queue = context.jobs.within(tx)
        job = await _job(queue, job_id)
        again = NewJob(
            job.kind, job.subject, job.priority, "a person asked for it", job.token, by_person=True, key=job.key
        )
        await queue.submit([again])
        await tx.audit.append_many([_event(job, AuditOutcome.RETRY, principal)])
        return await _job(queue, job_id)

    job = await context.store.write(retry)
    if job.state is JobState.RUNNING:
        return QueueAnswer(items=[_row(job)], total=1, note="It runs just now, and is done once more after that.")
    return QueueAnswer(items=[_row(job)], total=1, note="It is done next, by the process that keeps the schedule.")


async def _job(queue: JobsWithin, job_id: int) -> Job:
    found = await queue.get(JobId(job_id))
    if found is None:
        remedy = "`spheresync schedule jobs` lists those there are; one that is done is gone."
        raise UsageError(f"there is no job {job_id} in the queue.", remedy=remedy)
    return found


def _event(job: Job, outcome: AuditOutcome, principal: Principal) -> AuditEvent:
    detail: dict[str, JsonValue] = {"job": int(job.id), "kind": job.kind, "subject": job.about}
    return AuditEvent(principal, AuditAction.SCHEDULE, None, None, None, outcome, detail)


def _row(job: Job, *, lost: bool = False) -> QueuedJob:
    return QueuedJob(
        job_id=int(job.id),
        state=job.state,
        kind=job.kind,
        subject=job.about,
        reason=f"{job.reason}; {_LOST}" if lost else job.reason,
        not_before=isoformat(job.not_before),
        attempts=job.attempts,
        problem=None if job.problem is None else answer_rows.finding(job.problem),
    )


def _state(name: str | None) -> JobState | None:
    if name is not None and name not in set(JobState):
        raise UsageError(f"a job is never {name!r}.", remedy=f"States: {', '.join(JobState)}.")
    return None if name is None else JobState(name)
