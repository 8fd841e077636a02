"""Rebuild checkpoints from a target that carries our marker: what a lost state knew, AWS still knows.

A table that somebody edited before is remembered as we wrote it, as far as it proves that by its own digest, so that
the edit is known as one. Where nothing proves it, no text of it counts as ours, and what is not text counts as written.
A table that is marked as retired while its asset lives under another name is a former one, and followed as such.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.glue_table import RETIRED_AT, is_retired
from spheresync.mapping.proof import LastWritten, last_written
from spheresync.model import (
    DEFAULT_DESTINATION,
    AssetId,
    AssetKind,
    JsonValue,
    LiveObject,
    PhysicalName,
    TargetName,
    digest_of,
)
from spheresync.plan.items import EDITED
from spheresync.run.asset_status import settle_statuses
from spheresync.state.records import (
    NO_RUN,
    AssetRecord,
    AuditEvent,
    Checkpoint,
    CheckpointState,
    FormerTable,
)
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Inventory

Address = tuple[PhysicalName, PhysicalName]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was taken into the state again: the tables in use, and the former ones of assets that have another."""

    checkpoints: Mapping[AssetId, Checkpoint]
    formers: Sequence[FormerTable]


class Rebuilder:
    """Takes what carries our marker into the checkpoints again."""

    def __init__(self, store: Store, target: TargetName, marker: str) -> None:
        self._store = store
        self._target = target
        self._marker = marker

    async def adopt(
        self,
        inventory: Inventory,
        checkpoints: Mapping[AssetId, Checkpoint],
        formers: Mapping[Address, FormerTable],
        *,
        now: str,
    ) -> Rebuilt:
        """Write down every object of ours of which the state knows nothing, and answer what that is."""
        found: dict[AssetId, tuple[LiveObject, Checkpoint]] = {}
        left: list[FormerTable] = []
        bodies: list[bytes] = []
        for live in sorted(inventory.objects, key=_in_use_first):
            asset = self._ours(live)
            if asset is None or (live.container, live.name) in formers:
                continue
            held = checkpoints.get(asset) or (found[asset][1] if asset in found else None)
            if held is not None and not _is_former(live, held):
                continue
            written = last_written(live.body, live.digest)
            bodies.append(written.body)
            checkpoint = self._checkpoint(asset, live, written, now)
            if held is None:
                found[asset] = (live, checkpoint)
            else:
                left.append(FormerTable.left_behind(checkpoint, at=_retired_at(live) or now))
        if not found and not left:
            return Rebuilt({}, ())
        known = {record.id for record in await self._store.catalog.assets()}
        strangers = [_stub(asset, live, now) for asset, (live, _) in found.items() if asset not in known]
        detail: dict[str, JsonValue] = {"objects": len(found), "former": len(left)}
        event = AuditEvent("system", "rebuild", None, None, self._target, "done", detail)

        async def remember(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)
            await tx.checkpoints.put_many([checkpoint for _, checkpoint in found.values()])
            await tx.former_tables.put_many(left)
            present = {record.id for record in await tx.catalog.some([each.id for each in strangers])}
            await tx.catalog.put_assets([each for each in strangers if each.id not in present])
            await settle_statuses(tx, [*found])
            await tx.audit.append_many([event])

        await self._store.write(remember)
        return Rebuilt({asset: checkpoint for asset, (_, checkpoint) in found.items()}, left)

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
            state=CheckpointState.RETIRED if is_retired(live.body) else CheckpointState.ACTIVE,
            held=None,
            synced_at=now,
            run_id=NO_RUN,
            fence=0,
        )


def _in_use_first(live: LiveObject) -> tuple[bool, str, str]:
    """A table that a rename left behind is marked as retired; the one in use stands for the asset."""
    return is_retired(live.body), live.container, live.name


def _is_former(live: LiveObject, held: Checkpoint) -> bool:
    """Whether it is a table that the asset had before. What is not marked may be a copy that somebody made."""
    elsewhere = (live.container, live.name) != held.address
    return elsewhere and held.state is not CheckpointState.DELETED and is_retired(live.body)


def _retired_at(live: LiveObject) -> str | None:
    at: str | None = (json.loads(live.body).get("Parameters") or {}).get(RETIRED_AT)
    return at


def _stub(asset: AssetId, live: LiveObject, now: str) -> AssetRecord:
    """An asset that only the target still knows; if Datasphere no longer lists it, the next listings count that."""
    kind = (json.loads(live.body).get("Parameters") or {}).get("spheresync.kind")
    known = AssetKind(kind) if kind in set(AssetKind) else AssetKind.VIEW
    return AssetRecord.first_seen(asset, known, at=now)
