"""Jobs that were set aside because nobody was signed in."""

from __future__ import annotations

from spheresync.errors import SourceFault
from spheresync.jobs.port import NewJob
from spheresync.model import JobState
from spheresync.runtime.context import RuntimeContext

_MOST = 100_000
_REASON = "somebody signed in"


async def retry_unauthorized_jobs(context: RuntimeContext) -> None:
    """Have them done now, by whoever keeps the schedule: the next turn of their tier may be a day away."""
    refused = [
        job
        for job in await context.jobs.queue(state=JobState.DEAD, limit=_MOST)
        if job.problem is not None and job.problem.code == SourceFault.UNAUTHORIZED
    ]
    again = [
        NewJob(job.kind, job.subject, job.priority, _REASON, job.token, by_person=True, key=job.key) for job in refused
    ]
    if again:
        await context.jobs.submit(again)
