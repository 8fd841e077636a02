"""Work under a claim: heartbeats beside it, tried again where they fail, and an end to it once the claim is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import FenceError, LeaseLostError, StateError
from spheresync.model import AssetKind, RunState
from spheresync.observe.loop_health import LoopHealth
from spheresync.runtime import lease_keeper as leasing
from spheresync.runtime.lease_keeper import HeldLease, while_held
from spheresync.state.sqlite.repositories.leases import LeaseWriter
from spheresync.state.sqlite.store import SqliteStore
from spheresync.targets.glue.target import GlueTarget
from tests.simulators.in_process import in_process
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio
NAME = "discovery"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "LEASE_BEAT", 0.0)


@pytest.fixture
async def lease(store: SqliteStore) -> HeldLease:
    fence = await store.write(lambda tx: tx.leases.acquire(NAME, store.owner.id, beats=True))
    assert fence == 1
    return HeldLease(store, NAME, fence)


class Beats:
    """What becomes of each heartbeat; `written` counts those that were to be written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, becomes: Callable[[int], Exception | None]) -> None:
        self.written = 0
        real = LeaseWriter.heartbeat

        async def heartbeat(leases: LeaseWriter, name: str, fence: int) -> None:
            self.written += 1
            if (error := becomes(self.written)) is not None:
                raise error
            await real(leases, name, fence)

        monkeypatch.setattr(LeaseWriter, "heartbeat", heartbeat)

    async def reach(self, number: int) -> int:
        while self.written < number:
            await checkpoint()
        return number


async def test_what_the_work_answers_or_raises_comes_out(store: SqliteStore, lease: HeldLease) -> None:
    async def fail() -> None:
        raise StateError("of its own")

    async def seven() -> int:
        return 7

    with pytest.raises(StateError, match="of its own"):
        await while_held(store, lease, fail)
    assert await while_held(store, lease, seven) == 7


async def test_work_is_cancelled_once_another_process_has_the_lease(
    store: SqliteStore, clock: StandingClock, lease: HeldLease
) -> None:
    async with SqliteStore.open(store.folder, clock=clock) as other:
        clock.advance(31)
        assert await other.write(lambda tx: tx.leases.acquire(NAME, other.owner.id, beats=True)) == 2
        with anyio.fail_after(20), pytest.raises(LeaseLostError, match="Another process"):
            await while_held(store, lease, anyio.sleep_forever)


@pytest.mark.parametrize("error", [KeyError("x"), StateError("disk full"), FenceError("something else was lost")])
async def test_a_sign_of_life_that_fails_is_tried_again_and_health_tells_it(
    store: SqliteStore, lease: HeldLease, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    beats, loop_health, failing = (
        Beats(monkeypatch, lambda number: error if number <= 3 else None),
        LoopHealth(),
        list[str](),
    )

    async def work() -> int:
        await beats.reach(3)
        failing.extend(each.loop for each in loop_health.failing())
        return await beats.reach(5)

    with anyio.fail_after(20):
        assert await while_held(store, lease, work, loop_health=loop_health, loop="the lease") == 5
    assert (failing, loop_health.failing()) == (["the lease"], ())


async def test_a_lease_is_lost_where_no_sign_of_life_can_be_written_for_as_long_as_it_lasts(
    store: SqliteStore, lease: HeldLease, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = Beats(monkeypatch, lambda number: StateError("disk full") if number > 1 else None)
    monkeypatch.setattr(leasing, "time", SimpleNamespace(monotonic=lambda: 15.1 * beats.written))
    with anyio.fail_after(20), pytest.raises(LeaseLostError, match=r"30 s.*disk full"):
        await while_held(store, lease, anyio.sleep_forever)
    assert beats.written == 3


@pytest.fixture
async def hanging(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[anyio.Event]:
    """Says when a target is asked that never answers."""
    asked = anyio.Event()

    async def perform(*_: object) -> Any:
        asked.set()
        await anyio.sleep_forever()

    monkeypatch.setattr(GlueTarget, "perform", perform)
    yield asked


async def test_a_run_that_another_process_has_taken_over_ends_here_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hanging: anyio.Event
) -> None:
    monkeypatch.setattr("spheresync.execution.run_driver.HEARTBEAT", 0.01)
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    landscape = Landscape((DogSpace("S", "S", (DogObject(AssetKind.VIEW, "V", "V", (column,)),)),))
    async with in_process(tmp_path, landscape) as installation, anyio.create_task_group() as group:
        store = installation.store
        ended: list[RunState] = []
        over = anyio.Event()

        async def sync() -> None:
            ended.append((await installation.sync()).state)
            over.set()

        group.start_soon(sync)
        await hanging.wait()
        async with SqliteStore.open(store.folder) as other:
            await store.write(lambda tx: tx.runs._writer.execute("UPDATE runs SET owner = NULL", ()))
            (run,) = await other.runs.unfinished()
            fence = await other.write(lambda tx: tx.runs.claim(run.id, other.owner.id))
            assert fence == 2
            await other.write(lambda tx: tx.runs.update(run.id, 2, state=RunState.CANCELLED))
            with anyio.fail_after(20):
                await over.wait()
        assert ended == [RunState.CANCELLED]
