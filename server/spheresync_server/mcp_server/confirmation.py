"""Ask the person behind the client before a change set deletes, changes who may see what, or undoes a run.

These count only after that person has said yes with what is at stake before them. The question goes through
elicitation, in whichever way the client's protocol era carries it (reference: mcp-servers.md 1, Resolve/Elicit).
Nothing that a model says takes the place of that word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from mcp.types import ElicitationCapability
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from spheresync.answers import ChangeRow, ChangeSetAnswer, ChangeSetState
from spheresync.model import counted, counted_each, first_of
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, WAITS_FOR_A_PERSON
from spheresync.planning.undo.undo_findings import NO_GUARD, UNREAD_NOW
from spheresync_server.answer_summaries import changes_something, person_runs, waits_for_allow_deletes
from spheresync_server.mcp_server.tool_calls import RefusedCallError
from spheresync_server.server_context import ServerContext
from spheresync_server.untrusted import visible

_ANSWERS_BY_RETRY = "2026-07-28"
"""From this revision on a question needs no channel back to the client: the client repeats the call with the answer."""


_NAMED = 5
"""Objects that the question names; the others are counted."""


class Confirmation(BaseModel):
    """What the person answers."""

    @property
    def agreed(self) -> bool:
        """Whether that is a yes."""
        return False


class DeleteConfirmation(Confirmation):
    """The answer where something is deleted; strict, so that nothing but a plain yes is one."""

    delete: bool = Field(
        description="true: delete what the question names. false: delete none, and apply nothing.",
        strict=True,
    )

    @property
    def agreed(self) -> bool:
        return self.delete


class ApplyConfirmation(Confirmation):
    """The answer where nothing is deleted."""

    apply: bool = Field(description="true: do what the question says. false: apply nothing.", strict=True)

    @property
    def agreed(self) -> bool:
        return self.apply


class UnconfirmedError(RefusedCallError):
    """Raised when nothing may be done without the person's word, in words for the model."""


class NothingToConfirm(BaseModel):
    """The change set holds nothing now about which a person would be asked."""


@dataclass(frozen=True, slots=True)
class _AtStake:
    """What a person is asked about; `part`: only some assets of the change set are to be applied."""

    change_set: ChangeSetAnswer
    deletes: Sequence[ChangeRow]
    deleted: Mapping[str, int]
    access: Sequence[str]
    undoes: bool
    part: bool

    @property
    def anything(self) -> bool:
        return bool(self.deletes or self.access or self.undoes)

    @property
    def schema(self) -> type[Confirmation]:
        return DeleteConfirmation if self.deletes else ApplyConfirmation

    def in_short(self) -> str:
        """What it does, in words that follow `change set cs_1`."""
        does = [f"deletes {counted_each(self.deleted)}"] if self.deletes else []
        does += ["changes who may see what"] if self.access else []
        does += [f"undoes {self.change_set.undo_of}"] if self.undoes else []
        return " and ".join(does)

    def command(self) -> str:
        return f"spheresync apply {self.change_set.change_set_id}{' --allow-deletes' if self.deletes else ''}"

    def question(self) -> str:
        """What the person reads."""
        return " ".join(filter(None, self._sentences()))

    def _sentences(self) -> Iterable[str]:
        name = f"Change set {self.change_set.change_set_id}"
        if self.deletes:
            how = _how(self.change_set, self.deletes)
            yield f"{name} deletes {counted_each(self.deleted)} from AWS{how}: {_named(self.deletes)}."
            yield f"{_undo(self.change_set)}{_held_back(self.deletes)}".strip()
        elif self.undoes:
            yield f"{name} undoes {self.change_set.undo_of}: what that run changed becomes again what it was before,"
            yield "and its assets are held until a person releases them."
        if self.access:
            yield f"{name if not (self.deletes or self.undoes) else 'It'} changes who may see what:"
            yield f"{'; '.join(visible(each, longest=_LONGEST) for each in self.access)}."
        yield f"Besides: {self._besides()}."
        yield f"Delete {'it' if len(self.deletes) == 1 else 'them'}?" if self.deletes else "Apply it?"

    def _besides(self) -> str:
        if self.part:
            return "what else was asked of it"
        others = ((word, count) for word, count in self.change_set.summary.items() if count and word != "delete")
        return ", ".join(f"{word} {count}" for word, count in others) or "nothing"


_LONGEST = 600
"""Characters of one sentence about access."""


async def confirm_apply(
    change_set_id: str, allow_deletes: bool, assets: list[str] | None, ctx: Context[ServerContext, object]
) -> NothingToConfirm | Elicit[Confirmation]:
    """Ask where the part of the change set that is to be applied does something that a person has to agree to.

    Raises:
        UnconfirmedError: the client cannot ask its user.
    """
    server_context = ctx.request_context.lifespan_context
    at_stake = await _at_stake(server_context, change_set_id, allow_deletes, assets, asks=can_ask(ctx))
    if at_stake is None or not at_stake.anything:
        return NothingToConfirm()
    if not can_ask(ctx):
        raise UnconfirmedError(
            f"Not applied: change set {at_stake.change_set.change_set_id} {at_stake.in_short()} and this client cannot "
            f"ask its user to confirm that. Do not retry. {person_runs(at_stake.command())}"
            f"{_not_by_policy(at_stake.change_set) if at_stake.deletes else ''}"
        )
    return Elicit(at_stake.question(), at_stake.schema)


async def _at_stake(
    server_context: ServerContext, change_set_id: str, allow_deletes: bool, assets: list[str] | None, *, asks: bool
) -> _AtStake | None:
    """What a person would be asked about; None where nothing can be applied, or only what is asked of nobody.

    Where the client cannot ask and deletes are all there is to do, they are at stake though nobody has allowed them.
    A second person's approval is such a word already, but for deletes, which are confirmed when they are done.
    """
    changes, principal = server_context.service.changes, server_context.principal
    change_set = await changes.get_change_set(change_set_id, principal, limit=1)
    if change_set.state is not ChangeSetState.OPEN:
        return None
    consent = await changes.consent(change_set_id, principal, assets=assets or ())
    only_deletes = not changes_something(change_set) and waits_for_allow_deletes(change_set)
    allow_deletes = allow_deletes or (only_deletes and not asks)
    # Whatever the answer, deletes that wait for a second person are left out; the run says so.
    deletable = allow_deletes and all(finding.code != DELETES_NOT_APPROVED for finding in change_set.findings)
    return _AtStake(
        change_set=change_set,
        deletes=consent.deletes if deletable else (),
        deleted=consent.deleted,
        access=consent.access,
        undoes=change_set.undo_of is not None and not consent.approved and changes_something(change_set),
        part=bool(assets),
    )


def confirmed(answer: ElicitationResult[Confirmation]) -> bool:
    """Whether deletes may be done.

    Raises:
        UnconfirmedError: the person said no, or closed the question.
    """
    if isinstance(answer, AcceptedElicitation):
        if isinstance(answer.data, NothingToConfirm):
            return False
        if answer.data.agreed:
            return isinstance(answer.data, DeleteConfirmation)
    raise UnconfirmedError(
        "Not confirmed, nothing done. Do not ask again; apply_changes for other assets, or without allow_deletes, does "
        "what nobody has to confirm. A person can apply it with `spheresync apply`."
    )


def unreadable_answer() -> UnconfirmedError:
    """What to say where the client's answer is none that was asked for; the SDK's own text names our modules."""
    return UnconfirmedError(
        "Not confirmed, nothing done: the client's answer to the question could not be read; it must be true or false "
        "under the one name that the question's schema has. A person can apply it with `spheresync apply`."
    )


def _not_by_policy(change_set: ChangeSetAnswer) -> str:
    """What the policy would mean, which is about what Datasphere no longer lists, and lets no undo delete."""
    if change_set.undo_of is not None:
        return ""
    return " `deletion.policy: delete` is not the same: every later sync would delete such tables unasked."


def _how(change_set: ChangeSetAnswer, deletes: Sequence[ChangeRow]) -> str:
    """Whether that can be undone, and of an undo in how many databases the objects are."""
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
    """The first objects with their assets, and how many more there are."""
    named = [f"{each.object} (asset {visible(each.asset)})" for each in deletes[:_NAMED]]
    more = len(deletes) - len(named)
    return ", ".join([*named, *([f"and {more} more"] if more else [])])


def _held_back(deletes: Sequence[ChangeRow]) -> str:
    held = sum(each.blocked_by not in {None, *WAITS_FOR_A_PERSON} for each in deletes)
    return f" A guard holds back {held} of {len(deletes)}, whatever the answer." if held else ""


def can_ask(ctx: Context[ServerContext, object]) -> bool:
    """Whether the client can put a question to its user."""
    capabilities = ctx.client_capabilities
    elicitation: ElicitationCapability | None = capabilities.elicitation if capabilities is not None else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    version = ctx.protocol_version
    by_retry = version is not None and is_version_at_least(version, _ANSWERS_BY_RETRY)
    return by_retry or ctx.session.can_send_request
