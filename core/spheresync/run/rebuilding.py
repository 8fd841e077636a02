"""Rebuild checkpoints from a target that carries our marker: what a lost state knew, AWS still knows.

A table that somebody edited before is remembered as we wrote it, as far as it proves that by its own digest, so that
the edit is known as one. Where nothing proves it, no text of it counts as ours, and what is not text counts as written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from spheresync.mapping.glue_table import STATUS
from spheresync.mapping.proof import LastWritten, last_written
from spheresync.model import (
    DEFAULT_DESTINATION,
    AssetId,
    AssetKind,
    Digest,
    LiveObject,
    RunId,
    TargetName,
    digest_of,
)
from spheresync.state.records import AssetRecord, AuditEvent, Checkpoint, CheckpointState
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Inventory

EDITED = Digest("edited")
"""The digest of a body that is nobody's as a whole."""
NO_RUN = RunId("")
"""The run of a checkpoint that no run of this state wrote."""


class Rebuilder:
    """Takes what carries our marker into the checkpoints again."""

    def __init__(self, store: Store, target: TargetName, marker: str) -> None:
        self._store = store
        self._target = target
        self._marker = marker

    async def adopt(
        self, inventory: Inventory, checkpoints: Mapping[AssetId, Checkpoint], *, now: str
    ) -> dict[AssetId, Checkpoint]:
        """Write a checkpoint for every object of ours that has none; answer those checkpoints by asset."""
        found: dict[AssetId, tuple[LiveObject, Checkpoint]] = {}
        bodies: list[bytes] = []
        for live in sorted(inventory.objects, key=_in_use_first):
            asset = self._ours(live)
            if asset is not None and asset not in checkpoints and asset not in found:
                written = last_written(live.body, live.digest)
                bodies.append(written.body)
                found[asset] = (live, self._checkpoint(asset, live, written, now))
        if not found:
            return {}
        known = {record.id for record in await self._store.catalog.assets()}
        strangers = [_stub(asset, live, now) for asset, (live, _) in found.items() if asset not in known]
        event = AuditEvent("system", "rebuild", None, None, self._target, "done", {"objects": len(found)})

        async def remember(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)
            await tx.checkpoints.put_many([checkpoint for _, checkpoint in found.values()])
            await tx.catalog.put_assets(strangers)
            await tx.audit.append_many([event])

        await self._store.write(remember)
        return {asset: checkpoint for asset, (_, checkpoint) in found.items()}

    def _ours(self, live: LiveObject) -> AssetId | None:
        if live.owner != self._marker or live.source is None:
            return None
        try:
            return AssetId.parse(live.source)
        except ValueError:
            return None

    def _checkpoint(self, asset: AssetId, live: LiveObject, written: LastWritten, now: str) -> Checkpoint:
        return Checkpoint(
            asset=asset,
            target=self._target,
            destination=DEFAULT_DESTINATION,
            container=live.container,
            name=live.name,
            body=digest_of(written.body),
            body_digest=live.digest if live.digest is not None and written.proven else EDITED,
            version=live.version if live.intact else None,
            fingerprints=None,
            mapping=None,
            definition=None,
            state=CheckpointState.RETIRED if _is_retired(live) else CheckpointState.ACTIVE,
            held=None,
            synced_at=now,
            run_id=NO_RUN,
            fence=0,
        )


def _in_use_first(live: LiveObject) -> tuple[bool, str, str]:
    """A table that a rename left behind is marked as retired; the one in use stands for the asset."""
    return _is_retired(live), live.container, live.name


def _is_retired(live: LiveObject) -> bool:
    return (json.loads(live.body).get("Parameters") or {}).get(STATUS) == "retired"


def _stub(asset: AssetId, live: LiveObject, now: str) -> AssetRecord:
    """An asset that only the target still knows; if Datasphere no longer lists it, the next listings count that."""
    kind = (json.loads(live.body).get("Parameters") or {}).get("spheresync.kind")
    known = AssetKind(kind) if kind in set(AssetKind) else AssetKind.VIEW
    return AssetRecord.first_seen(asset, known, at=now)
