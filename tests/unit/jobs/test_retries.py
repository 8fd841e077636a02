"""What helps against which failure, and how long is waited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import SourceFault, TargetFault
from spheresync.jobs.retries import FIRST_WAIT, LONGEST_WAIT, Remedy, remedy_for, wait_before


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (SourceFault.UNREACHABLE, Remedy.TIME),
        (SourceFault.HTML_INSTEAD, Remedy.TIME),
        (SourceFault.THROTTLED, Remedy.ROOM),
        (TargetFault.THROTTLED, Remedy.ROOM),
        (SourceFault.FORBIDDEN, Remedy.PERSON),
        (TargetFault.CONFLICT, Remedy.PERSON),
        (SourceFault.WRONG_SHAPE, Remedy.NOTHING),
        ("something new", Remedy.NOTHING),
    ],
)
def test_failures_are_sorted_by_what_helps(code: str, remedy: Remedy) -> None:
    assert remedy_for(str(code)) is remedy


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_within_bounds(attempt: int, share: float) -> None:
    wait = wait_before(attempt, share)
    assert FIRST_WAIT / 2 <= wait <= LONGEST_WAIT
    assert wait <= wait_before(attempt + 1, share) + timedelta(microseconds=1)
