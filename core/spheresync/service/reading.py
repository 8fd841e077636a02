"""Questions that only the local state answers: assets, change sets, runs, the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from spheresync.answers import (
    AssetDetail,
    AssetRow,
    AuditPage,
    AuditVerdictAnswer,
    ChangeRow,
    ChangeSetAnswer,
    ColumnDecision,
    Finding,
    MappingExplanation,
    Page,
    RuleRow,
    RunAnswer,
    RunRow,
    SpaceRow,
)
from spheresync.errors import RefusedError, StateError, UsageError
from spheresync.execution.run_driver import RunRequest
from spheresync.mapping.rules import Decision
from spheresync.model import (
    Action,
    Asset,
    AssetId,
    AssetKind,
    AssetStatus,
    ChangeSetId,
    JsonValue,
    Problem,
    RunId,
    SpaceName,
    TargetKey,
    TechnicalName,
    Tier,
    counted,
    isoformat,
)
from spheresync.planning.decisions.approvals import (
    DELETES_NOT_APPROVED,
    NEEDS_ALLOWANCE,
    approved_by_another,
    deletes_need_allowance,
    deletes_not_allowed,
    deletes_wait,
    promotion_waits,
)
from spheresync.planning.displaced_databases import Displaced
from spheresync.planning.lost_bodies import definition_lost
from spheresync.planning.name_allocation import Address, displaced_database, known_address
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.named_assets import named_asset
from spheresync.runtime.out_of_scope import space_outside
from spheresync.runtime.unknown_names import WrongName, unknown_asset, unknown_name, unknown_names
from spheresync.service import rows
from spheresync.service.audit_questions import note_on_outcome, note_on_question, require_known_words
from spheresync.service.cursors import Listing, page_size
from spheresync.service.known_problems import problems_of
from spheresync.service.time_arguments import beginning, end
from spheresync.state.change_set_digest import require_as_saved
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store
from spheresync.state.records import AssetRecord, ChangeSetRecord, RunRecord, SpaceRecord
from spheresync.targets.registry import design_of

Word = TypeVar("Word", bound=StrEnum)
NO_LIMIT = -1
"""As SQLite spells it."""


def _one_of(what: str, value: str | None, known: type[Word]) -> Word | None:
    if value is not None and value not in set(known):
        raise UsageError(f"there is no {what} {value!r}.", remedy=f"Valid: {', '.join(known)}.")
    return known(value) if value is not None else None


class Detail(StrEnum):
    """How much of each row an answer holds."""

    CONCISE = "concise"
    FULL = "full"


def _full(detail: str) -> bool:
    return _one_of("detail", detail, Detail) is Detail.FULL


class Reading:
    """Read-only questions of one process."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._store = context.store

    async def list_spaces(self, *, limit: int = 50, cursor: str | None = None) -> Page[SpaceRow]:
        listing = Listing.of("spaces")
        start = listing.decode(cursor, str)
        size = page_size(limit)
        spaces = sorted(await self._store.catalog.spaces(), key=lambda space: space.name)
        after = [space for space in spaces if start is None or space.name > str(start[0])]
        counts = await self._store.catalog.counts()
        items = [
            rows.space_row(space, [each for each in counts if each.space == space.name], self._left_out(space))
            for space in after[:size]
        ]
        more = listing.encode(items[-1].space) if len(after) > size else None
        return Page(items=items, total=len(spaces), next_cursor=more)

    def _left_out(self, space: SpaceRecord) -> Problem | None:
        """That the scope leaves a space out, which is no fault and yet why nothing of it is listed."""
        why = self._context.mapping.outside_scope(space.name)
        return None if why is None else space_outside(space.name, why)

    async def why_no_assets(self, space: str) -> str:
        """Why nothing is known of a space that is there; empty where nothing explains it."""
        known = next((each for each in await self._store.catalog.spaces() if each.name == space), None)
        return "" if known is None else rows.told(self._left_out(known) or known.problem) or ""

    async def list_assets(
        self,
        *,
        space: str | None = None,
        kind: str | None = None,
        tier: str | None = None,
        status: str | None = None,
        query: str | None = None,
        detail: str = "concise",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AssetRow]:
        full = _full(detail)
        listing = Listing.of("assets", space=space, kind=kind, tier=tier, status=status, query=query)
        start = listing.decode(cursor, str, str)
        size = page_size(limit)
        if space is not None:
            await self._require_space(space)
        records, total = await self._store.catalog.page(
            space=SpaceName(space) if space is not None else None,
            kind=_one_of("kind", kind, AssetKind),
            tier=_one_of("tier", tier, Tier),
            status=_one_of("status", status, AssetStatus),
            query=query,
            limit=size + 1,
            after=AssetId(SpaceName(str(start[0])), TechnicalName(str(start[1]))) if start is not None else None,
        )
        shown = records[:size]
        problems = await problems_of(
            self._store, shown, self._context.settings.deletion, self._context.settings.target_keys
        )
        items = [await self._asset_row(record, problems[record.id], full=full) for record in shown]
        more = listing.encode(shown[-1].id.space, shown[-1].id.name) if len(records) > size else None
        return Page(items=items, total=total, next_cursor=more)

    async def _asset_row(self, record: AssetRecord, problem: str | None, *, full: bool) -> AssetRow:
        tier = self._tier(record)
        if not full:
            return rows.asset_row(record, tier, problem)
        return rows.full_asset_row(record, tier, problem, await self._store.checkpoints.of_asset(record.id))

    def _tier(self, record: AssetRecord) -> str:
        return self._context.mapping.decide(record.id, record.kind, record.label).tier

    async def _require_space(self, name: str) -> None:
        known = [space.name for space in await self._store.catalog.spaces()]
        if name not in known:
            raise unknown_name("space", name, known, listing="list_spaces")

    async def _record(self, named: str | AssetId) -> AssetRecord:
        asset = named_asset(named) if isinstance(named, str) else named
        if isinstance(asset, WrongName):
            raise unknown_names([asset])
        record = await self._store.catalog.asset(asset)
        if record is None:
            spaces = {space.name for space in await self._store.catalog.spaces()}
            outside = self._context.mapping.outside_scope
            raise unknown_names([unknown_asset(asset, await self._store.catalog.ids(), spaces, outside=outside)])
        return record

    async def _definition(self, record: AssetRecord) -> Asset | None:
        if record.definition is None:
            return None
        whole = await self._store.blobs.get_many([record.definition])
        if record.definition not in whole:
            lost = definition_lost(record.id)
            raise StateError(f"{record.id}: {lost.message}.", remedy=lost.remedy)
        return decode_asset(whole[record.definition])

    async def describe_asset(self, asset: str | AssetId) -> AssetDetail:
        """All that is known of one asset, named by a person or by an identity.

        Raises:
            UsageError: it is not of the form SPACE/NAME, or not known.
        """
        record = await self._record(asset)
        definition = await self._definition(record)
        checkpoints = await self._store.checkpoints.of_asset(record.id)
        problems = await problems_of(
            self._store, [record], self._context.settings.deletion, self._context.settings.target_keys
        )
        pii: dict[str, list[str]] = {}
        for column in definition.columns if definition is not None else ():
            if column.pii is not None:
                pii.setdefault(column.pii, []).append(column.name)
        prints = record.fingerprints
        return AssetDetail(
            asset=str(record.id),
            kind=record.kind,
            label=record.label,
            tier=self._tier(record),
            status=record.status,
            problem=problems[record.id],
            columns=[rows.column_row(column) for column in definition.columns] if definition is not None else [],
            context=_context(definition) if definition is not None else {},
            targets=[rows.target_row(held) for held in checkpoints],
            fingerprints={}
            if prints is None
            else {"schema": prints.schema, "content": prints.content, "metadata": prints.metadata},
            last_sync=max((held.synced_at for held in checkpoints), default=None),
            pii=pii,
        )

    async def _unread(self, record: AssetRecord) -> str | None:
        """Why the definition of an asset could not be read and what to do, None where it was."""
        if record.problem is None:
            return None
        return (
            await problems_of(
                self._store, [record], self._context.settings.deletion, self._context.settings.target_keys
            )
        )[record.id]

    @property
    def _explained_key(self) -> TargetKey:
        """The target whose names and types an explanation shows: the first one in force."""
        return self._context.settings.target_keys[0]

    async def explain_mapping(self, text: str) -> MappingExplanation:
        record = await self._record(text)
        decision = self._context.mapping.decide(record.id, record.kind, record.label)
        held = await self._store.checkpoints.get(record.id, self._explained_key)
        address = known_address(record, held, decision)
        displaced = await self._displaced(record, decision)
        if displaced is not None and held is None:
            address = Address(displaced.given, address.name)
        explanation = design_of(self._explained_key.target).explain(
            record.id,
            record.kind,
            record.label,
            asset=await self._definition(record),
            decision=decision,
            container=address.container,
            name=address.name,
            unread=await self._unread(record),
        )
        return MappingExplanation(
            asset=str(record.id),
            included=decision.included,
            reason=decision.excluded_by,
            tier=decision.tier,
            database=address.container,
            table=address.name,
            rules=[
                RuleRow(rule=fired.rule, sets=dict(fired.sets), overridden=list(fired.overridden), origin=fired.origin)
                for fired in decision.fired
            ],
            names=list(explanation.names),
            columns=[
                ColumnDecision(
                    name=column.name,
                    physical=column.physical,
                    type=column.source_type,
                    physical_type=column.physical_type,
                    reason=column.reason,
                )
                for column in explanation.columns
            ],
            findings=[*([displaced.message] if displaced is not None else []), *explanation.findings],
        )

    async def _displaced(self, record: AssetRecord, decision: Decision) -> Displaced | None:
        if decision.database is None:
            return None  # what the target holds need not be read
        checkpoints = await self._store.checkpoints.all(self._explained_key)
        formers = await self._store.former_tables.all(self._explained_key)
        return displaced_database(record, decision, [*checkpoints, *formers], self._context.mapping)

    async def get_change_set(
        self, change_set_id: str, *, detail: str = "full", limit: int = 20, cursor: str | None = None
    ) -> ChangeSetAnswer:
        full = _full(detail)
        listing = Listing.of("change set", change_set_id=change_set_id)
        start = listing.decode(cursor, int)
        size = page_size(limit)
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        after = int(start[0]) if start is not None else 0
        items = await self._store.change_sets.items(record.id, after_ordinal=after, limit=size + 1)
        require_as_saved(record, items, await self._store.change_sets.seals(record.id))
        shown = items[:size]
        more = listing.encode(shown[-1].ordinal) if len(items) > size else None
        total = sum(record.summary.get(action, 0) for action in Action if action is not Action.UNCHANGED)
        return rows.change_set_answer(
            record,
            [rows.change_row(item, full=full) for item in shown],
            waits=await self._waits(record),
            total=total,
            next_cursor=more,
            now=self._context.clock(),
        )

    async def _waits(self, record: ChangeSetRecord) -> tuple[Problem, ...]:
        """What an open change set waits for that a person may still bring about."""
        if record.run_id is not None or record.expires_at < isoformat(self._context.clock()):
            return ()
        deletes = record.summary.get(Action.DELETE, 0)
        four_eyes = self._context.settings.approvals.of_deletes and not approved_by_another(record)
        waits = [deletes_wait(record, deletes)] if deletes and four_eyes else []
        if record.undo_of is None and (unallowed := await self._unallowed(record)):  # an undo says it by `blocked`
            waits.append(deletes_need_allowance(record, unallowed))
        if record.promotion is not None and await self._store.promotions.approved(record.promotion) is None:
            waits.insert(0, promotion_waits(record.promotion, "the promotion that it was made with"))
        return tuple(waits)

    async def _unallowed(self, record: ChangeSetRecord) -> int:
        """How many deletes of a change set wait for nothing but to be allowed."""
        if not record.summary.get(Action.DELETE):
            return 0
        items = await self._store.change_sets.items(record.id, limit=NO_LIMIT, actions=[Action.DELETE])
        return sum(item.blocked_by == NEEDS_ALLOWANCE for item in items)

    async def list_deletes(self, change_set_id: str) -> list[ChangeRow]:
        """Every delete of a change set, also those that a guard holds back: what a person is asked about."""
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        items = await self._store.change_sets.items(record.id, limit=NO_LIMIT, actions=[Action.DELETE])
        require_as_saved(record, items, await self._store.change_sets.seals(record.id))
        return [rows.change_row(item, full=False) for item in items]

    async def get_run(self, run_id: str) -> RunAnswer:
        run = await self._store.runs.get(RunId(run_id))
        if run.change_set_id is None:
            return rows.run_answer(run)
        change_set_id = run.change_set_id
        if run.state.ended:
            run = _with_lost_entries(run, await self._store.runs.lost_entries(run.id))
        try:
            change_set = await self._store.change_sets.get(change_set_id)
        except (RefusedError, UsageError) as error:  # damaged, and no reason to tell nothing of the run
            told = Problem("state", error.problem_code, error.message, error.remedy)
            return rows.run_answer(replace(run, problems=(*run.problems, told)))
        conflicts = []
        if change_set.summary.get(Action.CONFLICT):
            conflicts = await self._store.change_sets.items(
                change_set.id, after_ordinal=0, limit=rows.SHOWN_FAILURES, actions=[Action.CONFLICT]
            )
        tally = await self._store.runs.tally(run.id)
        failed = await self._store.runs.failed(run.id, rows.SHOWN_FAILURES)
        answer = rows.run_answer(run, change_set, tally, failed, conflicts, applying_for=await self._applying_for(run))
        left = await self._left_undeleted(run, change_set)
        return answer if left is None else answer.model_copy(update={"findings": [left, *answer.findings]})

    async def _left_undeleted(self, run: RunRecord, change_set: ChangeSetRecord) -> Finding | None:
        """What to say where a run left deletes out because nobody had allowed them."""
        told = any(problem.code == DELETES_NOT_APPROVED for problem in run.problems)
        if told or not run.state.ended or RunRequest.parse(run.request).allow_deletes:
            return None
        count = await self._unallowed(change_set)
        return rows.finding(deletes_not_allowed(change_set, run.id, count)) if count else None

    async def _applying_for(self, run: RunRecord) -> timedelta | None:
        began = None if run.state.ended else await self._store.runs.began_at(run.id)
        return None if began is None else self._context.clock() - datetime.fromisoformat(began)

    async def list_runs(self, *, limit: int = 20, cursor: str | None = None) -> Page[RunRow]:
        listing = Listing.of("runs")
        start = listing.decode(cursor, str)
        size = page_size(limit)
        before = RunId(str(start[0])) if start is not None else None
        runs, total = await self._store.runs.page(limit=size + 1, before=before)
        shown = runs[:size]
        more = listing.encode(shown[-1].id) if len(runs) > size else None
        return Page(items=[await listed_run(self._store, run) for run in shown], total=total, next_cursor=more)

    async def query_audit(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        actor: str | None = None,
        action: str | None = None,
        asset: str | None = None,
        outcome: str | None = None,
        run_id: str | None = None,
        detail: str = "concise",
        limit: int = 50,
        cursor: str | None = None,
    ) -> AuditPage:
        """Entries of the audit log, newest first. A day stands for the whole of it, in `since` as in `until`.

        Raises:
            UsageError: no entry can have that action or outcome, a time is none, or the cursor is another list's.
        """
        full = _full(detail)
        since, until = beginning("since", since), end("until", until)
        if since is not None and until is not None and until <= since:
            raise UsageError(
                "since is not before until, so no entry can be between them.", remedy="Give since the earlier time."
            )
        await require_known_words(self._store, action=action, outcome=outcome)
        listing = Listing.of(
            "audit", since=since, until=until, actor=actor, action=action, asset=asset, outcome=outcome, run_id=run_id
        )
        start = listing.decode(cursor, int)
        size = page_size(limit)
        entries, total = await self._store.audit.query(
            since=since,
            until=until,
            actor=actor,
            action=action,
            asset=asset,
            outcome=outcome,
            run_id=RunId(run_id) if run_id is not None else None,
            limit=size + 1,
            cursor=int(start[0]) if start is not None else None,
        )
        shown = entries[:size]
        more = listing.encode(shown[-1].seq) if len(entries) > size else None
        note = await note_on_question(self._store, total, asset=asset, actor=actor, run_id=run_id)
        if note is None and outcome is not None:
            found = await self._store.audit.outcomes(
                since=since,
                until=until,
                actor=actor,
                action=action,
                asset=asset,
                run_id=RunId(run_id) if run_id is not None else None,
            )
            note = note_on_outcome(outcome, found)
        items = [rows.audit_row(entry, full=full) for entry in shown]
        return AuditPage(items=items, total=total, next_cursor=more, note=note)

    async def verify_audit(self) -> AuditVerdictAnswer:
        return rows.verdict_answer(await self._store.audit.verify(), await self._store.damages())

    async def suggest(self, what: str, prefix: str, space: str | None = None) -> list[str]:
        """Values for argument completion, at most 100."""
        if what == "space":
            names: Iterable[str] = (record.name for record in await self._store.catalog.spaces())
        elif what == "run":
            names = (run.id for run in (await self._store.runs.page(limit=100))[0])
        elif what == "change_set":
            names = (record.id for record in await self._store.change_sets.latest(100))
        else:
            records = await self._store.catalog.assets(SpaceName(space) if space is not None else None)
            names = (record.id.name if space else str(record.id) for record in records)
        return sorted(name for name in names if name.startswith(prefix))[:100]


def _with_lost_entries(run: RunRecord, lost: Sequence[object]) -> RunRecord:
    """The run, with a word on what of its journal cannot be read."""
    if not lost:
        return run
    entries = counted(len(lost), "entry", "entries")
    message = f"{entries} of the journal of run {run.id} cannot be read: damaged or altered."
    told = Problem("state", "state", message, "`spheresync doctor` tells what else is; what they told is not known.")
    return replace(run, problems=(*run.problems, told))


async def listed_run(store: Store, run: RunRecord) -> RunRow:
    """A run of a list, with what it counts so far."""
    return rows.run_row(run, None if run.state.ended else await store.runs.tally(run.id))


def _context(asset: Asset) -> dict[str, JsonValue]:
    context: dict[str, JsonValue] = {"labels": dict(asset.labels)}
    if asset.owner:
        context["owner"] = asset.owner
    if asset.hierarchies:
        context["hierarchies"] = {hierarchy.name: [*hierarchy.levels] for hierarchy in asset.hierarchies}
    if asset.parameters:
        context["parameters"] = {parameter.name: str(parameter.type) for parameter in asset.parameters}
    context.update(dict(asset.facts))
    if asset.view_definition:
        context["view_definition"] = asset.view_definition
    return context
