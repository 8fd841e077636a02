"""The permit that every request to the tenant needs.

The tenant's rate limit counts per user over all processes (reference: datasphere-api.md 7), so the implementation that
counts lives in the state; this module holds the port alone.
"""

from __future__ import annotations

from typing import Protocol

import anyio.lowlevel


class RequestBudget(Protocol):
    """Hands out one permit for each request that is about to be sent."""

    async def take(self, deadline: float | None) -> None:
        """Wait until one more request may be sent, and count it.

        `deadline` is a moment of the monotonic clock in seconds, None where there is none.

        Raises:
            TimeoutError: no permit came free before `deadline`; nothing was counted.
        """
        ...


class UnlimitedBudget:
    """A budget that always says yes: for tests and for tenants that live in this process."""

    async def take(self, deadline: float | None) -> None:  # noqa: ARG002 -- the port's signature
        await anyio.lowlevel.checkpoint()
