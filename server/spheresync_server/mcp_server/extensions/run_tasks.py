"""Durable runs as tasks: a client that takes tasks gets a handle at once instead of waiting in one request."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, CallToolRequestParams, CallToolResult

from spheresync.answers import RunAnswer
from spheresync.errors import SpheresyncError, UsageError
from spheresync.model import RunState, counted
from spheresync.model.principals import CallerRole
from spheresync_server.answer_summaries import progress_sentence
from spheresync_server.failure import note_of
from spheresync_server.mcp_server.engine_texts import with_tool_names
from spheresync_server.mcp_server.extensions.tasks import RequestContext, Task, TaskStatus
from spheresync_server.mcp_server.request_keys import RequestKeys
from spheresync_server.mcp_server.tool_results import respond_run
from spheresync_server.server_context import ServerContext

_Found = TypeVar("_Found")
_MAC_LENGTH = 32
_GOING = frozenset({RunState.QUEUED, RunState.RUNNING})


class RunTasks:
    """The tasks of `run_sync` and `apply_changes`.

    A task's id is that of its run with a code that only this installation can make, and only for this caller: whoever
    holds another's id gets nothing by it. So nothing is kept of tasks, and every server on the state knows them all.
    """

    tools = frozenset({"run_sync", "apply_changes"})
    required: frozenset[str] = frozenset()

    def __init__(self, server_context: ServerContext, keys: RequestKeys) -> None:
        self._server_context = server_context
        self._keys = keys

    async def begin(
        self,
        params: CallToolRequestParams,  # noqa: ARG002 -- every run is alike
        ctx: RequestContext,
        call_next: CallNext,
    ) -> HandlerResult | Task:
        """Let the tool start the run; what has ended by then is answered as ever."""
        answer = await call_next(ctx)
        structured = answer.structured_content if isinstance(answer, CallToolResult) else None
        if not isinstance(structured, dict) or structured.get("state") not in _GOING:
            return answer
        return await self._task(str(structured["run_id"]))

    async def find(self, task_id: str) -> Task | None:
        run_id, _, code = task_id.rpartition(".")
        await self._server_context.startup.wait()
        if not hmac.compare_digest(code.encode(), self._code(run_id).encode()):
            return None
        return await self._task(run_id)

    async def answer(self, task_id: str, responses: Mapping[str, Any]) -> None:
        """Nothing is asked of a run that has been started: the person was asked before that."""

    async def cancel(self, task_id: str) -> None:
        run_id = task_id.rpartition(".")[0]
        if self._server_context.read_only or not self._server_context.allows(CallerRole.OPERATOR):
            raise MCPError(INVALID_PARAMS, f"The run {run_id} goes on: to end it needs the role {CallerRole.OPERATOR}.")
        service = self._server_context.service
        run = await self._asked(lambda: service.runs.get_run(run_id, self._server_context.principal))
        if run.finished_at is None:
            await self._asked(lambda: service.runs.cancel_run(run_id, self._server_context.principal))

    async def _task(self, run_id: str) -> Task:
        service = self._server_context.service
        run = await self._asked(lambda: service.runs.get_run(run_id, self._server_context.principal))
        status = TaskStatus.WORKING if run.finished_at is None else TaskStatus.COMPLETED
        if run.state == RunState.CANCELLED:
            status = TaskStatus.CANCELLED
        result = None
        if status is TaskStatus.COMPLETED:
            told = respond_run(self._server_context, run)  # as get_run answers it
            result = told.model_dump(mode="json", by_alias=True, exclude_none=True)
        return Task(
            task_id=f"{run_id}.{self._code(run_id)}",
            status=status,
            created_at=run.created_at,
            updated_at=run.finished_at or run.started_at or run.created_at,
            message=self._server_context.for_caller(_message(run)),
            result=result,
        )

    async def _asked(self, ask: Callable[[], Awaitable[_Found]]) -> _Found:
        try:
            return await ask()
        except SpheresyncError as error:
            code = INVALID_PARAMS if isinstance(error, UsageError) else INTERNAL_ERROR
            raise MCPError(code, self._server_context.for_caller(with_tool_names(note_of(error).text))) from error

    def _code(self, run_id: str) -> str:
        principal = self._server_context.principal
        said = f"{principal.kind}\0{principal.id}\0{run_id}".encode()
        return hmac.new(self._keys.derived("tasks"), said, hashlib.sha256).hexdigest()[:_MAC_LENGTH]


def _message(run: RunAnswer) -> str:
    if run.finished_at is None:
        return f"{run.run_id}: {progress_sentence(run.state, run.progress)}"
    failures = f", {counted(run.failures_total, 'failure')}" if run.failures_total else ""
    return f"{run.run_id} is {run.state}{failures}"
