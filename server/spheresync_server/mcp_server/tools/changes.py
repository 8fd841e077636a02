"""Tools around change sets: make, read, apply."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context, ElicitationResult, Resolve
from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import ChangeSetAnswer, RunAnswer
from spheresync.planning.decisions.approvals import WAITS_FOR_A_PERSON
from spheresync_server.mcp_server.confirmation import DeleteConfirmation, confirm_deletes, confirmed
from spheresync_server.mcp_server.progress import report_to
from spheresync_server.mcp_server.tool_results import (
    ASK_FOR_ITEMS,
    CHANGE_SET_TOLD,
    ROW_BUDGET,
    RUN_TOLD,
    ask_for_failures,
    change_set_lines,
    respond,
    run_lines,
)
from spheresync_server.mcp_server.tools.arguments import (
    Assets,
    ChangeSet,
    Cursor,
    Destinations,
    ItemDetail,
    Limit,
    Spaces,
    Targets,
    Tiers,
    WaitSeconds,
)
from spheresync_server.mcp_server.tools.run_wait import waited
from spheresync_server.scope_arguments import scope_request
from spheresync_server.server_context import ServerContext, ServiceTools


class ChangeTools(ServiceTools):
    """The way of a change: preview, review, apply."""

    async def preview_changes(
        self,
        ctx: Context[ServerContext, object],
        *,
        spaces: Spaces = None,
        assets: Assets = None,
        tiers: Tiers = None,
        targets: Targets = None,
        destinations: Destinations = None,
        refresh: Annotated[
            bool, Field(strict=True, description="Read Datasphere first: one throttled discovery")
        ] = False,
        trial_rules: Annotated[
            str | None, Field(description="YAML rules to try besides: shown, saved nowhere, never applied")
        ] = None,
        limit: Limit = 20,
    ) -> Annotated[CallToolResult, ChangeSetAnswer]:
        """Work out what would change in AWS and save it as a change set to review. Writes nothing to AWS or SAP."""
        scope = scope_request(spaces, assets, tiers, targets, destinations)
        answer = await self._service.changes.preview(
            scope,
            self._server_context.principal,
            refresh=refresh,
            trial_rules=trial_rules,
            limit=limit,
            budget=ROW_BUDGET,
            progress=report_to(ctx),
        )
        return respond(
            self._server_context, answer, *change_set_lines(answer), told=CHANGE_SET_TOLD, more=ASK_FOR_ITEMS
        )

    async def get_change_set(
        self, change_set_id: ChangeSet, detail: ItemDetail = "full", limit: Limit = 20, cursor: Cursor = None
    ) -> Annotated[CallToolResult, ChangeSetAnswer]:
        """A saved change set, page by page: action, strategy, before/after of each field, operations."""
        answer = await self._service.changes.get_change_set(
            change_set_id, self._server_context.principal, detail=detail, limit=limit, cursor=cursor, budget=ROW_BUDGET
        )
        return respond(
            self._server_context, answer, *change_set_lines(answer), told=CHANGE_SET_TOLD, more=ASK_FOR_ITEMS
        )

    async def apply_changes(
        self,
        ctx: Context[ServerContext, object],
        *,
        change_set_id: ChangeSet,
        answer: Annotated[ElicitationResult[DeleteConfirmation], Resolve(confirm_deletes)],
        assets: Annotated[list[str] | None, Field(description="Only these of it; it is spent all the same")] = None,
        allow_deletes: Annotated[  # read by confirm_deletes too, by name
            bool, Field(strict=True, description="Also delete retired tables; asks the user first")
        ] = False,
        wait_seconds: WaitSeconds = 10,
    ) -> Annotated[CallToolResult, RunAnswer]:
        """Apply a reviewed change set: creates, updates and retires AWS catalog tables as it says; deletes only with
        allow_deletes. Starts a durable run; repeated, it answers the same run. Undo: revert_run, by an admin.
        """
        run = await self._service.runs.apply(
            change_set_id, self._server_context.principal, allow_deletes=confirmed(answer), assets=assets or ()
        )
        run = await waited(self._server_context, run, wait_seconds, ctx)
        return respond(
            self._server_context,
            run,
            _spent(run) if allow_deletes else "",
            *run_lines(run),
            told=RUN_TOLD,
            more=ask_for_failures(run),
        )


def _spent(run: RunAnswer) -> str:
    """What to say first to who allows the deletes of a change set that was applied without them."""
    if not any(finding.code in WAITS_FOR_A_PERSON for finding in run.findings):
        return ""
    return f"Already applied by {run.run_id} without deletes, so nothing was done now."
