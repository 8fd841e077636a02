"""What an undo does about additions to objects that it deletes or makes again: they go, and come, with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spheresync.config.sections import TargetSection
from spheresync.model import Action, AssetId, RunId, Strategy, TargetKey, digest_of
from spheresync.planning.changed_columns import BaseWrite, without_changed_columns, writes_of
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem, Checkpoint
from spheresync.targets.registry import design_of


@dataclass(frozen=True, slots=True)
class UndoneAdditions:
    """Plans the undo of one target that adds to another one's objects, given what the undo does to those.

    Attributes:
        store: holds what was written last.
        key: the target that adds.
        section: its settings.
        base_items: of the other target, in the same undo.
        undone: the run that is undone.
    """

    store: Store
    key: TargetKey
    section: TargetSection | None
    base_items: Sequence[ChangeSetItem]
    undone: RunId

    async def planned(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items of the target, of which `items` are those that its own journal has.

        Nothing is taken off an object that is deleted. What stood on one that is made again is put there again, and a
        column with personal data that comes back is protected again: without its LF-Tags it would be open to whom they
        kept it from.
        """
        deleted = {item.asset for item in self.base_items if item.action is Action.DELETE}
        kept = {item.asset: item for item in items if item.asset not in deleted}
        others = [item for item in items if item.asset not in deleted and kept[item.asset] is not item]
        again = {item.asset: item for item in self.base_items if item.action is Action.CREATE}
        writes = {write.item.asset: write for write in await writes_of(self.store, self.base_items)}
        held = await self.store.checkpoints.of({*again, *writes}, self.key)
        bodies: list[bytes] = []
        for asset, item in again.items():
            known = held.get(asset)
            if known is not None and asset not in kept and known.address == item.address:
                body = (await self.store.blobs.get_many([known.body])).get(known.body)
                if body is not None:
                    self._add(kept, item, None, body)
        for asset, write in writes.items():
            if (known := held.get(asset)) is not None and known.state.managed:
                bodies += await self._protect(kept, write, known)

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)

        if bodies:
            await self.store.write(keep)
        return [*kept.values(), *others]

    async def _protect(
        self, kept: dict[AssetId, ChangeSetItem], write: BaseWrite, known: Checkpoint
    ) -> tuple[bytes, ...]:
        """Have columns with personal data that come back protected; answers the bodies that the item refers to."""
        design, asset = design_of(self.key.target), write.item.asset
        base = design_of(write.item.target)
        there, coming = ({*base.column_names(body).values()} for body in (write.before, write.after))
        personal = {name: said for name, said in base.personal_data(write.after).items() if name in coming - there}
        if not personal or self.section is None or known.address != write.item.address:
            return ()
        rest = await without_changed_columns(self.store, design, base, {asset: known}, [write])
        known = rest.checkpoints.get(asset, known)
        found = await self.store.blobs.get_many([known.body])
        before = found.get(known.body) or next(iter(rest.bodies), None)
        own = kept.get(asset)
        wanted = before
        if own is not None and own.after is not None:
            wanted = (await self.store.blobs.get_many([own.after])).get(own.after)
        if before is None or wanted is None:
            return ()
        body = design.protecting(wanted, self.section, personal)
        if body == wanted and own is None:
            return ()
        self._add(kept, write.item, before, body, known)
        return (before, body, *rest.bodies)

    def _add(
        self,
        kept: dict[AssetId, ChangeSetItem],
        item: ChangeSetItem,
        before: bytes | None,
        body: bytes,
        known: Checkpoint | None = None,
    ) -> None:
        design = design_of(self.key.target)
        changes = design.changes(before, body)
        if not changes:
            return
        what = "deleted its table" if known is None else "took columns away"
        kept[item.asset] = replace(
            item,
            target=self.key.target,
            destination=self.key.destination,
            action=Action.METADATA_ONLY,
            strategy=Strategy.METADATA_ONLY,
            severity=design.severity(changes),
            reason=f"run {self.undone} {what}; what protects it is put there again",
            changes=changes,
            before=None if before is None else digest_of(before),
            after=digest_of(body),
            after_digest=design.fingerprint(body),
            expected_version=None,
            expected_digest=None if known is None else known.body_digest,
            blocked_by=None,
            operations=design.operations(Action.METADATA_ONLY),
        )
