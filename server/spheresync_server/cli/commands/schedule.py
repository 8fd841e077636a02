"""The commands around the schedule and its queue: schedule show, pause, resume, run-now, jobs, cancel, retry."""

from __future__ import annotations

from typing import Annotated

import typer

from spheresync.answers import QueueAnswer, ScheduleAnswer
from spheresync.model import JobAction
from spheresync.model.principals import CallerRole
from spheresync_server.cli.global_options import invocation_of
from spheresync_server.cli.service_command import ServiceSession, ask_service
from spheresync_server.scope_arguments import LARGEST_PAGE

Tier = Annotated[str, typer.Argument(metavar="TIER", help="critical, high or medium.")]
JobNumber = Annotated[
    int, typer.Argument(metavar="JOB", min=1, max=2**63 - 1, help="The number of a job, as `jobs` shows it.")
]


def show(context: typer.Context) -> int:
    """Show tiers, when each is due, and who keeps the schedule."""
    from spheresync_server.cli.output.schedule import show_schedule

    async def ask(session: ServiceSession) -> ScheduleAnswer:
        return await session.service.schedule.show_schedule(session.principal)

    return ask_service(invocation_of(context), ask, show_schedule)


def pause(context: typer.Context, tier: Tier) -> int:
    """Read and write nothing of a tier by itself until it is resumed."""
    return _manage(context, tier, "pause")


def resume(context: typer.Context, tier: Tier) -> int:
    """Let a paused tier go on; what is overdue is done once."""
    return _manage(context, tier, "resume")


def run_now(context: typer.Context, tier: Tier) -> int:
    """Have the assets of a tier read at once, and written where they changed."""
    return _manage(context, tier, "run_now")


def _manage(context: typer.Context, tier: str, action: str) -> int:
    from spheresync_server.cli.output.schedule import show_schedule

    async def ask(session: ServiceSession) -> ScheduleAnswer:
        return await session.service.schedule.manage_schedule(tier, action, session.principal)

    what = f"spheresync schedule {action.replace('_', '-')}"
    return ask_service(invocation_of(context), ask, show_schedule, needs=CallerRole.ADMIN, what=what)


def jobs(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", help="Only queued, running or dead ones (dead: set aside).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="Jobs to show.")] = 50,
) -> int:
    """Show the scheduler's queue, in the order in which it is worked off."""
    from spheresync_server.cli.output.schedule import show_jobs

    async def ask(session: ServiceSession) -> QueueAnswer:
        return await session.service.schedule.list_jobs(session.principal, state=state, limit=limit)

    return ask_service(invocation_of(context), ask, lambda answer: show_jobs(answer, state))


def cancel(context: typer.Context, job: JobNumber) -> int:
    """End a job of the queue, also one that runs in another process; its turn comes again."""
    return _manage_job(context, job, JobAction.CANCEL)


def retry(context: typer.Context, job: JobNumber) -> int:
    """Have a job done now that was set aside, or that waits after a failure."""
    return _manage_job(context, job, JobAction.RETRY)


def _manage_job(context: typer.Context, job: int, action: JobAction) -> int:
    from spheresync_server.cli.output.schedule import show_jobs

    async def ask(session: ServiceSession) -> QueueAnswer:
        return await session.service.schedule.manage_job(job, action, session.principal)

    what = f"spheresync schedule {action}"
    return ask_service(invocation_of(context), ask, show_jobs, needs=CallerRole.ADMIN, what=what)
