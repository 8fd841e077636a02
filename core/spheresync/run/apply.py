"""Apply a saved change set to one target: journal, send, confirm, checkpoint, audit.

Each item goes planned → sent → confirmed (or failed). `sent` is on disk before the request leaves, the checkpoint and
the audit row are on disk in the transaction that says `confirmed`. So after a kill whatever is `sent` is read before
it is repeated, whatever is `confirmed` is never sent again, and the next process goes on at the next asset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.model import (
    Action,
    AssetId,
    AssetStatus,
    DesiredObject,
    Digest,
    JsonValue,
    Problem,
    Strategy,
    digest_of,
)
from spheresync.run.naming import container_note
from spheresync.run.progress import OnProgress, ProgressEvent
from spheresync.state.records import (
    AuditEvent,
    ChangeSetItem,
    Checkpoint,
    CheckpointState,
    JournalEntry,
    JournalState,
    RunRecord,
)
from spheresync.state.store import Store, Tx
from spheresync.target.protocol import Operation, Outcome, Target

WORKERS = 32
"""Requests to a target at once; more never helped (reference: aws-catalogs.md 6c)."""
CHUNK = 64
"""Items marked as sent in one transaction; bounds what a take-over has to read back."""
HOPELESS = 20
"""So many items in a row that the service refused or did not answer halt the run: the rest would fail alike."""

_STATE_AFTER = {
    Action.RETIRE: (CheckpointState.RETIRED, AssetStatus.RETIRED),
    Action.DELETE: (CheckpointState.DELETED, AssetStatus.DELETED),
    Action.FORGET: (CheckpointState.FORGOTTEN, AssetStatus.EXCLUDED),
}
_HOPELESS_FAULTS = frozenset({TargetFault.UNREACHABLE, TargetFault.DENIED, TargetFault.THROTTLED})


@dataclass(slots=True)
class ApplyReport:
    """`counts` by action for what was done, plus `failed`, `refused` (moved since the plan) and `skipped`."""

    counts: Counter[str] = field(default_factory=Counter)
    halted: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    item: ChangeSetItem
    operation: Operation | None  # None: nothing to send, only to remember


@dataclass(frozen=True, slots=True)
class _Result:
    task: _Task
    outcome: Outcome | None
    error: TargetError | None


class Applier:
    """Applies one change set under one claim of its run. Build it, `run` it once."""

    def __init__(
        self,
        target: Target,
        store: Store,
        run: RunRecord,
        *,
        fence: int,
        now: Callable[[], str],
        stopping: Callable[[], bool],
        progress: OnProgress,
    ) -> None:
        self._target = target
        self._store = store
        self._run = run
        self._fence = fence
        self._now = now
        self._stopping = stopping
        self._progress = progress
        self._report = ApplyReport()
        self._checkpoints: dict[AssetId, Checkpoint] = {}
        self._renamed: frozenset[AssetId] = frozenset()  # if such an asset has a table retired, it is its former one
        self._results: list[_Result] = []
        self._ready = anyio.Event()
        self._finished_sending = False
        self._hopeless = 0
        self._done = 0
        self._total = 0

    async def run(self, items: Sequence[ChangeSetItem], journal: Mapping[int, JournalEntry]) -> ApplyReport:
        """Do every item that the journal does not hold as ended.

        Args:
            items: of one target and destination, in the order in which they are to be done, none blocked.
            journal: entries of this run so far, by ordinal; `sent` ones are read back before anything is sent.

        Raises:
            FenceError: another process has taken the run over; nothing more was sent.
            StateError: the state could not be written; nothing more was sent.
        """
        self._total = len(items)
        self._renamed = frozenset(item.asset for item in items if item.action is Action.CREATE)
        open_items = []
        for item in items:
            entry = journal.get(item.ordinal)
            if entry is not None and entry.state.ended:
                self._count(item.action, entry.state, entry.problem)
                self._done += 1
            else:
                open_items.append((item, entry is not None))
        checkpoints = await self._store.checkpoints.all(self._target.name, items[0].destination) if items else []
        self._checkpoints = {checkpoint.asset: checkpoint for checkpoint in checkpoints}
        async with anyio.create_task_group() as group:
            group.start_soon(self._remember_results)
            await self._send_all(open_items)
            self._finished_sending = True
            self._ready.set()
        return self._report

    async def _send_all(self, open_items: Sequence[tuple[ChangeSetItem, bool]]) -> None:
        send, receive = anyio.create_memory_object_stream[_Task](CHUNK // 2)
        async with anyio.create_task_group() as group:
            for _ in range(min(WORKERS, len(open_items))):
                group.start_soon(self._worker, receive.clone())
            receive.close()
            async with send:
                for start in range(0, len(open_items), CHUNK):
                    if self._stopping() or self._report.halted is not None:
                        self._report.counts["skipped"] += len(open_items) - start
                        break
                    await self._feed(open_items[start : start + CHUNK], send)

    async def _feed(self, chunk: Sequence[tuple[ChangeSetItem, bool]], send: MemoryObjectSendStream[_Task]) -> None:
        tasks: list[_Task] = []
        blobs = await self._store.blobs.get_many(
            digest for item, _ in chunk for digest in (item.before, item.after) if digest is not None
        )
        for item, sent_before in chunk:
            stale = self._staleness(item)
            if stale is not None:
                self._conclude(_Result(_Task(item, None), None, stale))
            elif self._held_already(item):
                self._conclude(_Result(_Task(item, None), None, None))
            else:
                tasks.append(_Task(item, self._operation(item, blobs, recovering=sent_before)))
        ordinals = [task.item.ordinal for task in tasks if task.operation is not None]

        async def mark(tx: Tx) -> None:
            await tx.runs.mark_sent(self._run.id, ordinals, self._fence)

        if ordinals:
            await self._store.write(mark)
        for task in tasks:
            if task.operation is None:
                self._conclude(_Result(task, None, None))
            else:
                await send.send(task)

    def _staleness(self, item: ChangeSetItem) -> TargetError | None:
        """Whether what was written there last is no longer what the plan saw (decision 6: item by item)."""
        held = self._checkpoints.get(item.asset)
        elsewhere = held is not None and (held.container, held.name) != (item.container, item.name)
        if self._is_former(item) or (elsewhere and item.action is Action.CREATE):
            return None  # rules named the asset anew: its old table is retired, its new one created
        digest = held.body_digest if held is not None and held.state is not CheckpointState.DELETED else None
        if digest == item.expected_digest or self._held_already(item):
            return None
        return TargetError(
            TargetFault.MOVED,
            f"{item.asset}: another run has written {item.container}.{item.name} since this change set was made.",
            remedy="Make a new preview.",
        )

    def _held_already(self, item: ChangeSetItem) -> bool:
        """Whether another run has written it meanwhile; not so where the plan saw it written and edited since."""
        held = self._checkpoints.get(item.asset)
        return (
            held is not None
            and item.after_digest is not None
            and held.body_digest == item.after_digest != item.expected_digest
            and held.state is CheckpointState.ACTIVE
            and item.action in {Action.CREATE, Action.UPDATE, Action.METADATA_ONLY}
            and (held.container, held.name) == (item.container, item.name)
        )

    def _operation(self, item: ChangeSetItem, blobs: Mapping[Digest, bytes], *, recovering: bool) -> Operation | None:
        if item.action in {Action.FORGET, Action.ADOPT}:
            return None
        desired = None
        if item.after is not None and item.after_digest is not None:
            desired = DesiredObject(item.container, item.name, blobs[item.after], item.after_digest)
        return Operation(
            asset=item.asset,
            action=item.action,
            container=item.container,
            name=item.name,
            desired=desired,
            last_written=blobs[item.before] if item.before is not None else None,
            expected_version=item.expected_version,
            minor=item.strategy is Strategy.METADATA_ONLY and not item.changes,
            recovering=recovering,
            strict=self._run.kind == "apply",
        )

    async def _worker(self, tasks: MemoryObjectReceiveStream[_Task]) -> None:
        async with tasks:
            async for task in tasks:
                assert task.operation is not None
                try:
                    outcome = await self._target.perform(task.operation)
                except TargetError as error:
                    self._conclude(_Result(task, None, error))
                except ConfigurationError as error:
                    failed = TargetError(TargetFault.DENIED, error.message, remedy="Mend the AWS configuration.")
                    self._conclude(_Result(task, None, failed))
                else:
                    self._conclude(_Result(task, outcome, None))

    def _conclude(self, result: _Result) -> None:
        if result.error is not None and result.error.fault in _HOPELESS_FAULTS:
            self._hopeless += 1
            if self._hopeless >= HOPELESS and self._report.halted is None:
                self._report.halted = Problem(
                    self._target.name,
                    result.error.fault,
                    f"{HOPELESS} items in a row were not taken by {self._target.name}, so the run stopped: "
                    f"{result.error.message}",
                    result.error.remedy,
                )
        elif result.outcome is not None:
            self._hopeless = 0
        self._results.append(result)
        self._ready.set()

    async def _remember_results(self) -> None:
        while True:
            await self._ready.wait()
            self._ready = anyio.Event()
            batch, self._results = self._results, []
            if batch:
                await self._remember(batch)
                self._done += len(batch)
                await self._progress(
                    ProgressEvent("applying", self._done, self._total, f"writing to {self._target.name}")
                )
            if self._finished_sending and not self._results:
                return

    async def _remember(self, batch: Sequence[_Result]) -> None:
        at = self._now()
        bodies = {
            digest_of(result.outcome.body): result.outcome.body
            for result in batch
            if result.outcome is not None and result.outcome.body
        }
        befores = {
            digest_of(result.outcome.before): result.outcome.before
            for result in batch
            if result.outcome is not None and result.outcome.before
        }
        checkpoints = [c for c in (self._checkpoint(result, at) for result in batch) if c is not None]
        entries = [self._entry(result, at) for result in batch]
        events = [self._event(result) for result in batch]
        statuses = [s for s in (self._status(result) for result in batch) if s is not None]

        lost = {result.task.item.container for result in batch if _lost_its_container(result)}

        async def remember(tx: Tx) -> None:
            for container in lost:
                await tx.meta.delete(container_note(self._target.name, container))
            await tx.blobs.put_many([*bodies.values(), *befores.values()])
            await tx.checkpoints.put_many(checkpoints, run_id=self._run.id, fence=self._fence)
            await tx.runs.record(self._run.id, entries, self._fence)
            await tx.catalog.set_statuses(statuses)
            await tx.audit.append_many(events)

        await self._store.write(remember)
        for checkpoint in checkpoints:
            self._checkpoints[checkpoint.asset] = checkpoint
        for result, entry in zip(batch, entries, strict=True):
            self._count(result.task.item.action, entry.state, entry.problem)

    def _count(self, action: Action, state: JournalState, problem: Problem | None) -> None:
        if state is JournalState.CONFIRMED:
            self._report.counts[action] += 1
        elif state is JournalState.SKIPPED:
            self._report.counts[Action.UNCHANGED] += 1
        elif problem is not None and problem.code == TargetFault.MOVED:
            self._report.counts["refused"] += 1
        elif problem is not None and problem.code == TargetFault.CONFLICT:
            self._report.counts[Action.CONFLICT] += 1
        else:
            self._report.counts["failed"] += 1

    def _checkpoint(self, result: _Result, at: str) -> Checkpoint | None:
        item, outcome = result.task.item, result.outcome
        held = self._checkpoints.get(item.asset)
        if self._is_former(item):
            return None  # marked, and no longer followed: the checkpoint is that of the new table
        if result.error is not None and result.error.fault is TargetFault.MOVED and held is not None:
            # Its version is no longer known: the next plan reads the table first and merges what was edited there.
            return replace(held, version=None)
        if result.error is not None or (outcome is None and item.action not in {Action.FORGET, Action.ADOPT}):
            return None
        state, _ = _STATE_AFTER.get(item.action, (CheckpointState.ACTIVE, AssetStatus.SYNCED))
        if outcome is None:
            return self._noted(item, held, state, at) if held is not None else None
        body = digest_of(outcome.body) if outcome.body else (item.before or Digest(""))
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
            held=None,
            synced_at=at,
            run_id=self._run.id,
            fence=self._fence,
        )

    def _noted(self, item: ChangeSetItem, held: Checkpoint, state: CheckpointState, at: str) -> Checkpoint:
        """The checkpoint of an object that was only forgotten or adopted: nothing was sent."""
        noted = replace(held, state=state, synced_at=at, run_id=self._run.id)
        if item.action is Action.FORGET:
            return noted
        return replace(noted, fingerprints=item.fingerprints, mapping=item.mapping, definition=item.definition)

    def _is_former(self, item: ChangeSetItem) -> bool:
        """Whether the item retires the table that an asset had before rules named it anew."""
        return item.action is Action.RETIRE and item.asset in self._renamed

    def _entry(self, result: _Result, at: str) -> JournalEntry:
        item, outcome, error = result.task.item, result.outcome, result.error
        problem = Problem(str(item.asset), error.fault, error.message, error.remedy) if error is not None else None
        if error is not None:
            state = JournalState.FAILED
        elif outcome is None and item.action not in {Action.FORGET, Action.ADOPT}:
            state = JournalState.SKIPPED
        else:
            state = JournalState.CONFIRMED
        return JournalEntry(
            run_id=self._run.id,
            ordinal=item.ordinal,
            state=state,
            action=item.action,
            problem=problem,
            before=digest_of(outcome.before) if outcome is not None and outcome.before else item.before,
            after=digest_of(outcome.body) if outcome is not None and outcome.body else None,
            version=outcome.version if outcome is not None else None,
            request_id=outcome.request_id if outcome is not None else error.request_id if error is not None else None,
            at=at,
        )

    def _event(self, result: _Result) -> AuditEvent:
        item, outcome, error = result.task.item, result.outcome, result.error
        detail: dict[str, JsonValue] = {
            "object": f"{item.container}.{item.name}",
            "strategy": item.strategy,
            "before": item.expected_digest,
            "after": item.after_digest,
        }
        outcome_word = "done"
        if error is not None:
            outcome_word = "refused" if error.fault is TargetFault.MOVED else str(error.fault)
            detail["reason"] = error.message
            detail["request_id"] = error.request_id
        elif outcome is not None:
            outcome_word = "already" if outcome.already else "done"
            detail["request_id"] = outcome.request_id
            detail["version"] = outcome.version
            if outcome.kept:
                detail["kept"] = [change.path for change in outcome.kept]
        return AuditEvent(
            actor=self._run.actor.id,
            action=item.action,
            run_id=self._run.id,
            asset=str(item.asset),
            target=item.target,
            outcome=outcome_word,
            detail={key: value for key, value in detail.items() if value is not None},
        )

    def _status(self, result: _Result) -> tuple[AssetId, AssetStatus] | None:
        item, error = result.task.item, result.error
        if self._is_former(item):
            return None
        if error is not None:
            return (item.asset, AssetStatus.CONFLICT) if error.fault is TargetFault.CONFLICT else None
        _, status = _STATE_AFTER.get(item.action, (CheckpointState.ACTIVE, AssetStatus.SYNCED))
        return item.asset, status


def _lost_its_container(result: _Result) -> bool:
    """Whether the database is gone: what the state notes of it is dropped, so that the next run makes it again."""
    return result.error is not None and result.error.fault is TargetFault.NO_CONTAINER
