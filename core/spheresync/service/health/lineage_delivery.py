"""Deliver lineage: a server beside all else, a command before it ends."""

from __future__ import annotations

import anyio

from spheresync.lineage.delivery import LineageDelivery
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import went_well
from spheresync.runtime.context import RuntimeContext

LOOK = 1.0
"""Seconds between two looks of a server at what is due."""
IDLE = 10.0
"""Seconds between two looks where nobody is to be told."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries at most while a receiver takes nothing."""
IN_ALL = 60.0
"""Seconds that a command may take for it."""
_NEXT_TIME = "It is told after the next command, or by a server."


class LineageDeliveryLoop:
    """What a process does so that lineage is told."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._delivery = LineageDelivery(context.store, context.jobs, lambda: context.settings, context.clock)
        self._failures = 0

    async def step(self) -> None:
        """Deliver what is due, and wait: longer each time that nothing was taken."""
        why = await self._delivery.deliver()
        self._failures = 0 if why is None else self._failures + 1
        went_well()
        if self._context.settings.lineage.openlineage is None:
            await anyio.sleep(IDLE)
            return
        await anyio.sleep(min(LONGEST_PAUSE, LOOK * 2 ** min(self._failures, 10)))

    async def deliver(self) -> tuple[str, ...]:
        """Deliver once, for a command that ends soon; answers what did not work. Never a reason for it to fail."""
        if self._context.settings.lineage.openlineage is None:
            return ()
        try:
            with anyio.move_on_after(IN_ALL):
                why = await self._delivery.deliver()
                return () if why is None else (f"{why} {_NEXT_TIME}",)
        except Exception as error:  # noqa: BLE001 -- never a reason for a command to fail
            return (f"lineage: {product_error(error, 'lineage').message} {_NEXT_TIME}",)
        return (f"lineage: not all of it was told within {IN_ALL:g} s. {_NEXT_TIME}",)
