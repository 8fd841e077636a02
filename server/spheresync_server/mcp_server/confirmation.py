"""Ask the person behind the client before anything is deleted.

Deletes count only after that person has said yes with the numbers before them. The question goes through elicitation,
in whichever way the client's protocol era carries it (reference: mcp-servers.md 1, Resolve/Elicit).
"""

from __future__ import annotations

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ElicitationCapability
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from spheresync_server.mcp_server.desk import Desk

_ANSWERS_BY_RETRY = "2026-07-28"
"""From this revision on a question needs no channel back to the client: the client repeats the call with the answer."""


class DeleteConfirmation(BaseModel):
    """What the person answers."""

    delete: bool = Field(description="Delete these tables from AWS?")


class NothingToConfirm(BaseModel):
    """No delete was asked for, or the change set holds none that could be done."""


async def confirm_deletes(
    change_set_id: str, allow_deletes: bool, ctx: Context[Desk, object]
) -> NothingToConfirm | Elicit[DeleteConfirmation]:
    """Ask only where deletes are asked for and the change set holds some.

    Raises:
        ToolError: the client cannot ask its user.
    """
    if not allow_deletes:
        return NothingToConfirm()
    change_set = await ctx.request_context.lifespan_context.service.get_change_set(change_set_id, limit=1)
    deletes = change_set.summary.get("delete", 0)
    if change_set.state != "open" or not deletes:
        return NothingToConfirm()
    if not _can_ask(ctx):
        raise ToolError(
            f"Not applied: change set {change_set.change_set_id} deletes {_tables(deletes)} and this client cannot ask "
            "its user to confirm that. A person can run `spheresync apply "
            f"{change_set.change_set_id} --allow-deletes`, or set `deletion.policy: delete` in the configuration."
        )
    others = ", ".join(f"{word} {count}" for word, count in change_set.summary.items() if count and word != "delete")
    return Elicit(
        f"Change set {change_set.change_set_id} deletes {_tables(deletes)} from AWS, for good. "
        f"Besides: {others or 'nothing'}. Delete them?",
        DeleteConfirmation,
    )


def confirmed(answer: ElicitationResult[DeleteConfirmation]) -> bool:
    """Whether deletes may be done.

    Raises:
        ToolError: the person said no, or closed the question.
    """
    if isinstance(answer, AcceptedElicitation):
        if isinstance(answer.data, NothingToConfirm):
            return False
        if answer.data.delete:
            return True
    raise ToolError(
        "Not confirmed, nothing done. Do not ask again; apply_changes without allow_deletes does everything but delete."
    )


def _tables(count: int) -> str:
    return "1 table" if count == 1 else f"{count} tables"


def _can_ask(ctx: Context[Desk, object]) -> bool:
    capabilities = ctx.client_capabilities
    elicitation: ElicitationCapability | None = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    version = ctx.protocol_version
    by_retry = version is not None and is_version_at_least(version, _ANSWERS_BY_RETRY)
    return by_retry or ctx.session.can_send_request
