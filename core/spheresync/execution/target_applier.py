"""Apply the items of a change set in one target: send them, and have each result recorded.

Each item goes planned → sent → confirmed (or failed). `sent` is in the state before the request leaves; checkpoint and
audit row are committed in the transaction that says `confirmed`. So after a kill whatever is `sent` is read before it
is sent again, whatever is `confirmed` is never sent again, and the next process goes on at the next asset.

Removals begin when all writes have ended: a table that is replaced by one under a new name goes only after that exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from spheresync.errors import ConfigurationError, NoObjectError, TargetError, TargetFault, TargetOutError
from spheresync.execution.base_readiness import AtBase
from spheresync.execution.circuit_breaker import CircuitBreaker
from spheresync.execution.item_result import UNSENT, Result
from spheresync.execution.noted_outcome import as_undone_by
from spheresync.execution.result_batches import ApplyReport, ResultBatches
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.isolation import isolated_group
from spheresync.model import (
    Action,
    Address,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
    PhysicalName,
    Problem,
    RunKind,
    Strategy,
    TargetKey,
)
from spheresync.observe.context import about
from spheresync.observe.incidents import target_error
from spheresync.planning.decisions.items import conflict_remedy, of_another_destination
from spheresync.planning.names.closed_containers import ClosedContainers
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.run_counts import SKIPPED
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem, JournalEntry, RunRecord
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Operation, Outcome, Target
from spheresync.targets.read_ahead import ReadAhead, RecentReads
from spheresync.targets.registry import design_of

WORKERS = 32
"""Requests to a target at once; more never helped (reference: aws-catalogs.md 6c)."""
CHUNK = 64
"""Items marked as sent in one transaction; bounds what a take-over has to read back."""
MOST_FAILURES_IN_A_ROW = 20
"""So many items in a row that are not taken end the trying: of the whole run, or of one database that refuses all."""

_CHANGING = frozenset({Action.UPDATE, Action.METADATA_ONLY, Action.RETIRE})
"""What changes a table that is there, so that it is read first; a delete reads it at the last moment by itself."""


@dataclass(frozen=True, slots=True)
class _Task:
    item: ChangeSetItem
    operation: Operation | None  # None: nothing to send, only to remember


class TargetApplier:
    """Applies one change set under one claim of its run. Build it, `run` it once."""

    def __init__(
        self,
        target: Target,
        store: Store,
        run: RunRecord,
        recorder: ResultRecorder,
        *,
        fence: int,
        stopping: Callable[[], bool],
        progress: OnProgress,
        missing: Mapping[PhysicalName, TargetError] = MappingProxyType({}),
        at_base: AtBase,
        closed: ClosedContainers,
        recent: RecentReads | None = None,
        others: Mapping[Address, TargetKey] = MappingProxyType({}),
    ) -> None:
        """`missing`: databases that could not be had, and why; what would be written into them fails with that.

        `at_base`: what is known of the target that this one adds to.

        `closed` says into which databases no table is made.

        `recent`: tables that were read for the plan just now. `others`: tables that other destinations manage, and
        which; nothing is done to them.
        """
        self._others = others
        self._recent = recent or RecentReads()
        self._missing = missing
        self._at_base = at_base
        self._closed = closed
        self._breaker = CircuitBreaker(MOST_FAILURES_IN_A_ROW)
        self._target = target
        self._design = design_of(target.key.target)
        self._store = store
        self._run = run
        self._recorder = recorder
        self._fence = fence
        self._stopping = stopping
        self._progress = progress
        self.report = ApplyReport()
        self._results = ResultBatches(recorder, self.report, target.key, progress)
        self._moving: frozenset[AssetId] = frozenset()  # to another address: what they had gives way to it
        self._unsent: list[ChangeSetItem] = []  # marked as sent, and held back because the run is to stop

    async def run(
        self,
        items: Sequence[ChangeSetItem],
        journal: Mapping[int, JournalEntry],
        all_items: Sequence[ChangeSetItem] = (),
    ) -> None:
        """Do every item that the journal does not hold as ended; `report` says what came of them.

        Args:
            items: of one target and destination, in the order in which they are to be done, none blocked.
            journal: entries of this run so far, by ordinal; `sent` ones are read back before anything is sent.
            all_items: those that are done in other parts of the run too.

        Raises:
            FenceError: another process has taken the run over; nothing more was sent.
            StateError: the state could not be written; nothing more was sent.
        """
        self._results.total = len(items)
        written = {item.asset: item.address for item in all_items or items if not item.action.removes}
        removed = [item for item in items if item.action.removes and item.asset in written]
        self._moving = frozenset(i.asset for i in removed if written[i.asset] != i.address)
        open_items = []
        for item in items:
            entry = journal.get(item.ordinal)
            if entry is not None and entry.state.ended:
                self._results.count_former(entry)
            else:
                open_items.append((item, entry is not None))
        if items:
            await self._recorder.open({item.asset for item in items})
        async with isolated_group() as group:
            group.start_soon(self._results.keep_writing)
            await self._send_all([each for each in open_items if not each[0].action.removes])
            await self._send_all([each for each in open_items if each[0].action.removes])
            self._results.no_more()
        if self._unsent:
            self.report.counts[SKIPPED] += len(self._unsent)
            await self._recorder.take_back(self._unsent)

    async def fail(self, items: Sequence[ChangeSetItem], error: Exception) -> None:
        """Conclude items of which nothing was sent as failed, with what kept the whole target from its turn.

        Raises:
            FenceError: another process has taken the run over.
            StateError: the state could not be written.
        """
        self._results.total = len(items)
        ours = _not_configured(error) or target_error(error, str(self._target.key))
        await self._recorder.open({item.asset for item in items})
        for item in items:
            self._results.conclude(Result(item, error=TargetOutError(str(self._target.key), str(item.asset), ours)))
        await self._results.write()

    async def settle(self, items: Sequence[ChangeSetItem]) -> None:
        """Find out what became of items that were sent and never confirmed; nothing is written for that.

        What stands as an item leaves it is confirmed; what does not counts as never sent.

        Raises:
            TargetError: nobody can say, as the target does not answer; they stay as they are.
            FenceError: another process has taken the run over.
            StateError: the state could not be written.
        """
        self._results.total = len(items)
        await self._recorder.open({item.asset for item in items})
        blobs = await self._bodies(items)
        tasks: dict[Address, _Task] = {}
        for item in items:
            try:
                task = self._task(item, blobs, recovering=True)
            except Exception as error:  # noqa: BLE001 -- isolates this item
                self._results.conclude(Result(item, error=target_error(error, str(item.asset))))
            else:
                if task is not None:
                    tasks[item.address] = task
        looked = await look_by_name(self._target, tasks)
        unsent = []
        for at, task in tasks.items():
            if task.operation is None:
                self._results.conclude(Result(task.item))
            elif at in looked.hidden:
                self._results.conclude(Result(task.item, error=looked.hidden[at]))
            elif self._is_done(task.operation, looked.found.get(at)):
                result = await self._perform(task.item, task.operation)  # reads it, and finds it done
                if result.error is not None and result.error.systemic:
                    raise result.error
                self._results.conclude(result)
            else:
                unsent.append(task.item)
        await self._results.write()
        if unsent:
            await self._recorder.take_back(unsent, tried=True)

    async def _bodies(self, items: Iterable[ChangeSetItem]) -> Mapping[Digest, bytes]:
        """What the items hold, and what the state knows of their objects where that is something else."""
        wanted = ((item.before, item.after, self._recorder.known(item)) for item in items)
        return await self._store.blobs.get_many(digest for each in wanted for digest in each if digest is not None)

    async def _send_all(self, open_items: Sequence[tuple[ChangeSetItem, bool]]) -> None:
        ahead = await self._read_ahead(open_items)
        send, receive = anyio.create_memory_object_stream[_Task](CHUNK // 2)
        async with isolated_group() as group:
            for _ in range(min(WORKERS, len(open_items))):
                group.start_soon(self._worker, receive.clone())
            receive.close()
            async with send:
                for start in range(0, len(open_items), CHUNK):
                    if self._stopping() or self.report.halted is not None:
                        self.report.counts[SKIPPED] += len(open_items) - start
                        break
                    await self._feed(open_items[start : start + CHUNK], ahead, send)

    async def _read_ahead(self, open_items: Sequence[tuple[ChangeSetItem, bool]]) -> ReadAhead:
        changing = [item.address for item, sent in open_items if item.action in _CHANGING and not sent]
        if not changing:
            return ReadAhead(self._target, (), {})
        sizes = await self._store.checkpoints.count_active(self._target.key)
        return ReadAhead(self._target, changing, sizes)

    async def _feed(
        self,
        chunk: Sequence[tuple[ChangeSetItem, bool]],
        ahead: ReadAhead,
        send: MemoryObjectSendStream[_Task],
    ) -> None:
        tasks: list[_Task] = []
        blobs = await self._bodies([item for item, _ in chunk])
        for item, sent_before in chunk:
            try:
                task = self._task(item, blobs, recovering=sent_before)
            except Exception as error:  # noqa: BLE001 -- isolates this item
                self._results.conclude(Result(item, error=target_error(error, str(item.asset))))
            else:
                if task is not None:
                    tasks.append(task)
        tasks = await self._record_what_is_done(tasks)
        try:
            tasks = await self._seen(tasks, ahead)
        except TargetError as error:
            for task in tasks:
                if task.operation is None:
                    self._results.conclude(Result(task.item))
                    continue
                told = TargetError(
                    error.fault, f"{task.item.asset}: {error.message}", remedy=error.remedy, systemic=True
                )
                self._refused(task.item, told)
            return
        ordinals = [task.item.ordinal for task in tasks if task.operation is not None]

        async def mark(tx: Tx) -> None:
            await tx.runs.mark_sent(self._run.id, ordinals, self._fence)

        if ordinals:
            await self._store.write(mark)
        for task in tasks:
            if task.operation is None:
                self._results.conclude(Result(task.item))
            else:
                await send.send(task)

    async def _record_what_is_done(self, tasks: list[_Task]) -> list[_Task]:
        """Record what a former driver of the run brought about, before anything else is sent; answers the rest.

        So each driver gets further than the one before it, however soon it is ended.
        """
        doubtful = {t.item.address: t for t in tasks if t.operation and t.operation.recovering}
        if not doubtful:
            return tasks
        try:
            looked = await look_by_name(self._target, doubtful)
        except (TargetError, ConfigurationError):
            return tasks  # each is looked at by itself, and fails by itself
        stands = {
            task.item.ordinal
            for at, task in doubtful.items()
            if task.operation and at not in looked.hidden and self._is_done(task.operation, looked.found.get(at))
        }
        async with isolated_group() as group:
            for task in tasks:
                if task.operation is not None and task.item.ordinal in stands:
                    group.start_soon(self._do, task.item, task.operation)
        await self._results.write()
        return [task for task in tasks if task.item.ordinal not in stands]

    def _task(self, item: ChangeSetItem, blobs: Mapping[Digest, bytes], *, recovering: bool) -> _Task | None:
        """What is to be done for an item, None where it is concluded already."""
        stale = self._recorder.staleness(item) or self._still_needed(item) or _lost(item, blobs)
        stale = stale or self._of_others(item)
        stale = stale or (self._at_base.unready.get(item.asset) if item.action.writes_definition else None)
        stale = stale or (None if recovering else self._given_up(item))
        if stale is not None:
            self._results.conclude(Result(item, error=stale))
        elif self._recorder.held_already(item):
            self._results.conclude(Result(item))
        else:
            return _Task(item, self._operation(item, blobs, recovering=recovering))
        return None

    async def _seen(self, tasks: Sequence[_Task], ahead: ReadAhead) -> list[_Task]:
        """The tasks with what stands where they change something; what was sent before a crash is read by itself."""
        reading = [task for task in tasks if task.operation is not None and not task.operation.recovering]
        changing = [t.item.address for t in reading if t.item.action in _CHANGING]
        seen = self._recent.take(changing)
        seen |= await ahead.seen(address for address in changing if address not in seen)
        return [
            _Task(task.item, replace(task.operation, seen=seen.get(task.item.address)))
            if task.operation is not None and not task.operation.recovering
            else task
            for task in tasks
        ]

    def _of_others(self, item: ChangeSetItem) -> TargetError | None:
        """Why an item is about what another destination manages by now."""
        other = self._others.get(item.address)
        if other is None or item.action in UNSENT:
            return None
        return TargetError(
            TargetFault.CONFLICT,
            f"{item.asset}: {(why := of_another_destination(item.container, item.name, other))}; it stays as it is.",
            remedy=conflict_remedy(why, self._design),
        )

    def _given_up(self, item: ChangeSetItem) -> TargetError | None:
        """Why an item need not be tried: its database could not be had, or lets nothing be written."""
        error, why = self._missing.get(item.container), "could not be made"
        if error is None or not item.action.writes_definition:
            error, why = self._breaker.given_up.get(item.container), f"refused {MOST_FAILURES_IN_A_ROW} tables in a row"
        if error is None or item.action in UNSENT:
            return None
        if error.fault is TargetFault.CONFLICT:  # it is another's: told as in a preview
            return error
        what = f"database {item.container} {why}, so its table"
        if self._design.capabilities.depends_on is not None:  # it stands in no database of its own
            what = f"{self._design.service}: {item.container} or what is shared {why}, so it"
        message = f"{item.asset}: {what} was not tried: {error.message}"
        return TargetError(error.fault, message, remedy=error.remedy, request_id=error.request_id)

    def _still_needed(self, item: ChangeSetItem) -> TargetError | None:
        """A table gives way to one under another name only when that one is there."""
        if not (item.action.removes and item.asset in self._moving and self._recorder.in_use(item)):
            return None
        word, place = self._design.object_word, f"{item.container}.{item.name}"
        message = f"{item.asset}: its {word} under the new name could not be written, so {place} stays."
        remedy = f"See what kept the new {word} from being written."
        if self._design.capabilities.depends_on is not None:
            message = f"{item.asset}: what {self._design.service} has of it could not be written at its new place, so "
            message, remedy = f"{message}it stays at {place} too.", "See what kept it from being written there."
        return TargetError(TargetFault.MOVED, message, remedy=remedy)

    def _operation(self, item: ChangeSetItem, blobs: Mapping[Digest, bytes], *, recovering: bool) -> Operation | None:
        if item.action in UNSENT:
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
            last_written=None if item.before is None or self._recorder.went_with_base(item) else blobs[item.before],
            known=None if (known := self._recorder.known(item)) is None else blobs.get(known),
            expected_version=item.expected_version,
            minor=item.strategy is Strategy.METADATA_ONLY and not item.changes,
            recovering=recovering,
            strict=self._run.kind is RunKind.APPLY,
            exact=self._recorder.restores,
            homes=self._at_base.homes,
        )

    async def _worker(self, tasks: MemoryObjectReceiveStream[_Task]) -> None:
        async with tasks:
            async for task in tasks:
                assert task.operation is not None
                if (self._stopping() or self.report.halted is not None) and not task.operation.recovering:
                    self._unsent.append(task.item)
                    continue
                await self._do(task.item, task.operation)

    async def _do(self, item: ChangeSetItem, operation: Operation) -> None:
        result = await self._perform(item, operation)
        if result.error is not None:
            self._refused(item, result.error, tried=result.tried)
        else:
            self._breaker.succeeded(item.container)
            self._results.conclude(result)

    async def _perform(self, item: ChangeSetItem, operation: Operation) -> Result:
        try:
            with about(asset=str(item.asset)):
                if self._recorder.was_begun(item):
                    operation = replace(operation, recovering=True)
                reviewed = operation.desired.body if operation.desired is not None else None
                outcome = as_undone_by(self._design, item, operation, await self._sent(operation))
                return Result(item, outcome, reviewed=reviewed)
        except Exception as error:  # noqa: BLE001 -- isolates this item
            if (unusable := _not_configured(error)) is not None:
                return Result(item, error=unusable)
            return Result(item, error=target_error(error, str(item.asset)), tried=True)

    async def _sent(self, operation: Operation) -> Outcome:
        """Do one operation; an object is made only in a container that was looked at in this run."""
        if not operation.action.writes_definition:
            return await self._target.perform(operation)
        if operation.action is not Action.CREATE or operation.recovering:
            try:
                return await self._target.perform(replace(operation, must_exist=True))
            except NoObjectError:
                operation = replace(operation, seen=None)
        closed = await self._closed.why(operation.container)
        if closed is not None:
            raise closed
        return await self._target.perform(operation)

    def _is_done(self, operation: Operation, live: LiveObject | None) -> bool:
        """Whether an object seems to be as an operation leaves it."""
        if operation.desired is None:
            return live is None
        return live is not None and self._design.holds(live, operation.desired)

    def _refused(self, item: ChangeSetItem, error: TargetError, *, tried: bool = False) -> None:
        """Conclude an item that the target did not take, and halt the run where it will take no other either."""
        if self._breaker.failed(item.container, error) and self.report.halted is None:
            count = (
                "1 item was" if error.fault is TargetFault.DENIED else f"{MOST_FAILURES_IN_A_ROW} items in a row were"
            )
            text = f"{count} not taken by {self._target.key}, so the run stopped: {error.message}"
            self.report.halted = Problem.of_target(self._target.key, error.fault, text, error.remedy)
        self._results.conclude(Result(item, error=error, tried=tried))


def _not_configured(error: Exception) -> TargetError | None:
    """That AWS cannot be used as it is configured, as the error of an item; None where that is not what is wrong."""
    if not isinstance(error, ConfigurationError):
        return None
    return TargetError(TargetFault.DENIED, error.message, remedy="Mend the AWS configuration.", systemic=True)


def _lost(item: ChangeSetItem, blobs: Mapping[Digest, bytes]) -> TargetError | None:
    """An item whose bodies are not those that were reviewed is not sent."""
    needed = () if item.action in UNSENT else (item.before, item.after)
    if all(digest is None or digest in blobs for digest in needed):
        return None
    return TargetError(
        TargetFault.FAILED,
        f"{item.asset}: what was reviewed for {item.container}.{item.name} is damaged in the state; nothing was sent.",
        remedy="Make a new preview; `spheresync doctor` says what else is damaged.",
    )
