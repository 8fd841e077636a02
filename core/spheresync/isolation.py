"""Bulkheads: what goes wrong in one task stays what it is, and reaches nobody beside it.

An anyio task group raises what its tasks raised as an `ExceptionGroup`, which no `except SpheresyncError` catches. So
every task group of the engine is opened here, and hands out the one error that decides what happens next.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from spheresync.errors import FenceError, SpheresyncError


@asynccontextmanager
async def isolated_group() -> AsyncIterator[TaskGroup]:
    """A task group whose errors arrive bare: `except SpheresyncError` around it works as around one task.

    Raises:
        FenceError: one of the tasks lost its claim; nothing may be written any more, whatever else went wrong.
        Exception: else what was not expected, since a product error beside it may be its consequence; else the first
            product error. The whole group is its `__cause__`.
    """
    try:
        async with anyio.create_task_group() as group:
            yield group
    except BaseExceptionGroup as gathered:
        raise deciding(gathered) from gathered


def deciding(gathered: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of a group that decides what happens next, as `isolated_group` says."""
    return min(leaves(gathered), key=_rank)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that task groups have gathered, in the order in which they came up."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _rank(error: BaseException) -> int:
    if not isinstance(error, Exception):
        return 0  # the process is to end
    if isinstance(error, FenceError):
        return 1
    return 3 if isinstance(error, SpheresyncError) else 2
