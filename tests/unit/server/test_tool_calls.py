"""Around each call of a tool: limits of a caller, the end of a reading that hangs, entries of the audit log."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import ElicitResult

from spheresync.errors import StateError
from spheresync.model import digest_json
from spheresync_server.mcp_server import tool_calls
from spheresync_server.mcp_server.tool_calls import CallWindows
from tests.unit.server.conftest import MakeServer
from tests.unit.server.fake_service import FakeService
from tests.unit.server.test_mcp_tools import text_of

pytestmark = pytest.mark.anyio

ANN, BEN = ("user", "ann"), ("user", "ben")


def limited(*, calls: int | None = None, changing: int | None = None) -> FakeService:
    service = FakeService()
    limits = SimpleNamespace(tool_calls_per_minute=calls, changing_calls_per_minute=changing)
    service.settings = SimpleNamespace(**{**vars(service.settings), "limits": limits})
    return service


def test_a_window_moves_on_with_time_and_is_of_one_caller() -> None:
    now = 100.0
    windows = CallWindows(lambda: now)
    assert [windows.seconds_to_wait(ANN, "calls", 2) for _ in range(3)] == [0, 0, 60]
    assert windows.seconds_to_wait(BEN, "calls", 2) == windows.seconds_to_wait(ANN, "others", 2) == 0
    now = 159.0
    assert windows.seconds_to_wait(ANN, "calls", 2) == 1
    now = 160.0
    assert [windows.seconds_to_wait(ANN, "calls", 2) for _ in range(3)] == [0, 0, 60]


def test_callers_of_long_ago_are_forgotten() -> None:
    now = 0.0
    windows = CallWindows(lambda: now)
    for number in range(1_000):
        windows.seconds_to_wait(("user", str(number)), "calls", 1)
    now = 61.0
    windows.seconds_to_wait(ANN, "calls", 1)
    assert len(windows._calls) == 1


async def test_a_caller_makes_as_many_calls_in_a_minute_as_the_limit_says(make_server: MakeServer, era: str) -> None:
    service = limited(calls=2)
    async with Client(make_server(over=service), mode=era) as client:
        answers = [await client.call_tool("list_spaces", {}) for _ in range(3)]
    assert [each.is_error for each in answers] == [False, False, True]
    assert "One caller may make 2 calls in a minute" in text_of(answers[2])
    assert len(service.called("list_spaces")) == 2


async def test_calls_that_change_something_are_counted_apart(make_server: MakeServer, era: str) -> None:
    service = limited(changing=1)
    async with Client(make_server(over=service), mode=era) as client:
        first = await client.call_tool("run_sync", {})
        second = await client.call_tool("apply_changes", {"change_set_id": "cs_1"})
        reading = [await client.call_tool("list_spaces", {}) for _ in range(3)]
    assert not first.is_error and not any(each.is_error for each in reading)
    assert second.is_error and "1 calls that change something in a minute" in text_of(second)
    assert service.called("apply") == [] and len(service.recorded) == 1, "who comes too often fills no log"


async def test_calls_that_may_change_something_are_entered_with_the_digest_of_their_arguments(
    make_server: MakeServer, service: FakeService, era: str
) -> None:
    given = {"assets": ["SALES/V_ORDERS"]}
    async with Client(make_server(), mode=era) as client:
        await client.call_tool("list_spaces", {})
        await client.call_tool("run_sync", given)
        await client.call_tool("run_sync", {"full": "perhaps"})
    (done,) = (call for _, call in service.recorded)
    assert (done.tool, done.outcome, done.run_id) == ("run_sync", "done", "run_1")
    assert done.arguments == digest_json(given) and done.milliseconds >= 0


async def test_a_call_that_fails_is_entered_as_that(make_server: MakeServer, service: FakeService) -> None:
    service.failure = StateError("no space left")
    async with Client(make_server()) as client:
        await client.call_tool("run_sync", {})
    assert [(call.tool, call.outcome, call.run_id) for _, call in service.recorded] == [("run_sync", "failed", None)]


async def test_a_question_is_no_call_and_its_answer_is_one(make_server: MakeServer, era: str) -> None:
    service = FakeService(deletes=1)

    async def declined(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="decline")

    async with Client(make_server(over=service), mode=era, elicitation_callback=declined) as client:
        await client.call_tool("apply_changes", {"change_set_id": "cs_1", "allow_deletes": True})
    ((_, call),) = service.recorded
    assert (call.tool, call.outcome) == ("apply_changes", "refused") and str(call.reason).startswith("Not confirmed")


async def test_a_sync_that_is_to_delete_is_refused_and_entered_with_the_reason(
    make_server: MakeServer, service: FakeService
) -> None:
    async with Client(make_server()) as client:
        answer = await client.call_tool("run_sync", {"allow_deletes": True})
    ((_, call),) = service.recorded
    assert answer.is_error and "run_sync deletes nothing" in text_of(answer)
    assert (call.outcome, call.run_id) == ("refused", None) and "deletes nothing" in str(call.reason)


async def test_what_the_engine_refuses_is_entered_as_refused_with_the_reason(
    make_server: MakeServer, service: FakeService
) -> None:
    async with Client(make_server()) as client:
        await client.call_tool("apply_changes", {"change_set_id": "cs_old"})
    ((_, call),) = service.recorded
    assert call.outcome == "refused" and "change set cs_old expired" in str(call.reason)


async def test_a_log_that_cannot_be_written_changes_no_answer(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: Any) -> None:
        raise StateError("no space left")

    service = FakeService()
    monkeypatch.setattr(service, "record", full)
    async with Client(make_server(over=service)) as client:
        answer = await client.call_tool("run_sync", {})
    assert not answer.is_error and "could not be entered" in caplog.text


async def test_a_reading_that_hangs_is_ended_and_says_so(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch, era: str
) -> None:
    async def hangs(*_: Any, **__: Any) -> None:
        await anyio.sleep_forever()

    service = FakeService()
    monkeypatch.setattr(service, "list_spaces", hangs)
    monkeypatch.setattr("spheresync_server.mcp_server.server.LONGEST_READ", 0.0)
    async with Client(make_server(over=service), mode=era) as client:
        answer = await client.call_tool("list_spaces", {})
    assert answer.is_error and "it was ended; nothing was changed" in text_of(answer)
    assert tool_calls.LONGEST_READ == 60


async def test_a_call_that_its_client_gives_up_is_entered_as_that(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, begun = FakeService(), anyio.Event()

    async def hangs(*_: Any, **__: Any) -> None:
        begun.set()
        await anyio.sleep_forever()

    monkeypatch.setattr(service, "sync", hangs)
    async with Client(make_server(over=service)) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "run_sync", {})
        await begun.wait()
        group.cancel_scope.cancel()
    assert [(call.tool, call.outcome) for _, call in service.recorded] == [("run_sync", "cancel")]
