"""Compare what one target holds with what was last written there, database by database, a page at a time.

In memory are one page of tables for each database that is read, and what has drifted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import anyio
import anyio.lowlevel

from spheresync.config import Settings
from spheresync.config.drift_policy import WHATEVER_POLICY
from spheresync.errors import TargetError, TargetFault
from spheresync.isolation import isolated_group
from spheresync.mapping.patterns import is_for
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    Action,
    Address,
    AssetId,
    AssetStatus,
    ChangeSetId,
    LiveObject,
    PhysicalName,
    Problem,
    RunId,
    SpaceName,
    TargetKey,
    Tier,
)
from spheresync.observe.incidents import product_error
from spheresync.planning.access_reach import find_who_is_concerned
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.bound_rebuild import databases_looked_through
from spheresync.planning.decisions.drift import DRIFT
from spheresync.planning.decisions.drift_findings import DriftFinding, look_at, look_for
from spheresync.planning.decisions.items import Subject, name_taken
from spheresync.planning.destination_places import require_same_place
from spheresync.planning.drift.sweep_result import SweepResult
from spheresync.planning.names.container_notes import container_note
from spheresync.planning.prerequisites import is_present, plan_prerequisites
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.scope import Scope
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    ChangeSetItem,
    Checkpoint,
    CheckpointState,
    DriftEffect,
    Prerequisite,
)
from spheresync.targets.look_by_name import look_by_name, of_one
from spheresync.targets.protocol import Target, cannot_be_seen
from spheresync.targets.read_ahead import ReadAhead
from spheresync.targets.registry import design_of

DATABASES_AT_ONCE = 8
CHUNK = 200
"""Tables that are gone whose last bodies are in memory at a time."""
_GONE = CheckpointState.TAKEN_BACK
_WRITTEN = frozenset({AssetStatus.SYNCED, AssetStatus.RETIRED})


class TargetSweep:
    """One drift sweep of one target. Build it, `load` and `run` once each, then `write` what was found."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        target: Target,
        *,
        scope: Scope,
        progress: OnProgress,
        whatever_policy: bool = False,
    ) -> None:
        """`whatever_policy`: the repair puts back what the policies in force would leave, too."""
        self._repairs_by = WHATEVER_POLICY if whatever_policy else None
        self.key: TargetKey = target.key
        self.seen = SweepResult()
        self.wanted: list[Checkpoint] = []
        self.checkpoints: dict[AssetId, Checkpoint] = {}
        self._managed: dict[AssetId, Checkpoint] = {}
        self._past: list[AssetId] = []
        self.prerequisites: tuple[Prerequisite, ...] = ()  # what must exist before the repair is done
        self._absent: list[Checkpoint] = []  # bound tables that their owners have taken away
        self.reach: list[Problem] = []  # who gains or loses what by the repair
        self._unplanned: Collection[AssetId] = ()  # whose prerequisites could not be planned
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._target = target
        self._design = design_of(target.key.target)
        self._scope = scope
        self._progress = progress
        self._records: Mapping[AssetId, AssetRecord] = {}
        self._known: set[Address] = set()

    async def load(self) -> None:
        """Load what was last written."""
        self.checkpoints = {checkpoint.asset: checkpoint for checkpoint in await self._store.checkpoints.all(self.key)}

    async def run(
        self,
        began: str,
        records: Mapping[AssetId, AssetRecord],
        known_somewhere: set[AssetId],
        base: SweepResult | None = None,
    ) -> None:
        """Look, and keep in `seen` what was found; a database that could not be read is a problem of the look.

        Args:
            began: when the look began.
            records: what is known of every asset.
            known_somewhere: assets of which some target has a checkpoint.
            base: what the same look has found in the target that this one depends on.

        Raises:
            TargetError: the target does not answer, or not one database could be read.
        """
        await require_same_place(self._store, self._settings, self._target, self.checkpoints.values())
        self._records = records
        self._managed = {
            asset: checkpoint for asset, checkpoint in self.checkpoints.items() if checkpoint.state.managed
        }
        formers = await self._store.former_tables.all(self.key)
        self._known = {checkpoint.address for checkpoint in self._managed.values()} | {
            former.address for former in formers
        }
        self.wanted = self._wanted(self._managed.values())
        self._leave_unknown(known_somewhere)
        await self._read([each for each in self.wanted if each.is_ours])
        await self._read_bound([each for each in self.wanted if not each.is_ours])
        if self.seen.first_error is not None and not self.seen.compared:
            raise self.seen.first_error
        await self._look_where_nothing_is_known()
        await self._leave_to_runs(began)
        if base is not None:
            self.seen.leave_with_base(base)
        await self._plan_prerequisites()
        if self._design.capabilities.access:
            reach, left = await find_who_is_concerned(self._store, self._target, self.items)
            self.reach = [*reach, *left]

    @property
    def items(self) -> list[ChangeSetItem]:
        """What puts it back, where the policies say so."""
        items = (found.item for found in self.seen.found)
        return [item for item in items if item is not None and item.asset not in self._unplanned]

    @property
    def _bound(self) -> set[Address]:
        """Tables of others that assets are bound to."""
        return {each.address for each in self.checkpoints.values() if each.state is CheckpointState.BOUND}

    @property
    def _made_again(self) -> set[PhysicalName]:
        """Databases that are gone and that the repair makes again."""
        return {item.container for item in self.items if item.action is Action.CREATE} & self.seen.gone

    async def _plan_prerequisites(self) -> None:
        """Plan what the repair needs first; an asset that waits for what could not be designed is told."""
        marker = self._settings.installation_marker
        planned = await plan_prerequisites(
            self._store, self._mapping, marker, self.key, self.items, gone=self._made_again, bound=self._bound
        )
        for asset, error in planned.failures.items():
            self.seen.problems.append(Problem.of_error(asset, product_error(error, str(asset))))
        self._unplanned = planned.failures.keys()
        self.prerequisites = planned.needed

    def _wanted(self, managed: Iterable[Checkpoint]) -> list[Checkpoint]:
        """Those that the look is about; of what cannot be said it is told that it was not compared."""
        wanted = []
        lost: Counter[SpaceName] = Counter()
        for checkpoint in managed:
            if checkpoint.asset not in self._records:
                lost[checkpoint.asset.space] += self._scope.wants(checkpoint.asset, None)
                continue
            try:
                if self._scope.wants(checkpoint.asset, self._subject(checkpoint).record.tier):
                    wanted.append(checkpoint)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self.seen.unjudged += 1
                self.seen.cannot_compare(checkpoint, error)
        self.seen.lost_assets(lost)
        return wanted

    def _leave_unknown(self, known_somewhere: set[AssetId]) -> None:
        """Name the spaces whose tables a restored state knows nothing of, so that nobody takes it for "no drift"."""
        unknown: Counter[SpaceName] = Counter()
        if self._design.capabilities.selective:  # nobody can say of what it should have something
            return
        for record in self._records.values():
            if record.status not in _WRITTEN or record.id in self.checkpoints or not is_for(self.key, record.id.space):
                continue
            if record.status is AssetStatus.SYNCED or record.id not in known_somewhere:
                unknown[record.id.space] += self._scope.wants(record.id, self._tier(record))
        self.seen.unknown_tables(unknown)

    def _tier(self, record: AssetRecord) -> Tier | None:
        try:
            return record.decided_by(self._mapping).tier
        except Exception as error:  # noqa: BLE001 -- isolates this asset: its tier is that of before
            product_error(error, str(record.id))
            return record.tier

    def _subject(self, checkpoint: Checkpoint) -> Subject:
        """The asset of a checkpoint, with the definition that was written."""
        record = self._records[checkpoint.asset]
        decision = record.decided_by(self._mapping)
        written = replace(
            record, tier=decision.tier, fingerprints=checkpoint.fingerprints, definition=checkpoint.definition
        )
        return Subject(written, checkpoint, self.key.target, self.key.destination, decision, self._design)

    async def _read(self, wanted: Iterable[Checkpoint]) -> None:
        databases: dict[PhysicalName, dict[PhysicalName, Checkpoint]] = defaultdict(dict)
        for checkpoint in wanted:
            databases[checkpoint.container][checkpoint.name] = checkpoint
        limit = anyio.CapacityLimiter(DATABASES_AT_ONCE)
        done = 0
        failed: list[TargetError] = []
        async with isolated_group() as group:

            async def look(database: PhysicalName, tables: dict[PhysicalName, Checkpoint]) -> None:
                nonlocal done
                async with limit:
                    try:
                        await self._look(database, tables)
                    except TargetError as error:
                        failed.append(error)
                        group.cancel_scope.cancel()
                done += 1
                await self._progress(ProgressEvent("comparing", done, len(databases), database))

            for database, tables in sorted(databases.items()):
                group.start_soon(look, database, tables)
        if failed:
            raise failed[0]

    async def _read_bound(self, bound: Sequence[Checkpoint]) -> None:
        """Compare tables of others; their databases may hold many more, so pages are read only where that spares calls.

        Raises:
            TargetError: the target as a whole is out.
        """
        by_address = {checkpoint.address: checkpoint for checkpoint in bound}
        ahead = ReadAhead(self._target, by_address, {})
        addresses = [*by_address]
        for start in range(0, len(addresses), CHUNK):
            chunk = addresses[start : start + CHUNK]
            found = await ahead.seen(chunk)
            rest = await look_by_name(self._target, [address for address in chunk if address not in found])
            found |= rest.found
            await self._compare([(by_address[address], live) for address, live in found.items()])
            for address, error in rest.hidden.items():
                self.seen.hidden_tables(address.container, [error])
            gone = [by_address[at] for at in chunk if at not in found and at not in rest.hidden]
            await self._miss(gone, database_gone=False)
            self._absent += gone

    async def _look_where_nothing_is_known(self) -> None:
        """Look for tables of ours in databases that this installation wrote to, or may have, and has nothing in now."""
        if not self._scope.everything:
            return
        note = container_note(self.key, "")
        noted = await self._store.meta.with_prefix(note)
        known = {PhysicalName(key.removeprefix(note)) for key in noted if is_present(noted, key)}
        known |= {each.container for each in self.checkpoints.values() if each.state is not CheckpointState.BOUND}
        known |= await databases_looked_through(self._store, self.key)
        for database in sorted(known - {checkpoint.container for checkpoint in self.wanted}):
            try:
                async for page in self._target.pages(database):
                    self._note_strays(page)
            except Exception as raised:  # noqa: BLE001 -- isolates this database
                error = of_one(raised, f"database {database}")
                if error.fault is not TargetFault.NO_CONTAINER and not cannot_be_seen(error):
                    self.seen.unread_database(database, 0, error)

    async def _look(self, database: PhysicalName, tables: dict[PhysicalName, Checkpoint]) -> None:
        """Compare the tables of one database; what no page holds is looked for by name before it counts as gone."""
        seen = self.seen
        try:
            async for page in self._target.pages(database):
                self._note_strays(page)
                here = [(tables.pop(live.name), live) for live in page if live.name in tables]
                await self._compare(here)
        except Exception as raised:  # noqa: BLE001 -- isolates this database
            error = of_one(raised, f"database {database}")  # what says nothing of one database goes on
            if error.fault is not TargetFault.NO_CONTAINER:
                seen.unread_database(database, len(tables), error)
                return
            seen.gone.add(database)
        missing = await self._gone(database, tables) if database not in seen.gone else list(tables.values())
        for start in range(0, len(missing), CHUNK):
            await self._miss(missing[start : start + CHUNK], database_gone=database in seen.gone)

    def _note_strays(self, page: Iterable[LiveObject]) -> None:
        """Name tables that carry our marker and that no checkpoint is of, where everything is looked at."""
        if not self._scope.everything:
            return
        for live in page:
            ours = self._settings.installation_marker in {live.owner, live.bound_by}
            if ours and live.address not in self._known:
                self.seen.stray(live)

    async def _gone(self, database: PhysicalName, left_out: Mapping[PhysicalName, Checkpoint]) -> list[Checkpoint]:
        """Which of the tables that no page held are gone; the others are compared, or told as hidden."""
        seen = await look_by_name(self._target, [checkpoint.address for checkpoint in left_out.values()])
        by_address = {checkpoint.address: checkpoint for checkpoint in left_out.values()}
        for start in range(0, len(seen.found), CHUNK):
            found = list(seen.found.items())[start : start + CHUNK]
            await self._compare([(by_address[address], live) for address, live in found])
        if seen.hidden:
            self.seen.hidden_tables(database, seen.hidden.values())
        return [
            checkpoint
            for address, checkpoint in by_address.items()
            if address not in seen.found and address not in seen.hidden
        ]

    async def _compare(self, here: Sequence[tuple[Checkpoint, LiveObject]]) -> None:
        """Compare one page of tables with what was written."""
        blobs = await self._store.blobs.get_many(checkpoint.body for checkpoint, _ in here)
        marker, policies = self._settings.installation_marker, self._settings.drift
        bodies: list[bytes] = []
        for checkpoint, live in here:
            self.seen.compared.add(checkpoint.asset)
            last_body = blobs.get(checkpoint.body)
            if last_body is None:
                self.seen.has_lost_body(checkpoint)
                continue
            try:
                written = self._design.as_written(last_body, live.body)
                if self._design.untouched(written, live.body):
                    continue
                await anyio.lowlevel.checkpoint()  # a page of edited tables takes a while, and others have work too
                subject, left_half = self._subject(checkpoint), written is not last_body
                look = partial(look_at, subject, written, live, marker=marker, left_half=left_half)
                found = self._as_asked(look(policies=policies), look)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self.seen.cannot_compare(checkpoint, error)
                continue
            if found is not None:
                bodies += found.bodies
                self.seen.found.append(replace(found, bodies=()))

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)

        if bodies:
            await self._store.write(keep)

    async def _miss(self, missing: Sequence[Checkpoint], *, database_gone: bool) -> None:
        blobs = await self._store.blobs.get_many(checkpoint.body for checkpoint in missing)
        for checkpoint in missing:
            self.seen.compared.add(checkpoint.asset)
            last_body = blobs.get(checkpoint.body)
            if last_body is None:
                self.seen.has_lost_body(checkpoint)
                continue
            try:
                subject, policies = self._subject(checkpoint), self._settings.drift
                look = partial(look_for, subject, last_body, database_gone=database_gone)
                found = self._as_asked(look(policies=policies), look)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self.seen.cannot_compare(checkpoint, error)
                continue
            if found is not None:
                self.seen.found.append(found)

    def _as_asked(self, found: DriftFinding | None, look: Callable[..., DriftFinding | None]) -> DriftFinding | None:
        """What was found by the policies in force, with the item that whoever asks wants whatever they say."""
        if found is None or self._repairs_by is None:
            return found
        repaired = look(policies=self._repairs_by)
        return found if repaired is None else replace(found, item=repaired.item, bodies=repaired.bodies, asked=True)

    async def _leave_to_runs(self, began: str) -> None:
        """Take out what a run was writing while it was read: what was read of it may be half of each."""
        if not (self.seen.found or self.seen.strays):
            return
        latest, _ = await self._store.runs.page(limit=50)
        at_work = [run for run in latest if run.finished_at is None or run.finished_at >= began]
        if at_work:  # what it makes is known once it is recorded
            self.seen.strays.clear()
        written: set[AssetId] = set()
        for run in at_work:
            if run.change_set_id is not None:
                written |= await self._written_by(run.id, run.change_set_id)
        kept = [found for found in self.seen.found if found.drift.asset not in written]
        self.seen.busy = len(self.seen.found) - len(kept)
        self.seen.compared -= {found.drift.asset for found in self.seen.found} & written
        self.seen.found = kept

    async def _written_by(self, run: RunId, change_set: ChangeSetId) -> set[AssetId]:
        """The assets that a run writes; where nobody can say any more, every one of those found edited."""
        try:
            items = await self._store.change_sets.all_items(change_set)
        except Exception as error:  # noqa: BLE001 -- isolates that run
            product_error(error, f"change set of run {run}")
            return {found.drift.asset for found in self.seen.found}
        return {item.asset for item in items if item.action.changes_something and item.key == self.key}

    async def forget_past(self, tx: Tx) -> None:
        """Forget the drift of what was compared now, before what was found is noted."""
        known = await tx.drift.assets(self.key)
        self._past = [asset for asset in known if asset in self.seen.compared or asset not in self._managed]
        await tx.drift.forget(self.key, self._past)

    async def write(self, tx: Tx, in_force: Sequence[TargetKey], *, at: str) -> None:
        """Write down what the look says of assets, besides the drift itself."""
        seen, drifts = self.seen, self.seen.drifts
        conflicts = [
            name_taken(drift.asset, f"{drift.table}: {drift.reason}", self._design)
            for drift in drifts
            if drift.effect is DriftEffect.CONFLICT
        ]
        still = {each.asset for each in conflicts}
        past = self._past
        over = [
            asset
            for asset, each in (await tx.unwritten.all(self.key)).items()
            if each.problem.code in {TargetFault.CONFLICT, DRIFT}
            and asset in {*past, *seen.compared}
            and asset not in still  # as old as its first finding
        ]
        await tx.unwritten.remove_many(self.key, over)
        await tx.unwritten.put_many(self.key, conflicts, at=at)
        await settle_statuses(tx, {*over, *past, *(drift.asset for drift in drifts)}, in_force)
        for database in self._made_again:  # so that the repair makes it first
            await tx.meta.delete(container_note(self.key, database))
        # Where the remembered version is of another content than was written, the next write reads first.
        doubtful = [self._managed[found.drift.asset] for found in seen.found if found.doubtful]
        await self._note(tx, {each: replace(each, version=None) for each in doubtful})
        # A bound table that is gone holds nothing of ours any more, and each sync looks for it.
        await self._note(tx, {each: replace(each, version=None, state=_GONE) for each in self._absent})

    async def _note(self, tx: Tx, known: Mapping[Checkpoint, Checkpoint]) -> None:
        """Note what is known by now, but of what a run has written meanwhile."""
        for before, after in known.items():
            if await tx.checkpoints.get(before.asset, before.key) == before:
                await tx.checkpoints.put_many([after])
