"""Which data set, and which topic, should stand for an asset: the pure half of QuickSight as a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.quicksight import QuickSight
from spheresync.config.sections import TargetSection
from spheresync.errors import TargetError, TargetFault
from spheresync.mapping.names import hashed_name, plain_name
from spheresync.mapping.rules import Decision, fill
from spheresync.mapping.texts import one_line
from spheresync.model import (
    GLUE,
    QUICK_SIGHT,
    Action,
    Address,
    Asset,
    AssetId,
    AssetKind,
    DesiredObject,
    DestinationName,
    Digest,
    FieldChange,
    JsonValue,
    LiveObject,
    PhysicalName,
    Problem,
    Severity,
    canonical_json,
    counted,
    digest_json,
)
from spheresync.state.records import DriftKind
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import (
    BaseObject,
    Capabilities,
    Explanation,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PermissionReach,
    RequiredObject,
)
from spheresync.targets.quicksight.access import is_of_grants, new_grants, told_of_grants
from spheresync.targets.quicksight.content import (
    KIND_TAG,
    OWNER_TAG,
    RETIRED_AT_TAG,
    SOURCE_TAG,
    STATUS_TAG,
    TOPIC_TAG,
    Content,
    Grants,
    Topic,
    granted_tags,
)
from spheresync.targets.quicksight.fields import columns_of, topic_columns
from spheresync.targets.quicksight.merge import (
    NAME,
    foreign_changes,
    former_labels,
    is_text,
    left_by,
    merged_over,
    own_changes,
    policy_of,
    with_edits,
)
from spheresync.targets.quicksight.permissions import OWNER, VIEWER
from spheresync.targets.quicksight.relabelled import relabelled, renaming_findings
from spheresync.targets.quicksight.requests import MOST_COLUMNS, MOST_TRANSFORMS, transforms_of
from spheresync.targets.quicksight.required import required_objects
from spheresync.targets.target_words import AccessAccount, AccessChange
from spheresync.targets.tried_writes import as_written, with_tried

NOT_OURS = "Delete that data set in QuickSight if nobody needs it; the next sync looks again."
RETIRED = "retired"
RETIRED_MARK = "[retired in Datasphere] "
LONGEST_NAME = 128
LONGEST_TOPIC_TEXT = 256
_LONGEST_PLAIN = 70
_DIGITS = 16
_TAG_VALUE = re.compile(r"[\w\s+=.:/@-]{1,256}")
_NOTED = frozenset({"Beside", "Former", "Space", "Workgroup"})
"""Members of bodies that a data set does not have."""
_NOT_QUERYABLE = "no rule makes it queryable any more"
_FEWER = (
    "Leave columns out by a mapping rule (columns: include: false), or descriptions of them; or let no rule make it "
    "queryable."
)
_OPERATIONS = {
    Action.CREATE: ("quicksight:CreateDataSet",),
    Action.UPDATE: ("quicksight:UpdateDataSet",),
    Action.METADATA_ONLY: ("quicksight:UpdateDataSet",),
    Action.RETIRE: ("quicksight:UpdateDataSet", "quicksight:TagResource"),
    Action.DELETE: ("quicksight:DeleteDataSet",),
}


# Pass… are rights and no calls: to make a data set on a data source, and a topic on a data set.
_SHARING = (
    "DescribeDataSource CreateDataSource UpdateDataSource DescribeDataSourcePermissions UpdateDataSourcePermissions "
    "DescribeFolder CreateFolder DescribeFolderPermissions UpdateFolderPermissions CreateFolderMembership "
    "ListFoldersForResource ListTagsForResource TagResource UntagResource PassDataSource"
)
_DATA_SETS = (
    "DescribeDataSet CreateDataSet UpdateDataSet DeleteDataSet DescribeDataSetPermissions UpdateDataSetPermissions "
    "PassDataSet"
)
_TOPICS = "DescribeTopic CreateTopic UpdateTopic DeleteTopic DescribeTopicPermissions UpdateTopicPermissions"


def _actions(names: str) -> tuple[str, ...]:
    return tuple(f"quicksight:{name}" for name in names.split())


class QuickSightDesign(TargetDesign):
    """Data sets on tables that can be queried, with a topic for the kinds of assets that settings name."""

    name = QUICK_SIGHT
    # What an object of ours holds is read as a whole, so it needs to say of itself only whose it is.
    capabilities = Capabilities(depends_on=GLUE, marked=False, own_ids=True, access=True, selective=True)
    permissions = (
        PermissionGroup("ShareData", _actions(_SHARING), PermissionReach.EVERYTHING),
        PermissionGroup("KeepDataSets", _actions(_DATA_SETS), PermissionReach.EVERYTHING),
        PermissionGroup("KeepTopics", _actions(_TOPICS), PermissionReach.EVERYTHING),
    )
    mark_paths = MarkPaths(f"tags.{OWNER_TAG}", f"tags.{SOURCE_TAG}", "digest")

    def unwanted_because(self, decision: Decision) -> str | None:
        return None if decision.can_be_queried else _NOT_QUERYABLE

    def address(self, asset: AssetId, base: Address, marker: str, apart: Sequence[str]) -> Address:
        """Ids that follow from installation and asset, and from what keeps destinations of one account apart.

        A lost state finds them again, and so does a destination that has another name by now.
        """
        return _address(asset, [marker, [*apart]])

    def former_address(self, asset: AssetId, marker: str, destination: DestinationName) -> Address | None:
        return _address(asset, [marker, destination])

    def base_address(self, body: bytes) -> Address | None:
        content = Content.read(body)
        return Address(PhysicalName(content.schema), PhysicalName(content.table))

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
        assert isinstance(section, QuickSight) and base is not None
        label = one_line(decision.label_of(asset.labels), LONGEST_NAME) or one_line(asset.id.name, LONGEST_NAME)
        grants: Grants = {**dict.fromkeys(section.owners, OWNER), **dict.fromkeys(section.viewers, VIEWER)}
        last = None if last_body is None else Content.read(last_body)
        columns = columns_of(asset, decision, base, last.with_texts(last.beside).labels if last is not None else {})
        topic = None
        if asset.kind in section.topics:
            about = _about(asset, decision, label)
            topic = Topic(label, about, topic_columns(columns, decision), grants)
        content = Content(
            name=label,
            source=source_id(marker, section.workgroup),
            schema=base.address.container,
            table=base.address.name,
            columns=tuple(shown for _, shown in columns),
            folder=container,
            grants=grants,
            tags={
                OWNER_TAG: marker,
                SOURCE_TAG: source_tag(asset.id),
                KIND_TAG: asset.kind,
                **granted_tags(grants),
                **({TOPIC_TAG: "yes"} if topic is not None else {}),
            },
            topic=topic,
            workgroup=section.workgroup,
            space=asset.id.space,
        )
        _require_taken(asset.id, content)
        return _desired(container, name, content)

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        last = Content.read(last_body)
        topic = last.topic
        if topic is not None:
            text = one_line(f"{RETIRED_MARK}{topic.description}", LONGEST_TOPIC_TEXT)
            topic = replace(topic, name=_marked(topic.name), description=text)
        beside = {path: _marked(text) if path == NAME else text for path, text in last.beside.items()}
        marked = replace(
            last,
            former={},
            name=_marked(last.name),
            topic=topic,
            beside=beside,
            tags={**last.tags, STATUS_TAG: RETIRED, RETIRED_AT_TAG: at},
        )
        return _desired(container, name, marked)

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        return ()  # of what is shared, all of it

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        """The data sources and folders of these data sets."""
        return required_objects(map(Content.read, bodies))

    def operations(self, action: Action) -> tuple[str, ...]:
        return _OPERATIONS.get(action, ())

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        there, wanted = Content.read(live), Content.read(desired)
        last = Content.read(last_written) if last_written is not None else None
        edited, kept = with_edits(last, there, wanted, policies)
        moved = () if last is None else own_changes(last, there)
        return Merged(merged_over(there, edited, last).body, kept, moved)

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        return last_body

    def with_tried(self, last_body: bytes, tried: bytes | None) -> bytes:
        last = Content.read(last_body)
        left = replace(last, topic=None).body if tried is None else tried
        return with_tried(last_body, self.own_fields(left, left))

    def as_written(self, last_body: bytes, live_body: bytes) -> bytes:
        written = as_written(last_body, live_body, noted=_NOTED)
        if written is last_body:
            return last_body
        return left_by(Content.read(last_body), Content.read(written), Content.read(live_body)).body

    def as_seen(self, written: bytes, live_body: bytes) -> bytes:
        """With the labels by which a topic may still know columns that have another one in the data set by now."""
        live = Content.read(live_body)
        former = former_labels(live, Content.read(written))
        return replace(live, former=former).body if former else live_body

    def restored(self, before: bytes, after: bytes, live_body: bytes) -> bytes:
        return merged_over(Content.read(live_body), Content.read(before), Content.read(after)).body

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        return tuple(change.path for change in self.own_changes(after, live_body))

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        return own_changes(Content.read(before), Content.read(after))

    def would_write(self, base: bytes, live_body: bytes, merged_body: bytes) -> bool:
        return bool(self.changes(live_body, merged_body))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        last, live = Content.read(last_body), Content.read(live_body)
        return not last.beside and last.shown == live.shown and last.others == live.others

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        if before is None or after is None:
            return super().changes(_told(before), _told(after))
        then, now = Content.read(before), Content.read(after)
        return (*own_changes(then, now), *foreign_changes(then, now))

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        return foreign_changes(Content.read(last_body), Content.read(live_body))

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        content = Content.read(written)
        return replace(content.with_texts(content.beside), beside={}).body

    def fingerprint(self, body: bytes) -> Digest:
        return Digest(Content.read(body).digest)

    def claim_of(self, body: bytes) -> Digest | None:
        return None

    def marks(self, body: bytes) -> Marks:
        tags = Content.read(body).tags
        return Marks(
            owner=tags.get(OWNER_TAG),
            source=tags.get(SOURCE_TAG),
            kind=tags.get(KIND_TAG),
            retired=tags.get(STATUS_TAG) == RETIRED,
            retired_at=tags.get(RETIRED_AT_TAG),
        )

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        told = str(asset) if live.source == source_tag(asset) else live.source
        return super().foreign_because(replace(live, source=told), asset, marker, last_body)

    def is_text(self, path: str) -> bool:
        return is_text(path)

    def policy_of(self, path: str, policies: DriftPolicies) -> DriftPolicy:
        return policy_of(path, policies)

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        """A column of another name is lost to whoever used the former one."""
        return Severity.BREAKING if relabelled(changes) else super().severity(changes)

    def changes_access(self, changes: tuple[FieldChange, ...]) -> bool:
        """Only where owners or viewers change; that a data set is gone is its deletion."""
        return bool(self.access_changes(changes))

    def access_changes(self, changes: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        return tuple(change for change in changes if is_of_grants(change.path))

    def access_of_new(self, body: bytes) -> tuple[FieldChange, ...]:
        return new_grants(Content.read(body))

    def told_of_access(self, changed: Sequence[AccessChange]) -> AccessAccount:
        return AccessAccount(told_of_grants(self.access_changes(each.changes) for each in changed))

    @property
    def object_word(self) -> str:
        return "data set"

    def findings(self, asset: AssetId, at: Address, changes: tuple[FieldChange, ...]) -> tuple[Problem, ...]:
        return renaming_findings(asset, at.name, changes)

    @property
    def conflict_remedy(self) -> str:
        return NOT_OURS

    @property
    def taken_remedy(self) -> str:
        back = f"With the tags {OWNER_TAG} and {SOURCE_TAG} back it is ours again, and the next sync writes it anew."
        return f"{NOT_OURS} {back}"

    @property
    def service(self) -> str:
        return "QuickSight"

    def drift_kind(self, path: str) -> DriftKind:
        if path == NAME:
            return DriftKind.DESCRIPTION
        if is_text(path):
            return DriftKind.COMMENTS
        return DriftKind.COLUMNS if path.startswith("columns.") else DriftKind.OTHER

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
        return Explanation((f"data set {name} in folder {container}: both follow from installation and asset",), (), ())


def source_id(marker: str, workgroup: str) -> str:
    """The id of our data source of a workgroup."""
    return _derived(PhysicalName("spheresync_athena"), [marker, workgroup])


def source_tag(asset: AssetId) -> str:
    """How a tag names an asset: tags take neither all characters nor any length."""
    spelled = str(asset)
    return spelled if _TAG_VALUE.fullmatch(spelled) else f"{plain_name(spelled)}:{digest_json(asset.to_json())[-32:]}"


def _address(asset: AssetId, whose: list[JsonValue]) -> Address:
    folder, own = [*whose, asset.space], [*whose, asset.space, asset.name]
    return Address(_derived(plain_name(asset.space), folder), _derived(plain_name(asset.name), own))


def _derived(plain: PhysicalName, source: Sequence[JsonValue]) -> PhysicalName:
    return hashed_name(PhysicalName(plain[:_LONGEST_PLAIN]), digest_json([*source]), digits=_DIGITS)


def _desired(container: PhysicalName, name: PhysicalName, content: Content) -> DesiredObject:
    return DesiredObject(container, name, content.body, Digest(content.digest))


def _marked(name: str) -> str:
    return name if name.startswith(RETIRED_MARK) else one_line(f"{RETIRED_MARK}{name}", LONGEST_NAME)


def _about(asset: Asset, decision: Decision, label: str) -> str:
    said = label
    if decision.description is not None:
        said = fill(decision.description, asset.id, asset.kind, label, decision.prefix)
    return one_line(said, LONGEST_TOPIC_TEXT)


def _told(body: bytes | None) -> bytes | None:
    return None if not body else canonical_json(dict(Content.read(body).shown))


def _require_taken(asset: AssetId, content: Content) -> None:
    """Let a data set pass that QuickSight takes.

    Raises:
        TargetError: INVALID, and what of it is too much.
    """
    count, transforms = len(content.columns), len(transforms_of(content.columns))
    fault = ""
    if not count:
        fault = "has no column that QuickSight can show"
    elif count > MOST_COLUMNS:
        fault = f"has {counted(count, 'column')}, {MOST_COLUMNS} at most"
    elif transforms > MOST_TRANSFORMS:
        steps = counted(transforms, "step")
        fault = f"takes {steps} for the names and descriptions of its columns, {MOST_TRANSFORMS} at most"
    if fault:
        raise TargetError(TargetFault.INVALID, f"{asset}: its data set {fault}.", remedy=_FEWER)


QUICK_SIGHT_DESIGN = QuickSightDesign()
