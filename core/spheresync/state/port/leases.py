"""Leases, and permits to send requests: what processes share."""

from __future__ import annotations

from typing import Protocol

from spheresync.state.records import GrantedPermits, Lease


class LeaseReader(Protocol):
    """Tells who holds what."""

    async def holder(self, name: str) -> Lease | None:
        """The lease, None where no living process holds it."""

    async def is_held(self, name: str, fence: int) -> bool:
        """Whether a holding of a lease still counts: nobody else has acquired it since, and it was not given back."""

    async def held(self) -> list[Lease]:
        """Every lease that a living process holds."""


class LeaseWriter(LeaseReader, Protocol):
    """Takes leases and gives them back."""

    async def acquire(self, name: str, owner: str, *, beats: bool = False) -> int | None:
        """Take a lease that nobody living holds.

        Not re-entrant: a second task of the holder's own process is answered None as well.

        Args:
            name: of the lease.
            owner: who takes it.
            beats: promise heartbeats from now on: it is lost after 30 s without one, so that a process that was
                stopped does not hold it.

        Returns:
            The fence of this holding, or None while it is held.
        """

    async def heartbeat(self, name: str, fence: int) -> None:
        """Send a heartbeat. Optional; after the first one the lease is lost after 30 s without another.

        Raises:
            LeaseLostError: somebody else holds it by now.
        """

    async def require(self, name: str, fence: int) -> None:
        """Refuse to write what only the holder of a lease may.

        Raises:
            LeaseLostError: somebody else holds it by now, or did meanwhile.
        """

    async def release(self, name: str, owner: str) -> None:
        """Give it back; what this owner does not hold is left alone."""


class RequestGrantWriter(Protocol):
    """Grants permits and takes unused ones back. Times in seconds of the clock that all processes share."""

    async def settle(self, row: int, *, used: int, last_use: float) -> None:
        """Say what was really used of an earlier grant, so that the rest is free again."""

    async def grant(self, budget: str, *, now: float, limit: int, wanted: int) -> GrantedPermits:
        """Grant up to `wanted` permits of a budget of `limit` in 60 s."""
