"""Work beside this process: the same answers, and no failure when there is no process to have or it dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

import anyio
import anyio.to_process
import pytest
from anyio.abc import Process

from spheresync.runtime.worker_process import WORTH_IT, WorkerProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def where(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Each number, with the process that saw it."""
    return [(number, os.getpid()) for number in numbers]


def where_or_die(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """As `where`, but the first to be asked in another process than the number names is killed."""
    if os.getpid() != numbers[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return where(numbers)


async def test_much_work_is_done_beside_and_little_here() -> None:
    beside = await WorkerProcess(WORTH_IT).do(where, [1, 2, 3])
    here = await WorkerProcess(WORTH_IT - 1).do(where, [1, 2, 3])
    assert [number for number, _ in beside] == [1, 2, 3]
    assert here == where([1, 2, 3])
    assert {process for _, process in beside}.isdisjoint({os.getpid()})


async def test_work_of_a_process_that_dies_is_done_here() -> None:
    second = WorkerProcess(WORTH_IT)
    assert await second.do(where_or_die, [os.getpid()]) == where([os.getpid()])
    assert await second.do(where, [7]) == where([7])


async def test_work_is_done_here_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise PermissionError("no more processes")

    monkeypatch.setattr(anyio.to_process, "run_sync", refused)
    assert await WorkerProcess(WORTH_IT).do(where, [1]) == where([1])


async def test_one_processor_gets_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert await WorkerProcess(WORTH_IT).do(where, [1]) == where([1])


async def test_shared_work_keeps_its_order_and_is_done_by_both() -> None:
    numbers = list(range(WORTH_IT))
    seen = await WorkerProcess(WORTH_IT).share(where, numbers)
    assert [number for number, _ in seen] == numbers
    assert len({process for _, process in seen}) == 2


async def test_a_process_is_started_before_the_first_lot_of_much_work_and_not_for_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, real = [], anyio.to_process.open_process

    async def start(*command: Any, **settings: Any) -> Process:
        started.append(command)
        return await real(*command, **settings)

    monkeypatch.setattr(anyio.to_process, "open_process", start)
    await WorkerProcess(WORTH_IT).get_ready(where, WORTH_IT - 1)
    await WorkerProcess(WORTH_IT - 1).get_ready(where, WORTH_IT - 1)
    assert len(started) == 0
    second = WorkerProcess(WORTH_IT)
    await second.get_ready(where, WORTH_IT)
    assert len(started) == 1
    await second.do(where, [1])
    assert len(started) == 1


async def test_lots_that_come_one_by_one_are_done_here_too_once_many_wait() -> None:
    second, seen = WorkerProcess(WORTH_IT), dict[int, int]()

    async def keep_up(number: int) -> None:
        seen.update(await second.keep_up(where, [number]))

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(keep_up, number)
    assert sorted(seen) == [*range(10)]
    here = {number for number, process in seen.items() if process == os.getpid()}
    assert 0 < len(here) < 5
    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(keep_up, number)
    assert os.getpid() not in {seen[number] for number in range(3)}
