"""The embedded engine keeps what every job engine promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.state.sqlite.store import SqliteStore
from tests.contract.engine_promises import Engines, JobEnginePromises
from tests.simulators.new_state import lay_new_state
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio


class TestEmbeddedEngine(JobEnginePromises):
    @pytest.fixture
    async def two_engines(self, tmp_path: Path) -> AsyncIterator[Engines]:
        clock = StandingClock()
        lay_new_state(tmp_path / "state")
        async with AsyncExitStack() as opened:
            one = await opened.enter_async_context(SqliteStore.open(tmp_path / "state", clock=clock))
            other = await opened.enter_async_context(SqliteStore.open(tmp_path / "state", clock=clock))
            yield Engines(
                EmbeddedEngine(one, clock),
                EmbeddedEngine(other, clock),
                clock,
                clock.advance,
                one.owner.release,
                one.write,
            )
