"""What an undo does about additions to another target's objects: they go, and come back, with what they stand on.

LF-Tags and business context stand on tables and columns of Glue. What a run took off them together with a table or a
column is in no item of theirs: it is noted with the item of Glue, and an undo that brings that back puts it there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from spheresync.config.sections import TargetSection
from spheresync.model import Action, Address, AssetId, Digest, RunId, Strategy, TargetKey, digest_of
from spheresync.planning.changed_columns import BaseWrite, without_changed_columns, writes_of
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem, Checkpoint, FormerTable, JournalEntry
from spheresync.targets.design import TargetDesign
from spheresync.targets.registry import design_of

At: TypeAlias = tuple[AssetId, Address]
"""One object of an asset, which may have several in one undo."""
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Object:
    """One object of the other target, and what is known of what stands on it.

    Attributes:
        asset: whose it is.
        item: what the undo does to it, or, where it does nothing, what the undone run did.
        write: what the undo writes over it; None where it makes it, or does nothing to it.
        made: the undo makes it.
        body: what it holds once the undo is done.
        known: what stands on it once the undo has done that; None where nothing of ours does.
        goes: something of ours goes with columns that the undo takes away.
        former: what went with it, or with columns of it, in the undone run.
        last: what was known last, whatever became of it.
    """

    asset: AssetId
    item: ChangeSetItem
    write: BaseWrite | None
    made: bool
    body: bytes
    known: Checkpoint | None
    goes: bool
    former: bytes | None
    last: bytes | None


@dataclass(slots=True)
class UndoneAdditions:
    """Plans the undo of one target that adds to another one's objects, given what the undo does to those.

    Attributes:
        store: holds what was written last, and what went with the objects in the undone run.
        key: the target that adds.
        base: the other target.
        section: the settings of the target that adds.
        base_items: of the other target, in the same undo.
        written: what the undone run did in the other target.
        undone: the run that is undone.
    """

    store: Store
    key: TargetKey
    base: TargetKey
    section: TargetSection | None
    base_items: Sequence[ChangeSetItem]
    written: Sequence[tuple[ChangeSetItem, JournalEntry]]
    undone: RunId
    _bodies: dict[Digest, bytes] = field(default_factory=dict)
    _new: dict[Digest, bytes] = field(default_factory=dict)

    async def planned(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items of the target, of which `items` are those that its own journal has.

        Nothing is taken off an object that is deleted. What stood on one that is made again, or on a column that comes
        back, is put there again; a column with personal data is protected in any case, since without its LF-Tags it
        would be open to whom they kept it from.
        """
        doing = {(item.asset, item.address): item for item in self.base_items}
        deleted = {at for at, item in doing.items() if item.action is Action.DELETE}
        kept = {(item.asset, item.address): item for item in items if (item.asset, item.address) not in deleted}
        went = await self.store.runs.additions(self.undone)
        done = {(item.asset, item.address): (item, went.get((entry.ordinal, self.key))) for item, entry in self.written}
        formers = {former.address: former for former in await self.store.former_tables.all(self.key)}
        todo = [at for at in dict.fromkeys([*done, *doing]) if at not in deleted]
        for start in range(0, len(todo), _CHUNK):
            part = todo[start : start + _CHUNK]
            for each in await self._objects(part, doing, done, formers):
                await self._put_back(kept, each)
            await self._keep()
        return [*kept.values()]

    async def _objects(
        self,
        todo: Sequence[At],
        doing: Mapping[At, ChangeSetItem],
        done: Mapping[At, tuple[ChangeSetItem, Digest | None]],
        formers: Mapping[Address, FormerTable],
    ) -> list[_Object]:
        """The objects on which something may come back."""
        writes = await writes_of(self.store, [doing[at] for at in todo if at in doing])
        by_object = {(write.item.asset, write.item.address): write for write in writes}
        held = await self.store.checkpoints.of({asset for asset, _ in todo}, self.key)
        stands = await self.store.checkpoints.of({asset for asset, _ in todo}, self.base)
        found = []
        for at in todo:
            item, write = doing.get(at), by_object.get(at)
            did, former = done.get(at, (None, None))
            if item is None and former is None:
                continue
            body = await self._body_after(at, item, stands.get(at[0]))
            if body is None:
                continue
            known, rest = held.get(at[0]), None
            if known is not None and known.address == at[1]:
                rest = await self._without_columns(known, write)
            else:
                other = formers.get(at[1])
                known = other.as_checkpoint() if other is not None and other.asset == at[0] else None
            last = None if known is None else await self._body(known.body)
            made = item is not None and item.action is Action.CREATE
            about = item or did
            assert about is not None
            there = rest or known
            if there is not None and (made or not there.state.managed):
                there = None
            found.append(
                _Object(at[0], about, write, made, body, there, rest is not None, await self._body(former), last)
            )
        return found

    async def _without_columns(self, known: Checkpoint, write: BaseWrite | None) -> Checkpoint | None:
        """What is known once the undo has written the object; None where nothing goes with columns of it."""
        if write is None:
            return None
        design, base = design_of(self.key.target), design_of(self.base.target)
        rest = await without_changed_columns(self.store, design, base, {known.asset: known}, [write])
        self._bodies |= {digest_of(body): body for body in rest.bodies}
        return rest.checkpoints.get(known.asset)

    async def _body_after(self, at: At, item: ChangeSetItem | None, stands: Checkpoint | None) -> bytes | None:
        """What an object holds once the undo is done; None where it is not there, or stays as others left it."""
        if item is not None:
            return await self._body(item.after) if item.action.writes_definition or item.action.removes else None
        if stands is None or not stands.state.managed or stands.address != at[1]:
            return None
        return await self._body(stands.body)

    async def _put_back(self, kept: dict[At, ChangeSetItem], there: _Object) -> None:
        """Have one object carry again what it carried before the undone run."""
        design, at = design_of(self.key.target), (there.asset, there.item.address)
        own = kept.get(at)
        if own is not None and (own.action is Action.CONFLICT or own.after is None):
            return
        planned = None if own is None else await self._body(own.after)
        before = None if there.known is None else await self._body(there.known.body)
        wanted = planned or before or there.former or (there.last if there.made else None)
        body = self._protected(self._with_former(wanted, there), there)
        if body is None or (body == planned and not (there.goes or there.made)) or (own is None and body == before):
            return
        changes = design.changes(before, body)
        if not changes and own is None:
            return
        self._new |= {digest_of(each): each for each in (before, body) if each is not None}
        item = own or replace(there.item, action=Action.METADATA_ONLY, reason=self._reason(design, there))
        kept[at] = replace(
            item,
            ordinal=0,
            target=self.key.target,
            destination=self.key.destination,
            strategy=Strategy.METADATA_ONLY,
            severity=design.severity(changes),
            changes=changes,
            before=None if before is None else digest_of(before),
            after=digest_of(body),
            after_digest=design.fingerprint(body),
            expected_version=None,
            expected_digest=None if there.known is None else there.known.body_digest,
            blocked_by=None,
            fingerprints=None,
            mapping=None,
            definition=None,
            operations=design.operations(Action.METADATA_ONLY),
            other_name=None,
        )

    def _with_former(self, wanted: bytes | None, there: _Object) -> bytes | None:
        """What is wanted, with what went with columns that are there again."""
        if wanted is None or there.former is None:
            return wanted
        design, base = design_of(self.key.target), design_of(self.base.target)
        columns = frozenset(base.column_names(there.body).values())
        back = (design.columns_said(there.former) & columns) - design.columns_said(wanted)
        return design.with_columns(wanted, there.former, back) if back else wanted

    def _protected(self, wanted: bytes | None, there: _Object) -> bytes | None:
        """What is wanted, with what protects columns with personal data that come back."""
        if self.section is None or (there.write is None and not there.made):
            return wanted
        design, base = design_of(self.key.target), design_of(self.base.target)
        before = {} if there.write is None else base.column_names(there.write.before)
        back = {*base.column_names(there.body).values()} - {*before.values()}
        personal = {name: said for name, said in base.personal_data(there.body).items() if name in back}
        return design.protecting(wanted, self.section, personal) if personal else wanted

    def _reason(self, design: TargetDesign, there: _Object) -> str:
        what = "took columns away" if there.known is not None else "deleted its table"
        again = "what protects it" if design.capabilities.access else "what is said of it there"
        return f"run {self.undone} {what}; {again} is put there again"

    async def _keep(self) -> None:
        """Keep the bodies that items refer to."""
        bodies, self._new, self._bodies = self._new, {}, {}

        async def keep(tx: Tx) -> None:
            await tx.blobs.put(bodies)

        if bodies:
            await self.store.write(keep)

    async def _body(self, digest: Digest | None) -> bytes | None:
        if digest is None:
            return None
        if digest not in self._bodies:
            self._bodies |= await self.store.blobs.get_many([digest])
        return self._bodies.get(digest)
