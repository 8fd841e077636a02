"""Plan one target: names, guards, removals and the items of every asset.

A target is read in four cases only: a database that this state has never seen is looked at before names are given
out, so that a lost state is rebuilt from AWS instead of written over it; a full plan reads the databases that hold
what it is about; a table that a run found changed by others is read, so that the plan shows what it meets; and where a
person is to see the plan, the tables that it changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from spheresync.config import DeletionPolicy, Settings
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import (
    Action,
    Address,
    AssetId,
    PrincipalKind,
    Problem,
    SpaceName,
    TargetKey,
    canonical_json,
    isoformat,
)
from spheresync.planning.access_reach import find_who_is_concerned
from spheresync.planning.asset_planner import AssetPlanner
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.asset_triage import AssetTriage
from spheresync.planning.bound_tables import BoundTablePlanner
from spheresync.planning.changed_columns import without_changed_columns, writes_of
from spheresync.planning.checkpoint_rebuild import note_found_again
from spheresync.planning.decisions.access import reviews_access_in, waiting_for_approval
from spheresync.planning.decisions.asset_work import RemovalRules, is_held
from spheresync.planning.decisions.items import (
    Subject,
)
from spheresync.planning.decisions.renames import with_likely_names
from spheresync.planning.dependents import Dependents
from spheresync.planning.destination_places import (
    ALONE,
    Places,
    SharedPlace,
    note_back,
    note_place,
    require_same_place,
    was_away,
)
from spheresync.planning.left_alone import hold_undecided, leave_closed, leave_to_others, leave_unseen
from spheresync.planning.live_reads import LiveReads
from spheresync.planning.lost_dependents import LostDependents, looked_for_note
from spheresync.planning.names.container_notes import unmade_note
from spheresync.planning.names.displaced_databases import findings_of
from spheresync.planning.names.name_allocation import AllocatedNames, NameAllocator
from spheresync.planning.plan_draft import PlanDraft
from spheresync.planning.plan_guards import PlanGuards, column_guard_note, held_by_column_guard
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.prerequisites import plan_prerequisites
from spheresync.planning.removal.confirmed_gone import ConfirmedGone
from spheresync.planning.removal.removals import DeleteRules, Removals
from spheresync.planning.room import leave_where_unavailable, left_out
from spheresync.planning.target_findings import TargetFindings
from spheresync.runtime.progress import OnProgress
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, Checkpoint, CheckpointState, FormerTable, Prerequisite
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.registry import base_of, design_of

_WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.METADATA_ONLY, Action.ADOPT})


class TargetPlanner:
    """Plans one target in one destination. Build it, `load` and `plan` once each, then `write` what it found out."""

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
        recent: RecentReads,
    ) -> None:
        """`recent`: gets the tables that had to be read by name, for whoever applies the plan at once."""
        self.key = target.key
        self.draft = PlanDraft(told=frozenset(problem.asset for problem in request.problems))
        self.decided: dict[AssetId, Decision] = {}  # of the assets that the plan is about
        self.guarded: tuple[Problem, ...] = ()  # findings of guards
        self.prerequisites: tuple[Prerequisite, ...] = ()  # what must exist before the items are done
        self.names = AllocatedNames()
        self.bound_again: Mapping[AssetId, Checkpoint] = {}  # what a lost state knew of tables of others
        self._recent = recent
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._target = target
        self._design = design_of(target.key.target)
        self._request = request
        self._now = now
        self._progress = progress
        self._read: Sequence[Checkpoint] = ()
        self._checkpoints: dict[AssetId, Checkpoint] = {}  # of them, by what the plan knows beside the state
        self._formers: Sequence[FormerTable] = ()
        self._bound: frozenset[Address] = frozenset()  # tables of others that assets are bound to, or are to be
        self._dependents = Dependents()
        self._findings = TargetFindings()
        self._confirmed = ConfirmedGone()
        self._shared: SharedPlace = ALONE
        self._alone = base_of(target.key) is not None  # the target that it depends on is not planned with it
        self._unmade: Collection[str] = ()  # notes of what all share and could not be made
        self._ids_settled = False  # nothing stands under ids that are derived no more
        self._ids_hidden = False  # what may stand there could not be looked at
        self._found_again: frozenset[AssetId] = frozenset()  # whose objects in the base a lost state knew
        self._left_again: Sequence[FormerTable] = ()  # what a lost state knew of former objects in the base
        self._reshaped: frozenset[AssetId] = frozenset()  # whose columns the same change set changes in the base

    async def load(self) -> None:
        """Load what the state knows of the target."""
        self._read = await self._store.checkpoints.all(self.key)
        self._checkpoints = {checkpoint.asset: checkpoint for checkpoint in self._read}
        self._formers = await self._store.former_tables.all(self.key)
        self._dependents = await Dependents.load(self._store, self.key)
        self._unmade = await self._store.meta.with_prefix(unmade_note(self.key, ""))
        self._ids_settled = await self._store.meta.get(looked_for_note(self.key)) is not None

    async def plan_after(self, base: TargetPlanner) -> None:
        """Go by what the same change set does in the target that this one depends on."""
        self._alone = False
        self._dependents.planned_with(base.draft, base.known_checkpoints)
        self._found_again = frozenset(base.names.adopted | base.bound_again.keys())
        self._left_again = base.formers_found_again
        if self._design.capabilities.goes_with_base:
            writes = await writes_of(self._store, base.draft.items)
            base_design = design_of(base.key.target)
            rest = await without_changed_columns(self._store, self._design, base_design, self._checkpoints, writes)
            self._checkpoints |= rest.checkpoints
            self._reshaped = frozenset(write.item.asset for write in writes if write.columns(base_design))

            async def keep(tx: Tx) -> None:
                await tx.blobs.put_many(rest.bodies)

            if rest.bodies:
                await self._store.write(keep)
            made, nothing = self._dependents.objects.made, self._design.nothing
            self._checkpoints = {
                asset: each
                if (asset, each.address) not in made or each.body_digest == nothing or not each.state.managed
                else replace(each, state=CheckpointState.DELETED)
                for asset, each in self._checkpoints.items()
            }

    @property
    def known_checkpoints(self) -> Mapping[AssetId, Checkpoint]:
        """What the target is known to hold, by what this plan has found out."""
        return {**self._checkpoints, **self.bound_again, **{each.asset: each for each in self.draft.rebased}}

    @property
    def formers_found_again(self) -> Sequence[FormerTable]:
        """Former objects of which the state knew nothing before this plan."""
        known = {former.address for former in self._formers}
        left = [former for at, former in self.names.formers.items() if at not in known]
        written = {item.asset: item.address for item in self.draft.items if item.asset in self.names.adopted}
        moving = [each for asset, each in self._checkpoints.items() if written.get(asset, each.address) != each.address]
        return left + [FormerTable.left_behind(each, at=isoformat(self._now)) for each in moving if each.is_there]

    @property
    def managed_spaces(self) -> set[SpaceName]:
        """Spaces of which the target holds tables."""
        return {asset.space for asset, checkpoint in self._checkpoints.items() if checkpoint.state.managed}

    @property
    def displaced(self) -> tuple[Problem, ...]:
        """Databases that could not have the names that rules ask for."""
        return findings_of(self.names.displaced)

    @property
    def left(self) -> list[Problem]:
        """What others did to tables and stays so."""
        return [*self.draft.left, *self.names.copies]

    async def plan(
        self, records: Sequence[AssetRecord], confirmed: ConfirmedGone, places: Places, mapping: MappingRules
    ) -> None:
        """Fill the draft.

        Args:
            records: every asset of the catalog.
            confirmed: which of them are known to be gone.
            places: where every target in force is.
            mapping: the rules of all of them.

        Raises:
            TargetError: databases of a lost or new state could not be looked at, or nothing may be written here.
        """
        await self._find_place(places, mapping)
        await self._look_for_lost(records)
        self._findings = await TargetFindings.load(self._store, self.key)
        self._confirmed = confirmed
        designing = self._triage.settle(records)
        binds = self._design.capabilities.binds
        bound = [record for record in designing if binds and self.decided[record.id].bind is not None]
        apart = {record.id for record in bound}
        to_design = [record for record in designing if record.id not in apart]
        names = await self._allocate(to_design)
        placed = names.addresses.keys() | names.undecided.keys()
        to_design = [record for record in to_design if record.id in placed]
        doubtful = [record for record in to_design if record.id in names.undecided]
        subjects = [self._subject(record, self.decided[record.id]) for record in doubtful]
        undecided = hold_undecided(subjects, names.undecided, self.draft)
        to_design = [record for record in to_design if record.id not in undecided]
        self.names = names
        if names.adopted:
            checkpoints = await self._store.checkpoints.all(self.key)
            self._checkpoints = {checkpoint.asset: checkpoint for checkpoint in checkpoints}
        unseen = leave_unseen([record.id for record in to_design], names, self.draft)
        to_design = [record for record in to_design if record.id not in unseen]
        live_reads = await self._live_reads(to_design)
        asset_planner = AssetPlanner(
            self._store,
            self._settings,
            self._target,
            self.draft,
            now=self._now,
            progress=self._progress,
            live_reads=live_reads,
            doubted=self._findings.doubted,
            reshaped=self._reshaped,
            recent=self._recent,
        )
        await asset_planner.run([self._subject(record, self.decided[record.id]) for record in to_design], names)
        await self._plan_bound(bound, to_design, names)
        removals = Removals(
            self._store,
            self._settings,
            self._target,
            self.draft,
            self._delete_rules,
            at=isoformat(self._now),
            live_reads=live_reads,
        )
        await removals.plan()
        if names.formers:
            await removals.plan_formers(self._left_behind(records, names))
        self.leave_to_others(self._shared.held)
        self.draft.items = with_likely_names(self.draft.items, records, self._checkpoints)
        if self._request.compare or self._request.full:
            await leave_closed(self._store, self._target, self._settings.installation_marker, self.draft)
        await leave_where_unavailable(self._target, self.draft)
        self.draft.told_once += left_out(self.key, self._design, self.draft.items, self.decided)
        waiting = await held_by_column_guard(self._store, self.key, self.draft.shrinking)
        if self._alone and (base := base_of(self.key)) is not None:
            waiting |= await held_by_column_guard(self._store, base, self.draft.shrinking)
        self.guarded = self._guards.guard(records, waiting)
        await self.plan_prerequisites()
        if self._request.compare and self._design.capabilities.access:
            reach, left = await find_who_is_concerned(self._store, self._target, self.draft.items)
            self.draft.reach += reach
            self.draft.left += left
        if reviews_access_in(self._settings, self.key.target):
            self.draft.items = [waiting_for_approval(item) for item in self.draft.items]

    async def _allocate(self, to_design: Sequence[AssetRecord]) -> AllocatedNames:
        """The names of what is to be designed; what gets none has failed, or waits, and that is told."""
        marker, formers = self._settings.installation_marker, {former.address: former for former in self._formers}
        if self._dependents.key is not None:
            to_design = await self._look_under_former_ids(to_design)
            subjects = [self._subject(record, self.decided[record.id]) for record in to_design]
            apart, known = self._settings.apart_in(self.key.destination), self._checkpoints.values()
            names = self._dependents.at_their_objects(subjects, self.draft, marker, apart, known)
            if self._request.full:  # no listing holds them, so each is read by its name
                names.compared = frozenset(address.container for address in names.addresses.values())
            names.formers = formers
            return names
        if not to_design:
            return AllocatedNames(formers=formers)
        naming = NameAllocator(
            self._store,
            self._mapping,
            marker,
            self._target,
            in_force=self._settings.target_keys,
            shared=self._shared,
        )
        at, full = isoformat(self._now), self._request.full
        everywhere = full and self._request.scope.everything
        names = await naming.resolve(
            to_design, self._checkpoints, self._formers, now=at, full=full, everywhere=everywhere
        )
        for asset, error in names.failures.items():
            self.draft.fail(asset, error)
            self.decided.pop(asset, None)
        return names

    async def _look_for_lost(self, records: Sequence[AssetRecord]) -> None:
        """Know again what a lost state knew of assets and former objects that only the base still knows."""
        alone = self._found_again - self._checkpoints.keys() - {record.id for record in records}
        if self._design.capabilities.goes_with_base or not (alone or self._left_again):
            return
        lost = LostDependents(self._store, self._settings, self._target)
        known, at = self._dependents.objects.known, isoformat(self._now)
        self._checkpoints |= await lost.find({asset: known[asset] for asset in alone if asset in known}, at)
        if not self._design.capabilities.own_ids:
            self._formers = [*self._formers, *await lost.find_left(self._left_again, at)]
        self.draft.left += lost.problems

    async def _look_under_former_ids(self, to_design: Sequence[AssetRecord]) -> Sequence[AssetRecord]:
        """Know again what stands under ids that are derived no more; answers those that can be planned then."""
        known = self._dependents.objects.known
        unknown = {
            record.id: known[record.id]
            for record in to_design
            if record.id in known and record.id not in self._checkpoints and not self._dependents.makes(record.id)
            if record.id in self._found_again or not self._ids_settled
        }
        if not self._design.capabilities.own_ids or not unknown:
            return to_design
        lost = LostDependents(self._store, self._settings, self._target)
        self._checkpoints |= await lost.find_under_former_ids(unknown, isoformat(self._now))
        for asset, error in lost.failures.items():
            self.draft.fail(asset, error)
            self.decided.pop(asset, None)
        self._ids_hidden = bool(lost.failures)
        return [record for record in to_design if record.id not in lost.failures]

    async def _find_place(self, places: Places, mapping: MappingRules) -> None:
        """Find out what others manage in this place, and whether what is known of it has to be proven again.

        Raises:
            TargetError: CONFLICT; nothing may be planned here.
        """
        places.require_apart(self.key)
        await require_same_place(self._store, self._settings, self._target, self._read)
        if await was_away(self._store, self.key):
            self._request = replace(self._request, full=True)
        self._shared = await places.shared_with(self.key, mapping)

    @property
    def written(self) -> set[Address]:
        """Where the plan puts something of ours, or leaves it."""
        return {item.address for item in self.draft.items if item.action in _WRITING}

    def leave_to_others(self, held: Mapping[Address, TargetKey]) -> bool:
        """Plan nothing for what other destinations manage; answers whether anything was."""
        return leave_to_others(self.draft, self._design, held)

    async def _plan_bound(
        self, bound: Sequence[AssetRecord], to_design: Iterable[AssetRecord], names: AllocatedNames
    ) -> None:
        """Plan assets that rules bind to tables of others."""
        planner = BoundTablePlanner(
            self._store,
            self._settings,
            self._target,
            self.draft,
            now=self._now,
            progress=self._progress,
            recent=self._recent,
            names=names,
            shared=self._shared,
        )
        everywhere = self._request.full and self._request.scope.everything and self._design.capabilities.binds
        leaving = {record.id for record in to_design} | {subject.asset for _, subject in self.draft.removals}
        subjects = [self._subject(record, self.decided[record.id]) for record in bound]
        self._bound = await planner.run(subjects, self._checkpoints, leaving, everywhere=everywhere)
        self.bound_again = planner.known_again

    async def _live_reads(self, to_design: Iterable[AssetRecord]) -> LiveReads:
        """Reads tables that are to be changed, where a person is to see the plan."""
        if not self._request.compare:
            return LiveReads(self._target, self.draft.left, None, {}, self._settings.installation_marker)
        held = [self._checkpoints[record.id] for record in to_design if record.id in self._checkpoints]
        sizes = await self._store.checkpoints.count_active(self.key)
        addresses, owner = [each.address for each in held], self._settings.installation_marker
        return LiveReads(self._target, self.draft.left, addresses, sizes, owner)

    async def plan_prerequisites(self) -> None:
        """Plan what must exist first; an asset that waits for what could not be designed fails, and no other."""
        draft, marker = self.draft, self._settings.installation_marker
        held = {each.body for each in [*draft.rebased, *draft.found_again] if each.state.managed}
        if self._unmade:  # what stands may need it, though nothing of it is written
            writing = {item.asset for item in draft.items if item.action.writes_definition}
            stands = [each for each in self.known_checkpoints.values() if each.state.managed]
            held |= {each.body for each in stands if each.asset not in writing}
        planned = await plan_prerequisites(
            self._store, self._mapping, marker, self.key, draft.items, bound=self._bound, held=held
        )
        for asset, error in planned.failures.items():
            draft.fail(asset, error)
        draft.items = [item for item in draft.items if item.asset not in planned.failures]
        self.prerequisites = planned.needed

    def _subject(self, record: AssetRecord, decision: Decision) -> Subject:
        return Subject(
            record=record if record.tier is decision.tier else replace(record, tier=decision.tier),
            checkpoint=self._checkpoints.get(record.id),
            target=self.key.target,
            destination=self.key.destination,
            decision=decision,
            design=self._design,
            base=self._dependents.of(record.id),
            base_is_new=self._dependents.makes(record.id),
        )

    @property
    def _triage(self) -> AssetTriage:
        deletion = self._settings.deletion
        return AssetTriage(
            request=self._request,
            mapping=self._mapping,
            design=self._design,
            rules=RemovalRules(deletion.policy, deletion.misses, deletion.grace, self._delete_rules.offered),
            checkpoints=self._checkpoints,
            dependents=self._dependents,
            findings=self._findings,
            confirmed=self._confirmed,
            subject=self._subject,
            draft=self.draft,
            decided=self.decided,
            now=self._now,
        )

    @property
    def _guards(self) -> PlanGuards:
        return PlanGuards(
            self.key,
            self._request,
            self.draft,
            self._checkpoints,
            self._dependents.checkpoints,
            self._alone,
            self.decided,
            self._deletes_allowed,
            self._settings.deletion.misses,
        )

    @property
    def _deletes_allowed(self) -> bool:
        return self._request.allow_deletes or self._settings.deletion.policy is DeletionPolicy.DELETE

    @property
    def _delete_rules(self) -> DeleteRules:
        return DeleteRules(
            allowed=self._deletes_allowed,
            reviewed=self._request.offer_deletes,
            four_eyes=self._settings.approvals.of_deletes,
            alone=self._request.principal.kind is PrincipalKind.SCHEDULER,
        )

    def _left_behind(self, records: Iterable[AssetRecord], names: AllocatedNames) -> list[tuple[FormerTable, Subject]]:
        """Tables that assets had before, but for those that are in use again."""
        in_use = {checkpoint.address for checkpoint in self._checkpoints.values() if checkpoint.is_there}
        in_use |= {item.address for item in self.draft.items}
        known = {record.id: record for record in records}
        subjects = []
        for former in names.formers.values():
            record = known.get(former.asset)
            decision = self.decided.get(former.asset)  # None: out of the plan's scope, or failed and told
            if record is None or decision is None or former.address in in_use:
                continue
            if not is_held(record, self._checkpoints.get(record.id)):
                subjects.append((former, self._subject(record, decision)))
        return subjects

    async def write(self, tx: Tx, *, at: str) -> None:
        """Write down what the plan found out about the target."""
        guards = self._guards
        certain = [i for i in self.draft.items if i.action is not Action.DELETE or not guards.is_offered_only(i.asset)]
        known = self._findings.after(self.draft, certain, self.guarded)
        await known.write(tx, self.key, self._settings.target_keys, at=at)
        waiting = canonical_json([asset.to_json() for asset in sorted(self.draft.waiting)]).decode()
        await tx.meta.set(column_guard_note(self.key), waiting)
        await note_place(tx, self._settings, self._target)
        for note in {*self._unmade} - {unmade_note(self.key, each.container) for each in self.prerequisites}:
            await tx.meta.delete(note)  # nothing needs it any more
        if self._request.scope.everything:
            await note_back(tx, self.key)
            if self._design.capabilities.own_ids and not (self._ids_settled or self._ids_hidden):
                await tx.meta.set(looked_for_note(self.key), at)
        if self.draft.rebased:
            await self._note_what_was_found(tx)
        await note_found_again(tx, self.key, self.draft.found_again, self._settings.target_keys)

    async def _note_what_was_found(self, tx: Tx) -> None:
        """Note what the plan found out about checkpoints, but for those that a run has written meanwhile."""
        now = {checkpoint.asset: checkpoint for checkpoint in await tx.checkpoints.all(self.key)}
        known = self._checkpoints
        found = [each for each in self.draft.rebased if now.get(each.asset) == known.get(each.asset)]
        if self.prerequisites and self._design.capabilities.depends_on is not None:
            # who asks for them is known by its rules alone: those count once what they ask for is there
            found = [replace(each, mapping=known[each.asset].mapping) for each in found if each.asset in known]
        await tx.checkpoints.put_many(found)
        await settle_statuses(tx, [each.asset for each in found], self._settings.target_keys)
