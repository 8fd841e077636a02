"""Named leases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that a living process holds; `fence` rises each time it is acquired."""

    name: str
    owner: str
    fence: int
    acquired_at: str


STALE_AFTER = 30.0
"""Seconds without a promised sign of life after which a holder counts as dead: it may be stopped (SIGSTOP)."""
