"""What the scheduler makes of its settings at each moment: workers, the sweep for drift, objectives of tiers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest
from anyio.lowlevel import checkpoint

from spheresync.config import Settings
from spheresync.model import (
    AssetId,
    AssetKind,
    JobKind,
    Tier,
    isoformat,
)
from spheresync.observe.loop_health import LoopHealth
from spheresync.schedule.due import in_window
from spheresync.schedule.due_jobs import DueJobs, _candidate
from spheresync.schedule.scheduler import Scheduler
from spheresync.state.records import DueRow, ScheduleRow

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def settings(**sections: Any) -> Settings:
    return Settings.model_validate({"state_dir": "/nowhere", **sections})


class Working:
    """An engine whose jobs last for ever; counts who works."""

    def __init__(self) -> None:
        self.claims = 0

    async def claim(self, kinds: object, *, limit: int, time_limit: timedelta) -> list[Any]:
        self.claims += 1
        await anyio.sleep_forever()
        return []


@pytest.mark.anyio
async def test_scheduler_workers_follow_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(store=None, settings=settings(scheduler={"workers": 2}))
    engine = Working()
    scheduler = Scheduler(cast("Any", context), cast("Any", engine), cast("Any", None), LoopHealth(), cast("Any", None))
    monkeypatch.setattr("spheresync.schedule.scheduler.TICK", 0.001)

    async def settled(claims: int) -> None:
        with anyio.fail_after(10):
            while engine.claims < claims:
                await checkpoint()
        for _ in range(20):
            await checkpoint()
        assert engine.claims == claims

    async with anyio.create_task_group() as group:
        group.start_soon(scheduler._keep_workers, group)
        await settled(2)
        context.settings = settings(scheduler={"workers": 5})
        await settled(5)
        context.settings = settings(scheduler={"workers": 1})
        await settled(5)
        group.cancel_scope.cancel()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sweep", "looked_ago", "asked"), [("1h", 61, 1), ("1h", 59, 0), ("0s", 99_999, 0), ("2h", 61, 0)]
)
async def test_drift_is_looked_for_as_often_as_drift_sweep_says(sweep: str, looked_ago: int, asked: int) -> None:
    looked_at = isoformat(NOW - timedelta(minutes=looked_ago))

    async def standing() -> Any:
        return SimpleNamespace(looked_at=looked_at)

    context = SimpleNamespace(store=SimpleNamespace(drift=SimpleNamespace(summary=standing)))
    turns = DueJobs(cast("Any", context), cast("Any", None))
    jobs = await turns._sweep(settings(drift={"sweep": sweep}), NOW)
    assert Counter(job.kind for job in jobs)[JobKind.SWEEP] == asked


@pytest.mark.parametrize("tier", [*Tier])
def test_an_asset_is_overdue_by_the_freshness_of_its_tier_else_by_its_interval(tier: Tier) -> None:
    asset = AssetId.parse("SALES/ORDERS")
    planned = ScheduleRow(asset, isoformat(NOW), isoformat(NOW), 0.0, 0.0, 0, signalled=False)
    row = DueRow(asset, AssetKind.VIEW, tier, isoformat(NOW - timedelta(hours=2)), planned)
    with_objective = settings(tiers={tier.value: {"interval": "1m", "freshness": "1h"}})
    assert _candidate(row, with_objective, NOW, {}).overdue == 1
    without = settings(tiers={tier.value: {"interval": "1h", "freshness": None}})
    assert _candidate(row, without, NOW, {}).overdue == -0.5


@pytest.mark.parametrize("tier", [*Tier])
def test_each_tier_is_due_in_its_own_window_and_timezone(tier: Tier) -> None:
    configured = settings(tiers={tier.value: {"window": "01:00-02:00", "timezone": "Asia/Tokyo"}})
    inside = [hour for hour in range(24) if in_window(NOW.replace(hour=hour), configured.tiers.of(tier))]
    assert inside == [16]
    assert all(in_window(NOW, configured.tiers.of(other)) for other in Tier if other is not tier)
