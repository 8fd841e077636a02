"""Addresses that assets have or would have, from rules, checkpoints and former tables. Pure.

An asset keeps its address as long as its rules still derive it; `name_allocation` gives addresses to the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spheresync.mapping.names import derives, hashed_name, space_key
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import Address, AssetId, PhysicalName
from spheresync.planning.names.displaced_databases import DatabaseNameConflict
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState, FormerTable


@dataclass(frozen=True, slots=True)
class RequestedAddress:
    """What an asset wants to be called before anybody else is asked."""

    record: AssetRecord
    key: str  # of the database: the space, or the name that a rule gives
    container: PhysicalName
    name: PhysicalName

    @property
    def source(self) -> str:
        """The asset as its table's `spheresync.source` has it: what names are given out by."""
        return str(self.record.id)


def home_containers(wishes: Iterable[RequestedAddress], checkpoints: Iterable[Checkpoint]) -> dict[str, PhysicalName]:
    """Databases that a rule names and that hold tables of the same spaces already, such as a space's own by default."""
    homes = {(each.asset.space, each.container) for each in checkpoints if each.is_ours}
    return {wish.key: wish.container for wish in wishes if (wish.record.id.space, wish.container) in homes}


def held_containers(tables: Iterable[Checkpoint | FormerTable], mapping: MappingRules) -> dict[PhysicalName, str]:
    """Databases that spaces hold by what is written in them already."""
    held: dict[PhysicalName, str] = {}
    there = (each for each in tables if isinstance(each, FormerTable) or each.is_ours)
    for space in sorted({(each.asset.space, each.container) for each in there}):
        name, container = space
        if derives(container, mapping.default_database(name), space_key(name)):
            held.setdefault(container, space_key(name))
    return held


def kept_address(
    wish: RequestedAddress, checkpoints: Mapping[AssetId, Checkpoint], held: Mapping[PhysicalName, str]
) -> Address | None:
    """The address that the asset has and keeps; None for a newcomer and for one that rules name anew."""
    checkpoint = checkpoints.get(wish.record.id)
    if checkpoint is None or not checkpoint.is_ours:
        return None
    address = checkpoint.address
    return address if _is_wished(address, wish, held) else None


def former_address(
    wish: RequestedAddress, formers: Mapping[AssetId, Sequence[FormerTable]], held: Mapping[PhysicalName, str]
) -> Address | None:
    """The address that the asset had before and that rules give it again; the shortest of several."""
    had = (former.address for former in formers.get(wish.record.id, ()))
    return min(
        (address for address in had if _is_wished(address, wish, held)),
        key=lambda a: (len(a.name), a.name),
        default=None,
    )


def _is_wished(address: Address, wish: RequestedAddress, held: Mapping[PhysicalName, str]) -> bool:
    same_container = address.container == wish.container or held.get(address.container) == wish.key
    return same_container and derives(address.name, wish.name, wish.source)


def formers_by_asset(formers: Iterable[FormerTable]) -> Mapping[AssetId, Sequence[FormerTable]]:
    """The former tables of each asset."""
    found: dict[AssetId, list[FormerTable]] = defaultdict(list)
    for former in formers:
        found[former.asset].append(former)
    return found


def known_address(record: AssetRecord, checkpoint: Checkpoint | None, decision: Decision) -> Address:
    """For explanations: the address that an asset has, else the plain one that it would want.

    Raises:
        ValueError: the rule that binds it gives a name that no table can have.
    """
    bound = decision.bound_to(record.id, record.kind, record.label)
    if bound is not None:
        return bound
    container = decision.database_name(record.id, record.kind, record.label)
    name = decision.table_name(record.id, record.kind, record.label)
    if checkpoint is None or checkpoint.state is CheckpointState.BOUND:
        return Address(container, name)
    keeps_container = derives(checkpoint.container, container, decision.database_key(record.id))
    keeps_name = keeps_container and derives(checkpoint.name, name, str(record.id))
    return Address(checkpoint.container if keeps_container else container, checkpoint.name if keeps_name else name)


def displaced_database(
    record: AssetRecord, decision: Decision, tables: Sequence[Checkpoint | FormerTable], mapping: MappingRules
) -> DatabaseNameConflict | None:
    """For explanations: who has the database's name that a rule asks for; None where the asset has it.

    `tables` are all that the target is known to hold.
    """
    if decision.database is None or decision.bind is not None:
        return None
    key, wanted = decision.database_key(record.id), decision.database_name(record.id, record.kind, record.label)
    holder = held_containers(tables, mapping).get(wanted)
    if holder is None or any(each.asset == record.id and each.container == wanted for each in tables):
        return None
    return DatabaseNameConflict(key, wanted, hashed_name(wanted, key), holder)
