"""Jobs that nothing asks for any more: a person, a command or Datasphere itself has seen to what they are about."""

from __future__ import annotations

from spheresync.jobs.port import Job, JobEngine
from spheresync.model import JobKind, JobState
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.runtime.context import RuntimeContext
from spheresync.schedule.pending_work import work_of
from spheresync.schedule.reading_jobs import REMOVALS, removals

ALL = -1
"""As SQLite spells it."""
AT_MOST = 200
"""Jobs looked at in one go; the rest has its turn after the next listing."""


async def forget_settled(context: RuntimeContext, engine: JobEngine) -> None:
    """Take out jobs that were set aside and that nothing asks for any more."""
    for job in await engine.queue(state=JobState.DEAD, limit=AT_MOST):
        try:
            if await _is_settled(context, job):
                await engine.cancel(job.id)
        except Exception as error:  # noqa: BLE001 -- isolates this job: it stays set aside
            product_error(error, f"job {job.kind} {job.about}".strip())


async def forget_written(context: RuntimeContext, engine: JobEngine) -> None:
    """Take out jobs to write whose work a run of somebody else has done, and that no living worker is at."""
    jobs = [job for job in await engine.queue(kind=JobKind.WRITE, limit=ALL) if job.state is not JobState.DEAD]
    if not jobs:
        return
    records = await context.store.catalog.some({job.asset for job in jobs if job.asset is not None})
    wanted = {
        (asset, key)
        for key in {job.key for job in jobs}
        for asset, work in (await work_of(context, records, key)).items()
        if work is AssetWork.DESIGN
    }
    going = any(job.asset is None for job in jobs) and bool(await removals(context))
    done = [job for job in jobs if (not going if job.asset is None else (job.asset, job.key) not in wanted)]
    await engine.settle(done)


async def _is_settled(context: RuntimeContext, job: Job) -> bool:
    if job.kind is JobKind.WRITE and job.subject == REMOVALS:
        return not await removals(context)
    asset = job.asset
    if asset is None:
        return False
    record = await context.store.catalog.asset(asset)
    if record is None or record.misses or not record.included:
        return True
    if job.kind is JobKind.READ:
        return record.problem is None
    return (await work_of(context, [record], job.key)).get(record.id) is not AssetWork.DESIGN
