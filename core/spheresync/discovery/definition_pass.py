"""Read the definitions that may have moved, normalise them, and remember what they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

import anyio

from spheresync.discovery.discovery_report import DefinitionToRead
from spheresync.discovery.normalisation import (
    Normalised,
    Unreadable,
    another_served,
    letters_of,
    normalise_all,
    reading_version,
)
from spheresync.discovery.pass_context import PassContext
from spheresync.discovery.refused_spaces import RefusedSpaces, refused_definitions, refused_with_its_space
from spheresync.discovery.types_from_sources import OpenTypeResolver, texts_of
from spheresync.discovery.unserved_spaces import UnservedSpaces, out_of_service
from spheresync.errors import SourceError, SourceFault
from spheresync.isolation import isolated_group
from spheresync.lineage.open_types import OpenTypes
from spheresync.mapping.search.fields import IndexedTexts
from spheresync.model import (
    AssetId,
    Digest,
    Problem,
    RawDefinition,
    SpaceName,
    TechnicalName,
    Withheld,
)
from spheresync.observe.incidents import ErrorAccount, source_error
from spheresync.runtime.progress import ProgressEvent
from spheresync.runtime.settled_context import Settled, doubt_context, settled
from spheresync.runtime.worker_process import WORKER_BATCH, WORKER_BATCH_BYTES, WorkerProcess
from spheresync.state.definitions import decode_asset
from spheresync.state.port import Tx
from spheresync.state.records import AssetRecord

READERS = 10
"""Definitions read at once; the tenant's door holds the same limit (reference: datasphere-api.md 7)."""
BATCH = 250
_LOOKED_THROUGH = 500
"""Definitions of the state that are looked through at once, so that memory does not grow with their number."""


class DefinitionPass:
    """Reads definitions, many at once. Build it, `run` it once."""

    def __init__(
        self, context: PassContext, *, full: bool, read_before: Mapping[AssetId, str | None] | None = None
    ) -> None:
        """`read_before`: given where nothing was listed in this pass; when each asset was read last, as was known then.

        What another process has read meanwhile is newer then, and stays.
        """
        self._source, self._store, self._mapping = context.source, context.store, context.mapping
        self._report, self._recorder = context.report, context.recorder
        self._now, self._progress = context.now, context.progress
        self._full = full
        self._read_before = read_before
        self._lost: set[Digest] = set()
        self._knows_lost = anyio.Event()
        self._normalising = partial(normalise_all, context.source.normaliser, frozenset[SpaceName]())
        self._unserved = UnservedSpaces()
        self._refused = RefusedSpaces()
        self._unread: list[tuple[AssetRecord, RawDefinition]] = []
        self._pending: list[tuple[AssetRecord, bytes | None]] = []
        self._as_they_were: list[AssetId] = []
        self._references: list[tuple[AssetId, tuple[str, ...]]] = []
        self._following: set[AssetId] = set()
        self._texts: dict[AssetId, IndexedTexts] = {}
        self._open: list[tuple[AssetRecord, RawDefinition, Normalised]] = []
        self._open_columns: dict[AssetId, tuple[str, ...] | None] = {}

    async def run(self, readings: Sequence[DefinitionToRead]) -> None:
        queue = iter(readings)
        total = len(readings)
        spaces = frozenset(space.name for space in await self._store.catalog.spaces())
        self._normalising = partial(normalise_all, self._source.normaliser, spaces)
        self._source.expect([reading.entry for reading in readings])
        worker = WorkerProcess(total)

        async def reader() -> None:
            for reading in queue:
                await self._fetch(reading)
                if len(self._unread) >= WORKER_BATCH or self._unread_bytes() >= WORKER_BATCH_BYTES:
                    await self._normalise(worker)
                if len(self._pending) + len(self._as_they_were) >= BATCH:
                    await self._flush()
                    await self._progress(ProgressEvent("reading", self._report.read, total, "reading definitions"))

        await self._progress(ProgressEvent("reading", 0, total, "reading definitions"))
        try:
            async with isolated_group() as group:
                group.start_soon(self._look_for_lost, readings)
                group.start_soon(worker.get_ready, self._normalising, sum(map(self._is_new, readings)))
                for _ in range(min(READERS, total)):
                    group.start_soon(reader)
            await self._normalise(worker)
            await self._settle_unserved()
            await self._settle_refused()
            await self._settle_open(worker)
        finally:
            with anyio.CancelScope(shield=True):
                await self._flush()
        await self._progress(ProgressEvent("reading", total, total, "definitions read"))

    async def _look_for_lost(self, readings: Sequence[DefinitionToRead]) -> None:
        """Find definitions that the state should hold and has lost: their assets are read anew, changed or not.

        The first answers of the tenant are under way meanwhile.
        """
        known = [record.definition for record in (r.record for r in readings) if record.definition is not None]
        for start in range(0, len(known), _LOOKED_THROUGH):
            chunk = known[start : start + _LOOKED_THROUGH]
            self._lost |= set(chunk) - (await self._store.blobs.get_many(chunk)).keys()
        self._knows_lost.set()

    async def _fetch(self, reading: DefinitionToRead) -> None:
        """Ask for one definition; one that is as it was is settled at once, another is to be normalised."""
        record = reading.record
        try:
            raw = await self._source.fetch(reading.entry)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            ours = source_error(error, str(record.id))
            self._note_not_had(record, ours)
            return
        self._unserved.serving.add(record.id.space)
        if raw.withheld is None:
            self._refused.served(record.id.space)
        if not self._knows_lost.is_set():
            await self._knows_lost.wait()
        if raw.withheld is not None and await self._would_lose(record, raw, raw.withheld):
            problem = raw.withheld.problem
            message = f"{problem.message.rstrip('.')}; what is known by it stays"
            told = Problem.of(record.id, problem.code, message, problem.remedy)
            self._note_withheld(record, told, listed=reading.entry.object_type is not None)
            return
        whole = record.definition is not None and record.definition not in self._lost
        known = record.parser_version == reading_version(self._source.normaliser) and whole
        if known and raw.digest == record.raw_digest and not self._full:
            self._report.mapped += 1
            self._report.unchanged += 1
            if reading.as_known:
                self._as_they_were.append(record.id)
                self._report.read += 1
            else:
                self._settle(replace(record, problem=None, read_at=self._now))
        else:
            self._unread.append((record, raw))

    def _note_not_had(self, record: AssetRecord, error: SourceError) -> None:
        """What the answers for others of its space explain waits for them; all else is the asset's own."""
        problem = Problem.of_error(record.id, error)
        if error.fault is SourceFault.NOT_EXPOSED:
            self._unserved.note(record, problem)
        elif error.fault is SourceFault.FORBIDDEN:
            self._refused.note(record, problem)
        else:
            self._settle_broken(record, error)

    def _note_withheld(self, record: AssetRecord, problem: Problem, *, listed: bool) -> None:
        """The same of a document that may not be read. `listed`: its list was answered, so a role is there."""
        if listed and problem.code == SourceFault.FORBIDDEN:
            self._refused.note(record, problem)
        else:
            self._settle(self._failed(record, problem.code, problem.message, problem.remedy))

    async def _would_lose(self, record: AssetRecord, raw: RawDefinition, withheld: Withheld) -> bool:
        """Whether what is known of an asset has facts of the document that may not be read now."""
        if record.definition is None or (raw.digest == record.raw_digest and record.definition not in self._lost):
            return False
        held = (await self._store.blobs.get_many([record.definition])).get(record.definition)
        if held is None:
            return True  # nobody can say; the targets may have been written by it
        return any(withheld.surface in said.split("+") for _, said in decode_asset(held).provenance)

    def _is_new(self, reading: DefinitionToRead) -> bool:
        """Whether a definition is normalised whatever is served: nothing is known of it, or by an earlier version."""
        record = reading.record
        return record.definition is None or record.parser_version != reading_version(self._source.normaliser)

    def _unread_bytes(self) -> int:
        return sum(len(body) for _, raw in self._unread for _, body in raw.documents)

    async def _normalise(self, worker: WorkerProcess) -> None:
        lot, self._unread = self._unread, []
        if not lot:
            return
        found = await worker.keep_up(self._normalising, [raw for _, raw in lot])
        for (record, raw), said in zip(lot, found, strict=True):
            if isinstance(said, Unreadable):
                self._settle(self._failed(record, said.fault, said.message, said.remedy))
            elif isinstance(said, ErrorAccount):
                self._settle_broken(record, said)
            elif (other := await self._served_in_its_place(record, said)) is not None:
                self._settle(self._failed(record, SourceFault.WRONG_SHAPE, *another_served(record.id, other)))
            elif said.waits:
                self._open.append((record, raw, said))
            else:
                self._take(record, raw, said)

    async def _served_in_its_place(self, record: AssetRecord, said: Normalised) -> AssetId | None:
        """Another asset of the space by whose name a document serves this one, as a cache that mixes answers up does.

        A document need not spell the name as it is: OData holds fewer characters.
        """
        if letters_of(said.entity_set) == letters_of(record.id.name):
            return None
        other = AssetId(record.id.space, TechnicalName(said.entity_set))
        known = await self._store.catalog.asset(other) if said.entity_set else None
        return other if known is not None and not known.misses else None

    async def _settle_open(self, worker: WorkerProcess) -> None:
        """Settle what takes types of others, now that these are read; what took some before follows them."""
        types = OpenTypeResolver(self._store, self._recorder, worker)
        await self._flush()
        lot, self._open = self._open, []
        for (record, raw, _), said in zip(lot, await types.of([said for *_, said in lot]), strict=True):
            if isinstance(said, ErrorAccount):
                self._settle_broken(record, said)
            else:
                self._take(record, raw, said)
        await self._flush()
        await types.settle(self._stated)

    def _take(self, record: AssetRecord, raw: RawDefinition, said: Normalised) -> None:
        try:
            fresh = self._fresh(record, raw, said)
        except Exception as error:  # noqa: BLE001 -- isolates this asset: rules that cannot be applied to it
            self._settle_broken(record, error)
        else:
            if said.refers_to or record.definition is not None:  # else there is none to take away
                self._references.append((record.id, said.refers_to))
            if said.follows:
                self._following.add(record.id)
            self._texts[record.id] = texts_of(fresh, said)
            self._open_columns[record.id] = said.open_columns
            self._settle(fresh, said.definition)

    def _settle(self, record: AssetRecord, definition: bytes | None = None) -> None:
        self._pending.append((record, definition))
        self._report.read += 1

    def _settle_broken(self, record: AssetRecord, error: Exception | ErrorAccount) -> None:
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
                    self._settle(replace(record, problem=each.problem))

    async def _settle_refused(self) -> None:
        """Settle what was answered 403, once it is known whether its space serves anything.

        Only of a space that was listed in this pass a refusal of all that it holds says something of the space.
        """
        whole = {*self._refused.as_a_whole()} if self._read_before is None else set[SpaceName]()
        told = {space: refused_definitions(space, len(self._refused.found[space])) for space in sorted(whole)}
        for space, met in sorted(self._refused.found.items()):
            for each in met:
                if space in told:
                    self._settle(replace(each.record, problem=refused_with_its_space(each.record.id)))
                else:
                    self._settle(
                        self._failed(each.record, each.problem.code, each.problem.message, each.problem.remedy)
                    )
        self._report.problems.extend(told.values())
        known = [each for each in await self._store.catalog.spaces() if each.name in told] if told else []
        if not known:
            return

        async def remember(tx: Tx) -> None:
            await self._recorder.still_ours(tx)
            await tx.catalog.put_spaces([replace(each, problem=told[each.name]) for each in known])

        await self._store.write(remember)

    def _failed(self, record: AssetRecord, code: str, message: str, remedy: str) -> AssetRecord:
        problem = Problem.of(record.id, code, message, remedy)
        self._report.failed += 1
        self._report.problems.append(problem)
        return replace(record, problem=problem)

    def _fresh(self, record: AssetRecord, raw: RawDefinition, said: Normalised) -> AssetRecord:
        self._report.mapped += 1
        if said.fingerprints == record.fingerprints:
            self._report.unchanged += 1
        version = reading_version(self._source.normaliser)
        return replace(
            self._stated(record, said), raw_digest=raw.digest, parser_version=version, problem=None, read_at=self._now
        )

    def _stated(self, record: AssetRecord, said: Normalised) -> AssetRecord:
        """The record by another definition of the asset."""
        held = self._held(record, said)
        decision = self._mapping.decide(
            record.id, said.kind, said.label, held.classes, in_all=0 < said.column_count == held.columns
        )
        return replace(
            record,
            kind=said.kind,
            label=said.label,
            tier=decision.tier,
            included=decision.included,
            reason=decision.excluded_by,
            fingerprints=said.fingerprints,
            column_count=said.column_count,
            pii_columns=held.columns,
            personal_data=held.classes,
            context_texts=held.texts,
            changed_at=record.changed_at if said.fingerprints == record.fingerprints else self._now,
        )

    def _held(self, record: AssetRecord, said: Normalised) -> Settled:
        """What the catalog keeps of an asset by what context files say too."""
        context = self._mapping.context_of(record.id, said.kind, said.label)
        if not context.fired:
            return Settled(said.personal_data, said.pii_columns)
        return settled(decode_asset(said.definition), context, self._mapping)

    async def _flush(self) -> None:
        await self._flush_moments()
        batch, self._pending = self._pending, []
        references, self._references = self._references, []
        texts, self._texts = self._texts, {}
        following, self._following = self._following, set()
        open_columns, self._open_columns = self._open_columns, {}
        if not batch:
            return

        async def remember(tx: Tx) -> None:
            written = [definition for _, definition in batch if definition is not None]
            digests = iter(await tx.blobs.put_many(written))
            await doubt_context(tx, self._mapping)
            records = [
                record if definition is None else replace(record, definition=next(digests))
                for record, definition in batch
            ]
            note = await OpenTypes.read(tx.meta)
            other = {new.id for (old, _), new in zip(batch, records, strict=True) if old.definition != new.definition}
            read_before = self._read_before
            if read_before is None:
                await self._recorder.put(tx, records, partial(tx.catalog.put_assets, texts=texts))
                await tx.catalog.set_references(references)
                await note.note(tx, open_columns, other)
                await self._recorder.redefined(tx, *_redefined(records, other, references, following))
                return
            now = {record.id: record.read_at for record in await tx.catalog.some([record.id for record in records])}
            # What another process has read meanwhile is newer than what was asked for before that.
            fresh = [record for record in records if now.get(record.id) == read_before.get(record.id)]
            kept = {record.id for record in fresh}
            found = {asset: each for asset, each in texts.items() if asset in kept}
            await self._recorder.put(tx, fresh, partial(tx.catalog.put_readings, texts=found))
            await tx.catalog.set_references([each for each in references if each[0] in kept])
            await note.note(tx, {asset: each for asset, each in open_columns.items() if asset in kept}, other & kept)
            await self._recorder.redefined(tx, *_redefined(fresh, other, references, following))

        await self._store.write(remember)

    async def _flush_moments(self) -> None:
        seen, self._as_they_were = self._as_they_were, []
        if not seen:
            return

        async def remember(tx: Tx) -> None:
            await self._recorder.still_ours(tx)
            await tx.catalog.put_moments(seen, at=self._now)

        await self._store.write(remember)


def _redefined(
    records: Sequence[AssetRecord],
    other: Collection[AssetId],
    references: Sequence[tuple[AssetId, tuple[str, ...]]],
    following: Collection[AssetId],
) -> tuple[list[AssetId], list[AssetId]]:
    """Those of the records whose definition is another one, and those whose lineage is to be looked at.

    These are those of them that name other objects, and all that follow associations: what lies behind these was taken
    out of their references by what their own document names.
    """
    changed = [record.id for record in records if record.id in other]
    naming = {asset for asset, names in references if names}
    looked_at = [each.id for each in records if each.id in following or (each.id in other and each.id in naming)]
    return changed, looked_at
