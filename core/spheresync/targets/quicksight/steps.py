"""The calls that bring a data set and its topic from what stands there to what should. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from spheresync.model import JsonValue
from spheresync.targets.protocol import Operation
from spheresync.targets.quicksight.content import LEFT_BEHIND, OWNER_TAG, SOURCE_TAG, TAG, Content, Topic
from spheresync.targets.quicksight.permissions import Shared, changes_between
from spheresync.targets.quicksight.requests import ArnOf, data_set_request, topic_request

_ABSENT, _EXISTS = "ResourceNotFoundException", "ResourceExistsException"


@dataclass(frozen=True, slots=True)
class Step:
    """One call; `done_by` are codes that say that it was done before, `instead` what changes what is there already."""

    operation: str
    params: Mapping[str, JsonValue]
    done_by: frozenset[str] = frozenset()
    instead: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def is_tagging(self) -> bool:
        return self.operation in {"TagResource", "UntagResource"}


def steps_between(there: Content, wanted: Content, operation: Operation, arn_of: ArnOf) -> list[Step]:
    """What differs, in the order in which it can be done: a topic names columns that its data set has by then."""
    own_id, arn = str(operation.name), arn_of("dataset", operation.name)
    steps: list[Step] = []
    request = data_set_request(wanted, arn_of)
    if request != data_set_request(there, arn_of):
        steps.append(Step("UpdateDataSet", {"DataSetId": own_id, **request}))
    steps += _of_topic(there, wanted, own_id, arn, arn_of)
    if changes := changes_between(Shared.DATA_SET, there.grants, wanted.grants):
        steps.append(Step("UpdateDataSetPermissions", {"DataSetId": own_id, **changes}))
    if wanted.folder and wanted.folder != there.folder:
        named = {"FolderId": wanted.folder, "MemberId": own_id, "MemberType": "DATASET"}
        steps.append(Step("CreateFolderMembership", named, done_by=frozenset({_EXISTS})))
    for folder in _other_folders(wanted) - _other_folders(there):  # of others, where a data set is made again
        member = {"FolderId": folder, "MemberId": own_id, "MemberType": "DATASET"}
        steps.append(Step("CreateFolderMembership", member, done_by=frozenset({_EXISTS, _ABSENT})))
    return steps + _of_tags(there.tags, wanted.tags, arn)


def _other_folders(content: Content) -> frozenset[str]:
    arns = cast("list[str]", content.foreign.get("InFolders", []))
    return frozenset(arn.rpartition("/")[2] for arn in arns)


def _of_topic(there: Content, wanted: Content, own_id: str, arn: str, arn_of: ArnOf) -> list[Step]:
    if wanted.topic is None:
        gone = frozenset({_ABSENT})
        return [] if there.topic is None else [Step("DeleteTopic", {"TopicId": own_id}, done_by=gone)]
    request = topic_request(wanted, wanted.topic, arn)
    if there.topic is None:
        tags: list[JsonValue] = [{"Key": key, "Value": wanted.tags[key]} for key in (OWNER_TAG, SOURCE_TAG)]
        made: dict[str, JsonValue] = {"TopicId": own_id, **request, "Tags": tags}
        if wanted.folder:
            made["FolderArns"] = [arn_of("folder", wanted.folder)]
        steps = [Step("CreateTopic", made, instead={"TopicId": own_id, **request})]
        former = Topic("", "", ())
    else:
        former = there.topic
        same = request == topic_request(replace(there, topic=former), former, arn)
        # Columns that the data set has no more are in no request, so one that leaves them out is needed for them.
        same = same and former.foreign.get(LEFT_BEHIND) == wanted.topic.foreign.get(LEFT_BEHIND)
        steps = [] if same else [Step("UpdateTopic", {"TopicId": own_id, **request})]
    if changes := changes_between(Shared.TOPIC, former.grants, wanted.topic.grants):
        steps.append(Step("UpdateTopicPermissions", {"TopicId": own_id, **changes}))
    return steps


def _of_tags(there: Mapping[str, str], wanted: Mapping[str, str], arn: str) -> list[Step]:
    moved: list[JsonValue] = [
        {"Key": key, "Value": value} for key, value in sorted(wanted.items()) if there.get(key) != value
    ]
    gone: list[JsonValue] = [key for key in sorted(there) if key.startswith(TAG) and key not in wanted]
    steps = [Step("TagResource", {"ResourceArn": arn, "Tags": moved})] if moved else []
    return [*steps, Step("UntagResource", {"ResourceArn": arn, "TagKeys": gone})] if gone else steps
