"""Which items of a change set may change who sees what: LF-Tags, permissions, publishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from spheresync.config import Settings
from spheresync.config.datazone import Publish
from spheresync.model import DATAZONE_PUBLISHING, Problem, TargetName, counted, first_of
from spheresync.planning.decisions.approvals import ACCESS_NOT_APPROVED
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import design_of


def is_access_change(item: ChangeSetItem) -> bool:
    """Whether doing an item may change who sees what; what sends nothing does not."""
    if not (item.action.changes_something and item.operations):
        return False
    return design_of(item.target).capabilities.access


ACCESS = "access_changes"
"""Code of the finding that a change set may change who sees what."""
_NAMED = 5


def access_findings(items: Iterable[ChangeSetItem]) -> tuple[Problem, ...]:
    """That items may change who sees what, for each target in which some do."""
    found: dict[TargetName, list[ChangeSetItem]] = {}
    for item in items:
        if is_access_change(item):
            found.setdefault(item.target, []).append(item)
    return tuple(_finding(target, changing) for target, changing in found.items())


def _finding(target: TargetName, found: Sequence[ChangeSetItem]) -> Problem:
    tables = counted(len({item.address for item in found}), "table")
    text, remedy = (
        f"{counted(len(found), 'access change')} on {tables}: ",
        "Look at them apart: they carry `access: true`",
    )
    if target == DATAZONE_PUBLISHING:
        text += "what is published is shown to everybody who looks for data in the DataZone domain"
        return Problem("access", ACCESS, text, f"{remedy}.")
    fields = Counter(change.path.rpartition(".")[2] for item in found for change in item.changes)
    keys = first_of([f"{key} ({count})" for key, count in sorted(fields.items())], _NAMED)
    text += f"LF-Tags {keys}. Whoever has grants on these LF-Tags may see more or less"
    return Problem("access", ACCESS, text, f"{remedy}; the fields say which value each place had and gets.")


def reviews_access_in(settings: Settings, target: TargetName) -> bool:
    """Whether changes of access in a target need a second person."""
    reviewed = target == DATAZONE_PUBLISHING and settings.datazone.publish is Publish.REVIEW
    return settings.approvals.of_access or reviewed


def reviews_access(settings: Settings) -> bool:
    """Whether changes of access need a second person in any target in force."""
    return any(reviews_access_in(settings, key.target) for key in settings.target_keys)


def waiting_for_approval(item: ChangeSetItem) -> ChangeSetItem:
    """An item where changes of access need a second person: one that is such a change waits for that."""
    waits = item.blocked_by is None and is_access_change(item)
    return replace(item, blocked_by=ACCESS_NOT_APPROVED) if waits else item


def count_access_changes(items: Iterable[ChangeSetItem]) -> int:
    return sum(map(is_access_change, items))
