"""Signs of life, and what health makes of them."""

from __future__ import annotations

import pytest

from spheresync.observe.loop_health import LoopHealth
from spheresync.schedule.scheduler import PULSE as SCHEDULER
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
