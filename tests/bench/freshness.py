"""A year of changes in a tenant, and who sees them how late: our choice of what to read, and reading round and round.

Both may read the same number of definitions in each step. The changes are synthetic and seeded: rates that differ by
orders of magnitude, models that nobody ever touches, busy weeks, and releases that change a whole space overnight.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from spheresync.model import AssetId, SpaceName, TechnicalName, Tier
from spheresync.schedule.rates import Evidence, pool_rates, rate_of
from spheresync.schedule.read_order import Candidate, choose

STEP = timedelta(hours=1)
_HOURS = 24
_BOUNDS = {Tier.CRITICAL: timedelta(days=1), Tier.HIGH: timedelta(days=3), Tier.MEDIUM: timedelta(days=7)}
_INTERVALS = {Tier.CRITICAL: 0, Tier.HIGH: 1, Tier.MEDIUM: 24}
"""Steps after which an asset of a tier is due."""
_DEAD = 0.4
_RELEASE_EVERY = 91 * _HOURS


@dataclass(slots=True)
class Asset:
    """One asset: what it is, how often it changes in a day, and since which step a change of it was not seen."""

    id: AssetId
    tier: Tier
    rate: float
    changed_at: int | None = None
    looked_at: int = 0
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(slots=True)
class Staleness:
    """How late changes were seen, in hours, by tier; and the longest that anything went unseen."""

    hours: dict[Tier, float] = field(default_factory=lambda: dict.fromkeys(Tier, 0.0))
    changes: dict[Tier, int] = field(default_factory=lambda: dict.fromkeys(Tier, 0))
    longest_unseen: int = 0

    def mean(self, tier: Tier) -> float:
        return self.hours[tier] / max(1, self.changes[tier])


def tenant(assets: int, seed: int) -> list[Asset]:
    """Assets of ten spaces: a tenth critical, three in ten daily, the rest hourly; four in ten never change."""
    chance = random.Random(seed)
    made = []
    for number in range(assets):
        tier = chance.choices([Tier.CRITICAL, Tier.HIGH, Tier.MEDIUM], [1, 6, 3])[0]
        rate = 0.0 if chance.random() < _DEAD else chance.lognormvariate(-3.0, 1.5)
        asset = AssetId(SpaceName(f"S{number % 10}"), TechnicalName(f"A{number}"))
        made.append(Asset(asset, tier, rate))
    return made


def changes(assets: Sequence[Asset], steps: int, seed: int) -> Iterator[list[Asset]]:
    """The assets that change in each step."""
    chance = random.Random(seed + 1)
    busy: dict[AssetId, int] = {}
    for step in range(steps):
        changed = []
        release = step % _RELEASE_EVERY == _RELEASE_EVERY - 1
        space = f"S{chance.randrange(10)}"
        for asset in assets:
            if asset.rate and chance.random() < 1 / (60 * _HOURS):
                busy[asset.id] = step + 7 * _HOURS
            rate = asset.rate * (10 if busy.get(asset.id, 0) > step else 1)
            if (release and asset.id.space == space) or chance.random() < rate / _HOURS:
                changed.append(asset)
        yield changed


def read_by_worth(assets: Sequence[Asset], days: int, room: int, seed: int) -> Staleness:
    """What is due and worth a look, as the scheduler chooses it."""
    seen = Staleness()
    pools = pool_rates((asset.id.space, asset.evidence) for asset in assets)
    for step, changed in enumerate(changes(assets, days * _HOURS, seed)):
        _note_changes(changed, step, seen)
        if step % _HOURS == 0:
            pools = pool_rates((asset.id.space, asset.evidence) for asset in assets)
        due = {asset.id: asset for asset in assets if step - asset.looked_at > _INTERVALS[asset.tier]}
        for chosen in choose((_candidate(asset, step, pools) for asset in due.values()), room):
            _look(due[chosen.asset], step, seen)
    return seen


def read_in_turn(assets: Sequence[Asset], days: int, room: int, seed: int) -> Staleness:
    """Round and round, whatever an asset is."""
    seen = Staleness()
    turn = 0
    for step, changed in enumerate(changes(assets, days * _HOURS, seed)):
        _note_changes(changed, step, seen)
        for _ in range(room):
            _look(assets[turn % len(assets)], step, seen)
            turn += 1
    return seen


def _candidate(asset: Asset, step: int, pools: dict[object, float]) -> Candidate:
    age = STEP * (step - asset.looked_at)
    rate = rate_of(asset.evidence, asset.id.space, pools)
    return Candidate(asset.id, asset.tier, age, _BOUNDS[asset.tier], rate)


def _note_changes(changed: Sequence[Asset], step: int, seen: Staleness) -> None:
    for asset in changed:
        if asset.changed_at is None:
            asset.changed_at = step
            seen.changes[asset.tier] += 1


def _look(asset: Asset, step: int, seen: Staleness) -> None:
    unseen = step - asset.looked_at
    seen.longest_unseen = max(seen.longest_unseen, unseen)
    asset.evidence = asset.evidence.after(days=unseen / _HOURS, changed=asset.changed_at is not None)
    if asset.changed_at is not None:
        seen.hours[asset.tier] += step - asset.changed_at + 0.5  # it happened somewhere within its step
        asset.changed_at = None
    asset.looked_at = step
