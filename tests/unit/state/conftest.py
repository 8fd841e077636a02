"""A fresh store for each test, on a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spheresync.state.sqlite.store import SqliteStore
from tests.simulators.new_state import lay_new_state


class StandingClock:
    """The time of day as the test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def store(tmp_path: Path, clock: StandingClock) -> AsyncIterator[SqliteStore]:
    lay_new_state(tmp_path / "state")
    async with SqliteStore.open(tmp_path / "state", clock=clock) as opened:
        yield opened
