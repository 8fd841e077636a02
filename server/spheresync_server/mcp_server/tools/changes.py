"""Tools around change sets: make, read, apply."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context, ElicitationResult, Resolve
from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import ChangeSetAnswer, RunAnswer
from spheresync.model import counted
from spheresync.planning.decisions.approvals import WAITS_FOR_A_PERSON
from spheresync_server.mcp_server.confirmation import Confirmation, can_ask, confirm_apply, confirmed
from spheresync_server.mcp_server.progress import report_to
from spheresync_server.mcp_server.tool_results import (
    ROW_BUDGET,
    page_line,
    respond,
    respond_change_set,
    respond_run,
)
from spheresync_server.mcp_server.tools.arguments import (
    Assets,
    ChangeSet,
    Cursor,
    Destinations,
    ItemDetail,
    Limit,
    OneChangeSet,
    Spaces,
    Targets,
    Tiers,
    WaitSeconds,
)
from spheresync_server.mcp_server.tools.run_wait import cap_note, waited
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
        """Work out what would change in AWS and save it as a change set to review. Nothing to undo: AWS
        and SAP stay as they are.
        """
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
        return respond_change_set(self._server_context, answer, asks=can_ask(ctx))

    async def get_change_set(
        self,
        ctx: Context[ServerContext, object],
        *,
        change_set_id: OneChangeSet = None,
        detail: ItemDetail = "full",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Annotated[CallToolResult, ChangeSetAnswer]:
        """A saved change set, page by page: action, strategy, before/after of each field, operations. Without an id:
        all that may still be applied.
        """
        if change_set_id is None:
            return await self._open_change_sets(limit, cursor)
        answer = await self._service.changes.get_change_set(
            change_set_id, self._server_context.principal, detail=detail, limit=limit, cursor=cursor, budget=ROW_BUDGET
        )
        return respond_change_set(self._server_context, answer, asks=can_ask(ctx))

    async def _open_change_sets(self, limit: int, cursor: str | None) -> CallToolResult:
        page = await self._service.changes.list_open(
            self._server_context.principal, limit=limit, cursor=cursor, budget=ROW_BUDGET
        )
        shown = page_line("open change set", page)
        ask = "get_change_set with the id of one tells all of it." if page.total else "preview_changes makes one."
        idle = f"{counted(page.idle, 'other')} would do nothing, and {'is' if page.idle == 1 else 'are'} left out."
        return respond(
            self._server_context, page, shown, idle if page.idle else "", ask, told={"total", "first", "idle"}
        )

    async def apply_changes(
        self,
        ctx: Context[ServerContext, object],
        *,
        change_set_id: ChangeSet,
        answer: Annotated[ElicitationResult[Confirmation], Resolve(confirm_apply)],
        assets: Annotated[list[str] | None, Field(description="Only these; all of it is spent")] = None,
        allow_deletes: Annotated[  # read by confirm_apply too, by name
            bool, Field(strict=True, description="Do its deletes too")
        ] = False,
        wait_seconds: WaitSeconds = 10,
    ) -> Annotated[CallToolResult, RunAnswer]:
        """Apply a reviewed change set: creates, updates and retires AWS catalog tables as it says; deletes only with
        allow_deletes. Asks the user before deletes, access changes and undos. Starts a durable run; repeated, it
        answers the same run. Undo: revert_run, by an admin.
        """
        run = await self._service.runs.apply(
            change_set_id, self._server_context.principal, allow_deletes=confirmed(answer), assets=assets or ()
        )
        run = await waited(self._server_context, run, wait_seconds, ctx)
        spent = _spent(run) if allow_deletes else ""
        return respond_run(self._server_context, run, spent, cap_note(run, wait_seconds))


def _spent(run: RunAnswer) -> str:
    """What to say first to who allows the deletes of a change set that was applied without them."""
    if not any(finding.code in WAITS_FOR_A_PERSON for finding in run.findings):
        return ""
    return f"Already applied by {run.run_id} without deletes, so nothing was done now."
