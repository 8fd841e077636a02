"""How late changes are seen when the budget does not let everything be read: by worth, beside round and round."""

from __future__ import annotations

from spheresync.model import Tier
from tests.bench.figures import Figure, Of, at_most
from tests.bench.freshness import read_by_worth, read_in_turn, tenant
from tests.bench.scale import Scale

SECTION = "freshness"
BESIDE = "round-robin"
SEED = 20_261_125


def measure_freshness(scale: Scale) -> list[Figure]:
    """A simulated year (short: a month) of 300 assets, of which 10 may be read an hour."""
    assets, days, room = 300, 365 if scale.assets >= 10_000 else 30, 10
    ours = read_by_worth(tenant(assets, SEED), days, room, SEED)
    turns = read_in_turn(tenant(assets, SEED), days, room, SEED)
    figures = [
        Figure(
            SECTION,
            f"mean staleness of changed {tier} assets, {days} days",
            ours.mean(tier),
            "h",
            turns.mean(tier),
            BESIDE,
            at_most(0.4, Of.RATIO) if tier is Tier.CRITICAL else None,
        )
        for tier in Tier
    ]
    longest = Figure(
        SECTION, "longest that anything went unseen", ours.longest_unseen, "h", turns.longest_unseen, BESIDE
    )
    return [*figures, longest]
