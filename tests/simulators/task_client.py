"""A client that takes tasks: it follows a handle until the task has ended, as hosts with the extension do."""

from __future__ import annotations

from typing import Any, Literal

import anyio
from mcp.client import ClientExtension
from mcp.client.extension import ClaimContext, ResultClaim
from mcp.types import CallToolResult, Request, RequestParams, Result, TextContent
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from spheresync_server.mcp_server.extensions.tasks import TASKS

_WIRE = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")


class TaskHandle(Result):
    """What stands in for the result of a call."""

    model_config = _WIRE

    result_type: Literal["task"] = "task"
    task_id: str
    status: str


class TaskAnswer(Result):
    """The answer to `tasks/get`, or the empty one to the others."""

    model_config = _WIRE

    task_id: str | None = None
    status: str | None = None
    status_message: str | None = None
    result: dict[str, Any] | None = None


class TaskId(RequestParams):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    task_id: str


class TaskRequest(Request[TaskId, str]):
    method: str
    params: TaskId


class TaskClient(ClientExtension):
    """Notes the handles it was given; `follows` False leaves them to the test."""

    identifier = TASKS

    def __init__(self) -> None:
        self.handles: list[TaskHandle] = []

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=TaskHandle, resolve=self._resolve)]

    async def _resolve(self, handle: TaskHandle, context: ClaimContext) -> CallToolResult:
        self.handles.append(handle)
        while True:
            told = await asked(context.session, "tasks/get", handle.task_id)
            if told.result is not None:
                return CallToolResult.model_validate(told.result)
            if told.status not in {"working", "input_required"}:
                return CallToolResult(content=[TextContent(type="text", text=str(told.status))], is_error=True)
            await anyio.sleep(0.05)


async def asked(session: Any, method: str, task_id: str) -> TaskAnswer:
    """Send one request of the extension."""
    answer = await session.send_request(TaskRequest(method=method, params=TaskId(task_id=task_id)), TaskAnswer)
    assert isinstance(answer, TaskAnswer)
    return answer
