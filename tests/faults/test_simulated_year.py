"""Seeded months with outages, deaths and clock jumps: nothing lost, nothing written twice, tiers kept.

`make test` lives a short life, `make soak` a year with 10,000 assets; the seed of a failure makes it again.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.model import Tier
from spheresync.schedule.due import JITTER
from spheresync.state.sqlite.store import SqliteStore
from tests.faults.simulated_year import Life, World
from tests.long_form import LONG

pytestmark = pytest.mark.anyio


async def check(life: Life, folder: Path) -> None:
    """What must be true at the end, after a quiet time in which everything has its turn."""
    world = life.world
    assert world.doubled == []
    lost = [str(asset) for asset in world.unseen]
    assert lost == [], "changes that no table shows"
    for tier, late in world.late.items():
        most = world.intervals[tier] * (1 + JITTER) + 2 * world.tick
        assert [wait for wait in late if wait > most] == [], f"tier {tier} missed its turn"
    async with SqliteStore.open(folder / "state", clock=lambda: world.now) as store:
        assert (await store.audit.verify()).intact
        assert await store.runs.unfinished() == []
        drift = await store.drift.summary()
        assert drift.looked_at is not None and drift.drifted == 0, "nobody else has changed anything"


async def lived(folder: Path, *, seed: int, spaces: int, assets: int, days: int, slowness: int = 1) -> Life:
    life = Life(World(seed, spaces, assets, slowness), folder)
    await life.live(timedelta(days=days))
    world = life.world
    world.out = world.half_listed = world.throttled = False
    world.broken, world.steps_to_death = frozenset(), None
    await life.live(1.25 * world.intervals[Tier.MEDIUM], quiet=True)
    return life


@pytest.mark.parametrize("seed", [1])
async def test_a_short_life_of_a_scheduler(tmp_path: Path, seed: int) -> None:
    life = await lived(tmp_path, seed=seed, spaces=2, assets=12, days=6)
    assert life.deaths > 3
    await check(life, tmp_path)


@pytest.mark.soak
@pytest.mark.skipif(not LONG, reason="the long form runs by make soak")
@pytest.mark.parametrize("seed", [2])
async def test_a_year_of_a_scheduler(tmp_path: Path, seed: int) -> None:
    await check(await lived(tmp_path, seed=seed, spaces=10, assets=1_000, days=365, slowness=24), tmp_path)
