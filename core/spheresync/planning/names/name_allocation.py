"""Which database and table each asset has: names that are held stay, newcomers get theirs by rule.

A database that this state has not seen before is looked at first. What is found there under our marker is taken into
the checkpoints again, which is how a lost state is rebuilt from AWS; what is found there without it is foreign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.errors import TargetError
from spheresync.mapping.names import allocate, derives, hashed_name, space_key
from spheresync.mapping.rules import Decision
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    AssetId,
    AssetStatus,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
)
from spheresync.planning.checkpoint_rebuild import CheckpointRebuilder, stub_of
from spheresync.planning.names.displaced_databases import Displaced, holder_of
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState, FormerTable
from spheresync.state.remedies import TABLES_LOST
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Inventory, Target
from spheresync.targets.registry import design_of


@dataclass(frozen=True, slots=True)
class Address:
    """Where an asset's object is or will be."""

    container: PhysicalName
    name: PhysicalName


@dataclass(slots=True)
class AllocatedNames:
    """Addresses of the assets that were asked for, and what stands in their way.

    `adopted` are assets whose checkpoints were rebuilt just now from what carries our marker. `live` holds objects that
    were seen on the way: every one of the containers in `compared` (what is not in it is not there), and of others
    those of ours that somebody edited. `formers` are the tables that assets had before, found ones included. `failures`
    says why an asset has no address. `unlisted` are containers in `compared` that no listing held, `unseen` those whose
    objects could not be listed, and why. `claims` are findings of tables with our marker that may be copies. `closed`
    are containers that nothing may be put into, and why, but for those that hold tables of ours already. `standing` are
    containers that are known to exist and that this plan has not listed, so what else is in them is not known.
    """

    addresses: dict[AssetId, Address] = field(default_factory=dict)
    foreign: set[Address] = field(default_factory=set)
    adopted: set[AssetId] = field(default_factory=set)
    compared: frozenset[PhysicalName] = frozenset()
    live: dict[Address, LiveObject] = field(default_factory=dict)
    formers: dict[tuple[PhysicalName, PhysicalName], FormerTable] = field(default_factory=dict)
    displaced: set[Displaced] = field(default_factory=set)
    failures: dict[AssetId, Exception] = field(default_factory=dict)
    unlisted: frozenset[PhysicalName] = frozenset()
    unseen: Mapping[PhysicalName, TargetError] = field(default_factory=dict)
    claims: tuple[Problem, ...] = ()
    closed: Mapping[PhysicalName, TargetError] = field(default_factory=dict)
    standing: frozenset[PhysicalName] = frozenset()


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an asset wants to be called before anybody else is asked."""

    record: AssetRecord
    key: str  # of the database: the space, or the name that a rule gives
    container: PhysicalName
    name: PhysicalName

    @property
    def source(self) -> str:
        """The asset as its table's `spheresync.source` has it: what names are given out by."""
        return str(self.record.id)


def container_note(key: TargetKey, container: str) -> str:
    """Under which key the state notes that a container was looked at."""
    return f"container:{key.target}:{key.destination}:{container}"


def _looked_note(key: TargetKey) -> str:
    """Under which key the state notes that all of a target was looked at since records of tables were lost."""
    return f"{TABLES_LOST}:{key.target}:{key.destination}"


class NameAllocator:
    """Resolves addresses for one plan."""

    def __init__(
        self, store: Store, mapping: MappingRules, marker: str, target: Target, *, in_force: Sequence[TargetKey]
    ) -> None:
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
        thorough: bool = False,
        everywhere: bool = False,
    ) -> AllocatedNames:
        """Addresses for assets that are to be compared.

        Args:
            records: assets that need an address.
            checkpoints: what the target is known to hold, of all assets.
            formers: tables that assets had before rules named them anew.
            now: for the notes that are taken.
            thorough: look at the databases of these assets too, so that they can be compared with what is there.
            everywhere: look at every database of ours, for tables of ours that nobody knows of.

        Raises:
            TargetError: databases had to be looked at, and not one could be.
        """
        wishes, failures = self._wishes(records)
        names = AllocatedNames(
            failures=failures, compared=_containers_of(records, checkpoints) if thorough else frozenset()
        )
        names.formers = {former.address: former for former in formers}
        noted = await self._store.meta.with_prefix(container_note(self._target.key, ""))
        held = _held_containers([*checkpoints.values(), *names.formers.values()], self._mapping)
        had = _by_asset(names.formers.values())
        newcomers = [wish for wish in wishes if self._given(wish, checkpoints, had, held, failures) is None]
        wishes = [wish for wish in wishes if wish.record.id not in failures]
        newcomers = [wish for wish in newcomers if wish.record.id not in failures]
        # Where nothing is known at all, every database of ours is looked at: rules may have named assets out of some.
        # A restored state knows only what a revert holds.
        lost = all(checkpoint.held is not None for checkpoint in checkpoints.values())
        looked_at = self._unknown(newcomers, noted, names.compared)
        prefix = container_note(self._target.key, "")
        known = {PhysicalName(note.removeprefix(prefix)) for note, said in noted.items() if said.startswith("present")}
        names.standing = frozenset(known - looked_at)
        inventory = None
        if looked_at or everywhere:
            inventory = await self._target.inventory(looked_at, and_ours=lost or everywhere, apart=True)
        if inventory is not None:
            names.unseen = inventory.unseen
            names.standing -= inventory.containers.keys()
            names.unlisted = names.compared - inventory.containers.keys() - inventory.unseen.keys()
            names.live = {
                Address(live.container, live.name): live
                for live in inventory.objects
                if live.container in names.compared or (live.owner == self._marker and not live.intact)
            }
            rebuilder = CheckpointRebuilder(self._store, self._target.key, self._marker, in_force=self._in_force)
            rebuilt = await rebuilder.adopt(inventory, checkpoints, names.formers, is_home=await self._homes(), now=now)
            names.claims = tuple(rebuilt.claims.values())
            checkpoints = {**rebuilt.checkpoints, **checkpoints}
            names.failures |= rebuilt.failures
            wishes = [wish for wish in wishes if wish.record.id not in names.failures]
            newcomers = [wish for wish in newcomers if wish.record.id not in names.failures]
            names.adopted = set(rebuilt.checkpoints)
            names.formers |= {former.address: former for former in rebuilt.formers}
            in_use = {each.container for each in checkpoints.values() if each.state is not CheckpointState.DELETED}
            names.closed = {
                container.name: container.closed
                for container in inventory.containers.values()
                if container.closed is not None and container.name not in in_use
            }
            await self._note(looked_at, inventory, names.closed, now, everywhere=lost or everywhere)
            names.foreign = {
                Address(live.container, live.name) for live in inventory.objects if live.owner != self._marker
            } | {Address(*address) for address in rebuilt.claims}
            held |= {
                container.name: container.source
                for container in inventory.containers.values()
                if container.owner == self._marker and container.source is not None
            }
        self._allocate(wishes, checkpoints, held, names)
        names.foreign |= await self._recheck_conflicts(newcomers, names)
        return names

    def _wishes(self, records: Iterable[AssetRecord]) -> tuple[list[_Wish], dict[AssetId, Exception]]:
        """What assets want to be called, and what went wrong with those that rules cannot name."""
        wishes, failures = [], {}
        for record in records:
            try:
                wishes.append(self._wish(record))
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                failures[record.id] = error
        return wishes, failures

    def _given(
        self,
        wish: _Wish,
        checkpoints: Mapping[AssetId, Checkpoint],
        had: Mapping[AssetId, Sequence[FormerTable]],
        held: Mapping[PhysicalName, str],
        failures: dict[AssetId, Exception],
    ) -> Address | None:
        """The address that an asset has already and keeps, None where it has none; what goes wrong is its failure."""
        try:
            return _kept(wish, checkpoints, held) or _had(wish, had, held)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
            failures[wish.record.id] = error
            return None

    def _wish(self, record: AssetRecord) -> _Wish:
        decision: Decision = self._mapping.decide(record.id, record.kind, record.label)
        return _Wish(
            record=record,
            key=decision.database_key(record.id),
            container=decision.database_name(record.id, record.kind, record.label),
            name=decision.table_name(record.id, record.kind, record.label),
        )

    async def _homes(self) -> Callable[[AssetId, LiveObject], bool]:
        """Says whether a table stands where rules would have that of the asset which it names."""
        known = {record.id: record for record in await self._store.catalog.assets()}

        def is_home(asset: AssetId, live: LiveObject) -> bool:
            wish = self._wish(known.get(asset) or stub_of(self._design, asset, live, ""))
            there = derives(live.container, wish.container, wish.key)
            return there and derives(live.name, wish.name, wish.source)

        return is_home

    def _unknown(
        self, newcomers: Sequence[_Wish], noted: Mapping[str, str], compared: frozenset[PhysicalName]
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
        """Note which databases there are; what could not be listed, and what is closed, is looked at again."""

        async def note(tx: Tx) -> None:
            for container in (looked_at | inventory.containers.keys()) - inventory.unseen.keys() - closed.keys():
                there = "present" if container in inventory.containers else "absent"
                await tx.meta.set(container_note(self._target.key, container), f"{there} {now}")
            if everywhere and not inventory.unseen:
                await self._note_looked_everywhere(tx, now)

        await self._store.write(note)

    async def _note_looked_everywhere(self, tx: Tx, now: str) -> None:
        """Forget that records of tables were lost, once every target in force was looked at since."""
        since = await tx.meta.get(TABLES_LOST)
        if since is None:
            return
        others = [key for key in self._in_force if key != self._target.key]
        looked = [await tx.meta.get(_looked_note(key)) for key in others]
        if all(at is not None and at >= since for at in looked):
            await tx.meta.delete(TABLES_LOST)
            for key in others:
                await tx.meta.delete(_looked_note(key))
        else:
            await tx.meta.set(_looked_note(self._target.key), now)

    async def _recheck_conflicts(self, newcomers: Sequence[_Wish], names: AllocatedNames) -> set[Address]:
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
        seen = await look_by_name(self._target, [(address.container, address.name) for address in once])
        foreign = {address for address, live in seen.found.items() if live.owner != self._marker}
        return {Address(*address) for address in foreign | seen.hidden.keys()}

    def _allocate(
        self,
        wishes: Sequence[_Wish],
        checkpoints: Mapping[AssetId, Checkpoint],
        held: Mapping[PhysicalName, str],
        names: AllocatedNames,
    ) -> None:
        known = {key: container for container, key in held.items()}
        known = {**_at_home(wishes, checkpoints.values()), **known}
        wanted = {wish.key: wish.container for wish in wishes if wish.key not in known}
        containers = {**known, **allocate(wanted.items(), held)}
        holders: dict[PhysicalName, dict[PhysicalName, str]] = defaultdict(dict)
        for asset, checkpoint in checkpoints.items():
            if checkpoint.state is not CheckpointState.DELETED:
                holders[checkpoint.container][checkpoint.name] = str(asset)
        for former in names.formers.values():
            holders[former.container].setdefault(former.name, str(former.asset))
        had = _by_asset(names.formers.values())
        newcomers: dict[PhysicalName, list[_Wish]] = defaultdict(list)
        for wish in wishes:
            container = containers[wish.key]
            kept = self._given(wish, checkpoints, had, held, names.failures)
            if kept is not None:
                names.addresses[wish.record.id] = kept
            elif wish.record.id not in names.failures:
                newcomers[container].append(wish)
                if container != wish.container and wish.key not in known:
                    holder = holder_of(wish.container, containers, held)
                    names.displaced.add(Displaced(wish.key, wish.container, container, holder))
        for container, wanting in newcomers.items():
            given = allocate(((wish.source, wish.name) for wish in wanting), holders[container])
            for wish in wanting:
                names.addresses[wish.record.id] = Address(container, given[wish.source])


def _containers_of(
    records: Iterable[AssetRecord], checkpoints: Mapping[AssetId, Checkpoint]
) -> frozenset[PhysicalName]:
    """The databases that hold what was written of these assets."""
    held = (checkpoints.get(record.id) for record in records)
    return frozenset(each.container for each in held if each is not None and each.state is not CheckpointState.DELETED)


def _at_home(wishes: Iterable[_Wish], checkpoints: Iterable[Checkpoint]) -> dict[str, PhysicalName]:
    """Databases that a rule names and that hold tables of the same spaces already, such as a space's own by default."""
    homes = {(each.asset.space, each.container) for each in checkpoints if each.state is not CheckpointState.DELETED}
    return {wish.key: wish.container for wish in wishes if (wish.record.id.space, wish.container) in homes}


def _held_containers(tables: Iterable[Checkpoint | FormerTable], mapping: MappingRules) -> dict[PhysicalName, str]:
    """Databases that spaces hold by what is written in them already."""
    held: dict[PhysicalName, str] = {}
    there = (each for each in tables if isinstance(each, FormerTable) or each.state is not CheckpointState.DELETED)
    for space in sorted({(each.asset.space, each.container) for each in there}):
        name, container = space
        if derives(container, mapping.default_database(name), space_key(name)):
            held.setdefault(container, space_key(name))
    return held


def _kept(wish: _Wish, checkpoints: Mapping[AssetId, Checkpoint], held: Mapping[PhysicalName, str]) -> Address | None:
    """The address that the asset has and keeps; None for a newcomer and for one that rules name anew."""
    checkpoint = checkpoints.get(wish.record.id)
    if checkpoint is None or checkpoint.state is CheckpointState.DELETED:
        return None
    address = Address(checkpoint.container, checkpoint.name)
    return address if _is_wished(address, wish, held) else None


def _had(
    wish: _Wish, formers: Mapping[AssetId, Sequence[FormerTable]], held: Mapping[PhysicalName, str]
) -> Address | None:
    """The address that the asset had before and that rules give it again; the shortest of several."""
    had = (Address(former.container, former.name) for former in formers.get(wish.record.id, ()))
    return min(
        (address for address in had if _is_wished(address, wish, held)),
        key=lambda a: (len(a.name), a.name),
        default=None,
    )


def _is_wished(address: Address, wish: _Wish, held: Mapping[PhysicalName, str]) -> bool:
    same_container = address.container == wish.container or held.get(address.container) == wish.key
    return same_container and derives(address.name, wish.name, wish.source)


def _by_asset(formers: Iterable[FormerTable]) -> Mapping[AssetId, Sequence[FormerTable]]:
    found: dict[AssetId, list[FormerTable]] = defaultdict(list)
    for former in formers:
        found[former.asset].append(former)
    return found


def known_address(record: AssetRecord, checkpoint: Checkpoint | None, decision: Decision) -> Address:
    """For explanations: the address that an asset has, else the plain one that it would want."""
    container = decision.database_name(record.id, record.kind, record.label)
    name = decision.table_name(record.id, record.kind, record.label)
    if checkpoint is None:
        return Address(container, name)
    keeps_container = derives(checkpoint.container, container, decision.database_key(record.id))
    keeps_name = keeps_container and derives(checkpoint.name, name, str(record.id))
    return Address(checkpoint.container if keeps_container else container, checkpoint.name if keeps_name else name)


def displaced_database(
    record: AssetRecord, decision: Decision, tables: Sequence[Checkpoint | FormerTable], mapping: MappingRules
) -> Displaced | None:
    """For explanations: who has the database's name that a rule asks for; None where the asset has it.

    `tables` are all that the target is known to hold.
    """
    if decision.database is None:
        return None
    key, wanted = decision.database_key(record.id), decision.database_name(record.id, record.kind, record.label)
    holder = _held_containers(tables, mapping).get(wanted)
    if holder is None or any(each.asset == record.id and each.container == wanted for each in tables):
        return None
    return Displaced(key, wanted, hashed_name(wanted, key), holder)
