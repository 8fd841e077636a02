"""What a target makes of an asset: the pure half of a target. Planning and execution know bodies only through it.

A body is the request shape of the target as canonical JSON; nobody outside the target's own package reads it. Nothing
here does I/O. `targets.protocol.Target` is the other half, which reads and writes.

A design class inherits from `TargetDesign`: what follows from other methods is written here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from spheresync.config import DriftPolicies, DriftPolicy, Settings
from spheresync.config.sections import TargetSection
from spheresync.mapping.names import plain_name
from spheresync.mapping.rules import Decision, decide_column
from spheresync.model import (
    Action,
    Address,
    Asset,
    AssetId,
    AssetKind,
    DesiredObject,
    DestinationName,
    Digest,
    FieldChange,
    LiveObject,
    PhysicalName,
    Problem,
    Severity,
)
from spheresync.state.records import DriftKind
from spheresync.targets.design_values import (
    BaseObject,
    Capabilities,
    Explanation,
    LastWritten,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PhysicalColumn,
    RequiredObject,
)
from spheresync.targets.field_changes import FieldComparison, moves_columns, severity_of
from spheresync.targets.target_words import AccessAccount, AccessChange, TargetWords


class TargetDesign(TargetWords, Protocol):
    """The pure half of one kind of target. Every method answers from its arguments alone."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def permissions(self) -> tuple[PermissionGroup, ...]:
        """What IAM has to allow; none of a target that is not in AWS."""
        return ()

    @property
    def mark_paths(self) -> MarkPaths: ...

    def design(
        self,
        asset: Asset,
        decision: Decision,
        container: PhysicalName,
        name: PhysicalName,
        marker: str,
        *,
        last_body: bytes | None = None,
        base: BaseObject | None = None,
    ) -> DesiredObject:
        """The object that should stand for an asset.

        `last_body` is what it was last known to hold; `base` its object in the target that this one depends on.
        """
        ...

    def unwanted_because(self, decision: Decision) -> str | None:
        """Why an asset is to have nothing here; None where it is. What it had goes as that of one that is gone."""
        return None

    def left_out(self, decision: Decision) -> tuple[str, ...]:
        """What is said of an asset that the target has no room for, so that it is left out."""
        return ()

    def address(self, asset: AssetId, base: Address, marker: str, apart: Sequence[str]) -> Address:
        """Where an asset's object stands, of a target that depends on another one, by that one's address.

        `apart`: what tells the objects of a destination from those of others in the same account and Region.
        """
        return base

    def former_address(self, asset: AssetId, marker: str, destination: DestinationName) -> Address | None:
        """Where earlier versions put an asset's object, by the name of its destination; None where they did as now."""
        return None

    def base_address(self, body: bytes) -> Address | None:
        """On which object of the other target one with an id of its own stands; None of those at its address."""
        return None

    @property
    def nothing(self) -> Digest | None:
        """The digest of what needs no write, so that an asset without an object needs none; None: there is no such."""
        return None

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        """The same object, marked as retired at a time; what others put there stays."""
        ...

    def annotate(self, asset: Asset, decision: Decision, live: LiveObject, marker: str) -> DesiredObject:
        """What should stand of an asset on an object that others made: its body holds that, and nothing of theirs."""
        why = f"no asset is bound to anything in {self.name}"
        raise NotImplementedError(why)

    def take_back(self, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        """That nothing of ours should stand on an object that others made."""
        why = f"no asset is bound to anything in {self.name}"
        raise NotImplementedError(why)

    def binding_findings(self, asset: Asset, decision: Decision, live_body: bytes) -> tuple[str, ...]:
        """What of an asset and of the object of others that it is bound to does not fit together."""
        return ()

    def not_bindable_because(
        self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None
    ) -> str | None:
        """Why an asset cannot be bound to an object; None where it can. `last_body` is what was written there last."""
        return f"stands in {self.name}, where no asset is bound to anything"

    def is_bound(self, body: bytes) -> bool:
        """Whether a body is that of an object which others made and which carries something of ours."""
        return False

    def with_noted(self, body: bytes, last_body: bytes) -> bytes:
        """A body as it was read, with what no look can tell of it and the one that was written last knows."""
        return body

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        """What must exist before anything is written into a container.

        Args:
            container: its name.
            source: the space, or the rule's key, that the container stands for.
            label: the text of the space, empty where it has none.
            marker: this installation's mark of ownership.
        """
        ...

    def personal_data(self, body: bytes) -> Mapping[str, str]:
        """The class of personal data of each column that holds some, by its name there, as far as a body says it."""
        return {}

    def protecting(self, body: bytes | None, section: TargetSection, personal_data: Mapping[str, str]) -> bytes | None:
        """A body (None: nothing) with what protects columns of the base that hold personal data, by class."""
        return body

    def without_columns(self, body: bytes, columns: frozenset[str]) -> bytes | None:
        """A body without what stood on some columns of the base, which went with them; None where nobody can say."""
        return body

    def columns_said(self, body: bytes) -> frozenset[str]:
        """The columns of the base on which a body has anything."""
        return frozenset()

    def with_columns(self, body: bytes, former: bytes, columns: frozenset[str]) -> bytes:
        """A body with what a former one had on some columns of the base, which come back."""
        return body

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """What must exist before any of these bodies is written, of a target whose containers are another one's.

        `section`: the settings that the target has for itself.
        """
        return ()

    def operations(self, action: Action) -> tuple[str, ...]:
        """The calls that an action takes at most in the usual case, as `service:Call`; none where nothing is sent."""
        ...

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        """Merge what should be there into what is there.

        Args:
            last_written: the body that we wrote last, None where that is not known.
            live: the object as it is.
            desired: the body that should be there.
            policies: what becomes of other people's edits.
        """
        ...

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        """What was written last into an object, for a merge: the digest that it carries knows more than the state."""
        return desired.body if live.digest == desired.digest else last_body

    def holds(self, live: LiveObject, desired: DesiredObject) -> bool:
        """Whether an object seems to hold what it should."""
        return live.digest == desired.digest

    def would_write(self, base: bytes, live_body: bytes, merged_body: bytes) -> bool:
        """Whether a merge into an object changes anything of ours there; `base` is what was written last."""
        return bool(self.own_changes(live_body, merged_body))

    def with_tried(self, last_body: bytes, tried: bytes | None) -> bytes | None:
        """What was written last, with what a write that failed may have left there (None: it was to be deleted).

        None where a write is one call, done or not.
        """
        return None

    def as_written(self, last_body: bytes, live_body: bytes) -> bytes:
        """What was written last, with what stands there of writes that failed since; the same where none did."""
        return last_body

    def as_left(self, last_body: bytes, live_body: bytes, tried: bytes | None) -> bytes:
        """As `as_written`, where a process that died may have done a part of one more write (None: of a delete)."""
        return self.as_written(self.with_tried(last_body, tried) or last_body, live_body)

    def without_written(self, live_body: bytes, tried: bytes) -> bytes:
        """What stood there before a write that may have been done, where nothing of ours was known to stand."""
        return live_body

    def as_seen(self, written: bytes, live_body: bytes) -> bytes:
        """What was just read, for a write over it; what it says no more of itself, what was written last does."""
        return live_body

    def restored(self, before: bytes, after: bytes, live_body: bytes) -> bytes:
        """What undoes a write that made `after` of `before`, of an object that is `live_body` by now."""
        return before

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        """What others have changed since a write that made `after` of `before`, so that it cannot be undone: paths."""
        return self.differences(after, live_body)

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        """The fields of ours that differ between two bodies."""
        ...

    def differences(self, last: bytes, live: bytes) -> tuple[str, ...]:
        """Paths where `live` differs from `last` in any field, except by members that the target fills in empty."""
        return tuple(change.path for change in self.changes(last, live))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        """Whether an object is just as it was written, and holds nobody else's text that the policies let stand."""
        return last_body == live_body

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        """Every field that differs, as a person reads it, in path order; an absent side counts as an empty object."""
        return FieldComparison().changes(before, after)

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        """What others changed beside our fields."""
        ours = self.own_changes(last_body, live_body)
        return tuple(change for change in self.changes(last_body, live_body) if change not in ours)

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        """What is ours of a body that we wrote; what the live object lost as a whole comes back as a whole."""
        ...

    def fingerprint(self, body: bytes) -> Digest:
        """The digest over our own fields of a body."""
        ...

    def marks(self, body: bytes) -> Marks:
        """What the body says of itself by our marks."""
        ...

    def last_written(self, live_body: bytes, claimed: Digest | None) -> LastWritten:
        """The body that we wrote last, of an object whose fields of ours may have been edited since.

        Args:
            live_body: the object as it is.
            claimed: the digest that its mark carries.
        """
        return LastWritten(live_body, proven=self.fingerprint(live_body) == claimed)

    def is_text(self, path: str) -> bool:
        """Whether the field is a text where an edit of somebody else can stand beside ours; none is by default."""
        return False

    def is_note(self, path: str) -> bool:
        """Whether we note there what others made of a text, so that it is no edit of theirs; none is by default."""
        return False

    @property
    def missing_kind(self) -> DriftKind:
        """What kind of drift it is where an object of ours is not there any more."""
        here = self.capabilities
        alone = here.depends_on is not None and not here.goes_with_base
        return DriftKind.OBJECT_DELETED if alone else DriftKind.TABLE_DELETED

    def drift_kind(self, path: str) -> DriftKind:
        """What kind of drift an edit of a field is, by its path as in a field change."""
        if path == "description":
            return DriftKind.DESCRIPTION
        if self.is_text(path):
            return DriftKind.COMMENTS
        if path.startswith("columns."):
            return DriftKind.COLUMNS
        return DriftKind.PARAMETERS if path.startswith("parameters.") else DriftKind.OTHER

    def policy_of(self, path: str, policies: DriftPolicies) -> DriftPolicy:
        """The policy that settles somebody else's edit of a field of ours, by its path as in a field change."""
        return policies.parameters

    def column_names(self, body: bytes) -> Mapping[str, str]:
        """The name that each column of the source has in a body; empty where the target keeps none of the source's."""
        return {}

    def columns_there(self, body: bytes) -> frozenset[str]:
        """Every column that an object has, by its name there: those too of which nothing of ours says what they are."""
        return frozenset(self.column_names(body).values())

    def column_types(self, body: bytes) -> Mapping[str, str]:
        """The type that each column of the source has in a body, as `column_names` names them."""
        return {}

    def columns(self, asset: Asset, decision: Decision, last_body: bytes | None = None) -> Sequence[PhysicalColumn]:
        """The columns that the rules let through, in order, as the target has them: by default as the source does."""
        chosen = [column for column in asset.columns if decide_column(decision.columns, column).included]
        return [PhysicalColumn(each, plain_name(each.name), str(each.type), "", "as in the source") for each in chosen]

    def explain(
        self,
        asset_id: AssetId,
        kind: AssetKind,
        label: str,
        *,
        asset: Asset | None,
        decision: Decision,
        container: PhysicalName,
        name: PhysicalName,
        unread: str | None = None,
        last_body: bytes | None = None,
    ) -> Explanation:
        """Why an asset looks as it does in the target, in words; `unread` says why its definition was not read.

        `last_body` is what the object at that address was last known to hold.
        """
        return Explanation((f"object {container}.{name}",), (), ())

    def changes_access(self, changes: tuple[FieldChange, ...]) -> bool:
        """Whether writing an object with these changes, or deleting it, may change who sees what."""
        return self.capabilities.access

    def access_changes(self, changes: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        """Which of the changes may change who sees what."""
        return changes if self.capabilities.access else ()

    def access_of_new(self, body: bytes) -> tuple[FieldChange, ...]:
        """Who gets to see an object that is made, of which nothing else is told as a change."""
        return ()

    def told_of_access(self, changed: Sequence[AccessChange]) -> AccessAccount:
        """What changes of access of several objects come to, after their number."""
        why = f"nothing in {self.name} changes who sees what"
        raise NotImplementedError(why)

    def reviews_access(self, settings: Settings) -> bool:
        """Whether settings of the target's own have a second person look at changes of access."""
        return False

    def findings(self, asset: AssetId, at: Address, changes: tuple[FieldChange, ...]) -> tuple[Problem, ...]:
        """What whoever reviews changes of an object has to know that the fields do not say."""
        return ()

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        """How much changes matter to the readers of an object: the worst of them."""
        return severity_of(changes)

    def moves_columns(self, changes: tuple[FieldChange, ...]) -> bool:
        """Whether any of the changes adds, takes away or retypes a column."""
        return moves_columns(changes)

    def is_retired(self, body: bytes) -> bool:
        """Whether the object carries the mark of retirement."""
        return self.marks(body).retired

    def claim_of(self, body: bytes) -> Digest | None:
        """The digest that a body carries of our fields."""
        return self.marks(body).digest

    def written_before(self, restored_body: bytes, noted: bytes | None) -> bytes:
        """What we had written last into an object that holds a former body again: all of it, or what was ours of it.

        Args:
            restored_body: what the object held then, and holds again.
            noted: what was known then as written last; None where nobody knows that any more, so that the body
                proves it.
        """
        claimed = self.claim_of(restored_body)
        base = noted if noted is not None else self.last_written(restored_body, claimed).body
        whole = self.claim_of(base) == claimed and self.fingerprint(base) == self.fingerprint(restored_body)
        return restored_body if whole else base

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        """Why an object that stands where ours should is not ours; None where it is.

        What was written last counts as ours too: installation and asset may have been named anew since.
        """
        wrote = Marks(marker, str(asset)) if last_body is None else self.marks(last_body)
        if live.owner is None or live.owner not in {marker, wrote.owner}:
            lost = "carries no marker of Spheresync" if last_body is None else "lost the marker of this installation"
            return lost if live.owner is None else f"belongs to {live.owner}"
        if live.source not in {str(asset), wrote.source or str(asset)}:
            return f"holds {live.source or 'no named asset'}"
        return None

    def is_as_written(self, live: LiveObject, last_body: bytes, version: str | None) -> bool:
        """Whether an object holds what was written last, under the version that had."""
        return live.version == version and not self.differences(last_body, live.body)

    def made_anew_because(self, live: LiveObject, last_body: bytes, version: str | None) -> str | None:
        """Why an object that carries our marker is another one than was written last; None where nothing says so.

        Every update raises the version, so an object that is no further than ours was and holds something else has
        been dropped and made again, our marker copied with it.
        """
        then, now = version or "", live.version or ""
        if not (then.isdecimal() and now.isdecimal()) or int(now) > int(then):
            return None
        if not self.differences(last_body, live.body):
            return None
        at = (
            f"at version {now} again, as ours was" if int(now) == int(then) else f"at version {now}, ours was at {then}"
        )
        return f"was dropped and made anew by somebody else (it is {at})"
