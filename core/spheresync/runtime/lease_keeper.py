"""Do work under a claim that is lost without heartbeats: these beside it, and an end to it once the claim is lost.

The one mechanism for runs, for the reading of Datasphere and for the schedule. That nothing is written once a claim is
lost is not its matter: every write carries the fence of its claim.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from spheresync.errors import FenceError, LeaseLostError
from spheresync.isolation import isolated_group
from spheresync.observe.loop_health import LoopHealth
from spheresync.state.port import Store, Tx
from spheresync.state.records import STALE_AFTER

T = TypeVar("T")

LEASE_BEAT = 5.0
"""Seconds between two heartbeats."""


class Claim(Protocol):
    """What a process has for as long as it sends heartbeats."""

    @property
    def about(self) -> str:
        """What is claimed, as messages say it."""
        ...

    async def beat(self, tx: Tx) -> None:
        """Send a heartbeat.

        Raises:
            FenceError: another process may have the claim by now.
        """
        ...

    async def is_ours(self) -> bool:
        """Whether the claim still counts, as the state has it."""
        ...


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A named lease of the state, as it was acquired."""

    store: Store
    name: str
    fence: int

    @property
    def about(self) -> str:
        return f"lease {self.name}"

    async def beat(self, tx: Tx) -> None:
        await tx.leases.heartbeat(self.name, self.fence)

    async def is_ours(self) -> bool:
        return await self.store.leases.is_held(self.name, self.fence)


async def while_held(
    store: Store,
    claim: Claim,
    work: Callable[[], Awaitable[T]],
    *,
    every: float | None = None,
    loop_health: LoopHealth | None = None,
    loop: str | None = None,
) -> T:
    """Do work for as long as a claim is ours; what the work raises is raised as it is.

    A heartbeat that cannot be written is tried again, until the claim would be over without one.

    Args:
        store: where heartbeats are written.
        claim: what is held.
        work: is cancelled once the claim is lost.
        every: seconds between two heartbeats.
        loop_health: gets to know of signs that fail, so that health tells it.
        loop: under which name it does.

    Raises:
        LeaseLostError: the claim is lost, and the work was cancelled.
    """
    seconds = LEASE_BEAT if every is None else every
    results: list[T] = []
    lost: list[LeaseLostError] = []
    written_at = time.monotonic()

    async def beat() -> None:
        nonlocal written_at
        try:
            await store.write(claim.beat)
        except Exception as error:
            over = time.monotonic() - written_at > STALE_AFTER
            if over or (isinstance(error, FenceError) and not await claim.is_ours()):
                lost.append(_lost(claim, error))
                group.cancel_scope.cancel()
            raise
        written_at = time.monotonic()

    async with isolated_group() as group:
        group.start_soon(
            _keep_beating, loop_health or LoopHealth(), beat, loop or f"heartbeats for {claim.about}", seconds
        )
        results.append(await work())
        group.cancel_scope.cancel()
    if not results:
        raise lost[0]
    return results[0]


async def _keep_beating(
    loop_health: LoopHealth, beat: Callable[[], Awaitable[None]], loop: str, seconds: float
) -> None:
    await loop_health.keep_going(beat, loop=loop, seconds=seconds, longest_pause=seconds)


def _lost(claim: Claim, error: Exception) -> LeaseLostError:
    if isinstance(error, LeaseLostError):
        return error
    if isinstance(error, FenceError):
        return LeaseLostError(error.message, remedy=error.remedy)
    return LeaseLostError(
        f"No heartbeat for {claim.about} could be written for {STALE_AFTER:g} s, so it is lost: {error}",
        remedy="Nothing is lost of what was written: whoever can write to the state goes on.",
    )
