"""QuickSight as a whole: each part builds on the one before, as data sets name data sources and topics data sets.

Users, groups, analyses and dashboards are not known here. Every answer has the status 200, where AWS also says 201
and 202.
"""

from __future__ import annotations

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.quicksight.assets import Asset, with_tags
from spheresync.dog.services.quicksight.folders import Folders
from spheresync.dog.services.quicksight.kinds import Kind
from spheresync.dog.services.wire import Json


class QuickSight(Folders):
    """One account's QuickSight in one Region."""

    name = "quicksight"
    service = "quicksight"

    @reads("ListTagsForResource")
    def list_tags_for_resource(self, call: Call) -> Json:
        tags = [{"Key": key, "Value": value} for key, value in self._tagged(call).tags.items()]
        return self._answer(call, Tags=tags)

    @writes("TagResource")
    def tag_resource(self, call: Call) -> Json:
        asset = self._tagged(call, "Tags")
        asset.tags = with_tags(asset.tags, call.parameters["Tags"])
        return self._answer(call)

    @writes("UntagResource")
    def untag_resource(self, call: Call) -> Json:
        """Keys that are not there are passed over (UNVERIFIED)."""
        asset = self._tagged(call, "TagKeys")
        gone = set(call.parameters["TagKeys"])
        asset.tags = {key: value for key, value in asset.tags.items() if key not in gone}
        return self._answer(call)

    def _tagged(self, call: Call, *known: str) -> Asset:
        return self._by_arn(self._asked(call, "ResourceArn", *known)["ResourceArn"], *Kind)
