"""An asset of whose name only the case has changed keeps its tables: what targets hold of it goes over to its new name.

That is done where it is seen, in the transaction that writes the listing down, so that whoever plans afterwards finds
one asset with its table, and no table to retire beside one to make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from spheresync.model import SYSTEM, AssetId, AssetStatus, JsonValue, TargetKey
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.renames import case_changes, case_key
from spheresync.planning.names.rename_notes import note_renames
from spheresync.state.port import Store, Tx
from spheresync.state.port.checkpoints import CheckpointReader
from spheresync.state.records import (
    AssetRecord,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    Checkpoint,
    CheckpointState,
)

_DELETED = CheckpointState.DELETED


class RenamedAssets:
    """Finds assets that are listed under a name of another case, and moves what is known of their tables."""

    def __init__(self, store: Store, *, in_force: Sequence[TargetKey], now: str) -> None:
        """`in_force`: the targets by which an asset stands where it stands."""
        self._store = store
        self._in_force = in_force
        self._now = now

    async def candidates(
        self, missed: Iterable[AssetRecord], listed: Iterable[AssetRecord]
    ) -> Mapping[AssetId, AssetId]:
        """New name → former one, of what is to be moved once the tenant says that the former one is gone.

        Args:
            missed: assets that complete listings no longer hold.
            listed: assets that they hold.
        """
        gone = [each for each in missed if each.status is not AssetStatus.DELETED]
        keys = {case_key(each.id) for each in gone}
        if not keys:
            return {}
        alike = [each for each in listed if case_key(each.id) in keys]
        keys = {case_key(each.id) for each in alike}
        held = [each for each in gone if case_key(each.id) in keys and await self._is_held(each.id)]
        pairs = case_changes(held, alike)
        return {new: old for new, old in pairs.items() if await self._moves(self._store.checkpoints, old, new)}

    async def move(self, tx: Tx, renamed: Mapping[AssetId, AssetId]) -> None:
        """Move what targets hold from former names to the new ones, and note and audit it."""
        for new, old in renamed.items():
            moves = await self._moves(tx.checkpoints, old, new)
            await tx.checkpoints.put_many(moves)
            for key in {each.key for each in moves}:
                await tx.unwritten.remove_many(key, [old])
                await tx.drift.settle(key, [old])
            tables: list[JsonValue] = [*sorted({f"{each.container}.{each.name}" for each in moves})]
            await tx.audit.append_many(
                [
                    AuditEvent(
                        SYSTEM,
                        AuditAction.RENAME,
                        None,
                        str(asset),
                        None,
                        AuditOutcome.DONE,
                        {way: str(other), "objects": tables},
                    )
                    for asset, way, other in ((old, "renamed_to", new), (new, "renamed_from", old))
                ]
            )
        if renamed:
            await note_renames(tx, renamed)
            await settle_statuses(tx, {*renamed, *renamed.values()}, self._in_force)

    async def _is_held(self, asset: AssetId) -> bool:
        return any(checkpoint.state.managed for checkpoint in await self._store.checkpoints.of_asset(asset))

    async def _moves(self, checkpoints: CheckpointReader, old: AssetId, new: AssetId) -> list[Checkpoint]:
        """The checkpoints to write so that tables go over to a new name; none of a target where that has its own.

        Where both have the same table, a run that began before wrote it under the former name since; so it is looked
        at. Its rules count as moved, so that the next plan compares it; a hold ends, as the asset has changed.
        """
        there = {checkpoint.key: checkpoint for checkpoint in await checkpoints.of_asset(new) if checkpoint.is_there}
        moved = []
        for checkpoint in await checkpoints.of_asset(old):
            own = there.get(checkpoint.key)
            if checkpoint.state.managed and (own is None or own.address == checkpoint.address):
                version = checkpoint.version if own is None else None
                moved.append(replace(checkpoint, state=_DELETED, held=None, synced_at=self._now))
                moved.append(replace(checkpoint, asset=new, version=version, mapping=None, held=None))
        return moved
