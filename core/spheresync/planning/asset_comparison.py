"""Compare what the target should hold of an asset with what was last written and with its table: the asset's item.

Nothing is read here: definitions, bodies and tables are handed in, and what is decided goes into the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from spheresync.config import DeletionPolicy, DriftPolicy, Settings
from spheresync.mapping.names import plain_name
from spheresync.model import (
    Action,
    Address,
    AssetId,
    DesiredObject,
    Digest,
    LiveObject,
    Problem,
    TargetKey,
    digest_of,
    isoformat,
)
from spheresync.planning.decisions.asset_work import LOOKED_FOR, WAITS_FOR_TABLE
from spheresync.planning.decisions.drift import Comparison, DriftOutcome, compare, drift_finding, missing_finding
from spheresync.planning.decisions.items import (
    Subject,
    absent_item,
    item_for,
    proven_digest,
    recreate_item,
    settled_item,
)
from spheresync.planning.decisions.overwritten import (
    is_of_ours,
    overwrite_finding,
    overwriting_reason,
    overwritten_fields,
)
from spheresync.planning.names.name_allocation import AllocatedNames
from spheresync.planning.plan_draft import PlanDraft
from spheresync.planning.removal.retirement import retire
from spheresync.planning.removal.take_back import take_back
from spheresync.state.definitions import column_names
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState, KnownObject
from spheresync.targets.design import TargetDesign

_SOMEBODY = "somebody else has changed"
_LEFT_HALF = "a write that failed has left it half done"


class AssetComparison:
    """Compares the assets of one chunk, one after the other."""

    def __init__(
        self,
        draft: PlanDraft,
        settings: Settings,
        design: TargetDesign,
        *,
        names: AllocatedNames,
        blobs: Mapping[Digest, bytes],
        seen: Mapping[AssetId, LiveObject | None],
        standing: Mapping[AssetId, LiveObject] = MappingProxyType({}),
        now: datetime,
    ) -> None:
        """Hand in what the comparison goes by.

        Args:
            draft: gets the items and findings.
            settings: the installation's marker and its policies.
            design: of the target that is compared.
            names: which address each asset has.
            blobs: definitions and last bodies.
            seen: the tables that were read; None where none is there.
            standing: objects where the state knows of none.
            now: for marks of retirement.
        """
        self._draft = draft
        self._settings = settings
        self._design = design
        self._names = names
        self._blobs = blobs
        self._seen = seen
        self._standing = standing
        self._now = now

    @cached_property
    def _places(self) -> frozenset[Address]:
        """Where assets have their objects by this plan."""
        return frozenset(self._names.addresses.values())

    def add_to_draft(self, subject: Subject, desired: DesiredObject) -> list[bytes]:
        """Add the item of one asset to the draft; answers the bodies that the item refers to.

        An error is this asset's failure, and leaves no item of it in the draft.
        """
        before = len(self._draft.items)
        try:
            return self._item(subject, desired)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            del self._draft.items[before:]
            self._draft.fail(subject.asset, error)
            return []

    def _item(self, subject: Subject, desired: DesiredObject) -> list[bytes]:
        names = self._names
        address = names.addresses[subject.asset]
        moves = lives_elsewhere(subject.checkpoint, address, self._design)
        before, subject = subject, subject_at(subject, address, names)
        checkpoint = subject.checkpoint
        last_body = self._blobs.get(checkpoint.body) if checkpoint is not None else None
        adopted = subject.asset in names.adopted
        if checkpoint is not None and subject.asset in self._seen and not moves:
            live = self._seen[subject.asset]
            if live is None:
                return self._missing(subject, checkpoint, desired)
            in_full = address.container in names.compared
            return self.with_table(subject, live, desired, adopted=adopted, in_full=in_full)
        if (live := self._standing.get(subject.asset)) is not None and self._is_ours(subject, live):
            return self._found_again(subject, live, desired)
        closed = names.closed.get(address.container)
        if address in names.foreign or closed is not None:
            reason = f"{address.container}.{address.name} exists and is not managed by this installation"
            reason = closed.message if closed is not None else reason
            self._draft.items.append(settled_item(replace(subject, checkpoint=None), Action.CONFLICT, reason, desired))
            return []
        if self._design.nothing == desired.digest and (before.checkpoint is None or not before.checkpoint.is_there):
            return self._nothing_to_write(subject, desired)
        if checkpoint is not None and last_body is not None and checkpoint.body_digest != desired.digest:
            merged = self._design.merge(last_body, last_body, desired.body, self._settings.drift)
            desired = replace(desired, body=merged.body)
        again = checkpoint is not None and checkpoint is not before.checkpoint
        item = item_for(subject, desired, last_body, adopted=adopted or again)
        if again and item is not None:
            item = replace(item, reason="mapping rules name it so again; its former table is taken into use")
        elif moves and item is not None and item.action is Action.CREATE and before.checkpoint is not None:
            item = replace(item, reason=f"mapping rules name it so now, and not {'.'.join(before.checkpoint.address)}")
        bodies = self._add(subject, item, desired)
        return bodies + self.retire_former(before, address) if moves else bodies

    def _is_ours(self, subject: Subject, live: LiveObject) -> bool:
        """Whether an object of which the state knows nothing says itself to be the asset's, as a write would find."""
        marker = self._settings.installation_marker
        return self._design.foreign_because(live, subject.asset, marker, None) is None

    def _found_again(self, subject: Subject, live: LiveObject, desired: DesiredObject) -> list[bytes]:
        """Plan for an object of ours of which the state knew nothing: what a write would find and take up again."""
        policies, at = self._settings.drift, isoformat(self._now)
        if self._design.holds(live, desired):
            merged = self._design.merge(desired.body, live.body, desired.body, policies)
            body = self._design.with_noted(merged.body, desired.body)
            found = _known_of(subject, live, body, desired.digest, at)
            self._draft.found_again.append(found)
            item = item_for(replace(subject, checkpoint=found), desired, body, adopted=True)
            return [body, *self._add(replace(subject, checkpoint=found), item, desired)]
        if self._design.capabilities.goes_with_base or live.source is None:  # nothing says who has put it there
            return self._add(subject, item_for(subject, desired, None, adopted=False), desired)
        written = self._design.last_written(live.body, live.digest)
        found = _known_of(subject, live, written.body, proven_digest(live, written), at)
        self._draft.found_again.append(found)
        self._blobs = {**self._blobs, found.body: written.body}
        found_at = replace(subject, checkpoint=found)
        return [written.body, *self.with_table(found_at, live, desired, adopted=True, in_full=True)]

    def _nothing_to_write(self, subject: Subject, desired: DesiredObject) -> list[bytes]:
        """Note of an asset without an object that none is needed, so that it is not designed again."""
        known = KnownObject(
            asset=subject.asset,
            target=subject.target,
            destination=subject.destination,
            container=desired.container,
            name=desired.name,
            body=digest_of(desired.body),
            body_digest=desired.digest,
            version=None,
        )
        checkpoint = Checkpoint.of_object(known, retired=False, at=isoformat(self._now))
        return [desired.body, *self._add(replace(subject, checkpoint=checkpoint), None, desired)]

    def _add(self, subject: Subject, item: ChangeSetItem | None, desired: DesiredObject) -> list[bytes]:
        """Add an item to the draft, or count the asset as unchanged; answers the body that the item refers to."""
        if item is None:
            self._draft.summary[Action.UNCHANGED] += 1
            self._draft.fine.add(subject.asset)
            self._rebase(subject)
            return []
        if self._loses_columns(subject):
            self._draft.shrinking.append(subject.asset)
        self._draft.items.append(item)
        return [desired.body]

    def _missing(self, subject: Subject, checkpoint: Checkpoint, desired: DesiredObject) -> list[bytes]:
        """Plan for a table that is not there any more, as `drift: {missing: …}` says."""
        policy = self._settings.drift.missing
        if self._design.capabilities.goes_with_base:
            reason = f"the table {checkpoint.container}.{checkpoint.name} is not there"
            self._draft.waits.append(Problem.of(subject.asset, WAITS_FOR_TABLE, reason, LOOKED_FOR))
            self._draft.items.append(absent_item(subject, checkpoint.address, Action.HELD, reason))
            return []
        if policy is DriftPolicy.OVERWRITE or checkpoint.state is CheckpointState.FORGOTTEN:
            self._draft.items.append(recreate_item(subject, desired))
            return [desired.body]
        if policy is DriftPolicy.REPORT:
            self._draft.left.append(missing_finding(subject.asset, f"{checkpoint.container}.{checkpoint.name}"))
        known = replace(checkpoint, version=None)
        self._draft.rebased.append(known)
        bodies = self._add(replace(subject, checkpoint=known), None, desired)
        self._draft.fine.discard(subject.asset)
        self._draft.absent.append(missing_finding(subject.asset, f"{checkpoint.container}.{checkpoint.name}"))
        return bodies

    def with_table(
        self, subject: Subject, live: LiveObject, desired: DesiredObject, *, adopted: bool, in_full: bool
    ) -> list[bytes]:
        """Plan for a table that was just read: write it, leave it, or take over what others did to it.

        One that was made anew under our marker is taken up again only where all is compared, as a person asked for.
        """
        checkpoint = subject.checkpoint
        assert checkpoint is not None
        last_body = self._design.as_written(self._blobs[checkpoint.body], live.body)
        left_half = last_body is not self._blobs[checkpoint.body]
        table = f"{checkpoint.container}.{checkpoint.name}"
        marker = self._settings.installation_marker
        foreign = self._design.foreign_because(live, subject.asset, marker, last_body)
        if foreign is None and not in_full:
            foreign = self._design.made_anew_because(live, last_body, checkpoint.version)
        if foreign is not None:
            reason = f"the {self._design.object_word} {table} {foreign}; it stays as it is"
            self._draft.items.append(settled_item(replace(subject, checkpoint=None), Action.CONFLICT, reason, desired))
            if in_full or checkpoint.version is None:
                self._draft.rebased.append(replace(checkpoint, version=None))
            return []
        found = compare(self._design, last_body, live, desired, self._settings.drift)
        if found.reported:
            self._draft.left.append(drift_finding(subject.asset, table, found.reported))
        if found.outcome is DriftOutcome.TO_WRITE:
            subject = replace(subject, checkpoint=replace(checkpoint, version=live.version))
            desired = replace(desired, body=found.body)
            there = self._design.as_seen(found.base, live.body)
            item = item_for(subject, desired, there, adopted=adopted, drifted=True)
            if item is not None and left_half and not found.edited:
                item = replace(item, reason=_LEFT_HALF)
            elif item is not None:
                item = self._overwriting(item, live, found)
            return [there, *self._add(subject, item, desired)]
        if found.outcome is DriftOutcome.LEFT and desired.digest not in {live.digest, checkpoint.body_digest}:
            # Datasphere wants more of a table that must be left: planned, and refused in the run, so that it is told.
            subject = replace(subject, checkpoint=replace(checkpoint, version=None))
            item = item_for(subject, desired, last_body, adopted=adopted)
            return [last_body, *self._add(subject, item, desired)]
        if not (found.edited or found.changes):
            self._draft.unedited.add(subject.asset)
        known, body = _follow(self._design, checkpoint, last_body, live, found)
        if known != checkpoint:
            self._draft.rebased.append(known)
        subject = replace(subject, checkpoint=known)
        item = item_for(subject, desired, body, adopted=adopted)
        bodies = self._add(subject, item, desired)
        if found.reported:
            self._draft.fine.discard(subject.asset)
            self._draft.reported.add(subject.asset)
        return [body, *bodies]

    def _overwriting(self, item: ChangeSetItem, live: LiveObject, found: Comparison) -> ChangeSetItem:
        """The item, which says so where it writes over what others have changed."""
        if is_of_ours(self._design, live.body):
            return item
        edits = [change for change in found.changes if change.path in found.edited]
        lost = overwritten_fields(self._design, edits, item.changes, found.kept)
        if not lost:
            return item
        self._draft.overwritten.append(overwrite_finding(self._design, item.asset, item.address, lost))
        besides = "" if item.reason.startswith(_SOMEBODY) else f"; besides, {item.reason}"
        return replace(item, reason=f"{overwriting_reason(self._design, lost)}{besides}")

    def retire_former(self, subject: Subject, address: Address) -> list[bytes]:
        """Mark the table that an asset had before rules named it anew; `deletion.policy: keep` leaves it as it is."""
        checkpoint = subject.checkpoint
        last_body = self._blobs.get(checkpoint.body) if checkpoint is not None else None
        if checkpoint is None or last_body is None or checkpoint.state is CheckpointState.RETIRED:
            return []
        if checkpoint.state is CheckpointState.BOUND:
            return self._take_back(subject, checkpoint, last_body, address)
        if self._design.capabilities.goes_with_base or self._settings.deletion.policy is DeletionPolicy.KEEP:
            return []
        if self._design.capabilities.depends_on is not None and checkpoint.address in self._places:
            return []  # of another asset by now, which is written over it
        reason = f"mapping rules now name it {address.container}.{address.name}; who reads this table is not known"
        at, policies = isoformat(self._now), self._settings.drift
        marked = retire(
            subject, checkpoint, last_body, self._seen.get(subject.asset), at=at, reason=reason, policies=policies
        )
        self._draft.items.append(marked.item)
        self._draft.left += [marked.finding] if marked.finding is not None else []
        self._draft.overwritten += [marked.overwritten] if marked.overwritten is not None else []
        return [*marked.bodies]

    def _take_back(self, subject: Subject, checkpoint: Checkpoint, last_body: bytes, address: Address) -> list[bytes]:
        reason = f"mapping rules now name it {address.container}.{address.name}"
        live, policies = self._seen.get(subject.asset), self._settings.drift
        taken = take_back(subject, checkpoint, last_body, live, reason=reason, policies=policies)
        self._draft.items.append(taken.item)
        return [*taken.bodies]

    def _rebase(self, subject: Subject) -> None:
        """The target holds it already under other fingerprints or rules: note that, so it is not compared again."""
        checkpoint = subject.checkpoint
        if checkpoint is None:
            return
        rebased = replace(
            checkpoint,
            fingerprints=subject.record.fingerprints,
            mapping=subject.mapping,
            definition=subject.record.definition,
            held=None,
        )
        if rebased != checkpoint:
            self._draft.rebased.append(rebased)

    def _loses_columns(self, subject: Subject) -> bool:
        checkpoint, now = subject.checkpoint, subject.record
        if (
            checkpoint is None
            or checkpoint.definition is None
            or checkpoint.definition == now.definition
            or now.definition is None
        ):
            return False
        if checkpoint.fingerprints and now.fingerprints and checkpoint.fingerprints.schema == now.fingerprints.schema:
            return False
        before = self._blobs.get(checkpoint.definition)
        if before is None:
            return False
        # By their names in targets: a column of whose name only the case has changed is not lost.
        then, there = (map(plain_name, column_names(each)) for each in (before, self._blobs[now.definition]))
        return not {*then} <= {*there}


def subject_at(subject: Subject, address: Address, names: AllocatedNames) -> Subject:
    """The subject with what is known of its address: its table, a former one of it, or nothing."""
    checkpoint = subject.checkpoint
    if checkpoint is not None and checkpoint.is_there and not lives_elsewhere(checkpoint, address, subject.design):
        return subject
    former = names.formers.get(address)
    ours = former is not None and former.asset == subject.asset
    deleted = checkpoint is not None and checkpoint.state is CheckpointState.DELETED
    return replace(
        subject,
        checkpoint=former.as_checkpoint() if former is not None and ours else None,
        deleted_by=checkpoint.run_id if checkpoint is not None and deleted else None,
    )


def _known_of(subject: Subject, live: LiveObject, body: bytes, digest: Digest, at: str) -> Checkpoint:
    """What an object says of itself of which the state knows nothing."""
    known = KnownObject.standing(
        subject.asset,
        TargetKey(subject.target, subject.destination),
        live,
        body=digest_of(body),
        body_digest=digest,
        version=live.version,
    )
    return Checkpoint.of_object(known, retired=subject.design.is_retired(body), at=at)


def _follow(
    design: TargetDesign, checkpoint: Checkpoint, last_body: bytes, live: LiveObject, found: Comparison
) -> tuple[Checkpoint, bytes]:
    """The checkpoint of a table that needs no write, and its body.

    What others did to fields that are not ours is taken in, so that the next update keeps it. Where
    they edited ours, what was written stays the base of the next merge, which then reads the table first.
    """
    body, version = last_body, checkpoint.version
    if found.edited:
        body, version = found.base, None
    elif live.version != checkpoint.version or design.differences(last_body, live.body):
        body, version = live.body, live.version
    return replace(checkpoint, body=digest_of(body), body_digest=found.digest, version=version), body


def lives_elsewhere(checkpoint: Checkpoint | None, address: Address, design: TargetDesign) -> bool:
    """Whether the target holds the asset in another table than in the one of ours that it is to have."""
    if checkpoint is None or not checkpoint.is_there:
        return False
    return checkpoint.address != address or (design.capabilities.binds and checkpoint.state is CheckpointState.BOUND)
