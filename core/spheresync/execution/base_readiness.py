"""Whether the objects that a dependent target adds to are there, ours, and as its items were planned for.

An item is planned for the base as the same change set leaves it: tags that no column needs any more are taken off
because the column goes. Where the base was not written so, doing the rest would leave a column bare, or write onto a
table that somebody else has made in the place of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.errors import TargetError, TargetFault, TargetOutError
from spheresync.model import Action, Address, AssetId, LiveObject, TargetKey
from spheresync.state.port import Store
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState, JournalEntry, JournalState
from spheresync.targets.design import TargetDesign
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import ReadAhead
from spheresync.targets.registry import design_of

_IN_THE_WAY = frozenset({Action.CONFLICT, Action.HELD})
_OTHERS = frozenset({TargetFault.CONFLICT, TargetFault.MOVED})
_AGAIN = "Run again once that is mended; what is already done stays done."


@dataclass(frozen=True, slots=True)
class AtBase:
    """What a dependent target goes by of its base.

    Attributes:
        unready: assets whose object there is not as their items were planned for, and why.
        homes: where known assets have their objects there, whatever marks are left elsewhere.
    """

    unready: Mapping[AssetId, TargetError] = field(default_factory=dict)
    homes: Mapping[str, Collection[Address]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BaseReadiness:
    """Looks at the base of the items of one dependent target, after the base has had its turn.

    Attributes:
        store: what is known of the base.
        base: where its objects are.
        key: the dependent target.
        marker: this installation's mark of ownership.
    """

    store: Store
    base: Target
    key: TargetKey
    marker: str

    async def unready(
        self, todo: Sequence[ChangeSetItem], items: Iterable[ChangeSetItem], journal: Iterable[JournalEntry]
    ) -> Mapping[AssetId, TargetError]:
        """Assets whose items must not be done, and why.

        Args:
            todo: the items of the dependent target.
            items: all of the change set.
            journal: of the run so far.
        """
        writing = {item.asset: item.address for item in todo if item.action.writes_definition}
        ended = {entry.ordinal: entry for entry in journal}
        done = {at for at, entry in ended.items() if entry.state is JournalState.CONFIRMED}
        as_planned = done | {at for at, entry in ended.items() if entry.state is JournalState.SKIPPED}  # by another run
        beside = [item for item in items if item.key == self.base.key and item.asset in writing]
        undone = {
            item.asset: item
            for item in beside
            if item.action in _IN_THE_WAY
            or (item.action.writes_definition and item.blocked_by is None and item.ordinal not in as_planned)
        }
        written = {item.asset for item in beside if item.ordinal in done and item.action.writes_definition}
        unready = {asset: self._undone(item, ended.get(item.ordinal), "written") for asset, item in undone.items()}
        held = await self.store.checkpoints.of(writing, self.base.key)
        looked_for: dict[AssetId, Checkpoint] = {}
        for asset, address in writing.items():
            checkpoint = held.get(asset)
            if checkpoint is None or not self._is_there(checkpoint, address):
                unready.setdefault(asset, self._error(asset, "holds no table of it that this could be added to"))
            elif asset not in written and asset not in unready:
                looked_for[asset] = checkpoint
        return {**unready, **await self._not_ours(looked_for)}

    async def homes(self, keys: Iterable[TargetKey]) -> Mapping[str, Collection[Address]]:
        """Where assets that the base knows have their objects in it, in any of its destinations; a mark of one of them
        that stands elsewhere is left over. Nothing where each object in the dependent target has a place of its own.
        """
        here = design_of(self.key.target).capabilities
        if here.goes_with_base or here.own_ids:
            return {}
        found: defaultdict[str, set[Address]] = defaultdict(set)
        for key in {self.base.key, *(each for each in keys if each.target == self.base.key.target)}:
            for checkpoint in await self.store.checkpoints.all(key):
                found[str(checkpoint.asset)].update([checkpoint.address] if checkpoint.state.managed else [])
        return found

    def not_undone(
        self, todo: Sequence[ChangeSetItem], items: Iterable[ChangeSetItem], journal: Iterable[JournalEntry]
    ) -> Mapping[AssetId, TargetError]:
        """As `unready`, of an undo: what stood on an object comes back with it, and not without it."""
        ended = {entry.ordinal: entry for entry in journal}
        done = {at for at, entry in ended.items() if entry.state is JournalState.CONFIRMED}
        about = {item.asset for item in todo}
        return {
            item.asset: self._undone(item, ended.get(item.ordinal), "put back")
            for item in items
            if item.key == self.base.key
            and item.asset in about
            and (item.action in _IN_THE_WAY or (item.action.writes_definition and item.ordinal not in done))
        }

    def _undone(self, item: ChangeSetItem, entry: JournalEntry | None, what: str) -> TargetError:
        """Why nothing is added to an object that is not as it was to be: others were there, or its write failed."""
        problem = None if entry is None else entry.problem
        if item.action in _IN_THE_WAY or (problem is not None and problem.code in _OTHERS):
            return self._error(item.asset, f"was not {what} as this was planned for")
        fault = TargetFault.FAILED
        if problem is not None and problem.code in {*TargetFault}:
            fault = TargetFault(problem.code)
        why = TargetError(fault, f"{self.base.key} could not be {what} first.", remedy=_AGAIN)
        if problem is not None and problem.asset is None:  # it is out as a whole, and that is told
            return TargetOutError(problem.subject, str(item.asset), why)
        return TargetError(fault, f"{item.asset}: nothing was sent: {why.message}", remedy=_AGAIN)

    def _is_there(self, checkpoint: Checkpoint, address: Address) -> bool:
        if not checkpoint.state.managed:
            return False
        return design_of(self.key.target).capabilities.own_ids or checkpoint.address == address

    async def _not_ours(self, looked_for: Mapping[AssetId, Checkpoint]) -> dict[AssetId, TargetError]:
        """Of those that this run has not written, whose are not there or somebody else's by now."""
        if not looked_for:
            return {}
        at = {checkpoint.address: asset for asset, checkpoint in looked_for.items()}
        design, sizes = design_of(self.base.key.target), await self.store.checkpoints.count_active(self.base.key)
        found = await ReadAhead(self.base, at, sizes).seen(at)
        rest = await look_by_name(self.base, at.keys() - found.keys())
        found |= rest.found
        bodies = await self.store.blobs.get_many(each.body for each in looked_for.values())
        told = {at[address]: error for address, error in rest.hidden.items()}
        for address, asset in at.items():
            if asset in told:
                continue
            checkpoint, live = looked_for[asset], found.get(address)
            why = self._why_not(design, checkpoint, live, bodies.get(checkpoint.body))
            if why is not None:
                told[asset] = self._error(asset, why)
        return told

    def _why_not(
        self, design: TargetDesign, checkpoint: Checkpoint, live: LiveObject | None, last_body: bytes | None
    ) -> str | None:
        if live is None:
            return "does not hold its table any more"
        bound = checkpoint.state is CheckpointState.BOUND
        whose = design.not_bindable_because if bound else design.foreign_because
        foreign = whose(live, checkpoint.asset, self.marker, last_body)
        if foreign is None and last_body is not None and not bound:
            foreign = design.made_anew_because(live, last_body, checkpoint.version)
        return None if foreign is None else f"has another table there, which {foreign}"

    def _error(self, asset: AssetId, why: str) -> TargetError:
        base = self.base.key
        text = f"{asset}: {base} {why}, so nothing was written."
        return TargetError(
            TargetFault.MOVED, text, remedy=f"See what became of it in {base}; the next sync looks again."
        )
