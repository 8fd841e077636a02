"""Hold a lease while work goes on: signs of life beside it, and an end to it once another process has the lease."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from spheresync.errors import LeaseLostError
from spheresync.isolation import isolated_group
from spheresync.observe.incidents import product_error
from spheresync.state.store import Store

T = TypeVar("T")

LEASE_BEAT = 5.0
"""Seconds between two signs of life; a lease is lost after 30 without one."""

log = logging.getLogger(__name__)


async def while_held(store: Store, name: str, fence: int, work: Callable[[], Awaitable[T]]) -> T:
    """Do work for as long as a lease is ours; what it raises is raised as it is.

    Raises:
        LeaseLostError: another process has taken the lease; the work was cancelled.
    """
    results: list[T] = []

    async def beat() -> None:
        while True:
            await anyio.sleep(LEASE_BEAT)
            try:
                await store.write(lambda tx: tx.leases.heartbeat(name, fence))
            except LeaseLostError:
                raise
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this loop: the work goes on
                log.warning("the lease %s could not be renewed: %s", name, product_error(error, name).message)

    async with isolated_group() as group:
        group.start_soon(beat)
        results.append(await work())
        group.cancel_scope.cancel()
    return results[0]
