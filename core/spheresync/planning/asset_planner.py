"""Plan assets whose definitions are needed: read definitions and tables in chunks, design each table, compare."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from spheresync.config import Settings
from spheresync.errors import StateError
from spheresync.model import (
    Address,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
)
from spheresync.observe.incidents import ErrorAccount
from spheresync.planning.asset_comparison import AssetComparison, lives_elsewhere, subject_at
from spheresync.planning.batch_design import (
    DesignRequest,
    DesignResult,
    RefusedDesign,
    RequestedBase,
    WrongDefinition,
    design_all,
)
from spheresync.planning.decisions.items import Subject
from spheresync.planning.live_reads import LiveReads
from spheresync.planning.lost_bodies import definition_lost, known_by_target, wrong_definition
from spheresync.planning.names.name_allocation import AllocatedNames
from spheresync.planning.plan_draft import PlanDraft
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.worker_process import WorkerProcess
from spheresync.state.port import Store, Tx
from spheresync.state.records import Checkpoint, CheckpointState
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.registry import design_of

DESIGN_CHUNK = 500


class AssetPlanner:
    """Fills a draft with the items of assets whose definitions are needed."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        target: Target,
        draft: PlanDraft,
        *,
        now: datetime,
        progress: OnProgress,
        live_reads: LiveReads,
        recent: RecentReads,
        doubted: Collection[AssetId] = frozenset(),
        reshaped: Collection[AssetId] = frozenset(),
    ) -> None:
        """Build it, `run` it once.

        Args:
            store: where definitions and bodies are.
            settings: the installation's marker and its policies.
            target: what is compared.
            draft: gets the items and findings.
            now: for marks of retirement.
            progress: told of every chunk.
            live_reads: reads the tables that are to be changed, where a person is to see what stands there.
            recent: gets those that had to be read by name.
            doubted: assets whose tables are known not to be as they should; each is looked at.
            reshaped: assets of which the same change set changes columns of what this target adds to: what is read
                for the plan is not what the run will find.
        """
        self._reshaped = reshaped
        self._doubted = doubted
        self._recent = recent
        self._live_reads = live_reads
        self._store = store
        self._settings = settings
        self._target = target
        self._design = design_of(target.key.target)
        self._draft = draft
        self._now = now
        self._progress = progress
        self._proved_bodies: list[bytes] = []  # of bodies that the state has lost

    async def run(self, subjects: Sequence[Subject], names: AllocatedNames) -> None:
        """Design and compare every subject, a chunk at a time, so that memory does not grow with their number."""
        second = WorkerProcess(len(subjects))
        for start in range(0, len(subjects), DESIGN_CHUNK):
            chunk = subjects[start : start + DESIGN_CHUNK]
            await self._progress(ProgressEvent("planning", start, len(subjects), "comparing definitions"))
            blobs = await self._store.blobs.get_many(_needed(chunk, names))
            chunk = self._readable(chunk, blobs)
            lost = {each.asset: held.address for each in chunk if (held := _lost(each.checkpoint, blobs))}
            seen, hidden = await self._read_by_name(lost, names)
            chunk = self._with_lost_bodies_proved([each for each in chunk if each.asset not in hidden], blobs, seen)
            requests = {
                subject.asset: request for subject in chunk if (request := self._request_of(subject, names, blobs))
            }
            designed = self._designs_of(
                dict(zip(requests, await second.share(design_all, [*requests.values()]), strict=True))
            )
            others, hidden = await self._read_tables(
                [each for each in chunk if each.asset not in lost], designed, names
            )
            seen.update(others)
            standing = await self._standing_unknown(chunk, designed, names)
            comparison = AssetComparison(
                self._draft,
                self._settings,
                self._design,
                names=names,
                blobs=blobs,
                seen=seen,
                standing=standing,
                now=self._now,
            )
            referred = [
                body
                for subject in chunk
                if subject.asset in designed and subject.asset not in hidden
                for body in comparison.add_to_draft(subject, designed[subject.asset])
            ]
            # Where nothing has changed, a lost body is what was just designed: runs that refer to it have it again.
            referred += [desired.body for asset, desired in designed.items() if asset in lost]
            referred += self._proved_bodies
            self._proved_bodies = []

            async def keep(tx: Tx, bodies: Sequence[bytes] = referred) -> None:
                await tx.blobs.put_many(bodies)

            if referred:
                await self._store.write(keep)

    def _request_of(
        self, subject: Subject, names: AllocatedNames, blobs: Mapping[Digest, bytes]
    ) -> DesignRequest | None:
        """What one asset's table is designed from; None where that cannot be had, which is that asset's failure."""
        try:
            assert subject.record.definition is not None
            address = names.addresses[subject.asset]
            checkpoint = subject_at(subject, address, names).checkpoint
            return DesignRequest(
                target=subject.target,
                asset=subject.asset,
                definition=blobs[subject.record.definition],
                decision=subject.decision,
                container=address.container,
                name=address.name,
                marker=self._settings.installation_marker,
                last_body=blobs.get(checkpoint.body) if checkpoint is not None else None,
                base=self._base_of(subject, blobs),
            )
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            self._draft.fail(subject.asset, error)
            return None

    def _base_of(self, subject: Subject, blobs: Mapping[Digest, bytes]) -> RequestedBase | None:
        """The object that the asset's is added to.

        Raises:
            StateError: what is known of it is damaged.
        """
        base, target = subject.base, self._design.capabilities.depends_on
        if base is None or target is None:
            return None
        if base.body not in blobs:
            text = f"{subject.asset}: what {target} holds of it is damaged in the state."
            raise StateError(text, remedy="`spheresync sync --full` reads the table anew.")
        return RequestedBase(target, base.address, base.digest, blobs[base.body])

    def _designs_of(self, designed: Mapping[AssetId, DesignResult]) -> dict[AssetId, DesiredObject]:
        """The tables that could be designed; each of the others is its asset's failure."""
        tables = {}
        for asset, table in designed.items():
            if isinstance(table, ErrorAccount):
                self._draft.fail(asset, table)
            elif isinstance(table, RefusedDesign):
                self._draft.fail(asset, table.error)
            elif isinstance(table, WrongDefinition):
                self._draft.fail(asset, wrong_definition(asset, table.asset))
            else:
                tables[asset] = table
        return tables

    def _readable(self, subjects: Sequence[Subject], blobs: Mapping[Digest, bytes]) -> list[Subject]:
        """Those whose definition is whole; each of the others is noted as failed."""
        lost = {subject.asset for subject in subjects if subject.record.definition not in blobs}
        self._draft.failed += [definition_lost(asset) for asset in sorted(lost)]
        return [subject for subject in subjects if subject.asset not in lost]

    async def _read_by_name(
        self, there: Mapping[AssetId, Address], names: AllocatedNames
    ) -> tuple[dict[AssetId, LiveObject | None], set[AssetId]]:
        """Read the tables at these addresses, None where none is; a hidden one is its asset's failure."""
        looked = await look_by_name(self._target, there.values(), unlisted=names.unlisted)
        seen: dict[AssetId, LiveObject | None] = {}
        hidden: set[AssetId] = set()
        for asset, stood_at in there.items():
            error = looked.hidden.get(stood_at)
            if error is None:
                seen[asset] = live = looked.found.get(stood_at)
                if live is not None and asset not in self._reshaped:
                    self._recent.note(live)
            else:
                hidden.add(asset)
                self._draft.fail(asset, error)
        return seen, hidden

    def _with_lost_bodies_proved(
        self,
        subjects: Sequence[Subject],
        blobs: dict[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> list[Subject]:
        """The subjects; where the state has lost the last body, with what the table itself proves of it."""
        known = []
        for subject in subjects:
            try:
                known.append(self._with_body_proved(subject, blobs, seen))
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                self._draft.fail(subject.asset, error)
        return known

    def _with_body_proved(
        self,
        subject: Subject,
        blobs: dict[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> Subject:
        checkpoint, live = subject.checkpoint, seen.get(subject.asset)
        if checkpoint is None or checkpoint.body in blobs or live is None:
            return subject
        known, body = known_by_target(self._design, checkpoint, live)
        blobs[known.body] = body
        self._draft.rebased.append(known)
        self._proved_bodies.append(body)
        return replace(subject, checkpoint=known)

    async def _read_tables(
        self, subjects: Sequence[Subject], designed: Mapping[AssetId, DesiredObject], names: AllocatedNames
    ) -> tuple[dict[AssetId, LiveObject | None], set[AssetId]]:
        """Read the tables that the comparison needs; answers them, and the assets whose tables are hidden.

        These are the tables of a database that is compared as a whole, those that others are known to have changed, so
        that the plan shows what it merges, and those to be changed where a person reviews the plan. A table that was
        read and does not exist is None. An asset whose table is hidden is noted as failed.
        """
        seen: dict[AssetId, LiveObject | None] = {}
        doubtful: dict[AssetId, Address] = {}
        changing: list[Checkpoint] = []
        for subject in subjects:
            checkpoint, address, desired = (
                subject.checkpoint,
                names.addresses.get(subject.asset),
                designed.get(subject.asset),
            )
            if checkpoint is None or address is None or desired is None:
                continue
            if not checkpoint.is_there:
                continue
            if lives_elsewhere(checkpoint, address, self._design):
                changing.append(checkpoint)
            elif address in names.live:
                seen[subject.asset] = names.live[address]
            elif (
                address.container in names.compared
                or subject.asset in self._doubted
                or (checkpoint.version is None and checkpoint.state is CheckpointState.ACTIVE)
            ):
                doubtful[subject.asset] = checkpoint.address
            elif checkpoint.body_digest != desired.digest or checkpoint.state is not CheckpointState.ACTIVE:
                changing.append(checkpoint)
        looked, hidden = await self._read_by_name(doubtful, names)
        seen.update(looked)
        seen.update(await self._live_reads.at(changing))
        new = [each for each in subjects if each.asset in designed and each.asset not in seen and _is_new(each, names)]
        wanted = {names.addresses[each.asset] for each in new}
        names.foreign |= await self._live_reads.taken(wanted)
        return seen, hidden

    async def _standing_unknown(
        self, subjects: Sequence[Subject], designed: Mapping[AssetId, DesiredObject], names: AllocatedNames
    ) -> Mapping[AssetId, LiveObject]:
        """What stands where something is added for the first time, as far as the state knows, to what was there before.

        A state that was lost may have known of it: no listing shows what is added to objects of another target.
        """
        if self._design.capabilities.depends_on is None:
            return {}
        wanted = {
            names.addresses[each.asset]: each.asset
            for each in subjects
            if each.checkpoint is None
            and not each.base_is_new
            and (desired := designed.get(each.asset)) is not None
            and desired.digest != self._design.nothing
        }
        found = await self._live_reads.standing(wanted)
        return {asset: live for asset, live in found.items() if live is not None}


def _is_new(subject: Subject, names: AllocatedNames) -> bool:
    """Whether a table is to be made in a database that was there before and that this plan has not listed."""
    address = names.addresses[subject.asset]
    if address.container not in names.not_looked_at or address in names.foreign:
        return False
    checkpoint = subject_at(subject, address, names).checkpoint
    return checkpoint is None or not checkpoint.is_there


def _needed(subjects: Iterable[Subject], names: AllocatedNames) -> Iterator[Digest]:
    """The blobs that comparing these subjects takes: definitions of now and then, and the last bodies."""
    for subject in subjects:
        address = names.addresses.get(subject.asset)
        former = names.formers.get(address) if address is not None else None
        if former is not None:
            yield former.body
        if subject.record.definition is not None:
            yield subject.record.definition
        if subject.base is not None:
            yield subject.base.body
        if subject.checkpoint is not None:
            yield subject.checkpoint.body
            if subject.checkpoint.definition is not None:
                yield subject.checkpoint.definition


def _lost(checkpoint: Checkpoint | None, blobs: Mapping[Digest, bytes]) -> Checkpoint | None:
    """The checkpoint of a table that should be there, where the state no longer holds what was written into it."""
    if checkpoint is None or not checkpoint.is_there or checkpoint.body in blobs:
        return None
    return checkpoint
