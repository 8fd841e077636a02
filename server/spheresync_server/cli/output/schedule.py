"""Say the schedule and the state of the installation to people."""

from __future__ import annotations

from collections.abc import Iterable

from spheresync.answers import (
    QueueAnswer,
    ScheduleAnswer,
    SchedulerState,
    SchedulerStatus,
    SyncStatus,
    TierStatus,
)
from spheresync.model import counted
from spheresync_server.answer_summaries import installation_line
from spheresync_server.cli.output.engine_texts import moment
from spheresync_server.cli.output.tables import say, table
from spheresync_server.cli.output.usage_line import usage_line
from spheresync_server.untrusted import clean_line, visible

_STATES = {"dead": "set aside"}
_JOBS = {
    "list": ("listing", "listings"),
    "read": ("definition to read", "definitions to read"),
    "write": ("asset to write", "assets to write"),
    "sweep": ("look for drift", "looks for drift"),
}


def show_schedule(answer: ScheduleAnswer) -> None:
    """Tiers, who keeps the schedule, and what waits."""
    _tiers(answer.tiers)
    if answer.scheduler.state is not SchedulerState.OFF or not answer.note:
        _scheduler(answer.scheduler)
    if answer.note:
        say(answer.note)


def show_status(status: SyncStatus) -> None:
    """Which installation it is, its health in a sentence, then what that rests on."""
    say(installation_line(status))
    say(f"{status.health}: {clean_line(status.summary, longest=1_000)}")
    for problem in (*status.problems, *status.notes):
        say(f"  {clean_line(problem.subject)}: {clean_line(problem.message, longest=1_000)}")
        if problem.remedy:
            say(f"    {clean_line(problem.remedy, longest=1_000)}")
    table(("Status", "Assets"), status.assets.items())
    _tiers(status.tiers)
    _scheduler(status.scheduler)
    if status.queue:
        are = "is" if len(status.queue) == 1 else "are"
        say(f"{counted(len(status.queue), 'run')} {are} queued or running: spheresync runs")
    if status.ledger_since is not None:
        say(f"Since {status.ledger_since}: {usage_line(status.ledger) or 'nothing was used.'}")


def show_jobs(answer: QueueAnswer, state: str | None = None) -> None:
    """Jobs of the queue, of one state or all, and why some of them were set aside."""
    if not answer.items and state is not None:
        say(f"No job of the queue is {_STATES.get(state, state)}.")
        return
    if not answer.items:
        say("The queue is empty: what is due is asked for when its turn comes.")
        return
    table(
        ("Job", "State", "Kind", "Subject", "Not before (UTC)", "Attempts", "Reason"),
        (
            (
                job.job_id, _STATES.get(job.state, job.state), job.kind, visible(job.subject) or None,
                _moment(job.not_before), job.attempts, job.reason,
            )
            for job in answer.items
        ),
    )  # fmt: skip
    for job in answer.items:
        if job.problem is not None:
            say(clean_line(f"Job {job.job_id}: {job.problem.message} {job.problem.remedy}", longest=1_000))
    say(answer.note or f"{len(answer.items)} of {answer.total}.")


def _tiers(tiers: Iterable[TierStatus]) -> None:
    heads = ("Tier", "Assets", "Every", "Window", "Next (UTC)", "Freshness", "Late")
    table(
        heads,
        (
            (
                tier.tier, tier.assets, tier.interval, tier.window,
                "paused" if tier.paused else _moment(tier.next_run), tier.freshness, tier.late or None,
            )
            for tier in tiers
        ),
    )  # fmt: skip


def _scheduler(scheduler: SchedulerStatus) -> None:
    if scheduler.state is SchedulerState.OFF:
        say("Nothing is synced by itself: no server keeps the schedule now.")
    elif scheduler.state is SchedulerState.WAITING and scheduler.change_set_id is not None:
        say(
            "The scheduler waits for a person to review and apply a change set: "
            f"spheresync apply {scheduler.change_set_id}"
        )
    elif scheduler.state is SchedulerState.WAITING:
        say("The scheduler reads Datasphere, and will save a change set for a person to review.")
    waiting = [
        counted(count, *names) for kind, names in _JOBS.items() if (count := scheduler.jobs.get(f"{kind}_queued", 0))
    ]
    if waiting:
        say(f"Queued: {', '.join(waiting)}.")
    for job in scheduler.set_aside:
        reason = job.problem.message if job.problem is not None else "no reason noted"
        say(
            clean_line(
                f"Set aside: {job.kind} {job.subject} after {counted(job.attempts, 'attempt')}: {reason}", longest=1_000
            )
        )


def _moment(at: str | None) -> str | None:
    return at if at is None else moment(at)
