"""Waiting for a run that a tool has just started, so that one call answers how a short one ended."""

from __future__ import annotations

from mcp.server.mcpserver import Context

from spheresync.answers import RunAnswer
from spheresync_server.mcp_server.extensions.tasks import declares_tasks
from spheresync_server.mcp_server.progress import report_to
from spheresync_server.mcp_server.tools.arguments import LONGEST_WAIT
from spheresync_server.server_context import ServerContext

_BEFORE_A_TASK = 1
"""Seconds in which a short run ends: its result is answered, and no task is made."""


def cap_note(run: RunAnswer, seconds: int) -> str:
    """That a call waited less long than it was asked to, where the run has not ended meanwhile."""
    if run.finished_at is not None or seconds <= LONGEST_WAIT:
        return ""
    return f"It was waited for {LONGEST_WAIT} s, the most that one call waits, and not {seconds:,} s."


async def waited(
    server_context: ServerContext, run: RunAnswer, seconds: int, ctx: Context[ServerContext, object]
) -> RunAnswer:
    """The run as it stands once it has ended, or `seconds` are over."""
    if declares_tasks(ctx.request_context):  # it follows a run by its task
        seconds = min(seconds, _BEFORE_A_TASK)
    if not seconds:
        return run
    ended = await server_context.service.runs.wait(
        run.run_id, server_context.principal, seconds=min(seconds, LONGEST_WAIT), progress=report_to(ctx)
    )
    return run.told_with(ended)
