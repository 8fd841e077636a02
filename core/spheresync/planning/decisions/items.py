"""Turn one asset's work into one item of a change set: action, strategy, reason, field changes, expectations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spheresync.errors import RefusedError, TargetFault
from spheresync.mapping.rules import Decision
from spheresync.model import (
    Action,
    Address,
    AssetId,
    DesiredObject,
    DestinationName,
    Digest,
    FieldChange,
    Fingerprints,
    LiveObject,
    PhysicalName,
    Problem,
    RunId,
    Severity,
    Strategy,
    TargetKey,
    TargetName,
    Tier,
    counted,
    digest_of,
)
from spheresync.planning.decisions.base_objects import KnownBase, digest_with
from spheresync.state.records import NO_RUN, AssetRecord, ChangeSetItem, Checkpoint, CheckpointState, KnownObject
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import LastWritten

_OF_OTHERS = "that of destination"
_APART_REMEDY = (
    "One table is written by one destination: give one of them another prefix, leave the asset out of it by `spaces:`, "
    "or have a mapping rule name the table after the prefix (`{prefix}`)."
)
EDITED = Digest("edited")
"""The digest of a body that is nobody's as a whole."""


def proven_digest(live: LiveObject, written: LastWritten) -> Digest:
    """The digest of what we wrote last into an object, as far as the object itself proves it."""
    return live.digest if live.digest is not None and written.proven else EDITED


def name_taken(asset: AssetId, reason: str, design: TargetDesign) -> Problem:
    """That an object which is not ours stands where an asset's should."""
    return Problem.of(asset, TargetFault.CONFLICT, reason, conflict_remedy(reason, design))


def of_another_destination(container: PhysicalName, name: PhysicalName, other: TargetKey) -> str:
    """That a table is another destination's to manage."""
    return f"the table {container}.{name} is {_OF_OTHERS} {other.destination}"


def conflict_remedy(reason: str, design: TargetDesign) -> str:
    """What to do about a conflict."""
    return _APART_REMEDY if _OF_OTHERS in reason else design.conflict_remedy


def refused_for_personal_data(asset: AssetId, reason: str) -> RefusedError:
    """That an asset is to fail for the personal data that it holds; whatever a target holds of it stays."""
    remedy = (
        "Allow the class in personal_data.policy, exclude its columns or the asset, take the columns out of it, or "
        "overrule what is no personal data in a context file."
    )
    return RefusedError(f"{asset}: {reason}.", remedy=remedy)


@dataclass(frozen=True, slots=True)
class Subject:
    """The asset an item is about, the target it is for with its design, and what is known of both."""

    record: AssetRecord
    checkpoint: Checkpoint | None
    target: TargetName
    destination: DestinationName
    decision: Decision
    design: TargetDesign
    base: KnownBase | None = None  # of a target that adds to another one's objects
    base_is_new: bool = False  # that one is made by the same change set, so that nothing stands on it
    deleted_by: RunId | None = None  # the run that deleted its object, where there is none of it now

    @property
    def mapping(self) -> Digest:
        """Over all that decides what the target holds, but for the definition."""
        depends = self.design.capabilities.depends_on is not None
        return digest_with(self.decision, self.base) if depends else self.decision.digest

    @property
    def asset(self) -> AssetId:
        return self.record.id


def item_for(
    subject: Subject, desired: DesiredObject, last_body: bytes | None, *, adopted: bool, drifted: bool = False
) -> ChangeSetItem | None:
    """Compare what the target should hold with what it was last known to hold.

    Args:
        subject: the asset and its checkpoint.
        desired: what the target should hold; at the checkpoint's address unless the asset is new there.
        last_body: the body that the checkpoint remembers, None where the asset is new; where the table was just
            read, the body that is there.
        adopted: the checkpoint was rebuilt from the target just now, so that even equality is worth an item.
        drifted: the table was just read and is to be written, whatever the digest of what was written last.

    Returns:
        The item, or None when the target already holds it and was known to.
    """
    checkpoint = subject.checkpoint
    if checkpoint is None or not checkpoint.is_there or last_body is None:
        if subject.design.capabilities.goes_with_base:
            return _first_additions(subject, desired)
        return _item(subject, Action.CREATE, Strategy.FULL, Severity.ADDITIVE, _why_new(subject), desired=desired)
    if checkpoint.body_digest == desired.digest and checkpoint.state is not CheckpointState.RETIRED and not drifted:
        if adopted or checkpoint.state is CheckpointState.FORGOTTEN:
            word = subject.design.object_word
            reason = f"the {word} carries our marker and already holds this definition; it is managed again"
            if subject.design.capabilities.goes_with_base:
                reason = f"all of it is on the {word} already; it is managed again"
            return _item(subject, Action.ADOPT, Strategy.NONE, Severity.NONE, reason, desired=desired, before=last_body)
        return None
    changes = subject.design.changes(last_body, desired.body)
    adds = subject.design.capabilities.goes_with_base or subject.design.is_bound(desired.body)
    strategy = Strategy.METADATA_ONLY if adds else _strategy(subject, checkpoint.fingerprints, changes)
    action = Action.METADATA_ONLY if strategy is Strategy.METADATA_ONLY else Action.UPDATE
    former = _former_name(subject, changes)
    item = _item(
        subject,
        action,
        strategy,
        subject.design.severity(changes),
        _reason(subject, changes, former),
        desired=desired,
        before=last_body,
        changes=changes,
    )
    return replace(item, other_name=former)


def _first_additions(subject: Subject, desired: DesiredObject) -> ChangeSetItem:
    """Add to an object of another target for the first time: nothing is made."""
    changes = subject.design.changes(None, desired.body)
    severity, reason = subject.design.severity(changes), "not on the table yet"
    return _item(
        replace(subject, checkpoint=None),
        Action.METADATA_ONLY,
        Strategy.METADATA_ONLY,
        severity,
        reason,
        desired=desired,
        changes=changes,
    )


def bind_item(
    subject: Subject, desired: DesiredObject, live: LiveObject, replaced: KnownObject | None
) -> ChangeSetItem:
    """Write what is known of an asset onto a table that others made, for the first time.

    `replaced`: a table of the asset itself that stood there before, as far as the state knows.
    """
    seen = replace(subject, checkpoint=None)
    changes = subject.design.changes(live.body, desired.body)
    item = _item(
        seen,
        Action.METADATA_ONLY,
        Strategy.METADATA_ONLY,
        subject.design.severity(changes),
        "a mapping rule binds it to this table, which others made",
        desired=desired,
        before=live.body,
        changes=changes,
    )
    digest = replaced.body_digest if replaced is not None else None
    return replace(item, expected_version=live.version, expected_digest=digest)


def take_back_item(subject: Subject, nothing: DesiredObject, over: bytes, left: bytes, reason: str) -> ChangeSetItem:
    """Take back what is ours from a table that others made.

    Args:
        subject: the asset and its checkpoint.
        nothing: that nothing of ours is to stand there.
        over: what the table holds.
        left: what it will hold.
        reason: why.
    """
    changes = subject.design.changes(over, left)
    severity = subject.design.severity(changes)
    return _item(
        subject,
        Action.RETIRE,
        Strategy.METADATA_ONLY,
        severity,
        reason,
        desired=nothing,
        before=over,
        changes=changes,
    )


def absent_item(subject: Subject, at: Address, action: Action, reason: str) -> ChangeSetItem:
    """An asset that is bound to a table which is not there or not to be had: shown, never sent."""
    nowhere = DesiredObject(at.container, at.name, b"", EDITED)
    item = _item(replace(subject, checkpoint=None), action, Strategy.NONE, Severity.NONE, reason, desired=nowhere)
    return replace(item, after=None, after_digest=None)


def _why_new(subject: Subject) -> str:
    """Why an object is made: what a run has deleted, as an undo does, is not new in Datasphere when it comes back."""
    if subject.deleted_by is not None:
        by = "" if subject.deleted_by == NO_RUN else f" by run {subject.deleted_by}"
        return f"its {subject.design.object_word} was deleted{by}; it is made again"
    return "new in Datasphere" if subject.base is None else f"new in {subject.design.service}"


def recreate_item(subject: Subject, desired: DesiredObject) -> ChangeSetItem:
    """Make a table again that somebody else deleted."""
    reason = subject.design.missing_text
    return _item(subject, Action.CREATE, Strategy.FULL, Severity.ADDITIVE, reason, desired=desired)


def retire_item(subject: Subject, retired: DesiredObject, last_body: bytes, reason: str) -> ChangeSetItem:
    """Mark a table whose asset is gone; it stays, and is active again if the asset comes back."""
    changes = subject.design.changes(last_body, retired.body)
    return _item(
        subject,
        Action.RETIRE,
        Strategy.METADATA_ONLY,
        Severity.BREAKING,
        reason,
        desired=retired,
        before=last_body,
        changes=changes,
    )


def delete_item(subject: Subject, last_body: bytes, reason: str) -> ChangeSetItem:
    """Delete a retired table."""
    return _item(subject, Action.DELETE, Strategy.DELETE, Severity.DESTRUCTIVE, reason, before=last_body)


def forget_item(subject: Subject, reason: str) -> ChangeSetItem:
    """Stop managing a table whose asset left the scope; the table is left as it is."""
    return _item(subject, Action.FORGET, Strategy.NONE, Severity.NONE, reason)


def settled_item(subject: Subject, action: Action, reason: str, desired: DesiredObject | None = None) -> ChangeSetItem:
    """A held asset or a conflict: shown, never sent."""
    return _item(subject, action, Strategy.NONE, Severity.NONE, reason, desired=desired)


def as_conflict(item: ChangeSetItem, reason: str, design: TargetDesign) -> ChangeSetItem:
    """An item that cannot be done because what stands there is another's: shown, never sent."""
    return replace(
        item,
        action=Action.CONFLICT,
        strategy=Strategy.NONE,
        severity=Severity.NONE,
        reason=reason,
        changes=(),
        blocked_by=None,
        operations=design.operations(Action.CONFLICT),
    )


def as_forgotten(item: ChangeSetItem, reason: str, design: TargetDesign) -> ChangeSetItem:
    """A removal of what is not this target's to remove: nothing is sent, and nothing managed any more."""
    nothing = replace(as_conflict(item, reason, design), before=None, after=None, after_digest=None)
    return replace(nothing, action=Action.FORGET, operations=design.operations(Action.FORGET))


def _item(
    subject: Subject,
    action: Action,
    strategy: Strategy,
    severity: Severity,
    reason: str,
    *,
    desired: DesiredObject | None = None,
    before: bytes | None = None,
    changes: tuple[FieldChange, ...] = (),
) -> ChangeSetItem:
    known = subject.checkpoint
    checkpoint = known if known is not None and known.is_there else None
    if desired is not None:
        container, name = desired.container, desired.name
    else:
        assert known is not None
        container, name = known.container, known.name  # of a table that a revert has deleted, where it stood
    if action is Action.CREATE and desired is not None:
        changes = subject.design.access_of_new(desired.body)
    return ChangeSetItem(
        ordinal=0,
        asset=subject.asset,
        target=subject.target,
        destination=subject.destination,
        action=action,
        strategy=strategy,
        severity=severity,
        reason=reason,
        tier=subject.record.tier,
        container=container,
        name=name,
        changes=changes,
        before=digest_of(before) if before is not None else None,
        after=digest_of(desired.body) if desired is not None else None,
        after_digest=desired.digest if desired is not None else None,
        expected_version=checkpoint.version if checkpoint is not None else None,
        expected_digest=checkpoint.body_digest if checkpoint is not None else None,
        blocked_by=None,
        fingerprints=subject.record.fingerprints,
        mapping=subject.mapping,
        definition=subject.record.definition,
        operations=subject.design.operations(action),
    )


def _strategy(subject: Subject, before: Fingerprints | None, changes: tuple[FieldChange, ...]) -> Strategy:
    """The most thorough way any moved fingerprint asks for; where only mapping moved, the changes themselves decide."""
    after = subject.record.fingerprints
    if before is not None and after is not None and before != after:
        if before.schema != after.schema:
            return Strategy.FULL
        return Strategy.DELTA if before.content != after.content else Strategy.METADATA_ONLY
    return Strategy.FULL if subject.design.moves_columns(changes) else Strategy.METADATA_ONLY


def _former_name(subject: Subject, changes: tuple[FieldChange, ...]) -> AssetId | None:
    """The name under which the table was last written, where the asset has another one by now."""
    source = subject.design.mark_paths.source
    former = next((change.before for change in changes if change.path == source), None)
    try:
        return AssetId.parse(former) if isinstance(former, str) else None
    except ValueError:
        return None


def _reason(subject: Subject, changes: tuple[FieldChange, ...], former: AssetId | None) -> str:
    checkpoint, now = subject.checkpoint, subject.record.fingerprints
    moved = (
        _moved(checkpoint.fingerprints, now)
        if checkpoint is not None and checkpoint.fingerprints is not None and now
        else []
    )
    if former is not None:
        besides = f"; {' and '.join(moved)} changed too" if moved else ""
        return f"renamed from {former} in Datasphere{besides}"
    if checkpoint is not None and checkpoint.state is CheckpointState.RETIRED:
        return "back in Datasphere after it was retired"
    if checkpoint is None or checkpoint.fingerprints is None or now is None:
        return f"differs from Datasphere in {counted(len(changes), 'field')}"
    if moved:
        return f"{' and '.join(moved)} changed in Datasphere"
    if checkpoint.mapping == subject.mapping:
        return f"somebody else has changed {counted(len(changes), 'field')} of the {subject.design.object_word}"
    return f"mapping rules or context files changed {counted(len(changes), 'field')}"


def _moved(then: Fingerprints, now: Fingerprints) -> list[str]:
    moved = [
        word
        for word, before, after in (
            ("columns", then.schema, now.schema),
            ("semantics", then.content, now.content),
            ("labels", then.metadata, now.metadata),
        )
        if before != after
    ]
    # With a column goes and comes what is said of it, which alone moves the other fingerprints too.
    return ["columns", "what is said of them"] if len(moved) > 1 and moved[0] == "columns" else moved


def by_urgency(item: ChangeSetItem) -> tuple[int, int, str, str]:
    """The order in which items are done: removals last, critical assets first, then by name."""
    tiers = list(Tier)
    urgency = tiers.index(item.tier) if item.tier is not None else len(tiers)
    return (int(item.action.removes), urgency, item.asset.space, item.asset.name)
