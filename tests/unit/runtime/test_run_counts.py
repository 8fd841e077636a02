"""How a run ended, in the words of CONTRACT.md."""

from __future__ import annotations

import pytest

from spheresync.model import RunState
from spheresync.runtime.run_counts import final_state


@pytest.mark.parametrize(
    ("counts", "guarded", "halted", "state"),
    [
        ({}, False, False, RunState.DONE),
        ({"create": 3, "unchanged": 2}, False, False, RunState.DONE),
        ({"create": 3}, True, False, RunState.REFUSED),
        ({"unchanged": 3}, True, False, RunState.REFUSED),
        ({"create": 3, "failed": 1}, True, False, RunState.PARTLY_FAILED),
        ({"create": 3, "conflict": 1}, False, False, RunState.PARTLY_FAILED),
        ({"update": 3, "refused": 1}, False, False, RunState.PARTLY_FAILED),
        ({"refused": 2, "unchanged": 9}, False, False, RunState.REFUSED),
        ({"refused": 1, "failed": 1}, False, False, RunState.FAILED),
        ({"unchanged": 9, "failed": 1}, False, False, RunState.PARTLY_FAILED),
        ({"failed": 1}, False, False, RunState.FAILED),
        ({"create": 5, "skipped": 90}, False, True, RunState.PARTLY_FAILED),
    ],
)
def test_the_end_of_a_run(counts: dict[str, int], guarded: bool, halted: bool, state: RunState) -> None:
    assert final_state(counts, guarded=guarded, halted=halted) is state


@pytest.mark.parametrize("word", ["unread", "missing"])
def test_what_stays_as_it_is_fails_nothing_and_what_fails_beside_it_is_told(word: str) -> None:
    assert final_state({word: 3}, guarded=False, halted=False) is RunState.DONE
    assert final_state({word: 3}, guarded=False, halted=False, problems=True) is RunState.PARTLY_FAILED
    assert final_state({}, guarded=False, halted=False, problems=True) is RunState.FAILED
