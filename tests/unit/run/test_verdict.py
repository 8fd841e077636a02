"""How a run ended, in the words of CONTRACT.md."""

from __future__ import annotations

import pytest

from spheresync.model import RunState
from spheresync.run.verdict import state_of


@pytest.mark.parametrize(
    ("counts", "problems", "guarded", "halted", "state"),
    [
        ({}, 0, False, False, RunState.DONE),
        ({"create": 3, "unchanged": 2}, 0, False, False, RunState.DONE),
        ({"create": 3}, 0, True, False, RunState.REFUSED),
        ({"unchanged": 3}, 0, True, False, RunState.REFUSED),
        ({"create": 3, "failed": 1}, 0, True, False, RunState.PARTLY_FAILED),
        ({"create": 3, "conflict": 1}, 0, False, False, RunState.PARTLY_FAILED),
        ({"update": 3, "refused": 1}, 0, False, False, RunState.PARTLY_FAILED),
        ({"refused": 2, "unchanged": 9}, 0, False, False, RunState.REFUSED),
        ({"refused": 1, "failed": 1}, 0, False, False, RunState.FAILED),
        ({"unchanged": 9}, 1, False, False, RunState.PARTLY_FAILED),
        ({}, 1, False, False, RunState.FAILED),
        ({"create": 5, "skipped": 90}, 0, False, True, RunState.PARTLY_FAILED),
    ],
)
def test_the_end_of_a_run(counts: dict[str, int], problems: int, guarded: bool, halted: bool, state: RunState) -> None:
    assert state_of(counts, problems=problems, guarded=guarded, halted=halted) is state
