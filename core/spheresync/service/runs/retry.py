"""Try again what failed in a run: its assets, and the spaces that could not be read, as the scope of a new sync."""

from __future__ import annotations

from spheresync.answers import Failure, RunAnswer
from spheresync.errors import UsageError
from spheresync.model import Action, AssetId, Problem, RunId, ScopeRequest, counted
from spheresync.planning.decisions.guards import GUARDS
from spheresync.planning.decisions.no_failure import failures_in
from spheresync.runtime.run_counts import BLOCKED, FAILED, REFUSED
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetRecord, RunRecord

NOT_UNDONE = "not_undone"
"""Code of the finding that a part of an undo was not done."""
_EVERY = 1_000_000


async def scope_of_failures(store: Store, run_id: str) -> ScopeRequest:
    """The scope of what failed in a run.

    Raises:
        UsageError: there is no such run, it has not ended, nothing of it failed, or it is an undo.
    """
    run = await store.runs.get(RunId(run_id))
    if not run.state.ended:
        raise UsageError(f"run {run.id} has not ended: {run.state}.", remedy="Wait for its end, then try again.")
    assets = await _unwritten(store, run)
    spaces = {space.name for space in await store.catalog.spaces() if space.problem in run.problems}
    assets |= {problem.asset for problem in failures_in(run.problems) if problem.asset is not None}
    if not assets and not spaces:
        await _refuse_guarded(store, run)
        raise UsageError(
            f"run {run.id} ended {run.state}, and no asset of it failed.",
            remedy="There is nothing to try again; leave retry_of out to sync anew.",
        )
    if spaces:  # a space is tried as a whole: what could not be listed has no names to give
        return ScopeRequest(spaces=tuple(sorted(spaces | {asset.space for asset in assets})))
    return ScopeRequest(assets=tuple(sorted(map(str, assets))))


async def _unwritten(store: Store, run: RunRecord) -> set[AssetId]:
    """The assets of which an item failed, or whose objects the plan of a run found to be another's.

    Raises:
        UsageError: the run is an undo, which is no work of a sync.
    """
    if run.change_set_id is None:
        return set()
    failed = {entry.ordinal for entry in await store.runs.failed(run.id, _EVERY)}
    in_conflict = run.counts.get(Action.CONFLICT, 0) + run.counts.get(REFUSED, 0)
    if not failed and not in_conflict:
        return set()
    left = not_undone(run, await store.change_sets.get(run.change_set_id))
    if left is not None:
        raise UsageError(f"{left.message}.", remedy=left.remedy)
    items = await store.change_sets.all_items(run.change_set_id)
    return {item.asset for item in items if item.ordinal in failed or item.action is Action.CONFLICT}


def not_undone(run: RunRecord, change_set: ChangeSetRecord) -> Problem | None:
    """What to tell of an undo of which something failed or was refused; None of any other run."""
    undone = change_set.undo_of
    if undone is None or not run.state.ended:
        return None
    counts = {"failed": run.counts.get(FAILED, 0)}
    counts["refused"] = run.counts.get(Action.CONFLICT, 0) + run.counts.get(REFUSED, 0)
    said = " and ".join(f"{count} {what}" for what, count in counts.items() if count)
    if not said:
        return None
    return Problem(
        run.id,
        NOT_UNDONE,
        f"run {run.id} is the undo of run {undone}, and of its items {said}; a sync undoes nothing, so no sync and no "
        "retry of this run does that",
        f"Once what `spheresync runs {run.id}` tells is mended, `spheresync revert {undone}` makes a change set of the "
        "rest.",
    )


async def _refuse_guarded(store: Store, run: RunRecord) -> None:
    """Say which guard held a run back, and the way: trying again would be held back as well.

    Raises:
        UsageError: a guard did.
    """
    if run.change_set_id is None or not run.counts.get(BLOCKED):
        return
    findings = (await store.change_sets.get(run.change_set_id)).findings
    guard = next((each for each in findings if each.code in GUARDS), None)
    if guard is not None:
        raise UsageError(
            f"nothing of run {run.id} failed: a guard holds back {counted(run.counts[BLOCKED], 'item')} "
            f"({guard.subject}: {guard.message.rstrip('.')}), and would again.",
            remedy=guard.remedy,
        )


def with_repeated_failures(answer: RunAnswer, former: RunAnswer) -> RunAnswer:
    """The answer about a run that tries another one again, with the failures marked that are the same as there."""
    before = {_what(failure) for failure in former.failures}
    failures = [
        failure.model_copy(update={"same_as_before": True}) if _what(failure) in before else failure
        for failure in answer.failures
    ]
    return answer.model_copy(update={"failures": failures})


def _what(failure: Failure) -> tuple[str, str | None, str | None, str]:
    return failure.asset, failure.target, failure.destination, failure.code
