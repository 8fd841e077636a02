"""Make and save the change set that undoes a run. Tables are read, nothing is written but the change set.

What the run changed is in its journal, with the bodies before and after; what stands there now is read, because only
that tells whether somebody has worked on it since.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from spheresync.config import Settings
from spheresync.errors import RefusedError, StateError, UsageError
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    DEFAULT_DESTINATION,
    Action,
    Address,
    AssetId,
    Digest,
    LiveObject,
    PhysicalName,
    Place,
    Principal,
    Problem,
    RunId,
    TargetKey,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.change_set_writer import ChangeSetWriter, audited_target
from spheresync.planning.decisions.access import access_findings, reviews_access_in, waiting_for_approval
from spheresync.planning.decisions.asset_work import EDITED_SINCE
from spheresync.planning.decisions.undo import EffectKind, RunEffect, seen_in_the_way, settle_together, undo_item
from spheresync.planning.destination_places import require_same_place
from spheresync.planning.names.closed_containers import ClosedContainers
from spheresync.planning.names.container_notes import container_note
from spheresync.planning.names.rename_notes import former_names
from spheresync.planning.prerequisites import plan_prerequisites
from spheresync.planning.removal.removals import DeleteRules
from spheresync.planning.undo.former_undos import with_former_undos
from spheresync.planning.undo.left_databases import left_databases, stays
from spheresync.planning.undo.undo_findings import undo_deletes, unread_now
from spheresync.planning.undo.undone_additions import UndoneAdditions
from spheresync.runtime.each_target import in_each_target, merge_problems, problem_of_target
from spheresync.runtime.scope import Scope
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    FormerTable,
    JournalEntry,
    JournalState,
    Prerequisite,
    RunRecord,
)
from spheresync.targets.design import TargetDesign
from spheresync.targets.look_by_name import NameLook, look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.registry import base_of, design_of

NOTHING_TO_UNDO = "nothing_to_undo"
NOT_IN_FORCE = "target_not_configured"
"""Code of a target in which a run wrote and that is not configured any more."""
_LOOKED_INTO = "The next sync looks at it again, and says or mends what is left of that."
_CHUNK = 500
_READ_ONE_BY_ONE = 20
"""Up to so many tables are asked for by name; of more, their databases are listed, a hundred tables a call."""


class Reverter:
    """Makes the undo of one run in the targets in force. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        targets: Sequence[Target],
        run_id: RunId,
        *,
        principal: Principal,
        now: datetime,
    ) -> None:
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._targets = {target.key: target for target in targets}
        self._run_id = run_id
        self._principal = principal
        self._now = now
        self._failed: dict[tuple[TargetKey, AssetId], Problem] = {}
        self._out: list[Problem] = []  # targets in which nothing can be undone now
        self._bound: set[Address] = set()  # tables that others made
        self._seen: dict[TargetKey, list[Problem]] = defaultdict(list)  # what others did to tables that assets have
        self._lost: tuple[Problem, ...] = ()
        self._unread: tuple[Problem, ...] = ()  # spaces that are out of reach now

    async def run(self) -> ChangeSetRecord:
        """Plan, save, and answer the saved change set.

        Raises:
            UsageError: there is no such run, or it has not ended.
            RefusedError: the state was restored, and no sync has looked at AWS since.
            TargetError: every target as a whole is out; nothing was saved.
        """
        undone = await self._store.runs.get(self._run_id)
        if not undone.state.ended:
            raise UsageError(
                f"run {undone.id} is still {undone.state}, so it cannot be undone yet.",
                remedy="Wait for its end or cancel it, then revert what it has done.",
            )
        written = await self._written(undone)
        keys = list(dict.fromkeys(item.key for item, _ in written)) or [*self._targets]
        self._out = [_not_in_force(undone, key) for key in keys if key not in self._targets]
        keys = [key for key in keys if key in self._targets]
        keys += [key for key in self._targets if base_of(key) in keys and key not in keys]
        items: dict[TargetKey, list[ChangeSetItem]] = {}
        left: dict[TargetKey, Sequence[PhysicalName]] = {}
        needed: dict[TargetKey, tuple[Prerequisite, ...]] = {}
        marker = self._settings.installation_marker

        async def plan(key: TargetKey) -> None:
            await require_same_place(self._store, self._settings, self._targets[key])
            here = [each for each in written if each[0].key == key]
            closed = ClosedContainers(self._store, self._targets[key], marker)
            planned_here = await closed.shown(await self._plan(undone, self._targets[key], here))
            settled = settle_together(self._whole(planned_here))
            base = base_of(key)
            if base is not None and design_of(key.target).capabilities.goes_with_base:
                section = self._settings.section_of(key.target)
                there = [each for each in written if each[0].key == base]
                additions = UndoneAdditions(self._store, key, base, section, items.get(base, ()), there, undone.id)
                settled = await additions.planned(settled)
            if reviews_access_in(self._settings, key.target):
                settled = [waiting_for_approval(item) for item in settled]
            planned = await plan_prerequisites(
                self._store, self._mapping.of(key), marker, key, settled, bound=self._bound
            )
            for asset, error in planned.failures.items():
                self._failed[key, asset] = Problem.of_error(asset, product_error(error, str(asset)))
            items[key], needed[key] = self._whole(settled), planned.needed
            left[key] = await left_databases(self._store, self._targets[key], undone.id, items[key])

        for key, error in (await in_each_target(keys, plan) if keys else {}).items():
            items.pop(key, None)
            self._out.append(problem_of_target(key, error))
        self._lost = await self._lost_entries(undone, [entry for _, entry in written])
        self._unread = await self._unread_spaces([item for found in items.values() for item in found])
        return await self._save(items, needed, left)

    def _whole(self, items: Sequence[ChangeSetItem]) -> list[ChangeSetItem]:
        """The items without those of assets that failed: the tables of an asset are undone together or not at all."""
        return [item for item in items if (item.key, item.asset) not in self._failed]

    async def _plan(
        self, undone: RunRecord, target: Target, written: Sequence[tuple[ChangeSetItem, JournalEntry]]
    ) -> list[ChangeSetItem]:
        """The items by themselves, a chunk of bodies at a time, so that memory does not grow with their number."""
        rules = DeleteRules(
            allowed=False,  # what it deletes may be in use: the policy is about what Datasphere no longer lists
            reviewed=True,
            four_eyes=self._settings.approvals.of_deletes,
        )
        waits = rules.blocked_by(touched=False)
        effects = await with_former_undos(self._store, undone.id, await self._effects(target.key, written))
        _require_known(undone, effects)
        live = await _read(target, [effect.item.address for effect in effects if effect.kind not in _NEVER_READ])
        items: list[ChangeSetItem] = []
        for start in range(0, len(effects), _CHUNK):
            chunk = effects[start : start + _CHUNK]
            bodies = await self._store.blobs.get_many(
                digest
                for effect in chunk
                for digest in (effect.entry.before, effect.entry.after, effect.known.body if effect.known else None)
                if digest is not None
            )
            for effect in chunk:
                whole = replace(
                    effect,
                    before=bodies.get(effect.entry.before) if effect.entry.before is not None else None,
                    after=bodies.get(effect.entry.after) if effect.entry.after is not None else None,
                    live=live.found.get(effect.item.address),
                )
                marker = self._settings.installation_marker
                try:
                    if (hidden := live.hidden.get(effect.item.address)) is not None:
                        raise hidden
                    whole = await self._with_halves(whole, bodies)
                    item = undo_item(undone.id, whole, marker=marker, deletes_wait_for=waits)
                except Exception as error:  # noqa: BLE001 -- isolates this asset
                    asset = effect.item.asset
                    self._failed[target.key, asset] = Problem.of_error(asset, product_error(error, str(asset)))
                    continue
                items += [item] if item is not None else []
                if (found := seen_in_the_way(whole, marker)) is not None:
                    self._seen[target.key].append(Problem.of(effect.item.asset, EDITED_SINCE, found, _LOOKED_INTO))
                if whole.is_bound:
                    self._bound.add(effect.item.address)
                    await self._keep(whole.restored or ())
        return items

    async def _with_halves(self, effect: RunEffect, bodies: Mapping[Digest, bytes]) -> RunEffect:
        """What a run did, with what writes that failed since have left half done."""
        last = None if effect.known is None else bodies.get(effect.known.body)
        if last is not None and effect.after is not None and effect.went_to(last):
            return replace(effect, after=last, went_with_base=True)
        if last is None or effect.live is None or effect.after is None:
            return effect
        written = effect.design.as_written(last, effect.live.body)
        if written is last:
            return effect
        await self._keep([written])
        return replace(effect, after=written, left_half=True)

    async def _keep(self, bodies: Sequence[bytes]) -> None:
        """Keep bodies that no run has written: as tables of others are and are to be, or as failed writes left them."""

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)

        if bodies:
            await self._store.write(keep)

    async def _lost_entries(self, undone: RunRecord, known: Sequence[JournalEntry]) -> tuple[Problem, ...]:
        """What the run did and nobody knows any more, because its journal is damaged there or has it no more."""
        if undone.change_set_id is None:
            return ()
        lost = {*await self._store.runs.lost_entries(undone.id)}
        items = {item.ordinal: item for item in await self._store.change_sets.all_items(undone.change_set_id)}
        remedy = "Look at the table; what it held before is in a backup of the state, or nowhere."
        text = f"what run {undone.id} did to it cannot be undone: its entry in the journal is damaged"
        found = [Problem.of(item.asset, "state", text, remedy) for at, item in sorted(items.items()) if at in lost]
        on_record = Counter(entry.action for entry in known)
        done = [each for each in Action if each.writes_definition or each.removes]
        gone = sum(max(0, undone.counts.get(each, 0) - on_record[each]) for each in done) - len(lost)
        if gone > 0:
            text = f"what it did to {counted(gone, 'table')} cannot be undone: its journal has it no more"
            found.append(Problem(f"run {undone.id}", "state", text, remedy))
        return tuple(found)

    async def _effects(self, key: TargetKey, written: Sequence[tuple[ChangeSetItem, JournalEntry]]) -> list[RunEffect]:
        """What the run did in one target, still without bodies."""
        checkpoints = {checkpoint.asset: checkpoint for checkpoint in await self._store.checkpoints.all(key)}
        formers = {former.address: former for former in await self._store.former_tables.all(key)}
        latter: dict[AssetId, AssetId] = {}
        for space in {item.asset.space for item, _ in written}:
            latter |= {old: new for new, old in (await former_names(self._store, space)).items()}
        design = design_of(key.target)
        effects = [(_effect_of(design, item, entry, checkpoints, formers), item.asset) for item, entry in written]
        return [replace(effect, renamed_to=latter.get(asset)) for effect, asset in effects]

    async def _written(self, undone: RunRecord) -> list[tuple[ChangeSetItem, JournalEntry]]:
        """What the run did, in all targets."""
        if undone.change_set_id is None:
            return []
        items = {item.ordinal: item for item in await self._store.change_sets.all_items(undone.change_set_id)}
        entries = [each for each in await self._store.runs.entries(undone.id) if each.state is JournalState.CONFIRMED]
        lost = [entry for entry in entries if entry.ordinal not in items]
        if lost:
            raise StateError(
                f"run {undone.id} cannot be undone: {counted(len(lost), 'item')} of its change set are lost.",
                remedy="`spheresync doctor` says what else of the state is damaged.",
            )
        return [(items[entry.ordinal], entry) for entry in entries]

    def _findings(
        self,
        items: Sequence[ChangeSetItem],
        left: Iterable[tuple[TargetKey, PhysicalName]],
        problems: Sequence[Problem],
    ) -> tuple[Problem, ...]:
        if not (items or problems):
            return (_nothing(self._run_id),)
        deletes = [item for item in items if item.action is Action.DELETE]
        what = Counter(design_of(item.target).named_word for item in deletes)
        told = (undo_deletes((item.asset.space for item in deletes), what),) if deletes else ()
        told = (*told, *access_findings(items))
        return (*told, *self._unread, *(stays(database, self._run_id, self._place(key)) for key, database in left))

    def _place(self, key: TargetKey) -> Place | None:
        """Where a target is, for people who look for it there; None where there is but one place."""
        return None if key.destination == DEFAULT_DESTINATION else self._settings.place_of(key.destination)

    async def _unread_spaces(self, items: Sequence[ChangeSetItem]) -> tuple[Problem, ...]:
        """Spaces of the undone tables that nobody can read now, so that no sync would bring these tables back."""
        touched = {item.asset.space for item in items}
        spaces = [each for each in await self._store.catalog.spaces() if each.name in touched]
        return tuple(unread_now(each.name, each.problem) for each in spaces if each.problem is not None)

    async def _save(
        self,
        by_key: Mapping[TargetKey, Sequence[ChangeSetItem]],
        needed: Mapping[TargetKey, tuple[Prerequisite, ...]],
        left: Mapping[TargetKey, Sequence[PhysicalName]],
    ) -> ChangeSetRecord:
        items = [item for key in by_key for item in by_key[key]]
        failed = [(key, [problem for (at, _), problem in self._failed.items() if at == key]) for key in by_key]
        problems = (*merge_problems(failed), *self._out)
        databases = [(key, database) for key in by_key for database in left[key]]
        new = ChangeSetWriter(self._settings, self._principal, self._now).make(
            items,
            [*by_key],
            request=Scope().to_json(),
            findings=self._findings(items, databases, [*problems, *self._lost]),
            problems=(*problems, *self._lost),
            undo_of=self._run_id,
            prerequisites=[each for key in by_key for each in needed[key]],
        )
        event = AuditEvent(
            actor=self._principal,
            action=AuditAction.REVERT,
            run_id=self._run_id,
            asset=None,
            target=audited_target(new.keys),
            outcome=AuditOutcome.DONE,
            detail=new.audited(refused=new.record.summary[Action.CONFLICT]),
        )

        async def save(tx: Tx) -> None:
            await new.put(tx)
            for key in by_key:
                for database in left[key]:  # a person is told to delete it, so whoever needs it next must see to it
                    await tx.meta.delete(container_note(key, database))
                await tx.unwritten.put_many(key, self._seen[key], at=isoformat(self._now))
                about = [each.asset for each in self._seen[key] if each.asset is not None]
                await settle_statuses(tx, about, self._settings.target_keys)
            await tx.audit.append_many([event])

        await self._store.write(save)
        return new.record


async def _read(target: Target, addresses: Sequence[Address]) -> NameLook:
    """What stands at these addresses now, and what of it is hidden."""
    listed: dict[Address, LiveObject] = {}
    if len(addresses) > _READ_ONE_BY_ONE:
        containers = frozenset(address.container for address in addresses)
        inventory = await target.inventory(containers, apart=True)
        listed = {live.address: live for live in inventory.objects}
    wanted = set(addresses)
    looked = await look_by_name(target, wanted - listed.keys())
    return NameLook({**listed, **looked.found}, looked.hidden)


def _not_in_force(undone: RunRecord, key: TargetKey) -> Problem:
    text = f"what run {undone.id} did in {key} cannot be undone: that target is not configured any more"
    return Problem.of_target(key, NOT_IN_FORCE, text, "Configure it again, then revert the run.")


def _require_known(undone: RunRecord, effects: Sequence[RunEffect]) -> None:
    """A restored state has forgotten what targets hold, so it cannot tell what others or other runs did since.

    Raises:
        RefusedError: the targets have not been looked at since.
    """
    unknown = [
        effect for effect in effects if effect.kind in _LEAVES_ONE and effect.known is None and effect.asset_has is None
    ]
    if unknown:
        tables = f"{unknown[0].table}" + (
            f" and {counted(len(unknown) - 1, 'other table')}" if len(unknown) > 1 else ""
        )
        raise RefusedError(
            f"run {undone.id} cannot be undone yet: since this state was restored, nobody has looked at {tables}.",
            remedy="Run a sync, which finds out what AWS holds, then revert the run.",
        )


_LEAVES_ONE = frozenset({EffectKind.CREATED, EffectKind.CHANGED, EffectKind.FORGOTTEN})
"""After these the state knows the object."""
_NEVER_READ = frozenset({EffectKind.NOTHING, EffectKind.ADOPTED})


def _effect_of(
    design: TargetDesign,
    item: ChangeSetItem,
    entry: JournalEntry,
    checkpoints: Mapping[AssetId, Checkpoint],
    formers: Mapping[Address, FormerTable],
) -> RunEffect:
    checkpoint, former = checkpoints.get(item.asset), formers.get(item.address)
    known = former.as_checkpoint() if former is not None and former.asset == item.asset else None
    if checkpoint is not None and checkpoint.is_there and checkpoint.address == item.address:
        known = checkpoint
    return RunEffect(
        design=design,
        item=item,
        entry=entry,
        before=None,
        after=None,
        known=known,
        asset_has=checkpoint,
        live=None,
    )


def _nothing(run_id: RunId) -> Problem:
    return Problem(run_id, NOTHING_TO_UNDO, "this run changed nothing, so there is nothing to undo")
