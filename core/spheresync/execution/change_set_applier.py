"""Apply the change set of a run: check that it may be applied, then do its items in each target apart from the others.

A target that fails or stops early keeps no other target from its items. What was counted is added to the driven run.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from types import MappingProxyType

import anyio

from spheresync.config import DeletionPolicy
from spheresync.config.drift_policy import carries_policies
from spheresync.errors import ConfigurationError, SpheresyncError, StateError, TargetError, TargetFault, UsageError
from spheresync.execution.base_readiness import AtBase, BaseReadiness
from spheresync.execution.driven_run import UNCONFIRMED, DrivenRun, sent_items
from spheresync.execution.item_result import counts_of
from spheresync.execution.prerequisites import NOTHING_MADE, MadePrerequisites, make_prerequisites
from spheresync.execution.removal_order import Todo, removed_before_base
from spheresync.execution.required_approvals import Permissions, require_approved_promotion
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.execution.run_request import RunRequest
from spheresync.execution.target_applier import TargetApplier
from spheresync.execution.told_at_end import told_at_end
from spheresync.execution.undo_recorder import UndoRecorder
from spheresync.model import (
    Action,
    Address,
    AssetId,
    Problem,
    RunKind,
    RunState,
    TargetKey,
    TargetName,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error
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
from spheresync.state.records import ChangeSetItem, ChangeSetRecord, JournalEntry, JournalState
from spheresync.targets.protocol import Target
from spheresync.targets.registry import base_of, design_of

log = logging.getLogger(__name__)


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
        self._halted = False  # a target has stopped early
        self._left = False  # something that all share could not be made or brought up to date
        self._making = defaultdict[tuple[TargetName, str | None], anyio.Lock](anyio.Lock)

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
        await self._apply_in_each_target(items, allowed)
        await self._tell_at_end(items)
        if drive.cancelled and drive.counts[SKIPPED]:
            return RunState.CANCELLED
        problems = bool(self._problems) or self._left
        return final_state(drive.counts, guarded=drive.guarded, halted=self._halted, problems=problems)

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
        await self._tell_at_end(items)

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

    async def _tell_at_end(self, items: Sequence[ChangeSetItem]) -> None:
        """Tell what is no failure; an undo, or a repair asked for by name, was to write over edits of others."""
        asked = self._change_set.undo_of is not None or carries_policies(decode_cell(self._change_set.request))
        policies = None if asked else self._drive.providers.settings.drift
        self._drive.problems += await told_at_end(self._store, self._drive.run, items, policies)

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
        planned = {(item.asset, item.key) for item in items}
        counts[FAILED] = failed_assets(self._problems, planned)  # what cannot be written is added
        for word in (Action.UNCHANGED, MISSING, UNREAD):  # of a part, each asset has an item
            counts[word] = 0 if self._part else change_set.summary.get(word, 0)
        counts[Action.HELD] = sum(1 for item in items if item.action is Action.HELD)
        # What an undo would not touch is what others changed since, not a name that is taken.
        in_the_way = Action.CONFLICT if change_set.undo_of is None else REFUSED
        counts[in_the_way] = sum(1 for item in items if item.action is Action.CONFLICT)

    async def _apply_in_each_target(self, items: Sequence[ChangeSetItem], allowed: Sequence[ChangeSetItem]) -> None:
        """Do the items of each target apart from those of the others; one that fails keeps no other from its turn.

        Raises:
            Exception: it failed in every one of them: the error of the first.
        """
        todo = self._todo(allowed)
        if not todo:
            return
        journal = {entry.ordinal: entry for entry in await self._store.runs.entries(self._drive.run.id)}
        failed: dict[TargetKey, Exception] = {}

        async def apply(key: TargetKey, part: Todo) -> None:
            try:
                await self._apply_in(key, part[key], todo[key], items, journal)
            except StateError:
                raise
            except Exception as error:  # noqa: BLE001 -- isolates this target
                failed[key] = error
                await self._fail_rest(key, part[key], items, error)

        for part in removed_before_base(todo):
            await in_each_target([*part], partial(apply, part=part))
        if failed.keys() == todo.keys():
            raise failed[next(iter(todo))]
        for key in todo:
            if key in failed:
                self._stop(problem_of_target(key, failed[key]))

    def _todo(self, allowed: Sequence[ChangeSetItem]) -> dict[TargetKey, list[ChangeSetItem]]:
        """The items by target, and targets in which something is needed first that no item waits for."""
        todo: dict[TargetKey, list[ChangeSetItem]] = {}
        for item in allowed:
            todo.setdefault(item.key, []).append(item)
        for each in self._change_set.prerequisites:
            if not each.assets_total and not self._part:
                todo.setdefault(each.key, [])
        for key in [key for key in todo if key not in self._drive.providers.keys]:
            self._stop(_not_in_force(key))
            self._drive.counts[SKIPPED] += len(todo.pop(key))
        return todo

    def _stop(self, problem: Problem) -> None:
        """Tell why a target has not done all of its items."""
        self._halted = True
        self._drive.problems.append(problem)

    async def _apply_in(
        self,
        key: TargetKey,
        todo: Sequence[ChangeSetItem],
        all_todo: Sequence[ChangeSetItem],
        items: Sequence[ChangeSetItem],
        journal: dict[int, JournalEntry],
    ) -> None:
        """Make what must exist first, then do items of one target, of all that are to be done there.

        What stopped that early is told.
        """
        drive = self._drive
        target, settings = drive.providers.target(key), drive.providers.settings
        await require_same_place(self._store, settings, target)
        places = await Places.find(self._store, settings, drive.providers.target)
        places.require_apart(key)
        others = (await places.shared_with(key)).held
        made = await self._make_first(key, target, todo)
        applier = self._applier(key, items, made, await self._at_base(key, todo, items), others)
        await applier.run(todo, journal, all_todo)
        drive.counts.update(applier.report.counts)
        self._tell_left(made.left, applier.report.counts)
        if made.had:  # else there were databases, which a plan has seen
            await note_where_written(self._store, settings, target)
        if applier.report.halted is not None:
            self._stop(applier.report.halted)

    async def _make_first(self, key: TargetKey, target: Target, todo: Sequence[ChangeSetItem]) -> MadePrerequisites:
        """Make what must exist first; destinations that may share it, as one domain of DataZone, one after the other.

        So the second finds what the first has made.
        """
        drive = self._drive
        shared = design_of(key.target).capabilities.depends_on is not None
        region = drive.providers.settings.place_of(key.destination).region
        async with self._making[key.target, region] if shared else nullcontext():
            return await make_prerequisites(
                self._store,
                target,
                [each for each in self._change_set.prerequisites if each.key == key],
                todo,
                run_id=drive.run.id,
                actor=drive.run.actor,
                now=self._now(),
            )

    def _tell_left(self, left: Sequence[Problem], counts: Mapping[str, int]) -> None:
        """Tell what all share and could not be made or brought up to date, where no item has failed with it."""
        for problem in left:
            if not counts.get(Action.CONFLICT if problem.code == TargetFault.CONFLICT else FAILED):
                self._drive.problems.append(problem)
                self._left = True

    async def _fail_rest(
        self, key: TargetKey, todo: Sequence[ChangeSetItem], items: Sequence[ChangeSetItem], error: Exception
    ) -> None:
        """Count what was done in a target that broke off, and have the rest of its items fail with the reason.

        Of what was sent nobody knows yet whether it was done; that is found out, and counted, before the run ends.
        """
        journal = {entry.ordinal: entry for entry in await self._store.runs.entries(self._drive.run.id)}
        of_items = [journal[item.ordinal] for item in todo if item.ordinal in journal]
        counts = counts_of(entry for entry in of_items if entry.state.ended)
        begun = {entry.ordinal for entry in of_items if entry.state.ended or entry.state is JournalState.SENT}
        rest = [item for item in todo if item.ordinal not in begun]
        applier = self._applier(key, items)
        try:
            await applier.fail(rest, error)
        except StateError:
            raise
        except Exception as another:  # noqa: BLE001 -- they count, whatever keeps them from being noted one by one
            log.warning("%s", product_error(another, f"what {key} was to do").message)
            counts[FAILED] += len(rest)
        else:
            counts += applier.report.counts
        self._drive.counts.update(counts)

    async def _at_base(self, key: TargetKey, todo: Sequence[ChangeSetItem], items: Sequence[ChangeSetItem]) -> AtBase:
        """What items of a dependent target go by of what they are added to, which may keep them from being done."""
        base, drive = base_of(key), self._drive
        if base is None or base not in drive.providers.keys:
            return AtBase()
        marker = drive.providers.settings.installation_marker
        readiness = BaseReadiness(self._store, drive.providers.target(base), key, marker)
        journal = await self._store.runs.entries(drive.run.id)
        if self._change_set.undo_of is not None:
            return AtBase(readiness.not_undone(todo, items, journal))
        return AtBase(
            await readiness.unready(todo, items, journal), await readiness.homes(drive.providers.settings.target_keys)
        )

    def _applier(
        self,
        key: TargetKey,
        items: Sequence[ChangeSetItem],
        made: MadePrerequisites = NOTHING_MADE,
        at_base: AtBase = AtBase(),  # noqa: B008 -- it is frozen
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
            at_base=at_base,
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
