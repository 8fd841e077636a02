"""What the processes of one state share: named leases, and permits to send requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that a living process holds; `fence` rises each time it is acquired."""

    name: str
    owner: str
    fence: int


STALE_AFTER = 30.0
"""Seconds without a promised heartbeat after which a holder counts as dead: it may be stopped (SIGSTOP)."""


@dataclass(frozen=True, slots=True)
class GrantedPermits:
    """What one process was granted: `permits` to be used before `expires_at`. None granted: ask again at `retry_at`."""

    row: int | None
    permits: int
    expires_at: float
    retry_at: float
