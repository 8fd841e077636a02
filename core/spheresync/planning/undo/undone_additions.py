"""What an undo does about additions to objects that it deletes or makes again: they go, and come, with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.model import Action, RunId, Strategy, TargetKey
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import design_of


async def with_their_objects(
    store: Store, key: TargetKey, items: Sequence[ChangeSetItem], base_items: Sequence[ChangeSetItem], undone: RunId
) -> list[ChangeSetItem]:
    """The items of a target that adds to another one's objects, given what the undo does to those.

    Nothing is taken off an object that is deleted. What stood on one that is made again is put there again: a table
    that comes back without its LF-Tags would be open to whom they kept it from.

    Args:
        store: holds what was written last.
        key: the target that adds.
        items: of it, as its own journal has them.
        base_items: of the other target, in the same undo.
        undone: the run that is undone.
    """
    deleted = {item.asset for item in base_items if item.action is Action.DELETE}
    kept = [item for item in items if item.asset not in deleted]
    again = [item for item in base_items if item.action is Action.CREATE]
    planned = {item.asset for item in kept}
    held = await store.checkpoints.of({item.asset for item in again}, key)
    bodies = await store.blobs.get_many(each.body for each in held.values())
    design = design_of(key.target)
    for item in again:
        known = held.get(item.asset)
        body = bodies.get(known.body) if known is not None else None
        if known is None or body is None or item.asset in planned or known.address != item.address:
            continue
        changes = design.changes(None, body)
        if not changes:
            continue
        kept.append(
            replace(
                item,
                target=key.target,
                destination=key.destination,
                action=Action.METADATA_ONLY,
                strategy=Strategy.METADATA_ONLY,
                severity=design.severity(changes),
                reason=f"run {undone} deleted its table; what stood on it is put there again",
                changes=changes,
                before=None,
                after=known.body,
                after_digest=known.body_digest,
                expected_version=None,
                expected_digest=None,
                blocked_by=None,
                operations=design.operations(Action.METADATA_ONLY),
            )
        )
    return kept
