"""What is known of objects whose write failed, and of which a part may have been done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.model import digest_of
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, Checkpoint
from spheresync.targets.design import TargetDesign


async def half_written(
    store: Store, design: TargetDesign, failed: Sequence[tuple[ChangeSetItem, Checkpoint]]
) -> dict[Checkpoint, bytes]:
    """What is known of objects from now on, with the bodies that say so; nothing where a write is one call.

    Their versions are not known, so that whoever comes next looks at what stands there.
    """
    blobs = await store.blobs.get_many(
        digest for item, known in failed for digest in (known.body, item.after) if digest is not None
    )
    left = {}
    for item, known in failed:
        tried = None if item.after is None else blobs.get(item.after)
        if known.body not in blobs or (tried is None and not item.action.removes):
            continue
        if (body := design.with_tried(blobs[known.body], tried)) is not None:
            left[replace(known, body=digest_of(body), version=None)] = body
    return left
