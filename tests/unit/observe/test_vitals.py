"""What makes a process not ready, each with its reason."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from spheresync.answers import Vitals
from spheresync.config import Settings
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import JobEngine, NewJob
from spheresync.model import JobKind, Problem, isoformat
from spheresync.observe.loop_health import LoopHealth
from spheresync.runtime.context import RuntimeContext
from spheresync.schedule.control import LEASE
from spheresync.schedule.scheduler import LOOP
from spheresync.service.health.liveness import ready
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio


@dataclass
class Tools:
    """Of the context of a process, what health looks at."""

    store: SqliteStore
    clock: StandingClock
    settings_problem: Problem | None = None
    tenant_given_up: bool = False
    settings: Settings = Settings(state_dir=Path("/nowhere"))  # noqa: RUF009 -- frozen

    @property
    def owner(self) -> str:
        return self.store.owner.id

    @property
    def jobs(self) -> JobEngine:
        return EmbeddedEngine(self.store, self.clock)

    async def ready(self, loop_health: LoopHealth) -> Vitals:
        return await ready(cast("RuntimeContext", self), loop_health)


@pytest.fixture
def tools(store: SqliteStore, clock: StandingClock) -> Tools:
    return Tools(store, clock)


def wrong(vitals: Vitals) -> dict[str, str]:
    return {check.name: check.reason for check in vitals.checks if not check.ok}


def scheduling(tools: Tools) -> LoopHealth:
    def now() -> float:
        return tools.clock.now.timestamp()

    loop_health = LoopHealth(now)
    loop_health.beat(LOOP)
    return loop_health


async def hold_schedule(tools: Tools, owner: str) -> None:
    async def acquire(tx: SqliteTx) -> None:
        await tx.leases.acquire(LEASE, owner)

    await tools.store.write(acquire)


async def test_a_process_that_keeps_no_schedule_is_ready_without_one(tools: Tools) -> None:
    vitals = await tools.ready(LoopHealth())
    assert vitals.ok and [check.name for check in vitals.checks] == ["state", "settings", "datasphere", "scheduler"]


async def test_settings_and_tenant_are_named(tools: Tools) -> None:
    tools.settings_problem = Problem("configuration", "configuration", "unknown key.", "Mend it.")
    tools.tenant_given_up = True
    found = wrong(await tools.ready(LoopHealth()))
    assert found["settings"] == "unknown key. Mend it." and "60 s" in found["datasphere"]


async def test_a_scheduler_that_takes_up_no_work_is_stuck(tools: Tools) -> None:
    await hold_schedule(tools, tools.owner)
    await tools.jobs.submit([NewJob(JobKind.READ, "SALES/A", 10, "due", isoformat(tools.clock()))])
    tools.clock.advance(9 * 60)
    assert wrong(await tools.ready(scheduling(tools))) == {}
    tools.clock.advance(120)
    assert "11 minutes" in wrong(await tools.ready(scheduling(tools)))["scheduler"]


async def test_a_scheduler_whose_loop_stands_still_is_stuck_and_one_elsewhere_is_not_ours(tools: Tools) -> None:
    loop_health = scheduling(tools)
    tools.clock.advance(200)
    assert "blocked for" in wrong(await tools.ready(loop_health))["scheduler"]
    loop_health.beat(LOOP)
    vitals = await tools.ready(loop_health)
    assert vitals.ok and vitals.checks[-1].reason == "is kept by another process"


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM schema_migrations WHERE version = 2", "DROP TRIGGER {trigger}"],
    ids=["a row of the migrations", "a trigger"],
)
async def test_a_state_that_commands_would_refuse_is_not_ready(tools: Tools, statement: str) -> None:
    path = tools.store.folder / FILE_NAME
    assert wrong(await tools.ready(LoopHealth())) == {}
    with closing(sqlite3.connect(path)) as file, file:
        (trigger,) = file.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger' LIMIT 1").fetchone()
        file.execute(statement.format(trigger=trigger))
    assert "schema" in wrong(await tools.ready(LoopHealth()))["state"]
