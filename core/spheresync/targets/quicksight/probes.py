"""Requests about what does not exist: the answers tell whether a call is permitted, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spheresync.model import JsonValue
from spheresync.targets.quicksight.permissions import VIEWER, Shared, entries
from spheresync.targets.quicksight.service import QuickSightService

_NONE = "spheresync-doctor-probe"
Params = Callable[[QuickSightService], Mapping[str, JsonValue]]


def _account(service: QuickSightService) -> dict[str, JsonValue]:
    return {"AwsAccountId": service.account}


def _of(kind: str) -> Params:
    return lambda service: {**_account(service), f"{kind}Id": _NONE}


def _shared(kind: str) -> Params:
    def params(service: QuickSightService) -> Mapping[str, JsonValue]:
        who = {service.arn("user", f"default/{_NONE}"): VIEWER}
        return {**_account(service), f"{kind}Id": _NONE, "GrantPermissions": entries(Shared(kind), who)}

    return params


def _definition(service: QuickSightService) -> dict[str, JsonValue]:
    table: JsonValue = {
        "DataSourceArn": service.arn("datasource", _NONE),
        "Name": _NONE,
        "InputColumns": [{"Name": "probe", "Type": "STRING"}],
    }
    return {
        **_account(service),
        "DataSetId": _NONE,
        "Name": _NONE,
        "ImportMode": "DIRECT_QUERY",
        "PhysicalTableMap": {"table": {"RelationalTable": table}},
    }


def _topic(service: QuickSightService) -> dict[str, JsonValue]:
    on: JsonValue = [{"DatasetArn": service.arn("dataset", _NONE)}]
    return {**_account(service), "TopicId": _NONE, "Topic": {"Name": _NONE, "DataSets": on}}


def _tagged(service: QuickSightService) -> dict[str, JsonValue]:
    return {"ResourceArn": service.arn("dataset", _NONE)}


PROBES: Mapping[str, Params] = {
    "DescribeDataSource": _of("DataSource"),
    "DescribeDataSet": _of("DataSet"),
    "CreateDataSet": _definition,
    "UpdateDataSet": _definition,
    "DeleteDataSet": _of("DataSet"),
    "DescribeDataSetPermissions": _of("DataSet"),
    "UpdateDataSetPermissions": _shared("DataSet"),
    "DescribeTopic": _of("Topic"),
    "CreateTopic": _topic,
    "UpdateTopic": _topic,
    "DeleteTopic": _of("Topic"),
    "DescribeTopicPermissions": _of("Topic"),
    "UpdateTopicPermissions": _shared("Topic"),
    "DescribeFolder": _of("Folder"),
    "CreateFolderMembership": lambda service: {
        **_account(service),
        "FolderId": _NONE,
        "MemberId": _NONE,
        "MemberType": "DATASET",
    },
    "ListFoldersForResource": lambda service: {**_account(service), **_tagged(service)},
    "ListTagsForResource": _tagged,
    "TagResource": lambda service: {**_tagged(service), "Tags": [{"Key": _NONE, "Value": "probe"}]},
    "UntagResource": lambda service: {**_tagged(service), "TagKeys": [_NONE]},
}
"""By call, what it is asked about; making a data source and a folder is found out by a sync."""
