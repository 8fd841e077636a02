"""A process that tells once: never beside one that keeps the schedule, never two at a time, never an error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio
import pytest

from spheresync.alerts.alerting import LEASE, Alerting
from spheresync.errors import StateError
from spheresync.runtime.context import RuntimeContext
from spheresync.schedule.control import LEASE as SCHEDULE
from spheresync.service.alerts.unscheduled_alerts import deliver_once
from spheresync.state.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio


@dataclass
class Told:
    """Stands for the alerting of one process."""

    failures: tuple[str, ...] = ()
    error: StateError | None = None
    seconds: list[float] = field(default_factory=list)

    async def step_within(self, seconds: float) -> tuple[str, ...]:
        self.seconds.append(seconds)
        if self.error is not None:
            raise self.error
        return self.failures


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path, ours: SqliteStore) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


async def tell(store: SqliteStore, told: Told, *, channels: int = 1) -> tuple[str, ...]:
    settings = SimpleNamespace(alerts=(None,) * channels)
    context = SimpleNamespace(settings=settings, store=store, owner=store.owner.id)
    return await deliver_once(cast("RuntimeContext", context), cast("Alerting", told))


async def hold(store: SqliteStore, lease: str) -> None:
    assert await store.write(lambda tx: tx.leases.acquire(lease, store.owner.id)) is not None


async def test_what_was_not_delivered_is_answered_and_the_turn_is_given_back(
    ours: SqliteStore, other: SqliteStore
) -> None:
    told = Told(("ops: it took no notice.",))
    assert await tell(ours, told) == ("ops: it took no notice. It is tried again after the next command.",)
    assert await tell(other, told) != (), "the turn was given back"
    assert len(told.seconds) == 2


async def test_nobody_tells_beside_a_process_that_keeps_the_schedule_or_where_nobody_is_to_be_told(
    ours: SqliteStore, other: SqliteStore
) -> None:
    told = Told()
    assert await tell(ours, told, channels=0) == ()
    await hold(other, SCHEDULE)
    assert await tell(ours, told) == ()
    assert told.seconds == []


async def test_two_processes_take_turns(ours: SqliteStore, other: SqliteStore) -> None:
    told = Told()
    await hold(other, LEASE)
    async with anyio.create_task_group() as group:
        group.start_soon(tell, ours, told)
        await anyio.wait_all_tasks_blocked()
        assert told.seconds == []
        await other.write(lambda tx: tx.leases.release(LEASE, other.owner.id))
    assert len(told.seconds) == 1


async def test_a_state_that_fails_is_a_warning_and_no_error(ours: SqliteStore) -> None:
    (failure,) = await tell(ours, Told(error=StateError("The disk is full.")))
    assert failure.startswith("The disk is full.")
