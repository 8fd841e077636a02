"""Data sources: what QuickSight asks through. Those of Athena only.

UNVERIFIED on AWS: that AthenaParameters have to be given. The answers to Create and Update say that it goes on; it is
done when it is described. Whether the workgroup exists is not known here, so no data source fails.
"""

from __future__ import annotations

import re
from abc import ABC

from spheresync.dog.services.double import Call, reads, writes
from spheresync.dog.services.quicksight.assets import Asset, Assets, only_member, some_of, without
from spheresync.dog.services.quicksight.kinds import Kind, invalid
from spheresync.dog.services.wire import Json

_WORKGROUP = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_DEFINITION = ("Name", "DataSourceParameters", "SslProperties")


class DataSources(Assets, ABC):
    """Their operations."""

    @writes("CreateDataSource")
    def create_data_source(self, call: Call) -> Json:
        asked = self._asked(call, *_DEFINITION, "Type", "Permissions", "Tags", "FolderArns")
        made = self._new(Kind.DATA_SOURCE, call)
        if asked["Type"] != "ATHENA":
            raise invalid(f"The double of QuickSight has data sources of Type ATHENA only, not {asked['Type']}.")
        made.content = {**_definition(asked), "Type": "ATHENA", "Status": "CREATION_SUCCESSFUL"}
        self._keep(Kind.DATA_SOURCE, made)
        return self._answer(call, Arn=made.arn, DataSourceId=made.id, CreationStatus="CREATION_IN_PROGRESS")

    @writes("UpdateDataSource")
    def update_data_source(self, call: Call) -> Json:
        asked = self._asked(call, *_DEFINITION)
        asset = self._named(Kind.DATA_SOURCE, call)
        self._change(asset, {**_definition(asked), "Type": "ATHENA", "Status": "UPDATE_SUCCESSFUL"}, call)
        return self._answer(call, Arn=asset.arn, DataSourceId=asset.id, UpdateStatus="UPDATE_IN_PROGRESS")

    @reads("DescribeDataSource")
    def describe_data_source(self, call: Call) -> Json:
        self._asked(call)
        return self._answer(call, DataSource=_described(self._named(Kind.DATA_SOURCE, call)))

    @reads("ListDataSources")
    def list_data_sources(self, call: Call) -> Json:
        self._asked(call)
        return self.page("DataSources", [_described(asset) for asset in self._all(Kind.DATA_SOURCE)], call)

    @writes("DeleteDataSource")
    def delete_data_source(self, call: Call) -> Json:
        """Data sets on it stay, and can no longer be updated."""
        gone = self._delete(Kind.DATA_SOURCE, call)
        return self._answer(call, Arn=gone.arn, DataSourceId=gone.id)

    @reads("DescribeDataSourcePermissions")
    def describe_data_source_permissions(self, call: Call) -> Json:
        return self._permissions(Kind.DATA_SOURCE, call)

    @writes("UpdateDataSourcePermissions")
    def update_data_source_permissions(self, call: Call) -> Json:
        answer = self._change_permissions(Kind.DATA_SOURCE, call)
        return without(answer, "Permissions")


def _definition(asked: Json) -> Json:
    refusal = "DataSourceParameters must be AthenaParameters, as the Type is ATHENA."
    kind, parameters = only_member(asked.get("DataSourceParameters", {}), refusal)
    if kind != "AthenaParameters":
        raise invalid(refusal)
    if not _WORKGROUP.fullmatch(parameters.get("WorkGroup", "primary")):
        raise invalid(f"WorkGroup {parameters['WorkGroup']} is no name of a workgroup.")
    return some_of(asked, *_DEFINITION)


def _described(asset: Asset) -> Json:
    return {"Arn": asset.arn, "DataSourceId": asset.id, **asset.content, **asset.times}
