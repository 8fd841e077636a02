"""When to try again: clock, deadline, retry policy and the wait that a server asks for.

The loop itself is in `retry_loop.py`. It is our own and not `stamina`, which cannot leave throttled attempts
uncounted, knows one limit of attempts for every kind of failure, and sleeps on a clock that tests cannot replace.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anyio

from spheresync.model import utc_now


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as this package sees it; tests inject their own, so that nothing sleeps."""

    monotonic: Callable[[], float] = time.monotonic  # seconds
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    wall: Callable[[], datetime] = utc_now
    random: Callable[[], float] = field(default=random.random)  # [0, 1): jitter, not secrecy


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, in seconds of the monotonic clock, after which a run waits for nothing more; None is never."""

    at: float | None = None

    def leaves(self, seconds: float, *, now: float) -> bool:
        """Whether a wait of `seconds` from `now` ends before the deadline."""
        return self.at is None or now + seconds < self.at


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently one request is tried again. All times in seconds."""

    attempts: int = 5  # for 5xx, connection errors, timeouts and truncated bodies
    html_attempts: int = 3  # for a page where data was due: one try and two more
    base: float = 0.5  # first backoff; doubles, full jitter
    backoff_cap: float = 30.0
    retry_after_cap: float = 120.0  # of one wait that the tenant asks for
    throttled_for: float = 900.0  # of one request that is answered 429 only, where the run has no deadline
    attempt_timeout: float = 120.0  # of one attempt, body included

    def backoff(self, failures: int, clock: Clock) -> float:
        """Full jitter: anything between nothing and the doubled wait; `failures` counts from 1."""
        ceiling = min(self.backoff_cap, self.base * 2.0 ** min(failures - 1, 16))
        return ceiling * clock.random()


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for, given as such or as HTTP date (RFC 9110, 10.2.3), or None."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, IndexError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
