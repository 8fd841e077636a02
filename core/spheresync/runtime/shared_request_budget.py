"""The rate limit of the tenant, shared by all processes of one state: in no 60 s more requests than the limit.

A burst up to the limit goes out at once; after that permits come back as the window slides. Each process takes permits
from the state in small blocks that live two seconds, as many as it lately needed, and gives back what it did not use.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio

from spheresync.errors import ConfigurationError, StateError
from spheresync.state.port import Store, Tx
from spheresync.state.records import GrantedPermits

_LONGEST_NAP = 5.0
"""Seconds; another process may give permits back before the window has slid."""
_CLOSING = 2.0
_BLOCKS = 24
"""A block is this part of the limit, so that a process that dies takes little with it."""


def shared_seconds() -> float:
    """Seconds since this machine started, the same for all its processes, sleep of the machine included.

    Not the time of day: setting that forward would let requests through too early, setting it back would lock them.
    """
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SharedRequestBudget:
    """Hands out one permit for each request, first come, first served within the process.

    Use one for a process and close it at the end; what a process does not give back counts for 63 s.
    """

    def __init__(
        self,
        store: Store,
        per_minute: int | Callable[[], int],
        clock: Callable[[], float] = shared_seconds,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        name: str = "datasphere",
    ) -> None:
        """Share the budget `name` of `store`.

        Args:
            store: open for as long as the budget is used.
            per_minute: the limit; the same in every process, else the smaller one binds only who has it. One that is
                asked for counts from the next block on.
            clock: seconds on which all processes of the machine agree.
            sleep: waits that many seconds.
            monotonic: the clock of deadlines.
            name: which budget of the state.

        Raises:
            ConfigurationError: the limit is below 1.
        """
        if isinstance(per_minute, int) and per_minute < 1:
            raise ConfigurationError(("max_requests_per_minute must be at least 1",))
        self._store = store
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._name = name
        self._turn = anyio.Lock()
        self._waiting = 0
        self._row: int | None = None
        self._left = 0
        self._used = 0
        self._last_use = 0.0
        self._expires_at = 0.0

    async def take(self, deadline: float | None = None) -> None:
        """Wait until one more request may be sent, and count it.

        Args:
            deadline: a moment of the monotonic clock in seconds, None where there is none.

        Raises:
            TimeoutError: no permit came free before `deadline`; nothing was counted.
            StateError: the state could not be written.
        """
        if self._left > self._waiting and self._use_one():  # enough for all who wait too, so nobody is overtaken
            return
        self._waiting += 1
        try:
            if deadline is None:
                await self._take(None)
            else:
                with anyio.fail_after(deadline - self._monotonic()):
                    await self._take(deadline)
        finally:
            self._waiting -= 1

    async def aclose(self) -> None:
        """Give back what was not used, also when cancelled; never fails and takes two seconds at most."""
        row, self._row, self._left = self._row, None, 0
        if row is None:
            return

        async def settle(tx: Tx) -> None:
            await tx.grants.settle(row, used=self._used, last_use=self._last_use)

        with anyio.move_on_after(_CLOSING, shield=True), suppress(StateError):
            await self._store.write(settle)

    async def _take(self, deadline: float | None) -> None:
        async with self._turn:
            while not self._use_one():
                holding = await self._ask()
                if holding.permits:
                    continue
                nap = min(max(holding.retry_at - self._clock(), 0.001), _LONGEST_NAP)
                if deadline is not None:
                    left = deadline - self._monotonic()
                    if left <= 0:
                        raise TimeoutError
                    nap = min(nap, left)
                await self._sleep(nap)

    def _use_one(self) -> bool:
        now = self._clock()
        if self._left < 1 or now >= self._expires_at:
            return False
        self._left -= 1
        self._used += 1
        self._last_use = now
        return True

    async def _ask(self) -> GrantedPermits:
        """Settle the former block and ask for the next: as many as the last two seconds needed, twice that if more."""
        limit = self._per_minute if isinstance(self._per_minute, int) else self._per_minute()
        block = max(1, limit // _BLOCKS)
        used_up_early = self._left == 0 and self._clock() < self._expires_at
        wanted = min(block, max(self._waiting, 2 * self._used if used_up_early else self._used))
        row, used, last_use = self._row, self._used, self._last_use

        async def ask(tx: Tx) -> GrantedPermits:
            if row is not None:
                await tx.grants.settle(row, used=used, last_use=last_use)
            # The clock is read under the lock: what others were granted before is counted as of now.
            return await tx.grants.grant(self._name, now=self._clock(), limit=limit, wanted=wanted)

        holding = await self._store.write(ask)
        self._row, self._left, self._used = holding.row, holding.permits, 0
        self._expires_at = holding.expires_at
        return holding
