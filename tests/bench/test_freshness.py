"""The choice of what to read sees changes of critical assets much earlier than reading round and round does."""

from __future__ import annotations

import pytest

from spheresync.model import Tier
from tests.bench.freshness import read_by_worth, read_in_turn, tenant


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_critical_changes_are_seen_early_and_nothing_is_forgotten(seed: int) -> None:
    ours = read_by_worth(tenant(150, seed), 25, 6, seed)
    turns = read_in_turn(tenant(150, seed), 25, 6, seed)
    assert ours.mean(Tier.CRITICAL) <= 0.4 * turns.mean(Tier.CRITICAL)
    assert ours.longest_unseen <= 9 * 24
