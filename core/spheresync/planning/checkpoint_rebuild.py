"""Rebuild checkpoints from a target that carries our marker: what a lost state knew, AWS still knows.

A table that somebody edited before is remembered as we wrote it, as far as it proves that by its own digest, so that
the edit is known as one. Where nothing proves it, no text of it counts as ours, and what is not text counts as written.
Whoever copies a table copies our marker with it. So a table counts as an asset's only where its name is the one that
the asset has by the rules; any other is left alone and told, since nobody knows whose it is. One that is marked as
retired while its asset lives under another name is a former one, and followed as such, only where it proves by its
digest that the mark is ours and was put on the table of this very name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

from spheresync.model import (
    SYSTEM,
    Address,
    AssetId,
    AssetKind,
    JsonValue,
    LiveObject,
    Problem,
    TargetKey,
    digest_of,
)
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.items import proven_digest
from spheresync.planning.names.rename_notes import former_names
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    Checkpoint,
    CheckpointState,
    FormerTable,
    KnownObject,
)
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import LastWritten
from spheresync.targets.protocol import Inventory
from spheresync.targets.registry import design_of

CLAIMS_SAME_ASSET = "claims_same_asset"
_REMEDY = "If it is a copy, remove its parameters under `spheresync.`; if nobody needs it, drop it by hand."


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was taken into the state again: the tables in use, and the former ones of assets that have another.

    `failures`: assets with a table that could not be taken in, and why; nothing may be written over it. `copies`:
    tables that carry our marker and are not known to be ours, with the finding of each; nothing is done to them.
    """

    checkpoints: Mapping[AssetId, Checkpoint]
    formers: Sequence[FormerTable]
    failures: Mapping[AssetId, Exception] = field(default_factory=dict)
    copies: Mapping[Address, Problem] = field(default_factory=dict)


class CheckpointRebuilder:
    """Takes what carries our marker into the checkpoints again."""

    def __init__(self, store: Store, key: TargetKey, marker: str, *, in_force: Sequence[TargetKey]) -> None:
        self._store = store
        self._key = key
        self._design = design_of(key.target)
        self._marker = marker
        self._in_force = in_force

    async def adopt(
        self,
        inventory: Inventory,
        checkpoints: Mapping[AssetId, Checkpoint],
        formers: Mapping[Address, FormerTable],
        *,
        is_home: Callable[[AssetId, LiveObject], bool],
        is_others: Callable[[AssetId, LiveObject], bool] = lambda *_: False,
        now: str,
    ) -> Rebuilt:
        """Write down every object of ours of which the state knows nothing, and answer what that is.

        `is_home`: whether a table stands where rules would have that of an asset. `is_others`: whether it is that of
        another destination, and none of this one's business.
        """
        owners = {each.address: asset for asset, each in checkpoints.items() if each.is_there}
        sorted_out = _SortedOut()
        ours = await self._by_present_names(inventory.objects, checkpoints)
        for live, asset, retired in self._in_use_first(ours, sorted_out.failures):
            if live.address in formers or owners.get(live.address) == asset:
                continue
            known = checkpoints.get(asset) or sorted_out.checkpoint_of(asset)
            try:
                if is_others(asset, live):
                    continue
                written = self._design.last_written(live.body, live.digest)
                relation = self._relation(live, asset, known, written, retired=retired, is_home=is_home)
                if live.address in owners or relation is _Relation.A_COPY:
                    sorted_out.copies[live.address] = _copy_problem(live, asset)
                elif known is None or relation is _Relation.LEFT_BEHIND:
                    checkpoint = self._checkpoint(asset, live, written, now, retired=retired)
                    if known is None:
                        sorted_out.found[asset] = _Found(checkpoint, stub_of(self._design, asset, live, now))
                    else:
                        left_at = self._design.marks(live.body).retired_at or now
                        sorted_out.left.append(FormerTable.left_behind(checkpoint, at=left_at))
                    sorted_out.bodies.append(written.body)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                sorted_out.failures[asset] = error
        if sorted_out.found or sorted_out.left:
            await remember_rebuilt(
                self._store,
                self._key,
                {asset: each.checkpoint for asset, each in sorted_out.found.items()},
                sorted_out.left,
                sorted_out.bodies,
                stub=lambda asset: sorted_out.found[asset].stub,
                in_force=self._in_force,
            )
        present = {asset: each.checkpoint for asset, each in sorted_out.found.items()}
        return Rebuilt(present, sorted_out.left, sorted_out.failures, sorted_out.copies)

    async def adopt_left(self, left: Iterable[tuple[AssetId, LiveObject]], now: str) -> Sequence[FormerTable]:
        """Write down objects on what assets had in the base before rules named them anew, and answer them."""
        formers, bodies = [], []
        for asset, live in left:
            written, marks = self._design.last_written(live.body, live.digest), self._design.marks(live.body)
            known = self._checkpoint(asset, live, written, now, retired=marks.retired)
            formers.append(FormerTable.left_behind(known, at=marks.retired_at or now))
            bodies.append(written.body)
        await remember_rebuilt(
            self._store,
            self._key,
            {},
            formers,
            bodies,
            stub=lambda asset: AssetRecord.first_seen(asset, AssetKind.VIEW, at=now),
            in_force=self._in_force,
        )
        return formers

    def _relation(
        self,
        live: LiveObject,
        asset: AssetId,
        known: Checkpoint | None,
        written: LastWritten,
        *,
        retired: bool,
        is_home: Callable[[AssetId, LiveObject], bool],
    ) -> _Relation:
        """What a table is to the asset that it names, of which `known` is known so far."""
        if known is not None and known.state is CheckpointState.ACTIVE and retired:
            return _Relation.LEFT_BEHIND if _is_marked_here(self._design, live, written) else _Relation.A_COPY
        if known is not None and not known.is_there:
            return _Relation.ITS_OWN
        here = is_home(asset, live) and not _is_marked_elsewhere(self._design, live)
        return _Relation.ITS_OWN if here else _Relation.A_COPY

    async def _by_present_names(
        self, objects: Iterable[LiveObject], checkpoints: Mapping[AssetId, Checkpoint]
    ) -> list[tuple[LiveObject, AssetId]]:
        """The tables of ours with their assets, by the names that those have now, though none is written there yet."""
        ours = [(live, asset) for live in objects if (asset := self._ours(live)) is not None]
        known = {asset for asset, checkpoint in checkpoints.items() if checkpoint.is_there}
        left = {asset for _, asset in ours if asset in checkpoints and asset not in known}
        latter: dict[AssetId, AssetId] = {}
        for space in {asset.space for asset in left}:
            names = await former_names(self._store, space)
            latter |= {old: new for new, old in names.items() if old in left and new not in known}
        return [(live, latter.get(asset, asset)) for live, asset in ours]

    def _in_use_first(
        self, objects: Iterable[tuple[LiveObject, AssetId]], failures: dict[AssetId, Exception]
    ) -> list[tuple[LiveObject, AssetId, bool]]:
        """The tables of ours with their assets and whether they are marked as retired.

        One that a rename left behind is marked; the one in use stands for the asset, and comes first.
        """
        ours = []
        for live, asset in objects:
            try:
                ours.append((live, asset, self._design.is_retired(live.body)))
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                failures[asset] = error
        return sorted(ours, key=lambda each: (each[2], each[0].container, each[0].name))

    def _ours(self, live: LiveObject) -> AssetId | None:
        return source_of(live) if live.owner == self._marker else None

    def _checkpoint(
        self, asset: AssetId, live: LiveObject, written: LastWritten, now: str, *, retired: bool
    ) -> Checkpoint:
        known = KnownObject.standing(
            asset,
            self._key,
            live,
            body=digest_of(written.body),
            body_digest=proven_digest(live, written),
            version=live.version if live.intact else None,
        )
        return Checkpoint.of_object(known, retired=retired, at=now)


async def remember_rebuilt(
    store: Store,
    key: TargetKey,
    found: Mapping[AssetId, Checkpoint],
    formers: Sequence[FormerTable],
    bodies: Sequence[bytes],
    *,
    stub: Callable[[AssetId], AssetRecord],
    in_force: Sequence[TargetKey],
    notes: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write down tables that a target holds and the state did not know, and that they were found.

    Args:
        store: of the installation.
        key: the target that holds them.
        found: what each asset has there now.
        formers: tables that assets had before.
        bodies: what the tables hold; none where nothing was found.
        stub: the record of an asset that the catalog does not know either.
        in_force: the targets that count for where an asset stands.
        notes: what else to note, as of what was looked through.
    """
    known = {record.id for record in await store.catalog.assets()} if found else set[AssetId]()
    strangers = [stub(asset) for asset in found if asset not in known]
    detail: dict[str, JsonValue] = {"objects": len(found), "former": len(formers), "destination": key.destination}
    event = AuditEvent(SYSTEM, AuditAction.REBUILD, None, None, key.target, AuditOutcome.DONE, detail)

    async def remember(tx: Tx) -> None:
        for note, text in notes.items():
            await tx.meta.set(note, text)
        if not bodies:
            return
        await tx.blobs.put_many(bodies)
        await tx.checkpoints.put_many([*found.values()])
        await tx.former_tables.put_many(formers)
        present = {record.id for record in await tx.catalog.some([each.id for each in strangers])}
        await tx.catalog.put_assets([each for each in strangers if each.id not in present])
        await settle_statuses(tx, [*found], in_force)
        await tx.audit.append_many([event])

    await store.write(remember)


async def note_found_again(tx: Tx, key: TargetKey, found: Sequence[Checkpoint], in_force: Sequence[TargetKey]) -> None:
    """Write down objects that a plan has found where the state knew nothing of them, but for what a run wrote since."""
    known = await tx.checkpoints.of({each.asset for each in found}, key) if found else {}
    new = [each for each in found if each.asset not in known]
    if not new:
        return
    await tx.checkpoints.put_many(new)
    await settle_statuses(tx, [each.asset for each in new], in_force)
    detail: dict[str, JsonValue] = {"objects": len(new), "former": 0, "destination": key.destination}
    await tx.audit.append_many(
        [AuditEvent(SYSTEM, AuditAction.REBUILD, None, None, key.target, AuditOutcome.DONE, detail)]
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a table in use, and of its asset where the catalog does not know that."""

    checkpoint: Checkpoint
    stub: AssetRecord


class _Relation(Enum):
    """What a table is to the asset that it names as its source."""

    ITS_OWN = auto()
    LEFT_BEHIND = auto()  # it was the asset's before a rename, which marked it
    A_COPY = auto()


@dataclass(slots=True)
class _SortedOut:
    """What the tables of a listing that the state does not know come to."""

    found: dict[AssetId, _Found] = field(default_factory=dict)
    left: list[FormerTable] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    copies: dict[Address, Problem] = field(default_factory=dict)
    failures: dict[AssetId, Exception] = field(default_factory=dict)

    def checkpoint_of(self, asset: AssetId) -> Checkpoint | None:
        """What was found of an asset so far."""
        return self.found[asset].checkpoint if asset in self.found else None


def _copy_problem(live: LiveObject, asset: AssetId) -> Problem:
    """What to say of a table that names an asset as its source and that nobody knows to be that asset's."""
    message = (
        f"table {live.container}.{live.name} claims to be that of {asset} by its parameters, but it stands where no "
        "table of that asset is known to be, as a copy does; it is never changed or deleted"
    )
    return Problem.of(asset, CLAIMS_SAME_ASSET, message, _REMEDY)


def _is_marked_here(design: TargetDesign, live: LiveObject, written: LastWritten) -> bool:
    """Whether a table proves that we marked it as retired, and no other that it is a copy of."""
    if not written.proven or live.digest is None:
        return False
    return design.marks(live.body).retired_object == f"{live.container}.{live.name}"


def _is_marked_elsewhere(design: TargetDesign, live: LiveObject) -> bool:
    return design.marks(live.body).retired_object not in {None, f"{live.container}.{live.name}"}


def source_of(live: LiveObject) -> AssetId | None:
    """The asset that an object names as its source, None where it names none."""
    try:
        return None if live.source is None else AssetId.parse(live.source)
    except ValueError:
        return None


def stub_of(design: TargetDesign, asset: AssetId, live: LiveObject, now: str) -> AssetRecord:
    """An asset that only the target still knows; if Datasphere no longer lists it, the next listings count that."""
    kind = design.marks(live.body).kind
    known = AssetKind(kind) if kind in set(AssetKind) else AssetKind.VIEW
    return AssetRecord.first_seen(asset, known, at=now)
