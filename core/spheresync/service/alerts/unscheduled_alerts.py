"""Tell people once, in a process that does not keep the schedule: a command that cron starts, a server without it.

Where some process keeps the schedule it tells by itself, and nothing is done here. Never a reason for a command to
fail, or to take long.
"""

from __future__ import annotations

import anyio

from spheresync.alerts.alerting import LEASE as TELLING
from spheresync.alerts.alerting import Alerting
from spheresync.observe.incidents import product_error
from spheresync.runtime.context import RuntimeContext
from spheresync.schedule.control import LEASE as SCHEDULE
from spheresync.state.port import Tx

EACH_CHANNEL = 5.0
"""Seconds that one channel may take, all of them at once."""
IN_ALL = 15.0
_RETRY = 0.2
_NEXT_TIME = "It is tried again after the next command."


async def deliver_once(context: RuntimeContext, alerting: Alerting) -> tuple[str, ...]:
    """Look once at what is wrong and tell the channels, recoveries too; answers what did not work, in sentences."""
    if not context.settings.alerts:
        return ()
    try:
        with anyio.move_on_after(IN_ALL):
            if not await _begin(context):
                return ()
            try:
                return tuple(f"{why} {_NEXT_TIME}" for why in await alerting.step_within(EACH_CHANNEL))
            finally:
                with anyio.CancelScope(shield=True):
                    await context.store.write(lambda tx: tx.leases.release(TELLING, context.owner))
    except Exception as error:  # noqa: BLE001 -- never a reason for a command to fail
        return (f"{product_error(error, 'alerts').message} {_NEXT_TIME}",)
    return (f"alerts: not everything was told within {IN_ALL:g} s. {_NEXT_TIME}",)


async def _begin(context: RuntimeContext) -> bool:
    """Wait for one's turn to tell; False where a process keeps the schedule, and so tells by itself."""

    async def acquire(tx: Tx) -> bool | None:
        if await tx.leases.holder(SCHEDULE) is not None:
            return None
        return await tx.leases.acquire(TELLING, context.owner, beats=True) is not None

    while True:
        if await context.store.leases.holder(SCHEDULE) is not None:
            return False
        begun = await context.store.write(acquire)
        if begun is not False:
            return bool(begun)
        await anyio.sleep(_RETRY)
