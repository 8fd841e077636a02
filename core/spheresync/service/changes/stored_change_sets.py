"""Answers about saved change sets, for the parts that make or run them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from spheresync.answers import ChangeSetAnswer, ConsentAnswer, Finding, OpenChangeSets
from spheresync.errors import UsageError
from spheresync.execution.run_request import RunRequest
from spheresync.model import Action, ChangeSetId, Problem, RunId, RunKind, isoformat
from spheresync.planning.decisions.access import (
    access_findings,
    count_access_changes,
    reviews_access,
    reviews_access_in,
)
from spheresync.planning.decisions.approvals import (
    LEFT_FOR_APPROVAL,
    NEEDS_ALLOWANCE,
    WAITS_FOR_A_PERSON,
    access_waits,
    approved_by_another,
    deletes_need_allowance,
    deletes_wait,
    promotion_waits,
)
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.run_counts import EFFECTIVE
from spheresync.runtime.scope import Scope
from spheresync.service import answer_rows
from spheresync.service.argument_checks import wants_full
from spheresync.service.changes.scheduler_writes import scheduler_writes
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.drift.last_look import aws_looks, unchanged_as_of
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import require_as_saved
from spheresync.state.records import ChangeSetRecord, RunRecord
from spheresync.targets.registry import design_of

NO_LIMIT = -1
"""As SQLite spells it."""
WRITTEN_SINCE = "written_since"
"""Code of the note that a run has written since an open change set was made."""
_RECENT = 50
"""Runs among which the last one that wrote is looked for."""


class StoredChangeSets:
    """Reads saved change sets; who may ask is checked by the part that is asked."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._store = context.store

    async def answer(
        self,
        change_set_id: str,
        *,
        detail: str = "full",
        limit: int = 20,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> ChangeSetAnswer:
        full = wants_full(detail)
        listing = Listing.of("change set", change_set_id=change_set_id)
        before, start = listing.position(cursor, int)
        size = page_size(limit)
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        after = int(start[0]) if start is not None else 0
        items = await self._store.change_sets.items(record.id, after_ordinal=after, limit=size + 1)
        require_as_saved(record, items, await self._store.change_sets.seals(record.id))
        rows = rows_within([answer_rows.change_row(item, full=full) for item in items[:size]], budget)
        more = None
        if len(items) > len(rows):
            more = listing.encode(before + len(rows), items[len(rows) - 1].ordinal)
        total = sum(record.summary.get(action, 0) for action in Action if action is not Action.UNCHANGED)
        answer = answer_rows.change_set_answer(
            record,
            rows,
            waits=await self._waits(record),
            notes=await self._notes(record) if self._is_open(record) else (),
            total=total,
            next_cursor=more,
            first=first_of_page(before, rows),
            now=self._context.clock(),
        )
        if answer.summary.get(Action.UNCHANGED):
            answer = answer.model_copy(update={"seen_in_aws": await self.seen_in_aws(record)})
        if record.blocked and self._is_open(record) and approved_by_another(record):
            answer = answer.model_copy(update={"blocked": await self._still_blocked(record)})
        return answer if record.run_id is None else answer.model_copy(update=await self._what_became(record.run_id))

    async def seen_in_aws(self, record: ChangeSetRecord, *, full: bool = False) -> str:
        """When AWS was looked at, of which it says that something is unchanged; `full`: by a run that compares all."""
        scope = Scope.from_json(decode_cell(record.request))
        return unchanged_as_of(await aws_looks(self._store), scope, full=full)

    async def open(self, *, limit: int = 20, cursor: str | None = None, budget: int | None = None) -> OpenChangeSets:
        """Those that may still be applied, whoever made them, newest first."""
        listing, now = Listing.of("open change sets"), isoformat(self._context.clock())
        before, start = listing.position(cursor, int)
        size = page_size(limit)
        found = await self._store.change_sets.open(
            at=now, before=None if start is None else int(start[0]), limit=size + 1
        )
        last = await self._last_writing_run() if found else None
        rows = rows_within([answer_rows.open_change_set_row(record, last) for _, record in found[:size]], budget)
        more = None
        if len(found) > len(rows):
            more = listing.encode(before + len(rows), found[len(rows) - 1][0])
        total, idle = await self._store.change_sets.count_open(at=now)
        return OpenChangeSets(items=rows, total=total, next_cursor=more, first=first_of_page(before, rows), idle=idle)

    async def _notes(self, record: ChangeSetRecord) -> Sequence[Finding]:
        """What has become of an open change set since it was made."""
        notes = [*await scheduler_writes(self._context, record)]
        last = await self._last_writing_run()
        if last is not None and answer_rows.has_written_since(last, record):
            message = f"run {last.id} has written since this was made, so that some of it may be done"
            remedy = "A new preview says what is left; applied, what is done counts as unchanged."
            notes.append(answer_rows.finding(Problem(record.id, WRITTEN_SINCE, message, remedy)))
        return notes

    async def _last_writing_run(self) -> RunRecord | None:
        """The last of the latest runs that has written anything."""
        runs, _ = await self._store.runs.page(limit=_RECENT)
        return next((run for run in runs if any(run.counts.get(action) for action in EFFECTIVE)), None)

    async def _still_blocked(self, record: ChangeSetRecord) -> int:
        """How many items are held back though a second person has approved the change set."""
        items = await self._store.change_sets.all_items(record.id)
        return sum(item.blocked_by not in {None, *LEFT_FOR_APPROVAL} for item in items)

    async def _what_became(self, run_id: RunId) -> dict[str, str | list[str]]:
        """How the run ended that applied a change set, and which assets it kept to where it was for a part of it."""
        try:
            run = await self._store.runs.get(run_id)
        except UsageError:  # the run is forgotten by now
            return {}
        part = RunRequest.parse(run.request).scope.assets if run.kind is RunKind.APPLY else frozenset()
        return {"run_state": run.state, "applied_assets": [str(asset) for asset in sorted(part)]}

    async def consent(self, change_set_id: str, assets: Collection[str]) -> ConsentAnswer:
        """Which items of a change set, all or those of some assets, are such that a person is asked about them.

        What a second person has approved, or has to approve first, is asked of nobody else.
        """
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        items = await self._store.change_sets.all_items(record.id)
        require_as_saved(record, items, await self._store.change_sets.seals(record.id))
        asked = [item for item in items if not assets or str(item.asset) in assets]
        approved, settings = approved_by_another(record), self._context.settings
        unreviewed = [] if approved else [each for each in asked if not reviews_access_in(settings, each.target)]
        deletes = [item for item in asked if item.action is Action.DELETE]
        return ConsentAnswer(
            deletes=[answer_rows.change_row(item, full=False) for item in deletes],
            deleted=Counter(design_of(item.target).named_word for item in deletes),
            access=[finding.message for finding in access_findings(unreviewed)],
            approved=approved,
        )

    def _is_open(self, record: ChangeSetRecord) -> bool:
        return record.run_id is None and record.expires_at >= isoformat(self._context.clock())

    async def _waits(self, record: ChangeSetRecord) -> tuple[Problem, ...]:
        """What an open change set waits for that a person may still bring about."""
        if not self._is_open(record):
            return ()
        deletes = record.summary.get(Action.DELETE, 0)
        four_eyes = self._context.settings.approvals.of_deletes and not approved_by_another(record)
        waits = [deletes_wait(record, deletes)] if deletes and four_eyes else []
        if access := await self._access_to_approve(record):
            waits.append(access_waits(record, access))
        if record.undo_of is None and (
            unallowed := await self.deletes_to_allow(record)
        ):  # an undo says it by `blocked`
            waits.append(deletes_need_allowance(record, unallowed))
        if record.promotion is not None and await self._store.promotions.approved(record.promotion) is None:
            waits.insert(0, promotion_waits(record.promotion, "the promotion that it was made with"))
        return tuple(waits)

    async def _access_to_approve(self, record: ChangeSetRecord) -> int:
        """How many changes of access of a change set wait for a second person."""
        settings = self._context.settings
        if not reviews_access(settings) or approved_by_another(record):
            return 0
        items = await self._store.change_sets.all_items(record.id)
        reviewed = [item for item in items if reviews_access_in(settings, item.target)]
        return count_access_changes(item for item in reviewed if item.blocked_by in {None, *WAITS_FOR_A_PERSON})

    async def deletes_to_allow(self, record: ChangeSetRecord) -> int:
        """How many deletes of a change set wait for nothing but to be allowed."""
        if not record.summary.get(Action.DELETE):
            return 0
        items = await self._store.change_sets.items(record.id, limit=NO_LIMIT, actions=[Action.DELETE])
        return sum(item.blocked_by == NEEDS_ALLOWANCE for item in items)
