"""What a lost state knew of a target that adds to another one's objects, of assets that are gone from Datasphere.

An asset that Datasphere still lists is found again when its object is written. One that only the other target still
knows is written no more: without a look at what stands on its object, that would stay for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spheresync.errors import TargetError
from spheresync.model import Address, AssetId, LiveObject, Problem, TargetKey
from spheresync.planning.checkpoint_rebuild import CheckpointRebuilder, source_of
from spheresync.planning.decisions.base_objects import KnownBase
from spheresync.planning.live_reads import NOT_LOOKED_AT
from spheresync.state.port import Store
from spheresync.state.records import Checkpoint
from spheresync.targets.protocol import Inventory, Target
from spheresync.targets.registry import design_of

_ONCE_MORE = "It is looked at once more when its state is lost again; else delete it there by hand."


class LostDependents:
    """Takes what stands on objects of gone assets into the checkpoints again."""

    def __init__(self, store: Store, target: Target, marker: str, *, in_force: Sequence[TargetKey]) -> None:
        self._target = target
        self._design = design_of(target.key.target)
        self._marker = marker
        self._rebuilder = CheckpointRebuilder(store, target.key, marker, in_force=in_force)
        self.problems: list[Problem] = []

    async def find(self, gone: Mapping[AssetId, KnownBase], now: str) -> Mapping[AssetId, Checkpoint]:
        """The checkpoints of those that hold something of ours; what could not be looked at is among `problems`."""
        found: dict[AssetId, LiveObject] = {}
        for asset, base in sorted(gone.items()):
            at = self._design.address(asset, base.address, self._marker, self._target.key.destination)
            try:
                live = await self._target.read(*at)
            except TargetError as error:
                text = f"what stands there of a lost state could not be looked at: {error.message}"
                self.problems.append(Problem.of(asset, NOT_LOOKED_AT, text, error.remedy or _ONCE_MORE))
                continue
            if live is not None and live.owner == self._marker and source_of(live) == asset:
                found[asset] = live
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
