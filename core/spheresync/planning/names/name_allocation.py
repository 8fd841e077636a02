"""Decide which database and table each asset has: an asset keeps its address, a new one gets one by its rules.

A database that this state has not seen before is read first. What is found there under our marker is taken into the
checkpoints again, which is how a lost state is rebuilt from AWS; what is found there without it is foreign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from spheresync.errors import TargetError
from spheresync.mapping.names import allocate, derives, hashed_name, space_of_key
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import (
    Address,
    AssetId,
    AssetStatus,
    LiveObject,
    PhysicalName,
    Problem,
    SpaceName,
    TargetKey,
)
from spheresync.planning.checkpoint_rebuild import CheckpointRebuilder, stub_of
from spheresync.planning.decisions.renames import case_changes, case_key, is_listed
from spheresync.planning.destination_places import ALONE, SharedPlace
from spheresync.planning.names.addresses import (
    RequestedAddress,
    former_address,
    formers_by_asset,
    held_containers,
    home_containers,
    kept_address,
)
from spheresync.planning.names.closed_containers import holds_ours, why_closed
from spheresync.planning.names.container_notes import container_note, note_containers, note_looked_everywhere
from spheresync.planning.names.displaced_databases import DatabaseNameConflict, holder_of
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, Checkpoint, FormerTable
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Inventory, LiveContainer, Target
from spheresync.targets.registry import design_of

_Judge: TypeAlias = Callable[[AssetId, LiveObject], bool]


@dataclass(slots=True)
class AllocatedNames:
    """Addresses of the assets that were asked for, and what stands in their way.

    `adopted` are assets whose checkpoints were rebuilt just now from what carries our marker. `live` holds objects that
    were seen on the way: every one of the containers in `compared` (what is not in it is not there), and of others
    those of ours that somebody edited. `formers` are the tables that assets had before, found ones included. `failures`
    says why an asset has no address. `unlisted` are containers in `compared` that no listing held, `unseen` those whose
    objects could not be listed, and why. `copies` are findings of tables with our marker that may be copies. `closed`
    are containers that nothing may be put into, and why, but for those that hold tables of ours already.
    `not_looked_at` are containers that are known to exist and that this plan has not listed, so what else is in them is
    not known.
    `undecided` are assets that may be others under a name of another case, with the checkpoints of those: they get no
    address as long as nobody knows whether those are gone.
    """

    addresses: dict[AssetId, Address] = field(default_factory=dict)
    foreign: set[Address] = field(default_factory=set)
    adopted: set[AssetId] = field(default_factory=set)
    compared: frozenset[PhysicalName] = frozenset()
    live: dict[Address, LiveObject] = field(default_factory=dict)
    formers: dict[Address, FormerTable] = field(default_factory=dict)
    displaced: set[DatabaseNameConflict] = field(default_factory=set)
    failures: dict[AssetId, Exception] = field(default_factory=dict)
    unlisted: frozenset[PhysicalName] = frozenset()
    unseen: Mapping[PhysicalName, TargetError] = field(default_factory=dict)
    copies: tuple[Problem, ...] = ()
    closed: Mapping[PhysicalName, TargetError] = field(default_factory=dict)
    not_looked_at: frozenset[PhysicalName] = frozenset()
    undecided: Mapping[AssetId, Checkpoint] = field(default_factory=dict)


class NameAllocator:
    """Resolves addresses for one plan."""

    def __init__(
        self,
        store: Store,
        mapping: MappingRules,
        marker: str,
        target: Target,
        *,
        in_force: Sequence[TargetKey],
        shared: SharedPlace = ALONE,
    ) -> None:
        """`shared`: what others manage in the same place, which is neither foreign nor anybody's copy."""
        self._shared = shared
        self._store = store
        self._mapping = mapping
        self._marker = marker
        self._target = target
        self._design = design_of(target.key.target)
        self._in_force = in_force

    async def resolve(
        self,
        records: Sequence[AssetRecord],
        checkpoints: Mapping[AssetId, Checkpoint],
        formers: Iterable[FormerTable],
        *,
        now: str,
        full: bool = False,
        everywhere: bool = False,
    ) -> AllocatedNames:
        """Addresses for assets that are to be compared.

        Args:
            records: assets that need an address.
            checkpoints: what the target is known to hold, of all assets.
            formers: tables that assets had before rules named them anew.
            now: for the notes that are taken.
            full: look at the databases of these assets too, so that they can be compared with what is there.
            everywhere: look at every database of ours, for tables of ours that nobody knows of.

        Raises:
            TargetError: databases had to be looked at, and not one could be.
        """
        wishes, failures = self._wishes(records)
        names = AllocatedNames(
            failures=failures, compared=_containers_of(records, checkpoints) if full else frozenset()
        )
        names.formers = {former.address: former for former in formers}
        noted = await self._store.meta.with_prefix(container_note(self._target.key, ""))
        held = held_containers([*checkpoints.values(), *names.formers.values()], self._mapping)
        had = formers_by_asset(names.formers.values())
        newcomers = [wish for wish in wishes if self._given(wish, checkpoints, had, held, failures) is None]
        wishes = [wish for wish in wishes if wish.record.id not in failures]
        newcomers = [wish for wish in newcomers if wish.record.id not in failures]
        # Where nothing is known at all, every database of ours is looked at: rules may have named assets out of some.
        # A restored state knows only what a revert holds.
        lost = all(checkpoint.held is not None for checkpoint in checkpoints.values())
        looked_at = self._unknown(newcomers, noted, names.compared)
        prefix = container_note(self._target.key, "")
        known = {PhysicalName(note.removeprefix(prefix)) for note, said in noted.items() if said.startswith("present")}
        names.not_looked_at = frozenset(known - looked_at)
        if looked_at or everywhere:
            inventory = await self._target.inventory(looked_at, and_ours=lost or everywhere, apart=True)
            names.not_looked_at -= inventory.containers.keys()
            checkpoints = await self._take_in(inventory, checkpoints, names, now)
            await self._note(looked_at, inventory, names.closed, now, everywhere=lost or everywhere)
            held |= {
                container.name: container.source
                for container in inventory.containers.values()
                if container.owner == self._marker
                and container.source is not None
                and self._is_named_so(container.name, container.source)
            }
            wishes = [wish for wish in wishes if wish.record.id not in names.failures]
            newcomers = [wish for wish in newcomers if wish.record.id not in names.failures]
        names.undecided = await self._undecided(newcomers, checkpoints)
        wishes = [wish for wish in wishes if wish.record.id not in names.undecided]
        newcomers = [wish for wish in newcomers if wish.record.id not in names.undecided]
        self._allocate(wishes, checkpoints, held, names)
        names.foreign |= await self._recheck_conflicts(newcomers, names)
        return names

    async def _take_in(
        self, inventory: Inventory, checkpoints: Mapping[AssetId, Checkpoint], names: AllocatedNames, now: str
    ) -> Mapping[AssetId, Checkpoint]:
        """Note in `names` what was found; answers the checkpoints with those that what was found proves."""
        names.unseen = inventory.unseen
        names.unlisted = names.compared - inventory.containers.keys() - inventory.unseen.keys()
        names.live = {
            live.address: live
            for live in inventory.objects
            if live.container in names.compared or (live.owner == self._marker and not live.intact)
        }
        rebuilder = CheckpointRebuilder(self._store, self._target.key, self._marker, in_force=self._in_force)
        is_home, is_others = await self._homes()
        rebuilt = await rebuilder.adopt(
            inventory, checkpoints, names.formers, is_home=is_home, is_others=is_others, now=now
        )
        checkpoints = {**rebuilt.checkpoints, **checkpoints}
        names.copies = tuple(rebuilt.copies.values())
        names.failures |= rebuilt.failures
        names.adopted = set(rebuilt.checkpoints)
        names.formers |= {former.address: former for former in rebuilt.formers}
        known: list[Checkpoint | FormerTable] = [*checkpoints.values(), *names.formers.values()]
        names.closed = {
            container.name: error
            for container in inventory.containers.values()
            if container.closed is not None
            and (error := await self._why_closed(container, known, inventory.objects)) is not None
        }
        names.foreign = {
            live.address for live in inventory.objects if live.owner != self._marker
        } | rebuilt.copies.keys()
        return checkpoints

    def _is_named_so(self, name: PhysicalName, source: str) -> bool:
        """Whether rules name the container of that source so: not one that it had before, or has elsewhere."""
        space = space_of_key(source)
        return space is None or derives(name, self._mapping.default_database(SpaceName(space)), source)

    async def _undecided(
        self, newcomers: Sequence[RequestedAddress], checkpoints: Mapping[AssetId, Checkpoint]
    ) -> Mapping[AssetId, Checkpoint]:
        """Newcomers that may be assets under a name of another case, which are not known to be listed or gone."""
        keys = {case_key(wish.record.id) for wish in newcomers}
        held = [each for each in checkpoints.values() if each.state.managed and case_key(each.asset) in keys]
        if not held:
            return {}
        records = await self._store.catalog.some([each.asset for each in held])
        gone = [record for record in records if not is_listed(record)]
        listed = [record for record in records if is_listed(record)] + [wish.record for wish in newcomers]
        return {new: checkpoints[old] for new, old in case_changes(gone, listed).items()}

    async def _why_closed(
        self, container: LiveContainer, known: Sequence[Checkpoint | FormerTable], listed: Sequence[LiveObject]
    ) -> TargetError | None:
        ours = await holds_ours(self._target, self._marker, container.name, known, listed=listed)
        return why_closed(container, holds_ours=ours)

    def _wishes(self, records: Iterable[AssetRecord]) -> tuple[list[RequestedAddress], dict[AssetId, Exception]]:
        """What assets want to be called, and what went wrong with those that rules cannot name."""
        wishes, failures = [], {}
        for record in records:
            try:
                wishes.append(self._wish(record))
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                failures[record.id] = error
        return wishes, failures

    def _given(
        self,
        wish: RequestedAddress,
        checkpoints: Mapping[AssetId, Checkpoint],
        had: Mapping[AssetId, Sequence[FormerTable]],
        held: Mapping[PhysicalName, str],
        failures: dict[AssetId, Exception],
    ) -> Address | None:
        """The address that an asset has already and keeps, None where it has none; what goes wrong is its failure."""
        try:
            return kept_address(wish, checkpoints, held) or former_address(wish, had, held)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            failures[wish.record.id] = error
            return None

    def _wish(self, record: AssetRecord) -> RequestedAddress:
        return _wish(record, self._mapping)

    async def _homes(self) -> tuple[_Judge, _Judge]:
        """Say whether a table stands where rules would have that of the asset which it names, and whether it is none of
        this destination's: that of another one in the same place, or of an asset that rules leave out here.
        """
        known = {record.id: record for record in await self._store.catalog.assets()}

        def is_home_by(rules: MappingRules, asset: AssetId, live: LiveObject) -> bool:
            record = known.get(asset) or stub_of(self._design, asset, live, "")
            wish = _wish(record, rules)
            there = record.decided_by(rules).included and derives(live.container, wish.container, wish.key)
            return there and derives(live.name, wish.name, wish.source)

        def is_home(asset: AssetId, live: LiveObject) -> bool:
            wish = self._wish(known.get(asset) or stub_of(self._design, asset, live, ""))
            there = derives(live.container, wish.container, wish.key)
            return there and derives(live.name, wish.name, wish.source)

        def is_others(asset: AssetId, live: LiveObject) -> bool:
            shared = self._shared
            record = known.get(asset) or stub_of(self._design, asset, live, "")
            if not record.decided_by(self._mapping).included:
                return True
            if live.address in shared.held or any(is_home_by(rules, asset, live) for rules in shared.before.values()):
                return True
            if live.address not in shared.left and not any(is_home_by(rules, asset, live) for rules in shared.after):
                return False
            return not is_home(asset, live)

        return is_home, is_others

    def _unknown(
        self, newcomers: Sequence[RequestedAddress], noted: Mapping[str, str], compared: frozenset[PhysicalName]
    ) -> frozenset[PhysicalName]:
        """Databases that are to be compared, and those that newcomers may go to and that nobody knows."""
        unknown = set(compared)
        for key, plain in {(wish.key, wish.container) for wish in newcomers}:
            for candidate in (plain, hashed_name(plain, key)):
                if container_note(self._target.key, candidate) not in noted:
                    unknown.add(candidate)
        return frozenset(unknown)

    async def _note(
        self,
        looked_at: frozenset[PhysicalName],
        inventory: Inventory,
        closed: Mapping[PhysicalName, TargetError],
        now: str,
        *,
        everywhere: bool,
    ) -> None:
        async def note(tx: Tx) -> None:
            await note_containers(tx, self._target.key, inventory, looked_at=looked_at, closed=closed, at=now)
            if everywhere and not inventory.unseen:
                await note_looked_everywhere(tx, self._target.key, self._in_force, now)

        await self._store.write(note)

    async def _recheck_conflicts(self, newcomers: Sequence[RequestedAddress], names: AllocatedNames) -> set[Address]:
        """What stood in the way once is looked at again: a person may have moved it. What is hidden still stands there.

        Raises:
            TargetError: the target as a whole is out.
        """
        once = [
            names.addresses[wish.record.id]
            for wish in newcomers
            if wish.record.status is AssetStatus.CONFLICT
            and wish.record.id in names.addresses
            and names.addresses[wish.record.id].container not in names.closed
        ]
        seen = await look_by_name(self._target, once)
        foreign = {address for address, live in seen.found.items() if live.owner != self._marker}
        return foreign | seen.hidden.keys()

    def _allocate(
        self,
        wishes: Sequence[RequestedAddress],
        checkpoints: Mapping[AssetId, Checkpoint],
        held: Mapping[PhysicalName, str],
        names: AllocatedNames,
    ) -> None:
        known = {key: container for container, key in held.items()}
        known = {**home_containers(wishes, checkpoints.values()), **known}
        wanted = {wish.key: wish.container for wish in wishes if wish.key not in known}
        containers = {**known, **allocate(wanted.items(), held)}
        holders: dict[PhysicalName, dict[PhysicalName, str]] = defaultdict(dict)
        for asset, checkpoint in checkpoints.items():
            if checkpoint.is_there:
                holders[checkpoint.container][checkpoint.name] = str(asset)
        for former in names.formers.values():
            holders[former.container].setdefault(former.name, str(former.asset))
        had = formers_by_asset(names.formers.values())
        newcomers: dict[PhysicalName, list[RequestedAddress]] = defaultdict(list)
        for wish in wishes:
            container = containers[wish.key]
            kept = self._given(wish, checkpoints, had, held, names.failures)
            if kept is not None:
                names.addresses[wish.record.id] = kept
            elif wish.record.id not in names.failures:
                newcomers[container].append(wish)
                if container != wish.container and wish.key not in known:
                    holder = holder_of(wish.container, containers, held)
                    names.displaced.add(DatabaseNameConflict(wish.key, wish.container, container, holder))
        for container, wanting in newcomers.items():
            given = allocate(((wish.source, wish.name) for wish in wanting), holders[container])
            for wish in wanting:
                names.addresses[wish.record.id] = Address(container, given[wish.source])


def _wish(record: AssetRecord, rules: MappingRules) -> RequestedAddress:
    decision: Decision = record.decided_by(rules)
    return RequestedAddress(
        record=record,
        key=decision.database_key(record.id),
        container=decision.database_name(record.id, record.kind, record.label),
        name=decision.table_name(record.id, record.kind, record.label),
    )


def _containers_of(
    records: Iterable[AssetRecord], checkpoints: Mapping[AssetId, Checkpoint]
) -> frozenset[PhysicalName]:
    """The databases that hold what was written of these assets."""
    held = (checkpoints.get(record.id) for record in records)
    return frozenset(each.container for each in held if each is not None and each.is_ours)
