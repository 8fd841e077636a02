"""Blocking work on a thread that stops when its task is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from spheresync.isolation import isolated_group

T = TypeVar("T")


async def in_stoppable_thread(work: Callable[[threading.Event], T]) -> T:
    """Run work on a thread; when cancelled, its event is set and it is waited for."""
    stop = threading.Event()
    results: list[T] = []

    async def watch() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            stop.set()

    async with isolated_group() as group:
        group.start_soon(watch)
        results.append(await anyio.to_thread.run_sync(work, stop))
        group.cancel_scope.cancel()
    return results[0]
