"""How often an asset is likely to change: a Gamma-Poisson estimate, pooled by kind and space.

Pure. Changes arrive as a Poisson process whose rate has a Gamma prior; the prior's mean is the rate of the pool, so
that an asset of which little is known is taken for one like its neighbours. A look only tells whether anything changed
since the last one. Evidence fades, because models are busy for a while and then are not.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

PRIOR_DAYS = 10.0
"""How much the pool counts beside what was seen of the asset itself, in days of watching."""
HALF_LIFE_DAYS = 45.0
"""After so many days what was seen counts half."""
_POOL_CHANGES = 0.5
_POOL_DAYS = 15.0
"""What a pool is believed to be before anything was seen of it: one change in thirty days."""
_LEAST_DAYS = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one asset: `changes` found in `days` of watching, both faded to the last look."""

    changes: float = 0.0
    days: float = 0.0

    def after(self, *, days: float, changed: bool) -> Evidence:
        """What is known after one more look, `days` after the one before."""
        kept = 0.5 ** (days / HALF_LIFE_DAYS)
        return Evidence(self.changes * kept + changed, self.days * kept + days)


def pool_rates(evidence: Iterable[tuple[Hashable, Evidence]]) -> dict[Hashable, float]:
    """Changes a day of an asset of each pool (such as a space and a kind), from what was seen of its assets."""
    changes: dict[Hashable, float] = {}
    days: dict[Hashable, float] = {}
    for pool, seen in evidence:
        changes[pool] = changes.get(pool, _POOL_CHANGES) + seen.changes
        days[pool] = days.get(pool, _POOL_DAYS) + seen.days
    return {pool: changes[pool] / days[pool] for pool in changes}


def rate_of(seen: Evidence, pool: Hashable, pools: Mapping[Hashable, float]) -> float:
    """The mean of the posterior, in changes a day; above 0."""
    prior = pools.get(pool, _POOL_CHANGES / _POOL_DAYS)
    return (prior * PRIOR_DAYS + seen.changes) / (PRIOR_DAYS + max(seen.days, _LEAST_DAYS))


def urgency(rate: float, age_days: float) -> float:
    """How much a look is worth now: the index that keeps the expected time in a stale state least.

    The Whittle index of an asset whose cost is the chance that it has changed since it was looked at. 0 for a fresh
    one, rising with age to 1/rate: what changes all the time is never fresh for long, so it does not crowd others out.
    """
    expected = rate * age_days
    if expected < 1e-4:
        return rate * age_days * age_days / 2  # the series, where the difference below loses its digits
    stays = math.exp(-expected)
    return (1 - stays) / rate - age_days * stays
