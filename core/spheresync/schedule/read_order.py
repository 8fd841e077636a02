"""Which of the assets that are due are read next, when the request budget does not let all of them.

Pure. Half of the room goes to assets that have not been seen for longer than their tier allows, the longest overdue
first, so that nothing is ever forgotten; the rest goes where a look is worth most: by tier, by how often the asset
changes, by how long ago it was seen.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from spheresync.model import AssetId, Tier
from spheresync.schedule.rates import urgency

WEIGHTS = {Tier.CRITICAL: 100.0, Tier.HIGH: 10.0, Tier.MEDIUM: 1.0}
"""How much staler an asset of a lower tier may be for the same worth of a look."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An asset that is due: `age` since it was seen (None: never), `bound` of that age, `rate` of changes a day."""

    asset: AssetId
    tier: Tier
    age: timedelta | None
    bound: timedelta
    rate: float
    signalled: bool = False  # the catalog entry says that something changed

    @property
    def overdue(self) -> float:
        """Its age divided by the allowed age, less one; above 0 it is read before everything else that is due."""
        return float("inf") if self.age is None else self.age / self.bound - 1

    @property
    def worth(self) -> float:
        """What a look is worth, in the scale of `urgency`."""
        if self.age is None or self.signalled:
            return float("inf")
        return WEIGHTS[self.tier] * urgency(self.rate, self.age / _DAY)


def choose(candidates: Iterable[Candidate], room: int) -> list[Candidate]:
    """At most `room` candidates, in the order in which they are to be read."""
    due = list(candidates)
    if len(due) <= room:
        return sorted(due, key=lambda c: (-WEIGHTS[c.tier], -c.worth, c.asset))
    overdue = heapq.nlargest((room + 1) // 2, (c for c in due if c.overdue > 0), key=lambda c: (c.overdue, c.asset))
    taken = {c.asset for c in overdue}
    rest = (c for c in due if c.asset not in taken)
    return overdue + heapq.nlargest(room - len(overdue), rest, key=lambda c: (c.worth, c.asset))
