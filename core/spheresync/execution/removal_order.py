"""What is taken away before the object that it is about, so that the run itself says so and an undo knows of it.

A target whose deletes take back what another one of ours shows of the object would do that unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.model import Action, AssetId, TargetKey
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import base_of, design_of

Todo = Mapping[TargetKey, Sequence[ChangeSetItem]]


def removed_before_base(todo: Todo) -> tuple[Todo, Todo, Todo]:
    """The items by target in parts that are done one after the other: what goes before its base, the rest, and bases.

    Of an asset that moves, what it had goes when the new place holds, so the base of that waits until last.
    """
    first = {key: going for key, items in todo.items() if (going := _going_before_base(key, items, todo))}
    last = {key: waiting for key, items in todo.items() if (waiting := _waiting(key, items, todo, first))}
    rest = {}
    for key, items in todo.items():
        apart = {item.ordinal for part in (first, last) for item in part.get(key, ())}
        left = [item for item in items if item.ordinal not in apart] if apart else items
        if left or not apart:
            rest[key] = left
    return first, rest, last


def _waiting(key: TargetKey, items: Sequence[ChangeSetItem], todo: Todo, first: Todo) -> list[ChangeSetItem]:
    """The deletes of a base that come after those of what is about its objects."""
    going = {
        (item.asset, item.address)
        for other, theirs in todo.items()
        if base_of(other) == key and design_of(other.target).capabilities.removed_first
        for item in theirs
        if item.action is Action.DELETE and item not in first.get(other, ())
    }
    return [item for item in items if item.action is Action.DELETE and (item.asset, item.address) in going]


def _going_before_base(key: TargetKey, items: Sequence[ChangeSetItem], todo: Todo) -> list[ChangeSetItem]:
    base = base_of(key)
    if base is None or not design_of(key.target).capabilities.removed_first:
        return []
    gone = _only_deleted(todo.get(base, ())) & _only_deleted(items)
    return [item for item in items if item.asset in gone]


def _only_deleted(items: Sequence[ChangeSetItem]) -> set[AssetId]:
    """The assets of which something is deleted and nothing else is done: what moves goes when the new place holds."""
    deleted = {item.asset for item in items if item.action is Action.DELETE}
    return deleted - {item.asset for item in items if item.action is not Action.DELETE}
