"""Signs of life of the loops of one process: a loop that stands still shows, whatever it stands still in."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """Remembers when each loop last gave a sign of life, in seconds of a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beats: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """Say that a loop goes round; the first time, that there is such a loop."""
        self._beats[loop] = self._clock()

    def silent_for(self, loop: str) -> float | None:
        """Seconds since the last sign of life; None where the process has no such loop."""
        last = self._beats.get(loop)
        return None if last is None else max(0.0, self._clock() - last)
