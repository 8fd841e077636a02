"""Answers about saved change sets, for the parts that make or run them."""

from __future__ import annotations

from spheresync.answers import ChangeRow, ChangeSetAnswer
from spheresync.errors import UsageError
from spheresync.execution.run_request import RunRequest
from spheresync.model import Action, ChangeSetId, Problem, RunId, RunKind, isoformat
from spheresync.planning.decisions.access import count_access_changes, reviews_access, reviews_access_in
from spheresync.planning.decisions.approvals import (
    NEEDS_ALLOWANCE,
    WAITS_FOR_A_PERSON,
    access_waits,
    approved_by_another,
    deletes_need_allowance,
    deletes_wait,
    promotion_waits,
)
from spheresync.runtime.context import RuntimeContext
from spheresync.service import answer_rows
from spheresync.service.argument_checks import wants_full
from spheresync.service.changes.scheduler_writes import scheduler_writes
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.state.change_set_digest import require_as_saved
from spheresync.state.records import ChangeSetRecord

NO_LIMIT = -1
"""As SQLite spells it."""


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
            notes=await scheduler_writes(self._context, record) if self._is_open(record) else (),
            total=total,
            next_cursor=more,
            first=first_of_page(before, rows),
            now=self._context.clock(),
        )
        return answer if record.run_id is None else answer.model_copy(update=await self._what_became(record.run_id))

    async def _what_became(self, run_id: RunId) -> dict[str, str | list[str]]:
        """How the run ended that applied a change set, and which assets it kept to where it was for a part of it."""
        try:
            run = await self._store.runs.get(run_id)
        except UsageError:  # the run is forgotten by now
            return {}
        part = RunRequest.parse(run.request).scope.assets if run.kind is RunKind.APPLY else frozenset()
        return {"run_state": run.state, "applied_assets": [str(asset) for asset in sorted(part)]}

    async def deletes(self, change_set_id: str) -> list[ChangeRow]:
        """Every delete of a change set, also those that a guard holds back: what a person is asked about."""
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        items = await self._store.change_sets.items(record.id, limit=NO_LIMIT, actions=[Action.DELETE])
        require_as_saved(record, items, await self._store.change_sets.seals(record.id))
        return [answer_rows.change_row(item, full=False) for item in items]

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
