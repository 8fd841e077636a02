"""The tool that steers the schedule."""

from __future__ import annotations

from typing import Annotated

from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import ScheduleAnswer
from spheresync_server.mcp_server.engine_texts import with_tool_names
from spheresync_server.mcp_server.tool_results import respond
from spheresync_server.mcp_server.tools.arguments import ScheduleActionWord
from spheresync_server.server_context import ServiceTools


class ScheduleTools(ServiceTools):
    """Pause, resume, run now."""

    async def manage_schedule(
        self,
        tier: Annotated[str, Field(description="critical, high or medium; or hourly, daily")],
        action: Annotated[ScheduleActionWord, Field(description="What to do")],
    ) -> Annotated[CallToolResult, ScheduleAnswer]:
        """Steer the syncs that run by themselves. pause: the schedule leaves the tier alone until resume; run_sync does
        not. run_now: its assets are read at once and what changed is written to AWS without a review. Undo: resume; for
        writes as for apply_changes.
        """
        answer = await self._service.schedule.manage_schedule(tier, action, self._server_context.principal)
        return respond(self._server_context, answer, with_tool_names(answer.note), told={"note"})
