"""Where the objects of a target stand that adds to those of another one: at the same address, once that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.model import Action, Address, AssetId, Problem, TargetKey
from spheresync.planning.decisions.asset_work import LOOKED_FOR, WAITS_FOR_TABLE
from spheresync.planning.decisions.base_objects import BaseObjects, KnownBase
from spheresync.planning.decisions.items import Subject, absent_item
from spheresync.planning.names.name_allocation import AllocatedNames
from spheresync.planning.plan_draft import PlanDraft
from spheresync.state.port import Store
from spheresync.state.records import Checkpoint
from spheresync.targets.registry import base_of


@dataclass(slots=True)
class Dependents:
    """What the plan of a target that depends on another one knows of that. Nothing where it depends on none."""

    key: TargetKey | None = None
    checkpoints: Mapping[AssetId, Checkpoint] = field(default_factory=dict)
    objects: BaseObjects = field(default_factory=BaseObjects)
    _holders: Mapping[Address, AssetId] | None = field(default=None, init=False)

    @classmethod
    async def load(cls, store: Store, key: TargetKey) -> Dependents:
        """What the state knows."""
        base = base_of(key)
        if base is None:
            return cls()
        checkpoints = await store.checkpoints.all(base)
        return cls(base, {each.asset: each for each in checkpoints}, BaseObjects.of(checkpoints))

    def planned_with(self, draft: PlanDraft, checkpoints: Mapping[AssetId, Checkpoint]) -> None:
        """Take in what the same change set does in the other target."""
        self.checkpoints, self.objects = checkpoints, BaseObjects.of(checkpoints.values())
        self.objects.planned(draft.items, draft.failed)

    def of(self, asset: AssetId) -> KnownBase | None:
        """The object that an asset is added to, None where there is none yet."""
        return self.objects.known.get(asset)

    def is_of_another(self, checkpoint: Checkpoint) -> bool:
        """Whether the object at the place of a checkpoint is another asset's."""
        if self._holders is None:
            self._holders = {base.address: asset for asset, base in self.objects.known.items()}
        return self._holders.get(checkpoint.address, checkpoint.asset) != checkpoint.asset

    def makes(self, asset: AssetId) -> bool:
        """Whether the same change set makes the object that an asset is added to."""
        base = self.of(asset)
        return base is not None and (asset, base.address) in self.objects.made

    def at_their_objects(
        self,
        subjects: Sequence[Subject],
        draft: PlanDraft,
        marker: str,
        apart: Sequence[str],
        known: Iterable[Checkpoint],
    ) -> AllocatedNames:
        """The addresses of those whose objects are there or made by the same change set; the others wait.

        What has an id of its own keeps it, whatever the name of its asset is by now, and what is new of a space goes
        where the rest of that is.

        Args:
            subjects: the assets.
            draft: gets the items of those that wait.
            marker: this installation's mark of ownership.
            apart: what tells the objects of this destination from those of others in the same account and Region.
            known: what the target is known to hold.
        """
        assert self.key is not None
        names = AllocatedNames()
        containers = {each.asset.space: each.address.container for each in known if each.is_there}
        for subject in subjects:
            base = self.of(subject.asset)
            if base is not None and (held := self.objects.held.get(subject.asset)) is not None:
                reason = f"its table in {self.key} is left as it is: {held}"
                draft.items.append(absent_item(subject, base.address, Action.HELD, reason))
                continue
            if base is not None:
                kept = subject.checkpoint
                address = subject.design.address(subject.asset, base.address, marker, apart)
                if subject.design.capabilities.own_ids:
                    address = Address(containers.get(subject.asset.space, address.container), address.name)
                    address = kept.address if kept is not None and kept.is_there else address
                names.addresses[subject.asset] = address
                continue
            why, at = self.objects.why_waiting(subject.asset)
            reason = f"{self.key} holds no table of it yet: {why}"
            draft.waits.append(Problem.of(subject.asset, WAITS_FOR_TABLE, reason, LOOKED_FOR))
            if at is not None:  # else its failure there is told
                draft.items.append(absent_item(subject, at, Action.HELD, reason))
        return names
