"""Make and save a change set: load what is known, let each target plan by itself, write down the result.

One change set spans the targets that its scope is about. What they share is loaded once. A target that cannot be
looked at is a problem of the change set, and keeps no other from being planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from spheresync.config import Settings
from spheresync.lineage.broken import broken_lineage
from spheresync.lineage.open_types import columns_without_type
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import Action, Address, AssetId, Problem, SpaceName, TargetKey, isoformat
from spheresync.planning.bound_tables import BOUND_COLUMNS
from spheresync.planning.change_set_writer import ChangeSetWriter, NewChangeSet, audited_target
from spheresync.planning.decisions.access import access_findings
from spheresync.planning.decisions.drift import MOST_FINDINGS, within_bounds
from spheresync.planning.decisions.items import by_urgency
from spheresync.planning.decisions.missed_assets import missed_findings
from spheresync.planning.decisions.new_personal_data import new_personal_data
from spheresync.planning.decisions.no_failure import OVERWRITTEN
from spheresync.planning.destination_places import Places, note_away
from spheresync.planning.guarded_together import guard_findings, hold_together
from spheresync.planning.last_reading import LastReading, last_reading
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.promotion_check import check_promotion
from spheresync.planning.removal.confirmed_gone import ConfirmedGone
from spheresync.planning.target_planner import TargetPlanner
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.each_target import in_each_target, merge_problems, problem_of_target
from spheresync.runtime.empty_tenant import empty_tenant
from spheresync.runtime.installation_name import note_name
from spheresync.runtime.out_of_scope import assets_left_out, space_outside, unmatched_spaces
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.providers import Providers
from spheresync.runtime.run_counts import FAILED, MISSING, UNREAD, failed_assets
from spheresync.runtime.settled_context import settle_context
from spheresync.runtime.unread import count_unread, is_unread, may_hold, objects_off
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetRecord,
    SpaceRecord,
)
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.registry import base_of


async def make_change_set(
    context: RuntimeContext,
    request: PlanRequest,
    progress: OnProgress,
    *,
    using: Providers | None = None,
    recent: defaultdict[TargetKey, RecentReads] | None = None,
) -> ChangeSetRecord:
    """Make and save a change set from what the local catalog holds.

    Args:
        context: of this process.
        request: what it is to be about.
        progress: told how far it is.
        using: providers that are in use already; by default those of the settings in force.
        recent: gets the tables of each target that had to be read, for a run that applies the change set at once.

    Raises:
        TargetError: what a plan has to look at could not be looked at, in any target.
        StateError: the change set could not be saved.
        UsageError: none of the targets of the scope is configured any more.
    """
    async with context.providers_or(using) as providers:
        await settle_context(context.store, providers.mapping)
        planner = planner_of(context, providers, request, progress, settings=providers.settings, recent=recent)
        return await planner.run()


def planner_of(
    context: RuntimeContext,
    providers: Providers,
    request: PlanRequest,
    progress: OnProgress,
    *,
    settings: Settings,
    recent: defaultdict[TargetKey, RecentReads] | None = None,
    now: datetime | None = None,
) -> Planner:
    """A planner by these settings, which are those of the providers unless others are tried.

    `now`: plans that are to be compared are made as of one moment.
    """
    return Planner(
        context.store,
        settings,
        providers.mapping if settings is providers.settings else MappingRules.compile(settings),
        providers.targets(request.scope),
        request,
        now=now or context.clock(),
        progress=progress,
        recent=recent,
        target_of=providers.target,
    )


@dataclass(frozen=True, slots=True)
class _Planned:
    """A change set that is not saved yet, and the planners that know what is to be saved with it."""

    change_set: NewChangeSet
    by: Sequence[TargetPlanner]


class Planner:
    """Makes one change set for some targets. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        targets: Sequence[Target],
        request: PlanRequest,
        *,
        now: datetime,
        progress: OnProgress,
        recent: defaultdict[TargetKey, RecentReads] | None = None,
        target_of: Callable[[TargetKey], Target] | None = None,
    ) -> None:
        """`recent`: gets the tables that had to be read by name, for whoever applies the plan at once.

        `target_of`: gives any target in force, planned or not; by default one of `targets`.
        """
        given = {target.key: target for target in targets}
        self._target_of = target_of or given.__getitem__
        recent = recent if recent is not None else defaultdict(RecentReads)
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._request = request
        self._now = now
        self._targets = {
            target.key: TargetPlanner(
                store,
                settings,
                mapping.of(target.key),
                target,
                request,
                now=now,
                progress=progress,
                recent=recent[target.key],
            )
            for target in targets
        }

    async def run(self) -> ChangeSetRecord:
        """Plan, save, and answer the saved change set.

        Raises:
            TargetError: in no target could be looked at the databases of a lost or new state; nothing was saved.
        """
        return await self._save(await self.plan())

    async def plan(self) -> _Planned:
        """Plan, and save nothing.

        Raises:
            TargetError: in no target could be looked at the databases of a lost or new state.
        """
        spaces, records = await self._load()
        confirmed = await ConfirmedGone.load(self._store)
        places = await Places.find(self._store, self._settings, self._target_of)
        planned_well: set[TargetKey] = set()

        async def plan(key: TargetKey) -> None:
            base = base_of(key)
            if base in planned_well:
                await self._targets[key].plan_after(self._targets[base])
            await self._targets[key].plan(records, confirmed, places, self._mapping)
            planned_well.add(key)

        async def leave_to_the_first() -> None:
            await _leave_to_the_first([each for key, each in self._targets.items() if key in planned_well], places)

        failed = await in_each_target([*self._targets], plan, after_turn=leave_to_the_first)
        planned = [planner for key, planner in self._targets.items() if key not in failed]
        hold_together(planned)
        empty = await empty_tenant(self._store)
        reading = last_reading(spaces, records, self._request.scope, partial(may_hold, self._mapping), empty)
        findings = [
            *guard_findings(planned),
            *self._gone_spaces(spaces, records),
            *reading.missing,
            *self._left_out(spaces, records),
            *self._missed(planned, records),
            *unmatched_spaces(self._settings.target_keys, {space.name for space in spaces}),
            *merge_problems([(each.key, each.displaced) for each in planned]),
            *await self._compared(records),
            *await broken_lineage(self._store, lambda record: self._request.scope.wants(record.id, record.tier)),
            *await columns_without_type(self._store, lambda record: self._request.scope.wants(record.id, record.tier)),
            *within_bounds(merge_problems([(each.key, each.left) for each in planned])),
            *within_bounds(
                merge_problems([(each.key, each.draft.overwritten) for each in planned]),
                OVERWRITTEN,
                "of which edits of others are written over",
            ),
            *within_bounds(
                merge_problems([(each.key, each.draft.noted) for each in planned]),
                BOUND_COLUMNS,
                "whose columns and those of the bound asset do not all fit together",
            ),
            *merge_problems([(each.key, each.draft.told_once) for each in planned]),
            *objects_off(records, self._request.scope),
            *access_findings([item for each in planned for item in each.draft.items]),
            *new_personal_data(
                (item for each in planned for item in each.draft.items),
                {record.id: record.personal_data for record in records},
            ),
            *(problem for each in planned for problem in each.draft.reach[:MOST_FINDINGS]),
            *self._request.notices,
        ]
        unplanned = [problem_of_target(key, error) for key, error in failed.items()]
        unplanned += merge_problems([(each.key, each.draft.failed) for each in planned])
        problems = (*self._request.problems, *unplanned)
        counts = self._counts(planned, records, problems)
        return _Planned(self._made(planned, tuple(findings), problems, reading=reading, counts=counts), planned)

    def _missed(self, planned: Sequence[TargetPlanner], records: Sequence[AssetRecord]) -> tuple[Problem, ...]:
        """Which assets count as missing, and how often they were missed."""
        missing = {asset for each in planned for asset in each.draft.missing}
        missing -= {item.asset for each in planned for item in each.draft.items}
        return missed_findings([record for record in records if record.id in missing], self._settings.deletion)

    async def _load(self) -> tuple[Sequence[SpaceRecord], Sequence[AssetRecord]]:
        """Spaces and assets of the catalog, and in each target what is known of it."""
        for planner in self._targets.values():
            await planner.load()
        records = await self._store.catalog.assets()
        if await self._store.clear_lost_rows():  # what they knew is asked of the targets again
            for planner in self._targets.values():
                await planner.load()
            records = await self._store.catalog.assets()
        return await self._store.catalog.spaces(), records

    def _counts(
        self, planned: Sequence[TargetPlanner], records: Sequence[AssetRecord], problems: Sequence[Problem]
    ) -> dict[str, int]:
        """What the summary counts besides items; an asset with an item is counted by that alone."""
        unchanged = sum(each.draft.summary[Action.UNCHANGED] for each in planned)
        missing = {asset for each in planned for asset in each.draft.missing}
        items = {item.asset for each in planned for item in each.draft.items}
        wanted = self._request.scope.wants
        tiers = {record.id: record.tier for record in records}
        told = [each for each in problems if each.asset is None or wanted(each.asset, tiers.get(each.asset))]
        otherwise = items | {each.asset for each in told}
        return {
            Action.UNCHANGED: unchanged,
            FAILED: failed_assets(told, {(item.asset, item.key) for each in planned for item in each.draft.items}),
            UNREAD: count_unread(records, self._request.scope, otherwise),
            MISSING: len(missing - otherwise),
        }

    def _made(
        self,
        planned: Sequence[TargetPlanner],
        findings: tuple[Problem, ...],
        problems: tuple[Problem, ...],
        *,
        reading: LastReading,
        counts: Mapping[str, int],
    ) -> NewChangeSet:
        return ChangeSetWriter(self._settings, self._request.principal, self._now).make(
            sorted((item for each in planned for item in each.draft.items), key=by_urgency),
            [*self._targets],
            request={**self._request.scope.to_json(), **reading.to_json()},
            findings=findings,
            problems=problems,
            counts=counts,
            created_at=max(isoformat(self._now), reading.at or ""),  # another process may have read meanwhile
            promotion=self._settings.promoted.digest if self._settings.promoted is not None else None,
            prerequisites=[needed for each in planned for needed in each.prerequisites],
        )

    async def _save(self, plan: _Planned) -> ChangeSetRecord:
        new = plan.change_set
        event = AuditEvent(
            actor=self._request.principal,
            action=AuditAction.PREVIEW,
            run_id=None,
            asset=None,
            target=audited_target(new.keys),
            outcome=AuditOutcome.DONE,
            detail=new.audited(blocked=new.record.blocked),
        )

        async def save(tx: Tx) -> None:
            await new.put(tx)
            for each in plan.by:
                await each.write(tx, at=new.record.created_at)
            await note_away(tx, self._settings.target_keys, new.record.created_at)
            await note_name(tx, self._settings)
            await tx.audit.append_many([event])

        await self._store.write(save)
        return new.record

    async def _compared(self, records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        """What of the promotion in force does not fit this tenant, where somebody is to look at the change set."""
        promoted = self._settings.promoted
        if promoted is None or not self._request.compare:
            return ()
        return await check_promotion(self._store, promoted.file.promotion, records, self._request.scope)

    def _gone_spaces(self, spaces: Iterable[SpaceRecord], records: Iterable[AssetRecord]) -> tuple[Problem, ...]:
        """Spaces with known assets or tables that the tenant no longer lists: said, and nothing done about it."""
        managed = {space for planner in self._targets.values() for space in planner.managed_spaces}
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
        decided: dict[AssetId, Decision] = {}
        for planner in self._targets.values() if named else ():
            decided |= planner.decided
        for record in records if named else ():
            decision = decided.get(record.id)
            if record.id.space in reasons and decision is not None and not decision.included and not record.misses:
                reasons[record.id.space].append(decision.excluded_by)
        told: list[Problem] = []
        for space, left_out in sorted(reasons.items()):
            told += assets_left_out(space, left_out)
            if not left_out and (why := self._mapping.outside_scope(space)) is not None:
                told.append(space_outside(space, why))
        return tuple(told)


async def _leave_to_the_first(planned: Sequence[TargetPlanner], places: Places) -> None:
    """Let no two destinations of one place write the same table: of newcomers the first of the settings gets it."""
    for at, planner in enumerate(planned):
        taken: dict[Address, TargetKey] = {}
        for other in planned[:at]:
            if places.one_place(planner.key, other.key):
                taken |= dict.fromkeys(other.written, other.key)
        if taken and planner.leave_to_others(taken):
            await planner.plan_prerequisites()
