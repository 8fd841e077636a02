"""Contents that the state should hold and that are lost or damaged: how work goes on without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spheresync.errors import RefusedError, StateError
from spheresync.model import AssetId, LiveObject, Problem, digest_of
from spheresync.planning.decisions.items import proven_digest
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, ChangeSetRecord, Checkpoint
from spheresync.targets.design import TargetDesign

_CHUNK = 500
DAMAGED = "damaged"
"""Code of what cannot be done for one asset because a content of the state is lost or damaged."""


async def require_whole_bodies(store: Store, record: ChangeSetRecord, items: Sequence[ChangeSetItem]) -> None:
    """Let a change set pass of which everything is there that it would write.

    Raises:
        RefusedError: a body that was reviewed is damaged.
    """
    writing = [item for item in items if item.action.changes_something and item.after is not None]
    for start in range(0, len(writing), _CHUNK):
        chunk = writing[start : start + _CHUNK]
        whole = await store.blobs.get_many(item.after for item in chunk if item.after is not None)
        for item in chunk:
            if item.after not in whole:
                raise RefusedError(
                    f"change set {record.id} is not what was saved: what it would write for {item.asset} is damaged.",
                    remedy="Make a new preview.",
                )


def definition_lost(asset: AssetId) -> Problem:
    """That an asset could not be planned, because what was read of it is gone."""
    return Problem.of(
        asset,
        DAMAGED,
        "what was read of it is damaged in the state, so it could not be compared",
        "The next sync, preview or discover reads it anew.",
    )


def wrong_definition(asset: AssetId, holds: AssetId) -> StateError:
    """That an asset could not be planned, because what is kept of it is the definition of another."""
    text = f"what the state holds of {asset} is the definition of {holds}."
    return StateError(text, remedy="Somebody changed the state by hand, or it is damaged; run sync --full.")


def body_lost(asset: AssetId, table: str) -> Problem:
    """That a table could not be judged, because what was written into it last is gone."""
    return Problem.of(
        asset,
        DAMAGED,
        f"what was written last into {table} is damaged in the state, so it could not be compared",
        "`spheresync sync --full` reads the table anew.",
    )


def known_by_target(design: TargetDesign, checkpoint: Checkpoint, live: LiveObject) -> tuple[Checkpoint, bytes]:
    """What was written last into a table, by what the table itself proves, where the state has lost it."""
    written = design.last_written(live.body, live.digest)
    known = replace(
        checkpoint,
        body=digest_of(written.body),
        body_digest=proven_digest(live, written),
        version=live.version if live.intact else None,
    )
    return known, written.body
