"""Show the schedule; pause and resume tiers, and have them read now. Which tier an asset has says `mapping.rules`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from spheresync.answers import (
    JobRow,
    ScheduleAnswer,
    SchedulerState,
    SchedulerStatus,
    TierStatus,
)
from spheresync.config import Settings, TierSettings
from spheresync.config.durations import format_duration
from spheresync.errors import UsageError
from spheresync.jobs.port import (
    JobEngine,
    JobsWithin,
    NewJob,
    subject_of,
)
from spheresync.model import (
    AssetId,
    JobKind,
    JobState,
    Principal,
    ScheduleAction,
    Tier,
    counted,
    isoformat,
)
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.paused_tiers import paused_since, set_paused
from spheresync.schedule.control import LEASE, LISTED, may_write
from spheresync.schedule.due import Window
from spheresync.schedule.due_jobs import LIST_RANK, TENANT
from spheresync.schedule.proposed_plans import proposed
from spheresync.schedule.reading_jobs import RANKS
from spheresync.service import answer_rows
from spheresync.service.audit_rows import audit_row
from spheresync.state.port import Tx
from spheresync.state.records import AuditAction, AuditEvent, AuditFilter, AuditOutcome

SHOWN = 5
_PAUSES = 50
OVERDUE = 4
"""Intervals after which an asset of a tier without an objective counts as overdue, as for the scheduler's choice."""


async def manage(context: RuntimeContext, tier_name: str, action_name: str, principal: Principal) -> ScheduleAnswer:
    """Pause a tier, let it go on, or have it read now.

    Raises:
        UsageError: there is no such tier or action; the text names those there are.
    """
    tier, action = _tier(tier_name, context.settings), _action(action_name)
    now = context.clock()
    event = AuditEvent(principal, AuditAction.SCHEDULE, None, None, None, AuditOutcome(action), {"tier": tier})

    paused = await paused_since(context.store)
    already = action in {ScheduleAction.PAUSE, ScheduleAction.RESUME} and (tier in paused) == (
        action is ScheduleAction.PAUSE
    )
    watched = await context.store.schedule.watched() if action is ScheduleAction.RUN_NOW else []
    rows = [row for row in watched if row.tier is tier]
    assets = [row.asset for row in rows]

    async def act(tx: Tx) -> None:
        if action is ScheduleAction.RUN_NOW:
            await _run_now(context.jobs.within(tx), tier, assets, now)
        elif not already:
            await set_paused(tx, tier, now if action is ScheduleAction.PAUSE else None)
        await tx.audit.append_many([event])

    await context.store.write(act)
    asked = _Asked(len(rows), sum(not row.kind.holds_data for row in rows))
    status, sizes = await scheduler_status(context), await _sizes(context)
    return ScheduleAnswer(
        tiers=await tier_statuses(context, sizes),
        scheduler=status,
        note=_note(tier, action, asked, status, already=already, holds_none=not sizes.get(tier), paused=tier in paused),
    )


async def show(context: RuntimeContext) -> ScheduleAnswer:
    """The schedule as it is."""
    status = await scheduler_status(context)
    note = "" if status.state is not SchedulerState.OFF else "No process keeps this schedule now."
    return ScheduleAnswer(tiers=await tier_statuses(context, await _sizes(context)), scheduler=status, note=note)


def late_since(settings: Settings, now: datetime) -> tuple[tuple[Tier, str], ...]:
    """Since when an asset of each tier must not have been unread, or it is late, or overdue where nobody set a goal."""
    return tuple((tier, isoformat(now - _allowed_age(settings.tiers.of(tier)))) for tier in Tier)


def _allowed_age(tier: TierSettings) -> timedelta:
    return tier.freshness or _overdue_after(tier)


async def tier_statuses(context: RuntimeContext, sizes: dict[str, int]) -> list[TierStatus]:
    """Each tier: how many assets, how often, when next, how fresh."""
    store, settings, now = context.store, context.settings, context.clock()
    paused, planned = await paused_since(store), await store.schedule.next_due()
    kept = await store.leases.holder(LEASE) is not None
    pausers = await _pausers(context) if paused else {}
    statuses = []
    for tier in Tier:
        wanted = settings.tiers.of(tier)
        objective = wanted.freshness
        unseen = await store.schedule.unseen_since(tier, isoformat(now - _allowed_age(wanted)))
        statuses.append(
            TierStatus(
                tier=tier,
                assets=sizes.get(tier, 0),
                interval=format_duration(wanted.interval),
                next_run=(planned.get(tier) or isoformat(now))
                if kept and tier in planned and tier not in paused
                else None,
                paused=tier in paused,
                window=None if wanted.window is None else f"{wanted.window} {wanted.timezone}",
                freshness=None if objective is None else format_duration(objective),
                oldest=await store.schedule.stalest(tier),
                late=0 if objective is None else unseen.assets,
                overdue=unseen.assets if objective is None else 0,
                unlisted=unseen.unlisted,
                unreadable=unseen.unreadable,
                paused_since=paused.get(tier),
                paused_by=pausers.get(tier) if tier in paused else None,
                last_read=await store.schedule.freshest(tier),
            )
        )
    return statuses


async def _pausers(context: RuntimeContext) -> dict[str, str]:
    """Who paused each tier last."""
    wanted = AuditFilter(actions=(AuditAction.SCHEDULE,), outcome=AuditOutcome.PAUSE)
    entries, _ = await context.store.audit.query(wanted, limit=_PAUSES)
    rows = [audit_row(entry, full=True) for entry in reversed(entries)]
    return {str((row.detail or {}).get("tier")): row.actor for row in rows}


def _overdue_after(tier: TierSettings) -> timedelta:
    """The age at which an asset of a tier without an objective is overdue; it waits for a window by people's will."""
    window = Window.of(tier)
    age: timedelta = OVERDUE * tier.interval
    return age if window is None else age + window.closed


async def scheduler_status(context: RuntimeContext) -> SchedulerStatus:
    """Whether somebody keeps the schedule, what is queued, and what was set aside."""
    store = context.store
    counts = await standing_counts(context.jobs)
    free = await may_write(store, context.settings)
    change_set_id = None if free else await proposed(store)
    running = await store.leases.holder(LEASE) is not None
    return SchedulerStatus(
        state=SchedulerState.OFF if not running else SchedulerState.RUNNING if free else SchedulerState.WAITING,
        change_set_id=change_set_id,
        listed_at=await store.meta.get(LISTED),
        jobs={f"{kind}_{state}": count for (kind, state), count in sorted(counts.items())},
        set_aside=[
            JobRow(
                kind=job.kind,
                subject=job.about,
                attempts=job.attempts,
                problem=None if job.problem is None else answer_rows.finding(job.problem),
            )
            for job in await context.jobs.queue(state=JobState.DEAD, limit=SHOWN)
        ],
    )


async def standing_counts(engine: JobEngine) -> Mapping[tuple[JobKind, JobState], int]:
    """How many jobs there are; one whose worker is gone waits to be done anew."""
    counts = Counter(await engine.counts())
    for job in await engine.lost():
        row = await engine.get(job)
        if row is not None and row.state is JobState.RUNNING:
            counts[row.kind, JobState.RUNNING] -= 1
            counts[row.kind, JobState.QUEUED] += 1
    return +counts


async def _run_now(queue: JobsWithin, tier: Tier, assets: Sequence[AssetId], now: datetime) -> None:
    """Ask for a listing, and after it for every definition of the tier."""
    token, reason = isoformat(now), "a person asked for it"
    listing = NewJob(JobKind.LIST, TENANT, LIST_RANK, reason, token, by_person=True)
    (listed,) = await queue.submit([listing])
    reads = [
        NewJob(JobKind.READ, subject_of(asset), RANKS[tier], reason, token, needs=listed, by_person=True)
        for asset in assets
    ]
    await queue.submit(reads)


async def _sizes(context: RuntimeContext) -> dict[str, int]:
    return answer_rows.tier_sizes(await context.store.catalog.counts())


@dataclass(frozen=True, slots=True)
class _Asked:
    """Assets that are to be read, and how many of them hold no data, which no tier counts."""

    assets: int
    only_read: int

    def of(self, tier: Tier) -> str:
        said = f"{counted(self.assets, 'asset')} of tier {tier}"
        return f"{said}, {self.only_read} of them flows that AWS holds nothing of," if self.only_read else said


_NOBODY = "No process keeps the schedule now: `spheresync serve --transport http` starts one that does."


_STAYS_PAUSED = (
    "The tier is paused and stays so: this once it is read and written all the same, then nothing of it until it is "
    "resumed."
)
_PAUSED_AND_EMPTY = "The tier is paused and stays so."
_NAMED_RUNS = "A pause stops the scheduler only: a run that somebody asks for writes assets of the tier all the same."


def _note(
    tier: Tier,
    action: ScheduleAction,
    asked: _Asked,
    status: SchedulerStatus,
    *,
    already: bool,
    holds_none: bool,
    paused: bool,
) -> str:
    if already:
        was = "paused already" if action is ScheduleAction.PAUSE else "not paused"
        return f"Tier {tier} was {was}: nothing has changed."
    said = {
        ScheduleAction.PAUSE: _paused(tier, holds_none=holds_none),
        ScheduleAction.RESUME: _goes_on(tier, holds_none=holds_none),
        ScheduleAction.RUN_NOW: _asked(tier, asked),
    }[action]
    stays = (_STAYS_PAUSED if asked.assets else _PAUSED_AND_EMPTY) if paused else ""
    if action is ScheduleAction.RUN_NOW:
        said = f"{said} {stays}".rstrip()
    if status.state is SchedulerState.OFF and action is ScheduleAction.RUN_NOW:
        return f"{_due_for_nobody(tier, asked)} {stays}".rstrip()
    if status.state is SchedulerState.OFF and action is ScheduleAction.RESUME:
        return f"Tier {tier} is resumed. {_NOBODY}"
    if status.state is SchedulerState.OFF:
        return f"{said} {_NOBODY}"
    if status.state is SchedulerState.WAITING:
        return f"{said} Nothing is written before a person has seen to the change set that waits for review."
    return said


def _paused(tier: Tier, *, holds_none: bool) -> str:
    none = " It holds no asset now, so this holds back nothing that is known." if holds_none else ""
    return f"Tier {tier} is paused: nothing of it is read or written by itself until it is resumed. {_NAMED_RUNS}{none}"


def _goes_on(tier: Tier, *, holds_none: bool) -> str:
    if holds_none:
        return f"Tier {tier} goes on. It holds no asset now, so nothing is done for it."
    return f"Tier {tier} goes on: what is overdue is done once, now."


def _asked(tier: Tier, asked: _Asked) -> str:
    """What was asked for; read it is by the process that keeps the schedule, in its turn."""
    if not asked.assets:
        return f"No asset is in tier {tier}, so nothing is read but the list of what there is."
    return f"{asked.of(tier)} {'is' if asked.assets == 1 else 'are'} read next; what changed is written."


def _due_for_nobody(tier: Tier, asked: _Asked) -> str:
    """What was asked for where no process keeps the schedule: it waits in the queue."""
    if not asked.assets:
        return (
            f"No asset is in tier {tier}. No process keeps the schedule now: the list of what there is is read once a "
            "server runs with the scheduler."
        )
    are, they = ("is", "it is") if asked.assets == 1 else ("are", "they are")
    return (
        f"{asked.of(tier)} {are} due now. No process keeps the schedule now, so nothing is "
        f"read yet: {they} read, and what changed is written, once a server runs with the scheduler. "
        f"`spheresync sync --tier {tier}` does it now."
    )


_RHYTHMS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}
"""Words by which people call a tier: by how often it is due."""


def _tier(name: str, settings: Settings) -> Tier:
    if name in set(Tier):
        return Tier(name)
    called = [tier for tier in Tier if settings.tiers.of(tier).interval == _RHYTHMS.get(name.casefold())]
    if len(called) == 1:
        return called[0]
    rhythms = ", ".join(format_duration(settings.tiers.of(tier).interval) for tier in Tier)
    raise UsageError(f"there is no tier {name!r}.", remedy=f"Tiers: {', '.join(Tier)} (every {rhythms}).")


def _action(name: str) -> ScheduleAction:
    if name not in set(ScheduleAction):
        raise UsageError(f"{name!r} is nothing to do about a tier.", remedy=f"Valid: {', '.join(ScheduleAction)}.")
    return ScheduleAction(name)
