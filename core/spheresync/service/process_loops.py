"""The background loops of one process, and how they are doing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from anyio.abc import TaskGroup

from spheresync.observe.loop_health import LoopHealth


class ProcessLoops:
    """Starts loops in the task group of the service; `long_lived` tells a server from a command."""

    def __init__(self, group: TaskGroup) -> None:
        self.group = group
        self.loop_health = LoopHealth()
        self.long_lived = False

    def keep_going(self, step: Callable[[], Awaitable[object]], loop: str, seconds: float = 0.0) -> None:
        """Start a loop of this process; one that fails is repeated, and health says so."""
        self.group.start_soon(partial(self.loop_health.keep_going, step, loop=loop, seconds=seconds))
