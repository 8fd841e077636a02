"""Apply the change set of a run: check that it may be applied, then do its items in each target apart from the others.

A target that fails or stops early keeps no other target from its items. What was counted is added to the driven run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from spheresync.config import DeletionPolicy
from spheresync.errors import ConfigurationError, SpheresyncError, TargetError, UsageError
from spheresync.execution.base_readiness import BaseReadiness
from spheresync.execution.driven_run import UNCONFIRMED, DrivenRun, sent_items
from spheresync.execution.item_result import counts_of
from spheresync.execution.prerequisites import NOTHING_MADE, MadePrerequisites, make_prerequisites
from spheresync.execution.required_approvals import Permissions, require_approved_promotion
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.execution.run_request import RunRequest
from spheresync.execution.target_applier import TargetApplier
from spheresync.execution.undo_recorder import UndoRecorder
from spheresync.model import (
    Action,
    Address,
    AssetId,
    Problem,
    RunKind,
    RunState,
    TargetKey,
    counted,
    isoformat,
)
from spheresync.planning.decisions.approvals import WAITS_FOR_A_PERSON
from spheresync.planning.destination_places import Places, note_where_written, require_same_place
from spheresync.planning.names.closed_containers import ClosedContainers
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.each_target import in_each_target, problem_of_target
from spheresync.runtime.progress import OnProgress
from spheresync.runtime.run_counts import BLOCKED, FAILED, MISSING, REFUSED, SKIPPED, UNREAD, failed_assets, final_state
from spheresync.runtime.scope import Scope
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import require_as_saved, require_format
from spheresync.state.records import ChangeSetItem, ChangeSetRecord, JournalEntry
from spheresync.targets.registry import base_of


class ChangeSetApplier:
    """Applies one change set for one driven run. Build it, `run` it once."""

    def __init__(
        self,
        context: RuntimeContext,
        progress: OnProgress,
        drive: DrivenRun,
        change_set: ChangeSetRecord,
        request: RunRequest,
    ) -> None:
        self._context = context
        self._store = context.store
        self._progress = progress
        self._drive = drive
        self._change_set = change_set
        self._request = request

    async def run(self) -> RunState:
        """Do the items that may be done; answer in which state the run has to end.

        Raises:
            RefusedError: the change set is not what was saved, has another format, or lacks an approval.
            FenceError: another process has taken the run over.
            StateError: the state could not be read or written.
        """
        drive, change_set = self._drive, self._change_set
        require_format(change_set)
        whole = await self._store.change_sets.all_items(change_set.id)
        require_as_saved(change_set, whole)
        items = self._chosen(whole)
        await require_approved_promotion(self._store, change_set)
        drive.problems.extend(self._permissions.waiting(items))
        allowed = await self._allowed(items)
        halted = await self._apply_in_each_target(items, allowed)
        if drive.cancelled and drive.counts[SKIPPED]:
            return RunState.CANCELLED
        return final_state(drive.counts, guarded=drive.guarded, halted=halted, problems=bool(self._problems))

    def _chosen(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items that were asked for, where an apply is about some of the assets; the others are counted."""
        assets = self._part
        if not assets:
            return [*items]
        left = [item for item in items if item.asset not in assets]
        self._drive.counts[SKIPPED] += sum(item.action.changes_something for item in left)
        return [item for item in items if item.asset in assets]

    @property
    def _part(self) -> Collection[AssetId]:
        """The assets to which an apply keeps, all where there are none; a sync has planned its own scope."""
        return self._request.scope.assets if self._drive.run.kind is RunKind.APPLY else ()

    @property
    def _problems(self) -> Sequence[Problem]:
        """What could not be read or planned of what is applied."""
        return self._change_set.problems_of(self._part)

    async def account_for(self) -> None:
        """Find out what became of items that were sent and never confirmed, and count what the run has done.

        For a run that ends without `run`, or in the midst of it. What cannot be read stays `sent`, and is told.

        Raises:
            FenceError: another process has taken the run over.
            StateError: the state could not be read or written.
        """
        drive = self._drive
        whole = await self._store.change_sets.all_items(self._change_set.id)
        drive.counts.clear()
        items = self._chosen(whole)
        allowed = await self._allowed(items)
        await self._settle_sent(items)
        ended = [entry for entry in await self._store.runs.entries(drive.run.id) if entry.state.ended]
        drive.counts.update(counts_of(ended))
        drive.counts[SKIPPED] += max(0, len(allowed) - len(ended))

    async def _settle_sent(self, items: Sequence[ChangeSetItem]) -> None:
        drive, sent = self._drive, defaultdict[TargetKey, list[ChangeSetItem]](list)
        ordinals = await sent_items(self._store, drive.run.id)
        for item in items:
            if item.ordinal in ordinals:
                sent[item.key].append(item)
        for key, theirs in sent.items():
            if key not in drive.providers.keys:
                gone = UsageError(f"{key} is not configured any more.", remedy="Configure it again.")
                drive.problems.append(_not_confirmed(key, len(theirs), gone))
                continue
            try:
                await self._applier(key, items).settle(theirs)
            except (TargetError, ConfigurationError) as error:
                drive.problems.append(_not_confirmed(key, len(theirs), error))

    @property
    def _permissions(self) -> Permissions:
        return Permissions.of(
            self._change_set,
            applier=self._drive.run.actor.id,
            settings=self._drive.providers.settings,
            deletes=self._request.allow_deletes,
        )

    async def _allowed(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items that the run does; all others are counted."""
        drive = self._drive
        allowed = self._permissions.allowed(items)
        drive.scope = Scope.from_json(decode_cell(self._change_set.request))
        drive.guarded = self._is_guarded(items)
        drive.counts[BLOCKED] = sum(1 for item in items if item.action.changes_something) - len(allowed)
        self._count_the_rest(items)
        return allowed

    def _is_guarded(self, items: Sequence[ChangeSetItem]) -> bool:
        """Whether a guard holds something back that the run would do."""
        drive = self._drive
        # A guard that holds deletes back refuses something only where the run would delete.
        deletes = (
            drive.run.kind is RunKind.SYNC
            or self._request.allow_deletes
            or drive.providers.settings.deletion.policy is DeletionPolicy.DELETE
        )
        return any(
            item.blocked_by not in {None, *WAITS_FOR_A_PERSON} and (deletes or item.action is not Action.DELETE)
            for item in items
        )

    def _count_the_rest(self, items: Sequence[ChangeSetItem]) -> None:
        """Count the assets for which nothing is to be sent."""
        counts, change_set = self._drive.counts, self._change_set
        planned = {item.asset for item in items}
        counts[FAILED] = failed_assets(self._problems, planned)  # what cannot be written is added
        for word in (Action.UNCHANGED, MISSING, UNREAD):  # of a part, each asset has an item
            counts[word] = 0 if self._part else change_set.summary.get(word, 0)
        counts[Action.HELD] = sum(1 for item in items if item.action is Action.HELD)
        # What an undo would not touch is what others changed since, not a name that is taken.
        in_the_way = Action.CONFLICT if change_set.undo_of is None else REFUSED
        counts[in_the_way] = sum(1 for item in items if item.action is Action.CONFLICT)

    async def _apply_in_each_target(self, items: Sequence[ChangeSetItem], allowed: Sequence[ChangeSetItem]) -> bool:
        """Do the items of each target apart from those of the others; answers whether any target stopped early."""
        drive = self._drive
        todo: dict[TargetKey, list[ChangeSetItem]] = {}
        for item in allowed:
            todo.setdefault(item.key, []).append(item)
        for each in self._change_set.prerequisites:
            if not each.assets_total and not self._part:  # no item waits for it
                todo.setdefault(each.key, [])
        if not todo:
            return False
        journal = {entry.ordinal: entry for entry in await self._store.runs.entries(drive.run.id)}
        gone = [key for key in todo if key not in drive.providers.keys]
        for key in gone:
            drive.problems.append(_not_in_force(key))
            drive.counts[SKIPPED] += len(todo.pop(key))
        halted = bool(gone)

        async def apply(key: TargetKey) -> None:
            nonlocal halted
            stopped = await self._apply_in(key, todo[key], items, journal)
            if stopped is not None:
                halted = True
                drive.problems.append(stopped)

        if todo:
            for key, error in (await in_each_target([*todo], apply)).items():
                halted = True
                drive.problems.append(problem_of_target(key, error))
        return halted

    async def _apply_in(
        self,
        key: TargetKey,
        todo: Sequence[ChangeSetItem],
        items: Sequence[ChangeSetItem],
        journal: dict[int, JournalEntry],
    ) -> Problem | None:
        """Make what must exist first, then do the items of one target; answers why that stopped early, if it did."""
        drive = self._drive
        target, settings = drive.providers.target(key), drive.providers.settings
        await require_same_place(self._store, settings, target)
        places = await Places.find(self._store, settings, drive.providers.target)
        places.require_apart(key)
        others = (await places.shared_with(key)).held
        made = await make_prerequisites(
            self._store,
            target,
            [each for each in self._change_set.prerequisites if each.key == key],
            todo,
            run_id=drive.run.id,
            actor=drive.run.actor,
            now=self._now(),
        )
        applier = self._applier(key, items, made, await self._without_base(key, todo, items), others)
        try:
            await applier.run(todo, journal)
        finally:
            drive.counts.update(applier.report.counts)  # what was done counts, also where the run breaks off
        if made.had:  # else there were databases, which a plan has seen
            await note_where_written(self._store, settings, target)
        return applier.report.halted

    async def _without_base(
        self, key: TargetKey, todo: Sequence[ChangeSetItem], items: Sequence[ChangeSetItem]
    ) -> Mapping[AssetId, TargetError]:
        """Which items of a dependent target must not be done, because of what became of what they are added to."""
        base, drive = base_of(key), self._drive
        if base is None or base not in drive.providers.keys:
            return {}
        marker = drive.providers.settings.installation_marker
        readiness = BaseReadiness(self._store, drive.providers.target(base), key, marker)
        journal = await self._store.runs.entries(drive.run.id)
        if self._change_set.undo_of is not None:
            return readiness.not_undone(todo, items, journal)
        return await readiness.unready(todo, items, journal)

    def _applier(
        self,
        key: TargetKey,
        items: Sequence[ChangeSetItem],
        made: MadePrerequisites = NOTHING_MADE,
        unready: Mapping[AssetId, TargetError] = MappingProxyType({}),
        others: Mapping[Address, TargetKey] = MappingProxyType({}),
    ) -> TargetApplier:
        drive = self._drive
        target, marker = drive.providers.target(key), drive.providers.settings.installation_marker
        return TargetApplier(
            target,
            self._store,
            drive.run,
            self._recorder(key, items),
            fence=drive.fence,
            stopping=lambda: drive.cancelled,
            progress=self._progress,
            missing=made.missing,
            unready=unready,
            closed=ClosedContainers(self._store, target, marker, open_now=made.had),
            recent=drive.recent[key],
            others=others,
        )

    def _recorder(self, key: TargetKey, items: Sequence[ChangeSetItem]) -> ResultRecorder:
        drive, undo_of = self._drive, self._change_set.undo_of
        in_force = drive.providers.keys
        if undo_of is None:
            return ResultRecorder(self._store, drive.run, key, in_force=in_force, fence=drive.fence, now=self._now)
        return UndoRecorder(
            self._store,
            drive.run,
            key,
            in_force=in_force,
            fence=drive.fence,
            now=self._now,
            items=items,
            undo_of=undo_of,
            misses=drive.providers.settings.deletion.misses,
        )

    def _now(self) -> str:
        return isoformat(self._context.clock())


def _not_confirmed(key: TargetKey, count: int, error: SpheresyncError) -> Problem:
    text = f"of {counted(count, 'item')} that had been sent nobody knows whether they were done: {error.message}"
    return Problem.of_target(key, UNCONFIRMED, text, error.remedy)


def _not_in_force(key: TargetKey) -> Problem:
    text = f"{key} is not configured any more, so nothing of this change set was done there."
    return Problem.of_target(key, "configuration", text, "Configure it again, then make a new preview.")
