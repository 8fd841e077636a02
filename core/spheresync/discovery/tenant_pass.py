"""Read Datasphere into the local catalog: listings first, then the definitions that may have moved.

Two promises carry the rest of the product. `listed = mapped + filtered + failed`, always. And an asset counts as
missed only when a *complete* listing of a readable space no longer holds it; whatever could not be read keeps
what is known of it, and is told as not read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeAlias

import anyio

from spheresync.discovery.listed_spaces import ListedSpaces
from spheresync.discovery.normalisation import Normalised, Unreadable, normalise_all
from spheresync.discovery.unserved_spaces import UnservedSpaces, out_of_service
from spheresync.discovery.vanished_assets import Confirmed, VanishedAssets
from spheresync.errors import SourceError, SourceFault
from spheresync.isolation import isolated_group
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    AssetEntry,
    AssetId,
    AssetKind,
    Digest,
    Listing,
    Problem,
    RawDefinition,
    SpaceEntry,
    SpaceName,
    TargetKey,
    digest_of,
    first_of,
    isoformat,
)
from spheresync.observe.incidents import Account, source_error
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.confirmed_gone import note_confirmed
from spheresync.planning.decisions.triage import RemovalRules
from spheresync.runtime.progress import OnProgress, ProgressEvent, silent
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import by_its_space, may_hold
from spheresync.runtime.unspellable_names import (
    UnspellableAsset,
    UnspellableSpace,
    note_unspellable_spaces,
    told,
    without_unspellable_assets,
    without_unspellable_spaces,
)
from spheresync.runtime.worker_process import WORKER_BATCH, WORKER_BATCH_BYTES, WorkerProcess
from spheresync.source.datasphere.normalise import NORMALISER_VERSION
from spheresync.state.cells import spell_entry
from spheresync.state.records import AssetRecord
from spheresync.state.sqlite.store import Store, Tx

READERS = 10
"""Definitions read at once; the tenant's door holds the same limit (reference: datasphere-api.md 7)."""
BATCH = 250
_LOOKED_THROUGH = 500
"""Definitions of the state that are looked through at once, so that memory does not grow with their number."""


_Listings: TypeAlias = dict[SpaceName, Listing[AssetEntry]]


class Source(Protocol):
    """What discovery needs of a source of assets."""

    async def list_spaces(self) -> Listing[SpaceEntry]: ...

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]: ...

    async def fetch(self, entry: AssetEntry) -> RawDefinition: ...

    async def is_served(self, entry: AssetEntry) -> bool: ...

    async def holds(self, asset: AssetId) -> bool: ...


@dataclass(slots=True)
class DiscoveryReport:
    """What a discovery did: `listed = mapped + filtered + failed`. `read` counts definitions asked for."""

    spaces: int = 0
    listed: int = 0
    mapped: int = 0
    filtered: int = 0
    failed: int = 0
    read: int = 0
    unchanged: int = 0
    reached: bool = True
    problems: list[Problem] = field(default_factory=list)
    not_exposed: list[str] = field(default_factory=list)
    gone: list[Problem] = field(default_factory=list)

    def told_to(self, scope: Scope) -> DiscoveryReport:
        """The report as whoever asked for `scope` is to hear it: what is gone is a failure where it was named."""
        missed = [problem for problem in self.gone if scope.names(problem.subject)]
        others = [problem for problem in self.gone if problem not in missed]
        return replace(self, problems=[*self.problems, *missed], gone=others) if missed else self

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What is worth a line and no failure: assets that were listed and whose definition is not exposed.

        Spaces that are gone are none of these: whoever plans goes by what is known of them, read now or before.
        """
        if not self.not_exposed:
            return ()
        text = f"listed, but not exposed (404), so left as they were: {first_of(sorted(self.not_exposed), 5)}"
        remedy = "Deploy them and switch on 'Expose for Consumption', or wait for the next listing."
        return (Problem("tenant", SourceFault.NOT_EXPOSED, text, remedy),)


async def _nobody_else_reads(_: Tx) -> None:
    """Where no lease is needed: what is read is one asset's, and nobody else's turn is waited for."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One definition to read, with the record as it stands after the listing."""

    entry: AssetEntry
    record: AssetRecord


class TenantPass:
    """One pass over the tenant. Build it, `run` it once."""

    def __init__(
        self,
        source: Source,
        store: Store,
        mapping: MappingRules,
        scope: Scope,
        *,
        now: datetime,
        thorough: bool = False,
        progress: OnProgress = silent,
        still_ours: Callable[[Tx], Awaitable[None]] = _nobody_else_reads,
        removals: RemovalRules | None = None,
        in_force: Sequence[TargetKey],
    ) -> None:
        """`still_ours` raises in a unit of work once another process reads in our place.

        `removals` say which missed assets are asked for before the miss counts; without them none is. `in_force`: the
        targets by which an asset stands where it stands.
        """
        self._vanished = None
        if removals is not None:
            self._vanished = VanishedAssets(source, store, mapping, removals, now=now, in_force=in_force)
        self._in_force = in_force
        self._source = source
        self._still_ours = still_ours
        self._store = store
        self._mapping = mapping
        self._scope = scope
        self._now = isoformat(now)
        self._thorough = thorough
        self._progress = progress
        self._report = DiscoveryReport()
        self._listed_here = True  # so that what the listing says is written with what was read
        self._odd_names: dict[SpaceName, Problem] = {}  # of spaces that hold assets which cannot be kept
        self._read_before: dict[AssetId, str | None] = {}
        self._lost: set[Digest] = set()
        self._unserved = UnservedSpaces()
        self._unread: list[tuple[AssetRecord, RawDefinition]] = []
        self._pending: list[tuple[AssetRecord, bytes | None]] = []

    async def run(self) -> DiscoveryReport:
        """List, read and remember. What the tenant does wrong is in the report, never raised."""
        await self._read_all(await self._list())
        return self._report

    async def list_all(self) -> DiscoveryReport:
        """List and remember, and read nothing; what was listed counts as mapped."""
        readings = await self._list()
        self._report.mapped += len(readings)
        listed = [reading.record for reading in readings]

        async def remember(tx: Tx) -> None:
            await self._put(tx, listed, tx.catalog.put_listings)

        await self._store.write(remember)
        return self._report

    async def read(self, asset: AssetId) -> AssetRecord | None:
        """Read the definition of an asset by its entry of the last listing; answers its record, None where it has none.

        What the tenant does wrong is in the record's `problem`.
        """
        record, entry = await self._store.catalog.asset(asset), await self._store.schedule.entry(asset)
        if record is None or entry is None:
            return None
        self._listed_here = False
        self._read_before = {asset: record.read_at}
        await self._read_all([_Reading(entry, record)])
        return await self._store.catalog.asset(asset)

    async def _list(self) -> list[_Reading]:
        """List what the scope may hold; answers what is to be read."""
        await self._progress(ProgressEvent("listing", 0, 0, "listing spaces"))
        try:
            spaces, kept_out = without_unspellable_spaces(await self._source.list_spaces())
        except Exception as error:  # noqa: BLE001 -- the bulkhead of the listing
            problem = _problem_of(source_error(error, "list of spaces"), "tenant")
            spaces, kept_out = Listing("tenant", (), complete=False, problems=(problem,)), ()
        self._report.problems.extend(spaces.problems)
        odd = [space.problem for space in kept_out if self._listable(space.name)]
        self._report.problems.extend(told(odd, "tenant"))
        self._report.reached = spaces.complete or bool(spaces.items or kept_out)
        self._report.spaces = len(spaces.items)
        wanted = [space for space in spaces.items if self._listable(space.name)]
        return await self._remember_listings(spaces, kept_out, await self._list_all(wanted))

    def _listable(self, space: SpaceName) -> bool:
        return self._scope.wants_space(space) and may_hold(self._mapping, space)

    async def _list_all(self, spaces: Sequence[SpaceEntry]) -> _Listings:
        listings: _Listings = {}

        async def list_one(space: SpaceName) -> None:
            try:
                listing, odd = without_unspellable_assets(await self._source.list_assets(space))
                listings[space] = listing
                self._count_unspellable(space, odd)
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this space
                problem = _problem_of(source_error(error, f"list of space {space}"), space)
                listings[space] = Listing(space, (), complete=False, problems=(problem,))
            await self._progress(ProgressEvent("listing", len(listings), len(spaces), f"listed space {space}"))

        async with isolated_group() as group:
            for space in spaces:
                group.start_soon(list_one, space.name)
        return listings

    def _count_unspellable(self, space: SpaceName, odd: Sequence[UnspellableAsset]) -> None:
        """Count the assets that cannot be kept; each of them as failed where it was asked for."""
        wanted: list[Problem] = []
        for each in odd:
            try:
                decision = self._mapping.decide(each.asset.id, each.asset.kind, each.asset.label)
                asked_for = decision.included and self._scope.wants(each.asset.id, decision.tier)
                problem = each.problem
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                ours = source_error(error, each.problem.subject)
                asked_for, problem = True, _problem_of(ours, each.problem.subject)
            else:
                if decision.included:
                    self._odd_names.setdefault(space, problem)
            wanted += [problem] if asked_for else []
        self._report.listed += len(odd)
        self._report.failed += len(wanted)
        self._report.filtered += len(odd) - len(wanted)
        self._report.problems.extend(told(wanted, space))

    async def _remember_listings(
        self,
        spaces: Listing[SpaceEntry],
        kept_out: Sequence[UnspellableSpace],
        listings: _Listings,
    ) -> list[_Reading]:
        known = {record.id: record for record in await self._known()}
        in_spaces = _by_space(known.values())
        lacking = frozenset(await self._store.schedule.lacking())
        readings: list[_Reading] = []
        settled: list[AssetRecord] = []
        entries: list[AssetEntry] = []
        missed: list[AssetRecord] = []
        there: list[tuple[bool, AssetEntry]] = []
        for space, listing in sorted(listings.items()):
            for entry in listing.items:
                self._report.listed += 1
                before = known.get(entry.id)
                record, flawed = self._noted(entry, before, listing.flaws.get(entry.id))
                new = before is None or before.entry_digest != record.entry_digest
                if not flawed and (new or entry.id in lacking):
                    entries.append(entry)
                if record.included and not flawed:
                    there.append((record.problem is not None or record.fingerprints is None, entry))
                if self._is_settled(record, flawed=flawed):
                    settled.append(record)
                    continue
                readings.append(_Reading(entry, record))
                if before is not None and by_its_space(before.problem):
                    settled.append(record)  # whoever only lists writes no problem of an asset
            if listing.complete:
                missed.extend(self._missed(in_spaces.get(space, ()), {entry.id for entry in listing.items}))
        confirmed = await self._confirmed(missed, there)
        settled.extend(confirmed.records.values())
        known_spaces = await self._store.catalog.spaces()
        asked = {space.name for space in known_spaces if self._listable(space.name)}
        seen = ListedSpaces(known_spaces, in_spaces, self._mapping, now=self._now).compare(
            spaces, listings, asked, self._odd_names
        )
        self._report.problems.extend(seen.problems)
        self._report.gone.extend(seen.gone)
        settled += seen.assets

        async def remember(tx: Tx) -> None:
            await tx.catalog.put_spaces(seen.spaces)
            await note_unspellable_spaces(tx, kept_out, complete=spaces.complete)
            await tx.schedule.put_entries(entries)
            moved = [record for record in settled if record != known.get(record.id)]
            await self._put(tx, moved, tx.catalog.put_assets)
            await note_confirmed(tx, confirmed.records.values(), confirmed.gone)

        await self._store.write(remember)
        return readings

    async def _known(self) -> list[AssetRecord]:
        """What is known of all assets; one whose row is lost or cannot be read counts as listed for the first time.

        So it does where Datasphere lists it no more: else nobody would ever miss it, and its table would stay.
        """
        records = await self._store.catalog.assets()
        held = await self._store.checkpoints.unlisted()
        await self._store.catalog.spaces()
        if await self._store.clear_lost_rows():
            records = await self._store.catalog.assets()
        return [*records, *(AssetRecord.first_seen(asset, AssetKind.VIEW, at=self._now) for asset in held)]

    def _noted(self, entry: AssetEntry, known: AssetRecord | None, flaw: Problem | None) -> tuple[AssetRecord, bool]:
        """The record of a listed asset, and whether something of it kept it from being used."""
        try:
            return self._listed_record(entry, known, flaw), flaw is not None
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: rules that cannot be applied to it
            problem = Problem.of_error(entry.id, source_error(error, str(entry.id)))
            self._report.problems.append(problem)
            base = known or AssetRecord.first_seen(entry.id, entry.kind, at=self._now)
            return replace(base, problem=problem, misses=0, first_missed_at=None, listed_at=self._now), True

    def _listed_record(self, entry: AssetEntry, known: AssetRecord | None, flaw: Problem | None) -> AssetRecord:
        """The record as the listing leaves it; of an entry that is not to be trusted only that it is listed."""
        base = known or AssetRecord.first_seen(entry.id, entry.kind, at=self._now)
        trusted = flaw is None
        kind, label = (entry.kind, entry.label) if trusted else (base.kind, base.label)
        decision = self._mapping.decide(entry.id, kind, label)
        return replace(
            base,
            kind=kind,
            label=label,
            entry_digest=_digest_of(entry) if trusted else base.entry_digest,
            tier=decision.tier,
            included=decision.included,
            reason=decision.excluded_by,
            problem=flaw or (None if by_its_space(base.problem) else base.problem),
            misses=0,
            first_missed_at=None,
            listed_at=self._now,
        )

    def _is_settled(self, record: AssetRecord, *, flawed: bool) -> bool:
        """Count the asset; True when its definition is not to be read now."""
        if not record.included:
            self._report.filtered += 1
            return True
        if flawed:
            self._report.failed += 1
            return True
        if not self._scope.wants(record.id, record.tier):
            self._report.mapped += 1
            return True
        return False

    def _missed(self, known: Iterable[AssetRecord], present: set[AssetId]) -> Iterator[AssetRecord]:
        for record in known:
            if record.id not in present:
                problem = None if by_its_space(record.problem) else record.problem
                misses, since = record.misses + 1, record.first_missed_at or self._now
                yield replace(record, misses=misses, first_missed_at=since, problem=problem)

    async def _confirmed(self, missed: Sequence[AssetRecord], there: Sequence[tuple[bool, AssetEntry]]) -> Confirmed:
        """The missed assets, of which those whose tables would go by it are asked for first.

        `there`: what is listed and in scope, each with whether it may not be readable.
        """
        if self._vanished is None or not missed:
            return Confirmed({record.id: record for record in missed})
        listed = [entry for _, entry in sorted(there, key=lambda each: each[0])]
        confirmed = await self._vanished.confirm(missed, listed)
        self._report.problems.extend(confirmed.problems)
        return confirmed

    async def _put(
        self, tx: Tx, records: Sequence[AssetRecord], put: Callable[[Sequence[AssetRecord]], Awaitable[None]]
    ) -> None:
        """Write records, and where their assets stand by what is known of the target now.

        Raises:
            LeaseLostError: another process reads Datasphere by now; nothing is written.
        """
        await self._still_ours(tx)
        assets = [record.id for record in records]
        await put(records)
        await settle_statuses(tx, assets, self._in_force)

    async def _read_all(self, readings: Sequence[_Reading]) -> None:
        queue = iter(readings)
        total = len(readings)
        self._lost = await self._lost_definitions(readings)
        second = WorkerProcess(total)

        async def reader() -> None:
            for reading in queue:
                await self._fetch(reading)
                if len(self._unread) >= WORKER_BATCH or self._unread_bytes() >= WORKER_BATCH_BYTES:
                    await self._normalise(second)
                if len(self._pending) >= BATCH:
                    await self._flush()
                    await self._progress(ProgressEvent("reading", self._report.read, total, "reading definitions"))

        await self._progress(ProgressEvent("reading", 0, total, "reading definitions"))
        try:
            async with isolated_group() as group:
                for _ in range(min(READERS, total)):
                    group.start_soon(reader)
            await self._normalise(second)
            await self._settle_unserved()
        finally:
            with anyio.CancelScope(shield=True):
                await self._flush()
        await self._progress(ProgressEvent("reading", total, total, "definitions read"))

    async def _lost_definitions(self, readings: Sequence[_Reading]) -> set[Digest]:
        """Definitions that the state should hold and has lost: their assets are read anew, changed or not."""
        known = [record.definition for record in (r.record for r in readings) if record.definition is not None]
        lost: set[Digest] = set()
        for start in range(0, len(known), _LOOKED_THROUGH):
            chunk = known[start : start + _LOOKED_THROUGH]
            lost |= set(chunk) - (await self._store.blobs.get_many(chunk)).keys()
        return lost

    async def _fetch(self, reading: _Reading) -> None:
        """Ask for one definition; one that is as it was is settled at once, another is to be normalised."""
        record = reading.record
        try:
            raw = await self._source.fetch(reading.entry)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
            ours = source_error(error, str(record.id))
            if ours.fault is SourceFault.NOT_EXPOSED:
                self._unserved.note(record, ours)
            else:
                self._settle_broken(record, ours)
            return
        self._unserved.serving.add(record.id.space)
        whole = record.definition is not None and record.definition not in self._lost
        known = record.parser_version == NORMALISER_VERSION and whole
        if known and raw.digest == record.raw_digest and not self._thorough:
            self._report.mapped += 1
            self._report.unchanged += 1
            self._settle(replace(record, problem=None, read_at=self._now))
        else:
            self._unread.append((record, raw))

    def _unread_bytes(self) -> int:
        return sum(len(body) for _, raw in self._unread for _, body in raw.documents)

    async def _normalise(self, second: WorkerProcess) -> None:
        lot, self._unread = self._unread, []
        if not lot:
            return
        found = await second.do(normalise_all, [raw for _, raw in lot])
        for (record, raw), said in zip(lot, found, strict=True):
            if isinstance(said, Unreadable):
                self._settle(self._failed(record, said.fault, said.message, said.remedy))
            elif isinstance(said, Account):
                self._settle_broken(record, said)
            else:
                self._take(record, raw, said)

    def _take(self, record: AssetRecord, raw: RawDefinition, said: Normalised) -> None:
        try:
            fresh = self._fresh(record, raw, said)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset: rules that cannot be applied to it
            self._settle_broken(record, error)
        else:
            self._settle(fresh, said.definition)

    def _settle(self, record: AssetRecord, definition: bytes | None = None) -> None:
        self._pending.append((record, definition))
        self._report.read += 1

    def _settle_broken(self, record: AssetRecord, error: Exception | Account) -> None:
        """Settle an asset whose definition could not be had, or could not be used."""
        ours = source_error(error, str(record.id))
        self._settle(self._failed(record, ours.fault, ours.message, ours.remedy))

    async def _settle_unserved(self) -> None:
        """Settle what was answered 404, once it is known whether its space serves anything."""
        for space, found in sorted(self._unserved.found.items()):
            known = await self._store.catalog.assets(space) if len(found) == 1 else ()
            out = self._unserved.is_out(space, known)
            for each in found:
                record = each.record
                if out:
                    problem = out_of_service(record.id)
                    self._settle(self._failed(record, problem.code, problem.message, problem.remedy))
                else:
                    # Benign (reference: datasphere-api.md 3.2): listed a moment ago, not exposed now.
                    self._report.filtered += 1
                    self._report.not_exposed.append(str(record.id))
                    self._settle(replace(record, problem=Problem.of_error(record.id, each.error)))

    def _failed(self, record: AssetRecord, code: str, message: str, remedy: str) -> AssetRecord:
        problem = Problem.of(record.id, code, message, remedy)
        self._report.failed += 1
        self._report.problems.append(problem)
        return replace(record, problem=problem)

    def _fresh(self, record: AssetRecord, raw: RawDefinition, said: Normalised) -> AssetRecord:
        self._report.mapped += 1
        same = said.fingerprints == record.fingerprints
        if same:
            self._report.unchanged += 1
        decision = self._mapping.decide(record.id, said.kind, said.label)
        return replace(
            record,
            kind=said.kind,
            label=said.label,
            tier=decision.tier,
            included=decision.included,
            reason=decision.excluded_by,
            raw_digest=raw.digest,
            parser_version=NORMALISER_VERSION,
            fingerprints=said.fingerprints,
            column_count=said.column_count,
            pii_columns=said.pii_columns,
            problem=None,
            read_at=self._now,
            changed_at=record.changed_at if same else self._now,
        )

    async def _flush(self) -> None:
        batch, self._pending = self._pending, []
        if not batch:
            return

        async def remember(tx: Tx) -> None:
            written = [definition for _, definition in batch if definition is not None]
            digests = iter(await tx.blobs.put_many(written))
            records = [
                record if definition is None else replace(record, definition=next(digests))
                for record, definition in batch
            ]
            if self._listed_here:
                await self._put(tx, records, tx.catalog.put_assets)
                return
            now = {record.id: record.read_at for record in await tx.catalog.some([record.id for record in records])}
            # What another process has read meanwhile is newer than what was asked for before that.
            fresh = [record for record in records if now.get(record.id) == self._read_before.get(record.id)]
            await self._put(tx, fresh, tx.catalog.put_readings)

        await self._store.write(remember)


def _problem_of(error: SourceError, subject: str) -> Problem:
    return Problem(subject, error.fault, error.message, error.remedy)


def _digest_of(entry: AssetEntry) -> Digest:
    return digest_of(spell_entry(entry).encode())


def _by_space(records: Iterable[AssetRecord]) -> dict[SpaceName, list[AssetRecord]]:
    found: dict[SpaceName, list[AssetRecord]] = {}
    for record in records:
        found.setdefault(record.id.space, []).append(record)
    return found
