"""Deliver lineage: a server beside all else, a command before it ends."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.lineage.delivery import LineageDelivery, tells_lineage
from spheresync.lineage.receivers import Entry, UndeliveredError
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import went_well
from spheresync.runtime.context import RuntimeContext
from spheresync.targets.protocol import TakesLineage

LOOK = 1.0
"""Seconds between two looks of a server at what is due."""
IDLE = 10.0
"""Seconds between two looks where nobody is to be told."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries at most while a receiver takes nothing."""
IN_ALL = 60.0
"""Seconds that a command may take for it."""
_NEXT_TIME = "It is told after the next command, or by a server."


class ToTargets:
    """Hands events to the targets in force that take them."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context

    async def take(self, batch: Sequence[Entry]) -> list[UndeliveredError | None]:
        """As `Receiver.take`."""
        answers: list[UndeliveredError | None] = []
        stopped: UndeliveredError | None = None
        async with self._context.providers.in_use() as providers:
            targets = [providers.target(key) for key in providers.keys]
            taking = [target for target in targets if isinstance(target, TakesLineage)]
            for entry in batch:
                why = stopped
                try:
                    for target in taking if why is None else ():
                        for event in entry:
                            await target.take_lineage(event)
                except (TargetError, ConfigurationError) as error:
                    why = UndeliveredError(error.message, remedy=error.remedy)
                    of_the_event = isinstance(error, TargetError) and error.fault is TargetFault.INVALID
                    stopped = None if of_the_event else why
                answers.append(why)
        return answers


class LineageDeliveryLoop:
    """What a process does so that lineage is told."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._delivery = LineageDelivery(
            context.store, context.jobs, lambda: context.settings, context.clock, targets=ToTargets(context)
        )
        self._failures = 0

    async def step(self) -> None:
        """Deliver what is due, and wait: longer each time that nothing was taken."""
        why = await self._delivery.deliver()
        self._failures = 0 if why is None else self._failures + 1
        went_well()
        if not tells_lineage(self._context.settings):
            await anyio.sleep(IDLE)
            return
        await anyio.sleep(min(LONGEST_PAUSE, LOOK * 2 ** min(self._failures, 10)))

    async def deliver(self) -> tuple[str, ...]:
        """Deliver once, for a command that ends soon; answers what did not work. Never a reason for it to fail."""
        if not tells_lineage(self._context.settings):
            return ()
        try:
            with anyio.move_on_after(IN_ALL):
                why = await self._delivery.deliver()
                return () if why is None else (f"{why} {_NEXT_TIME}",)
        except Exception as error:  # noqa: BLE001 -- never a reason for a command to fail
            return (f"lineage: {product_error(error, 'lineage').message} {_NEXT_TIME}",)
        return (f"lineage: not all of it was told within {IN_ALL:g} s. {_NEXT_TIME}",)
