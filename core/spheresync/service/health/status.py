"""How the installation is doing: health in one word and one sentence, tiers, runs, what was spent and saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from spheresync.answers import (
    DriftStatus,
    Finding,
    PolicySummary,
    SchedulerState,
    SyncStatus,
)
from spheresync.config import DeletionPolicy, Settings
from spheresync.discovery.shared_discovery import why_not_reached
from spheresync.errors import SourceFault, StateError
from spheresync.execution.required_approvals import unapproved_promotion
from spheresync.lineage.broken import broken_lineage
from spheresync.lineage.delivery import undelivered
from spheresync.mapping.patterns import is_for
from spheresync.model import (
    AssetStatus,
    JobKind,
    JobState,
    TargetKey,
    counted,
    first_of,
    isoformat,
    to_the_second,
)
from spheresync.observe.loop_health import LoopFailure
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED
from spheresync.planning.destination_places import count_left
from spheresync.planning.held_assets import count_held_without_table
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.empty_tenant import empty_tenant
from spheresync.runtime.shared_sign_in import sign_in_state
from spheresync.runtime.unspellable_names import unspellable_spaces
from spheresync.runtime.usage import SAVED_REQUESTS
from spheresync.service import answer_rows
from spheresync.service.drift.drifted_otherwise import drifted_otherwise, otherwise_text
from spheresync.service.drift.known_edits import drift_as_known
from spheresync.service.drift.last_look import full_sync_of_everything
from spheresync.service.drift.not_compared import unseen_tables
from spheresync.service.health.edited_rules import edited_rules
from spheresync.service.health.freshness import freshness_of
from spheresync.service.health.health_level import health_of
from spheresync.service.health.open_problems import OpenProblem, emptied_spaces, not_exposed, switched_off, troubles_of
from spheresync.service.health.persons_sign_in import not_signed_in, without_former_refusals
from spheresync.service.run_rows import listed_run
from spheresync.service.schedule.tiers import scheduler_status, tier_statuses
from spheresync.state.records import DriftSummary, FacetCount, LostRow, RunRecord, SpaceRecord
from spheresync.state.remedies import DAMAGED_ROWS_REMEDY, LOST_TABLES_REMEDY, TABLES_LOST, lost_tables_message
from spheresync.targets.registry import design_of

RECENT = 5
_DRIFT_PARTS = ("description", "comments", "columns", "parameters", "missing")
LOOP_FAILS = "loop_fails"
DAMAGED = "damaged_state"
NOT_VERIFIED = "not_verified"
_SHOWN = 3
_MOST_TRIES = 200


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
    fails = await _failing_reads(context) if reads_wait else None
    fresh = freshness_of(tiers, scheduler.state, read_at, context.clock(), reads_wait=reads_wait, reads_fail=fails)
    unread = await store.catalog.unread()
    troubles = troubles_of(unread, await store.unwritten.groups(context.settings.target_keys))
    unread_in = {each.space for each in counts if each.status is AssetStatus.FAILED}
    causes = await _causes(context, troubles, spaces, unread_in, scheduler.state)
    never_read = [each.name for each in spaces if _never_read(each, context)]
    drift = await drift_as_known(store, settings.target_keys)
    problems = [
        *_of_settings(context),
        *_of_spaces([each for each in spaces if each.name not in unread_in]),
        *emptied_spaces(counts, troubles),
        *map(_failing, loops),
        *await _kept_out(context),
        *await _reading_problems(context),
        *fresh.problems,
        *await _state_problems(context),
        *_not_verified(max([await _unverified_in(context, key, counts) for key in settings.target_keys])),
        *await _waiting_for_approval(context),
        *unseen_tables(drift),
    ]
    without = await count_held_without_table(store, settings.target_keys) if statuses.get(AssetStatus.HELD) else 0
    health, summary = health_of(
        statuses,
        ended,
        problems,
        drift,
        troubles=troubles,
        never_read=never_read,
        held_without_table=without,
        drifted_otherwise=otherwise_text(await drifted_otherwise(store, settings.target_keys)),
        compared_in=await full_sync_of_everything(store),
    )
    summary = f"{summary} {fresh.sentence}".strip()
    return SyncStatus(
        health=health,
        summary=summary,
        environment=settings.env,
        tenant=settings.tenant_host,
        assets=statuses,
        tiers=tiers,
        queue=[await listed_run(store, run) for run in runs if not run.state.ended],
        last_runs=[answer_rows.run_row(run) for run in ended[:RECENT]],
        savings=_savings(ended),
        problems=[*problems, *causes],
        notes=[
            *await edited_rules(store, settings, ended),
            *fresh.notes,
            *not_exposed(unread),
            *switched_off(unread),
            *await _left_targets(context),
        ],
        scheduler=scheduler,
        ledger=await store.ledger.totals(),
        ledger_since=await store.ledger.since(),
        drift=_drift_status(drift),
        policies=_policies(settings),
    )


def _policies(settings: Settings) -> PolicySummary:
    """What the configuration says of deletes, drift and second persons, as a reader needs it beside the figures."""
    deletion = settings.deletion
    misses = counted(deletion.misses, "miss", "misses")
    said = {
        DeletionPolicy.KEEP: "keep: nothing is retired or deleted",
        DeletionPolicy.RETIRE: f"retire after {misses} in a row; deleted only where a person allows it",
        DeletionPolicy.DELETE: f"retire after {misses} in a row, delete with the next change set",
    }
    return PolicySummary(
        deletion=said[deletion.policy],
        drift={name: str(getattr(settings.drift, name)) for name in _DRIFT_PARTS},
        four_eyes=[str(each) for each in settings.approvals.four_eyes],
    )


async def _causes(
    context: RuntimeContext,
    troubles: Sequence[OpenProblem],
    spaces: Sequence[SpaceRecord],
    unread_in: Collection[str],
    scheduler: SchedulerState,
) -> list[Finding]:
    """Why assets could not be read or written, once for each kind of reason; and of their spaces, why."""
    tries = await _next_tries(context) if scheduler is SchedulerState.RUNNING else {}
    causes = [_with_next_try(each.told, tries) for each in troubles if each.told is not None]
    return causes + _of_spaces([each for each in spaces if each.name in unread_in])


def _of_settings(context: RuntimeContext) -> list[Finding]:
    broken = context.settings_problem
    return [] if broken is None else [answer_rows.finding(broken)]


def _of_spaces(spaces: Iterable[SpaceRecord]) -> list[Finding]:
    return [answer_rows.finding(each.problem) for each in spaces if each.problem is not None]


async def _kept_out(context: RuntimeContext) -> list[Finding]:
    """Spaces whose names nothing can keep."""
    spaces = await unspellable_spaces(context.store, context.mapping.may_hold)
    return [answer_rows.finding(space.problem) for space in spaces]


async def _waiting_for_approval(context: RuntimeContext) -> list[Finding]:
    """What only goes on once a second person has approved it."""
    store, settings = context.store, context.settings
    promotion = await unapproved_promotion(store, settings)
    found = [] if promotion is None else [answer_rows.finding(promotion)]
    if settings.approvals.of_deletes and settings.deletion.policy is DeletionPolicy.DELETE:
        found += _retired(sum([await store.checkpoints.count_retired(key) for key in settings.target_keys]))
    return found


async def _reading_problems(context: RuntimeContext) -> list[Finding]:
    """Why nobody is signed in, and why what was last asked of Datasphere got no answer."""
    sign_in = sign_in_state(context.settings)
    former = [*await _failed_listing(context), *await _failed_discovery(context)]
    found = [*not_signed_in(sign_in), *without_former_refusals(sign_in, former)]
    if (empty := await empty_tenant(context.store)) is not None:
        found.append(answer_rows.finding(empty.problem))
    return found


async def _state_problems(context: RuntimeContext) -> list[Finding]:
    """What of the state is lost, leads nowhere, or waits to be told."""
    store = context.store
    found = [*_lost(store.lost_rows), *map(answer_rows.finding, await broken_lineage(store))]
    if (untold := await undelivered(context.jobs, context.settings)) is not None:
        found.append(answer_rows.finding(untold))
    if (since := await store.meta.get(TABLES_LOST)) is not None:
        found.append(
            Finding(subject="state", code=DAMAGED, message=lost_tables_message(since), remedy=LOST_TABLES_REMEDY)
        )
    return found


def _drift_status(drift: DriftSummary) -> DriftStatus:
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


async def _unverified_in(context: RuntimeContext, key: TargetKey, counts: Sequence[FacetCount]) -> int:
    """How many assets count as synced of which the state does not know what a target holds."""
    if design_of(key.target).capabilities.selective:
        return 0  # it holds something of some assets only, so that what it lacks says nothing
    synced = sum(each.count for each in counts if each.status is AssetStatus.SYNCED and is_for(key, each.space))
    return synced - await context.store.checkpoints.count_in_use(key)


def _not_verified(unknown: int) -> list[Finding]:
    """Assets that count as synced by what the state was restored from: nobody has asked the target since."""
    if unknown <= 0:
        return []
    message = (
        f"{counted(unknown, 'asset')} counted as in sync {'is' if unknown == 1 else 'are'} not verified: "
        "since this state was restored, nobody has asked AWS what it holds"
    )
    return [Finding(subject="state", code=NOT_VERIFIED, message=message, remedy="The next sync finds out.")]


async def _left_targets(context: RuntimeContext) -> list[Finding]:
    """Targets in destinations that were written and are configured no more."""
    store, in_force = context.store, context.settings.target_keys
    found = []
    for key in await store.checkpoints.keys():
        held = 0 if key in in_force else await count_left(store, context.settings, key)
        if held:
            message = f"{key} is not configured any more, and {counted(held, 'table')} stay there as last written"
            remedy = "Name it again under `destinations:` and `targets:` to have them managed, or delete them by hand."
            found.append(Finding(subject=str(key), code="not_configured", message=message, remedy=remedy))
    return found


def _lost(found: Sequence[LostRow]) -> list[Finding]:
    """Rows of the state that this process has met and could not read."""
    if not found:
        return []
    message = f"{counted(len(found), 'row')} of the state cannot be read: {first_of(found, _SHOWN, by='; ')}"
    return [Finding(subject="state", code=DAMAGED, message=message, remedy=DAMAGED_ROWS_REMEDY)]


async def _failed_discovery(context: RuntimeContext) -> list[Finding]:
    """Why the last command that asked Datasphere got no answer, until one does."""
    problem = await why_not_reached(context.store)
    return [] if problem is None else [answer_rows.finding(problem)]


async def _failing_reads(context: RuntimeContext) -> str | None:
    """The fault by which definitions wait to be read again, where the tenant did not ask for room."""
    waiting = await context.jobs.queue(kind=JobKind.READ, state=JobState.QUEUED, limit=_MOST_TRIES)
    codes = (job.problem.code for job in waiting if job.problem is not None)
    return next((code for code in codes if code != SourceFault.THROTTLED), None)


async def _next_tries(context: RuntimeContext) -> dict[str, datetime]:
    """When the scheduler tries next to write what could not be written, by the code of the problem."""
    tries: dict[str, datetime] = {}
    for job in await context.jobs.queue(kind=JobKind.WRITE, state=JobState.QUEUED, limit=_MOST_TRIES):
        if job.problem is not None:
            tries[job.problem.code] = min(job.not_before, tries.get(job.problem.code, job.not_before))
    return tries


def _with_next_try(told: Finding, tries: Mapping[str, datetime]) -> Finding:
    at = tries.get(told.code)
    if at is None:
        return told
    when = f"It is tried again by itself, next at {to_the_second(isoformat(at))}."
    return told.model_copy(update={"remedy": f"{told.remedy} {when}".strip()})


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
    """What the recent runs saved, beside reading and writing everything anew; `runs` says over how many."""
    words = (SAVED_REQUESTS, "aws_calls_saved", "aws_bytes_saved")
    totals = {word: sum(run.usage.get(word, 0) for run in ended) for word in words}
    return {**totals, "runs": len(ended)}
