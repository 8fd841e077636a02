"""Record the results of a run that applies an undo: each restored asset is held until Datasphere changes it.

The hold is taken in the transaction that confirms the item, so it exists even if the process dies right after, and no
sync comes between. The fingerprints and rules of the restored body are not known and stay open, so that the next plan
after the hold compares the table itself. What others had changed in the table before stays theirs: as the base of the
next merge counts what we had written last when that body stood there, not the restored body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from spheresync.execution.item_result import Note, Result
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.model import Action, Address, AssetId, Digest, RunId, TargetKey, digest_of
from spheresync.observe.incidents import product_error
from spheresync.planning.decisions.asset_work import hold_of
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, ChangeSetItem, Checkpoint, CheckpointState, JournalEntry, RunRecord

log = logging.getLogger(__name__)


class UndoRecorder(ResultRecorder):
    """Records the results of an undo under one claim.

    Args:
        store: as in `ResultRecorder`, like `run`, `key`, `in_force`, `fence` and `now`.
        items: every item of the change set, held back ones and those of other targets too.
        undo_of: the run that is undone; its journal knows what of the restored bodies was written by us.
        misses: from how many misses on an asset counts as gone.
    """

    restores = True

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        key: TargetKey,
        *,
        in_force: Sequence[TargetKey],
        fence: int,
        now: Callable[[], str],
        items: Sequence[ChangeSetItem],
        undo_of: RunId,
        misses: int,
    ) -> None:
        super().__init__(store, run, key, in_force=in_force, fence=fence, now=now)
        self._items = [item for item in items if item.key == key]
        self._undo_of = undo_of
        self._misses = misses
        self._records: dict[AssetId, AssetRecord] = {}
        self._leaving: frozenset[AssetId] = frozenset()  # their table of today goes; what is restored replaces it
        self._adopted: Mapping[Digest, bytes] = {}  # bodies of tables that are managed again as they are
        self._bases: Mapping[tuple[AssetId, Address], Digest] = {}
        self._bodies: Mapping[Digest, bytes] = {}  # of those

    async def open(self, assets: Collection[AssetId]) -> None:
        """Load what is known of the target and of the assets that are restored, those of held back items too."""
        restored = {item.asset for item in self._items}
        await super().open(restored.union(assets))
        self._records = {record.id: record for record in await self._store.catalog.assets() if record.id in restored}
        self._leaving = frozenset(i.asset for i in self._items if i.action.removes and self.in_use(i))
        adopted = [
            checkpoint.body
            for i in self._items
            if i.action is Action.ADOPT and (checkpoint := self._in_use(i)) is not None
        ]
        self._adopted = await self._store.blobs.get_many(adopted)
        self._bases = await self._noted_bases()
        self._bodies = await self._store.blobs.get_many(self._bases.values())

    async def _noted_bases(self) -> dict[tuple[AssetId, Address], Digest]:
        """What had been written last into the tables that others had changed before the undone run."""
        noted = await self._store.runs.bases(self._undo_of)
        bound = {CheckpointState.BOUND, CheckpointState.TAKEN_BACK}
        of_others = any(checkpoint.state in bound for checkpoint in self._checkpoints.values())
        undone = await self._store.runs.get(self._undo_of) if noted or of_others else None
        if undone is None or undone.change_set_id is None:
            return {}
        whole = await self._store.change_sets.all_items(undone.change_set_id)
        items = {item.ordinal: item for item in whole if item.key == self._key}
        formers = await self._former_bodies(items) if of_others else {}
        return {
            (items[ordinal].asset, items[ordinal].address): digest
            for ordinal, digest in {**formers, **noted}.items()
            if ordinal in items
        }

    async def _former_bodies(self, ordinals: Collection[int]) -> dict[int, Digest]:
        """What tables of others held before the undone run: what was ours of that is restored, and it alone.

        Only bodies of this target can be read as its own.
        """
        entries = await self._store.runs.entries(self._undo_of)
        held = {e.ordinal: e.before for e in entries if e.ordinal in ordinals and e.before is not None}
        bodies = await self._store.blobs.get_many(held.values())
        return {at: digest for at, digest in held.items() if digest in bodies and self._is_bound(bodies[digest])}

    def _is_bound(self, body: bytes) -> bool:
        try:
            return self._design.is_bound(body)
        except Exception as error:  # noqa: BLE001 -- isolates this body: its item fails where it is needed
            log.warning("%s", product_error(error, f"what {self._key} held before run {self._undo_of}").message)
            return False

    def _aside(self, item: ChangeSetItem) -> bool:
        """A table that the asset had before the one that it keeps is restored as such."""
        if self.in_use(item):
            return False
        checkpoint = self._checkpoints.get(item.asset)
        has_another = checkpoint is not None and checkpoint.is_there
        return item.action.removes or (has_another and item.asset not in self._leaving)

    def note(self, result: Result) -> Note:
        """Take a result in, and hold the asset where something was restored."""
        note = super().note(result)
        if result.error is not None:
            return note
        note = self._with_base(note)
        if note.former is not None:
            self._formers[note.former.address] = note.former
        checkpoint = note.checkpoint or self._checkpoints.get(result.item.asset)
        if checkpoint is None:
            return note
        checkpoint = replace(checkpoint, held=self._hold(result.item.asset))
        self._checkpoints[checkpoint.asset] = checkpoint
        return replace(note, checkpoint=checkpoint)

    def _with_base(self, note: Note) -> Note:
        """The note with what was ours of a restored body as written last, where others had changed that before.

        The version is not known then, so that the next plan looks at the table and sees what they did.
        """
        item, outcome = note.result.item, note.result.outcome
        if outcome is None or not outcome.body:
            return note
        noted = self._bases.get((item.asset, item.address))
        known = None if noted is None else self._bodies.get(noted)
        if known is not None:  # what has come back with columns was ours, though it was not there any more then
            back = self._design.columns_said(outcome.body) - self._design.columns_said(known)
            known = self._design.with_columns(known, outcome.body, back)
        base = self._design.written_before(outcome.body, known)
        if base == outcome.body:
            return note
        if note.aside:
            former = note.former and replace(note.former, body=digest_of(base), version=None)
            return replace(note, former=former, bodies=(base,))
        checkpoint = note.checkpoint and replace(note.checkpoint, body=digest_of(base), version=None)
        return replace(note, checkpoint=checkpoint, bodies=(base,))

    def _note_former(self, result: Result, entry: JournalEntry, at: str) -> Note:
        note = super()._note_former(result, entry, at)
        if note.former is None or result.outcome is None:
            return note
        return replace(note, former=replace(note.former, retired=self._design.is_retired(result.outcome.body)))

    def _checkpoint(
        self, result: Result, checkpoint: Checkpoint | None, after: Digest | None, at: str
    ) -> Checkpoint | None:
        checkpoint = super()._checkpoint(result, checkpoint, after, at)
        if checkpoint is None or result.error is not None:
            return checkpoint
        written = result.outcome.body if result.outcome is not None else b""
        body = written or self._adopted.get(checkpoint.body)
        if body and self._design.is_retired(body) and checkpoint.state is CheckpointState.ACTIVE:
            return replace(checkpoint, state=CheckpointState.RETIRED)
        return checkpoint

    def _hold(self, asset: AssetId) -> Digest | None:
        record = self._records.get(asset)
        return hold_of(record, self._misses) if record is not None else None
