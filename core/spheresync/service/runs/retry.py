"""Try again what failed in a run: its assets, and the spaces that could not be read, as the scope of a new sync."""

from __future__ import annotations

from spheresync.answers import Failure, RunAnswer
from spheresync.errors import UsageError
from spheresync.model import AssetId, RunId, ScopeRequest
from spheresync.state.port import Store

_EVERY = 1_000_000


async def scope_of_failures(store: Store, run_id: str) -> ScopeRequest:
    """The scope of what failed in a run.

    Raises:
        UsageError: there is no such run, it has not ended, or nothing of it failed.
    """
    run = await store.runs.get(RunId(run_id))
    if not run.state.ended:
        raise UsageError(f"run {run.id} has not ended: {run.state}.", remedy="Wait for its end, then try again.")
    assets = set[AssetId]()
    if run.change_set_id is not None:
        failed = {entry.ordinal for entry in await store.runs.failed(run.id, _EVERY)}
        items = await store.change_sets.all_items(run.change_set_id) if failed else []
        assets |= {item.asset for item in items if item.ordinal in failed}
    spaces = {space.name for space in await store.catalog.spaces() if space.problem in run.problems}
    assets |= {problem.asset for problem in run.problems if problem.asset is not None}
    if not assets and not spaces:
        raise UsageError(
            f"run {run.id} ended {run.state}, and no asset of it failed.",
            remedy="There is nothing to try again; leave retry_of out to sync anew.",
        )
    if spaces:  # a space is tried as a whole: what could not be listed has no names to give
        return ScopeRequest(spaces=tuple(sorted(spaces | {asset.space for asset in assets})))
    return ScopeRequest(assets=tuple(sorted(map(str, assets))))


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
