"""The books of a run that applies an undo: what it restores is held, and stands as the restored body says.

The hold is taken in the transaction that confirms the item, so that it is there also where the process dies right
after, and a sync never gets between. What the table held before is known, but not by which fingerprints and rules:
those stay open, so that the next plan after the hold compares the table itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from spheresync.mapping.glue_table import is_retired
from spheresync.model import Action, AssetId, DestinationName, Digest, TargetName
from spheresync.plan.triage import hold_of
from spheresync.run.books import Books, Note, Result
from spheresync.state.records import AssetRecord, ChangeSetItem, Checkpoint, CheckpointState, JournalEntry, RunRecord
from spheresync.state.store import Store


class UndoBooks(Books):
    """The books of an undo under one claim.

    Args:
        store: as in `Books`, like `run`, `target`, `fence` and `now`.
        items: every item of the change set, held back ones too.
        misses: from how many misses on an asset counts as gone.
    """

    restores = True

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        target: TargetName,
        *,
        fence: int,
        now: Callable[[], str],
        items: Sequence[ChangeSetItem],
        misses: int,
    ) -> None:
        super().__init__(store, run, target, fence=fence, now=now)
        self._items = items
        self._misses = misses
        self._records: dict[AssetId, AssetRecord] = {}
        self._leaving: frozenset[AssetId] = frozenset()  # their table of today goes; what is restored replaces it
        self._adopted: Mapping[Digest, bytes] = {}  # bodies of tables that are managed again as they are

    async def open(self, destination: DestinationName, assets: Collection[AssetId]) -> None:
        """Load what is known of the target and of the assets that are restored, those of held back items too."""
        restored = {item.asset for item in self._items}
        await super().open(destination, restored.union(assets))
        self._records = {record.id: record for record in await self._store.catalog.assets() if record.id in restored}
        self._leaving = frozenset(i.asset for i in self._items if i.action.removes and self.in_use(i))
        adopted = [held.body for i in self._items if i.action is Action.ADOPT and (held := self._in_use(i)) is not None]
        self._adopted = await self._store.blobs.get_many(adopted)

    def _aside(self, item: ChangeSetItem) -> bool:
        """A table that the asset had before the one that it keeps is restored as such."""
        if self.in_use(item):
            return False
        held = self._checkpoints.get(item.asset)
        has_another = held is not None and held.state is not CheckpointState.DELETED
        return item.action.removes or (has_another and item.asset not in self._leaving)

    def note(self, result: Result) -> Note:
        """Take a result in, and hold the asset where something was restored."""
        note = super().note(result)
        held = self._checkpoints.get(result.item.asset)
        if result.error is not None or held is None:
            return note
        held = replace(held, held=self._hold(result.item.asset))
        self._checkpoints[held.asset] = held
        return replace(note, checkpoint=held)

    def _note_former(self, result: Result, entry: JournalEntry, at: str) -> Note:
        note = super()._note_former(result, entry, at)
        if note.former is None or result.outcome is None:
            return note
        return replace(note, former=replace(note.former, retired=is_retired(result.outcome.body)))

    def _checkpoint(self, result: Result, held: Checkpoint | None, after: Digest | None, at: str) -> Checkpoint | None:
        checkpoint = super()._checkpoint(result, held, after, at)
        if checkpoint is None or result.error is not None:
            return checkpoint
        written = result.outcome.body if result.outcome is not None else b""
        body = written or self._adopted.get(checkpoint.body)
        if body and is_retired(body) and checkpoint.state is CheckpointState.ACTIVE:
            return replace(checkpoint, state=CheckpointState.RETIRED)
        return checkpoint

    def _hold(self, asset: AssetId) -> Digest | None:
        record = self._records.get(asset)
        return hold_of(record, self._misses) if record is not None else None
