"""Topics: what may be asked of data sets in words. Those of the first version.

UNVERIFIED on AWS: that Name has to be given; that a topic names each data set, and each of its columns, once; that it
may only name columns that the data set has; the ARN and the id of a refresh, which is a number here, and that only the
newest is remembered. Refreshes are done when they are described.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.quicksight.assets import Asset, some_of
from spheresync.dog.services.quicksight.columns import Columns
from spheresync.dog.services.quicksight.data_sets import DataSets
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.wire import Json, ServiceError

TOPIC_MEMBERS = ("Topic", "CustomInstructions")
_REFRESH = "RefreshId"


class Topics(DataSets, ABC):
    """Their operations."""

    @writes("CreateTopic")
    def create_topic(self, call: Call) -> Json:
        asked = self._asked(call, "Topic", "Tags", "FolderArns", "CustomInstructions")
        made = self._new(Kind.TOPIC, call)
        made.content = self._topic_definition(asked, 1)
        self._keep(Kind.TOPIC, made)
        return self._answer(call, Arn=made.arn, TopicId=made.id, RefreshArn=_refresh_arn(made))

    @writes("UpdateTopic")
    def update_topic(self, call: Call) -> Json:
        """Nothing of the former definition is kept."""
        asked = self._asked(call, "Topic", "CustomInstructions")
        asset = self._named(Kind.TOPIC, call)
        self._change(asset, self._topic_definition(asked, int(asset.content[_REFRESH]) + 1), call)
        return self._answer(call, Arn=asset.arn, TopicId=asset.id, RefreshArn=_refresh_arn(asset))

    @reads("DescribeTopic")
    def describe_topic(self, call: Call) -> Json:
        self._asked(call)
        return self._answer(call, **topic_described(self._named(Kind.TOPIC, call)))

    @writes("DeleteTopic")
    def delete_topic(self, call: Call) -> Json:
        gone = self._delete(Kind.TOPIC, call)
        return self._answer(call, Arn=gone.arn, TopicId=gone.id)

    @reads("ListTopics")
    def list_topics(self, call: Call) -> Json:
        self._asked(call)
        return self.page("TopicsSummaries", [topic_summary(asset) for asset in self._all(Kind.TOPIC)], call)

    @reads("DescribeTopicRefresh")
    def describe_topic_refresh(self, call: Call) -> Json:
        asked = self._asked(call, _REFRESH)
        asset = self._named(Kind.TOPIC, call)
        if asked[_REFRESH] != asset.content[_REFRESH]:
            raise ServiceError("ResourceNotFoundException", f"Refresh {asked[_REFRESH]} is not found.")
        details = {"RefreshArn": _refresh_arn(asset), _REFRESH: asked[_REFRESH], "RefreshStatus": "COMPLETED"}
        return self._answer(call, RefreshDetails=details)

    @reads("DescribeTopicPermissions")
    def describe_topic_permissions(self, call: Call) -> Json:
        return self._permissions(Kind.TOPIC, call)

    @writes("UpdateTopicPermissions")
    def update_topic_permissions(self, call: Call) -> Json:
        return self._change_permissions(Kind.TOPIC, call)

    def _topic_definition(self, asked: Json, refresh: int) -> Json:
        topic = asked["Topic"]
        if "Name" not in topic:
            raise invalid("Topic.Name is required.")
        described = topic.get("DataSets", [])
        once("data set", (each["DatasetArn"] for each in described))
        for each in described:
            _check_data_set(each, self._of_data_set(each["DatasetArn"]))
        return {**some_of(asked, *TOPIC_MEMBERS), _REFRESH: str(refresh)}


def topic_described(asset: Asset) -> Json:
    """As DescribeTopic gives it."""
    return {"Arn": asset.arn, "TopicId": asset.id, **some_of(asset.content, *TOPIC_MEMBERS)}


def topic_summary(asset: Asset) -> Json:
    named = some_of(asset.content["Topic"], "Name", "UserExperienceVersion")
    return {"Arn": asset.arn, "TopicId": asset.id, **named}


def once(what: str, names: Iterable[str]) -> None:
    """Raises:
    ServiceError: a name comes twice.
    """
    met: set[str] = set()
    for name in names:
        if name in met:
            raise invalid(f"The topic names the {what} {name} twice.")
        met.add(name)


def _check_data_set(described: Json, columns: Columns) -> None:
    own = [column["ColumnName"] for column in described.get("Columns", [])]
    calculated = [field["CalculatedFieldName"] for field in described.get("CalculatedFields", [])]
    once("column", [*own, *calculated])
    once("entity", (entity["EntityName"] for entity in described.get("NamedEntities", [])))
    for name in [*own, *_named_fields(described)]:
        if name not in calculated:
            columns.named(name)
    for name in calculated:
        if columns.holds(name):
            raise invalid(f"The calculated field {name} has the name of a column.")


def _named_fields(described: Json) -> Iterable[str]:
    """Fields that a topic's data set names beside its columns."""
    default = described.get("DataAggregation", {}).get("DefaultDateColumnName")
    if default is not None:
        yield default
    for each in described.get("Filters", []):
        yield each["OperandFieldName"]
    for entity in described.get("NamedEntities", []):
        for part in [*entity.get("Definition", []), *entity.get("Sort", [])]:
            if "FieldName" in part:
                yield part["FieldName"]


def _refresh_arn(asset: Asset) -> str:
    return f"{asset.arn}/refresh/{asset.content[_REFRESH]}"
