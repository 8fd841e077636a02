"""Deliver lineage: a server beside all else, a command before it ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio

from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.execution.written_lineage import targets_reached
from spheresync.lineage.delivery import LineageDelivery, targets_that_take, tells_lineage
from spheresync.lineage.receivers import Entry, UndeliveredError
from spheresync.model import RunId, TargetKey
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


class ToTarget:
    """Hands events to one target in force that takes them."""

    def __init__(self, context: RuntimeContext, key: TargetKey) -> None:
        self._context = context
        self._key = key

    async def take(self, batch: Sequence[Entry]) -> list[UndeliveredError | None]:
        """As `Receiver.take`."""
        answers: list[UndeliveredError | None] = []
        stopped: UndeliveredError | None = None
        async with self._context.providers.in_use() as providers:
            target = providers.target(self._key)
            assert isinstance(target, TakesLineage)
            for entry in batch:
                why = stopped
                try:
                    for event in entry if why is None else ():
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
            context.store, context.jobs, lambda: context.settings, context.clock, of_target=partial(ToTarget, context)
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

    async def deliver(self, *, after: Sequence[str]) -> tuple[str, ...]:
        """Deliver once, for a command that ends soon; answers what did not work. Never a reason for it to fail.

        `after`: the runs that the command has waited for; targets that none of them has reached are told nothing.
        """
        settings = self._context.settings
        if not tells_lineage(settings):
            return ()
        try:
            reached = [key for run in after for key in await targets_reached(self._context.store, settings, RunId(run))]
            with anyio.move_on_after(IN_ALL):
                left_out = [key for key in targets_that_take(settings) if key not in reached]
                why = await self._delivery.deliver(but_for=left_out)
                return () if why is None else (f"{why} {_NEXT_TIME}",)
        except Exception as error:  # noqa: BLE001 -- never a reason for a command to fail
            return (f"lineage: {product_error(error, 'lineage').message} {_NEXT_TIME}",)
        return (f"lineage: not all of it was told within {IN_ALL:g} s. {_NEXT_TIME}",)
