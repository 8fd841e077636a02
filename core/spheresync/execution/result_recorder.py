"""Record the results of one run in one target: journal, checkpoints, former tables, statuses and audit.

A result counts in memory as soon as it is known, so that the next item is judged by it. It is written to the state in
batches, each in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from spheresync.errors import TargetError, TargetFault
from spheresync.execution.begun_writes import BegunWrites
from spheresync.execution.half_written import half_written
from spheresync.execution.item_result import (
    UNSENT,
    Note,
    Result,
    audit_event_of,
    bodies_of,
    body_after,
    container_is_unknown,
    journal_entry_of,
    may_be_half_done,
    puts_back,
)
from spheresync.execution.lost_additions import LostAdditions
from spheresync.model import (
    Action,
    Address,
    AssetId,
    Digest,
    Problem,
    RunKind,
    TargetKey,
    digest_of,
)
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.drift import DRIFT
from spheresync.planning.decisions.drift_findings import left_after_write
from spheresync.planning.decisions.items import EDITED
from spheresync.planning.names.container_notes import container_note
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    NO_RUN,
    ChangeSetItem,
    Checkpoint,
    CheckpointState,
    DriftEffect,
    FormerTable,
    JournalEntry,
    JournalState,
    PendingRepair,
    RunRecord,
    TableDrift,
)
from spheresync.targets.registry import design_of

_STATE_AFTER = {
    Action.RETIRE: CheckpointState.RETIRED,
    Action.DELETE: CheckpointState.DELETED,
    Action.FORGET: CheckpointState.FORGOTTEN,
}
_IN_THE_WAY = frozenset({TargetFault.CONFLICT, TargetFault.MOVED})


class ResultRecorder:
    """Records the results of one run under one claim.

    `restores`: the run writes tables back exactly as they were before, or not at all.
    """

    restores = False

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        key: TargetKey,
        *,
        in_force: Sequence[TargetKey],
        fence: int,
        now: Callable[[], str],
    ) -> None:
        """`key`: the target that is written; `in_force`: the targets that count for an asset's status."""
        self._in_force = in_force
        self._store = store
        self._run = run
        self._key = key
        self._fence = fence
        self._now = now
        self._design = design_of(key.target)
        self._checkpoints: dict[AssetId, Checkpoint] = {}
        self._formers: dict[Address, FormerTable] = {}
        self._drifts: dict[AssetId, TableDrift] = {}
        self._told_to_stay = frozenset[AssetId | None]()
        self._additions = LostAdditions(store, key, run.id)
        self._begun = BegunWrites(store, key)

    async def take_back(self, items: Sequence[ChangeSetItem], *, tried: bool = False) -> None:
        """Note that items which were marked as sent were not: a run that is to stop held them back.

        `tried`: they were, and do not stand; the target may have done a part of them.

        Raises:
            FenceError: another process has taken the run over; it reads them before it sends them.
        """
        at = self._now()
        entries = [JournalEntry.of(item, self._run.id, JournalState.PLANNED, at) for item in items]
        left = await self._left_by(items) if tried else {}
        begun = await self._begun_by(items) if tried else []

        async def note(tx: Tx) -> None:
            await self._begun.note(tx, begun, ended=[])
            await tx.runs.record(self._run.id, entries, self._fence)
            await tx.blobs.put_many([*left.values()])
            await tx.checkpoints.put_many([*left], run_id=self._run.id, fence=self._fence)

        await self._store.write(note)

    async def open(self, assets: Collection[AssetId]) -> None:
        """Load what is known of the target in its destination, of the assets that the run is about."""
        self._checkpoints = await self._store.checkpoints.of(assets, self._key)
        formers = await self._store.former_tables.all(self._key)
        self._formers = {former.address: former for former in formers}
        drifts = await self._store.drift.of(assets, self._key)
        self._drifts = {
            asset: drift
            for asset, drift in drifts.items()
            if any(each.effect is DriftEffect.REPORT for each in drift.fields)
        }
        if self._drifts and self._run.change_set_id is not None:
            findings = (await self._store.change_sets.get(self._run.change_set_id)).findings
            told = [each for each in findings if each.code == DRIFT and each.key in {None, self._key}]
            self._told_to_stay = frozenset(each.asset for each in told)
        await self._additions.open()
        await self._begun.open()

    def staleness(self, item: ChangeSetItem) -> TargetError | None:
        """Whether what was written there last is no longer what the plan saw (decision 6: item by item)."""
        checkpoint = self._in_use(item)
        there = checkpoint or self._former(item)
        digest = there.body_digest if there is not None else None
        if digest == item.expected_digest or self.held_already(item):
            return None
        if self.went_with_base(item):
            if self._run.kind is not RunKind.APPLY:
                return None
            text = f"{item.asset}: {item.container}.{item.name} was deleted by somebody else and made again, so what "
            text += "was to be changed on it is gone."
            return TargetError(TargetFault.MOVED, text, remedy="Make a new preview.")
        by = (
            f"run {checkpoint.run_id}"
            if checkpoint is not None and checkpoint.run_id not in {NO_RUN, self._run.id}
            else "another run"
        )
        return TargetError(
            TargetFault.MOVED,
            f"{item.asset}: {by} has written {item.container}.{item.name} since this change set was made.",
            remedy="Make a new preview.",
        )

    def went_with_base(self, item: ChangeSetItem) -> bool:
        """Whether what the item changes stood on an object that has been made anew since: all of it is to be added."""
        held = self._checkpoints.get(item.asset)
        return (
            self._design.capabilities.goes_with_base
            and not self.restores
            and item.action.writes_definition
            and held is not None
            and held.state is CheckpointState.DELETED
            and (held.address, held.body_digest) == (item.address, item.expected_digest)
        )

    def held_already(self, item: ChangeSetItem) -> bool:
        """Whether another run has written the same meanwhile; not where the plan saw that edited afterwards."""
        checkpoint = self._in_use(item)
        return (
            checkpoint is not None
            and item.after_digest not in {None, EDITED}
            and checkpoint.body_digest == item.after_digest != item.expected_digest
            and checkpoint.state.in_use
            and item.action.writes_definition
        )

    def known(self, item: ChangeSetItem) -> Digest | None:
        """What the state knows of the object of an item, where the plan has read something else there."""
        there = self._in_use(item)
        return None if there is None or there.body == item.before else there.body

    def was_begun(self, item: ChangeSetItem) -> bool:
        """Whether a write that failed may have left a part of an object there of which the state knows nothing."""
        return self._in_use(item) is None and item in self._begun

    def in_use(self, item: ChangeSetItem) -> bool:
        """Whether the item is about the table that the asset has, and not about a former or a future one."""
        return self._in_use(item) is not None

    def _in_use(self, item: ChangeSetItem) -> Checkpoint | None:
        checkpoint = self._checkpoints.get(item.asset)
        here = checkpoint is not None and checkpoint.is_there and checkpoint.address == item.address
        return checkpoint if here else None

    def _former(self, item: ChangeSetItem) -> FormerTable | None:
        former = self._formers.get(item.address)
        return former if former is not None and former.asset == item.asset else None

    def note(self, result: Result) -> Note:
        """Take a result in: it counts for the next items from now on, and is in the state after `write`."""
        at = self._now()
        after = body_after(result)
        entry = journal_entry_of(self._run, result, after, at)
        base = self._base(result.item, entry)
        if self._aside(result.item):
            note = self._note_former(result, entry, at)
        else:
            note = self._note_in_use(result, entry, at)
        note = replace(note, base=base)
        if note.forgotten is not None:
            self._formers.pop(note.forgotten, None)
        if note.former is not None:
            self._formers[note.former.address] = note.former
        if note.checkpoint is not None:
            self._checkpoints[note.checkpoint.asset] = note.checkpoint
        return note

    def _base(self, item: ChangeSetItem, entry: JournalEntry) -> Digest | None:
        there = self._in_use(item) or self._former(item)
        return there.body if there is not None and entry.before not in {None, there.body} else None

    def note_unrecorded(self, item: ChangeSetItem, error: TargetError) -> Note:
        """Note that the result of an item could not be noted: its table is read before it is written again."""
        entry = JournalEntry.of(item, self._run.id, JournalState.FAILED, self._now())
        entry = replace(entry, problem=Problem.of_error(item.asset, error))
        held = self._in_use(item)
        checkpoint = replace(held, version=None) if held is not None else None
        return Note(Result(item, error=error), entry, checkpoint, None, None, aside=False)

    def _aside(self, item: ChangeSetItem) -> bool:
        """Whether the item is about a table that the asset had before, and leaves the one that it has alone."""
        return item.action.removes and not self.in_use(item)

    def _note_former(self, result: Result, entry: JournalEntry, at: str) -> Note:
        """The item retires or deletes a table that the asset had before: the checkpoint is not about that one."""
        item, outcome, error = result.item, result.outcome, result.error
        known = self._former(item)
        former, forgotten = None, None
        if error is not None and error.fault is TargetFault.MOVED:
            former = replace(known, version=None) if known is not None else None
        elif error is not None and error.fault is TargetFault.CONFLICT:
            forgotten = item.address  # somebody else's by now
        elif outcome is not None and outcome.body and not self._is_taken_back(item, outcome.body):
            former = FormerTable(
                asset=item.asset,
                target=item.target,
                destination=item.destination,
                container=item.container,
                name=item.name,
                body=entry.after or digest_of(outcome.body),
                body_digest=item.after_digest or Digest(""),
                version=outcome.version,
                retired=True,
                since=at,
            )
        elif outcome is not None:
            forgotten = item.address
        return Note(result, entry, None, former, forgotten, aside=True)

    def _note_in_use(self, result: Result, entry: JournalEntry, at: str) -> Note:
        item = result.item
        held = self._checkpoints.get(item.asset)
        checkpoint = self._checkpoint(result, held, entry.after, at)
        former, forgotten = None, None
        if checkpoint is not None and checkpoint.is_there:
            if self._former(item) is not None:
                forgotten = checkpoint.address  # in use again
            stays = held is not None and held.is_there and held.address != checkpoint.address
            if held is not None and stays and not self._goes_with_base(held):
                former = FormerTable.left_behind(held, at=at)
        return Note(result, entry, checkpoint, former, forgotten, aside=False)

    def _goes_with_base(self, held: Checkpoint) -> bool:
        """Whether what is left behind goes with the object of another target, so that nothing is done about it."""
        return self._design.capabilities.goes_with_base and held.state is not CheckpointState.BOUND

    def _checkpoint(
        self, result: Result, checkpoint: Checkpoint | None, after: Digest | None, at: str
    ) -> Checkpoint | None:
        item, outcome, error = result.item, result.outcome, result.error
        refused = error is not None and (
            error.fault is TargetFault.MOVED or (error.fault is TargetFault.CONFLICT and item.action.removes)
        )
        if refused and checkpoint is not None and self.in_use(item):
            # Its version is no longer known: the next plan reads the table first and merges what was edited there.
            return replace(checkpoint, version=None)
        if error is not None or (outcome is None and item.action not in UNSENT):
            return None
        state = self._state_after(item, outcome.body if outcome is not None else b"", checkpoint)
        if outcome is None:
            known = (
                checkpoint if self.in_use(item) else former.as_checkpoint() if (former := self._former(item)) else None
            )
            return self._noted(item, known, state, at) if known is not None else None
        body = after or item.before or Digest("")
        return Checkpoint(
            asset=item.asset,
            target=item.target,
            destination=item.destination,
            container=item.container,
            name=item.name,
            body=body,
            body_digest=item.after_digest or Digest(""),
            version=outcome.version,
            fingerprints=item.fingerprints,
            mapping=item.mapping,
            definition=item.definition,
            state=state,
            held=checkpoint.held if checkpoint is not None and puts_back(item) else None,
            synced_at=at,
            run_id=self._run.id,
            fence=self._fence,
        )

    def _state_after(self, item: ChangeSetItem, body: bytes, checkpoint: Checkpoint | None) -> CheckpointState:
        """What became of the asset: nothing of ours is on a table of others from which it was taken back."""
        if body and self._design.is_bound(body):
            return CheckpointState.BOUND
        bound = checkpoint is not None and checkpoint.state is CheckpointState.BOUND and self.in_use(item)
        if bound and item.action is Action.ADOPT:
            return CheckpointState.BOUND
        taken_back = self._is_taken_back(item, body) if body else bound
        return CheckpointState.TAKEN_BACK if taken_back else _STATE_AFTER.get(item.action, CheckpointState.ACTIVE)

    def _is_taken_back(self, item: ChangeSetItem, body: bytes) -> bool:
        """Whether a table carries nothing of ours any more: one of ours is marked when it is retired."""
        return item.action is Action.RETIRE and not self._design.is_retired(body)

    def _noted(self, item: ChangeSetItem, checkpoint: Checkpoint, state: CheckpointState, at: str) -> Checkpoint:
        """The checkpoint of an object that was only forgotten or adopted: nothing was sent."""
        noted = replace(checkpoint, state=state, synced_at=at, run_id=self._run.id)
        if item.action is Action.FORGET:
            return noted
        return replace(noted, fingerprints=item.fingerprints, mapping=item.mapping, definition=item.definition)

    def _refused(self, result: Result) -> Problem | None:
        """What keeps the target from holding an asset as it should, as this result has it.

        An undo that is not taken says only what stands in its way, which the next plan looks into: a name that is
        taken, or that somebody else has worked on the table. What should be there is what Datasphere holds.
        """
        error = result.error
        if error is None or (self.restores and error.fault not in _IN_THE_WAY):
            return None
        return Problem.of_error(result.item.asset, error)

    def _wrote_all(self, note: Note) -> bool:
        """Whether nothing that others wrote stands in an object any more where ours belongs."""
        result, action = note.result, note.result.item.action
        if self.restores or result.error is not None or result.outcome is None:
            return False
        return (action.writes_definition or action.removes) and not result.outcome.kept

    def _left_edited(self, note: Note) -> TableDrift | None:
        """What stays of what others wrote there: as the plan told that has read it, else as it was known before.

        Of very many tables a plan tells the number only.
        """
        item = note.result.item
        drift = self._drifts.get(item.asset)
        if drift is None:
            return None
        if drift.rest is PendingRepair.TO_MEND_IN_PART and not self._told_to_stay & {item.asset, None}:
            return None
        written = {change.path for change in item.changes}
        staying = any(each.effect is DriftEffect.REPORT and each.path not in written for each in drift.fields)
        return left_after_write(drift) if staying else None

    async def _left_by(self, items: Sequence[ChangeSetItem]) -> dict[Checkpoint, bytes]:
        """What is known of objects that writes which failed may have left half done, with their bodies."""
        held = [(item, known) for item in items if (known := self._in_use(item)) is not None]
        left = await half_written(self._store, self._design, held)
        self._checkpoints |= {known.asset: known for known in left}
        return left

    async def _begun_by(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        return await self._begun.of([item for item in items if self._in_use(item) is None], self._design)

    async def _with_tried(self, notes: Sequence[Note], tried: Sequence[ChangeSetItem]) -> list[Note]:
        """The notes; of what failed half-way with what was tried."""
        left = {known.asset: (known, body) for known, body in (await self._left_by(tried)).items()} if tried else {}
        return [
            replace(note, checkpoint=known[0], bodies=(*note.bodies, known[1]))
            if note.result.tried and (known := left.get(note.result.item.asset)) is not None
            else note
            for note in notes
        ]

    async def _seen(self, notes: Sequence[Note]) -> dict[int, Digest]:
        """The digests of ours as it stood in objects that others had changed, by the ordinals of their items."""
        edited = [note for note in notes if note.base is not None and note.entry.before is not None]
        if not edited:
            return {}
        fresh = {digest: body for note in edited for digest, body in bodies_of(note).items()}
        wanted = {digest for note in edited for digest in (note.base, note.entry.before) if digest is not None}
        bodies = await self._store.blobs.get_many(wanted - fresh.keys()) | fresh
        found = {}
        for note in edited:
            base, before = (bodies.get(digest) for digest in (note.base, note.entry.before) if digest is not None)
            if base is not None and before is not None:
                seen = self._design.as_seen(base, before)
                found[note.entry.ordinal] = self._design.fingerprint(seen)
        return found

    async def write(self, notes: Sequence[Note]) -> None:
        """Write results to the state, in one transaction.

        Raises:
            FenceError: another process has taken the run over; nothing is written.
            StateError: the state could not be written.
        """
        tried = [note.result.item for note in notes if may_be_half_done(note.result)]
        begun = await self._begun_by(tried)
        notes = await self._with_tried(notes, tried)
        bodies = {digest_of(body): body for note in notes for body in note.bodies}
        for note in notes:
            bodies |= bodies_of(note)
        checkpoints = [note.checkpoint for note in notes if note.checkpoint is not None]
        # What becomes of a former table says nothing of where its asset stands.
        about = [note.result for note in notes if not note.aside]
        done = [result.item.asset for result in about if result.error is None]
        refused = [problem for result in about if (problem := self._refused(result)) is not None]
        settled = [c.asset for note in notes if (c := note.checkpoint) is not None and note.result.error is None]
        all_written = [note for note in notes if note.checkpoint is not None and self._wrote_all(note)]
        left = [drift for note in all_written if (drift := self._left_edited(note)) is not None]
        unedited = {note.result.item.asset for note in all_written} - {drift.asset for drift in left}
        seen = await self._seen(notes)
        events = [audit_event_of(self._run, note.result, seen.get(note.entry.ordinal)) for note in notes]
        bases = {note.entry.ordinal: note.base for note in notes if note.base is not None}
        results = [note.result for note in notes]
        unknown = await self._unknown_containers(results)
        writes = await self._additions.writes_of(results)

        async def write(tx: Tx) -> None:
            went = await self._additions.note(tx, results, writes, max((note.entry.at for note in notes), default=""))
            await self._begun.note(tx, begun, ended=[each.item for each in results if each.error is None])
            for noted in unknown:
                await tx.meta.delete(noted)
            await tx.blobs.put(bodies)
            await tx.checkpoints.put_many(checkpoints, run_id=self._run.id, fence=self._fence)
            for note in notes:
                if note.forgotten is not None:
                    await tx.former_tables.remove_many(self._key, [note.forgotten])
                if note.former is not None:
                    await tx.former_tables.put_many([note.former])
            await tx.runs.record(self._run.id, [note.entry for note in notes], self._fence, bases, went)
            await tx.drift.forget(self._key, unedited)
            await tx.drift.replace(left)
            await tx.drift.settle(self._key, settled)
            await tx.unwritten.remove_many(self._key, done)
            await tx.unwritten.put_many(self._key, refused, at=self._now())
            await settle_statuses(
                tx, {*done, *(each.asset for each in refused if each.asset is not None)}, self._in_force
            )
            await tx.audit.append_many(events)

        await self._store.write(write)

    async def _unknown_containers(self, results: Sequence[Result]) -> list[str]:
        """The notes of containers that are not as the state has them.

        Of a target whose items share what must exist, a failure tells of all of it only that something is missing.
        """
        unknown = [result for result in results if container_is_unknown(result)]
        missing = any(r.error is not None and r.error.fault is TargetFault.NO_CONTAINER for r in unknown)
        if missing and design_of(self._key.target).capabilities.depends_on is not None:
            return [*await self._store.meta.with_prefix(container_note(self._key, ""))]
        return [container_note(self._key, container) for container in {result.item.container for result in unknown}]
