"""When a person's word is needed besides the command, and what is said while it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spheresync.model import Digest, Problem, RunId, counted

if TYPE_CHECKING:
    from spheresync.state.records import Approval, ChangeSetRecord

ACCESS = "access_changes"
"""Code of the finding that a change set may change who sees what."""
DELETES_NOT_APPROVED = "deletes_not_approved"
"""Code of deletes that wait for a second person (`approvals.four_eyes`)."""
ACCESS_NOT_APPROVED = "access_not_approved"
"""Code of changes of who may see what that wait for a second person (same place)."""
PROMOTION_NOT_APPROVED = "promotion_not_approved"
"""Code of a change set whose promotion nobody has let count here."""
NEEDS_ALLOWANCE = "deletes_not_allowed"
"""Code of deletes that wait until they are allowed."""
LEFT_FOR_APPROVAL = frozenset({DELETES_NOT_APPROVED, ACCESS_NOT_APPROVED})
"""What a run leaves out for a second person, and that is no failure of it."""
WAITS_FOR_A_PERSON = LEFT_FOR_APPROVAL | {NEEDS_ALLOWANCE}
"""What a planned item may wait for; anything else that blocks one is a guard."""
NOT_APPROVED = LEFT_FOR_APPROVAL | {PROMOTION_NOT_APPROVED}


def valid_approval(change_set: ChangeSetRecord) -> Approval | None:
    """The approval of a change set, if it was given to the change set as it is."""
    approval = change_set.approval
    return approval if approval is not None and approval.digest == change_set.digest else None


def approved_by_another(change_set: ChangeSetRecord, applier: str | None = None) -> bool:
    """Whether two people stand behind it: approved by neither who made it nor `applier`, who is to carry it out."""
    approval = valid_approval(change_set)
    return approval is not None and approval.by not in {change_set.actor, applier}


def deletes_wait(change_set: ChangeSetRecord, count: int) -> Problem:
    """What to tell of deletes of a saved change set that a second person has not approved."""
    return Problem(
        change_set.id,
        DELETES_NOT_APPROVED,
        f"{_deletes(count)} until a second person has approved this change set",
        f"Somebody who neither made it nor applies it runs `spheresync approve {change_set.id}`.",
    )


def deletes_left(change_set: ChangeSetRecord, count: int) -> Problem:
    """What to tell of deletes that a run left out for the same reason: its change set is spent."""
    return Problem(
        change_set.id,
        DELETES_NOT_APPROVED,
        f"{_deletes(count)} for a second person, who had not approved them; the rest went on",
        f"{_anew(change_set)}, have somebody approve it who neither made it nor applies it, then apply it.",
    )


def access_waits(change_set: ChangeSetRecord, count: int) -> Problem:
    """What to tell of changes of access of a saved change set that a second person has not approved."""
    waits = "waits" if count == 1 else "wait"
    return Problem(
        change_set.id,
        ACCESS_NOT_APPROVED,
        f"{counted(count, 'access change')} {waits} until a second person has approved this change set",
        f"Somebody who neither made it nor applies it runs `spheresync approve {change_set.id}`.",
    )


def access_left(change_set: ChangeSetRecord, count: int) -> Problem:
    """What to tell of changes of access that a run left out for the same reason: its change set is spent."""
    waits = "waits" if count == 1 else "wait"
    return Problem(
        change_set.id,
        ACCESS_NOT_APPROVED,
        f"{counted(count, 'access change')} {waits} for a second person, who had not approved them; the rest went on",
        f"{_anew(change_set)}, have somebody approve it who neither made it nor applies it, then apply it.",
    )


def deletes_need_allowance(change_set: ChangeSetRecord, count: int) -> Problem:
    """What to tell of deletes of a saved change set that are done only where whoever applies it allows them."""
    return Problem(
        change_set.id,
        NEEDS_ALLOWANCE,
        f"{_deletes(count)} until {'it is' if count == 1 else 'they are'} allowed",
        f"`spheresync apply {change_set.id} --allow-deletes` does that too.",
    )


def all_waits(
    change_set: ChangeSetRecord, count: int, *, approval: bool, allowance: bool, access: int = 0, part: bool = False
) -> Problem:
    """What to tell of a change set that is applied while nothing of it may be done: it stays open.

    `part`: some of its assets were named. `access` of the `count` items are no deletes, but changes of who sees what.
    """
    deletes = count - access
    waiting = _waiting(deletes, access)
    approve = f"Somebody who neither made it nor applies it runs `spheresync approve {change_set.id}`."
    allow = "With the same assets named, " if part else ""
    allow += f"`spheresync apply {change_set.id} --allow-deletes` does what waits."
    wanted = [*(["approved by a second person"] if approval else []), *(["allowed"] if allowance else [])]
    remedies = [*([approve] if approval else []), *([allow] if allowance else [])]
    return Problem(
        change_set.id,
        (DELETES_NOT_APPROVED if deletes else ACCESS_NOT_APPROVED) if approval else NEEDS_ALLOWANCE,
        f"nothing of change set {change_set.id} was done, and it stays open: "
        f"{waiting} until {'it is' if count == 1 else 'they are'} {' and '.join(wanted)}",
        " ".join(remedies),
    )


def deletes_not_allowed(change_set: ChangeSetRecord, run: RunId, count: int) -> Problem:
    """What to tell of deletes that a run left out for that reason: its change set is spent."""
    what = f"{counted(count, 'delete')} {'was' if count == 1 else 'were'} left out"
    return Problem(
        change_set.id,
        NEEDS_ALLOWANCE,
        f"run {run} applied change set {change_set.id} without deletes: {what}",
        f"{_anew(change_set)}, then apply that with --allow-deletes.",
    )


def promotion_waits(digest: Digest, origin: str) -> Problem:
    """What to tell while a promotion is in force that nobody has approved here."""
    return Problem(
        "promotion",
        PROMOTION_NOT_APPROVED,
        f"nobody has approved {origin} (digest {digest}) in this installation, so nothing is written by its rules",
        "Look at a preview, approve that change set with `spheresync approve CHANGE_SET_ID`, then apply it.",
    )


def _anew(change_set: ChangeSetRecord) -> str:
    return "Make a new preview" if change_set.undo_of is None else f"Revert {change_set.undo_of} again"


def _waiting(deletes: int, access: int) -> str:
    told = [counted(deletes, "delete")] if deletes else []
    told += [counted(access, "access change")] if access else []
    return f"{' and '.join(told)} {'waits' if deletes + access == 1 else 'wait'}"


def _deletes(count: int) -> str:
    return f"{counted(count, 'delete')} {'waits' if count == 1 else 'wait'}"
