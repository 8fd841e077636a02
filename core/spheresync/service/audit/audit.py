"""The audit log: queried, verified, exported."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, replace

from spheresync.answers import AuditCounts, AuditPage, AuditVerdictAnswer
from spheresync.errors import UsageError
from spheresync.model import Principal, RunId
from spheresync.runtime.context import RuntimeContext
from spheresync.service.argument_checks import beginning, end, wants_full
from spheresync.service.audit.audit_filters import (
    CHANGES,
    LEFT_OUT_OF_SPACE,
    note_on_outcome,
    note_on_question,
    require_known_words,
    start_of_space,
)
from spheresync.service.audit_rows import audit_row, verdict_answer
from spheresync.service.authority import Permission, authorize
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.state.audit_export import csv_header, csv_line, json_line
from spheresync.state.records import AuditFilter, AuditOutcome

_MOST = 10
"""Actors, spaces and runs that a count names."""


class Audit:
    """Who did what, when, to what, with which outcome."""

    def __init__(self, context: RuntimeContext) -> None:
        self._store = context.store

    async def query_audit(
        self,
        principal: Principal,
        *,
        since: str | None = None,
        until: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        space: str | None = None,
        asset: str | None = None,
        outcome: str | None = None,
        run_id: str | None = None,
        changes_only: bool = False,
        detail: str = "concise",
        limit: int = 50,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> AuditPage:
        """Entries of the audit log, newest first.

        Args:
            principal: who asks.
            since: from when; a day stands for the whole of it.
            until: to when, not included; of a day, the whole of it is.
            actor: who did it.
            action: what was done; several stand with commas between them.
            space: whose assets it was done to.
            asset: SPACE/NAME.
            outcome: how it ended.
            run_id: of which run.
            changes_only: leave out what changed nothing in AWS.
            detail: full adds what exactly was done.
            limit: entries of a page.
            cursor: where the page begins.
            budget: characters that its entries may have in all.

        Raises:
            UsageError: no entry can have that action or outcome, nothing is known of the asset, space or run, a time
                is none, or the cursor is another list's.
        """
        authorize(principal, Permission.READ)
        full = wants_full(detail)
        since, until = beginning("since", since), end("until", until)
        if since is not None and until is not None and until <= since:
            raise UsageError(
                "since is not before until, so no entry can be between them.", remedy="Give since the earlier time."
            )
        actions = tuple(word.strip() for word in action.split(",")) if action is not None else ()
        await require_known_words(self._store, actions=actions, outcome=outcome)
        if changes_only and outcome not in {None, AuditOutcome.DONE}:
            raise UsageError(
                f"changes_only is about what was done, and nothing of that has outcome {outcome!r}.",
                remedy="Leave one of them out.",
            )
        if changes_only:
            outcome = AuditOutcome.DONE
            actions = tuple(word for word in CHANGES if not actions or word in actions)
        wanted = AuditFilter(
            since=since,
            until=until,
            actor=actor,
            actions=actions or (("",) if changes_only else ()),
            asset=asset,
            starts=None if space is None else await start_of_space(self._store, space),
            outcome=outcome,
            run_id=RunId(run_id) if run_id is not None else None,
        )
        listing = Listing.of("audit", **asdict(wanted))
        before, start = listing.position(cursor, int)
        size = page_size(limit)
        entries, total = await self._store.audit.query(
            wanted, limit=size + 1, cursor=int(start[0]) if start is not None else None
        )
        items = rows_within([audit_row(entry, full=full) for entry in entries[:size]], budget)
        more = listing.encode(before + len(items), items[-1].seq) if len(entries) > len(items) else None
        note = await note_on_question(self._store, total, asset=asset, actor=actor, run_id=run_id)
        if note is None and outcome is not None:
            note = note_on_outcome(outcome, await self._store.audit.counts(replace(wanted, outcome=None), "outcome"))
        if space is not None and cursor is None:
            note = " ".join(filter(None, (note, LEFT_OUT_OF_SPACE)))
        counts = await self._counts(wanted) if total > 1 and cursor is None else None
        return AuditPage(
            items=items,
            total=total,
            next_cursor=more,
            first=first_of_page(before, items),
            note=note,
            counts=counts,
        )

    async def _counts(self, wanted: AuditFilter) -> AuditCounts:
        """Who, what, where and how it ended, of all that match."""
        audit = self._store.audit
        spaces: Counter[str] = Counter()
        space_of = {str(each): each.space for each in await self._store.catalog.ids()}
        for asset, count in (await audit.counts(wanted, "asset")).items():
            if asset in space_of:
                spaces[space_of[asset]] += count
        return AuditCounts(
            actors=_most(await audit.counts(wanted, "actor")),
            actions=await audit.counts(wanted, "action"),
            outcomes=await audit.counts(wanted, "outcome"),
            spaces=_most(spaces),
            runs=_most(await audit.counts(wanted, "run_id")),
        )

    async def verify_audit(self, principal: Principal) -> AuditVerdictAnswer:
        authorize(principal, Permission.READ)
        return verdict_answer(await self._store.audit.verify(), await self._store.damages())

    def export_audit(
        self, principal: Principal, *, spelling: str, since: str | None = None, until: str | None = None
    ) -> AsyncIterator[str]:
        """The audit log line by line: `jsonl` (lossless, verifiable offline) or `csv` (safe in a spreadsheet)."""
        authorize(principal, Permission.READ)
        return self._lines(spelling, since, until)

    async def _lines(self, spelling: str, since: str | None, until: str | None) -> AsyncIterator[str]:
        if spelling not in {"jsonl", "csv"}:
            raise UsageError(f"there is no format {spelling!r}.", remedy="Valid: jsonl, csv.")
        if spelling == "csv":
            yield csv_header()
        spell = csv_line if spelling == "csv" else json_line
        async for entry in self._store.audit.iterate(beginning("since", since), end("until", until)):
            yield spell(entry)


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(counts).most_common(_MOST))
