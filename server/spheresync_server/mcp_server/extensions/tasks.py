"""The tasks extension: a call of a tool that takes long answers a handle, and the client asks for the result later.

Which calls become tasks, and what becomes of them, is said by `TaskStore`s; this is only the protocol
(`io.modelcontextprotocol/tasks`, the ext-tasks repository's specification/draft/tasks.md; reference: mcp-servers.md 1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import require_client_extension
from mcp.types import INVALID_PARAMS, CallToolRequestParams, RequestParams
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from spheresync_server.json_texts import Json
from spheresync_server.untrusted import visible

TASKS = "io.modelcontextprotocol/tasks"
_VERSION = "2026-07-28"
_HEADER_MISMATCH = -32020

RequestContext = ServerRequestContext[Any, Any]


class TaskStatus(StrEnum):
    """The words of the extension."""

    WORKING = "working"
    INPUT_REQUIRED = "input_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is known of a task. Times are ISO 8601; `ttl_ms` counts from its creation, None: as long as it is kept."""

    task_id: str
    status: TaskStatus
    created_at: str
    updated_at: str
    message: str | None = None
    ttl_ms: int | None = None
    poll_ms: int = 1_000
    inputs: Mapping[str, Json] | None = None
    result: Mapping[str, Json] | None = None
    error: Mapping[str, Json] | None = None

    def handle(self) -> dict[str, Json]:
        """What stands in for the result of the call."""
        return {"resultType": "task", **self._metadata()}

    def detailed(self) -> dict[str, Json]:
        """The answer to `tasks/get`."""
        payload = {"inputRequests": self.inputs, "result": self.result, "error": self.error}
        said = {name: dict(value) for name, value in payload.items() if value is not None}
        return {"resultType": "complete", **self._metadata(), **said}

    def _metadata(self) -> dict[str, Json]:
        metadata: dict[str, Json] = {
            "taskId": self.task_id,
            "status": self.status,
            "createdAt": self.created_at,
            "lastUpdatedAt": self.updated_at,
            "ttlMs": self.ttl_ms,
            "pollIntervalMs": self.poll_ms,
        }
        return metadata if self.message is None else {**metadata, "statusMessage": self.message}


class TaskStore(Protocol):
    """Some tools whose calls may become tasks. `required`: those that have no answer for a client without tasks."""

    @property
    def tools(self) -> Collection[str]: ...

    @property
    def required(self) -> Collection[str]: ...

    async def begin(
        self, params: CallToolRequestParams, ctx: RequestContext, call_next: CallNext
    ) -> HandlerResult | Task:
        """Make the call: its result where that is there at once, else the task that will have it."""
        ...

    async def find(self, task_id: str) -> Task | None:
        """A task of the caller's, None where the id is none of this store's.

        Raises:
            MCPError: what its result is cannot be found out now.
        """
        ...

    async def answer(self, task_id: str, responses: Mapping[str, Any]) -> None:
        """Take the client's answers to what a task asked; what it did not ask is left aside."""
        ...

    async def cancel(self, task_id: str) -> None:
        """Wish that a task ends.

        Raises:
            MCPError: the caller may not end it.
        """
        ...


class TaskParams(RequestParams):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    task_id: str


class UpdateParams(TaskParams):
    input_responses: dict[str, Any] = Field(default_factory=dict)


def declares_tasks(ctx: RequestContext) -> bool:
    """Whether the client of a request can be answered with a task."""
    capabilities = ctx.session.client_capabilities
    extensions = None if capabilities is None else capabilities.extensions
    return ctx.protocol_version == _VERSION and extensions is not None and TASKS in extensions


class TasksExtension(Extension):
    """Serves `tasks/get`, `tasks/update` and `tasks/cancel`, and makes tasks of calls where the client takes them."""

    identifier = TASKS

    def __init__(self, stores: Sequence[TaskStore]) -> None:
        self._stores = stores

    def methods(self) -> Sequence[MethodBinding]:
        versions = frozenset({_VERSION})
        return (
            MethodBinding("tasks/get", TaskParams, self._get, versions),
            MethodBinding("tasks/update", UpdateParams, self._update, versions),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, versions),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: RequestContext, call_next: CallNext
    ) -> HandlerResult:
        store = next((each for each in self._stores if params.name in each.tools), None)
        if store is None:
            return await call_next(ctx)
        if not declares_tasks(ctx):
            if params.name in store.required:
                require_client_extension(ctx, TASKS)
            return await call_next(ctx)
        begun = await store.begin(params, ctx, call_next)
        return begun.handle() if isinstance(begun, Task) else begun

    async def _get(self, ctx: RequestContext, params: TaskParams) -> HandlerResult:
        _, task = await self._found(ctx, params.task_id)
        return task.detailed()

    async def _update(self, ctx: RequestContext, params: UpdateParams) -> HandlerResult:
        store, task = await self._found(ctx, params.task_id)
        await store.answer(task.task_id, params.input_responses)
        return {"resultType": "complete"}

    async def _cancel(self, ctx: RequestContext, params: TaskParams) -> HandlerResult:
        store, task = await self._found(ctx, params.task_id)
        await store.cancel(task.task_id)
        return {"resultType": "complete"}

    async def _found(self, ctx: RequestContext, task_id: str) -> tuple[TaskStore, Task]:
        require_client_extension(ctx, TASKS)
        headers = getattr(ctx.request, "headers", None)
        named = None if headers is None else headers.get("mcp-name")
        if named is not None and named != task_id:
            raise MCPError(_HEADER_MISMATCH, "The header Mcp-Name names another task than taskId.")
        for store in self._stores:
            task = await store.find(task_id)
            if task is not None:
                return store, task
        raise MCPError(INVALID_PARAMS, f"You have no task {visible(task_id)!r}. A run goes on without it: list_runs.")
