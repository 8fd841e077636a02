"""Reads a data set with its topic, rights, tags and folders: what an update has to give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spheresync.model import LiveObject, PhysicalName
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.quicksight.answers import Described, content_of
from spheresync.targets.quicksight.content import OWNER_TAG, SOURCE_TAG, TOPIC_TAG
from spheresync.targets.quicksight.design import QUICK_SIGHT_DESIGN
from spheresync.targets.quicksight.permissions import Shared
from spheresync.targets.quicksight.service import ABSENT, QuickSightService

UNVERSIONED = "-"
"""In the place of a version: data sets have none, so a write always reads what is there."""


class DataSetReader:
    """Looks at data sets of one account and Region."""

    def __init__(self, service: QuickSightService) -> None:
        self._service = service

    async def look(self, container: PhysicalName, name: PhysicalName, *, subject: str) -> LiveObject | None:
        """A data set with its topic; None where there is no such data set."""
        service = self._service
        described = await service.found("DescribeDataSet", {"DataSetId": name}, subject=subject)
        if described is None:
            return None
        data_set: Mapping[str, Any] = described["DataSet"]
        arn = service.arn("dataset", name)
        try:
            tags = await service.tags(arn, subject=subject)
            answers = Described(
                data_set,
                await service.grants(Shared.DATA_SET, name, subject=subject),
                tags,
                await service.folders(arn, subject=subject),
            )
        except AwsError as error:
            if error.code == ABSENT:  # it went while it was read
                return None
            raise
        if TOPIC_TAG in tags and await self.topic_owner(name, subject=subject) == tags.get(OWNER_TAG):
            topic = await service.found("DescribeTopic", {"TopicId": name}, subject=subject)
            if topic is not None:
                grants = await service.grants(Shared.TOPIC, name, subject=subject)
                answers = replace(answers, topic=topic, topic_grants=grants)
        content = content_of(answers, folder=container, own_arns=service.own_arns)
        return LiveObject(
            container,
            name,
            UNVERSIONED,
            content.body,
            owner=tags.get(OWNER_TAG),
            source=tags.get(SOURCE_TAG),
            digest=QUICK_SIGHT_DESIGN.fingerprint(content.body),
            intact=True,
            changed_at=data_set.get("LastUpdatedTime"),
        )

    async def topic_owner(self, name: PhysicalName, *, subject: str) -> str | None:
        """By whose mark a topic of that id stands there: empty where it has none, None where there is no topic.

        That its data set is to have one says nothing: somebody else's may stand under that id.
        """
        try:
            tags = await self._service.tags(self._service.arn("topic", name), subject=subject)
        except AwsError as error:
            if error.code == ABSENT:
                return None
            raise
        return tags.get(OWNER_TAG, "")
