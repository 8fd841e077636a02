"""Write the results of a target in batches while it is applied, and count them.

A result is noted in memory when it is known, and written with all others that came meanwhile. Where a batch cannot be
written, its results are written one by one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from spheresync.errors import FenceError
from spheresync.execution.item_result import Note, Result, count_word
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.model import Action, Problem, TargetKey
from spheresync.observe.context import about
from spheresync.observe.incidents import target_error
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.state.records import JournalEntry, JournalState

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ApplyReport:
    """`counts` by action for what was done, plus `failed`, `refused` (moved since the plan) and `skipped`."""

    counts: Counter[str] = field(default_factory=Counter)
    halted: Problem | None = None


class ResultBatches:
    """The results of one target in one run, on their way into the state."""

    def __init__(self, recorder: ResultRecorder, report: ApplyReport, key: TargetKey, progress: OnProgress) -> None:
        self.total = 0  # items, for the progress
        self._recorder = recorder
        self._report = report
        self._key = key
        self._progress = progress
        self._notes: list[Note] = []
        self._writing = anyio.Lock()
        self._ready = anyio.Event()
        self._complete = False
        self._done = 0

    def count_former(self, entry: JournalEntry) -> None:
        """Count an item that a former driver of the run has ended."""
        self._count(entry.action, entry.state, entry.problem)
        self._done += 1

    def no_more(self) -> None:
        """Say that no further result comes."""
        self._complete = True
        self._ready.set()

    def conclude(self, result: Result) -> None:
        """Take the result of one item in; it counts at once, and is written with the next batch."""
        if result.error is not None:
            with about(asset=str(result.item.asset)):
                log.warning("%s: %s", self._key, result.error.message)
        self._notes.append(self._note(result))
        self._ready.set()

    def _note(self, result: Result) -> Note:
        try:
            return self._recorder.note(result)
        except Exception as error:  # noqa: BLE001 -- isolates this item
            return self._recorder.note_unrecorded(result.item, target_error(error, str(result.item.asset)))

    async def keep_writing(self) -> None:
        """Write results as they come, until `no_more` was said and all are written."""
        while True:
            await self._ready.wait()
            self._ready = anyio.Event()
            await self.write()
            if self._complete and not self._notes:
                return

    async def write(self) -> None:
        """Write the results that there are."""
        async with self._writing:
            batch, self._notes = self._notes, []
            if not batch:
                return
            for note in await self._written(batch):
                self._count(note.entry.action, note.entry.state, note.entry.problem)
            self._done += len(batch)
        await self._progress(ProgressEvent("applying", self._done, self.total, f"writing to {self._key}"))

    async def _written(self, batch: Sequence[Note]) -> Sequence[Note]:
        """Write results together; where that fails, one by one, so that only what fails by itself is lost.

        Raises:
            FenceError: another process has taken the run over.
            StateError: the state takes nothing.
        """
        try:
            await self._recorder.write(batch)
        except FenceError:
            raise
        except Exception as error:  # noqa: BLE001 -- isolates each item, or the state itself
            if len(batch) > 1:
                return [written for note in batch for written in await self._written([note])]
            item = batch[0].result.item
            unrecorded = self._recorder.note_unrecorded(item, target_error(error, str(item.asset)))
            try:
                await self._recorder.write([unrecorded])
            except FenceError:
                raise
            except Exception:  # noqa: BLE001 -- the first error is the one to tell
                raise error from None
            return [unrecorded]
        return batch

    def _count(self, action: Action, state: JournalState, problem: Problem | None) -> None:
        self._report.counts[count_word(action, state, problem)] += 1
