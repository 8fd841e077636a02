"""What lineage is followed through, read from the local state: definitions, who names whom, what the targets hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.references import asset_of
from spheresync.model import Asset, AssetId, TargetKey, to_the_second
from spheresync.state.definitions import decode_asset
from spheresync.state.lost_objects import lost_object
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState
from spheresync.targets.registry import design_of

_LEFT = {
    CheckpointState.RETIRED: "marked as retired",
    CheckpointState.FORGOTTEN: "left as it was and not managed any more",
}
"""What is said of objects that stay though nothing is written there."""


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """What a target holds of an asset, with the physical names of its columns."""

    id: str
    kind: str
    columns: Mapping[str, str]


class StoredLineage:
    """Reads what lineage is followed through from a store."""

    def __init__(self, store: Store, in_force: Sequence[TargetKey]) -> None:
        self._store = store
        self._in_force = in_force

    async def definitions(self, names: Collection[str]) -> Mapping[str, Asset]:
        """The stored definitions of these assets, as far as there are any that are whole."""
        records = await self._store.catalog.some([asset for name in names if (asset := asset_of(name)) is not None])
        digests = {each.id: each.definition for each in records if each.definition is not None and self._counts(each)}
        bodies = await self._store.blobs.get_many(digests.values())
        return {str(asset): decode_asset(bodies[digest]) for asset, digest in digests.items() if digest in bodies}

    async def naming(self, names: Collection[str]) -> Sequence[str]:
        """The assets whose definitions name one of these objects."""
        naming = await self._store.catalog.referring_to(names)
        return [str(record.id) for record in await self._store.catalog.some(naming) if self._counts(record)]

    def _counts(self, record: AssetRecord) -> bool:
        """Whether what an asset's definition says counts; of records without one nothing does."""
        return record.definition is not None

    async def written(self, names: Collection[str]) -> Mapping[str, Sequence[WrittenTable]]:
        """What the targets in force hold of these assets."""
        assets = [asset for name in names if (asset := asset_of(name)) is not None]
        found: dict[str, list[WrittenTable]] = {}
        for key in self._in_force:
            held = await self._held(assets, key)
            bodies = await self._store.blobs.get_many(each.body for each in held.values())
            for asset, each in held.items():
                if each.state.in_use and each.body in bodies:
                    columns = design_of(key.target).column_names(bodies[each.body])
                    written = WrittenTable(
                        f"{key.target}:{key.destination}:{each.container}.{each.name}", key.target, columns
                    )
                    found.setdefault(str(asset), []).append(written)
        return found

    async def _held(self, assets: Collection[AssetId], key: TargetKey) -> Mapping[AssetId, Checkpoint]:
        """What a target is known to hold of assets."""
        return await self._store.checkpoints.of(assets, key)


class LineageOfNow(StoredLineage):
    """As `StoredLineage`, without what Datasphere no longer lists, but for the asset that is asked about.

    What is gone leads nowhere any more, though its definition stays in the state for as long as it may come back.
    Without objects that others took or deleted, too: what those hold is not the asset's. `not_written` says so of each,
    and of tables that are kept though nothing is written there any more.
    """

    def __init__(self, store: Store, in_force: Sequence[TargetKey], asked: AssetId) -> None:
        super().__init__(store, in_force)
        self._asked = asked
        self.not_written: dict[str, None] = {}

    def _counts(self, record: AssetRecord) -> bool:
        return super()._counts(record) and (not record.misses or record.id == self._asked)

    async def _held(self, assets: Collection[AssetId], key: TargetKey) -> Mapping[AssetId, Checkpoint]:
        held = await super()._held(assets, key)
        drifts = await self._store.drift.of(assets, key)
        unwritten = await self._store.unwritten.of(assets, key)
        kept: dict[AssetId, Checkpoint] = {}
        for asset, each in held.items():
            lost = lost_object(each, drifts.get(asset), unwritten.get(asset))
            told = f"{'.'.join(each.address)} in {key}"
            if lost is not None:
                self.not_written.setdefault(f"{told} was written from {asset} and is {lost.loss}: {lost.reason}")
            elif (left := _LEFT.get(each.state)) is not None:
                since = to_the_second(each.synced_at)
                self.not_written.setdefault(f"{told}, written from {asset}, still stands there, {left} since {since}")
            else:
                kept[asset] = each
        return kept
