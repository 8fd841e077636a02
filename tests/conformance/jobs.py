"""Tools that the tasks scenarios ask for, and the tasks they become: in memory, and with questions in between."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import anyio
from anyio.abc import TaskGroup
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import INTERNAL_ERROR, CallToolRequestParams, CallToolResult, InputRequiredResult, TextContent

from spheresync_server.mcp_server.extensions.tasks import RequestContext, Task, TaskStatus
from tests.conformance.questions import answered, form, said


@dataclass(slots=True)
class Job:
    """One task while it is worked on; `questions` are those that nobody has answered."""

    created_at: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    status: TaskStatus = TaskStatus.WORKING
    questions: dict[str, Any] = field(default_factory=dict)
    changed: anyio.Event = field(default_factory=anyio.Event)
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    async def ask(self, **questions: Any) -> None:
        """Wait until the client has answered all of them."""
        self.questions = questions
        self.status = TaskStatus.INPUT_REQUIRED
        while self.questions:
            await self.changed.wait()
            self.changed = anyio.Event()
        self.status = TaskStatus.WORKING


def told(text: str, *, error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=error)


async def compute(job: Job, arguments: Mapping[str, Any]) -> CallToolResult:
    await anyio.sleep(float(arguments.get("seconds", 0)))
    return told(f"computed {arguments.get('label', '')}")


async def fail(_job: Job, _arguments: Mapping[str, Any]) -> CallToolResult:
    return told("the job failed", error=True)


async def break_off(_job: Job, _arguments: Mapping[str, Any]) -> CallToolResult:
    raise MCPError(INTERNAL_ERROR, "the job broke the protocol")


async def confirm(job: Job, arguments: Mapping[str, Any]) -> CallToolResult:
    await job.ask(confirm=form(f"Delete {arguments.get('filename')}?", "confirm", "boolean"))
    return told(f"deleted {arguments.get('filename')}")


async def ask_twice(job: Job, _arguments: Mapping[str, Any]) -> CallToolResult:
    await job.ask(first=form("Name?", "name"), second=form("Sure?", "confirm", "boolean"))
    return told("both answered")


Work = Callable[[Job, Mapping[str, Any]], Awaitable[CallToolResult]]
WORK: dict[str, Work] = {
    "slow_compute": compute,
    "failing_job": fail,
    "protocol_error_job": break_off,
    "confirm_delete": confirm,
    "multi_input": ask_twice,
}


class Jobs:
    """A store of tasks in memory; `group` runs them."""

    tools = frozenset({*WORK, "test_tool_with_task"})
    required = frozenset({"failing_job"})

    def __init__(self) -> None:
        self.group: TaskGroup | None = None
        self._jobs: dict[str, Job] = {}

    async def begin(
        self, params: CallToolRequestParams, ctx: RequestContext, call_next: CallNext
    ) -> HandlerResult | Task:
        arguments = params.arguments or {}
        if params.name == "test_tool_with_task":
            answer = await call_next(ctx)
            if isinstance(answer, InputRequiredResult):
                return answer
            assert isinstance(answer, CallToolResult)
            return self._start(lambda _job, _arguments: _ready(answer), arguments)
        return self._start(WORK[params.name], arguments)

    def _start(self, work: Work, arguments: Mapping[str, Any]) -> Task:
        task_id = secrets.token_urlsafe(24)
        job = self._jobs[task_id] = Job(datetime.now(UTC).isoformat())
        assert self.group is not None
        self.group.start_soon(self._run, job, work, arguments)
        return self._task(task_id, job)

    async def _run(self, job: Job, work: Work, arguments: Mapping[str, Any]) -> None:
        with job.scope:
            try:
                result = await work(job, arguments)
                job.result = result.model_dump(mode="json", by_alias=True, exclude_none=True)
                job.status = TaskStatus.COMPLETED
            except MCPError as error:
                job.error = {"code": error.error.code, "message": error.error.message}
                job.status = TaskStatus.FAILED

    async def find(self, task_id: str) -> Task | None:
        job = self._jobs.get(task_id)
        return None if job is None else self._task(task_id, job)

    def _task(self, task_id: str, job: Job) -> Task:
        asked = {
            key: question.model_dump(mode="json", by_alias=True, exclude_none=True)
            for key, question in job.questions.items()
        }
        return Task(
            task_id=task_id,
            status=job.status,
            created_at=job.created_at,
            updated_at=datetime.now(UTC).isoformat(),
            ttl_ms=3_600_000,
            poll_ms=100,
            inputs=asked if job.status is TaskStatus.INPUT_REQUIRED else None,
            result=job.result,
            error=job.error,
        )

    async def answer(self, task_id: str, responses: Mapping[str, Any]) -> None:
        job = self._jobs[task_id]
        for key in responses:
            job.questions.pop(key, None)
        job.changed.set()

    async def cancel(self, task_id: str) -> None:
        job = self._jobs[task_id]
        if job.status in {TaskStatus.WORKING, TaskStatus.INPUT_REQUIRED}:
            job.scope.cancel()
            job.status = TaskStatus.CANCELLED


async def _ready(result: CallToolResult) -> CallToolResult:
    return result


def add_jobs(server: MCPServer[Any]) -> None:
    """Register the tools, which answer at once to clients without tasks."""

    @server.tool()
    def greet(name: str) -> str:
        """Answers at once."""
        return f"Hello, {name}!"

    def tool(name: str) -> None:
        async def run(seconds: float = 0, label: str = "", filename: str = "") -> CallToolResult:
            """Works for a while."""
            job = Job("")
            arguments = {"seconds": min(seconds, 1), "label": label, "filename": filename}
            return await WORK[name](job, arguments) if name == "slow_compute" else told(name)

        server.add_tool(run, name=name, structured_output=False)

    for name in WORK:
        tool(name)

    @server.tool(structured_output=False)
    async def test_tool_with_task(ctx: Context) -> str | InputRequiredResult:
        """Asks for a name, then works."""
        if answered(ctx, "user_name"):
            return f"Worked for {said(ctx, 'user_name', 'name')}"
        return InputRequiredResult(input_requests={"user_name": form("What is your name?", "name")})
