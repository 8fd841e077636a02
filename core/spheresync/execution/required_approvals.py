"""Which items of a change set a run may do: who must approve promotions, and which deletes are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spheresync.config import Settings
from spheresync.errors import RefusedError
from spheresync.model import Action, Problem
from spheresync.planning.decisions.approvals import (
    DELETES_NOT_APPROVED,
    NEEDS_ALLOWANCE,
    WAITS_FOR_A_PERSON,
    all_waits,
    approved_by_another,
    deletes_left,
    promotion_waits,
)
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, ChangeSetRecord


async def unapproved_promotion(store: Store, settings: Settings) -> Problem | None:
    """Why nothing is written by the rules in force: they come from a promotion that nobody has approved here."""
    promoted = settings.promoted
    if promoted is None or await store.promotions.approved(promoted.digest) is not None:
        return None
    return promotion_waits(promoted.digest, promoted.name)


async def require_approved_promotion(store: Store, change_set: ChangeSetRecord) -> None:
    """Let a change set pass whose promotion, if it was made with one, somebody has approved here.

    Raises:
        RefusedError: nobody has.
    """
    if change_set.promotion is not None and await store.promotions.approved(change_set.promotion) is None:
        waits = promotion_waits(change_set.promotion, f"the promotion that change set {change_set.id} was made with")
        raise RefusedError(f"{waits.message}.", remedy=waits.remedy)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What people allow a run: `deletes`, by whoever asked for it; `alone`: a second person is needed and missing."""

    change_set: ChangeSetRecord
    deletes: bool
    alone: bool

    @classmethod
    def of(cls, change_set: ChangeSetRecord, *, applier: str, four_eyes: bool, deletes: bool) -> Permissions:
        """`four_eyes`: deletes need a second person, who is not `applier`."""
        return cls(change_set, deletes, alone=four_eyes and not approved_by_another(change_set, applier))

    def allowed(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items that the run does."""
        return [item for item in items if item.action.changes_something and self._allows(item)]

    def require_any(self, items: Sequence[ChangeSetItem]) -> None:
        """Let a change set pass of which something is done now, or nothing ever by whoever applies it.

        What waits for a person would be spent by a run that does none of it. What only a guard holds back waits for
        nothing that an apply could bring: that run tells of the guard.

        Raises:
            RefusedError: all that it changes waits for a person, or for that besides a guard.
        """
        changing = [item for item in items if item.action.changes_something]
        if not changing or self.allowed(changing):
            return
        waits = [item for item in changing if item.blocked_by in {None, *WAITS_FOR_A_PERSON}]
        if waits:
            told = all_waits(self.change_set, len(waits), approval=self.alone, allowance=not self.deletes)
            raise RefusedError(f"{told.message}.", remedy=told.remedy)

    def waiting(self, items: Sequence[ChangeSetItem]) -> tuple[Problem, ...]:
        """What to say of deletes that no guard holds back and that a second person has not approved."""
        if not self.alone:
            return ()
        waits = {None, *WAITS_FOR_A_PERSON}
        count = sum(1 for item in items if item.action is Action.DELETE and item.blocked_by in waits)
        return (deletes_left(self.change_set, count),) if count else ()

    def _allows(self, item: ChangeSetItem) -> bool:
        if self.alone and item.action is Action.DELETE:
            return False
        # That a second person was missing when it was planned says nothing about now.
        return item.blocked_by in {None, DELETES_NOT_APPROVED} or (item.blocked_by == NEEDS_ALLOWANCE and self.deletes)
