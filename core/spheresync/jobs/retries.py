"""What becomes of a job that failed: again soon, again when there is room, never by itself, or once a person has acted.

Pure. Errors are sorted by what helps against them, and not by where they came from.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from spheresync.errors import SourceFault, TargetFault

ATTEMPTS = 6
"""A transient failure is tried so often before the job is set aside."""
MOST_COUNTED = 3
"""Throttling counts so far and no further: waits grow, and the job is never set aside for it."""
MOST_PATIENT = 7
"""Waits of a write grow so often: from seconds to some minutes."""
_GRID = 5
"""Seconds: writes are tried again at full ones of these."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)

TIMED_OUT = "timed_out"
"""Code of a job that was ended because it took too long."""
CONFIGURATION = "configuration"
"""Code of a job whose settings cannot be used."""
STATE = "state"
"""Code of a job that could not read or write the state."""
FENCE = "fence"
"""Code of a job whose claim of something went to another process meanwhile."""
REFUSED = "refused"
"""Code of a job that a rule of safety refused as a whole."""
UNDELIVERED = "undelivered"
"""Code of a job whose result nobody took."""
HELD_BACK = "held_back"
"""Code of a write that a guard or a rule of the plan holds back until a person has decided."""


class Remedy(StrEnum):
    """What helps against a failure."""

    TIME = "time"  # transient: an outage, a broken connection
    PATIENCE = "patience"  # a write that a target refused for what may pass at any time: tried again for ever
    ROOM = "room"  # throttled: tried again for ever, as it is no failure of the asset
    NOTHING = "nothing"  # permanent: the same question has the same answer
    PERSON = "person"  # a right, a setting or a decision is missing


_HELPED_BY: dict[Remedy, frozenset[str]] = {
    Remedy.TIME: frozenset(
        {
            SourceFault.UNREACHABLE,
            SourceFault.SERVER_ERROR,
            SourceFault.HTML_INSTEAD,
            SourceFault.TRUNCATED,
            TargetFault.UNREACHABLE,
            TargetFault.MOVED,
            TargetFault.NO_CONTAINER,
            TIMED_OUT,
            STATE,
            FENCE,
            SourceFault.INTERNAL,
            TargetFault.INTERNAL,
        }
    ),
    Remedy.ROOM: frozenset({SourceFault.THROTTLED, TargetFault.THROTTLED}),
    Remedy.PERSON: frozenset(
        {
            SourceFault.UNAUTHORIZED,
            SourceFault.FORBIDDEN,
            TargetFault.DENIED,
            TargetFault.CONFLICT,
            TargetFault.LIMIT,
            CONFIGURATION,
            REFUSED,
            HELD_BACK,
        }
    ),
}


_MAY_PASS = frozenset(
    {
        TargetFault.DENIED,  # a right or credentials that somebody grants or renews: nobody tells us when
        TargetFault.FAILED,
        TargetFault.LIMIT,
        TargetFault.UNREACHABLE,
        TargetFault.NO_CONTAINER,
        CONFIGURATION,
        STATE,
        TIMED_OUT,
        FENCE,
        UNDELIVERED,
    }
)
"""Of a write: what is over without any change of the asset, so that no later reading would ask for the write anew."""


def remedy_for(code: str, *, of_write: bool = False) -> Remedy:
    """What helps against a problem of this code; what is not known by name is permanent."""
    if of_write and code in _MAY_PASS:
        return Remedy.PATIENCE
    return next((remedy for remedy, codes in _HELPED_BY.items() if code in codes), Remedy.NOTHING)


def wait_before(attempt: int, share: float) -> timedelta:
    """How long to wait before the attempt after `attempt` failed ones.

    Doubled each time, and between half and the whole of that: `share` (0 to 1) spreads jobs that failed together.
    """
    whole: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt - 1, 20))
    return whole * ((1 + share) / 2)


def share_of_subject(text: str) -> float:
    """A number from 0 to 1 (excluded) that a text always has, spread evenly over texts."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def wait_together(attempt: int, now: datetime) -> datetime:
    """When a write is tried again: writes that failed together are due together, so that one run does them."""
    at = now + wait_before(min(attempt, MOST_PATIENT), share=1.0)
    return at.replace(microsecond=0) + timedelta(seconds=_GRID - at.second % _GRID)
