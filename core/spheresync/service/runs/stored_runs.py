"""Answers about runs, for the parts that start or follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from spheresync.answers import Finding, Page, RunAnswer, RunRow
from spheresync.errors import RefusedError, UsageError
from spheresync.execution.run_request import RunRequest
from spheresync.model import Action, Problem, RunId, counted
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, deletes_not_allowed
from spheresync.runtime.context import RuntimeContext
from spheresync.service import answer_rows
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.run_rows import listed_run
from spheresync.service.runs.retry import with_repeated_failures
from spheresync.state.records import ChangeSetRecord, RunRecord


class StoredRuns:
    """Reads runs; who may ask is checked by the part that is asked."""

    def __init__(self, context: RuntimeContext, change_sets: StoredChangeSets) -> None:
        self._context = context
        self._store = context.store
        self._change_sets = change_sets

    async def answer(self, run_id: str) -> RunAnswer:
        answer = await self._answer(run_id)
        if answer.retry_of is None or not answer.failures:
            return answer
        try:
            return with_repeated_failures(answer, await self._answer(answer.retry_of))
        except UsageError:  # the former run is forgotten by now
            return answer

    async def _answer(self, run_id: str) -> RunAnswer:
        run = await self._store.runs.get(RunId(run_id))
        if run.change_set_id is None:
            return answer_rows.run_answer(run)
        change_set_id = run.change_set_id
        if run.state.ended:
            run = _with_lost_entries(run, await self._store.runs.lost_entries(run.id))
        try:
            change_set = await self._store.change_sets.get(change_set_id)
        except (RefusedError, UsageError) as error:  # damaged, and no reason to tell nothing of the run
            told = Problem("state", error.problem_code, error.message, error.remedy)
            return answer_rows.run_answer(replace(run, problems=(*run.problems, told)))
        conflicts = []
        if change_set.summary.get(Action.CONFLICT):
            conflicts = await self._store.change_sets.items(
                change_set.id, after_ordinal=0, limit=answer_rows.SHOWN_FAILURES, actions=[Action.CONFLICT]
            )
        tally = await self._store.runs.tally(run.id)
        failed = await self._store.runs.failed(run.id, answer_rows.SHOWN_FAILURES)
        answer = answer_rows.run_answer(
            run,
            change_set,
            tally,
            failed,
            conflicts,
            targets=await self._store.change_sets.targets(change_set.id, [entry.ordinal for entry in failed]),
            applying_for=await self._applying_for(run),
        )
        left = await self._left_undeleted(run, change_set)
        return answer if left is None else answer.model_copy(update={"findings": [left, *answer.findings]})

    async def _left_undeleted(self, run: RunRecord, change_set: ChangeSetRecord) -> Finding | None:
        """What to say where a run left deletes out because nobody had allowed them."""
        told = any(problem.code == DELETES_NOT_APPROVED for problem in run.problems)
        if told or not run.state.ended or RunRequest.parse(run.request).allow_deletes:
            return None
        count = await self._change_sets.deletes_to_allow(change_set)
        return answer_rows.finding(deletes_not_allowed(change_set, run.id, count)) if count else None

    async def _applying_for(self, run: RunRecord) -> timedelta | None:
        began = None if run.state.ended else await self._store.runs.began_at(run.id)
        return None if began is None else self._context.clock() - datetime.fromisoformat(began)

    async def page(self, *, limit: int = 20, cursor: str | None = None, budget: int | None = None) -> Page[RunRow]:
        listing = Listing.of("runs")
        passed, start = listing.position(cursor, str)
        size = page_size(limit)
        before = RunId(str(start[0])) if start is not None else None
        runs, total = await self._store.runs.page(limit=size + 1, before=before)
        rows = rows_within([await listed_run(self._store, run) for run in runs[:size]], budget)
        more = listing.encode(passed + len(rows), rows[-1].run_id) if len(runs) > len(rows) else None
        return Page(items=rows, total=total, next_cursor=more, first=first_of_page(passed, rows))


def _with_lost_entries(run: RunRecord, lost: Sequence[object]) -> RunRecord:
    """The run, with a word on what of its journal cannot be read."""
    if not lost:
        return run
    entries = counted(len(lost), "entry", "entries")
    message = f"{entries} of the journal of run {run.id} cannot be read: damaged or altered."
    told = Problem("state", "state", message, "`spheresync doctor` tells what else is; what they told is not known.")
    return replace(run, problems=(*run.problems, told))
