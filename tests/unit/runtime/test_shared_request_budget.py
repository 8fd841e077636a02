"""In no 60 s more requests than the limit, whatever several processes want; and no slower than it needs to be."""

from __future__ import annotations

import heapq
import itertools
import tempfile
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spheresync.errors import ConfigurationError
from spheresync.runtime import shared_request_budget as budget_module
from spheresync.runtime.shared_request_budget import SharedRequestBudget, shared_seconds
from spheresync.state.rate_window import LIFE, WINDOW, Grant, admit, clamp_future_grant, counts
from spheresync.state.sqlite.store import SqliteStore
from tests.simulators.new_state import lay_new_state
from tests.unit.state.conftest import clock, store

__all__ = ["clock", "store"]

pytestmark = pytest.mark.anyio


class World:
    """Simulated time: it moves to the next sleeper's moment when every process sleeps."""

    def __init__(self, processes: int, *, now: float = 1000.0) -> None:
        self.now = now
        self.sent: list[float] = []
        self._active = processes
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._ids = itertools.count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        wake = anyio.Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._ids), wake))
        self.rest()
        await wake.wait()

    def rest(self) -> None:
        """This process waits, or has ended."""
        self._active -= 1
        if self._active == 0 and self._sleepers:
            moment, _, wake = heapq.heappop(self._sleepers)
            self.now = max(self.now, moment)
            self._active += 1
            wake.set()

    def budget(self, store: SqliteStore, limit: int) -> SharedRequestBudget:
        return SharedRequestBudget(store, limit, self.clock, self.sleep, monotonic=self.clock)

    async def send(self, budget: SharedRequestBudget) -> None:
        await budget.take()
        self.sent.append(self.now)

    def assert_never_more_than(self, limit: int) -> None:
        for first, last in zip(self.sent, self.sent[limit:], strict=False):
            assert last - first > 60, f"{limit + 1} requests from {first} to {last}"


PAUSES = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.4, 1.5, 1.9, 2.5, 20.0, 59.0]), min_size=1, max_size=12)


@settings(max_examples=12)
@given(
    limit=st.integers(1, 30) | st.integers(48, 150), demands=st.lists(PAUSES, min_size=1, max_size=4), data=st.data()
)
async def test_never_more_than_the_limit_in_any_60_s(
    limit: int, demands: list[list[float]], data: st.DataObject
) -> None:
    world = World(len(demands))
    crashes = [data.draw(st.booleans()) for _ in demands]

    async def process(pauses: list[float], crashing: bool) -> None:
        budget = world.budget(store, limit)
        for turn, pause in enumerate(itertools.cycle(pauses)):
            if world.now > 1000 + 200:
                break
            await world.send(budget)
            if turn % 7 == 6:  # ends, with or without giving back what it did not use; another one starts
                if not crashing:
                    await budget.aclose()
                budget = world.budget(store, limit)
            if pause:
                await world.sleep(pause)
        world.rest()

    with tempfile.TemporaryDirectory() as folder:
        lay_new_state(Path(folder))
        async with SqliteStore.open(Path(folder)) as store, anyio.create_task_group() as group:
            for pauses, crashing in zip(demands, crashes, strict=True):
                group.start_soon(process, pauses, crashing)
    assert world.sent
    world.assert_never_more_than(limit)


@pytest.mark.parametrize(("limit", "processes"), [(48, 1), (48, 3), (5, 2)])
async def test_high_demand_gets_nine_tenths_of_the_limit(store: SqliteStore, limit: int, processes: int) -> None:
    world = World(processes, now=0.0)

    async def process() -> None:
        budget = world.budget(store, limit)
        while world.now < 600:
            await world.send(budget)
        world.rest()

    async with anyio.create_task_group() as group:
        for _ in range(processes):
            group.start_soon(process)
    world.assert_never_more_than(limit)
    assert sum(1 for moment in world.sent if moment < 600) >= 0.9 * limit * 10
    assert sum(1 for moment in world.sent if moment == 0) == limit, "a burst up to the limit goes out at once"


async def test_what_is_not_used_is_given_back(store: SqliteStore) -> None:
    world = World(2)
    one, two = world.budget(store, 24), world.budget(store, 24)
    await one.take()
    await two.take()
    one._left = 1  # as if more had been granted than one
    with anyio.CancelScope() as scope:
        scope.cancel()
        await one.aclose()
    await one.aclose()
    await two.aclose()
    held = await store._pool.one("SELECT sum(permits), max(last_use) FROM request_grants")
    assert held == (2, world.now)


async def test_a_busy_process_takes_permits_in_blocks_that_expire(store: SqliteStore) -> None:
    world = World(1)
    budget = world.budget(store, 240)
    for _ in range(12):
        await world.send(budget)
    assert (budget._used, budget._left) == (5, 3), "1, 2, 4, 8 at a time"
    row = budget._row
    assert await store._pool.one("SELECT last_use FROM request_grants WHERE id = ?", (row,)) == (world.now + LIFE,)
    world.now += LIFE
    await world.send(budget)
    assert budget._row != row
    assert await store._pool.one("SELECT permits, last_use FROM request_grants WHERE id = ?", (row,)) == (5, 1000.0)


async def test_a_clock_that_began_anew_locks_nobody_for_long(store: SqliteStore) -> None:
    before = World(1, now=1_000_000.0)
    old = before.budget(store, 10)
    for _ in range(10):
        await before.send(old)
    world = World(1, now=5.0)
    await world.send(world.budget(store, 10))
    assert 5 < world.sent[0] <= 5 + WINDOW + 1


async def test_a_deadline_ends_the_wait_and_counts_nothing(store: SqliteStore) -> None:
    budget = SharedRequestBudget(store, 1)
    await budget.take()
    with pytest.raises(TimeoutError):
        await budget.take(budget._monotonic())
    world = World(1)
    simulated = SharedRequestBudget(store, 1, world.clock, world.sleep, monotonic=world.clock, name="other")
    await simulated.take()
    assert await store._pool.one("SELECT count(*), sum(permits) FROM request_grants") == (2, 2)


async def test_waiting_is_first_come_first_served_and_cancellable(store: SqliteStore) -> None:
    served: list[str] = []
    asleep, wake = anyio.Event(), anyio.Event()

    async def nap(_: float) -> None:
        asleep.set()
        await wake.wait()

    now = 0.0
    budget = SharedRequestBudget(store, 1, lambda: now, nap)
    await budget.take()

    async def one(name: str) -> None:
        await budget.take()
        served.append(name)

    async with anyio.create_task_group() as group:
        first = anyio.CancelScope()

        async def impatient() -> None:
            with first:
                await one("impatient")

        group.start_soon(impatient)
        await asleep.wait()
        group.start_soon(one, "second")
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        now = 100.0
        wake.set()
    assert served == ["second"]
    assert budget._waiting == 0


async def test_a_limit_below_one_is_a_configuration_error(store: SqliteStore) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        SharedRequestBudget(store, 0)


def test_the_shared_clock_runs_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared_seconds() <= shared_seconds()
    monkeypatch.delattr(budget_module.time, "CLOCK_BOOTTIME")
    assert shared_seconds() <= shared_seconds()


GRANTS = st.lists(st.builds(Grant, st.integers(1, 5), st.floats(0, 200)), max_size=12)


@given(grants=GRANTS, now=st.floats(0, 200), limit=st.integers(0, 20), wanted=st.integers(1, 10))
def test_admission_fills_the_window_and_never_overfills_it(
    grants: list[Grant], now: float, limit: int, wanted: int
) -> None:
    verdict = admit(grants, now=now, limit=limit, wanted=wanted)
    held = sum(grant.permits for grant in grants if counts(grant, now))
    assert verdict.permits == max(0, min(wanted, limit - held))
    if verdict.permits == 0:
        assert verdict.retry_at > now - 1e-6
        if limit > 0:
            later = verdict.retry_at + 1e-6
            assert admit(grants, now=later, limit=limit, wanted=1).permits == 1
            if verdict.retry_at - 0.01 > now:
                assert admit(grants, now=verdict.retry_at - 0.01, limit=limit, wanted=1).permits == 0


@given(last_use=st.floats(0, 1e6), now=st.floats(0, 1e6))
def test_straightened_grants_count_for_one_window_at_most(last_use: float, now: float) -> None:
    grant = clamp_future_grant(Grant(1, last_use), now)
    assert grant.last_use <= now + LIFE
    assert not counts(grant, now + LIFE + WINDOW)


async def test_who_once_waited_is_not_waited_for_ever_after(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue that forms while a block is asked for ends with it; else each request waits for the one before."""
    queued = 0
    take = SharedRequestBudget._take

    async def count(self: SharedRequestBudget, deadline: float | None) -> None:
        nonlocal queued
        queued += 1
        await take(self, deadline)

    monkeypatch.setattr(SharedRequestBudget, "_take", count)
    budget = SharedRequestBudget(store, 1_000_000, clock=lambda: 1000.0)

    async def ask() -> None:
        for _ in range(200):
            await budget.take()
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(ask)
    assert queued < 200, f"{queued} of 2000 requests stood in a queue"
