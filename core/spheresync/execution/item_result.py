"""What became of one item, and what that says to the journal, the audit log and the stored bodies. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spheresync.errors import TargetError, TargetFault, TargetOutError
from spheresync.model import Action, Address, Digest, JsonValue, Problem, digest_of
from spheresync.planning.decisions.access import access_changes
from spheresync.runtime.run_counts import FAILED, REFUSED
from spheresync.state.records import (
    AuditEvent,
    AuditOutcome,
    ChangeSetItem,
    Checkpoint,
    FormerTable,
    JournalEntry,
    JournalState,
    RunRecord,
)
from spheresync.targets.protocol import Outcome

_TOLD_CHANGES = 50
UNSENT = frozenset(action for action in Action if action.only_noted)
"""Actions that send nothing and only note something."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item. Neither outcome nor error: nothing had to be sent.

    `reviewed`: the body of the item as it was read, whose digest the item holds. `tried`: it was sent to the target,
    which may have done a part of it.
    """

    item: ChangeSetItem
    outcome: Outcome | None = None
    error: TargetError | None = None
    reviewed: bytes | None = None
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a result leaves in the state.

    `former` and `forgotten` are about tables that are in nobody's use, as is the whole result where it is `aside`.
    `base` is what had been written last into a table that others had changed before. `bodies`: what else is referred
    to, besides the outcome.
    """

    result: Result
    entry: JournalEntry
    checkpoint: Checkpoint | None
    former: FormerTable | None
    forgotten: Address | None
    aside: bool
    base: Digest | None = None
    bodies: tuple[bytes, ...] = ()


def _did(result: Result) -> Action:
    """The action as it was done, which may differ from the planned one."""
    return (result.outcome.did if result.outcome is not None else None) or result.item.action


def journal_entry_of(run: RunRecord, result: Result, after: Digest | None, at: str) -> JournalEntry:
    """The journal entry that ends the item; `after` is the body that the object holds now."""
    item, outcome, error = result.item, result.outcome, result.error
    problem = Problem.of_error(item.asset, error) if error is not None else None
    if problem is not None and isinstance(error, TargetOutError):
        problem = replace(problem, subject=error.place, asset=None)  # of the target, not of this asset
    if error is not None:
        state = JournalState.FAILED
    elif outcome is None and item.action not in UNSENT:
        state = JournalState.SKIPPED
    else:
        state = JournalState.CONFIRMED
    return replace(
        JournalEntry.of(item, run.id, state, at),
        action=_did(result),
        problem=problem,
        before=body_before(result),
        after=after,
        version=outcome.version if outcome is not None else None,
        request_id=outcome.request_id if outcome is not None else error.request_id if error is not None else None,
    )


def body_after(result: Result) -> Digest | None:
    """The body that the object holds now; a reviewed one was digested when it was read."""
    outcome = result.outcome
    if outcome is None or not outcome.body:
        return None
    return result.item.after if outcome.body is result.reviewed else digest_of(outcome.body)


def bodies_of(note: Note) -> dict[Digest, bytes]:
    """The bodies of the outcome, by the digests that the entry holds of them.

    Without what was reviewed: it was read from the state a moment ago, and the change set refers to it there.
    """
    outcome = note.result.outcome
    if outcome is None:
        return {}
    after = None if outcome.body is note.result.reviewed else outcome.body
    pairs = ((note.entry.after, after), (note.entry.before, outcome.before))
    return {digest: body for digest, body in pairs if digest is not None and body}


def body_before(result: Result) -> Digest | None:
    """The body that the object held before, None where there was none or nothing was done: what an undo goes by."""
    item, outcome = result.item, result.outcome
    if outcome is not None and outcome.before:
        return digest_of(outcome.before)
    nothing = outcome is not None and (outcome.already or _did(result) is Action.CREATE)
    return None if nothing else item.before


def _stood_nothing(result: Result) -> bool:
    """Whether an object was made where there was none, be it one that others had deleted."""
    return result.outcome is not None and not result.outcome.already and _did(result) is Action.CREATE


def count_word(action: Action, state: JournalState, problem: Problem | None) -> str:
    """Under which word a run counts an item that has ended."""
    if state is JournalState.CONFIRMED:
        return action
    if state is JournalState.SKIPPED:
        return Action.UNCHANGED
    if problem is not None and problem.code == TargetFault.MOVED:
        return REFUSED
    return Action.CONFLICT if problem is not None and problem.code == TargetFault.CONFLICT else FAILED


def counts_of(entries: Iterable[JournalEntry]) -> Counter[str]:
    """What a run has done, by the entries of its journal that have ended."""
    return Counter(count_word(entry.action, entry.state, entry.problem) for entry in entries)


def audit_event_of(run: RunRecord, result: Result, seen: Digest | None = None) -> AuditEvent:
    """The audit row of the item; `seen`: the digest of what stood there, where others had changed it."""
    item, outcome, error = result.item, result.outcome, result.error
    access = access_changes(item)
    detail: dict[str, JsonValue] = {
        "object": f"{item.container}.{item.name}",
        "destination": item.destination,
        "strategy": item.strategy,
        "before": None if _stood_nothing(result) else seen or item.expected_digest,
        "after": item.after_digest,
        "access": None if access is None else [change.path for change in access[:_TOLD_CHANGES]],
    }
    word: AuditOutcome | TargetFault = AuditOutcome.DONE
    if error is not None:
        word = AuditOutcome.REFUSED if error.fault is TargetFault.MOVED else error.fault
        detail["reason"] = error.message
        detail["request_id"] = error.request_id
    elif outcome is None and item.action not in UNSENT:
        word = AuditOutcome.ALREADY  # nothing was sent, and the run counts it as unchanged
    elif outcome is not None:
        word = AuditOutcome.ALREADY if outcome.already else AuditOutcome.DONE
        detail["request_id"] = outcome.request_id
        detail["version"] = outcome.version
        if outcome.kept:
            detail["kept"] = [change.path for change in outcome.kept]
    return AuditEvent(
        actor=run.actor,
        action=_did(result),
        run_id=run.id,
        asset=str(item.asset),
        target=item.target,
        outcome=word,
        detail={key: value for key, value in detail.items() if value is not None},
    )


def may_be_half_done(result: Result) -> bool:
    """Whether it was sent, and ended with an error after which a part of it may stand."""
    return result.tried and result.error is not None and result.error.fault is not TargetFault.CONFLICT


def is_other_object(result: Result) -> bool:
    """Whether the object of an asset was made or deleted by this, so that whatever was added to the former is gone."""
    return result.outcome is not None and _did(result) in {Action.CREATE, Action.DELETE}


def puts_back(item: ChangeSetItem) -> bool:
    """Whether it writes again what was written last: nothing new of Datasphere, so a hold of it stays."""
    return item.after_digest is not None and item.after_digest == item.expected_digest


def container_is_unknown(result: Result) -> bool:
    """Whether the database is not as the state notes it, so that the next plan has to look at all of it.

    It is gone, or holds a table of which the state knows nothing.
    """
    fault = None if result.error is None else result.error.fault
    return fault is TargetFault.NO_CONTAINER or (fault is TargetFault.MOVED and result.item.action is Action.CREATE)
