"""Topics of the second version: data sets and how they relate; what columns mean stands on the data sets.

UNVERIFIED on AWS: that they share ids and ARNs with those of the first version, and are not found by its calls; that an
update without PublishOption publishes; that both ends of a relation have to be data sets of the topic, with as many
columns. Drafts are not known here, and refused.
"""

from __future__ import annotations

from abc import ABC

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.quicksight.assets import some_of
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.quicksight.topics import TOPIC_MEMBERS, Topics, once, topic_described, topic_summary
from spheresync.dog.services.wire import Json


class TopicsV2(Topics, ABC):
    """Their operations."""

    @writes("CreateTopicV2")
    def create_topic_v2(self, call: Call) -> Json:
        asked = self._asked(call, "Topic", "Tags", "FolderArns", "CustomInstructions")
        made = self._new(Kind.TOPIC_V2, call)
        made.content = self._topic_v2_definition(asked)
        self._keep(Kind.TOPIC_V2, made)
        return self._answer(call, Arn=made.arn, TopicId=made.id)

    @writes("UpdateTopicV2")
    def update_topic_v2(self, call: Call) -> Json:
        """Nothing of the former definition is kept."""
        asked = self._asked(call, "Topic", "CustomInstructions", "PublishOption")
        asset = self._named(Kind.TOPIC_V2, call)
        if asked.get("PublishOption", "PUBLISH") != "PUBLISH":
            raise invalid("The double of QuickSight knows no drafts of topics.")
        self._change(asset, self._topic_v2_definition(asked), call)
        return self._answer(call, Arn=asset.arn, TopicId=asset.id)

    @reads("DescribeTopicV2")
    def describe_topic_v2(self, call: Call) -> Json:
        self._asked(call)
        return self._answer(call, **topic_described(self._named(Kind.TOPIC_V2, call)))

    @writes("DeleteTopicV2")
    def delete_topic_v2(self, call: Call) -> Json:
        gone = self._delete(Kind.TOPIC_V2, call)
        return self._answer(call, Arn=gone.arn, TopicId=gone.id)

    @reads("ListTopicsV2")
    def list_topics_v2(self, call: Call) -> Json:
        self._asked(call)
        return self.page("TopicSummaryList", [topic_summary(asset) for asset in self._all(Kind.TOPIC_V2)], call)

    @reads("DescribeTopicPermissionsV2")
    def describe_topic_permissions_v2(self, call: Call) -> Json:
        return self._permissions(Kind.TOPIC_V2, call)

    @writes("UpdateTopicPermissionsV2")
    def update_topic_permissions_v2(self, call: Call) -> Json:
        return self._change_permissions(Kind.TOPIC_V2, call)

    def _topic_v2_definition(self, asked: Json) -> Json:
        topic = asked["Topic"]
        arns = [each["DataSetArn"] for each in topic.get("DataSets", [])]
        once("data set", arns)
        columns = {arn: self._of_data_set(arn) for arn in arns}
        for relation in topic.get("DataSetRelations", []):
            ends = (relation["Left"], relation["Right"])
            for end in ends:
                if end["DataSetArn"] not in columns:
                    raise invalid(f"The data set {end['DataSetArn']} of a relation is not one of the topic.")
                for name in end["ColumnNames"]:
                    columns[end["DataSetArn"]].named(name)
            if len(ends[0]["ColumnNames"]) != len(ends[1]["ColumnNames"]):
                raise invalid("Both ends of a relation must name as many columns.")
        return some_of(asked, *TOPIC_MEMBERS)
