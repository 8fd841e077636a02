"""Waiting for a run that a tool has just started, so that one call answers how a short one ended."""

from __future__ import annotations

from mcp.server.mcpserver import Context

from spheresync.answers import RunAnswer
from spheresync_server.mcp_server.progress import report_to
from spheresync_server.mcp_server.tools.arguments import LONGEST_WAIT
from spheresync_server.server_context import ServerContext


async def waited(
    server_context: ServerContext, run: RunAnswer, seconds: int, ctx: Context[ServerContext, object]
) -> RunAnswer:
    """The run as it stands once it has ended, or `seconds` are over."""
    if not seconds:
        return run
    ended = await server_context.service.runs.wait(
        run.run_id, server_context.principal, seconds=min(seconds, LONGEST_WAIT), progress=report_to(ctx)
    )
    return run.told_with(ended)
