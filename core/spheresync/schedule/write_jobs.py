"""Jobs that bring the targets up to date: taken many at once, and done by one ordinary run.

The run is like any other: saved change set, guards, journal, take-over when the process dies. What it could not do of a
single asset is that asset's failure; the rest of the batch is done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from spheresync.execution.run_request import RunRequest
from spheresync.jobs.port import Job, JobEngine
from spheresync.jobs.retries import HELD_BACK
from spheresync.model import Action, AssetId, Problem, RunState, TargetKey
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.asset_work import AssetWork
from spheresync.planning.decisions.no_failure import failures_in
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.scope import Scope
from spheresync.schedule.pending_work import work_of
from spheresync.schedule.reading_jobs import removals
from spheresync.state.records import AssetRecord, ChangeSetItem, JournalEntry, RunRecord

BATCH = 200
"""Assets in one run at most: what is more urgent and comes meanwhile waits for so many writes."""

StartRun = Callable[[RunRequest], Awaitable[RunRecord]]
"""Starts a run of the scheduler and answers it when it has ended."""


async def write_batch(context: RuntimeContext, engine: JobEngine, jobs: Sequence[Job], run: StartRun) -> None:
    """Do claimed jobs to write, and finish or fail each."""
    alone = [job for job in jobs if job.asset is None]
    others: dict[TargetKey | None, dict[AssetId, Job]] = defaultdict(dict)
    for job in jobs:
        if job.asset is not None:
            others[job.key][job.asset] = job
    for key, of_assets in others.items():
        await _write(context, engine, of_assets, run, key)
    for job in alone:
        await _remove(context, engine, job, run)


async def _write(
    context: RuntimeContext, engine: JobEngine, jobs: Mapping[AssetId, Job], run: StartRun, key: TargetKey | None
) -> None:
    records, unknown = await _records(context, jobs)
    for asset, problem in unknown.items():
        await engine.fail(jobs[asset], problem)
    work = await work_of(context, records, key)
    wanted = [asset for asset in jobs if work.get(asset) is AssetWork.DESIGN]
    await engine.finish([job for asset, job in jobs.items() if asset not in wanted and asset not in unknown])
    if not wanted:
        return
    ended = await run(RunRequest(_scope_of(wanted, key), refresh=False))
    problems = await _problems(context, ended, wanted)
    if ended.state is not RunState.CANCELLED:
        records, _ = await _records(context, wanted)
        left = await work_of(context, records, key)
        undone = {asset for asset in wanted if left.get(asset) is AssetWork.DESIGN} - await _waiting(context, ended)
        problems = {asset: _undone(asset, ended) for asset in undone} | problems
    await engine.finish([jobs[asset] for asset in wanted if asset not in problems])
    for asset, problem in problems.items():
        await engine.fail(jobs[asset], problem)


def _scope_of(assets: Iterable[AssetId], key: TargetKey | None) -> Scope:
    if key is None:
        return Scope(assets=frozenset(assets))
    return Scope(assets=frozenset(assets), targets=frozenset({key.target}), destinations=frozenset({key.destination}))


async def _remove(context: RuntimeContext, engine: JobEngine, job: Job, run: StartRun) -> None:
    going = await removals(context)
    if not going:
        await engine.finish([job])
        return
    ended = await run(RunRequest(Scope(assets=frozenset(going)), refresh=False))
    problems = await _problems(context, ended, going)
    if not problems and ended.state is not RunState.CANCELLED and await removals(context) == going:
        problems = {going[0]: _undone(going[0], ended)}
    if problems:
        await engine.fail(job, next(iter(problems.values())))
    else:
        await engine.finish([job])


async def _records(
    context: RuntimeContext, assets: Iterable[AssetId]
) -> tuple[list[AssetRecord], dict[AssetId, Problem]]:
    """What is known of those that the catalog holds, and why of some nothing could be read."""
    records, problems = [], {}
    for asset in assets:
        try:
            record = await context.store.catalog.asset(asset)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            problems[asset] = Problem.of_error(asset, product_error(error, str(asset)))
        else:
            records += [record] if record is not None else []
    return records, problems


async def _waiting(context: RuntimeContext, run: RunRecord) -> set[AssetId]:
    """Assets that wait for a table of others: nothing keeps them, and their next turn looks again."""
    if run.change_set_id is None:
        return set()
    items = await context.store.change_sets.all_items(run.change_set_id)
    return {item.asset for item in items if item.action is Action.HELD and item.other_name is None}


def _undone(asset: AssetId, run: RunRecord) -> Problem:
    """A run that ended well and left something as it was: without this it would be tried again and again."""
    return Problem.of(asset, HELD_BACK, f"run {run.id} left it as it is.", "Look at the findings of that run.")


async def _problems(context: RuntimeContext, run: RunRecord, assets: Sequence[AssetId]) -> dict[AssetId, Problem]:
    """What kept assets from being written; a run that a person cancelled has no problem."""
    if run.state is RunState.CANCELLED:
        return {}
    if run.change_set_id is None:
        problem = run.problems[0] if run.problems else Problem("run", "failed", f"run {run.id} ended {run.state}.")
        return dict.fromkeys(assets, problem)
    entries = {entry.ordinal: entry for entry in await context.store.runs.entries(run.id)}
    items = await context.store.change_sets.all_items(run.change_set_id)
    wanted = set(assets)
    planned = await context.store.change_sets.get(run.change_set_id)
    found = {problem.asset: problem for problem in planned.problems if problem.asset in wanted}
    for item in items:
        said = _problem(item, entries.get(item.ordinal), run)
        if item.asset in wanted and said is not None:
            found.setdefault(item.asset, said)
    return found


def _problem(item: ChangeSetItem, entry: JournalEntry | None, run: RunRecord) -> Problem | None:
    if entry is not None and entry.problem is not None:
        return entry.problem
    if item.blocked_by is not None:
        return Problem.of(
            item.asset,
            HELD_BACK,
            f"{item.blocked_by} holds it back in run {run.id}.",
            "Look at that run's findings.",
        )
    if not item.action.changes_something:
        return None if item.action is Action.HELD else Problem.of(item.asset, item.action, item.reason)
    if entry is None or not entry.state.ended:
        return next(iter(failures_in(run.problems)), None)
    return None
