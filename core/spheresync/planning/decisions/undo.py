"""What restores what a run has changed: one item for each object, or the reason why it cannot be undone.

An undo goes by what stood there before, not by what Datasphere says. It is refused for an object that anybody has
written since, another run as well as a person, because their work would go with it; and where one of the tables of an
asset is refused, so are its others, which belong together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from spheresync.model import Action, AssetId, Digest, LiveObject, RunId, Severity, Strategy, digest_of, first_of
from spheresync.planning.decisions.items import EDITED, by_urgency
from spheresync.state.records import ChangeSetItem, Checkpoint, CheckpointState, JournalEntry
from spheresync.targets.design import TargetDesign

_NAMED_FIELDS = 8


class EffectKind(Enum):
    """What a run did to an object, as far as an undo is concerned."""

    NOTHING = auto()  # found as wanted, or gone already
    CREATED = auto()
    CHANGED = auto()
    DELETED = auto()
    FORGOTTEN = auto()
    ADOPTED = auto()


@dataclass(frozen=True, slots=True)
class RunEffect:
    """What a run did to one object, and what is known of that object now.

    Attributes:
        design: of the target that the object is in.
        item: what the run was to do.
        entry: what came of it; confirmed.
        before: the body that the object held before, None where there was none.
        after: the body that it held after, None where there was none.
        known: what the state knows of the object at that address, in use or not; None where it knows none.
        asset_has: the checkpoint of the asset, wherever its object is.
        live: the object as it was just read; None where there is none.
        hidden: why the object could not be read; None where it could.
        renamed_to: the name that the asset has by now; None where that is the same.
        undone: what the asset has was written by an undo of that run, which could not do all of it.
        left_half: `after` is that with what writes of ours that failed since have left there.
        went_with_base: `after` is that without what went since with columns of the object that it was added to.
    """

    design: TargetDesign
    item: ChangeSetItem
    entry: JournalEntry
    before: bytes | None
    after: bytes | None
    known: Checkpoint | None
    asset_has: Checkpoint | None
    live: LiveObject | None
    hidden: str | None = None
    renamed_to: AssetId | None = None
    left_half: bool = False
    went_with_base: bool = False
    undone: bool = False

    @property
    def kind(self) -> EffectKind:
        entry = self.entry
        if entry.action in {Action.FORGET, Action.ADOPT}:
            return EffectKind.FORGOTTEN if entry.action is Action.FORGET else EffectKind.ADOPTED
        if entry.action is Action.DELETE:
            return EffectKind.DELETED if entry.before is not None else EffectKind.NOTHING
        if entry.after is None:
            return EffectKind.NOTHING
        if entry.before is None:
            return EffectKind.CREATED
        return EffectKind.CHANGED if entry.before != entry.after else EffectKind.NOTHING

    @property
    def table(self) -> str:
        return f"{self.item.container}.{self.item.name}"

    @property
    def is_bound(self) -> bool:
        """Whether the run wrote onto a table that others made, or took back what was ours there."""
        bodies = (self.before, self.after)
        return any(body is not None and self.design.is_bound(body) for body in bodies)

    @property
    def last(self) -> Digest | None:
        """The body that was written last, with what writes that failed since have left there."""
        return (
            digest_of(self.after)
            if (self.left_half or self.went_with_base) and self.after is not None
            else self.entry.after
        )

    def went_to(self, last: bytes) -> bool:
        """Whether what is known now is what the run left, but for what went with columns of the base since."""
        design, known = self.design, self.known
        if not design.capabilities.goes_with_base or self.after is None or known is None:
            return False
        gone = design.columns_said(self.after) - design.columns_said(last)
        rest = design.without_columns(self.after, gone) if gone else None
        return rest is not None and known.state.managed and design.fingerprint(rest) == known.body_digest

    @property
    def restored(self) -> tuple[bytes, bytes] | None:
        """Of a table that others made: what it holds now, and what it held before, with what they did to it since.

        None where the object is ours, which is restored as a whole.
        """
        if not self.is_bound or self.before is None or self.after is None or self.live is None:
            return None
        there = self.design.with_noted(self.live.body, self.after)
        return there, self.design.restored(self.before, self.after, there)


def undo_item(run_id: RunId, effect: RunEffect, *, marker: str, deletes_wait_for: str | None) -> ChangeSetItem | None:
    """The item that undoes what a run did to one object, a conflict that says why not, or None where it did nothing.

    Args:
        run_id: the run that is undone.
        effect: what it did.
        marker: this installation's `spheresync.managed-by`.
        deletes_wait_for: why the deletion of what the run created is held back, None where it is allowed.
    """
    if effect.kind is EffectKind.NOTHING or (effect.undone and not _left_by_other_runs(effect)):
        return None
    why_not = _why_not(run_id, effect, marker)
    if why_not is not None:
        return _refused(effect.item, f"cannot be undone: {why_not}")
    return _undo(run_id, effect, deletes_wait_for)


def settle_together(planned: Iterable[ChangeSetItem]) -> list[ChangeSetItem]:
    """The items of one undo, refused ones first, then by urgency; refused for an asset as a whole or not at all."""
    items = list(planned)
    refused = {item.asset: item for item in items if item.action is Action.CONFLICT}
    settled = [_with_its_asset(item, refused) for item in items]
    return sorted(settled, key=lambda item: (item.action is not Action.CONFLICT, *by_urgency(item)))


def _with_its_asset(item: ChangeSetItem, refused: dict[AssetId, ChangeSetItem]) -> ChangeSetItem:
    other = refused.get(item.asset)
    if other is None or item.action is Action.CONFLICT:
        return item
    return _refused(item, f"cannot be undone alone: {other.container}.{other.name} of the same asset is left as it is")


def _undo(run_id: RunId, effect: RunEffect, deletes_wait_for: str | None) -> ChangeSetItem:
    kind, before = effect.kind, effect.before
    base = replace(
        effect.item,
        ordinal=0,
        severity=Severity.NONE,
        strategy=Strategy.NONE,
        changes=(),
        before=None,
        after=None,
        after_digest=None,
        expected_version=effect.live.version if effect.live is not None else None,
        expected_digest=effect.known.body_digest if effect.known is not None else None,
        blocked_by=None,
        fingerprints=None,
        mapping=None,
        definition=None,
        operations=(),
        other_name=None,
    )
    if kind is EffectKind.FORGOTTEN:
        assert effect.known is not None
        known, reason = effect.known, f"run {run_id} left it unmanaged; it is managed again"
        return replace(
            base,
            action=Action.ADOPT,
            reason=reason,
            fingerprints=known.fingerprints,
            mapping=known.mapping,
            definition=known.definition,
        )
    if kind is EffectKind.ADOPTED:
        return replace(base, action=Action.FORGET, reason=f"run {run_id} took it over; it is no longer managed")
    if kind is EffectKind.CREATED:
        return replace(
            base,
            action=Action.DELETE,
            strategy=Strategy.DELETE,
            severity=Severity.DESTRUCTIVE,
            reason=f"run {run_id} created it",
            before=effect.last,
            blocked_by=deletes_wait_for,
            operations=effect.design.operations(Action.DELETE),
        )
    assert before is not None
    return _restored(run_id, effect, base, before)


def _restored(run_id: RunId, effect: RunEffect, base: ChangeSetItem, before: bytes) -> ChangeSetItem:
    """The item that writes a body again which the object held before."""
    after, design, last = effect.after, effect.design, effect.last
    if (bound := effect.restored) is not None:
        after, before = bound
        last = digest_of(after)
    changes = design.changes(after, before) if after is not None else design.access_of_new(before)
    if after is None:
        action, reason, severity = Action.CREATE, f"run {run_id} deleted it", Severity.ADDITIVE
    else:
        severity = design.severity(changes)
        action = Action.UPDATE if design.moves_columns(changes) and bound is None else Action.METADATA_ONLY
        reason = f"run {run_id} changed it"
        if bound is not None and not design.is_bound(before):
            action, reason = Action.RETIRE, f"run {run_id} bound it; what is ours is taken back"
        elif bound is not None and not design.is_bound(after):
            reason = f"run {run_id} took back what was ours; it is bound again"
        if design.is_retired(before) and not design.is_retired(after):
            action, reason = Action.RETIRE, f"run {run_id} made it active again; it is marked as retired again"
    return replace(
        base,
        action=action,
        strategy=Strategy.FULL if action in {Action.CREATE, Action.UPDATE} else Strategy.METADATA_ONLY,
        severity=severity,
        reason=reason,
        changes=changes,
        before=last,
        after=digest_of(before),
        after_digest=_digest_before(effect, before),
        operations=effect.design.operations(action),
    )


def _digest_before(effect: RunEffect, before: bytes) -> Digest:
    """The digest of what was ours in the table before; what others had changed in it is no part of that."""
    if effect.item.expected_digest is not None:
        return effect.item.expected_digest
    claimed = effect.design.claim_of(before)
    return claimed if claimed is not None and effect.design.last_written(before, claimed).proven else EDITED


def _refused(item: ChangeSetItem, reason: str) -> ChangeSetItem:
    return replace(
        item,
        ordinal=0,
        action=Action.CONFLICT,
        strategy=Strategy.NONE,
        severity=Severity.NONE,
        reason=reason,
        changes=(),
        before=None,
        after=None,
        after_digest=None,
        blocked_by=None,
        operations=(),
        other_name=None,
    )


def _why_not(run_id: RunId, effect: RunEffect, marker: str) -> str | None:
    """Why what the run did to an object cannot be undone; None where it can."""
    entry = effect.entry
    if (entry.before is not None and effect.before is None) or (entry.after is not None and effect.after is None):
        return "what it held is no longer kept"
    if effect.hidden is not None:
        return effect.hidden
    if not _left_by_other_runs(effect):
        return _by_another_run(effect, run_id)
    if effect.kind is EffectKind.ADOPTED:  # nothing was written, so nobody's work can be lost
        return None
    if effect.kind is EffectKind.DELETED:
        return (
            f"there is {_a(effect.design.object_word)} {effect.table} again, which somebody else has made"
            if effect.live is not None
            else None
        )
    return _changed_by_hand(effect, marker)


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _left_by_other_runs(effect: RunEffect) -> bool:
    """Whether the object is, as far as the state knows, as the run left it."""
    known, kind = effect.known, effect.kind
    if known is None and effect.is_bound and effect.after is not None:
        return not effect.design.is_bound(effect.after)  # taken back, and nothing is known of it since
    if kind is EffectKind.DELETED or known is None:
        return kind is EffectKind.DELETED and known is None
    if kind is EffectKind.FORGOTTEN:
        return known.state is CheckpointState.FORGOTTEN and known.body_digest == effect.item.expected_digest
    if kind is EffectKind.ADOPTED and effect.item.after_digest is None:  # an undo had it managed again
        return known.state.managed and known.body_digest == effect.item.expected_digest
    return known.state.managed and (known.body_digest == effect.item.after_digest or effect.went_with_base)


def _by_another_run(effect: RunEffect, run_id: RunId) -> str:
    if effect.known is None and effect.renamed_to is not None:
        word, asset = effect.design.object_word, effect.item.asset
        return f"{effect.table} is the {word} of {effect.renamed_to} by now, which {asset} was renamed to"
    since = effect.known or effect.asset_has
    by = f"run {since.run_id}" if since is not None and since.run_id and since.run_id != run_id else "another run"
    gone = effect.known is None
    return f"{by} has {'deleted' if gone else 'written'} {effect.table} since; undo that run first"


def seen_in_the_way(effect: RunEffect, marker: str) -> str | None:
    """What the look at the table that an asset has found of somebody else's, so that the next plan looks into it."""
    in_use = effect.known is not None and effect.known == effect.asset_has and effect.known.state.managed
    read = effect.hidden is None and effect.kind in {EffectKind.CREATED, EffectKind.CHANGED}
    lost = effect.after is None or (effect.entry.before is not None and effect.before is None)
    if not (in_use and read) or lost or not _left_by_other_runs(effect):
        return None
    return _changed_by_hand(effect, marker)


def _stands_alone(design: TargetDesign) -> bool:
    """Whether an object that says something of a table is gone by itself, which is no deletion of the table."""
    return design.capabilities.depends_on is not None and not design.capabilities.goes_with_base


def _changed_by_hand(effect: RunEffect, marker: str) -> str | None:
    live, after = effect.live, effect.after
    if live is None:
        gone = f"somebody else has deleted {effect.table} since"
        return f"{effect.design.missing_text} ({effect.table})" if _stands_alone(effect.design) else gone
    whose = effect.design.not_bindable_because if effect.is_bound else effect.design.foreign_because
    foreign = whose(live, effect.item.asset, marker, after)
    if foreign is not None:
        return f"the {effect.design.object_word} {effect.table} {foreign}"
    if after is None:  # forgotten: what others did to it stays
        return None
    moved = effect.design.edited_since(effect.before or after, after, live.body)
    if not moved:
        return None
    if effect.is_bound:
        return f"somebody else has changed {first_of(moved, _NAMED_FIELDS)} of {effect.table} since"
    changes = effect.design.changes(after, live.body)
    told = [each.path for each in changes if (each.before or each.after) and not effect.design.is_note(each.path)]
    return f"somebody else has changed {first_of(told or moved, _NAMED_FIELDS)} of {effect.table} since"
