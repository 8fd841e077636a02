"""What others did to one table since it was written, told field by field, and the item that puts back what was written.

The comparison is the one of a full plan, with what was written last in the place of what Datasphere wants now: so
an asset that merely changed in Datasphere is no drift, and a repair brings nothing new. What others have put beside
ours is named too, and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import Action, AssetId, DesiredObject, FieldChange, JsonValue, LiveObject, canonical_json, counted
from spheresync.model.shown_apart import both_shortened
from spheresync.planning.decisions.drift import Comparison, DriftOutcome, compare, put_back
from spheresync.planning.decisions.items import Subject, item_for, recreate_item, settled_item
from spheresync.state.records import (
    ChangeSetItem,
    Checkpoint,
    CheckpointState,
    DriftEffect,
    DriftKind,
    FieldDrift,
    TableDrift,
)
from spheresync.targets.design import TargetDesign

MOST_FIELDS = 25
"""So many fields of a table are told with their values; of more the number is told."""
_FORMER = "holds what was written there before: a write was lost, or somebody has put an earlier version back"
_BOUND_ELSEWHERE = "Bind the asset to another table by a mapping rule (`bind:`), or take that rule away."
_NOT_PROVEN = "What was written last cannot be proven; `spheresync sync --full` draws it anew."
_PUTS_BACK = "The repair puts back what was written last."
_LEFT_HALF = "A write of ours has failed half-way: the next sync ends that, and goes by `drift:` here."
_AGAIN = "To have it made again, let `drift: {missing: overwrite}` say so"
_KINDS, _EFFECTS = list(DriftKind), list(DriftEffect)


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """One table that drifted.

    `item` puts back what was written, or says the conflict; None where nothing is done. `bodies` are what it refers to.
    `doubtful`: the version that is remembered is not that of what was written, so a write must read first.
    `asked`: somebody asked to have it put back whatever the policies say, and the item goes by that.
    """

    drift: TableDrift
    item: ChangeSetItem | None = None
    bodies: tuple[bytes, ...] = ()
    doubtful: bool = False
    asked: bool = False

    @property
    def told(self) -> TableDrift:
        """The drift as whoever asked for the look is told it: with what the repair does."""
        return as_repaired(self.drift, self.item) if self.asked else self.drift

    def with_base(self, taken: TableDrift) -> DriftFinding:
        """The same of what stands on an object that is another's by now: nothing is put back there."""
        drift = replace(
            self.drift,
            kinds=taken.kinds,
            policy=None,
            effect=DriftEffect.CONFLICT,
            reason=f"{taken.target}: {taken.reason}",
            remedy=taken.remedy,
            fields=(),
            fields_total=0,
            stays=False,
        )
        return DriftFinding(drift, doubtful=self.doubtful)


_LEFT_BY_POLICY = frozenset({DriftEffect.WAITS, DriftEffect.REPORT, DriftEffect.KEEP})


def as_repaired(drift: TableDrift, item: ChangeSetItem | None) -> TableDrift:
    """A drift that policies would leave, as one that this item of a repair puts back."""
    if item is None or not item.action.changes_something or drift.effect is DriftEffect.CONFLICT:
        return drift
    fields = tuple(
        replace(each, effect=DriftEffect.RESTORE) if each.effect in _LEFT_BY_POLICY else each for each in drift.fields
    )
    made = item.action is Action.CREATE
    return replace(
        drift,
        effect=DriftEffect.RECREATE if made else DriftEffect.RESTORE,
        fields=fields,
        remedy="The repair makes it again as it was written last." if made else _PUTS_BACK,
        stays=any(each.effect is not DriftEffect.RESTORE for each in fields),
    )


def left_after_write(drift: TableDrift) -> TableDrift:
    """What stays of a drift once all of it is put back that the policies put back."""
    fields = [each for each in drift.fields if each.effect is not DriftEffect.RESTORE]
    fields_total = drift.fields_total - (len(drift.fields) - len(fields))
    kinds = tuple(sorted({each.kind for each in fields}, key=_KINDS.index))
    effect = min((each.effect for each in fields), key=_EFFECTS.index)
    return replace(
        drift,
        kinds=kinds,
        policy=next((each.policy for each in fields if each.kind is kinds[0] and each.policy is not None), None),
        effect=effect,
        reason=f"somebody else has changed {counted(fields_total, 'field')}, and the drift policy leaves that",
        remedy=_remedy(drift.asset, effect, fields),
        fields=tuple(fields),
        fields_total=fields_total,
        stays=True,
    )


def look_at(
    subject: Subject,
    last_body: bytes,
    live: LiveObject,
    *,
    marker: str,
    policies: DriftPolicies,
    left_half: bool = False,
) -> DriftFinding | None:
    """What others did to a table; None where it holds what was written.

    Args:
        subject: the asset and its checkpoint.
        last_body: the body that the checkpoint remembers.
        live: the table as it is.
        marker: this installation's `spheresync.managed-by`.
        policies: what becomes of other people's edits.
        left_half: `last_body` is that with what a write of ours that failed has left there; no repair ends that one.
    """
    checkpoint, design = _held(subject), subject.design
    foreign = design.foreign_because(live, subject.asset, marker, last_body)
    if foreign is not None:
        return _not_ours(subject, live, f"the {design.object_word} {foreign}; it stays as it is", last_body)
    written = design.own_fields(last_body, live.body)
    proven = design.fingerprint(written) == checkpoint.body_digest
    if not proven:
        proof = design.last_written(live.body, checkpoint.body_digest)
        written, proven = (design.own_fields(proof.body, live.body), True) if proof.proven else (written, False)
    desired = DesiredObject(checkpoint.container, checkpoint.name, written, checkpoint.body_digest)
    found = compare(design, written, live, desired, policies)
    changes = _telling(design, found.changes, proven=proven or left_half)
    fields = [_field(design, change, policies, found, proven=proven) for change in changes]
    fields += _foreign_fields(design, last_body, live.body)
    if not fields:
        return None
    fields.sort(key=lambda each: _KINDS.index(each.kind))
    repairable = proven and found.outcome is DriftOutcome.TO_WRITE
    item = _restoring(subject, live, found) if repairable else None
    who = _who(design, checkpoint, live)
    drift = _told(subject, fields, when=_changed_at(checkpoint, live), who=who, retired=_is_retired(checkpoint))
    if design.capabilities.marked and live.intact and live.digest != checkpoint.body_digest:
        drift = replace(drift, reason=f"the {design.object_word} {_FORMER}")
    if not proven:
        remedy = _LEFT_HALF if left_half else _NOT_PROVEN
        drift = replace(drift, remedy=remedy)
    doubtful = live.version == checkpoint.version and bool(design.differences(last_body, live.body))
    bodies = (design.as_seen(found.base, live.body), found.body) if item is not None else ()
    return DriftFinding(drift, item, bodies, doubtful)


def look_for(subject: Subject, last_body: bytes, *, database_gone: bool, policies: DriftPolicies) -> DriftFinding:
    """What a table that is not there any more means."""
    checkpoint = _held(subject)
    kind = DriftKind.DATABASE_DELETED if database_gone else subject.design.missing_kind
    database = f"somebody else has deleted its database {checkpoint.container}"
    reason, policy, item = database if database_gone else subject.design.missing_text, policies.missing, None
    word = subject.design.object_word
    of_what = "what is gone" if kind is DriftKind.UNPUBLISHED else f"a deleted {word}"
    who = f"{_nobody_says(subject.design)}, and keeps nothing of {of_what}"
    if checkpoint.state is CheckpointState.BOUND:  # who made it may take it away
        policy, effect = DriftPolicy.REPORT, DriftEffect.REPORT
        remedy = "Each sync looks for it, and writes what is known of the asset once it is there again."
    elif _is_retired(checkpoint):
        effect, remedy = DriftEffect.KEEP, "It was retired; it is made again only if the asset comes back."
    elif policy is DriftPolicy.OVERWRITE:
        effect, remedy = DriftEffect.RECREATE, "The repair makes it again as it was written last."
        desired = DesiredObject(checkpoint.container, checkpoint.name, last_body, checkpoint.body_digest)
        item = _as_it_was(_again(subject, desired), checkpoint, f"{reason}; it is made again as it was written last")
    elif policy is DriftPolicy.REPORT:
        effect, remedy = DriftEffect.REPORT, f"{_AGAIN}; {put_back(checkpoint.asset)}."
    else:
        effect, remedy = DriftEffect.KEEP, f"`drift: {{missing: keep}}` lets it be gone; {put_back(checkpoint.asset)}."
    drift = _drift(
        checkpoint, (kind,), policy=policy, effect=effect, reason=reason, remedy=remedy, who=who, stays=False
    )
    return DriftFinding(drift, item)


def _again(subject: Subject, desired: DesiredObject) -> ChangeSetItem:
    """Make an object again that is gone; what only adds to one of another target comes after that."""
    if not subject.design.capabilities.goes_with_base:
        return recreate_item(subject, desired)
    item = item_for(replace(subject, checkpoint=None), desired, None, adopted=False)
    assert item is not None
    return item


def _not_ours(subject: Subject, live: LiveObject, reason: str, last_body: bytes) -> DriftFinding:
    checkpoint = _held(subject)
    kind = DriftKind.MARKER_LOST if live.owner is None else DriftKind.TAKEN_OVER
    written, paths = subject.design.marks(last_body), subject.design.mark_paths
    marks = ((paths.owner, written.owner, live.owner), (paths.source, written.source, live.source))
    fields = tuple(
        FieldDrift(path, kind, then, there, None, DriftEffect.CONFLICT) for path, then, there in marks if then != there
    )
    drift = _drift(
        checkpoint,
        (kind,),
        policy=None,
        effect=DriftEffect.CONFLICT,
        reason=reason,
        remedy=_BOUND_ELSEWHERE if checkpoint.state is CheckpointState.BOUND else subject.design.taken_remedy,
        fields=fields,
        when=_changed_at(checkpoint, live),
        who=_who(subject.design, checkpoint, live),
        stays=False,
    )
    named = f"{checkpoint.container}.{checkpoint.name}"
    item = settled_item(subject, Action.CONFLICT, f"{named}: {reason}")
    return DriftFinding(drift, _as_it_was(item, checkpoint, item.reason), doubtful=True)


def _telling(design: TargetDesign, changes: Sequence[FieldChange], *, proven: bool) -> list[FieldChange]:
    """The changes that say something: our digest beside no other parameter, and texts only where ours are known.

    Whoever changes a parameter of ours and the digest has done one thing. Beside a text or a column the digest is told,
    since it has a policy of its own: it may be put back while they stay, or keep them from being put back.
    """
    digest = design.mark_paths.digest
    beside = any(design.drift_kind(change.path) is DriftKind.PARAMETERS for change in changes if change.path != digest)
    telling = [change for change in changes if change.path != digest or not beside]
    return [change for change in telling if proven or not (design.is_text(change.path) or change.path == digest)]


def _field(
    design: TargetDesign, change: FieldChange, policies: DriftPolicies, found: Comparison, *, proven: bool
) -> FieldDrift:
    policy = design.policy_of(change.path, policies)
    former = design.is_text(change.path) and change.path not in found.kept  # our own of a former write, no edit
    if policy is DriftPolicy.OVERWRITE or former:
        effect = DriftEffect.RESTORE if proven and found.outcome is DriftOutcome.TO_WRITE else DriftEffect.WAITS
    else:
        effect = DriftEffect.KEEP if policy is DriftPolicy.KEEP else DriftEffect.REPORT
    kind = design.drift_kind(change.path)
    return FieldDrift(change.path, kind, *_values(change), policy, effect)


def _foreign_fields(design: TargetDesign, last_body: bytes, live_body: bytes) -> Iterator[FieldDrift]:
    for change in design.foreign_changes(last_body, live_body):
        kind = DriftKind.PARAMETERS if "parameters" in change.path.split(".") else DriftKind.OTHER
        for each in _members(change) if kind is DriftKind.PARAMETERS else (change,):
            yield FieldDrift(each.path, kind, *_values(each), None, DriftEffect.NOT_OURS)


def _members(change: FieldChange) -> Iterator[FieldChange]:
    """The parameters one by one, also where there were none before or are none any more."""
    before, after = change.before, change.after
    if change.path.endswith("parameters") and isinstance(before or {}, dict) and isinstance(after or {}, dict):
        old, new = before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {}
        for key in sorted(old.keys() | new.keys()):
            yield FieldChange(f"{change.path}.{key}", old.get(key), new.get(key))
    else:
        yield change


def _told(subject: Subject, fields: list[FieldDrift], *, when: str | None, who: str, retired: bool) -> TableDrift:
    checkpoint = _held(subject)
    kinds = tuple(sorted({field.kind for field in fields}, key=_KINDS.index))
    effect = min((field.effect for field in fields), key=_EFFECTS.index)
    policy = next((field.policy for field in fields if field.kind is kinds[0] and field.policy is not None), None)
    ours = sum(field.effect is not DriftEffect.NOT_OURS for field in fields)
    beside = len(fields) - ours
    what = f"{counted(ours, 'field')} of ours" if ours else f"{counted(beside, 'field')} beside ours"
    what += f" and {beside} beside" if ours and beside else ""
    word = subject.design.object_word
    return _drift(
        checkpoint,
        kinds,
        policy=policy,
        effect=effect,
        reason=f"somebody else has changed {what} in the {f'retired {word}' if retired else word}",
        remedy=_remedy(checkpoint.asset, effect, fields),
        fields=fields,
        when=when,
        who=who,
        stays=any(field.effect is not DriftEffect.RESTORE for field in fields),
    )


def _drift(
    checkpoint: Checkpoint,
    kinds: tuple[DriftKind, ...],
    *,
    policy: str | None,
    effect: DriftEffect,
    reason: str,
    remedy: str,
    fields: Sequence[FieldDrift] = (),
    when: str | None = None,
    who: str,
    stays: bool,
) -> TableDrift:
    """The drift of the table that a checkpoint is about; of very many fields the first are kept."""
    return TableDrift(
        asset=checkpoint.asset,
        target=checkpoint.target,
        destination=checkpoint.destination,
        container=checkpoint.container,
        name=checkpoint.name,
        kinds=kinds,
        policy=policy,
        effect=effect,
        reason=reason,
        remedy=remedy,
        fields=tuple(fields[:MOST_FIELDS]),
        fields_total=len(fields),
        changed_at=when,
        changed_by=who,
        stays=stays,
    )


def _remedy(asset: AssetId, effect: DriftEffect, fields: Sequence[FieldDrift]) -> str:
    left = sorted({_policy_key(field) for field in fields if field.effect is DriftEffect.REPORT})
    said = ", ".join(f"{key}: overwrite" for key in left)
    if effect is DriftEffect.RESTORE:
        rest = f" What is only reported stays, until `drift: {{{said}}}` says otherwise; {put_back(asset)}, all of it."
        return f"{_PUTS_BACK}{rest if left else ''}"
    if effect is DriftEffect.NOT_OURS:
        return "Nothing to do: what others put beside ours is kept."
    if left:
        return f"Change it back there, or have ours back: {put_back(asset)}. `drift: {{{said}}}` would do so unasked."
    return f"`drift:` says keep, so it stays; {put_back(asset)}."


def _policy_key(field: FieldDrift) -> str:
    kinds = {DriftKind.DESCRIPTION: "description", DriftKind.COMMENTS: "comments", DriftKind.COLUMNS: "columns"}
    return kinds.get(field.kind, "parameters")


def _restoring(subject: Subject, live: LiveObject, found: Comparison) -> ChangeSetItem | None:
    checkpoint = _held(subject)
    seen = replace(subject, checkpoint=replace(checkpoint, version=live.version))
    desired = DesiredObject(checkpoint.container, checkpoint.name, found.body, checkpoint.body_digest)
    item = item_for(seen, desired, subject.design.as_seen(found.base, live.body), adopted=False, drifted=True)
    if item is None:
        return None
    fields = counted(max(1, len(item.changes)), "field")
    reason = f"somebody else has changed {fields}; what was written last is put back"
    if _is_retired(checkpoint):
        item = replace(item, action=Action.RETIRE)  # it stays retired: marked again, and nobody's
    return _as_it_was(item, checkpoint, reason)


def _as_it_was(item: ChangeSetItem, checkpoint: Checkpoint, reason: str) -> ChangeSetItem:
    """The item as one about what was written, whatever Datasphere and the rules say by now."""
    return replace(
        item,
        reason=reason,
        fingerprints=checkpoint.fingerprints,
        mapping=checkpoint.mapping,
        definition=checkpoint.definition,
    )


def _changed_at(checkpoint: Checkpoint, live: LiveObject) -> str | None:
    """When the table was changed last; not known where the last write was ours, which kept an earlier edit."""
    return None if live.version is not None and live.version == checkpoint.version else live.changed_at


def _nobody_says(design: TargetDesign) -> str:
    return f"{design.service} does not say who"


def _who(design: TargetDesign, checkpoint: Checkpoint, live: LiveObject) -> str:
    """Versions count from zero: one before ours belongs to a table that was made anew, and Glue says who made that."""
    now, ours = live.version or "", checkpoint.version or ""
    if now.isdecimal() and ours.isdecimal() and int(now) < int(ours) and live.created_by:
        return f"made anew by {live.created_by}"
    return _nobody_says(design)


def _is_retired(checkpoint: Checkpoint) -> bool:
    return checkpoint.state is CheckpointState.RETIRED


def _held(subject: Subject) -> Checkpoint:
    assert subject.checkpoint is not None
    return subject.checkpoint


def _values(change: FieldChange) -> tuple[JsonValue, JsonValue]:
    return both_shortened(_spelled(change.before), _spelled(change.after))


def _spelled(value: JsonValue) -> JsonValue:
    """Of a column that came or went its type says enough."""
    if isinstance(value, dict):
        return value.get("Type") or canonical_json(value).decode("utf-8", "replace")
    return canonical_json(value).decode("utf-8", "replace") if isinstance(value, list) else value
