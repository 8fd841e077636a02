"""Jobs that look: at what Datasphere lists, at each definition, and at what others did to the targets.

What they find out is written down where every other command finds it; what the targets need of it becomes a job to
write. When an asset is looked at again depends on its tier, and after failures on how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import OUTAGE_FAULTS, SourceFault
from spheresync.jobs.port import NewJob, subject_of
from spheresync.model import (
    AssetId,
    JobKind,
    Problem,
    Tier,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.schedule.control import LISTED, LISTED_BY, SCHEDULER, rules_of
from spheresync.schedule.due import next_due, retry_at
from spheresync.schedule.pending_work import REMOVES, forget_guards_that_are_over, token_of, token_of_all, work_of
from spheresync.schedule.rates import Evidence
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord, ScheduleRow

REMOVALS = ""
"""Subject of the one job that retires, deletes and lets go: the guards count removals together, so they go together."""
RANKS = {Tier.CRITICAL: 10, Tier.HIGH: 20, Tier.MEDIUM: 30}
"""Priorities of jobs by tier; the smallest goes first."""
_REMOVALS_RANK = 40
_DAY = timedelta(days=1)


async def list_tenant(context: RuntimeContext) -> tuple[Problem | None, list[NewJob]]:
    """List every space; answers why that failed, if it did, and the removals that are to be done."""
    rules = rules_of(context.settings)
    report = await SharedDiscovery(context).list_catalog()
    at = isoformat(context.clock())

    async def note(tx: Tx) -> None:
        await tx.meta.set(LISTED, at)
        await tx.meta.set(LISTED_BY, rules)

    await context.store.write(note)
    if not report.reached:
        return (report.problems[0] if report.problems else _no_spaces()), []
    await forget_guards_that_are_over(context)
    return None, await removal_jobs(context)


async def sweep_targets(context: RuntimeContext) -> tuple[Problem | None, list[NewJob]]:
    """Look for drift; what was found is in the status, and nothing is repaired by itself.

    Raises:
        TargetError: the target does not answer; nothing is known.
    """
    async with context.providers.in_use() as providers:
        sweep = DriftSweep(
            context.store,
            providers.settings,
            providers.mapping,
            providers.targets(Scope()),
            scope=Scope(),
            principal=SCHEDULER,
            clock=context.clock,
            progress=silent,
        )
        await sweep.run()
    return None, []


async def removal_jobs(context: RuntimeContext) -> list[NewJob]:
    """The job that does what vanished assets and narrower scopes ask for; none where nothing does."""
    going = await removals(context)
    if not going:
        return []
    token = token_of_all(context, going)
    return [
        NewJob(
            JobKind.WRITE,
            REMOVALS,
            _REMOVALS_RANK,
            f"{counted(len(going), 'asset')} left Datasphere or the scope",
            token,
        )
    ]


async def removals(context: RuntimeContext) -> list[AssetId]:
    """The assets that the job of `removal_jobs` is about now."""
    work = await work_of(context, await context.store.catalog.assets())
    return [asset for asset, what in work.items() if what in REMOVES]


async def read_definition(context: RuntimeContext, asset: AssetId) -> tuple[Problem | None, list[NewJob]]:
    """Read one definition; answers why that failed, if it did, and what is to be written."""
    before = await context.store.catalog.asset(asset)
    record = await SharedDiscovery(context).read_asset(asset)
    if before is None or record is None:
        return None, []  # it left the catalog's listing meanwhile
    changed = before.fingerprints is not None and before.fingerprints != record.fingerprints
    problem = record.problem
    if problem is not None and problem.code == SourceFault.NOT_EXPOSED:
        problem = None  # benign (reference: datasphere-api.md 3.2); the next turn looks again
    await _plan_next(context, record, changed=changed, problem=problem)
    await forget_guards_that_are_over(context, [asset])
    return problem, [] if problem is not None else await write_jobs(context, [record])


async def write_jobs(context: RuntimeContext, records: Sequence[AssetRecord]) -> list[NewJob]:
    """A job for each asset and target that does not hold it as it is known now."""
    jobs = []
    needed = [
        (record, key)
        for key in context.settings.target_keys
        for work in [await work_of(context, records, key)]
        for record in records
        if work[record.id] is AssetWork.DESIGN
    ]
    for record, key in needed:
        try:
            token = token_of(context, record, AssetWork.DESIGN)
        except Exception as error:  # noqa: BLE001 -- isolates this asset: its next turn asks again
            product_error(error, str(record.id))
            continue
        rank, reason = RANKS[record.tier or Tier.MEDIUM], "new or changed in Datasphere or in the rules"
        jobs.append(NewJob(JobKind.WRITE, subject_of(record.id), rank, reason, token, key=key))
    return jobs


async def _plan_next(context: RuntimeContext, record: AssetRecord, *, changed: bool, problem: Problem | None) -> None:
    now, tier = context.clock(), context.settings.tiers.of(record.tier or Tier.MEDIUM)
    known = await context.store.schedule.get(record.id)
    planned = known or ScheduleRow.at_once(record.id)
    due = next_due(record.id, now, tier)
    if problem is None:
        planned = _seen(planned, now, changed=changed)
    elif problem.code not in OUTAGE_FAULTS:  # an outage is no fault of the asset: its next turn is as near as ever
        due = retry_at(record.id, now, tier, planned.failures)
        planned = replace(planned, failures=planned.failures + 1)
    row = replace(planned, next_due_at=isoformat(due))

    async def put(tx: Tx) -> None:
        await tx.schedule.put([row])

    await context.store.write(put)


def _seen(planned: ScheduleRow, now: datetime, *, changed: bool) -> ScheduleRow:
    """What is known of an asset after one more look at it."""
    seen = Evidence(planned.changes, planned.days)
    if planned.seen_at is not None:
        days = max(timedelta(0), now - datetime.fromisoformat(planned.seen_at)) / _DAY
        seen = seen.after(days=days, changed=changed)
    return replace(planned, seen_at=isoformat(now), changes=seen.changes, days=seen.days, failures=0, signalled=False)


def _no_spaces() -> Problem:
    return Problem("tenant", SourceFault.UNREACHABLE, "The tenant gave no list of spaces.", "Run spheresync doctor.")
