"""Tools around runs: start a sync, follow, list, cancel."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult
from pydantic import Field

from spheresync.answers import ChangeSetAnswer, Page, ReleaseAnswer, RunAnswer, RunRow
from spheresync.model import RunState, counted
from spheresync_server.mcp_server.confirmation import can_ask
from spheresync_server.mcp_server.tool_calls import RefusedCallError
from spheresync_server.mcp_server.tool_results import (
    ROW_BUDGET,
    cannot_confirm,
    page_line,
    respond,
    respond_change_set,
    respond_run,
)
from spheresync_server.mcp_server.tools.arguments import (
    Assets,
    Cursor,
    Limit,
    Run,
    Spaces,
    Targets,
    Tiers,
    WaitSeconds,
)
from spheresync_server.mcp_server.tools.run_wait import cap_note, waited
from spheresync_server.scope_arguments import scope_request
from spheresync_server.server_context import ServerContext, ServiceTools

_NOTHING_DELETED = "run_sync deletes nothing that nobody has looked at, so nothing was done."
_LOOK_FIRST = "preview_changes with refresh=true shows what would be deleted"
_REVIEW_FIRST = f"{_LOOK_FIRST}; apply_changes with its id and allow_deletes=true asks the user and does it."


_RELEASED = (
    "Nothing was written to AWS: run_sync, or a preview and an apply, brings what Datasphere holds of them, but for "
    "what the drift policies leave as others edited it: detect_drift shows that, and overwrite=true repairs it."
)


def _cancelled(run: RunAnswer) -> str:
    """What a cancel has come to by now."""
    if run.finished_at is None:
        return "Cancel requested: it stops at the next asset."
    if run.state == RunState.CANCELLED:
        return "It is cancelled. What it had done stays."
    return "It had ended before the cancel reached it."


class RunTools(ServiceTools):
    """Durable runs: they live on when the connection breaks."""

    async def run_sync(
        self,
        ctx: Context[ServerContext, object],
        *,
        tiers: Tiers = None,
        spaces: Spaces = None,
        assets: Assets = None,
        targets: Targets = None,
        full: Annotated[bool, Field(strict=True, description="Read and compare everything anew")] = False,
        retry_of: Annotated[str | None, Field(description="Only what failed in this run")] = None,
        allow_deletes: Annotated[bool, Field(strict=True, description="Refused: see apply_changes")] = False,
        wait_seconds: WaitSeconds = 10,
    ) -> Annotated[CallToolResult, RunAnswer]:
        """Discover, plan and apply in one durable run: creates, updates and retires AWS catalog tables without a
        review; deletes only where deletion.policy is delete. The same call while it runs answers that run. Undo: as
        for apply_changes.
        """
        if allow_deletes:
            alone = f"{_LOOK_FIRST}. {cannot_confirm('deletes', 'CHANGE_SET_ID', deletes=True)}"
            raise RefusedCallError(f"{_NOTHING_DELETED} {_REVIEW_FIRST if can_ask(ctx) else alone}")
        scope = scope_request(spaces, assets, tiers, targets)
        run = await self._service.runs.sync(
            scope, self._server_context.principal, full=full, retry_of=retry_of, join=True
        )
        run = await waited(self._server_context, run, wait_seconds, ctx)
        return respond_run(self._server_context, run, cap_note(run, wait_seconds))

    async def get_run(self, run_id: Run) -> Annotated[CallToolResult, RunAnswer]:
        """One run: progress, counts, each failure with its reason, bytes and calls used."""
        run = await self._service.runs.get_run(run_id, self._server_context.principal)
        return respond_run(self._server_context, run)

    async def list_runs(self, limit: Limit = 20, cursor: Cursor = None) -> Annotated[CallToolResult, Page[RunRow]]:
        """Runs, newest first."""
        page = await self._service.runs.list_runs(
            self._server_context.principal, limit=limit, cursor=cursor, budget=ROW_BUDGET
        )
        told = page_line("run", page)
        return respond(self._server_context, page, told, told={"total", "first"})

    async def cancel_run(self, run_id: Run) -> Annotated[CallToolResult, RunAnswer]:
        """Stop a queued or running run at the next asset. What it has done stays; a new sync or preview does
        the rest.
        """
        run = await self._service.runs.cancel_run(run_id, self._server_context.principal)
        return respond_run(self._server_context, run, _cancelled(run))

    async def release(self, assets: Assets = None) -> Annotated[CallToolResult, ReleaseAnswer]:
        """Let go of assets that an undo holds, all of them where none is named: the next sync brings to AWS what
        Datasphere holds of them. Undo: revert_run of that sync holds them again.
        """
        answer = await self._service.undo.release(assets or (), self._server_context.principal)
        wanted = set(assets or ()) - set(answer.released)
        not_held = f"{counted(len(wanted), 'asset')} of those named {'was' if len(wanted) == 1 else 'were'} not held."
        return respond(
            self._server_context,
            answer,
            f"Released {counted(answer.total, 'asset')}." if answer.total else "No asset was held.",
            not_held if wanted and answer.total else "",
            _RELEASED if answer.total else "",
            told={"total"},
        )

    async def revert_run(
        self, ctx: Context[ServerContext, object], *, run_id: Run, limit: Limit = 20
    ) -> Annotated[CallToolResult, ChangeSetAnswer]:
        """Make a change set that restores what a run changed in AWS: tables as they were, deleted ones again, new ones
        deleted (only with allow_deletes). Writes nothing to AWS: apply_changes executes it, and what it restores is
        held. What others changed since is refused, item by item. Undo of the undo: revert_run of its run.
        """
        answer = await self._service.undo.revert_run(
            run_id, self._server_context.principal, limit=limit, budget=ROW_BUDGET
        )
        return respond_change_set(self._server_context, answer, asks=can_ask(ctx))
