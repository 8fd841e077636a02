"""Build what the target should hold of each asset and compare: the part of planning that needs definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from spheresync.config import DeletionPolicy, DriftPolicy, Settings
from spheresync.errors import StateError
from spheresync.model import (
    Action,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
    PhysicalName,
    Problem,
    digest_of,
    isoformat,
)
from spheresync.observe.incidents import Account, product_error
from spheresync.planning.batch_design import DesignRequest, DesignResult, WrongDefinition, design_all
from spheresync.planning.decisions.drift import Comparison, Standing, compare, drift_finding, missing_finding
from spheresync.planning.decisions.items import Subject, item_for, recreate_item, settled_item
from spheresync.planning.decisions.triage import Work
from spheresync.planning.live_reads import LiveReads
from spheresync.planning.lost_bodies import definition_lost, known_by_target
from spheresync.planning.names.name_allocation import Address, AllocatedNames
from spheresync.planning.removal.retirement import retire
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.worker_process import WorkerProcess
from spheresync.state.definitions import column_names
from spheresync.state.port import Store, Tx
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState
from spheresync.targets.design import TargetDesign
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import RecentReads
from spheresync.targets.registry import design_of

DESIGN_CHUNK = 500


@dataclass(slots=True)
class PlanDraft:
    """A change set in the making."""

    items: list[ChangeSetItem] = field(default_factory=list)
    summary: Counter[str] = field(default_factory=Counter)
    missing: set[AssetId] = field(default_factory=set)  # no longer listed, and their tables do not go yet
    rebased: list[Checkpoint] = field(default_factory=list)
    shrinking: list[AssetId] = field(default_factory=list)
    removals: list[tuple[Work, Subject]] = field(default_factory=list)
    gone: list[AssetId] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)  # edits of others that stay as they are
    waiting: frozenset[AssetId] = frozenset()  # held back by the column guard, now or before
    failed: list[Problem] = field(default_factory=list)  # assets that could not be planned; they stay as they are
    fine: set[AssetId] = field(default_factory=set)  # the target holds them as it should, as far as anybody looked
    reported: set[AssetId] = field(default_factory=set)  # edits of their tables stay, by the policies
    absent: list[Problem] = field(default_factory=list)  # tables that others deleted and that the policies let be gone
    told: frozenset[AssetId | None] = frozenset()  # assets whose failure was told before the plan began

    def fail(self, asset: AssetId, error: Exception | Account) -> None:
        """Note that an asset could not be planned; of one that has failed already nothing new is told."""
        if asset in self.told:
            return
        self.failed.append(Problem.of_error(asset, product_error(error, str(asset))))


class AssetPlanner:
    """Fills a draft with the items of assets whose definitions must be looked at."""

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
    ) -> None:
        """Build it, `run` it once.

        Args:
            store: where definitions and bodies are.
            settings: the installation's marker and its policies.
            target: what is compared.
            draft: what is filled.
            now: for marks of retirement.
            progress: told of every chunk.
            live_reads: reads the tables that are to be changed, where a person is to see what stands there.
            recent: gets those that had to be read by name.
            doubted: assets whose tables are known not to be as they should; each is looked at.
        """
        self._doubted = doubted
        self._recent = recent
        self._live_reads = live_reads
        self._store = store
        self._settings = settings
        self._target = target
        self._target_design = design_of(target.key.target)
        self._draft = draft
        self._now = now
        self._progress = progress
        self._found_again: list[bytes] = []  # what the tables prove of bodies that the state has lost

    async def run(self, subjects: Sequence[Subject], names: AllocatedNames) -> None:
        """Design and compare every subject, a chunk at a time, so that memory does not grow with their number."""
        second = WorkerProcess(len(subjects))
        for start in range(0, len(subjects), DESIGN_CHUNK):
            chunk = subjects[start : start + DESIGN_CHUNK]
            await self._progress(ProgressEvent("planning", start, len(subjects), "comparing definitions"))
            blobs = await self._store.blobs.get_many(_needed(chunk, names))
            chunk = self._readable(chunk, blobs)
            lost = {each.asset: held.address for each in chunk if (held := _lost(each.checkpoint, blobs))}
            seen, hidden = await self._by_name(lost, names)
            chunk = self._known_again([each for each in chunk if each.asset not in hidden], blobs, seen)
            requests = {
                subject.asset: request for subject in chunk if (request := self._request_of(subject, names, blobs))
            }
            designed = self._designs_of(
                dict(zip(requests, await second.share(design_all, [*requests.values()]), strict=True))
            )
            others, hidden = await self._look_again([each for each in chunk if each.asset not in lost], designed, names)
            seen.update(others)
            referred = [
                body
                for subject in chunk
                if subject.asset in designed and subject.asset not in hidden
                for body in self._designed(subject, designed[subject.asset], names, blobs, seen)
            ]
            # Where nothing has changed since, what was lost is just what is drawn: runs that refer to it have it again.
            referred += [desired.body for asset, desired in designed.items() if asset in lost]
            referred += self._found_again
            self._found_again = []

            async def keep(tx: Tx, bodies: Sequence[bytes] = referred) -> None:
                await tx.blobs.put_many(bodies)

            if referred:
                await self._store.write(keep)

    def _request_of(
        self, subject: Subject, names: AllocatedNames, blobs: Mapping[Digest, bytes]
    ) -> DesignRequest | None:
        """What the table of one asset is drawn from; None where that cannot be had, which is that asset's failure."""
        try:
            assert subject.record.definition is not None
            address = names.addresses[subject.asset]
            held = self._where_it_goes(subject, address, names).checkpoint
            return DesignRequest(
                target=subject.target,
                asset=subject.asset,
                definition=blobs[subject.record.definition],
                decision=subject.decision,
                container=address.container,
                name=address.name,
                marker=self._settings.installation_marker,
                last_body=blobs.get(held.body) if held is not None else None,
            )
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
            self._draft.fail(subject.asset, error)
            return None

    def _designs_of(self, designed: Mapping[AssetId, DesignResult]) -> dict[AssetId, DesiredObject]:
        """The tables that could be drawn; each of the others is its asset's failure."""
        could = {}
        for asset, table in designed.items():
            if isinstance(table, Account):
                self._draft.fail(asset, table)
            elif isinstance(table, WrongDefinition):
                text = f"what the state holds of {asset} is the definition of {table.asset}."
                remedy = "Somebody changed the state by hand, or it is damaged; run sync --full."
                self._draft.fail(asset, StateError(text, remedy=remedy))
            else:
                could[asset] = table
        return could

    def _designed(
        self,
        subject: Subject,
        desired: DesiredObject,
        names: AllocatedNames,
        blobs: Mapping[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> list[bytes]:
        """As `_design`; what goes wrong is this asset's failure, and leaves nothing of it in the draft."""
        before = len(self._draft.items)
        try:
            return self._design(subject, desired, names, blobs, seen)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
            del self._draft.items[before:]
            self._draft.fail(subject.asset, error)
            return []

    def _readable(self, subjects: Sequence[Subject], blobs: Mapping[Digest, bytes]) -> list[Subject]:
        """Those whose definition is whole; of the others it is told."""
        lost = {subject.asset for subject in subjects if subject.record.definition not in blobs}
        self._draft.failed += [definition_lost(asset) for asset in sorted(lost)]
        return [subject for subject in subjects if subject.asset not in lost]

    async def _by_name(
        self, there: Mapping[AssetId, tuple[PhysicalName, PhysicalName]], names: AllocatedNames
    ) -> tuple[dict[AssetId, LiveObject | None], set[AssetId]]:
        """What stands at these addresses, None where nothing does; each hidden one is told as its asset's failure."""
        looked = await look_by_name(self._target, there.values(), unlisted=names.unlisted)
        seen: dict[AssetId, LiveObject | None] = {}
        hidden: set[AssetId] = set()
        for asset, stood_at in there.items():
            error = looked.hidden.get(stood_at)
            if error is None:
                seen[asset] = live = looked.found.get(stood_at)
                if live is not None:
                    self._recent.note(live)
            else:
                hidden.add(asset)
                self._draft.fail(asset, error)
        return seen, hidden

    def _known_again(
        self,
        subjects: Sequence[Subject],
        blobs: dict[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> list[Subject]:
        """The subjects; where the state has lost what was written last, with what the table itself proves of that."""
        known = []
        for subject in subjects:
            try:
                known.append(self._as_known(subject, blobs, seen))
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this asset
                self._draft.fail(subject.asset, error)
        return known

    def _as_known(
        self,
        subject: Subject,
        blobs: dict[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> Subject:
        held, live = subject.checkpoint, seen.get(subject.asset)
        if held is None or held.body in blobs or live is None:
            return subject
        known, body = known_by_target(self._target_design, held, live)
        blobs[known.body] = body
        self._draft.rebased.append(known)
        self._found_again.append(body)
        return replace(subject, checkpoint=known)

    async def _look_again(
        self, subjects: Sequence[Subject], designed: Mapping[AssetId, DesiredObject], names: AllocatedNames
    ) -> tuple[dict[AssetId, LiveObject | None], set[AssetId]]:
        """What stands where an asset's table was written; only of tables that were looked at, None where none is.

        Besides those of a database that was read as a whole, tables that somebody else is known to have changed are
        read, so that the plan shows what it merges, and so are tables to be changed where a person is to see the plan.
        Answered too are the assets whose tables had to be looked at and are hidden: each is told as failed.
        """
        seen: dict[AssetId, LiveObject | None] = {}
        doubtful: dict[AssetId, tuple[PhysicalName, PhysicalName]] = {}
        changing: list[Checkpoint] = []
        for subject in subjects:
            held, address, desired = subject.checkpoint, names.addresses.get(subject.asset), designed.get(subject.asset)
            if held is None or address is None or desired is None:
                continue
            if held.state is CheckpointState.DELETED:
                continue
            if _lives_elsewhere(held, address):
                changing.append(held)
            elif address in names.live:
                seen[subject.asset] = names.live[address]
            elif (
                address.container in names.compared
                or subject.asset in self._doubted
                or (held.version is None and held.state is CheckpointState.ACTIVE)
            ):
                doubtful[subject.asset] = held.address
            elif held.body_digest != desired.digest or held.state is not CheckpointState.ACTIVE:
                changing.append(held)
        looked, hidden = await self._by_name(doubtful, names)
        seen.update(looked)
        seen.update(await self._live_reads.at(changing))
        new = [
            each for each in subjects if each.asset in designed and each.asset not in seen and self._is_new(each, names)
        ]
        wanted = {(at.container, at.name) for at in (names.addresses[each.asset] for each in new)}
        names.foreign |= {Address(*address) for address in await self._live_reads.taken(wanted)}
        return seen, hidden

    def _is_new(self, subject: Subject, names: AllocatedNames) -> bool:
        """Whether a table is to be made in a database that was there before and that this plan has not listed."""
        address = names.addresses[subject.asset]
        if address.container not in names.standing or address in names.foreign:
            return False
        held = self._where_it_goes(subject, address, names).checkpoint
        return held is None or held.state is CheckpointState.DELETED

    def _design(
        self,
        subject: Subject,
        desired: DesiredObject,
        names: AllocatedNames,
        blobs: Mapping[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
    ) -> list[bytes]:
        """Add the item of one asset to the draft; answer the bodies that it refers to."""
        address = names.addresses[subject.asset]
        moves = _lives_elsewhere(subject.checkpoint, address)
        before, subject = subject, self._where_it_goes(subject, address, names)
        held = subject.checkpoint
        last_body = blobs.get(held.body) if held is not None else None
        adopted = subject.asset in names.adopted
        if held is not None and subject.asset in seen and not moves:
            live = seen[subject.asset]
            if live is None:
                return self._missing(subject, held, desired)
            in_full = address.container in names.compared
            return self._compare(subject, live, desired, blobs, adopted=adopted, in_full=in_full)
        closed = names.closed.get(address.container)
        if address in names.foreign or closed is not None:
            reason = f"{address.container}.{address.name} exists and is not managed by this installation"
            reason = closed.message if closed is not None else reason
            self._draft.items.append(settled_item(replace(subject, checkpoint=None), Action.CONFLICT, reason, desired))
            return []
        if held is not None and last_body is not None and held.body_digest != desired.digest:
            merged = self._target_design.merge(last_body, last_body, desired.body, self._settings.drift)
            desired = replace(desired, body=merged.body)
        again = held is not None and held is not before.checkpoint
        item = item_for(subject, desired, last_body, adopted=adopted or again)
        if again and item is not None:
            item = replace(item, reason="mapping rules name it so again; its former table is taken into use")
        bodies = self._settle(subject, item, desired, blobs)
        return bodies + self._retire_former(before, blobs, address, seen.get(subject.asset)) if moves else bodies

    def _where_it_goes(self, subject: Subject, address: Address, names: AllocatedNames) -> Subject:
        """The subject with what is known of its address: its table, a former one of it, or nothing."""
        held = subject.checkpoint
        if held is not None and held.state is not CheckpointState.DELETED and not _lives_elsewhere(held, address):
            return subject
        former = names.formers.get((address.container, address.name))
        ours = former is not None and former.asset == subject.asset
        return replace(subject, checkpoint=former.as_checkpoint() if former is not None and ours else None)

    def _settle(
        self, subject: Subject, item: ChangeSetItem | None, desired: DesiredObject, blobs: Mapping[Digest, bytes]
    ) -> list[bytes]:
        """Add an item to the draft, or count the asset as unchanged; answer the body that the item refers to."""
        if item is None:
            self._draft.summary[Action.UNCHANGED] += 1
            self._draft.fine.add(subject.asset)
            self._rebase(subject)
            return []
        if self._loses_columns(subject, blobs):
            self._draft.shrinking.append(subject.asset)
        self._draft.items.append(item)
        return [desired.body]

    def _missing(self, subject: Subject, held: Checkpoint, desired: DesiredObject) -> list[bytes]:
        """Settle a table that is not there any more, as `drift: {missing: …}` says."""
        policy = self._settings.drift.missing
        if policy is DriftPolicy.OVERWRITE or held.state is CheckpointState.FORGOTTEN:
            self._draft.items.append(recreate_item(subject, desired))
            return [desired.body]
        if policy is DriftPolicy.REPORT:
            self._draft.left.append(missing_finding(subject.asset, f"{held.container}.{held.name}"))
        known = replace(held, version=None)
        self._draft.rebased.append(known)
        bodies = self._settle(replace(subject, checkpoint=known), None, desired, {})
        self._draft.fine.discard(subject.asset)
        self._draft.absent.append(missing_finding(subject.asset, f"{held.container}.{held.name}"))
        return bodies

    def _compare(
        self,
        subject: Subject,
        live: LiveObject,
        desired: DesiredObject,
        blobs: Mapping[Digest, bytes],
        *,
        adopted: bool,
        in_full: bool,
    ) -> list[bytes]:
        """Settle a table that was just read: write it, leave it, or follow what others did to it.

        One that was made anew under our marker is taken up again only where all is compared, as a person asked for.
        """
        held = subject.checkpoint
        assert held is not None
        last_body = blobs[held.body]
        table = f"{held.container}.{held.name}"
        marker = self._settings.installation_marker
        foreign = self._target_design.foreign_because(live, subject.asset, marker, last_body)
        if foreign is None and not in_full:
            foreign = self._target_design.made_anew_because(live, last_body, held.version)
        if foreign is not None:
            reason = f"the table {table} {foreign}; it stays as it is"
            self._draft.items.append(settled_item(replace(subject, checkpoint=None), Action.CONFLICT, reason, desired))
            if in_full or held.version is None:
                self._draft.rebased.append(replace(held, version=None))
            return []
        found = compare(self._target_design, last_body, live, desired, self._settings.drift)
        if found.reported:
            self._draft.left.append(drift_finding(subject.asset, table, found.reported))
        if found.standing is Standing.TO_WRITE:
            subject = replace(subject, checkpoint=replace(held, version=live.version))
            desired = replace(desired, body=found.body)
            item = item_for(subject, desired, live.body, adopted=adopted, drifted=True)
            return [live.body, *self._settle(subject, item, desired, blobs)]
        if found.standing is Standing.LEFT and desired.digest not in {live.digest, held.body_digest}:
            # Datasphere wants more of a table that must be left: planned, and refused in the run, so that it is told.
            subject = replace(subject, checkpoint=replace(held, version=None))
            item = item_for(subject, desired, last_body, adopted=adopted)
            return self._settle(subject, item, desired, blobs)
        known, body = _follow(self._target_design, held, last_body, live, found)
        if known != held:
            self._draft.rebased.append(known)
        subject = replace(subject, checkpoint=known)
        item = item_for(subject, desired, body, adopted=adopted)
        bodies = self._settle(subject, item, desired, blobs)
        if found.reported:
            self._draft.fine.discard(subject.asset)
            self._draft.reported.add(subject.asset)
        return [body, *bodies]

    def _retire_former(
        self, subject: Subject, blobs: Mapping[Digest, bytes], address: Address, live: LiveObject | None
    ) -> list[bytes]:
        """Mark the table that an asset had before rules named it anew; `deletion.policy: keep` leaves it as it is."""
        held = subject.checkpoint
        last_body = blobs.get(held.body) if held is not None else None
        if held is None or last_body is None or held.state is CheckpointState.RETIRED:
            return []
        if self._settings.deletion.policy is DeletionPolicy.KEEP:
            return []
        reason = f"mapping rules now name it {address.container}.{address.name}; this table is in nobody's use"
        at, policies = isoformat(self._now), self._settings.drift
        marked = retire(subject, held, last_body, live, at=at, reason=reason, policies=policies)
        self._draft.items.append(marked.item)
        self._draft.left += [marked.finding] if marked.finding is not None else []
        return [*marked.bodies]

    def _rebase(self, subject: Subject) -> None:
        """The target holds it already under other fingerprints or rules: note that, so it is not compared again."""
        held = subject.checkpoint
        if held is None:
            return
        rebased = replace(
            held,
            fingerprints=subject.record.fingerprints,
            mapping=subject.mapping,
            definition=subject.record.definition,
            held=None,
        )
        if rebased != held:
            self._draft.rebased.append(rebased)

    def _loses_columns(self, subject: Subject, blobs: Mapping[Digest, bytes]) -> bool:
        held, now = subject.checkpoint, subject.record
        if held is None or held.definition is None or held.definition == now.definition or now.definition is None:
            return False
        if held.fingerprints and now.fingerprints and held.fingerprints.schema == now.fingerprints.schema:
            return False
        before = blobs.get(held.definition)
        return before is not None and not column_names(before) <= column_names(blobs[now.definition])


def _follow(
    design: TargetDesign, held: Checkpoint, last_body: bytes, live: LiveObject, found: Comparison
) -> tuple[Checkpoint, bytes]:
    """The checkpoint of a table that needs no write, and its body.

    What others did to fields that are not ours is taken in, so that the next update keeps it. Where
    they edited ours, what was written stays the base of the next merge, which then reads the table first.
    """
    body, version = last_body, held.version
    if found.edited:
        body, version = found.base, None
    elif live.version != held.version or design.differences(last_body, live.body):
        body, version = live.body, live.version
    return replace(held, body=digest_of(body), body_digest=found.digest, version=version), body


def _needed(subjects: Iterable[Subject], names: AllocatedNames) -> Iterator[Digest]:
    """The blobs that comparing these subjects takes: definitions of now and then, and the last bodies."""
    for subject in subjects:
        address = names.addresses.get(subject.asset)
        former = names.formers.get((address.container, address.name)) if address is not None else None
        if former is not None:
            yield former.body
        if subject.record.definition is not None:
            yield subject.record.definition
        if subject.checkpoint is not None:
            yield subject.checkpoint.body
            if subject.checkpoint.definition is not None:
                yield subject.checkpoint.definition


def _lost(held: Checkpoint | None, blobs: Mapping[Digest, bytes]) -> Checkpoint | None:
    """The checkpoint of a table that should be there, where the state no longer holds what was written into it."""
    if held is None or held.state is CheckpointState.DELETED or held.body in blobs:
        return None
    return held


def _lives_elsewhere(held: Checkpoint | None, address: Address) -> bool:
    """Whether the target holds the asset under another name than it is to have."""
    return (
        held is not None
        and held.state is not CheckpointState.DELETED
        and (held.container, held.name) != (address.container, address.name)
    )
