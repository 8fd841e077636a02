"""Change sets: previewed, read, approved, promoted."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from spheresync.answers import (
    ApprovalAnswer,
    ChangeSetAnswer,
    ConsentAnswer,
    OpenChangeSets,
    PromotionAnswer,
)
from spheresync.config.reading.trial import with_trial_rules
from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import PermissionRefusedError, RefusedError
from spheresync.model import (
    Action,
    ChangeSetId,
    JsonValue,
    Principal,
    PrincipalKind,
    Problem,
    ScopeRequest,
    counted,
    first_of,
    isoformat,
)
from spheresync.planning.change_set_writer import NewChangeSet
from spheresync.planning.decisions.access import reviews_access
from spheresync.planning.decisions.approvals import approved_by_another, valid_approval
from spheresync.planning.lost_bodies import require_whole_bodies
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.planning.promotion import make_promotion
from spheresync.planning.trial_plan import try_rules
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import by_its_space, is_unread, not_reached
from spheresync.runtime.unspellable_names import unspellable_spaces
from spheresync.service import answer_rows
from spheresync.service.authority import Permission, authorize
from spheresync.service.catalog.first_discovery import FirstDiscovery
from spheresync.service.changes.promotion_files import write_promotion
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.service.changes.validity import require_current, require_made_so
from spheresync.service.cursors import first_of_page, page_size, rows_within
from spheresync.service.drift.known_edits import edited_assets
from spheresync.service.scope_checks import check_scope, require_selected, require_within_tiers
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import require_as_saved
from spheresync.state.port import Tx
from spheresync.state.records import (
    Approval,
    ApprovedPromotion,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetRecord,
)

KNOWN_DRIFT = "known_drift"
"""Code of the finding that others are known to have changed something of a preview's scope."""
_NAMED = 5
_OWN = "Who made a change set is no second person: what waits for one waits until somebody else has approved it."
_PART = "This change set is about a part of the catalog, and the promotion counts for all of it."


class Changes:
    """Saved change sets. Applying one is a run."""

    def __init__(self, context: RuntimeContext, change_sets: StoredChangeSets, first: FirstDiscovery) -> None:
        self._context = context
        self._store = context.store
        self._change_sets = change_sets
        self._first = first

    async def preview(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        refresh: bool,
        trial_rules: str | None = None,
        limit: int = 20,
        budget: int | None = None,
        progress: OnProgress = silent,
    ) -> ChangeSetAnswer:
        """Make and save a change set; `refresh` reads Datasphere first. `limit` and `budget`: see `get_change_set`.

        `trial_rules`, YAML, come after the rules in force: what would then change is answered, saved nowhere, and
        cannot be applied.

        Raises:
            UsageError: the scope names something unknown, or an asset outside of its spaces or tiers.
            SourceError: a refresh was asked for and the tenant gave no list of spaces.
            TargetError: databases of a new or lost state could not be looked at.
        """
        authorize(principal, Permission.READ)
        self._context.require_good_settings()
        tried = None if trial_rules is None else with_trial_rules(self._context.settings, trial_rules)
        checked = await check_scope(self._context, scope, refreshes=refresh)
        problems = await self._known_problems(checked)
        notices: tuple[Problem, ...] = ()
        if refresh:
            report = await SharedDiscovery(self._context).discover(
                checked, full=False, since=self._first.asked_at(), progress=progress
            )
            if not report.reached:
                raise not_reached(report.problems)
            await require_selected(self._context, checked)
            problems, notices = tuple(report.problems), report.notices
        await require_within_tiers(self._store, self._context.mapping, checked)
        notices += (*await self._under_way(), *await self._known_drift(checked))
        request = PlanRequest(
            scope=checked, principal=principal, offer_deletes=True, problems=problems, notices=notices, compare=True
        )
        if tried is not None:
            return self._tried(await try_rules(self._context, tried, request, progress), limit=limit, budget=budget)
        record = await make_change_set(self._context, request, progress)
        return await self._change_sets.answer(record.id, detail="concise", limit=limit, budget=budget)

    def _tried(self, new: NewChangeSet, *, limit: int, budget: int | None) -> ChangeSetAnswer:
        """What a trial came to; its items are told as far as they fit, as nothing of it can be asked for again."""
        changing = [item for item in new.items if item.action is not Action.UNCHANGED]
        rows = rows_within([answer_rows.change_row(item, full=False) for item in changing[: page_size(limit)]], budget)
        return answer_rows.change_set_answer(
            new.record,
            rows,
            total=len(changing),
            next_cursor=None,
            first=first_of_page(0, rows),
            now=self._context.clock(),
            trial=True,
        )

    async def _under_way(self) -> tuple[Problem, ...]:
        """Runs that may write what a preview is about while it is made."""
        runs, _ = await self._store.runs.page(limit=50)
        at_work = [run for run in runs if not run.state.ended]
        return tuple(
            Problem(
                "runs",
                "run_under_way",
                f"run {run.id} is {run.state}, and may write some of this",
                f"Make a new preview once it has ended; `spheresync runs {run.id}` follows it.",
            )
            for run in at_work
        )

    async def _known_drift(self, scope: Scope) -> tuple[Problem, ...]:
        """What of the scope others are known to have changed: a plan says what becomes of it only where it writes."""
        store = self._store
        keys = [key for key in self._context.settings.target_keys if scope.wants_key(key)]
        records = await store.catalog.some(sorted(await edited_assets(store, keys)))
        known = sorted(str(record.id) for record in records if scope.wants(record.id, record.tier))
        if not known:
            return ()
        text = f"others are known to have changed objects of {counted(len(known), 'asset')}: {first_of(known, _NAMED)}"
        return (
            Problem("drift", KNOWN_DRIFT, text, "`spheresync drift` looks at them, and says what its repair does."),
        )

    async def _known_problems(self, scope: Scope) -> tuple[Problem, ...]:
        """What the last reading of spaces and assets of a scope could not read.

        A space that is gone is a finding of whoever plans, unless it was asked for by name.
        """
        spaces = [
            space.problem
            for space in await self._store.catalog.spaces()
            if space.problem is not None
            and scope.wants_space(space.name)
            and (space.present or (scope.names(space.name) and self._context.mapping.may_hold(space.name)))
        ]
        assets = [
            asset.problem
            for asset in await self._store.catalog.with_problems()
            if asset.problem is not None
            and is_unread(asset)
            and not by_its_space(asset.problem)
            and scope.wants(asset.id, asset.tier)
        ]
        kept_out = await unspellable_spaces(
            self._store, lambda space: scope.wants_space(space) and self._context.mapping.may_hold(space)
        )
        of_spaces = {(each.subject, each.message) for each in spaces}
        told = (each for each in assets if (each.subject, each.message) not in of_spaces)
        return (*spaces, *told, *(space.problem for space in kept_out))

    async def get_change_set(
        self,
        change_set_id: str,
        principal: Principal,
        *,
        detail: str = "full",
        limit: int = 20,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> ChangeSetAnswer:
        """A saved change set, and a page of its items: at most `limit`, in at most `budget` characters."""
        authorize(principal, Permission.READ)
        return await self._change_sets.answer(change_set_id, detail=detail, limit=limit, cursor=cursor, budget=budget)

    async def list_open(
        self, principal: Principal, *, limit: int = 20, cursor: str | None = None, budget: int | None = None
    ) -> OpenChangeSets:
        """The change sets that may still be applied, whoever made them, newest first."""
        authorize(principal, Permission.READ)
        return await self._change_sets.open(limit=limit, cursor=cursor, budget=budget)

    async def consent(self, change_set_id: str, principal: Principal, *, assets: Collection[str] = ()) -> ConsentAnswer:
        """What of a change set, or of the part of some assets, a person is asked about before it is applied."""
        authorize(principal, Permission.READ)
        return await self._change_sets.consent(change_set_id, assets)

    async def approve(self, change_set_id: str, principal: Principal, *, limit: int = 20) -> ApprovalAnswer:
        """Note that a person approves a change set as it is. The same person again changes nothing.

        A promotion that it was made with counts in this installation from then on.

        The last approval is the one that counts, but for that of whoever made the change set, which does not take the
        place of somebody else's.

        Raises:
            UsageError: there is no such change set.
            RefusedError: it expired, was applied, is not what was saved, or mapping, scope or program moved since.
        """
        authorize(principal, Permission.ADMINISTER)
        if principal.kind is not PrincipalKind.USER:
            raise PermissionRefusedError(
                "only a person approves.", remedy="Ask somebody to approve it at the command line."
            )
        self._context.require_good_settings()
        now = isoformat(self._context.clock())
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        await self._require_approvable(record, now=now)
        stands = valid_approval(record)
        if stands is None or principal.id not in {stands.by, record.actor}:
            await self._note(record, principal, at=now)
        return await self._approval(record.id, limit=limit)

    async def promote(
        self, change_set_id: str, file: Path, principal: Principal, *, replace: bool = False
    ) -> PromotionAnswer:
        """Write scope and rules of a change set to a file for the next environment, with what became of its assets.

        Raises:
            UsageError: there is no such change set, or the file is there already or cannot be written.
            RefusedError: it is an undo, or the settings in force are no longer those that it was made with.
        """
        authorize(principal, Permission.OPERATE)
        context = self._context
        context.require_good_settings()
        settings, at = context.settings, isoformat(context.clock())
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        if record.undo_of is not None:
            raise RefusedError(
                f"change set {record.id} undoes {record.undo_of}: no rules made it, so it has none to promote.",
                remedy="Name a change set that preview made.",
            )
        require_made_so(record, settings)
        promotion = await make_promotion(self._store, settings, context.mapping, record, principal, at=at)
        return await write_promotion(context, promotion, file, principal, replace=replace)

    async def _require_approvable(self, record: ChangeSetRecord, *, now: str) -> None:
        if record.run_id is not None:
            raise RefusedError(
                f"change set {record.id} was applied already, by run {record.run_id}.", remedy="Make a new preview."
            )
        require_current(record, self._context.settings, now=now)
        items = await self._store.change_sets.all_items(record.id)
        require_as_saved(record, items)
        await require_whole_bodies(self._store, record, items)

    async def _note(self, record: ChangeSetRecord, principal: Principal, *, at: str) -> None:
        approval = Approval(principal.id, at, record.digest)
        detail: dict[str, JsonValue] = {"change_set": record.id, "digest": record.digest, "made_by": record.actor}
        if record.promotion is not None:
            detail["promotion"] = record.promotion
        event = AuditEvent(principal, AuditAction.APPROVE, None, None, None, AuditOutcome.DONE, detail)

        async def note(tx: Tx) -> bool:
            if not await tx.change_sets.approve(record.id, approval):
                return False
            if record.promotion is not None:
                await tx.promotions.approve(ApprovedPromotion(record.promotion, approval.by, approval.at, record.id))
            await tx.audit.append_many([event])
            return True

        if not await self._store.write(note):
            raise RefusedError(f"change set {record.id} was applied just now.", remedy="Make a new preview.")

    async def _approval(self, change_set_id: ChangeSetId, *, limit: int) -> ApprovalAnswer:
        record = await self._store.change_sets.get(change_set_id)
        answer = await self._change_sets.answer(change_set_id, detail="concise", limit=limit)
        assert record.approval is not None
        settings = self._context.settings
        own = (settings.approvals.of_deletes or reviews_access(settings)) and not approved_by_another(record)
        scope = Scope.from_json(decode_cell(record.request))
        part = record.promotion is not None and not (scope.everything and scope.every_target)
        return ApprovalAnswer(
            **answer.model_dump(),
            approved_at=record.approval.at,
            promotion=record.promotion,
            note=" ".join([*([_OWN] if own else []), *([_PART] if part else [])]),
        )
