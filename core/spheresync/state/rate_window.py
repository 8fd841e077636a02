"""A sliding window over granted permits: in no 60 s more than the limit. Pure.

Why it holds: take any window of 60 s, and of the grants that sent something in it the one granted last, at time g.
Every other grant that sent something in the window was last used no earlier than the window began, which is no
earlier than g - 60, so all of them were counted at g.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WINDOW = 61.0
"""Seconds for which a permit counts after its last possible use: 60, and one for requests that travel unevenly."""
LIFE = 2.0
"""Seconds for which a grant may be used."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Permits that were given out together. `last_use`: when one was last used, or at the latest may be, in seconds."""

    permits: int
    last_use: float


@dataclass(frozen=True, slots=True)
class AdmittedPermits:
    """How many permits may be given out now; where that is 0, `retry_at` says when asking again may help."""

    permits: int
    retry_at: float


def admit(grants: Iterable[Grant], *, now: float, limit: int, wanted: int) -> AdmittedPermits:
    """Decide on `wanted` more permits. `limit` is permits in 60 s; what is no longer in the window does not count."""
    counted = sorted((grant for grant in grants if counts(grant, now)), key=lambda grant: grant.last_use)
    free = limit - sum(grant.permits for grant in counted)
    if free > 0:
        return AdmittedPermits(min(wanted, free), now)
    for grant in counted:
        free += grant.permits
        if free > 0:
            return AdmittedPermits(0, grant.last_use + WINDOW)
    return AdmittedPermits(0, now + WINDOW)  # a limit below 1


def counts(grant: Grant, now: float) -> bool:
    """Whether a permit of it may have been used within the window that ends now."""
    return grant.last_use > now - WINDOW


def clamp_future_grant(grant: Grant, now: float) -> Grant:
    """The grant as one that was used just now, where its time lies ahead: the clock began anew (the machine restarted).

    That counts too much rather than too little, and for 61 s at most.
    """
    return grant if grant.last_use <= now + LIFE else Grant(grant.permits, now)
