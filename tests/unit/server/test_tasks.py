"""Runs as tasks: who takes them gets a handle, and only its own caller gets anything by it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import Client, MCPError

from spheresync.errors import StateError
from spheresync_server.mcp_server.extensions.tasks import TASKS
from tests.simulators.task_client import TaskClient, asked
from tests.unit.server.conftest import MakeServer
from tests.unit.server.fake_service import FakeService
from tests.unit.server.test_mcp_tools import text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def running(tmp_path: Path) -> FakeService:
    """A service whose runs have not ended."""
    service = FakeService(run_state="running")
    service.settings = SimpleNamespace(**{**vars(service.settings), "state_dir": tmp_path})
    return service


async def begun(client: Client, tool: str = "run_sync", **arguments: Any) -> Any:
    return await client.session.call_tool(tool, arguments, allow_claimed=True)


@pytest.mark.parametrize(("tool", "arguments"), [("run_sync", {}), ("apply_changes", {"change_set_id": "cs_1"})])
async def test_a_run_that_goes_on_is_answered_as_a_task(
    make_server: MakeServer, running: FakeService, tool: str, arguments: dict[str, str]
) -> None:
    async with Client(make_server(over=running), extensions=[TaskClient()]) as client:
        handle = await begun(client, tool, **arguments)
        assert (handle.result_type, handle.status) == ("task", "working")
        assert [call["seconds"] for call in running.called("wait")] == [1], "a client with tasks is not kept waiting"
        told = await asked(client.session, "tasks/get", handle.task_id)
        assert told.status == "working" and "run_1" in str(told.status_message)
        running.run_state = "partly_failed"
        told = await asked(client.session, "tasks/get", handle.task_id)
        tool_result = await client.call_tool("get_run", {"run_id": "run_1"})
    assert told.status == "completed" and told.result is not None
    assert told.result["structuredContent"] == tool_result.structured_content
    assert told.result["content"][0]["text"] == text_of(tool_result)


async def test_what_has_ended_is_answered_at_once(make_server: MakeServer) -> None:
    taker = TaskClient()
    async with Client(make_server(over=FakeService()), extensions=[taker]) as client:
        result = await client.call_tool("run_sync", {})
        refused = await client.call_tool("apply_changes", {"change_set_id": "cs_old"})
    assert not result.is_error and result.structured_content is not None
    assert refused.is_error and "expired" in text_of(refused) and taker.handles == []


async def test_who_takes_no_tasks_waits_as_ever(make_server: MakeServer, running: FakeService, era: str) -> None:
    async with Client(make_server(over=running), mode=era) as client:
        result = await client.call_tool("run_sync", {})
    assert not result.is_error and "is running" in text_of(result)
    assert [call["seconds"] for call in running.called("wait")] == [10]


async def test_a_client_of_before_gets_no_task_whatever_it_declares(
    make_server: MakeServer, running: FakeService
) -> None:
    async with Client(make_server(over=running), mode="legacy", extensions=[TaskClient()]) as client:
        result = await client.call_tool("run_sync", {})
    assert not result.is_error and "is running" in text_of(result)


async def test_another_server_on_the_state_knows_the_task_and_another_caller_does_not(
    make_server: MakeServer, running: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Client(make_server(over=running), extensions=[TaskClient()]) as client:
        handle = await begun(client)
    async with Client(make_server(over=running), extensions=[TaskClient()]) as client:
        assert (await asked(client.session, "tasks/get", handle.task_id)).status == "working"
        for wrong in ("run_1", "run_1.", f"run_2.{handle.task_id.partition('.')[2]}", "", f"{handle.task_id}0", "."):
            for method in ("tasks/get", "tasks/cancel", "tasks/update"):
                with pytest.raises(MCPError, match="You have no task"):
                    await asked(client.session, method, wrong)
    monkeypatch.setattr("spheresync_server.caller.pwd.getpwuid", lambda _: SimpleNamespace(pw_name="somebody-else"))
    async with Client(make_server(over=running), extensions=[TaskClient()]) as client:
        with pytest.raises(MCPError, match="You have no task"):
            await asked(client.session, "tasks/get", handle.task_id)


async def test_a_task_is_ended_by_whoever_may_end_its_run(make_server: MakeServer, running: FakeService) -> None:
    async with Client(make_server("operator", over=running), extensions=[TaskClient()]) as client:
        handle = await begun(client)
        await asked(client.session, "tasks/update", handle.task_id)
        await asked(client.session, "tasks/cancel", handle.task_id)
    assert [call["run_id"] for call in running.called("cancel_run")] == ["run_1"]
    running.run_state = "cancelled"
    async with Client(make_server("operator", over=running), extensions=[TaskClient()]) as client:
        await asked(client.session, "tasks/cancel", handle.task_id)
        assert (await asked(client.session, "tasks/get", handle.task_id)).status == "cancelled"
    assert len(running.called("cancel_run")) == 1
    running.run_state = "running"
    for closed in (make_server("viewer", over=running), make_server("admin", read_only=True, over=running)):
        async with Client(closed, extensions=[TaskClient()]) as client:
            with pytest.raises(MCPError, match="needs the role operator"):
                await asked(client.session, "tasks/cancel", handle.task_id)
    assert len(running.called("cancel_run")) == 1


async def test_who_does_not_declare_the_extension_is_told_so(make_server: MakeServer, running: FakeService) -> None:
    async with Client(make_server(over=running)) as client:
        with pytest.raises(MCPError) as caught:
            await asked(client.session, "tasks/get", "run_1.x")
    assert caught.value.error.code == -32021 and TASKS in str(caught.value.error.data)


async def test_a_result_that_cannot_be_read_now_is_an_error_of_the_request(
    make_server: MakeServer, running: FakeService
) -> None:
    async with Client(make_server(over=running), extensions=[TaskClient()]) as client:
        handle = await begun(client)
        running.failure = StateError("the disk is full.", remedy="Make room.")
        with pytest.raises(MCPError, match=r"the disk is full\. Make room"):
            await asked(client.session, "tasks/get", handle.task_id)
