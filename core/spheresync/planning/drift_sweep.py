"""Look at what a target holds now and compare it with what was last written there: one paged reading per database.

Datasphere is not asked, and nothing is written to the target. What was found is noted, and where the drift policies
say `overwrite`, a change set is saved that puts back what was written. Only pages of tables are in memory at a time,
besides what has drifted.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import anyio
import anyio.lowlevel

from spheresync import __version__
from spheresync.config import Settings
from spheresync.errors import TargetError, TargetFault
from spheresync.isolation import isolated_group
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    Action,
    AssetId,
    AssetStatus,
    ChangeSetId,
    JsonValue,
    LiveObject,
    PhysicalName,
    Principal,
    Problem,
    RunId,
    SpaceName,
    Tier,
    canonical_json,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error, target_error
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.drift import DRIFT, drift_finding, missing_finding, within_bounds
from spheresync.planning.decisions.drift_findings import Found, look_at, look_for
from spheresync.planning.decisions.items import Subject, by_urgency, name_taken
from spheresync.planning.lost_bodies import body_lost
from spheresync.planning.name_allocation import container_note
from spheresync.planning.planner import MANAGED
from spheresync.planning.prerequisites import plan_prerequisites
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.scope import Scope
from spheresync.state.change_set_digest import FORMAT, NO_DIGEST, with_digest
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AssetRecord,
    AuditEvent,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    DriftEffect,
    DriftKind,
    DriftLook,
    Prerequisite,
    TableDrift,
)
from spheresync.targets.look_by_name import Address, look_by_name, of_one
from spheresync.targets.protocol import Target
from spheresync.targets.registry import design_of

DATABASES_AT_ONCE = 8
CHUNK = 200
"""Tables that are gone whose last bodies are in memory at a time."""
DETECT = "detect_drift"
NOT_KNOWN = "not_known"
UNKNOWN_TABLE = "unknown_table"
"""Code of a table with our marker of which the state knows nothing."""
_WRITTEN = frozenset({AssetStatus.SYNCED, AssetStatus.RETIRED})


@dataclass(slots=True)
class _Seen:
    """What the sweep has seen so far."""

    compared: set[AssetId] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)
    gone: set[PhysicalName] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    first_error: TargetError | None = None
    unknown: int = 0  # tables of which a restored state knows nothing
    unjudged: int = 0  # of which not even that could be said whether they are looked for
    strays: list[Problem] = field(default_factory=list)  # tables with our marker of which the state knows nothing
    busy: int = 0  # left out because a run wrote them meanwhile


class DriftSweep:
    """One look at a target. Build it, `run` it once."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        mapping: MappingRules,
        target: Target,
        *,
        scope: Scope,
        principal: Principal,
        clock: Callable[[], datetime],
        progress: OnProgress,
    ) -> None:
        self._store = store
        self._settings = settings
        self._mapping = mapping
        self._target = target
        self._design = design_of(target.key.target)
        self._scope = scope
        self._principal = principal
        self._clock = clock
        self._progress = progress
        self._records: dict[AssetId, AssetRecord] = {}
        self._seen = _Seen()
        self._known: set[Address] = set()

    async def run(self) -> tuple[DriftLook, list[TableDrift]]:
        """Look, note what was found, and answer it.

        A database that could not be read is a problem of the look; the others are compared.

        Raises:
            TargetError: the target does not answer, or not one database could be read; nothing is noted.
        """
        began = isoformat(self._clock())
        self._records = {record.id: record for record in await self._store.catalog.assets()}
        checkpoints = await self._checkpoints()
        managed = {asset: held for asset, held in checkpoints.items() if held.state in MANAGED}
        formers = await self._store.former_tables.all(self._target.key)
        self._known = {held.address for held in managed.values()} | {former.address for former in formers}
        wanted = self._wanted(managed.values())
        self._leave_unknown(checkpoints)
        await self._read(wanted)
        seen = self._seen
        if seen.first_error is not None and not seen.compared:
            raise seen.first_error
        await self._leave_to_runs(began)
        return await self._save(began, wanted, managed)

    async def _checkpoints(self) -> dict[AssetId, Checkpoint]:
        checkpoints = await self._store.checkpoints.all(self._target.key)
        return {held.asset: held for held in checkpoints}

    def _wanted(self, managed: Iterable[Checkpoint]) -> list[Checkpoint]:
        """Those that the look is about; of what cannot be said it is told that it was not compared."""
        wanted = []
        for held in managed:
            try:
                if self._scope.wants(held.asset, self._subject(held).record.tier):
                    wanted.append(held)
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                self._seen.unjudged += 1
                self._not_compared(held, error)
        return wanted

    def _leave_unknown(self, checkpoints: Mapping[AssetId, Checkpoint]) -> None:
        """Name the spaces whose tables a restored state knows nothing of, so that nobody takes it for "no drift"."""
        unknown: Counter[SpaceName] = Counter()
        for record in self._records.values():
            if record.status in _WRITTEN and record.id not in checkpoints:
                unknown[record.id.space] += self._scope.wants(record.id, self._tier(record))
        self._seen.unknown = unknown.total()
        for space, count in sorted((+unknown).items()):
            tables = counted(count, "table")
            text = f"What was written last into {tables} is not known since this state was restored."
            remedy = "The next sync finds out what they hold; look for drift after it."
            self._seen.problems.append(Problem(space, NOT_KNOWN, text, remedy))

    def _tier(self, record: AssetRecord) -> Tier | None:
        try:
            return self._mapping.decide(record.id, record.kind, record.label).tier
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: its tier is that of before
            product_error(error, str(record.id))
            return record.tier

    def _subject(self, held: Checkpoint) -> Subject:
        """The asset of a checkpoint, with the definition that was written."""
        record = self._records[held.asset]
        decision = self._mapping.decide(record.id, record.kind, record.label)
        written = replace(record, tier=decision.tier, fingerprints=held.fingerprints, definition=held.definition)
        key = self._target.key
        return Subject(written, held, key.target, key.destination, decision, self._design)

    async def _read(self, wanted: Iterable[Checkpoint]) -> None:
        databases: dict[PhysicalName, dict[PhysicalName, Checkpoint]] = defaultdict(dict)
        for held in wanted:
            databases[held.container][held.name] = held
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

    async def _look(self, database: PhysicalName, tables: dict[PhysicalName, Checkpoint]) -> None:
        """Compare the tables of one database; what no page holds is looked for by name before it counts as gone."""
        seen = self._seen
        try:
            async for page in self._target.pages(database):
                self._note_strays(page)
                here = [(tables.pop(live.name), live) for live in page if live.name in tables]
                await self._compare(here)
        except Exception as raised:  # noqa: BLE001 -- the bulkhead of this database
            error = of_one(raised, f"database {database}")  # what says nothing of one database goes on
            if error.fault is not TargetFault.NO_CONTAINER:
                seen.first_error = seen.first_error or error
                count = counted(len(tables), "table")
                text = f"{error.message} So {count} could not be compared."
                seen.problems.append(Problem(f"database {database}", error.fault, text, error.remedy))
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
            if live.owner == self._settings.installation_marker and (live.container, live.name) not in self._known:
                text = (
                    f"this state knows nothing of table {live.container}.{live.name}, which carries the marker of this "
                    f"installation ({live.source or 'of no named asset'})"
                )
                remedy = "`spheresync sync --full` takes it in again, or says why it does not, as for a copy."
                subject = f"{live.container}.{live.name}"
                self._seen.strays.append(Problem(subject, UNKNOWN_TABLE, text, remedy))

    async def _gone(self, database: PhysicalName, left_out: Mapping[PhysicalName, Checkpoint]) -> list[Checkpoint]:
        """Which of the tables that no page held are gone; the others are compared, or told as hidden."""
        seen = await look_by_name(self._target, [held.address for held in left_out.values()])
        by_address = {held.address: held for held in left_out.values()}
        for start in range(0, len(seen.found), CHUNK):
            found = list(seen.found.items())[start : start + CHUNK]
            await self._compare([(by_address[address], live) for address, live in found])
        if seen.hidden:
            error = next(iter(seen.hidden.values()))
            text = f"{counted(len(seen.hidden), 'table')} could not be compared: {error.message}"
            self._seen.problems.append(Problem(f"database {database}", error.fault, text, error.remedy))
        return [
            held for address, held in by_address.items() if address not in seen.found and address not in seen.hidden
        ]

    async def _compare(self, here: Sequence[tuple[Checkpoint, LiveObject]]) -> None:
        """Compare one page of tables with what was written."""
        blobs = await self._store.blobs.get_many(held.body for held, _ in here)
        marker, policies = self._settings.installation_marker, self._settings.drift
        bodies: list[bytes] = []
        for held, live in here:
            self._seen.compared.add(held.asset)
            last_body = blobs.get(held.body)
            if last_body is None:
                self._cannot_tell(held)
                continue
            try:
                if self._design.untouched(last_body, live.body):
                    continue
                await anyio.lowlevel.checkpoint()  # a page of edited tables takes a while, and others have work too
                found = look_at(self._subject(held), last_body, live, marker=marker, policies=policies)
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                self._not_compared(held, error)
                continue
            if found is not None:
                bodies += found.bodies
                self._seen.found.append(replace(found, bodies=()))

        async def keep(tx: Tx) -> None:
            await tx.blobs.put_many(bodies)

        if bodies:
            await self._store.write(keep)

    async def _miss(self, missing: Sequence[Checkpoint], *, database_gone: bool) -> None:
        blobs = await self._store.blobs.get_many(held.body for held in missing)
        for held in missing:
            self._seen.compared.add(held.asset)
            last_body = blobs.get(held.body)
            if last_body is None:
                self._cannot_tell(held)
                continue
            try:
                subject, policies = self._subject(held), self._settings.drift
                found = look_for(subject, last_body, database_gone=database_gone, policies=policies)
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                self._not_compared(held, error)
                continue
            self._seen.found.append(found)

    def _not_compared(self, held: Checkpoint, error: Exception) -> None:
        """Tell that one table could not be compared for a reason of its own."""
        self._seen.compared.discard(held.asset)
        self._seen.problems.append(Problem.of_error(held.asset, target_error(error, str(held.asset))))

    def _cannot_tell(self, held: Checkpoint) -> None:
        self._seen.compared.discard(held.asset)
        self._seen.problems.append(body_lost(held.asset, f"{held.container}.{held.name}"))

    async def _leave_to_runs(self, began: str) -> None:
        """Take out what a run was writing while it was read: what was read of it may be half of each."""
        if not (self._seen.found or self._seen.strays):
            return
        latest, _ = await self._store.runs.page(limit=50)
        at_work = [run for run in latest if run.finished_at is None or run.finished_at >= began]
        if at_work:  # what it makes is known once it is recorded
            self._seen.strays.clear()
        written: set[AssetId] = set()
        for run in at_work:
            if run.change_set_id is not None:
                written |= await self._written_by(run.id, run.change_set_id)
        kept = [found for found in self._seen.found if found.drift.asset not in written]
        self._seen.busy = len(self._seen.found) - len(kept)
        self._seen.compared -= {found.drift.asset for found in self._seen.found} & written
        self._seen.found = kept

    async def _written_by(self, run: RunId, change_set: ChangeSetId) -> set[AssetId]:
        """The assets that a run writes; where nobody can say any more, every one of those found edited."""
        try:
            items = await self._store.change_sets.all_items(change_set)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of that run
            product_error(error, f"change set of run {run}")
            return {found.drift.asset for found in self._seen.found}
        return {item.asset for item in items if item.action.changes_something}

    async def _save(
        self, began: str, wanted: Sequence[Checkpoint], managed: Mapping[AssetId, Checkpoint]
    ) -> tuple[DriftLook, list[TableDrift]]:
        seen = self._seen
        seen.found.sort(key=lambda found: found.drift.asset)
        drifts = [found.drift for found in seen.found]
        findings = self._findings(drifts)
        items = sorted((found.item for found in seen.found if found.item is not None), key=by_urgency)
        again = {item.container for item in items if item.action is Action.CREATE} & seen.gone
        planned = await plan_prerequisites(
            self._store, self._mapping, self._settings.installation_marker, self._target.key, items, gone=again
        )
        for asset, error in planned.failures.items():
            seen.problems.append(Problem.of_error(asset, product_error(error, str(asset))))
        items = [item for item in items if item.asset not in planned.failures]
        items = [replace(item, ordinal=number) for number, item in enumerate(items, start=1)]
        repair = None
        if any(item.action.changes_something for item in items):
            repair = self._change_set(items, planned.needed, findings, began)
        look = DriftLook(
            id=f"drift_{secrets.token_hex(6)}",
            at=began,
            actor=self._principal.id,
            scope=canonical_json(self._scope.to_json()),
            target=self._target.key.target,
            summary=self._summary(wanted),
            problems=tuple(seen.problems),
            findings=findings,
            change_set_id=repair.id if repair is not None else None,
        )
        conflicts = [
            name_taken(drift.asset, f"{drift.table}: {drift.reason}")
            for drift in drifts
            if drift.effect is DriftEffect.CONFLICT
        ]
        still = {each.asset for each in conflicts}
        doubtful = [managed[found.drift.asset] for found in seen.found if found.doubtful]

        async def save(tx: Tx) -> None:
            if repair is not None:
                await tx.change_sets.put(repair, items)
            known = await tx.drift.assets(self._target.key)
            past = [asset for asset in known if asset in seen.compared or asset not in managed]
            await tx.drift.forget(self._target.key, past)
            await tx.drift.put(look, drifts)
            over = [
                asset
                for asset, each in (await tx.unwritten.all(self._target.key)).items()
                if each.problem.code in {TargetFault.CONFLICT, DRIFT}
                and asset in {*past, *seen.compared}
                and asset not in still  # as old as its first finding
            ]
            await tx.unwritten.remove_many(self._target.key, over)
            await tx.unwritten.put_many(self._target.key, conflicts, at=began)
            await settle_statuses(tx, {*over, *past, *(drift.asset for drift in drifts)})
            for database in again:  # so that the repair makes it first
                await tx.meta.delete(container_note(self._target.key, database))
            await self._doubt(tx, doubtful)
            await tx.audit.append_many([self._event(look, repair)])

        await self._store.write(save)
        return look, drifts

    async def _doubt(self, tx: Tx, doubtful: Sequence[Checkpoint]) -> None:
        """Have the next write read first where the remembered version is of another content than was written."""
        for held in doubtful:
            now = await tx.checkpoints.get(held.asset, held.key)
            if now == held:
                await tx.checkpoints.put_many([replace(held, version=None)])

    def _findings(self, drifts: Iterable[TableDrift]) -> tuple[Problem, ...]:
        """What the repair leaves because the policies say so; told as a thorough plan tells it."""
        left = []
        for drift in drifts:
            reported = [each.path for each in drift.fields if each.effect is DriftEffect.REPORT]
            if reported:
                left.append(drift_finding(drift.asset, drift.table, reported))
            elif drift.effect is DriftEffect.REPORT:
                left.append(missing_finding(drift.asset, drift.table))
        if self._seen.busy:
            are = (
                "was being written by a run meanwhile, and is"
                if self._seen.busy == 1
                else "were being written, and are"
            )
            text = f"{counted(self._seen.busy, 'table')} {are} not judged"
            left.append(Problem("all spaces", DRIFT, text, "Look again when the run has ended."))
        return within_bounds(left + self._seen.strays)

    def _summary(self, wanted: Sequence[Checkpoint]) -> dict[str, int]:
        seen = self._seen
        kinds = Counter(kind for found in seen.found for kind in found.drift.kinds)
        effects = Counter(found.drift.effect for found in seen.found)
        return {
            "compared": len(seen.compared),
            "not_compared": len(wanted) - len(seen.compared) + seen.unknown + seen.unjudged,
            "drifted": len(seen.found),
            **{kind: kinds[kind] for kind in DriftKind},
            "to_repair": effects[DriftEffect.RECREATE] + effects[DriftEffect.RESTORE],
            "reported": effects[DriftEffect.REPORT] + effects[DriftEffect.WAITS],
            "kept": effects[DriftEffect.KEEP] + effects[DriftEffect.NOT_OURS],
            "conflicts": effects[DriftEffect.CONFLICT],
        }

    def _change_set(
        self,
        items: Sequence[ChangeSetItem],
        prerequisites: tuple[Prerequisite, ...],
        findings: tuple[Problem, ...],
        at: str,
    ) -> ChangeSetRecord:
        counts = Counter(item.action for item in items)
        record = ChangeSetRecord(
            id=ChangeSetId(f"cs_{secrets.token_hex(6)}"),
            digest=NO_DIGEST,
            created_at=at,
            expires_at=isoformat(self._clock() + self._settings.change_sets.expires),
            actor=self._principal.id,
            mapping_digest=self._settings.mapping_digest,
            scope_digest=self._settings.scope_digest,
            request=canonical_json(self._scope.to_json()),
            summary={action: counts[action] for action in Action},
            findings=findings,
            problems=tuple(self._seen.problems),
            blocked=0,
            run_id=None,
            tool_version=__version__,
            format=FORMAT,
            prerequisites=prerequisites,
        )
        return with_digest(record, items)

    def _event(self, look: DriftLook, repair: ChangeSetRecord | None) -> AuditEvent:
        counts: dict[str, JsonValue] = {word: count for word, count in look.summary.items() if count}
        detail: dict[str, JsonValue] = {"look": look.id, "counts": counts, "problems": len(look.problems)}
        if repair is not None:
            detail |= {"change_set": repair.id, "digest": repair.digest}
        return AuditEvent(
            actor=look.actor,
            action=DETECT,
            run_id=None,
            asset=None,
            target=look.target,
            outcome="partly_failed" if look.problems else "done",
            detail=detail,
        )
