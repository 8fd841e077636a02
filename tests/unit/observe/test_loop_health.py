"""Heartbeats, and what health makes of them."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from spheresync.observe.loop_health import LoopHealth, went_well
from spheresync.schedule.scheduler import LOOP as SCHEDULER
from spheresync.service.health.liveness import EVENT_LOOP, LIMITS, alive


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_process_without_loops_is_alive() -> None:
    assert alive(LoopHealth(Clock())).ok


@pytest.mark.parametrize("loop", [EVENT_LOOP, SCHEDULER])
def test_a_loop_that_stands_still_is_named_and_one_that_goes_on_is_well_again(loop: str) -> None:
    clock = Clock()
    loop_health = LoopHealth(clock)
    loop_health.beat(EVENT_LOOP)
    loop_health.beat(SCHEDULER)
    clock.now += LIMITS[loop]
    loop_health.beat(EVENT_LOOP if loop == SCHEDULER else SCHEDULER)
    assert alive(loop_health).ok
    clock.now += 1
    vitals = alive(loop_health)
    assert not vitals.ok
    assert [check.name for check in vitals.checks if not check.ok] == [loop]
    assert f"{LIMITS[loop] + 1:.0f} s" in next(check.reason for check in vitals.checks if not check.ok)
    loop_health.beat(loop)
    assert alive(loop_health).ok


@pytest.mark.anyio
async def test_a_step_that_did_its_work_and_waits_has_no_failure_any_more() -> None:
    loop_health, steps = LoopHealth(), 0
    waits = anyio.Event()

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 1:
            raise OSError("the disk is full")
        assert [each.loop for each in loop_health.failing()] == ["loop"]
        went_well()
        waits.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(partial(loop_health.keep_going, step, loop="loop", longest_pause=0.0))
        await waits.wait()
        assert loop_health.failing() == ()
        group.cancel_scope.cancel()


def test_outside_of_a_loop_nobody_is_told() -> None:
    went_well()
