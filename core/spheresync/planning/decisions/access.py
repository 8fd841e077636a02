"""Which items of a change set may change who sees what: LF-Tags, permissions, publishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from spheresync.model import Problem, counted, first_of
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
    """That items may change who sees what; nothing where none does."""
    found = [item for item in items if is_access_change(item)]
    if not found:
        return ()
    fields = Counter(change.path.rpartition(".")[2] for item in found for change in item.changes)
    keys = first_of([f"{key} ({count})" for key, count in sorted(fields.items())], _NAMED)
    text = (
        f"{counted(len(found), 'access change')} on {counted(len({item.address for item in found}), 'table')}: LF-Tags "
        f"{keys}. Whoever has grants on these LF-Tags may see more or less"
    )
    remedy = "Look at them apart: they carry `access: true`; the fields say which value each place had and gets."
    return (Problem("access", ACCESS, text, remedy),)


def waiting_for_approval(item: ChangeSetItem) -> ChangeSetItem:
    """An item as `approvals: {four_eyes: [access]}` has it: a change of access waits for a second person."""
    waits = item.blocked_by is None and is_access_change(item)
    return replace(item, blocked_by=ACCESS_NOT_APPROVED) if waits else item


def count_access_changes(items: Iterable[ChangeSetItem]) -> int:
    return sum(map(is_access_change, items))
