"""How the installation is doing: health in one word and one sentence, tiers, runs, what was spent and saved."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from spheresync.answers import DriftStatus, Finding, SyncStatus
from spheresync.config import DeletionPolicy
from spheresync.errors import StateError
from spheresync.execution.required_approvals import unapproved_promotion
from spheresync.jobs.port import JobKind, JobState
from spheresync.model import AssetStatus, counted, first_of
from spheresync.observe.loop_health import LoopFailure
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.unspellable_names import unspellable_spaces
from spheresync.service import answer_rows
from spheresync.service.drift.not_compared import unseen_tables
from spheresync.service.health.freshness import freshness_of
from spheresync.service.health.health_level import health_of
from spheresync.service.health.open_problems import emptied_spaces, not_exposed, troubles_of
from spheresync.service.runs.stored_runs import listed_run
from spheresync.service.schedule.tiers import scheduler_status, tier_statuses
from spheresync.state.records import DriftStanding, LostRow, RunRecord, SpaceRecord
from spheresync.state.remedies import DAMAGED_ROWS_REMEDY, LOST_TABLES_REMEDY, TABLES_LOST, lost_tables_message

RECENT = 5
LOOP_FAILS = "loop_fails"
DAMAGED = "damaged_state"
_SHOWN = 3


async def sync_status(context: RuntimeContext, *, loops: Sequence[LoopFailure] = ()) -> SyncStatus:
    """Answer from the local state alone; `loops` are those of this process that fail and are repeated."""
    with suppress(StateError):  # a state that can be read and not written still answers
        await context.usage.record()
    store, settings = context.store, context.settings
    counts = await store.catalog.counts()
    runs, _ = await store.runs.page(limit=50)
    statuses = answer_rows.tally(counts, lambda each: each.status)
    tiers = await tier_statuses(context, answer_rows.tier_sizes(counts))
    scheduler = await scheduler_status(context)
    ended = [run for run in runs if run.state.ended]
    spaces = await store.catalog.spaces()
    read_at = max((space.listed_at for space in spaces if space.listed_at), default=None)
    reads_wait = f"{JobKind.READ}_{JobState.QUEUED}" in scheduler.jobs
    fresh = freshness_of(tiers, scheduler.state, read_at, context.clock(), reads_wait=reads_wait)
    unread = await store.catalog.unread()
    troubles = troubles_of(unread, await store.unwritten.groups())
    unread_in = {each.space for each in counts if each.status is AssetStatus.FAILED}
    causes = [each.told for each in troubles if each.told is not None]
    causes += [
        answer_rows.finding(each.problem) for each in spaces if each.problem is not None and each.name in unread_in
    ]
    never_read = [each.name for each in spaces if _never_read(each, context)]
    others = [each for each in spaces if each.name not in unread_in]
    problems = [answer_rows.finding(each.problem) for each in others if each.problem is not None]
    problems += emptied_spaces(counts, troubles)
    problems += map(_failing, loops)
    kept_out = await unspellable_spaces(store, context.mapping.may_hold)
    problems += [answer_rows.finding(space.problem) for space in kept_out]
    broken = context.settings_problem
    if broken is not None:
        problems.insert(0, answer_rows.finding(broken))
    problems += [*await _failed_listing(context), *fresh.problems, *_lost(store.lost_rows)]
    if (since := await store.meta.get(TABLES_LOST)) is not None:
        problems.append(
            Finding(subject="state", code=DAMAGED, message=lost_tables_message(since), remedy=LOST_TABLES_REMEDY)
        )
    waits = await unapproved_promotion(store, settings)
    if waits is not None:
        problems.append(answer_rows.finding(waits))
    if settings.approvals.of_deletes and settings.deletion.policy is DeletionPolicy.DELETE:
        problems += _retired(sum([await store.checkpoints.count_retired(key) for key in settings.target_keys]))
    drift = await store.drift.standing()
    problems += unseen_tables(drift)
    health, summary = health_of(statuses, ended, problems, drift, troubles=troubles, never_read=never_read)
    summary = f"{summary} {fresh.sentence}".strip()
    return SyncStatus.model_validate(
        {
            "health": health,
            "summary": summary,
            "environment": settings.env,
            "tenant": settings.tenant_host,
            "assets": statuses,
            "tiers": tiers,
            "queue": [await listed_run(store, run) for run in runs if not run.state.ended],
            "last_runs": [answer_rows.run_row(run) for run in ended[:RECENT]],
            "savings": _savings(ended),
            "problems": [*problems, *causes],
            "notes": [*fresh.notes, *not_exposed(unread)],
            "scheduler": scheduler,
            "ledger": await store.ledger.totals(),
            "ledger_since": await store.ledger.since(),
            "drift": _drift_status(drift),
        }
    )


def _drift_status(drift: DriftStanding) -> DriftStatus:
    look = drift.look
    return DriftStatus(
        drifted=drift.drifted,
        looked_at=drift.looked_at,
        compared=0 if look is None else look.compared,
        not_compared=0 if look is None else look.not_compared,
    )


def _never_read(space: SpaceRecord, context: RuntimeContext) -> bool:
    """Whether a space is there and in scope, and nobody has asked for its assets yet."""
    return space.present and not space.listed_at and space.problem is None and context.mapping.may_hold(space.name)


def _failing(loop: LoopFailure) -> Finding:
    times = "" if loop.times == 1 else f", {counted(loop.times, 'time')} in a row"
    message = f"the loop {loop.loop} failed{times}, and is tried again by itself: {loop.message}"
    return Finding(subject=loop.loop, code=LOOP_FAILS, message=message, remedy=loop.remedy)


def _lost(found: Sequence[LostRow]) -> list[Finding]:
    """Rows of the state that this process has met and could not read."""
    if not found:
        return []
    message = f"{counted(len(found), 'row')} of the state cannot be read: {first_of(found, _SHOWN, by='; ')}"
    return [Finding(subject="state", code=DAMAGED, message=message, remedy=DAMAGED_ROWS_REMEDY)]


async def _failed_listing(context: RuntimeContext) -> list[Finding]:
    """Why the scheduler's last look at what there is failed, until one succeeds."""
    listings = await context.jobs.queue(kind=JobKind.LIST, limit=1)
    return [answer_rows.finding(job.problem) for job in listings if job.problem is not None]


def _retired(count: int) -> list[Finding]:
    """Tables that the policy would delete, and that only a change set may which a second person has approved."""
    if not count:
        return []
    message = f"{counted(count, 'retired table')} may be deleted once a second person has approved it"
    remedy = "Make a preview, have somebody else approve that change set, then apply it."
    return [Finding(subject="deletes", code=DELETES_NOT_APPROVED, message=message, remedy=remedy)]


def _savings(ended: list[RunRecord]) -> dict[str, int]:
    """What the recent runs used and saved; `runs` says over how many."""
    words = ("aws_calls", "aws_bytes", "aws_calls_saved", "aws_bytes_saved", "datasphere_requests", "datasphere_bytes")
    totals = {word: sum(run.usage.get(word, 0) for run in ended) for word in words}
    return {**totals, "runs": len(ended)}
