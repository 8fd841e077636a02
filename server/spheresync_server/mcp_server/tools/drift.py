"""The tool that looks for drift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import DriftAnswer
from spheresync.model import counted
from spheresync.planning.decisions.approvals import ACCESS
from spheresync_server.answer_summaries import left_by_policy
from spheresync_server.mcp_server.confirmation import can_ask
from spheresync_server.mcp_server.progress import report_to
from spheresync_server.mcp_server.tool_results import (
    OF_ACCESS,
    ROW_BUDGET,
    cannot_confirm,
    counts_line,
    page_line,
    respond,
)
from spheresync_server.mcp_server.tools.arguments import Assets, Cursor, Limit, Spaces, Tiers
from spheresync_server.scope_arguments import scope_request
from spheresync_server.server_context import ServerContext, ServiceTools


class DriftTools(ServiceTools):
    """What others changed in the targets."""

    async def detect_drift(
        self,
        ctx: Context[ServerContext, object],
        *,
        spaces: Spaces = None,
        assets: Assets = None,
        tiers: Tiers = None,
        overwrite: Annotated[bool, Field(strict=True, description="Repair assets, whatever the policies say")] = False,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Annotated[CallToolResult, DriftAnswer]:
        """What others changed in AWS since it was last written, and what the drift policies say. Saves
        the repair as a change set: nothing to undo.
        """
        scope = scope_request(spaces, assets, tiers)
        answer = await self._service.drift.detect_drift(
            scope,
            self._server_context.principal,
            overwrite=overwrite,
            limit=limit,
            cursor=cursor,
            budget=ROW_BUDGET,
            progress=report_to(ctx),
        )
        self._service.background.deliver_alerts_soon()
        return respond(
            self._server_context,
            answer,
            *_lines(answer, asks=can_ask(ctx)),
            told={"looked_at", "summary", "total", "first"},
            more="Ask with limit=1, or for single assets.",
        )


def _lines(answer: DriftAnswer, *, asks: bool) -> Iterable[str]:
    yield f"Looked at {answer.looked_at}: {counts_line(answer.summary)}."
    if answer.total:
        yield page_line("drifted object", answer)
    if answer.problems:
        left = answer.summary.get("not_compared", 0)
        objects = counted(left, "object") if left else "Something"
        yield f"{objects} could not be compared and may have drifted: see problems."
    access = any(finding.code == ACCESS for finding in answer.findings)
    if access:
        yield f"The repair holds {OF_ACCESS}: see findings."
    if access and not asks and answer.change_set_id is not None:
        yield f"Nothing was written. {cannot_confirm(OF_ACCESS, answer.change_set_id)}"
    elif answer.change_set_id is not None:
        yield (
            "Nothing was written. Show it to the user; if they agree, apply_changes with "
            f"{answer.change_set_id} puts back what was written last."
        )
    if staying := left_by_policy(answer):
        yield f"{staying}: see policy and remedy of each."
    if answer.summary.get("reported"):
        yield "To have what is reported repaired all the same: detect_drift with assets and overwrite=true."
    if answer.total:
        return
    if not answer.problems and not answer.summary.get("compared"):
        yield "Nothing of this scope is in a target, so there was nothing to compare."
    elif not answer.problems:
        yield "Nobody else has changed anything of this scope, so there is nothing to repair."
