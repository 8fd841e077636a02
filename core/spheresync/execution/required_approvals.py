"""Which items of a change set a run may do: who must approve promotions, and which deletes are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spheresync.config import Settings
from spheresync.errors import RefusedError
from spheresync.model import Action, Problem, TargetName
from spheresync.planning.decisions.access import count_access_changes, is_access_change, reviews_access_in
from spheresync.planning.decisions.approvals import (
    LEFT_FOR_APPROVAL,
    NEEDS_ALLOWANCE,
    WAITS_FOR_A_PERSON,
    access_left,
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
    """What people allow a run: `deletes`, by whoever asked for it.

    `alone`: deletes need a second person, who is missing. `alone_in`: so do access changes in these targets.
    """

    change_set: ChangeSetRecord
    deletes: bool
    alone: bool
    alone_in: frozenset[TargetName]

    @classmethod
    def of(cls, change_set: ChangeSetRecord, *, applier: str, settings: Settings, deletes: bool) -> Permissions:
        """`settings` say what needs a second person, who is not `applier`."""
        second = approved_by_another(change_set, applier)
        return cls(
            change_set,
            deletes,
            alone=settings.approvals.of_deletes and not second,
            alone_in=frozenset(
                key.target for key in settings.target_keys if reviews_access_in(settings, key.target) and not second
            ),
        )

    def allowed(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items that the run does."""
        return [item for item in items if item.action.changes_something and self._allows(item)]

    def require_any(self, items: Sequence[ChangeSetItem], *, part: bool = False) -> None:
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
            access = count_access_changes(item for item in waits if item.action is not Action.DELETE)
            told = all_waits(
                self.change_set,
                len(waits),
                approval=self.alone or any(map(self._waits, waits)),
                allowance=not self.deletes and access < len(waits),
                access=access,
                part=part,
            )
            raise RefusedError(f"{told.message}.", remedy=told.remedy)

    def waiting(self, items: Sequence[ChangeSetItem]) -> tuple[Problem, ...]:
        """What to say of what no guard holds back and a second person has not approved."""
        waits = {None, *WAITS_FOR_A_PERSON}
        left = [item for item in items if item.blocked_by in waits]
        deletes = sum(1 for item in left if item.action is Action.DELETE) if self.alone else 0
        others = (item for item in left if item.action is not Action.DELETE)
        access = count_access_changes(item for item in others if item.target in self.alone_in)
        told = [deletes_left(self.change_set, deletes)] if deletes else []
        return (*told, *([access_left(self.change_set, access)] if access else []))

    def _waits(self, item: ChangeSetItem) -> bool:
        """Whether an item changes who may see what, and a second person is missing."""
        return item.target in self.alone_in and is_access_change(item)

    def _allows(self, item: ChangeSetItem) -> bool:
        if self.alone and item.action is Action.DELETE:
            return False
        if self._waits(item):
            return False
        # That a second person was missing when it was planned says nothing about now.
        return item.blocked_by in {None, *LEFT_FOR_APPROVAL} or (item.blocked_by == NEEDS_ALLOWANCE and self.deletes)
