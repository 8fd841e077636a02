"""The schedule: tiers and the job queue, whichever process keeps it."""

from __future__ import annotations

from spheresync.answers import QueueAnswer, ScheduleAnswer
from spheresync.model import JobAction, Principal
from spheresync.runtime.context import RuntimeContext
from spheresync.service.authority import Permission, authorize
from spheresync.service.schedule import job_queue, tiers


class Schedule:
    """Shows and changes what is synced when."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context

    async def show_schedule(self, principal: Principal) -> ScheduleAnswer:
        authorize(principal, Permission.READ)
        return await tiers.show(self._context)

    async def manage_schedule(self, tier: str, action: str, principal: Principal) -> ScheduleAnswer:
        """Pause, resume or run a tier now.

        Raises:
            UsageError: there is no such tier or action.
        """
        authorize(principal, Permission.ADMINISTER)
        return await tiers.manage(self._context, tier, action, principal)

    async def list_jobs(self, principal: Principal, *, state: str | None = None, limit: int = 50) -> QueueAnswer:
        """The scheduler's queue, in the order in which it is worked off."""
        authorize(principal, Permission.READ)
        return await job_queue.list_jobs(self._context, state=state, limit=limit)

    async def manage_job(self, job_id: int, action: JobAction, principal: Principal) -> QueueAnswer:
        """End a job of the queue, or have it done now.

        Raises:
            UsageError: there is no such job.
        """
        authorize(principal, Permission.ADMINISTER)
        act = job_queue.cancel_job if action is JobAction.CANCEL else job_queue.retry_job
        return await act(self._context, job_id, principal)
