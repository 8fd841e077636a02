"""Pure work in a process of its own, so that this one goes on asking and writing meanwhile.

Reading a definition takes about as long as asking for it, and both hold the interpreter: a second processor helps only
a second process. Where one cannot be had or dies, the work is done on a thread: the event loop goes on answering
whatever somebody serves.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import anyio.to_process
import anyio.to_thread
from anyio import BrokenWorkerProcess, CapacityLimiter

from spheresync.isolation import isolated_group
from spheresync.runtime.garbage import collect_seldom

WORTH_IT = 400
"""Values in all below which starting a process (about half a second) costs more than it spares."""

WORKER_BATCH = 32
"""Values that go to the other process at once."""

WORKER_BATCH_BYTES = 32 * 1024 * 1024
"""Size of values at which fewer go at once, so that large ones do not pile up."""

_BEHIND = 7
"""Lots that wait for the other process at which one is done here."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class WorkerProcess:
    """Does lots of work, one lot at a time; `expected` says how many values there will be in all."""

    def __init__(self, expected: int) -> None:
        self._one_at_a_time = CapacityLimiter(1)
        self._here = CapacityLimiter(1)
        self._wanted = expected >= WORTH_IT and (os.cpu_count() or 1) > 1

    async def get_ready(self, work: Callable[[Sequence[_In]], list[_Out]], certain: int) -> None:
        """Start the process, and load there what `work` needs, while the first lot is still being gathered.

        `certain`: how many values there will be at least; few may turn out to be none.
        """
        if self._wanted and certain >= WORTH_IT:
            await self.do(work, ())

    async def do(self, work: Callable[[Sequence[_In]], list[_Out]], lot: Sequence[_In]) -> list[_Out]:
        """What `work` answers for the lot: a function of a module, from values and to values that can be pickled."""
        if self._wanted:
            try:
                return await anyio.to_process.run_sync(
                    _beside, work, lot, cancellable=True, limiter=self._one_at_a_time
                )
            except (BrokenWorkerProcess, OSError):
                self._wanted = False
        return await anyio.to_thread.run_sync(work, lot, abandon_on_cancel=True, limiter=self._one_at_a_time)

    async def keep_up(self, work: Callable[[Sequence[_In]], list[_Out]], lot: Sequence[_In]) -> list[_Out]:
        """As `do`, for lots that come one by one: here, where some wait already.

        Whoever gathers them waits as well then, so that little else is to be done here.
        """
        waiting = self._one_at_a_time.statistics().tasks_waiting
        if self._wanted and waiting >= _BEHIND and not self._here.borrowed_tokens:
            return await anyio.to_thread.run_sync(work, lot, abandon_on_cancel=True, limiter=self._here)
        return await self.do(work, lot)

    async def share(self, work: Callable[[Sequence[_In]], list[_Out]], values: Sequence[_In]) -> list[_Out]:
        """As `do`, but lot by lot, here and beside at the same time; `work` raises nothing."""
        if not self._wanted:
            return await self.do(work, values)
        lots = [values[start : start + WORKER_BATCH] for start in range(0, len(values), WORKER_BATCH)]
        done: list[list[_Out]] = [[] for _ in lots]
        queue = iter(enumerate(lots))

        async def take(do: Callable[[Sequence[_In]], Awaitable[list[_Out]]]) -> None:
            for number, lot in queue:
                done[number] = await do(lot)

        async with isolated_group() as group:
            group.start_soon(take, lambda lot: self.do(work, lot))
            group.start_soon(take, lambda lot: anyio.to_thread.run_sync(work, lot))
        return [value for lot in done for value in lot]


def _beside(work: Callable[[Sequence[_In]], list[_Out]], lot: Sequence[_In]) -> list[_Out]:
    collect_seldom()
    return work(lot)
