"""Read Datasphere into the local catalog: listings first, then the definitions that may have moved.

Two promises carry the rest of the product. `listed = mapped + filtered + failed`, always. And an asset counts as
missed only when a *complete* listing of a readable space no longer holds it; whatever could not be read keeps
what is known of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import anyio

from spheresync.errors import SourceError, SourceFault
from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import (
    AssetEntry,
    AssetId,
    Digest,
    Listing,
    Problem,
    RawDefinition,
    SpaceEntry,
    SpaceName,
    digest_of,
    isoformat,
)
from spheresync.run.asset_status import known_conflicts, settle_statuses
from spheresync.run.normalising import Normalised, Unreadable, normalise_all
from spheresync.run.progress import OnProgress, ProgressEvent, silent
from spheresync.run.scope import Scope
from spheresync.run.second_process import LOT, SecondProcess
from spheresync.source.normalise import NORMALISER_VERSION
from spheresync.state.records import AssetRecord, SpaceRecord
from spheresync.state.spelling import spell_entry
from spheresync.state.store import Store, Tx

READERS = 10
"""Definitions read at once; the tenant's door holds the same limit (reference: datasphere-api.md 7)."""
BATCH = 250
_LOOKED_THROUGH = 500
"""Definitions of the state that are looked through at once, so that memory does not grow with their number."""
SPACE_GONE = "space_gone"


class Source(Protocol):
    """What discovery needs of a source of assets."""

    async def list_spaces(self) -> Listing[SpaceEntry]: ...

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]: ...

    async def fetch(self, entry: AssetEntry) -> RawDefinition: ...


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

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What is worth a line and no failure: assets that were listed and whose definition is not exposed."""
        if not self.not_exposed:
            return ()
        named = ", ".join(sorted(self.not_exposed)[:5])
        more = f" and {len(self.not_exposed) - 5} more" if len(self.not_exposed) > 5 else ""
        text = f"listed, but not exposed (404), so left as they were: {named}{more}"
        remedy = "Deploy them and switch on 'Expose for Consumption', or wait for the next listing."
        return (Problem("tenant", SourceFault.NOT_EXPOSED, text, remedy),)


async def _nobody_else_reads(_: Tx) -> None:
    """Where no lease is needed: what is read is one asset's, and nobody else's turn is waited for."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One definition to read, with the record as it stands after the listing."""

    entry: AssetEntry
    record: AssetRecord


class Discovery:
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
    ) -> None:
        """`still_ours` raises in a unit of work once another process reads in our place."""
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
        self._read_before: dict[AssetId, str | None] = {}
        self._lost: set[Digest] = set()
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
        spaces = await self._source.list_spaces()
        self._report.problems.extend(spaces.problems)
        self._report.reached = spaces.complete or bool(spaces.items)
        self._report.spaces = len(spaces.items)
        wanted = [space for space in spaces.items if self._listable(space.name)]
        listings = await self._list_all(wanted)
        return await self._remember_listings(spaces, listings)

    def _listable(self, space: SpaceName) -> bool:
        return self._scope.wants_space(space) and self._mapping.may_hold(space)

    async def _list_all(self, spaces: Sequence[SpaceEntry]) -> dict[SpaceName, Listing[AssetEntry]]:
        listings: dict[SpaceName, Listing[AssetEntry]] = {}

        async def list_one(space: SpaceName) -> None:
            listings[space] = await self._source.list_assets(space)
            await self._progress(ProgressEvent("listing", len(listings), len(spaces), f"listed space {space}"))

        async with anyio.create_task_group() as group:
            for space in spaces:
                group.start_soon(list_one, space.name)
        return listings

    async def _remember_listings(
        self, spaces: Listing[SpaceEntry], listings: Mapping[SpaceName, Listing[AssetEntry]]
    ) -> list[_Reading]:
        known = {record.id: record for record in await self._store.catalog.assets()}
        readings: list[_Reading] = []
        settled: list[AssetRecord] = []
        for space, listing in sorted(listings.items()):
            self._report.problems.extend(listing.problems)
            flaws = {problem.subject: problem for problem in listing.problems}
            for entry in listing.items:
                self._report.listed += 1
                record = self._listed_record(entry, known.get(entry.id), flaws.get(str(entry.id)))
                if self._is_settled(record, flawed=str(entry.id) in flaws):
                    settled.append(record)
                else:
                    readings.append(_Reading(entry, record))
            if listing.complete:
                settled.extend(self._missed(known.values(), space, {entry.id for entry in listing.items}))
        entries = [
            entry
            for listing in listings.values()
            for entry in listing.items
            if entry.id not in known or known[entry.id].entry_digest != _digest_of(entry)
        ]
        space_records = [self._space_record(space, listings.get(space.name)) for space in spaces.items]
        if spaces.complete:
            space_records += await self._gone({space.name for space in spaces.items})

        async def remember(tx: Tx) -> None:
            await tx.catalog.put_spaces(space_records)
            await tx.schedule.put_entries(entries)
            moved = [record for record in settled if record != known.get(record.id)]
            await self._put(tx, moved, tx.catalog.put_assets)

        await self._store.write(remember)
        return readings

    def _listed_record(self, entry: AssetEntry, known: AssetRecord | None, flaw: Problem | None) -> AssetRecord:
        decision = self._mapping.decide(entry.id, entry.kind, entry.label)
        base = known or AssetRecord.first_seen(entry.id, entry.kind, at=self._now)
        return replace(
            base,
            kind=entry.kind,
            label=entry.label,
            entry_digest=_digest_of(entry),
            tier=decision.tier,
            included=decision.included,
            reason=decision.excluded_by,
            problem=flaw if flaw is not None else base.problem,
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

    def _missed(self, known: Iterable[AssetRecord], space: SpaceName, present: set[AssetId]) -> Iterator[AssetRecord]:
        for record in known:
            if record.id.space == space and record.id not in present:
                yield replace(record, misses=record.misses + 1, first_missed_at=record.first_missed_at or self._now)

    def _space_record(self, space: SpaceEntry, listing: Listing[AssetEntry] | None) -> SpaceRecord:
        problem = listing.problems[0] if listing is not None and listing.problems else None
        return SpaceRecord(
            name=space.name,
            label=space.label,
            listed_at=self._now,
            complete=listing.complete if listing is not None else False,
            problem=problem,
            present=True,
        )

    async def _gone(self, listed: set[SpaceName]) -> list[SpaceRecord]:
        """Spaces that the tenant no longer lists: revoked membership and deletion look alike, so nothing is missed."""
        known = await self._store.catalog.spaces()
        return [
            replace(space, present=False, complete=False, problem=_space_gone(space.name))
            for space in known
            if space.name not in listed
        ]

    async def _put(
        self, tx: Tx, records: Sequence[AssetRecord], put: Callable[[Sequence[AssetRecord]], Awaitable[None]]
    ) -> None:
        """Write records, and where their assets stand by what is known of the target now.

        Raises:
            LeaseLostError: another process reads Datasphere by now; nothing is written.
        """
        await self._still_ours(tx)
        assets = [record.id for record in records]
        conflicts = await known_conflicts(tx, assets)
        await put(records)
        await settle_statuses(tx, assets, conflicts=conflicts)

    async def _read_all(self, readings: Sequence[_Reading]) -> None:
        queue = iter(readings)
        total = len(readings)
        self._lost = await self._lost_definitions(readings)
        second = SecondProcess(total)

        async def reader() -> None:
            for reading in queue:
                await self._fetch(reading)
                if len(self._unread) >= LOT:
                    await self._normalise(second)
                if len(self._pending) >= BATCH:
                    await self._flush()
                    await self._progress(ProgressEvent("reading", self._report.read, total, "reading definitions"))

        await self._progress(ProgressEvent("reading", 0, total, "reading definitions"))
        try:
            async with anyio.create_task_group() as group:
                for _ in range(min(READERS, total)):
                    group.start_soon(reader)
            await self._normalise(second)
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
        except SourceError as error:
            self._settle(self._failed(record, error.fault, error.message, error.remedy))
            return
        whole = record.definition is not None and record.definition not in self._lost
        known = record.parser_version == NORMALISER_VERSION and whole
        if known and raw.digest == record.raw_digest and not self._thorough:
            self._report.mapped += 1
            self._report.unchanged += 1
            self._settle(replace(record, problem=None, read_at=self._now))
        else:
            self._unread.append((record, raw))

    async def _normalise(self, second: SecondProcess) -> None:
        lot, self._unread = self._unread, []
        if not lot:
            return
        found = await second.do(normalise_all, [raw for _, raw in lot])
        for (record, raw), said in zip(lot, found, strict=True):
            if isinstance(said, Unreadable):
                self._settle(self._failed(record, said.fault, said.message, said.remedy))
            else:
                self._settle(self._fresh(record, raw, said), said.definition)

    def _settle(self, record: AssetRecord, definition: bytes | None = None) -> None:
        self._pending.append((record, definition))
        self._report.read += 1

    def _failed(self, record: AssetRecord, fault: SourceFault, message: str, remedy: str) -> AssetRecord:
        problem = Problem(str(record.id), fault, message, remedy)
        if fault is SourceFault.NOT_EXPOSED:
            # Benign (reference: datasphere-api.md 3.2): listed a moment ago, not exposed now; nothing is wrong with us.
            self._report.filtered += 1
            self._report.not_exposed.append(str(record.id))
        else:
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


def _digest_of(entry: AssetEntry) -> Digest:
    return digest_of(spell_entry(entry).encode())


def _space_gone(space: SpaceName) -> Problem:
    return Problem(
        subject=space,
        code=SPACE_GONE,
        message=f"Datasphere no longer lists space {space}; its tables stay as they are.",
        remedy="Add the technical user to the space again, or, if the space is gone for good, exclude it by `scope:`.",
    )
