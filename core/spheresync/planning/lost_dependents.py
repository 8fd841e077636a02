"""What stands on another target's objects, of which the state knows nothing: it was lost, or its destination renamed.

An asset that Datasphere still lists is found again when its object is written. One that only the other target still
knows is written no more: without a look at what stands on its object, that would stay for ever. And an object with an
id of its own may stand under an id that nothing derives any more: it is looked for before it would be made again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from spheresync.config import Settings
from spheresync.errors import TargetError
from spheresync.mapping.names import plain_name
from spheresync.model import DEFAULT_DESTINATION, Address, AssetId, LiveObject, Problem, TargetKey
from spheresync.planning.checkpoint_rebuild import CheckpointRebuilder, source_of
from spheresync.planning.decisions.base_objects import KnownBase
from spheresync.planning.live_reads import NOT_LOOKED_AT
from spheresync.planning.names.container_notes import container_note, parts_of
from spheresync.state.port import Store
from spheresync.state.records import Checkpoint, FormerTable
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Inventory, Target
from spheresync.targets.registry import base_of, design_of

_ONCE_MORE = "It is looked at once more when its state is lost again; else delete it there by hand."


def looked_for_note(key: TargetKey) -> str:
    """Under which key the state notes that all objects of a target were looked for under former ids."""
    return f"former_ids:{key.target}:{key.destination}"


class LostDependents:
    """Takes what stands on objects of another target into the checkpoints again."""

    def __init__(self, store: Store, settings: Settings, target: Target) -> None:
        self._store = store
        self._settings = settings
        self._target = target
        self._key = target.key
        self._design = design_of(target.key.target)
        self._marker = settings.installation_marker
        self._rebuilder = CheckpointRebuilder(store, self._key, self._marker, in_force=settings.target_keys)
        self.problems: list[Problem] = []
        self.failures: dict[AssetId, TargetError] = {}  # whose objects could not be looked for under former ids

    async def find(self, gone: Mapping[AssetId, KnownBase], now: str) -> Mapping[AssetId, Checkpoint]:
        """The checkpoints of those that hold something of ours; what could not be looked at is among `problems`."""
        apart = self._settings.apart_in(self._key.destination)
        places = {asset: self._design.address(asset, base.address, self._marker, apart) for asset, base in gone.items()}
        found = {asset: live async for asset, live in self._ours_at(sorted(places.items()))}
        return await self._adopt(found, now)

    async def find_left(self, formers: Iterable[FormerTable], now: str) -> Sequence[FormerTable]:
        """What stands on objects that assets had in the base before rules named them anew; `problems` as of `find`."""
        places = [(former.asset, former.address) for former in formers]
        found = [each async for each in self._ours_at(places)]
        return await self._rebuilder.adopt_left(found, now) if found else ()

    async def _ours_at(self, places: Iterable[tuple[AssetId, Address]]) -> AsyncIterator[tuple[AssetId, LiveObject]]:
        """Those of the places at which something of ours stands for the asset."""
        for asset, at in places:
            try:
                live = await self._target.read(*at)
            except TargetError as error:
                text = f"what stands there of a lost state could not be looked at: {error.message}"
                self.problems.append(Problem.of(asset, NOT_LOOKED_AT, text, error.remedy or _ONCE_MORE))
                continue
            if live is not None and live.owner == self._marker and source_of(live) == asset:
                yield asset, live

    async def find_under_former_ids(
        self, unknown: Mapping[AssetId, KnownBase], now: str
    ) -> Mapping[AssetId, Checkpoint]:
        """The checkpoints of those that stand under an id of an earlier version, of another prefix or of a destination
        that is no more.

        Raises:
            TargetError: the target as a whole is out, so that nobody can say what stands there.
        """
        left = await self._left_by_others(unknown)
        noted = await self._noted_containers()
        wanted = {
            asset: [*self._former_ids(asset, left.get(asset, ())), *self._by_former_prefixes(asset, base, noted)]
            for asset, base in unknown.items()
        }
        looked = await look_by_name(self._target, {at for places in wanted.values() for at, _ in places})
        found: dict[AssetId, LiveObject] = {}
        for asset, places in wanted.items():
            for at, own in places:
                if at in looked.hidden:
                    self.failures[asset] = looked.hidden[at]
                live = looked.found.get(at)
                if live is None or self._design.foreign_because(live, asset, self._marker, None) is not None:
                    continue
                if own or self._design.base_address(live.body) == unknown[asset].address:
                    found.setdefault(asset, replace(live, source=str(asset)))
        self.failures = {asset: error for asset, error in self.failures.items() if asset not in found}
        return await self._adopt(found, now)

    def _former_ids(self, asset: AssetId, left: Collection[Address]) -> Iterator[tuple[Address, bool]]:
        """Where an asset's object may stand, and whether it is this destination's there whatever it stands on."""
        names = [self._key.destination]
        if DEFAULT_DESTINATION not in self._settings.places:
            names.append(DEFAULT_DESTINATION)
        for name in names:
            at = self._design.former_address(asset, self._marker, name)
            if at is not None:
                yield at, name == self._key.destination
        yield from ((at, False) for at in left)

    async def _noted_containers(self) -> list[str]:
        """Containers of the base that were seen to be there, also those of a prefix that is in use no more."""
        base = base_of(self._key)
        if base is None:
            return []
        start = container_note(base, "")
        noted = await self._store.meta.with_prefix(start)
        return [note.removeprefix(start) for note, said in noted.items() if parts_of(said) is not None]

    def _by_former_prefixes(
        self, asset: AssetId, base: KnownBase, noted: Collection[str]
    ) -> Iterator[tuple[Address, bool]]:
        """Where an object stands that kept its id through a change of the prefix: databases are never deleted."""
        plain, (present, *rest) = plain_name(asset.space), self._settings.apart_in(self._key.destination)
        for prefix in (name.removesuffix(plain) for name in noted if name.endswith(plain)):
            if prefix != present:
                yield self._design.address(asset, base.address, self._marker, (prefix, *rest)), False

    async def _left_by_others(self, assets: Collection[AssetId]) -> Mapping[AssetId, Sequence[Address]]:
        """Where destinations that are in force no more have had the objects of assets."""
        left: dict[AssetId, list[Address]] = {}
        for key in await self._store.checkpoints.keys():
            if key.target == self._key.target and key not in self._settings.target_keys:
                for asset, known in (await self._store.checkpoints.of(assets, key)).items():
                    if known.is_there:
                        left.setdefault(asset, []).append(known.address)
        return left

    async def _adopt(self, found: Mapping[AssetId, LiveObject], now: str) -> Mapping[AssetId, Checkpoint]:
        if not found:
            return {}
        places: Mapping[AssetId, Address] = {asset: live.address for asset, live in found.items()}
        rebuilt = await self._rebuilder.adopt(
            Inventory({}, tuple(found.values())),
            {},
            {},
            is_home=lambda asset, live: places.get(asset) == live.address,
            now=now,
        )
        return rebuilt.checkpoints
