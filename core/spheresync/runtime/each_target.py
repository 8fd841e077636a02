"""The same work in several targets at once, each apart from the others: one that fails or lags keeps no other back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from spheresync.errors import StateError
from spheresync.isolation import isolated_group
from spheresync.model import Problem, TargetKey
from spheresync.observe.incidents import product_error
from spheresync.targets.registry import base_of


async def in_each_target(
    keys: Sequence[TargetKey],
    work: Callable[[TargetKey], Awaitable[None]],
    *,
    after_turn: Callable[[], Awaitable[None]] | None = None,
) -> dict[TargetKey, Exception]:
    """Do some work in each target; answers those in which it failed, and why.

    A target that adds to the objects of another one has its turn after that, whatever came of it; `after_turn`: what is
    to be settled between targets before those that depend on them have theirs.

    Raises:
        FenceError: the claim is lost, so that nothing may be written any more.
        StateError: the state could not be read or written, which is no fault of a target.
        Exception: it failed in every one of them: the error of the first.
    """
    failed: dict[TargetKey, Exception] = {}

    async def do(key: TargetKey) -> None:
        try:
            await work(key)
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001 -- isolates this target
            failed[key] = error

    for turn in _turns(keys):
        async with isolated_group() as group:
            for key in turn:
                group.start_soon(do, key)
        if after_turn is not None:
            await after_turn()
    if failed and len(failed) == len(keys):
        raise failed[keys[0]]
    return {key: failed[key] for key in keys if key in failed}


def _turns(keys: Sequence[TargetKey]) -> list[list[TargetKey]]:
    """The targets that depend on none of the others, then those that depend on these, and so on."""
    turns: list[list[TargetKey]] = []
    left = [*keys]
    while left:
        now = [key for key in left if base_of(key) not in left]
        turns.append(now)
        left = [key for key in left if key not in now]
    return turns


def problem_of_target(key: TargetKey, error: Exception) -> Problem:
    """That work in one target failed."""
    ours = product_error(error, str(key))
    return Problem.of_target(key, ours.problem_code, ours.message, ours.remedy)


def merge_problems(told: Sequence[tuple[TargetKey, Sequence[Problem]]]) -> list[Problem]:
    """What targets say: once what all of them say alike, and anything else with the target that it is about."""
    if len(told) < 2:
        return [problem for _, problems in told for problem in problems]
    said = [set(problems) for _, problems in told]
    common = set.intersection(*said)
    together = [problem for problem in told[0][1] if problem in common]
    return together + [_named(problem, key) for key, problems in told for problem in problems if problem not in common]


def named_problems(told: Sequence[tuple[TargetKey, Sequence[Problem]]]) -> list[Problem]:
    """As `merge_problems`, each with its target where there are several: what is held back is apart in each."""
    if len(told) < 2:
        return merge_problems(told)
    return [_named(problem, key) for key, problems in told for problem in problems]


def _named(problem: Problem, key: TargetKey) -> Problem:
    return replace(problem, message=f"{key}: {problem.message}", key=key)
