"""Which items of a change set may change who sees what: each target's design says which of its own do, and how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from spheresync.config import Settings
from spheresync.model import Action, FieldChange, Problem, TargetName, counted
from spheresync.planning.decisions.approvals import ACCESS, ACCESS_NOT_APPROVED
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import design_of
from spheresync.targets.target_words import AccessChange


def is_access_change(item: ChangeSetItem) -> bool:
    """Whether doing an item may change who sees what; what sends nothing does not."""
    if not (item.action.changes_something and item.operations):
        return False
    return design_of(item.target).changes_access(item.changes)


def access_changes(item: ChangeSetItem) -> tuple[FieldChange, ...] | None:
    """The fields of an item that may change who sees what; None where doing it changes nothing of that."""
    return design_of(item.target).access_changes(item.changes) if is_access_change(item) else None


def access_findings(items: Iterable[ChangeSetItem]) -> tuple[Problem, ...]:
    """That items may change who sees what, for each target in which some do."""
    found: dict[TargetName, list[ChangeSetItem]] = {}
    for item in items:
        if is_access_change(item):
            found.setdefault(item.target, []).append(item)
    return tuple(_finding(target, changing) for target, changing in found.items())


def _finding(target: TargetName, found: Sequence[ChangeSetItem]) -> Problem:
    design = design_of(target)
    objects = counted(len({item.address for item in found}), design.object_word)
    told = design.told_of_access([AccessChange(item.action is Action.DELETE, item.changes) for item in found])
    text = f"{counted(len(found), 'access change')} on {objects}: {told.text}"
    return Problem("access", ACCESS, text, f"Look at them apart: they carry `access: true`{told.look}.")


def reviews_access_in(settings: Settings, target: TargetName) -> bool:
    """Whether changes of access in a target need a second person."""
    return settings.approvals.of_access or design_of(target).reviews_access(settings)


def reviews_access(settings: Settings) -> bool:
    """Whether changes of access need a second person in any target in force."""
    return any(reviews_access_in(settings, key.target) for key in settings.target_keys)


def waiting_for_approval(item: ChangeSetItem) -> ChangeSetItem:
    """An item where changes of access need a second person: one that is such a change waits for that."""
    waits = item.blocked_by is None and is_access_change(item)
    return replace(item, blocked_by=ACCESS_NOT_APPROVED) if waits else item


def count_access_changes(items: Iterable[ChangeSetItem]) -> int:
    return sum(map(is_access_change, items))
