"""The part of the service that steers what is synced by itself: tiers, and the queue of jobs."""

from __future__ import annotations

from typing import Literal

from spheresync.answers import QueueAnswer, ScheduleAnswer
from spheresync.model import Principal
from spheresync.service import queue, scheduling
from spheresync.service.authority import Permission, authorize
from spheresync.service.reading import Reading


class Steering(Reading):
    """Shows and steers the schedule, whichever process keeps it."""

    async def schedule(self) -> ScheduleAnswer:
        return await scheduling.show(self._context)

    async def manage_schedule(self, tier: str, action: str, principal: Principal) -> ScheduleAnswer:
        """Pause, resume or run a tier now.

        Raises:
            UsageError: there is no such tier or action.
        """
        authorize(principal, Permission.ADMINISTER)
        return await scheduling.manage(self._context, tier, action, principal)

    async def list_jobs(self, *, state: str | None = None, limit: int = 50) -> QueueAnswer:
        """The scheduler's queue, in the order in which it is worked off."""
        return await queue.list_jobs(self._context, state=state, limit=limit)

    async def manage_job(self, job_id: int, action: Literal["cancel", "retry"], principal: Principal) -> QueueAnswer:
        """End a job of the queue, or have it done now.

        Raises:
            UsageError: there is no such job.
        """
        authorize(principal, Permission.ADMINISTER)
        act = queue.cancel_job if action == "cancel" else queue.retry_job
        return await act(self._context, job_id, principal)
