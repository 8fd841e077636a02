"""Passes on how far a run is to those who follow it."""

from __future__ import annotations

import anyio

from spheresync.errors import SpheresyncError
from spheresync.runtime.progress import OnProgress, ProgressEvent

POLL = 0.1
"""Seconds after which a follower looks at the run itself."""


class ProgressFeed:
    """Passes a driver's progress on to whoever follows it; a slow follower misses steps, never the end."""

    def __init__(self) -> None:
        self._latest: ProgressEvent | None = None
        self._moved = anyio.Event()
        self.broke: SpheresyncError | None = None

    async def publish(self, event: ProgressEvent) -> None:
        self._latest = event
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def follow(self, progress: OnProgress) -> None:
        """Pass on the next step, or return soon so that the caller can look at the run itself."""
        with anyio.move_on_after(POLL):
            await self._moved.wait()
            if self._latest is not None:
                await progress(self._latest)
