"""List the tenant: what there is, what is missed, and which definitions are to be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from spheresync.discovery.discovery_report import DefinitionToRead
from spheresync.discovery.listed_spaces import ListedSpaces
from spheresync.discovery.pass_context import PassContext
from spheresync.discovery.renamed_assets import RenamedAssets
from spheresync.discovery.vanished_assets import Confirmed, VanishedAssets
from spheresync.errors import SourceError
from spheresync.isolation import isolated_group
from spheresync.model import (
    OBJECTS_OFF,
    AssetEntry,
    AssetId,
    AssetKind,
    AssetStatus,
    Digest,
    Listing,
    Problem,
    SpaceEntry,
    SpaceName,
    digest_of,
)
from spheresync.observe.incidents import source_error
from spheresync.planning.removal.confirmed_gone import note_confirmed
from spheresync.runtime.empty_tenant import note_listed
from spheresync.runtime.progress import ProgressEvent
from spheresync.runtime.scope import Scope
from spheresync.runtime.unread import (
    by_its_space,
    is_proven,
    may_hold,
    not_asked_for,
    not_offered,
    unproven_asset,
    unproven_assets,
)
from spheresync.runtime.unspellable_names import (
    UnspellableAsset,
    UnspellableSpace,
    first_problems,
    note_unspellable_spaces,
    without_unspellable_assets,
    without_unspellable_spaces,
)
from spheresync.state.cell_encoding import encode_entry
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord

_Listings: TypeAlias = dict[SpaceName, Listing[AssetEntry]]


UNTRUSTED = Digest("untrusted")
"""Stands for the digest of an entry that was not to be trusted: it equals none, so the next listing reads the asset."""


@dataclass(slots=True)
class _Compared:
    """What the listings of spaces say beside what was known.

    `there`: what is listed and in scope, each with whether it may not be readable. `waiting` tells what is left alone
    until the lists of its space are whole.
    """

    readings: list[DefinitionToRead] = field(default_factory=list)
    settled: list[AssetRecord] = field(default_factory=list)
    entries: list[AssetEntry] = field(default_factory=list)
    missed: list[AssetRecord] = field(default_factory=list)
    there: list[tuple[bool, AssetEntry]] = field(default_factory=list)
    listed: list[AssetRecord] = field(default_factory=list)
    waiting: list[Problem] = field(default_factory=list)


class ListingPass:
    """Lists what the scope may hold, and remembers it. Build it, `run` it once."""

    def __init__(
        self, context: PassContext, scope: Scope, *, vanished: VanishedAssets | None, renamed: RenamedAssets
    ) -> None:
        self._source, self._store, self._mapping = context.source, context.store, context.mapping
        self._report, self._recorder = context.report, context.recorder
        self._now, self._progress = context.now, context.progress
        self._scope = scope
        self._vanished = vanished
        self._renamed = renamed
        self._odd_names: dict[SpaceName, Problem] = {}  # of spaces that hold assets which cannot be kept

    async def run(self) -> list[DefinitionToRead]:
        """List what the scope may hold; answers what is to be read."""
        await self._progress(ProgressEvent("listing", 0, 0, "listing spaces"))
        try:
            spaces, kept_out = without_unspellable_spaces(await self._source.list_spaces())
        except Exception as error:  # noqa: BLE001 -- isolates the listing
            problem = _problem_of(source_error(error, "list of spaces"), "tenant")
            spaces, kept_out = Listing("tenant", (), complete=False, problems=(problem,)), ()
        self._report.problems.extend(spaces.problems)
        odd = [space.problem for space in kept_out if self._listable(space.name)]
        self._report.problems.extend(first_problems(odd, "tenant"))
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
            except Exception as error:  # noqa: BLE001 -- isolates this space
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
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                ours = source_error(error, each.problem.subject)
                asked_for, problem = True, replace(each.problem, message=f"{each.problem.message}; {ours.message}")
            else:
                if decision.included:
                    self._odd_names.setdefault(space, problem)
            wanted += [problem] if asked_for else []
        self._report.listed += len(odd)
        self._report.failed += len(wanted)
        self._report.filtered += len(odd) - len(wanted)
        self._report.problems.extend(first_problems(wanted, space))

    async def _remember_listings(
        self,
        spaces: Listing[SpaceEntry],
        kept_out: Sequence[UnspellableSpace],
        listings: _Listings,
    ) -> list[DefinitionToRead]:
        known = {record.id: record for record in await self._known()}
        in_spaces = _by_space(known.values())
        lacking = frozenset(await self._store.schedule.lacking())
        found = _Compared()
        for space, told_whole in sorted(listings.items()):
            present = {entry.id for entry in told_whole.items}
            absent = [record for record in in_spaces.get(space, ()) if record.id not in present]
            listing = listings[space] = self._less_what_is_not_offered(told_whole, absent)
            self._compare(listing, known, lacking, found)
            if listing.complete:
                if listing.catalog_only:
                    absent = await self._listed_by_catalog(absent, found)
                found.missed.extend(self._missed(absent))
        renamed = await self._renamed.candidates(found.missed, found.listed)
        confirmed = await self._confirmed(found.missed, found.there, renamed.values())
        renamed = {new: old for new, old in renamed.items() if old in confirmed.gone}
        found.settled.extend(confirmed.records.values())
        known_spaces = await self._store.catalog.spaces()
        self._report.empty = spaces.complete and not (spaces.items or kept_out or known_spaces)
        asked = {space.name for space in known_spaces if self._listable(space.name)}
        seen = ListedSpaces(known_spaces, in_spaces, self._mapping, now=self._now).compare(
            spaces, listings, asked, self._odd_names
        )
        self._report.problems.extend([*seen.problems, *found.waiting])
        self._report.gone.extend(seen.gone)
        found.settled += seen.assets

        async def remember(tx: Tx) -> None:
            if self._report.reached:
                await self._recorder.bind(tx)
            if spaces.complete:
                await note_listed(tx, at=self._now, empty=self._report.empty)
            await tx.catalog.put_spaces(seen.spaces)
            await note_unspellable_spaces(tx, kept_out, complete=spaces.complete)
            await tx.schedule.put_entries(found.entries)
            moved = [record for record in found.settled if record != known.get(record.id)]
            await self._recorder.put(tx, moved, tx.catalog.put_assets)
            await note_confirmed(tx, confirmed.records.values(), confirmed.gone)
            await self._renamed.move(tx, renamed)

        await self._store.write(remember)
        return found.readings

    def _compare(
        self,
        listing: Listing[AssetEntry],
        known: Mapping[AssetId, AssetRecord],
        lacking: Collection[AssetId],
        found: _Compared,
    ) -> None:
        """Compare what a space lists with what is known of it."""
        doubted: list[AssetId] = []
        for entry in listing.items:
            self._report.listed += 1
            before = known.get(entry.id)
            flaw = listing.flaws.get(entry.id)
            doubt = _doubt(entry, before, listing) if flaw is None else None
            record, flawed = self._noted(entry, before, flaw or doubt)
            found.listed.append(record)
            doubted += [entry.id] if doubt is not None and record.included else []
            new = before is None or before.entry_digest != record.entry_digest
            if not flawed and (new or entry.id in lacking):
                found.entries.append(entry)
            if record.included and not flawed:
                found.there.append((record.problem is not None or record.fingerprints is None, entry))
            if self._is_settled(record, entry if new else None, flawed=flawed):
                found.settled.append(record)
                continue
            as_known = before is not None and before.problem is None and record.differs_in_listing_only(before)
            found.readings.append(DefinitionToRead(entry, record, as_known=as_known))
            if before is not None and by_its_space(before.problem):
                found.settled.append(record)  # whoever only lists writes no problem of an asset
        if doubted:
            found.waiting.append(unproven_assets(SpaceName(listing.scope), doubted))

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
        except Exception as error:  # noqa: BLE001 -- isolates this asset: rules that cannot be applied to it
            problem = Problem.of_error(entry.id, source_error(error, str(entry.id)))
            self._report.problems.append(problem)
            base = known or AssetRecord.first_seen(entry.id, entry.kind, at=self._now)
            return replace(base, problem=problem, misses=0, first_missed_at=None, listed_at=self._now), True

    def _listed_record(self, entry: AssetEntry, known: AssetRecord | None, flaw: Problem | None) -> AssetRecord:
        """The record as the listing leaves it; of an entry that is not to be trusted only that it is listed."""
        base = known or AssetRecord.first_seen(entry.id, entry.kind, at=self._now)
        trusted = flaw is None
        kind = entry.kind if trusted else base.kind
        # The definition knows its label better: what rules, searches and tables go by may not change with who is asked.
        label = entry.label if trusted and base.definition is None else base.label
        decision = self._mapping.decide(entry.id, kind, label, base.personal_data, in_all=base.personal_in_all)
        return replace(
            base,
            kind=kind,
            label=label,
            entry_digest=_digest_of(entry) if trusted else UNTRUSTED,
            tier=decision.tier,
            included=decision.included,
            reason=decision.excluded_by,
            problem=flaw or (None if by_its_space(base.problem) else base.problem),
            misses=0,
            first_missed_at=None,
            # One whose tables are gone, or another's by now, begins anew.
            first_seen_at=self._now if base.status is AssetStatus.DELETED else base.first_seen_at,
            listed_at=self._now,
        )

    def _is_settled(self, record: AssetRecord, moved: AssetEntry | None, *, flawed: bool) -> bool:
        """Count the asset; True when its definition is not to be read now. `moved`: its entry, where that is new."""
        if not (record.included or self._is_left_out_for_its_contents(record)):
            self._report.filtered += 1
            return True
        if flawed:
            self._report.failed += 1
            return True
        if not (self._scope.wants(record.id, record.tier) or (moved is not None and self._may_be_wanted(moved))):
            self._report.mapped += 1
            return True
        return False

    def _may_be_wanted(self, moved: AssetEntry) -> bool:
        """Whether an asset is asked for by its new label, should its definition have that too."""
        return self._scope.wants(moved.id, self._mapping.decide(moved.id, moved.kind, moved.label).tier)

    def _is_left_out_for_its_contents(self, record: AssetRecord) -> bool:
        """Whether what is or would be read of it leaves it out: it is read on, since that may change."""
        if self._mapping.includes_by_label and self._mapping.in_scope(record.id):
            return True  # the label of the list need not be that of the definition
        return bool(record.personal_data) and self._mapping.decide(record.id, record.kind, record.label).included

    def _less_what_is_not_offered(
        self, listing: Listing[AssetEntry], absent: Iterable[AssetRecord]
    ) -> Listing[AssetEntry]:
        """The listing, which is not whole where a list is not there that was there when its assets were listed."""
        lost = [each for each in absent if each.kind in listing.not_offered and not each.misses]
        lost = [each for each in lost if self._is_in_scope(each)]
        if not lost:
            return listing
        problem = not_offered(SpaceName(listing.scope), lost)
        return replace(listing, complete=False, problems=(*listing.problems, problem))

    def _is_in_scope(self, record: AssetRecord) -> bool:
        try:
            return record.decided_by(self._mapping).included
        except Exception:  # noqa: BLE001 -- isolates this asset: what becomes of the listing tells it
            return record.included

    def _missed(self, absent: Iterable[AssetRecord]) -> Iterator[AssetRecord]:
        for record in absent:
            problem = None if by_its_space(record.problem) else record.problem
            misses, since = record.misses + 1, record.first_missed_at or self._now
            yield replace(record, misses=misses, first_missed_at=since, problem=problem)

    async def _listed_by_catalog(self, absent: Iterable[AssetRecord], found: _Compared) -> list[AssetRecord]:
        """Those of the assets that the catalog has listed; the others were not asked for, and are none of the missed.

        One that was found to be gone while all was read stays so.
        """
        missed: list[AssetRecord] = []
        for record in absent:
            if not await self._in_object_list_only(record):
                missed.append(record)
            elif not (record.misses and record.status in {AssetStatus.RETIRED, AssetStatus.DELETED}):
                found.settled.append(self._not_asked_for(record))
        return missed

    async def _in_object_list_only(self, record: AssetRecord) -> bool:
        if record.problem is not None and record.problem.code == OBJECTS_OFF:
            return True
        entry = await self._store.schedule.entry(record.id)
        return entry.in_object_list_only if entry is not None else not record.kind.may_be_exposed

    def _not_asked_for(self, record: AssetRecord) -> AssetRecord:
        kept = replace(record, misses=0, first_missed_at=None, problem=not_asked_for(record.id))
        try:
            decision = record.decided_by(self._mapping)
        except Exception as error:  # noqa: BLE001 -- isolates this asset: rules that cannot be applied to it
            self._report.problems.append(Problem.of_error(record.id, source_error(error, str(record.id))))
            return kept
        problem = kept.problem if decision.included else None
        included, reason = decision.included, decision.excluded_by
        return replace(kept, tier=decision.tier, included=included, reason=reason, problem=problem)

    async def _confirmed(
        self,
        missed: Sequence[AssetRecord],
        there: Sequence[tuple[bool, AssetEntry]],
        renamed: Collection[AssetId],
    ) -> Confirmed:
        """The missed assets, of which those whose tables would go by it are asked for first.

        `there`: what is listed and in scope, each with whether it may not be readable. `renamed`: missed ones that seem
        to be listed under another name.
        """
        if self._vanished is None or not missed:
            return Confirmed({record.id: record for record in missed})
        listed = [entry for _, entry in sorted(there, key=lambda each: each[0])]
        confirmed = await self._vanished.confirm(missed, listed, renamed=renamed)
        self._report.problems.extend(confirmed.problems)
        return confirmed


def _doubt(entry: AssetEntry, before: AssetRecord | None, listing: Listing[AssetEntry]) -> Problem | None:
    """Why an asset waits for a whole listing: what is missing of this one may say that it is something else."""
    if before is None or before.definition is None:
        doubted = entry.id in listing.unproven
    else:
        doubted = not (listing.complete or is_proven(before, entry.kind)) and (
            entry.id in listing.unproven or before.kind is not entry.kind
        )
    if not doubted:
        return None
    own = before.problem if before is not None and not by_its_space(before.problem) else None
    return own or unproven_asset(entry.id)


def _problem_of(error: SourceError, subject: str) -> Problem:
    return Problem(subject, error.fault, error.message, error.remedy)


def _digest_of(entry: AssetEntry) -> Digest:
    return digest_of(encode_entry(entry).encode())


def _by_space(records: Iterable[AssetRecord]) -> dict[SpaceName, list[AssetRecord]]:
    found: dict[SpaceName, list[AssetRecord]] = {}
    for record in records:
        found.setdefault(record.id.space, []).append(record)
    return found
