"""Find bound tables of which the state knows nothing, by the marker on them: what a lost state knew, AWS still knows.

Databases of others carry no mark of ours. So each of them is looked through once, when rules first bind an asset to a
table in it, and a state that was lost does so again. What no rule binds any more is remembered as bound, so that the
next plans take back what is ours there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spheresync.errors import TargetError, TargetFault
from spheresync.model import Address, AssetId, LiveObject, PhysicalName, TargetKey, digest_of
from spheresync.planning.checkpoint_rebuild import remember_rebuilt, source_of, stub_of
from spheresync.planning.decisions.items import proven_digest
from spheresync.planning.names.container_notes import CONTAINER_NOTES
from spheresync.state.port import Store
from spheresync.state.records import (
    Checkpoint,
    CheckpointState,
    FormerTable,
    KnownObject,
)
from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import Target, cannot_be_seen
from spheresync.targets.read_ahead import MOST_KEPT


def bound_checkpoint(
    design: TargetDesign, key: TargetKey, asset: AssetId, live: LiveObject, *, at: str
) -> tuple[Checkpoint, bytes]:
    """What a table that says itself to be bound to an asset proves of it; answers the body that we wrote last, too."""
    written = design.last_written(live.body, live.digest)
    known = KnownObject.standing(
        asset,
        key,
        live,
        body=digest_of(written.body),
        body_digest=proven_digest(live, written),
        version=live.version if live.intact else None,
    )
    return replace(Checkpoint.of_object(known, retired=False, at=at), state=CheckpointState.BOUND), written.body


@dataclass(frozen=True, slots=True)
class SeenTables:
    """Wanted tables that were seen on the way, and databases that do not exist; of all else nobody knows yet.

    `failures`: assets of bound tables that could not be taken in, and why. `known_again`: what the state has taken in.
    """

    found: Mapping[Address, LiveObject]
    absent: Collection[PhysicalName]
    failures: Mapping[AssetId, Exception] = field(default_factory=dict)
    known_again: Mapping[AssetId, Checkpoint] = field(default_factory=dict)


@dataclass(slots=True)
class _Strays:
    """Tables that are bound by this installation and that no rule binds to their asset any more."""

    checkpoints: dict[AssetId, Checkpoint] = field(default_factory=dict)
    formers: list[FormerTable] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    seen: dict[AssetId, LiveObject] = field(default_factory=dict)


class BoundTableRebuilder:
    """Takes bound tables of which the state knows nothing into it again."""

    def __init__(
        self, store: Store, target: Target, design: TargetDesign, marker: str, *, in_force: Sequence[TargetKey]
    ) -> None:
        self._store = store
        self._target = target
        self._design = design
        self._marker = marker
        self._in_force = in_force

    async def adopt(
        self,
        containers: Iterable[PhysicalName],
        wanted: Mapping[Address, Sequence[AssetId]],
        checkpoints: Mapping[AssetId, Checkpoint],
        *,
        formers: Collection[Address],
        at: str,
        everywhere: bool,
    ) -> SeenTables:
        """Look through databases that nobody has looked through yet; answers what was seen of the wanted tables.

        What is bound there besides, and is none of the `formers`, is written down. `everywhere`: all that were ever
        looked through are so again.

        Raises:
            TargetError: the target as a whole is out.
        """
        noted = await databases_looked_through(self._store, self._target.key)
        unknown = sorted({*containers, *noted} if everywhere else {*containers} - noted)
        known = {each.address for each in checkpoints.values() if each.is_there} | wanted.keys() | {*formers}
        taken = {asset for assets in wanted.values() for asset in assets}
        taken |= {asset for asset, each in checkpoints.items() if each.is_there}
        found, absent = dict[Address, LiveObject](), set[PhysicalName]()
        strays, looked_through = _Strays(), []
        failures: dict[AssetId, Exception] = {}
        for container in unknown:
            try:
                tables = await self._tables(container, wanted.keys())
            except TargetError as error:
                if error.systemic or not (error.fault is TargetFault.NO_CONTAINER or cannot_be_seen(error)):
                    raise
                absent |= {container} if error.fault is TargetFault.NO_CONTAINER else set()
                continue
            looked_through.append(container)
            found |= {live.address: live for live in tables if live.address in wanted}
            for live in tables:
                asset = source_of(live)
                if asset is None or live.address in known:
                    continue
                try:
                    self._sort_out(strays, asset, live, taken, at)
                except Exception as error:  # noqa: BLE001 -- isolates this asset
                    failures[asset] = error
        if looked_through:
            key = self._target.key
            await remember_rebuilt(
                self._store,
                key,
                strays.checkpoints,
                strays.formers,
                strays.bodies,
                stub=lambda asset: stub_of(self._design, asset, strays.seen[asset], at),
                in_force=self._in_force,
                notes={_note(key, container): f"present {at}" for container in looked_through},
            )
        return SeenTables(found, absent, failures, strays.checkpoints)

    def _sort_out(self, strays: _Strays, asset: AssetId, live: LiveObject, taken: Collection[AssetId], at: str) -> None:
        """Take in a table that is bound and that no rule binds any more."""
        checkpoint, body = bound_checkpoint(self._design, self._target.key, asset, live, at=at)
        strays.bodies.append(body)
        if asset in taken or asset in strays.checkpoints:
            strays.formers.append(FormerTable.left_behind(checkpoint, at=at))
        else:
            strays.checkpoints[asset], strays.seen[asset] = checkpoint, live

    async def _tables(self, container: PhysicalName, wanted: Collection[Address]) -> list[LiveObject]:
        """The first of the wanted tables of a database, and all that we have bound."""
        found: list[LiveObject] = []
        async for page in self._target.pages(container):
            bound = [live for live in page if live.bound_by == self._marker]
            room = max(0, MOST_KEPT - len(found))
            found += bound + [live for live in page if live.address in wanted and live not in bound][:room]
        return found


async def databases_looked_through(store: Store, key: TargetKey) -> frozenset[PhysicalName]:
    """Databases of others in which rules have ever bound an asset to a table, as far as the state knows."""
    prefix = _note(key, "")
    return frozenset(PhysicalName(note.removeprefix(prefix)) for note in await store.meta.with_prefix(prefix))


def _note(key: TargetKey, container: str) -> str:
    """Under which key the state notes that a database of others was looked through."""
    return f"{CONTAINER_NOTES}bound:{key.target}:{key.destination}:{container}"
