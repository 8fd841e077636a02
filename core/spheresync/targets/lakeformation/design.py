"""Which LF-Tags a table and its columns should carry: the pure half of Lake Formation as a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.lakeformation import LakeFormation, TagFact, fault_of_tag_text
from spheresync.config.sections import TargetSection
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.rules import Decision, decide_column
from spheresync.model import (
    GLUE,
    LAKE_FORMATION,
    Action,
    Asset,
    AssetId,
    Column,
    DesiredObject,
    Digest,
    FieldChange,
    LiveObject,
    PhysicalName,
    Severity,
    canonical_json,
    digest_json,
    digest_of,
    first_of,
)
from spheresync.state.records import DriftKind
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import (
    BaseObject,
    Capabilities,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PermissionReach,
    RequiredObject,
)
from spheresync.targets.lakeformation.tags import Slot, TagSet, requests_between, slots_of, spelled
from spheresync.targets.target_words import AccessAccount, AccessChange
from spheresync.targets.tried_writes import as_written, with_tried

_NOTED = frozenset({"Bound", "Kept", "Keys"})
"""Members of bodies that no table carries."""
_NAMED = 5
_LAYER = "layer"
"""The tag of mapping rules and context files that `layer` stands for."""
_REMEDY = "Correct it in the context file or mapping rule, or take that key out of lakeformation.tags."


class LakeFormationDesign(TargetDesign):
    """LF-Tags on tables and columns. A key has one value in each place, so each is a field of its own."""

    name = LAKE_FORMATION
    capabilities = Capabilities(depends_on=GLUE, marked=False, goes_with_base=True, access=True)
    permissions = (
        PermissionGroup(
            "TagTables",
            (
                "lakeformation:GetLFTag",
                "lakeformation:CreateLFTag",
                "lakeformation:UpdateLFTag",
                "lakeformation:GetResourceLFTags",
                "lakeformation:AddLFTagsToResource",
                "lakeformation:RemoveLFTagsFromResource",
                "lakeformation:ListPermissions",
            ),
            PermissionReach.EVERYTHING,
        ),
    )
    mark_paths = MarkPaths("owner", "source", "digest")

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
        section = decision.section
        assert isinstance(section, LakeFormation) and base is not None
        table = {key: value for key, fact in section.tags.items() if (value := _of_table(fact, asset, decision))}
        columns = _of_columns(asset, decision, section, base)
        if last_body is not None:
            columns |= _still_there(TagSet.read(last_body).ours, asset, decision, base)
        wanted = TagSet(frozenset(section.tags), table, columns, base.bound)
        if section.use_existing_keys:  # what others put under their keys where we say nothing is theirs
            wanted = replace(wanted, keys=wanted.used_keys)
        _require_taken(asset.id, wanted)
        return _desired(container, name, wanted)

    @property
    def nothing(self) -> Digest:
        return _NOTHING

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return _desired(container, name, TagSet.read(last_body))  # a retired table is protected as before

    def take_back(self, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        return _desired(container, name, TagSet(frozenset()))

    def not_bindable_because(
        self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None
    ) -> str | None:
        return None  # the tags under our keys are ours on whatever table

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        return ()  # databases are Glue's

    def is_bound(self, body: bytes) -> bool:
        return TagSet.read(body).bound

    def with_noted(self, body: bytes, last_body: bytes) -> bytes:
        return replace(TagSet.read(body), bound=self.is_bound(last_body)).body

    def protecting(self, body: bytes | None, section: TargetSection, personal_data: Mapping[str, str]) -> bytes | None:
        assert isinstance(section, LakeFormation)
        tags = TagSet(frozenset()) if body is None else TagSet.read(body)
        keys = [key for key, fact in section.tags.items() if fact is TagFact.PERSONAL_DATA]
        values = {Slot(name, key): said for name, said in personal_data.items() for key in keys}
        if not values:
            return body
        return replace(tags.with_slots(values), keys=tags.keys | frozenset(keys)).body

    def without_columns(self, body: bytes, columns: frozenset[str]) -> bytes:
        return TagSet.read(body).without_columns(columns).body

    def columns_said(self, body: bytes) -> frozenset[str]:
        return frozenset(name for name, said in TagSet.read(body).columns.items() if said)

    def with_columns(self, body: bytes, former: bytes, columns: frozenset[str]) -> bytes:
        tags, then = TagSet.read(body), TagSet.read(former)
        values = {slot: then.at(slot) for slot in slots_of(then) if slot.place in columns}
        kept = {slot: value for slot, value in then.kept.items() if slot.place in columns}
        keys = tags.keys | (then.keys & {slot.key for slot in values})
        return replace(tags.with_slots(values), keys=keys, kept={**tags.kept, **kept}).body

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """The LF-Tags with the values that these tables carry."""
        wanted: dict[str, set[str]] = {}
        for body in bodies:
            for key, values in TagSet.read(body).ours.values.items():
                wanted.setdefault(key, set()).update(values)
        return tuple(tag_key(key, frozenset(values)) for key, values in sorted(wanted.items()))

    def operations(self, action: Action) -> tuple[str, ...]:
        if not action.changes_something or action in {Action.ADOPT, Action.FORGET}:
            return ()
        removing = action.removes
        return ("lakeformation:RemoveLFTagsFromResource" if removing else "lakeformation:AddLFTagsToResource",)

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        there, wanted = TagSet.read(live), TagSet.read(desired)
        wanted = replace(wanted.with_slots(wanted.kept), kept={})
        last = TagSet.read(last_written) if last_written is not None else None
        moved = [] if last is None else list(_moved(last, there, wanted))
        stays = moved if wanted.keys and self.policy_of("", policies) is not DriftPolicy.OVERWRITE else []
        put = wanted.with_slots({slot: there.at(slot) for slot in stays})
        merged = there.with_values(put, _keys(last, wanted))
        kept = {slot: wanted.ours.at(slot) for slot in stays}
        body = replace(merged, keys=wanted.keys, bound=wanted.bound, kept=kept).body
        edits = {slot: FieldChange(spelled(slot), _at(last, slot), there.at(slot)) for slot in moved}
        return Merged(body, tuple(edits[slot] for slot in stays), tuple(edits.values()))

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        return last_body

    def would_write(self, base: bytes, live_body: bytes, merged_body: bytes) -> bool:
        there, merged = TagSet.read(live_body), TagSet.read(merged_body)
        keys = _keys(TagSet.read(base), merged)
        return bool(requests_between(there, merged, keys))

    def holds(self, live: LiveObject, desired: DesiredObject) -> bool:
        there, wanted = TagSet.read(live.body), TagSet.read(desired.body)
        return not requests_between(there, wanted, wanted.keys or there.keys)

    def with_tried(self, last_body: bytes, tried: bytes | None) -> bytes | None:
        return None if tried is None else with_tried(last_body, TagSet.read(tried).ours.body)

    def as_written(self, last_body: bytes, live_body: bytes) -> bytes:
        """Also under keys that only a write which failed went by."""
        written = as_written(last_body, live_body, noted=_NOTED)
        if written is last_body:
            return last_body
        tags = TagSet.read(written)
        return replace(tags, keys=tags.keys | (tags.used_keys & TagSet.read(live_body).keys)).body

    def without_written(self, live_body: bytes, tried: bytes) -> bytes:
        there, put = TagSet.read(live_body), TagSet.read(tried).ours
        return there.with_slots({slot: None for slot in slots_of(put) if there.at(slot) == put.at(slot)}).body

    def as_seen(self, written: bytes, live_body: bytes) -> bytes:
        """With the keys that we wrote under before, which the settings may have no more: what stands there is ours."""
        there = TagSet.read(live_body)
        return replace(there, keys=_keys(TagSet.read(written), there)).body

    def restored(self, before: bytes, after: bytes, live_body: bytes) -> bytes:
        was, made, there = TagSet.read(before), TagSet.read(after), TagSet.read(live_body)
        keys = was.keys | made.keys
        return replace(there.with_values(was, keys), keys=keys, bound=was.bound).body

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        then, now = TagSet.read(after), TagSet.read(live_body)
        return tuple(change.path for change in _differing(then, now, then.ours.used_keys | now.keys))

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        then, now = TagSet.read(before), TagSet.read(after)
        ours = then.with_slots(then.kept)
        return tuple(_differing(ours, now, then.ours.used_keys | now.keys))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        return not self.own_changes(last_body, live_body)

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        then = TagSet.read(before) if before else TagSet(frozenset())
        now = TagSet.read(after) if after else TagSet(frozenset())
        return tuple(_differing(then, now, then.keys | now.keys))

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        then, now = TagSet.read(last_body), TagSet.read(live_body)
        return tuple(_differing(then, now, (then.used_keys | now.used_keys) - then.keys))

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        return TagSet.read(written).ours.body

    def fingerprint(self, body: bytes) -> Digest:
        return _digest(TagSet.read(body))

    def claim_of(self, body: bytes) -> Digest | None:
        return None

    def marks(self, body: bytes) -> Marks:
        return Marks()

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        return None

    def told_of_access(self, changed: Sequence[AccessChange]) -> AccessAccount:
        fields = Counter(change.path.rpartition(".")[2] for each in changed for change in each.changes)
        keys = first_of([f"{key} ({count})" for key, count in sorted(fields.items())], _NAMED)
        text = f"LF-Tags {keys}. Whoever has grants on these LF-Tags may see more or less"
        return AccessAccount(text, "; the fields say which value each place had and gets")

    def is_text(self, path: str) -> bool:
        return True

    @property
    def service(self) -> str:
        return "Lake Formation"

    def drift_kind(self, path: str) -> DriftKind:
        return DriftKind.TAGS

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        return Severity.COMPATIBLE if changes else Severity.NONE

    def moves_columns(self, changes: tuple[FieldChange, ...]) -> bool:
        return False


def tag_key(key: str, values: frozenset[str]) -> RequiredObject:
    """That an LF-Tag exists with these values at least."""
    body = canonical_json({"TagKey": key, "TagValues": sorted(values)})
    desired = DesiredObject(PhysicalName(key), PhysicalName(key), body, digest_of(body))
    return RequiredObject(0, "lakeformation:CreateLFTag", desired, parts=values)


def _desired(container: PhysicalName, name: PhysicalName, tags: TagSet) -> DesiredObject:
    return DesiredObject(container, name, tags.body, _digest(tags))


def _digest(tags: TagSet) -> Digest:
    ours = tags.ours
    return digest_json([dict(ours.table), {name: dict(said) for name, said in ours.columns.items() if said}])


def _of_table(fact: TagFact, asset: Asset, decision: Decision) -> str:
    match fact:
        case TagFact.SPACE:
            said: str | None = asset.id.space
        case TagFact.KIND:
            said = asset.kind
        case TagFact.LAYER:
            said = dict(decision.context.tags).get(_LAYER, dict(decision.tags).get(_LAYER))
        case TagFact.PERSONAL_DATA:
            said = None  # of columns only: of a table it would count for columns that nobody has looked at
        case _:
            said = decision.context.said(fact)
    return (said or "").strip().lower()


def _of_columns(
    asset: Asset, decision: Decision, section: LakeFormation, base: BaseObject
) -> dict[str, Mapping[str, str]]:
    keys = [key for key, fact in section.tags.items() if fact is TagFact.PERSONAL_DATA]
    return {
        base.columns[column.name]: dict.fromkeys(keys, str(column.pii))
        for column in _held_columns(asset, decision, base)
        if keys and column.pii is not None
    }


def _held_columns(asset: Asset, decision: Decision, base: BaseObject) -> list[Column]:
    """The columns of an asset that its table has."""
    included = (column for column in asset.columns if decide_column(decision.columns, column).included)
    return [column for column in included if column.name in base.columns]


def _still_there(last: TagSet, asset: Asset, decision: Decision, base: BaseObject) -> dict[str, Mapping[str, str]]:
    """What stands on columns that the asset has no more and its table still has: protected until they go."""
    known = {base.columns[column.name] for column in _held_columns(asset, decision, base)}
    return {name: said for name in base.columns.values() if name not in known and (said := last.columns.get(name))}


def _require_taken(asset: AssetId, tags: TagSet) -> None:
    """Let tags pass that Lake Formation takes.

    Raises:
        TargetError: INVALID, and which value is not taken.
    """
    for key, values in sorted(tags.values.items()):
        for value in sorted(values):
            if (fault := fault_of_tag_text(value)) is not None:
                text = f"{asset}: {value!r} cannot be the value of LF-Tag {key}: it {fault}."
                raise TargetError(TargetFault.INVALID, text, remedy=_REMEDY)


def _keys(last: TagSet | None, wanted: TagSet) -> frozenset[str]:
    """The keys that a write goes by: those of what should be there, and those that we wrote anything under before."""
    return wanted.keys if last is None else wanted.keys | last.ours.used_keys


def _at(tags: TagSet | None, slot: Slot) -> str | None:
    return None if tags is None else tags.ours.at(slot)


def _differing(then: TagSet, now: TagSet, keys: frozenset[str]) -> Iterator[FieldChange]:
    for slot in slots_of(then, now):
        if slot.key in keys and then.at(slot) != now.at(slot):
            yield FieldChange(spelled(slot), then.at(slot), now.at(slot))


def _moved(last: TagSet, there: TagSet, wanted: TagSet) -> Iterator[Slot]:
    """What others changed of ours since it was written, but for what is as it should be by now."""
    ours = last.ours
    for slot in slots_of(last, there):
        if slot.key in _keys(last, wanted) and there.at(slot) not in {ours.at(slot), wanted.at(slot)}:
            yield slot


_NOTHING = _digest(TagSet(frozenset()))
LAKE_FORMATION_DESIGN = LakeFormationDesign()
