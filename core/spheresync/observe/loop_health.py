"""Heartbeats of the loops of one process: a loop that hangs is found, and so is one that keeps failing."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

import anyio

from spheresync.observe.incidents import product_error

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds to wait after a failure of a loop; doubled with each one in a row."""

log = logging.getLogger(__name__)


def pause_after(times: int) -> float:
    """Seconds to wait after so many failures in a row."""
    pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(times - 1, 10))
    return pause


@dataclass(frozen=True, slots=True)
class LoopFailure:
    """A loop that fails, `times` in a row, for the last time by what `message` and `remedy` say."""

    loop: str
    times: int
    message: str
    remedy: str


_UNDER_WAY: ContextVar[Callable[[], None] | None] = ContextVar("loop under way", default=None)


def went_well() -> None:
    """Say in a step of a loop that its work is done and that it only waits from here on, or has long work before it.

    A failure of the step before is past then. Outside of a loop it says nothing.
    """
    say = _UNDER_WAY.get()
    if say is not None:
        say()


class LoopHealth:
    """Remembers when each loop last sent a heartbeat, in seconds of a monotonic clock, and which of them fail."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beats: dict[str, float] = {}
        self._failures: dict[str, LoopFailure] = {}

    def beat(self, loop: str) -> None:
        """Say that a loop goes round; the first time, that there is such a loop."""
        self._beats[loop] = self._clock()

    def silent_for(self, loop: str) -> float | None:
        """Seconds since the last heartbeat; None where the process has no such loop."""
        last = self._beats.get(loop)
        return None if last is None else max(0.0, self._clock() - last)

    def failing(self) -> tuple[LoopFailure, ...]:
        """The loops whose last step failed."""
        return tuple(self._failures.values())

    async def keep_going(
        self,
        step: Callable[[], Awaitable[object]],
        *,
        loop: str,
        seconds: float = 0.0,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        """Repeat a step for ever; one that fails is repeated after a pause that grows, and nobody else notices.

        Args:
            step: one turn of the loop.
            loop: its name, as health tells it.
            seconds: the pause after a step that went well.
            longest_pause: seconds between two tries at most while it fails.
        """
        under_way = _UNDER_WAY.set(lambda: self._went_well(loop))
        try:
            while True:
                try:
                    await step()
                except Exception as error:  # noqa: BLE001 -- isolates this loop
                    await anyio.sleep(min(longest_pause, self._note_failure(loop, error)))
                else:
                    self._went_well(loop)
                    await anyio.sleep(seconds)
        finally:
            self._failures.pop(loop, None)
            _UNDER_WAY.reset(under_way)

    def _went_well(self, loop: str) -> None:
        if self._failures.pop(loop, None) is not None:
            log.warning("%s: works again", loop)

    def _note_failure(self, loop: str, error: Exception) -> float:
        """Note a failed step; answers the seconds after which it is repeated."""
        ours = product_error(error, loop)
        known = self._failures.get(loop)
        times = 1 if known is None else known.times + 1
        pause = pause_after(times)
        log.warning("%s failed, for the %d. time in a row; repeated after %g s: %s", loop, times, pause, ours.message)
        self._failures[loop] = LoopFailure(loop, times, ours.message, ours.remedy)
        return pause
