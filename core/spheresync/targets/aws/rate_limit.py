"""How fast AWS may be called: one API as fast as it bears (AIMD: slow increase, fast decrease), and a service as fast
as people allow.

AWS publishes no rate per Glue API and throttles per account and Region (reference: aws-catalogs.md 7), so the rate is
found by trying: it grows by a small share each second and halves when the service says that it was too much, though
never to below what the service has just been seen to bear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

#: Above what one process reaches with boto3 (reference: aws-catalogs.md 6c): in effect no limit until throttled.
UNTHROTTLED = 1_000.0
SLOWEST = 0.5
GROWTH = 0.1  # of the rate, gained in each second of answers; at least
LEAST_GROWTH = 0.5  # calls/s
DECREASE = 0.5
BORNE = 0.9  # of the calls answered lately
_LATELY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request; `epoch` counts the decreases before it."""

    epoch: int


class AdaptiveRate:
    """Spaces the calls of one API evenly; shared by every worker that calls it.

    A burst of requests in flight is throttled together and must slow the pace once, not once for each of them: only
    a request that left after the last decrease can cause the next (as TCP reacts once for each window).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        start: float = UNTHROTTLED,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rate = start
        self._ceiling = start
        self._epoch = 0
        self._next = 0.0
        self._answered: deque[float] = deque()

    @property
    def rate(self) -> float:
        """Calls a second, as of now."""
        return self._rate

    async def permit(self) -> Permit:
        """Wait for the next free slot. Cancelling gives up the wait; its slot is lost, which costs 1/rate seconds."""
        # The slot belongs to the pace it was given at, even if that slows while waiting for it.
        permit = Permit(self._epoch)
        now = self._clock()
        slot = max(now, self._next)
        self._next = slot + 1 / self._rate
        if slot > now:
            await self._sleep(slot - now)
        return permit

    def succeeded(self) -> None:
        """Grow: each answer adds its share of a second's growth."""
        self._answered.append(self._clock())
        self._borne()
        self._rate = min(self._ceiling, self._rate + max(GROWTH, LEAST_GROWTH / self._rate))

    def throttled(self, permit: Permit) -> None:
        """Slow down, once for each burst."""
        if permit.epoch < self._epoch:
            return
        self._epoch += 1
        lowest = min(self._rate * BORNE, self._borne() * BORNE)
        self._rate = max(SLOWEST, self._rate * DECREASE, lowest)
        self._next = max(self._next, self._clock() + 1 / self._rate)

    def _borne(self) -> float:
        """Calls a second that were answered lately."""
        oldest = self._clock() - _LATELY
        while self._answered and self._answered[0] < oldest:
            self._answered.popleft()
        return len(self._answered) / _LATELY


class RateLimit:
    """At most so many calls a second, evenly spaced, over everything that shares it.

    Args:
        per_second: asked for each call, so that a changed limit counts at once; None is no limit.
    """

    def __init__(
        self,
        per_second: Callable[[], float | None],
        *,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for the next free slot. Cancelling gives up the wait and loses the slot."""
        limit = self._per_second()
        if limit is None:
            return
        now = self._clock()
        slot = max(now, self._next)
        self._next = slot + 1 / limit
        if slot > now:
            await self._sleep(slot - now)
