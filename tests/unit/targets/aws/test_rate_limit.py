"""The pace of one API: spaced, halved once for each burst, growing back. All on a virtual clock."""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable

import pytest

from spheresync.targets.aws.rate_limit import AdaptiveRate, Permit, RateLimit

pytestmark = pytest.mark.anyio


class VirtualTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


def _pace(time: VirtualTime, start: float) -> AdaptiveRate:
    sleep: Callable[[float], Awaitable[None]] = time.sleep
    return AdaptiveRate(clock=time.clock, sleep=sleep, start=start)


async def test_calls_are_spaced_by_the_rate(time: VirtualTime) -> None:
    pace = _pace(time, start=10)
    for _ in range(21):
        await pace.permit()
    assert time.now == pytest.approx(2.0)


async def test_an_idle_pace_saves_up_no_burst(time: VirtualTime) -> None:
    pace = _pace(time, start=10)
    await pace.permit()
    time.now = 100.0
    for _ in range(11):
        await pace.permit()
    assert time.now == pytest.approx(101.0)


async def test_a_burst_of_throttles_slows_once(time: VirtualTime) -> None:
    pace = _pace(time, start=100)
    burst = [await pace.permit() for _ in range(32)]
    for permit in burst:
        pace.throttled(permit)
    assert pace.rate == 50
    pace.throttled(await pace.permit())
    assert pace.rate == 25


async def test_success_adds_and_never_passes_the_start(time: VirtualTime) -> None:
    pace = _pace(time, start=100)
    pace.throttled(await pace.permit())
    before = pace.rate
    for _ in range(50):
        pace.succeeded()
    assert before < pace.rate < before + 6
    for _ in range(10_000):
        pace.succeeded()
    assert pace.rate == 100


async def test_the_rate_never_reaches_zero(time: VirtualTime) -> None:
    pace = _pace(time, start=100)
    for _ in range(100):
        pace.throttled(await pace.permit())
    assert pace.rate > 0


@pytest.mark.parametrize("limit", [5.0, 50.0, 300.0])
async def test_it_settles_near_what_the_service_bears(time: VirtualTime, limit: float) -> None:
    """32 callers, 20 ms a call, a service that throttles beyond `limit`: few calls are wasted, most of it is used."""
    pace = _pace(time, start=1000)
    tokens, refilled, chance = limit / 10, 0.0, random.Random(7)
    done = wasted = 0
    under_way: list[tuple[float, int, Permit, bool]] = []
    for number in range(4000):
        permit = await pace.permit()
        tokens, refilled = min(limit / 10 + 1, tokens + (time.now - refilled) * limit), time.now
        served = tokens >= 1
        tokens -= served
        heapq.heappush(under_way, (time.now + 0.02 + chance.random() / 1000, number, permit, served))
        while under_way and (under_way[0][0] <= time.now or len(under_way) >= 32):
            ended, _, answered, fine = heapq.heappop(under_way)
            time.now = max(time.now, ended)
            if fine:
                done += 1
                pace.succeeded()
            else:
                wasted += 1
                pace.throttled(answered)
    assert wasted < done / 6
    assert done / time.now > limit * 0.8


async def test_a_limit_spaces_the_calls_of_everything_that_shares_it_and_follows_a_change(time: VirtualTime) -> None:
    allowed: list[float | None] = [10.0]
    limit = RateLimit(lambda: allowed[-1], clock=time.clock, sleep=time.sleep)
    for _ in range(21):
        await limit.wait()
    assert time.now == pytest.approx(2.0)
    allowed.append(1.0)
    for _ in range(3):
        await limit.wait()
    assert time.now == pytest.approx(2.0 + 0.1 + 2.0)
    allowed.append(None)
    for _ in range(100):
        await limit.wait()
    assert time.now == pytest.approx(4.1)
