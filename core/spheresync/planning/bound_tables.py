"""Plan assets that mapping rules bind to tables which others made (CONTRACT.md, "Bound tables").

Such a table is read before anything is designed, because what can stand on it depends on its columns. One that is not
there is waited for; one that is somebody else's to bind is a conflict. Of several assets that rules bind to the same
table the one that it holds keeps it; among newcomers it goes to the smallest name by code point.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from spheresync.config import Settings
from spheresync.mapping.bindings import named_databases
from spheresync.model import (
    Action,
    Address,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
    isoformat,
)
from spheresync.observe.incidents import ErrorAccount
from spheresync.planning.asset_comparison import AssetComparison
from spheresync.planning.batch_design import DesignRequest, DesignResult, RefusedDesign, WrongDefinition, design_all
from spheresync.planning.bound_rebuild import BoundTableRebuilder, SeenTables, bound_checkpoint
from spheresync.planning.decisions.asset_work import WAITS_FOR_TABLE
from spheresync.planning.decisions.items import Subject, absent_item, bind_item, of_another_destination
from spheresync.planning.decisions.renames import case_key, waits_for_former
from spheresync.planning.destination_places import SharedPlace
from spheresync.planning.lost_bodies import definition_lost, known_by_target, wrong_definition
from spheresync.planning.names.name_allocation import AllocatedNames
from spheresync.planning.plan_draft import PlanDraft
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.worker_process import WorkerProcess
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Store, Tx
from spheresync.state.records import Checkpoint, CheckpointState, FormerTable, KnownObject
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import ReadAhead, RecentReads
from spheresync.targets.registry import design_of

BOUND_COLUMNS = "bound_columns"
"""Code of the finding that columns of an asset and of the table that it is bound to do not fit together."""
_LOOKED_FOR = "Each run looks for it again; take the rule's `bind:` away if it is not to come."
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Bound:
    """An asset and the table that rules bind it to."""

    subject: Subject
    at: Address

    @property
    def asset(self) -> AssetId:
        return self.subject.asset

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What is known of that table, None where the asset is not bound to it yet."""
        known = self.subject.checkpoint
        here = known is not None and known.state is CheckpointState.BOUND and known.address == self.at
        return known if here else None


class BoundTablePlanner:
    """Fills a draft with the items of assets that are bound to tables of others. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        target: Target,
        draft: PlanDraft,
        *,
        now: datetime,
        progress: OnProgress,
        recent: RecentReads,
        names: AllocatedNames,
        shared: SharedPlace,
    ) -> None:
        """Build it.

        Args:
            store: where definitions and bodies are.
            settings: the installation's marker and its policies.
            target: where the tables are.
            draft: gets the items and findings.
            now: for marks of retirement of tables that assets had before.
            progress: told of every chunk.
            recent: gets the tables that were read.
            names: the tables of ours that assets had before.
            shared: what other destinations manage in the same place.
        """
        self._store = store
        self._settings = settings
        self._target = target
        self._design = design_of(target.key.target)
        self._draft = draft
        self._now = now
        self._progress = progress
        self._recent = recent
        self._names = names
        self._shared = shared
        self.known_again: Mapping[AssetId, Checkpoint] = {}  # what a lost state knew and no rule binds any more
        self._unbound: list[_Bound] = []  # that cannot have their tables now
        self._bodies: list[bytes] = []  # that items refer to, not written down yet
        self._left: list[FormerTable] = []  # by assets whose bound tables were found meanwhile, not written down yet

    @property
    def _named_by_rules(self) -> frozenset[PhysicalName]:
        """Databases in which a lost state may have bound assets that are gone since."""
        rules = self._settings.mapping.rules
        return named_databases(rule.set.bind for rule in rules if rule.set.bind is not None)

    async def run(
        self,
        subjects: Sequence[Subject],
        checkpoints: Mapping[AssetId, Checkpoint],
        leaving: Collection[AssetId],
        *,
        everywhere: bool,
    ) -> frozenset[Address]:
        """Read, design and compare; answers the tables that are bound or to be bound.

        Args:
            subjects: the assets, with what the rules say of them.
            checkpoints: what the target is known to hold, of all assets.
            leaving: assets whose tables of now are to go.
            everywhere: look through databases for our marker that were looked through before.

        Raises:
            TargetError: the target as a whole is out.
        """
        held = {each.address: asset for asset, each in checkpoints.items() if each.state is CheckpointState.BOUND}
        bound = self._addressed(subjects)
        lost = self._named_by_rules if everywhere or self._names.adopted else frozenset[PhysicalName]()
        if not (bound or everywhere or lost):
            return frozenset(held)
        wanted: dict[Address, list[AssetId]] = defaultdict(list)
        for each in bound:
            wanted[each.at].append(each.asset)
        marker, in_force = self._settings.installation_marker, self._settings.target_keys
        rebuilder = BoundTableRebuilder(self._store, self._target, self._design, marker, in_force=in_force)
        containers = {each.container for each in wanted} | lost
        at = isoformat(self._now)
        formers = self._names.formers
        seen = await rebuilder.adopt(
            containers, wanted, checkpoints, formers=formers.keys(), at=at, everywhere=everywhere
        )
        self.known_again = seen.known_again
        for asset, error in seen.failures.items():
            self._draft.fail(asset, error)
        if not bound:
            return frozenset(held)
        left = {at: former.asset for at, former in formers.items() if at in wanted}
        holders = _Holders(held, left)
        leaving = {*leaving, *left.values(), *(each.asset for each in bound if _moves(each) is not None)}
        ahead = ReadAhead(self._target, [each.at for each in bound if each.at not in seen.found], {})
        second = WorkerProcess(len(bound))
        for start in range(0, len(bound), _CHUNK):
            chunk = bound[start : start + _CHUNK]
            await self._progress(ProgressEvent("planning", start, len(bound), "comparing bound tables"))
            there = await self._there(chunk, ahead, seen)
            free = self._free(there, wanted, holders, leaving)
            await self._plan(free, second)
        await self._make_room(wanted)
        return frozenset({*wanted, *held})

    def _addressed(self, subjects: Sequence[Subject]) -> list[_Bound]:
        bound = []
        for subject in subjects:
            record = subject.record
            try:
                at = subject.decision.bound_to(record.id, record.kind, record.label)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self._draft.fail(subject.asset, error)
                continue
            assert at is not None
            bound.append(_Bound(subject, at))
        return bound

    async def _there(
        self, chunk: Sequence[_Bound], ahead: ReadAhead, seen: SeenTables
    ) -> list[tuple[_Bound, LiveObject]]:
        """Those whose tables are there, with these; the others wait, and one that cannot be seen fails."""
        asked = {each.at for each in chunk if each.at.container not in seen.absent}
        found = {at: live for at, live in seen.found.items() if at in asked}
        found |= await ahead.seen(asked - found.keys())
        looked = await look_by_name(self._target, asked - found.keys())
        found |= looked.found
        there = []
        for each in chunk:
            if each.at in looked.hidden:
                self._draft.fail(each.asset, looked.hidden[each.at])
            elif each.at not in found:
                self._wait(each, f"the table {'.'.join(each.at)} that a mapping rule binds it to does not exist yet")
                if each.checkpoint is not None:  # nothing of ours is anywhere, and each run looks again
                    gone = replace(each.checkpoint, state=CheckpointState.TAKEN_BACK, version=None)
                    self._draft.rebased.append(gone)
            else:
                self._recent.note(found[each.at])
                there.append((each, found[each.at]))
        return there

    def _wait(self, bound: _Bound, reason: str) -> None:
        self._draft.waits.append(Problem.of(bound.asset, WAITS_FOR_TABLE, reason, _LOOKED_FOR))
        self._draft.items.append(absent_item(bound.subject, bound.at, Action.HELD, reason))
        self._unbound.append(bound)

    def _free(
        self,
        there: Sequence[tuple[_Bound, LiveObject]],
        wanted: Mapping[Address, Sequence[AssetId]],
        holders: _Holders,
        leaving: Collection[AssetId],
    ) -> list[tuple[_Bound, LiveObject]]:
        """Those that may be bound to their table; the others wait for it, or are in conflict with who has it."""
        free, marker = [], self._settings.installation_marker
        for each, live in there:
            named = next((asset for asset in wanted[each.at] if str(asset) == live.source), None)
            ours = live.bound_by == marker
            holder = holders.of(each.at, ours=ours) or (named if ours else None) or min(wanted[each.at], key=str)
            table = ".".join(each.at)
            if (other := self._destination_of(each, ours=ours)) is not None:
                reason = f"{of_another_destination(*each.at, other)}, which writes it already"
                self._draft.items.append(absent_item(each.subject, each.at, Action.CONFLICT, reason))
                self._unbound.append(each)
            elif holder == each.asset:
                free.append((each, live))
            elif case_key(holder) == case_key(each.asset):  # perhaps itself, under a name of another case
                self._wait(each, waits_for_former(holder))
            elif holder in leaving:
                self._wait(each, f"the table {table} is still bound to {holder}, from which it is taken back first")
            else:
                reason = f"the table {table} is bound to {holder}, and one table stands for one asset"
                self._draft.items.append(absent_item(each.subject, each.at, Action.CONFLICT, reason))
                self._unbound.append(each)
        return free

    def _destination_of(self, bound: _Bound, *, ours: bool) -> TargetKey | None:
        """Which other destination has the table of an asset: our marker on it does not say for which it was bound.

        Where the state knows of none, as one that was lost, it is the first whose rules bind the asset to it.
        """
        if (holder := self._shared.held.get(bound.at)) is not None or not ours or bound.checkpoint is not None:
            return holder
        record = bound.subject.record
        for key, rules in self._shared.before.items():
            decision = record.decided_by(rules)
            if decision.included and decision.bound_to(record.id, record.kind, record.label) == bound.at:
                return key
        return None

    async def _make_room(self, wanted: Mapping[Address, Sequence[AssetId]]) -> None:
        """Take back what is ours of assets that wait for another table, where the one that they have is waited for.

        So assets that change places, however many, do not wait for each other.
        """
        moving = [each for each in self._unbound if (had := _moves(each)) is not None and had.address in wanted]
        blobs = await self._store.blobs.get_many(had.body for each in moving if (had := each.subject.checkpoint))
        comparison = self._comparison(blobs)
        for each in moving:
            try:
                self._bodies += comparison.retire_former(each.subject, each.at)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self._draft.fail(each.asset, error)
        await self._keep([])

    def _comparison(self, blobs: Mapping[Digest, bytes]) -> AssetComparison:
        return AssetComparison(
            self._draft, self._settings, self._design, names=self._names, blobs=blobs, seen={}, now=self._now
        )

    async def _keep(self, known_again: Sequence[Checkpoint]) -> None:
        """Write down the bodies that items refer to, and what the tables themselves said to be known of them."""
        bodies, self._bodies = self._bodies, []
        left, self._left = self._left, []

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)
            await tx.checkpoints.put_many(known_again)
            await tx.former_tables.put_many(left)

        if bodies or known_again:
            await self._store.write(keep)

    async def _plan(self, free: Sequence[tuple[_Bound, LiveObject]], second: WorkerProcess) -> None:
        blobs = await self._store.blobs.get_many(
            digest
            for each, _ in free
            for digest in (
                each.subject.record.definition,
                each.subject.checkpoint.body if each.subject.checkpoint is not None else None,
                each.subject.checkpoint.definition if each.subject.checkpoint is not None else None,
            )
            if digest is not None
        )
        requests: dict[AssetId, DesignRequest] = {}
        for each, live in free:
            definition = each.subject.record.definition
            if definition is None or definition not in blobs:
                self._draft.failed.append(definition_lost(each.asset))
                continue
            requests[each.asset] = DesignRequest(
                target=each.subject.target,
                asset=each.asset,
                definition=blobs[definition],
                decision=each.subject.decision,
                container=live.container,
                name=live.name,
                marker=self._settings.installation_marker,
                last_body=None,
                bound_to=live,
            )
        results = dict(zip(requests, await second.share(design_all, [*requests.values()]), strict=True))
        known_again: list[Checkpoint] = []
        for each, live in free:
            desired = self._designed(each.asset, results.get(each.asset))
            if desired is None:
                continue
            before = len(self._draft.items)
            try:
                self._bodies += self._item(each, live, desired, blobs, known_again)
                self._tell_columns(each, live, requests[each.asset])
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                del self._draft.items[before:]
                self._draft.fail(each.asset, error)
        await self._keep(known_again)

    def _designed(self, asset: AssetId, result: DesignResult | None) -> DesiredObject | None:
        if isinstance(result, ErrorAccount):
            self._draft.fail(asset, result)
        elif isinstance(result, RefusedDesign):
            self._draft.fail(asset, result.error)
        elif isinstance(result, WrongDefinition):
            self._draft.fail(asset, wrong_definition(asset, result.asset))
        else:
            return result
        return None

    def _item(
        self,
        bound: _Bound,
        live: LiveObject,
        desired: DesiredObject,
        blobs: Mapping[Digest, bytes],
        known_again: list[Checkpoint],
    ) -> list[bytes]:
        """Add the item of one asset to the draft; answers the bodies that it refers to."""
        subject, checkpoint = bound.subject, bound.checkpoint
        marker, known = self._settings.installation_marker, dict(blobs)
        last_body = blobs.get(checkpoint.body) if checkpoint is not None else None
        why = self._design.not_bindable_because(live, bound.asset, marker, last_body)
        if why is not None:
            reason = f"the table {'.'.join(bound.at)} {why}; it stays as it is"
            self._draft.items.append(absent_item(subject, bound.at, Action.CONFLICT, reason))
            self._unbound.append(bound)
            return []
        found_again = checkpoint is None and live.bound_by == marker
        if checkpoint is not None and last_body is None:
            checkpoint, last_body = known_by_target(self._design, checkpoint, live)
            self._draft.rebased.append(checkpoint)
        elif found_again:
            at = isoformat(self._now)
            checkpoint, last_body = bound_checkpoint(self._design, self._target.key, bound.asset, live, at=at)
            known_again.append(checkpoint)
            if (had := subject.checkpoint) is not None and had.is_there and had.address != bound.at:
                self._left.append(FormerTable.left_behind(had, at=at))
        about = replace(subject, checkpoint=checkpoint)
        comparison = self._comparison(known)
        if checkpoint is None or last_body is None:
            merged = self._design.merge(None, live.body, desired.body, self._settings.drift)
            desired = replace(desired, body=merged.body)
            self._draft.items.append(bind_item(subject, desired, live, self._replaced(bound)))
            bodies = [live.body, desired.body]
        else:
            known[checkpoint.body] = last_body
            bodies = [last_body, *comparison.with_table(about, live, desired, adopted=found_again, in_full=True)]
        other = subject.checkpoint
        if other is not None and other.is_there and other.address != bound.at:
            bodies += comparison.retire_former(subject, bound.at)
        return bodies

    def _replaced(self, bound: _Bound) -> KnownObject | None:
        """What the asset had itself at that place, before others made the table that stands there now."""
        had = bound.subject.checkpoint
        if had is not None and had.is_there and had.address == bound.at:
            return had
        former = self._names.formers.get(bound.at)
        return former if former is not None and former.asset == bound.asset else None

    def _tell_columns(self, bound: _Bound, live: LiveObject, request: DesignRequest) -> None:
        decision = request.decision
        asset = decision.applied(decode_asset(request.definition))
        if found := self._design.binding_findings(asset, decision, live.body):
            text = f"{'.'.join(bound.at)}: {'; '.join(found)}"
            self._draft.noted.append(Problem.of(bound.asset, BOUND_COLUMNS, text))


@dataclass(frozen=True, slots=True)
class _Holders:
    """Which assets have the tables that rules bind assets to: `held` is bound to them, `left` was theirs before."""

    held: Mapping[Address, AssetId]
    left: Mapping[Address, AssetId]

    def of(self, at: Address, *, ours: bool) -> AssetId | None:
        """Who holds a table; what an asset has left counts only where something of `ours` is still on it."""
        return self.held.get(at) or (self.left.get(at) if ours else None)


def _moves(bound: _Bound) -> Checkpoint | None:
    """What is known of the other table that the asset is bound to so far; None where it is bound to none."""
    known = bound.subject.checkpoint
    elsewhere = known is not None and known.state is CheckpointState.BOUND and known.address != bound.at
    return known if elsewhere else None
