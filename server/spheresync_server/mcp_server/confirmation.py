"""Ask the person behind the client before anything is deleted.

Deletes count only after that person has said yes with the tables before them. The question goes through elicitation,
in whichever way the client's protocol era carries it (reference: mcp-servers.md 1, Resolve/Elicit).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ElicitationCapability
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from spheresync.answers import ChangeRow, ChangeSetAnswer, ChangeSetState
from spheresync.model import counted, first_of
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, WAITS_FOR_A_PERSON
from spheresync.planning.undo.undo_findings import NO_GUARD, UNREAD_NOW
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import visible

_ANSWERS_BY_RETRY = "2026-07-28"
"""From this revision on a question needs no channel back to the client: the client repeats the call with the answer."""


_NAMED = 5
"""Tables that the question names; the others are counted."""


class DeleteConfirmation(BaseModel):
    """What the person answers; strict, so that nothing but a plain yes is one."""

    delete: bool = Field(
        description="true: delete the tables that the question names. false: delete none, and apply nothing.",
        strict=True,
    )


class UnconfirmedError(ToolError):
    """Raised when nothing may be deleted, in words for the model."""


class NothingToConfirm(BaseModel):
    """No delete was asked for, or the change set holds none that could be done now."""


async def confirm_deletes(
    change_set_id: str, allow_deletes: bool, assets: list[str] | None, ctx: Context[ServerContext, object]
) -> NothingToConfirm | Elicit[DeleteConfirmation]:
    """Ask only where deletes are asked for and the change set holds some.

    Raises:
        UnconfirmedError: the client cannot ask its user.
    """
    if not allow_deletes:
        return NothingToConfirm()
    server_context = ctx.request_context.lifespan_context
    service = server_context.service
    change_set = await service.changes.get_change_set(change_set_id, server_context.principal, limit=1)
    if change_set.state is not ChangeSetState.OPEN or not change_set.summary.get("delete"):
        return NothingToConfirm()
    if any(finding.code == DELETES_NOT_APPROVED for finding in change_set.findings):
        return NothingToConfirm()  # whatever the answer, a second person is missing; the run says so
    deletes = await service.changes.list_deletes(change_set_id, server_context.principal)
    if assets:
        deletes = [each for each in deletes if each.asset in assets]
        if not deletes:
            return NothingToConfirm()
    if not _can_ask(ctx):
        raise UnconfirmedError(
            f"Not applied: change set {change_set.change_set_id} deletes {_tables(deletes)} and this client cannot ask "
            "its user to confirm that. A person can run `spheresync apply "
            f"{change_set.change_set_id} --allow-deletes`{_or_by_policy(change_set)}."
        )
    rest = {} if assets else change_set.summary
    others = ", ".join(f"{word} {count}" for word, count in rest.items() if count and word != "delete")
    others = others or ("what else was asked of it" if assets else "nothing")
    what = f"Change set {change_set.change_set_id} deletes {_tables(deletes)} from AWS{_how(change_set, deletes)}"
    return Elicit(
        f"{what}: {_named(deletes)}.{_undo(change_set)}{_held_back(deletes)} Besides: {others}. "
        f"Delete {'it' if len(deletes) == 1 else 'them'}?",
        DeleteConfirmation,
    )


def confirmed(answer: ElicitationResult[DeleteConfirmation]) -> bool:
    """Whether deletes may be done.

    Raises:
        UnconfirmedError: the person said no, or closed the question.
    """
    if isinstance(answer, AcceptedElicitation):
        if isinstance(answer.data, NothingToConfirm):
            return False
        if answer.data.delete:
            return True
    raise UnconfirmedError(
        "Not confirmed, nothing done. Do not ask again; apply_changes without allow_deletes does everything but delete."
    )


def unreadable_answer() -> UnconfirmedError:
    """What to say where the client's answer is none that was asked for; the SDK's own text names our modules."""
    return UnconfirmedError(
        "Not confirmed, nothing done: the client's answer to the question could not be read; it must be "
        '{"delete": true} or {"delete": false}. apply_changes without allow_deletes does everything but delete.'
    )


def _or_by_policy(change_set: ChangeSetAnswer) -> str:
    """The policy is about what Datasphere no longer lists, and lets no undo delete."""
    return ", or set `deletion.policy: delete` in the configuration" if change_set.undo_of is None else ""


def _tables(deletes: Sequence[ChangeRow]) -> str:
    return counted(len(deletes), "table")


def _how(change_set: ChangeSetAnswer, deletes: Sequence[ChangeRow]) -> str:
    """Whether that can be undone, and of an undo in how many databases the tables are."""
    if change_set.undo_of is None:
        return ", for good"
    counts = Counter(each.object.partition(".")[0] for each in deletes)
    databases = first_of([f"{visible(name)} ({count})" for name, count in sorted(counts.items())], _NAMED)
    return f" to undo {change_set.undo_of}, in {counted(len(counts), 'database')} ({databases})"


def _undo(change_set: ChangeSetAnswer) -> str:
    if change_set.undo_of is None:
        return ""
    unread = sum(finding.code == UNREAD_NOW for finding in change_set.findings)
    out = f" {counted(unread, 'space')} of it cannot be read now." if unread else ""
    return f" {NO_GUARD} A revert of this run makes them again.{out}"


def _named(deletes: Sequence[ChangeRow]) -> str:
    """The first tables with their assets, and how many more there are."""
    named = [f"{each.object} (asset {visible(each.asset)})" for each in deletes[:_NAMED]]
    more = len(deletes) - len(named)
    return ", ".join([*named, *([f"and {more} more"] if more else [])])


def _held_back(deletes: Sequence[ChangeRow]) -> str:
    held = sum(each.blocked_by not in {None, *WAITS_FOR_A_PERSON} for each in deletes)
    return f" A guard holds back {held} of {len(deletes)}, whatever the answer." if held else ""


def _can_ask(ctx: Context[ServerContext, object]) -> bool:
    capabilities = ctx.client_capabilities
    elicitation: ElicitationCapability | None = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    version = ctx.protocol_version
    by_retry = version is not None and is_version_at_least(version, _ANSWERS_BY_RETRY)
    return by_retry or ctx.session.can_send_request
