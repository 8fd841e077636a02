"""Make and save a change set: load what is known, let the pure steps decide, write down the result.

A target is read in four cases only: a database that this state has never seen is looked at before names are given
out, so that a lost state is rebuilt from AWS instead of written over it; a thorough plan reads the databases that hold
what it is about; a table that a run found changed by others is read, so that the plan shows what it meets; and where a
person is to see the plan, the tables that it changes.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from spheresync import __version__
from spheresync.config import DeletionPolicy, Settings
from spheresync.mapping.rules import Decision
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    GLUE,
    Action,
    AssetId,
    ChangeSetId,
    Principal,
    Problem,
    SpaceName,
    TargetKey,
    canonical_json,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.planning.asset_planner import AssetPlanner, PlanDraft
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.confirmed_gone import ConfirmedGone, not_asked
from spheresync.planning.decisions.drift import within_bounds
from spheresync.planning.decisions.guards import GuardVerdict, guard_columns, guard_removals
from spheresync.planning.decisions.items import (
    Subject,
    by_urgency,
    forget_item,
    settled_item,
)
from spheresync.planning.decisions.triage import RemovalRules, Work, held_as_gone, is_held, triage
from spheresync.planning.displaced_databases import findings_of
from spheresync.planning.last_reading import last_reading
from spheresync.planning.live_reads import LiveReads
from spheresync.planning.name_allocation import AllocatedNames, NameAllocator
from spheresync.planning.prerequisites import plan_prerequisites
from spheresync.planning.promotion_check import check_promotion
from spheresync.planning.removals import DeleteRules, Removals
from spheresync.planning.target_findings import TargetFindings
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.out_of_scope import assets_left_out, space_outside
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.providers import Providers
from spheresync.runtime.run_counts import MISSING, UNREAD
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import count_unread, is_unread, may_hold
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import FORMAT, NO_DIGEST, with_digest
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    AuditEvent,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    FormerTable,
    Prerequisite,
    SpaceRecord,
)
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.registry import design_of

COLUMN_GUARD = "column_guard"
MANAGED = frozenset({CheckpointState.ACTIVE, CheckpointState.RETIRED})


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a change set is asked for. `offer_deletes` shows deletes of retired tables even where not allowed yet."""

    scope: Scope
    principal: Principal
    thorough: bool = False
    allow_deletes: bool = False
    offer_deletes: bool = False
    max_deletes: int | None = None
    problems: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()  # worth a line, and no failure
    compare: bool = False  # for a person to see: say what of a promotion, and of the tables to be changed, does not fit


async def make_change_set(
    context: RuntimeContext,
    request: PlanRequest,
    progress: OnProgress,
    *,
    using: Providers | None = None,
    recent: RecentReads | None = None,
) -> ChangeSetRecord:
    """Make and save a change set from what the local catalog holds.

    Args:
        context: of this process.
        request: what it is to be about.
        progress: told how far it is.
        using: providers that are in use already; by default those of the settings in force.
        recent: gets the tables that had to be read, for a run that applies the change set at once.

    Raises:
        TargetError: what a plan has to look at could not be looked at.
        StateError: the change set could not be saved.
    """
    async with context.providers_or(using) as providers:
        planner = Planner(
            context.store,
            providers.settings,
            providers.mapping,
            providers.target(TargetKey(GLUE)),
            request,
            now=context.clock(),
            progress=progress,
            recent=recent,
        )
        return await planner.run()


class Planner:
    """Makes one change set for one target. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        target: Target,
        request: PlanRequest,
        *,
        now: datetime,
        progress: OnProgress,
        recent: RecentReads | None = None,
    ) -> None:
        """`recent`: gets the tables that had to be read by name, for whoever applies the plan at once."""
        self._recent = recent or RecentReads()
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._target = target
        self._design = design_of(target.key.target)
        self._request = request
        self._now = now
        self._progress = progress
        self._draft = PlanDraft(told=frozenset(problem.asset for problem in request.problems))
        self._decided: dict[AssetId, Decision] = {}  # of the assets that the plan is about
        self._checkpoints: dict[AssetId, Checkpoint] = {}
        self._standing = TargetFindings()
        self._confirmed = ConfirmedGone()

    async def run(self) -> ChangeSetRecord:
        """Plan, save, and answer the saved change set.

        Raises:
            TargetError: databases of a lost or new state could not be looked at; nothing was saved.
        """
        await self._load_checkpoints()
        formers = await self._store.former_tables.all(self._target.key)
        records = await self._store.catalog.assets()
        if await self._store.clear_lost_rows():  # what they knew is asked of the target again
            await self._load_checkpoints()
            records = await self._store.catalog.assets()
        self._standing = await TargetFindings.load(self._store, self._target.key)
        self._confirmed = await ConfirmedGone.load(self._store)
        to_design = self._triage_all(records)
        marker = self._settings.installation_marker
        naming = NameAllocator(self._store, self._mapping, marker, self._target)
        names = AllocatedNames(formers={former.address: former for former in formers})
        if to_design:
            at, thorough = isoformat(self._now), self._request.thorough
            everywhere = thorough and self._request.scope.everything
            names = await naming.resolve(
                to_design, self._checkpoints, formers, now=at, thorough=thorough, everywhere=everywhere
            )
            for asset, error in names.failures.items():
                self._draft.fail(asset, error)
                self._decided.pop(asset, None)
            to_design = [record for record in to_design if record.id not in names.failures]
        if names.adopted:
            await self._load_checkpoints()
        to_design = self._leave_unseen(to_design, names)
        live_reads = await self._live_reads(to_design)
        designer = AssetPlanner(
            self._store,
            self._settings,
            self._target,
            self._draft,
            now=self._now,
            progress=self._progress,
            live_reads=live_reads,
            doubted=self._standing.doubted,
            recent=self._recent,
        )
        await designer.run([self._subject(record, self._decided[record.id]) for record in to_design], names)
        removals = Removals(
            self._store,
            self._settings,
            self._target,
            self._draft,
            self._delete_rules,
            at=isoformat(self._now),
            live_reads=live_reads,
        )
        await removals.plan()
        if names.formers:
            await removals.plan_formers(self._left_behind(records, names))
        spaces = await self._store.catalog.spaces()
        reading = last_reading(spaces, records, self._request.scope, partial(may_hold, self._mapping))
        findings = self._guard(records, await self._waiting()) + self._gone_spaces(spaces, records)
        findings += reading.missing + self._left_out(spaces, records)
        findings += findings_of(names.displaced) + await self._compared(records)
        findings += within_bounds([*self._draft.left, *names.claims]) + self._request.notices
        prerequisites = await self._prerequisites()
        failed = {problem.asset for problem in (*self._request.problems, *self._draft.failed)}
        unread = count_unread(records, self._request.scope, failed)
        return await self._save(findings, prerequisites, read_at=reading.at, unread=unread)

    async def _live_reads(self, to_design: Iterable[AssetRecord]) -> LiveReads:
        """Reads tables that are to be changed, where a person is to see the plan."""
        if not self._request.compare:
            return LiveReads(self._target, self._draft.left, None, {})
        held = [self._checkpoints[record.id] for record in to_design if record.id in self._checkpoints]
        sizes = await self._store.checkpoints.count_active(self._target.key)
        return LiveReads(self._target, self._draft.left, [each.address for each in held], sizes)

    def _leave_unseen(self, to_design: Sequence[AssetRecord], names: AllocatedNames) -> list[AssetRecord]:
        """Plan nothing into databases that could not be looked at: their assets fail, and no others."""
        kept, told = [], set()
        for record in to_design:
            container = names.addresses[record.id].container
            error = names.unseen.get(container)
            if error is None:
                kept.append(record)
                continue
            told.add(container)
            text = f"database {container} could not be looked at: {error.message}"
            self._draft.failed.append(Problem.of(record.id, error.fault, text, error.remedy))
        for container, error in names.unseen.items():
            if container not in told:
                self._draft.failed.append(Problem(f"database {container}", error.fault, error.message, error.remedy))
        return kept

    async def _compared(self, records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        """What of the promotion in force does not fit this tenant, where somebody is to look at the change set."""
        promoted = self._settings.promoted
        if promoted is None or not self._request.compare:
            return ()
        return await check_promotion(self._store, promoted.file.promotion, records, self._request.scope)

    def _gone_spaces(self, spaces: Iterable[SpaceRecord], records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        """Spaces with known assets or tables that the tenant no longer lists: said, and nothing done about it."""
        managed = {asset.space for asset, held in self._checkpoints.items() if held.state in MANAGED}
        managed |= {record.id.space for record in records if is_unread(record)}
        return tuple(
            space.problem
            for space in spaces
            if space.problem is not None
            and not space.present
            and space.name in managed
            and space.problem not in self._request.problems
            and self._request.scope.wants_space(space.name)
            and may_hold(self._mapping, space.name)
        )

    def _left_out(self, spaces: Iterable[SpaceRecord], records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        """What somebody asked for by name that the scope or a rule leaves out, so that nothing is planned for it."""
        named = [space.name for space in spaces if self._request.scope.names(space.name)]
        reasons: dict[SpaceName, list[str]] = {name: [] for name in named}
        for record in records if named else ():
            decision = self._decided.get(record.id)
            if record.id.space in reasons and decision is not None and not decision.included and not record.misses:
                reasons[record.id.space].append(decision.excluded_by)
        told: list[Problem] = []
        for space, left_out in sorted(reasons.items()):
            told += assets_left_out(space, left_out)
            if not left_out and (why := self._mapping.outside_scope(space)) is not None:
                told.append(space_outside(space, why))
        return tuple(told)

    async def _waiting(self) -> frozenset[AssetId]:
        """Assets whose updates the column guard held back before."""
        noted = await self._store.meta.get(COLUMN_GUARD)
        try:
            return frozenset(map(AssetId.from_json, decode_cell(noted))) if noted else frozenset()
        except (ValueError, TypeError) as error:  # damaged: nobody knows which, so it may have been any of them
            product_error(error, "assets that the column guard holds back")
            return frozenset(self._draft.shrinking)

    async def _load_checkpoints(self) -> None:
        checkpoints = await self._store.checkpoints.all(self._target.key)
        self._checkpoints = {checkpoint.asset: checkpoint for checkpoint in checkpoints}

    def _subject(self, record: AssetRecord, decision: Decision) -> Subject:
        return Subject(
            record=replace(record, tier=decision.tier),
            checkpoint=self._checkpoints.get(record.id),
            target=self._target.key.target,
            destination=self._target.key.destination,
            decision=decision,
            design=self._design,
        )

    def _triage_all(self, records: Iterable[AssetRecord]) -> list[AssetRecord]:
        """Settle what needs no definition; answer what does."""
        deletion = self._settings.deletion
        rules = RemovalRules(deletion.policy, deletion.misses, deletion.grace, self._delete_rules.offered)
        to_design = []
        for record in records:
            try:
                if self._triage(record, rules) is Work.DESIGN:
                    to_design.append(record)
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                self._draft.fail(record.id, error)
        return to_design

    def _triage(self, record: AssetRecord, rules: RemovalRules) -> Work:
        """What one asset needs; all but its design is settled."""
        request, draft, held = self._request, self._draft, self._checkpoints.get(record.id)
        decision = self._mapping.decide(record.id, record.kind, record.label)
        if not request.scope.wants(record.id, decision.tier):
            return Work.NOTHING
        triaged = partial(triage, record, held, decision, decision.digest, rules=rules, now=self._now)
        work = triaged(thorough=request.thorough)
        if self._standing.doubts(record.id, work):
            work = triaged(thorough=request.thorough, again=True)
        if work in {Work.RETIRE, Work.DELETE} and not self._confirmed.allows(record.id):
            draft.left.append(not_asked(record.id))
            work = Work.UNCHANGED
        self._standing.note(record, work)
        if work is Work.UNCHANGED:
            # what could not be read is told as that, and what failed too
            if not (is_unread(record) or record.id in draft.told):
                retired = held is not None and held.state is CheckpointState.RETIRED
                draft.summary[MISSING if record.misses and not retired else Action.UNCHANGED] += 1
        elif work is Work.HELD:
            reason = "a revert holds it until it changes in Datasphere or is released"
            if held_as_gone(record, held):
                reason = "a revert holds its table until the asset is back in Datasphere or is released"
            draft.items.append(settled_item(self._subject(record, decision), Action.HELD, reason))
        elif work is Work.FORGET:
            reason = f"left the scope: {decision.excluded_by}"
            draft.items.append(forget_item(self._subject(record, decision), reason))
        elif work in {Work.RETIRE, Work.DELETE}:
            draft.removals.append((work, self._subject(record, decision)))
        self._decided[record.id] = decision
        return work

    @property
    def _deletes_allowed(self) -> bool:
        return self._request.allow_deletes or self._settings.deletion.policy is DeletionPolicy.DELETE

    @property
    def _delete_rules(self) -> DeleteRules:
        return DeleteRules(
            allowed=self._deletes_allowed,
            reviewed=self._request.offer_deletes,
            four_eyes=self._settings.approvals.of_deletes,
            alone=self._request.principal.kind == "scheduler",
        )

    def _left_behind(self, records: Iterable[AssetRecord], names: AllocatedNames) -> list[tuple[FormerTable, Subject]]:
        """Tables that assets had before, but for those that are in use again."""
        in_use = {held.address for held in self._checkpoints.values() if held.state is not CheckpointState.DELETED}
        in_use |= {(item.container, item.name) for item in self._draft.items}
        known = {record.id: record for record in records}
        subjects = []
        for former in names.formers.values():
            record = known.get(former.asset)
            decision = self._decided.get(former.asset)  # None: out of the plan's scope, or failed and told
            if record is None or decision is None or former.address in in_use:
                continue
            if decision.included and not is_held(record, self._checkpoints.get(record.id)):
                subjects.append((former, self._subject(record, decision)))
        return subjects

    def _guard(self, records: Iterable[AssetRecord], waiting: frozenset[AssetId]) -> tuple[Problem, ...]:
        managed: Counter[SpaceName] = Counter(
            asset.space for asset, held in self._checkpoints.items() if held.state in MANAGED
        )
        emptied = _emptied(records, managed)
        everything = guard_removals(
            self._draft.gone, managed=managed, emptied=emptied, max_deletes=self._request.max_deletes
        )
        # Deletes that a preview only offers must not hold back retirements, but are held to the same limits.
        certain = [asset for asset in self._draft.gone if not self._offered_only(asset)]
        removals = guard_removals(certain, managed=managed, emptied=emptied, max_deletes=self._request.max_deletes)
        offered = {asset: code for asset, code in everything.blocked.items() if self._offered_only(asset)}
        removals = GuardVerdict(
            {**removals.blocked, **offered}, removals.findings or (everything.findings if offered else ())
        )
        columns = guard_columns(
            self._draft.shrinking,
            managed=managed,
            comparable=self._comparable(records),
            waiting=waiting,
            max_deletes=self._request.max_deletes,
        )
        not_looked_at = frozenset() if self._request.scope.everything else waiting - set(self._draft.shrinking)
        self._draft.waiting = not_looked_at | columns.blocked.keys()
        self._block(removals, columns)
        return removals.findings + columns.findings

    def _comparable(self, records: Iterable[AssetRecord]) -> Counter[SpaceName]:
        """By space: managed assets that are listed and whose definition could be read, in the scope or not."""
        return Counter(
            record.id.space
            for record in records
            if record.misses == 0 and record.problem is None and record.included and record.id in self._checkpoints
        )

    def _offered_only(self, asset: AssetId) -> bool:
        held = self._checkpoints.get(asset)
        return held is not None and held.state is CheckpointState.RETIRED and not self._deletes_allowed

    def _block(self, removals: GuardVerdict, columns: GuardVerdict) -> None:
        gone = set(self._draft.gone)
        for index, item in enumerate(self._draft.items):
            guard = removals.blocked.get(item.asset) if item.action.removes and item.asset in gone else None
            if not item.action.removes:
                guard = columns.blocked.get(item.asset)
            if guard is not None:
                self._draft.items[index] = replace(item, blocked_by=guard)

    async def _prerequisites(self) -> tuple[Prerequisite, ...]:
        """What must exist first; an asset that waits for what could not be designed fails, and no other."""
        draft, marker = self._draft, self._settings.installation_marker
        planned = await plan_prerequisites(self._store, self._mapping, marker, self._target.key, draft.items)
        for asset, error in planned.failures.items():
            draft.fail(asset, error)
        draft.items = [item for item in draft.items if item.asset not in planned.failures]
        return planned.needed

    async def _save(
        self,
        findings: tuple[Problem, ...],
        prerequisites: tuple[Prerequisite, ...],
        *,
        read_at: str | None,
        unread: int,
    ) -> ChangeSetRecord:
        draft = self._draft
        items = [replace(item, ordinal=n) for n, item in enumerate(sorted(draft.items, key=by_urgency), start=1)]
        for item in items:
            draft.summary[item.action] += 1
        promotion = self._settings.promoted.digest if self._settings.promoted is not None else None
        record = ChangeSetRecord(
            id=ChangeSetId(f"cs_{secrets.token_hex(6)}"),
            digest=NO_DIGEST,
            created_at=isoformat(self._now),
            expires_at=isoformat(self._now + self._settings.change_sets.expires),
            actor=self._request.principal.id,
            mapping_digest=self._settings.mapping_digest,
            scope_digest=self._settings.scope_digest,
            request=canonical_json({**self._request.scope.to_json(), "read_at": read_at}),
            summary={
                **{action: draft.summary[action] for action in Action},
                UNREAD: unread,
                MISSING: draft.summary[MISSING],
            },
            findings=findings,
            problems=(*self._request.problems, *draft.failed),
            blocked=sum(1 for item in items if item.blocked_by is not None),
            run_id=None,
            tool_version=__version__,
            format=FORMAT,
            promotion=promotion,
            prerequisites=prerequisites,
        )
        record = with_digest(record, items)
        event = AuditEvent(
            actor=self._request.principal.id,
            action="preview",
            run_id=None,
            asset=None,
            target=self._target.key.target,
            outcome="done",
            detail={"change_set": record.id, "digest": record.digest, "items": len(items), "blocked": record.blocked},
        )

        certain = [item for item in items if item.action is not Action.DELETE or not self._offered_only(item.asset)]
        known = self._standing.after(draft, certain, findings)
        waiting = canonical_json([asset.to_json() for asset in sorted(draft.waiting)]).decode()

        async def save(tx: Tx) -> None:
            await tx.change_sets.put(record, items)
            await known.write(tx, self._target.key, at=record.created_at)
            await tx.meta.set(COLUMN_GUARD, waiting)
            if draft.rebased:
                await self._note_what_was_found(tx)
            await tx.audit.append_many([event])

        await self._store.write(save)
        return record

    async def _note_what_was_found(self, tx: Tx) -> None:
        """Note what the plan found out about checkpoints, but for those that a run has written meanwhile."""
        now = {held.asset: held for held in await tx.checkpoints.all(self._target.key)}
        known = self._checkpoints
        found = [each for each in self._draft.rebased if now.get(each.asset) == known.get(each.asset)]
        await tx.checkpoints.put_many(found)
        await settle_statuses(tx, [each.asset for each in found])


def _emptied(records: Iterable[AssetRecord], managed: Mapping[SpaceName, int]) -> frozenset[SpaceName]:
    """Spaces with managed tables of which not one asset is listed any more."""
    listed = {record.id.space for record in records if record.misses == 0}
    return frozenset(space for space in managed if space not in listed)
