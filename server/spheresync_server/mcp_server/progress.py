"""Pass a long step's progress on to the client."""

from __future__ import annotations

from mcp.server.mcpserver import Context

from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync_server.server_context import ServerContext


def report_to(ctx: Context[ServerContext, object]) -> OnProgress:
    """A callback that notifies the client; the number always rises, as the protocol demands, across phases too."""
    step = 0

    async def report(event: ProgressEvent) -> None:
        nonlocal step
        step += 1
        of_total = f" of {event.total}" if event.total else ""
        await ctx.report_progress(step, message=f"{event.phase}: {event.done}{of_total}")

    return report
