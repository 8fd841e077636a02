"""Answers about runs, for the parts that start or follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from spheresync.answers import Finding, OutcomeRow, Page, RunAnswer, RunRow
from spheresync.errors import RefusedError, UsageError
from spheresync.execution.run_request import RunRequest
from spheresync.model import Action, Problem, RunId, RunKind, RunState, counted
from spheresync.planning.decisions.access import access_findings
from spheresync.planning.decisions.approvals import ACCESS, DELETES_NOT_APPROVED, deletes_not_allowed
from spheresync.runtime.context import RuntimeContext
from spheresync.service import answer_rows
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.run_rows import listed_run
from spheresync.service.runs.later_writes import with_later_writes
from spheresync.service.runs.retry import not_undone, with_repeated_failures
from spheresync.state.records import (
    AuditAction,
    AuditFilter,
    ChangeSetItem,
    ChangeSetRecord,
    JournalEntry,
    JournalState,
    RunRecord,
)

NAMED_OUTCOMES = 5
"""Assets that an answer names of each action; `query_audit_log` has every one."""
_ALL = 1_000_000


class StoredRuns:
    """Reads runs; who may ask is checked by the part that is asked."""

    def __init__(self, context: RuntimeContext, change_sets: StoredChangeSets) -> None:
        self._context = context
        self._store = context.store
        self._change_sets = change_sets

    async def answer(self, run_id: str) -> RunAnswer:
        answer = await self._answer(run_id)
        if answer.state == RunState.CANCELLED:
            answer = answer.model_copy(update={"cancelled_by": await self._cancelled_by(answer.run_id)})
        if answer.retry_of is None or not answer.failures:
            return answer
        try:
            return with_repeated_failures(answer, await self._answer(answer.retry_of))
        except UsageError:  # the former run is forgotten by now
            return answer

    async def _cancelled_by(self, run_id: str) -> str | None:
        """Who asked for the end of a run; None where nobody did, as where its process was stopped."""
        asked = AuditFilter(actions=(AuditAction.CANCEL,), run_id=RunId(run_id))
        entries, _ = await self._store.audit.query(asked, limit=1)
        return entries[0].actor if entries else None

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
        change_set = await self._with_access_of(run, change_set)
        conflicts = []
        if change_set.summary.get(Action.CONFLICT):
            conflicts = await self._store.change_sets.items(
                change_set.id, after_ordinal=0, limit=answer_rows.SHOWN_FAILURES, actions=[Action.CONFLICT]
            )
        tally = await self._store.runs.tally(run.id)
        failed, out = await self._failed(run)
        answer = answer_rows.run_answer(
            run,
            change_set,
            tally,
            failed,
            conflicts,
            targets=await self._store.change_sets.targets(change_set.id, [entry.ordinal for entry in failed]),
            applying_for=await self._applying_for(run),
            told_once=out,
        )
        findings = await with_later_writes(self._store, run, answer.findings)
        held = await self._held(run, change_set)
        outcomes = await self._outcomes(run, change_set, held)
        answer = answer.model_copy(update={"outcomes": outcomes, "findings": findings})
        if answer.counts.get(Action.UNCHANGED):
            seen = await self._change_sets.seen_in_aws(change_set, full=answer.full is True)
            answer = answer.model_copy(update={"seen_in_aws": seen})
        left = [
            await self._left_undeleted(run, change_set),
            _left_standing(run, change_set),
            _why_held(held),
        ]
        return answer.model_copy(update={"findings": [*filter(None, left), *answer.findings]})

    async def _outcomes(
        self, run: RunRecord, change_set: ChangeSetRecord, held: Sequence[ChangeSetItem]
    ) -> list[OutcomeRow]:
        """The first assets of each action that was done, and of those that are held."""
        done = await self._store.runs.first_done(run.id, change_set.id, NAMED_OUTCOMES)
        if assets_held := [*dict.fromkeys(item.asset for item in held)]:
            done[Action.HELD] = (assets_held[:NAMED_OUTCOMES], len(assets_held))
        return [
            OutcomeRow(action=action, assets=[*map(str, assets)], assets_total=total)
            for action in Action
            if action in done
            for assets, total in (done[action],)
        ]

    async def _held(self, run: RunRecord, change_set: ChangeSetRecord) -> Sequence[ChangeSetItem]:
        """Items that were held when the run planned them; an apply of a part is about the others."""
        part = run.kind is RunKind.APPLY and RunRequest.parse(run.request).scope.assets
        if part or not change_set.summary.get(Action.HELD):
            return ()
        return await self._store.change_sets.items(change_set.id, 0, _ALL, [Action.HELD])

    async def _failed(self, run: RunRecord) -> tuple[Sequence[JournalEntry], int]:
        """Items that failed by themselves, as many as are shown; and how many did because their target was out."""
        shown = answer_rows.SHOWN_FAILURES
        failed = await self._store.runs.failed(run.id, shown)
        if not any(_is_of_target(entry) for entry in failed):
            return failed, 0
        failed = await self._store.runs.failed(run.id, _ALL)
        alone = [entry for entry in failed if not _is_of_target(entry)]
        return alone[:shown], len(failed) - len(alone)

    async def _with_access_of(self, run: RunRecord, change_set: ChangeSetRecord) -> ChangeSetRecord:
        """The change set, whose findings tell of changes of access those that the run has made, and no others."""
        if not run.state.ended or not any(finding.code == ACCESS for finding in change_set.findings):
            return change_set
        entries = await self._store.runs.entries(run.id)
        if not entries:  # forgotten by now
            return change_set
        sent = [each for each in entries if each.state is JournalState.CONFIRMED and each.action is not Action.ADOPT]
        made = {each.ordinal for each in sent if each.before != each.after}
        items = await self._store.change_sets.all_items(change_set.id)
        found = access_findings(item for item in items if item.ordinal in made)
        others = (finding for finding in change_set.findings if finding.code != ACCESS)
        return replace(change_set, findings=(*others, *found))

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


def _why_held(held: Sequence[ChangeSetItem]) -> Finding | None:
    """Why the first held asset is, of how many, and how a person lets go of what a revert holds."""
    if not held:
        return None
    first, total = held[0], len({item.asset for item in held})
    what = "it is held" if total == 1 else f"it is held, as {counted(total - 1, 'more asset')}"
    remedy = f"`spheresync release --asset {first.asset}` lets the next sync write what Datasphere holds."
    message, remedy = f"{what}: {first.reason}", remedy if "revert" in first.reason else ""
    return answer_rows.finding(Problem.of(first.asset, Action.HELD, message, remedy))


def _left_standing(run: RunRecord, change_set: ChangeSetRecord) -> Finding | None:
    """What to say of an undo of which something was not done."""
    left = not_undone(run, change_set)
    return None if left is None else answer_rows.finding(left)


def _is_of_target(entry: JournalEntry) -> bool:
    """Whether an item failed with its target as a whole, of which the run itself tells."""
    return entry.problem is not None and entry.problem.asset is None


def _with_lost_entries(run: RunRecord, lost: Sequence[object]) -> RunRecord:
    """The run, with a word on what of its journal cannot be read."""
    if not lost:
        return run
    entries = counted(len(lost), "entry", "entries")
    message = f"{entries} of the journal of run {run.id} cannot be read: damaged or altered."
    told = Problem("state", "state", message, "`spheresync doctor` tells what else is; what they told is not known.")
    return replace(run, problems=(*run.problems, told))
