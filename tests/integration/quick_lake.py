"""Glue and QuickSight of one account, for tests that hold on both ways to them: the dog's sessions and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.lake import clients_on

ACCOUNT = "123456789012"
ARN = f"arn:aws:quicksight:eu-central-1:{ACCOUNT}"
ANN, BOB = f"{ARN}:user/default/ann", f"{ARN}:group/default/bob"
Json = dict[str, Any]

VIEWER = {
    "data_source": "DescribeDataSource DescribeDataSourcePermissions PassDataSource",
    "data_set": """DescribeDataSet DescribeDataSetPermissions PassDataSet DescribeIngestion ListIngestions
        DescribeRefreshSchedule ListRefreshSchedules""",
    "topic": "DescribeTopic",
    "folder": "DescribeFolder",
}
OWNER_TOO = {
    "data_source": "UpdateDataSource DeleteDataSource UpdateDataSourcePermissions",
    "data_set": """UpdateDataSet DeleteDataSet UpdateDataSetPermissions CreateIngestion CancelIngestion
        CreateRefreshSchedule UpdateRefreshSchedule DeleteRefreshSchedule DescribeDataSetRefreshProperties
        PutDataSetRefreshProperties DeleteDataSetRefreshProperties""",
    "topic": """UpdateTopic DeleteTopic DescribeTopicPermissions UpdateTopicPermissions DescribeTopicRefresh
        ListTopicRefreshSchedules DescribeTopicRefreshSchedule CreateTopicRefreshSchedule UpdateTopicRefreshSchedule
        DeleteTopicRefreshSchedule""",
    "folder": """CreateFolder UpdateFolder DeleteFolder CreateFolderMembership DeleteFolderMembership
        DescribeFolderPermissions UpdateFolderPermissions""",
}
"""What an owner of each kind may do besides."""


def viewer(kind: str) -> list[str]:
    return [f"quicksight:{name}" for name in VIEWER[kind].split()]


def owner(kind: str) -> list[str]:
    return [*viewer(kind), *(f"quicksight:{name}" for name in OWNER_TOO[kind].split())]


def refusal(call: Callable[[], object]) -> str:
    """The code and the text by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response["Error"]
    assert error["Message"]
    return f"{error['Code']}: {error['Message']}"


def code(call: Callable[[], object]) -> str:
    return refusal(call).partition(":")[0]


@dataclass(frozen=True)
class QuickLake:
    """Two clients of one account. Database `d` has the table `t` of `a`, `b` and `c`; `athena` is a data source."""

    glue: Any
    client: Any

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """An operation of QuickSight on this account."""
        operation = getattr(self.client, method)

        def call(**parameters: Any) -> Any:
            return operation(**{"AwsAccountId": ACCOUNT, **parameters})

        return call

    def make_table(self, name: str, columns: tuple[str, ...] = ("a", "b", "c"), **members: Any) -> None:
        storage = {"Columns": [{"Name": column, "Type": "int"} for column in columns]} | members
        self.glue.create_table(DatabaseName="d", TableInput={"Name": name, "StorageDescriptor": storage})

    def make_data_source(self, own_id: str = "athena", **members: Any) -> Any:
        usual = {"Name": "Athena", "Type": "ATHENA", "DataSourceParameters": athena("primary")}
        return self.create_data_source(DataSourceId=own_id, **{**usual, **members})

    def make_data_set(self, own_id: str = "s", *transforms: Json, **members: Any) -> Any:
        return self.create_data_set(DataSetId=own_id, **data_set(*transforms, **members))

    def change_data_set(self, own_id: str, *transforms: Json, **members: Any) -> Any:
        return self.update_data_set(DataSetId=own_id, **data_set(*transforms, **members))

    def data_set(self, own_id: str = "s") -> Json:
        described: Json = self.describe_data_set(DataSetId=own_id)["DataSet"]
        return described

    def columns(self, own_id: str = "s") -> list[str]:
        return [column["Name"] for column in self.data_set(own_id)["OutputColumns"]]

    def make_topic(self, own_id: str = "q", *columns: Json, **members: Any) -> Any:
        return self.create_topic(TopicId=own_id, Topic=topic(*columns, **members))


def athena(workgroup: str) -> Json:
    return {"AthenaParameters": {"WorkGroup": workgroup}}


def physical(*columns: str, **members: Any) -> Json:
    table = {
        "DataSourceArn": f"{ARN}:datasource/athena",
        "Catalog": "AwsDataCatalog",
        "Schema": "d",
        "Name": "t",
        "InputColumns": [{"Name": name, "Type": "INTEGER"} for name in columns or ("a", "b", "c")],
    }
    return {"p": {"RelationalTable": {**table, **members}}}


def data_set(*transforms: Json, **members: Any) -> Json:
    logical: Json = {"Alias": "t", "Source": {"PhysicalTableId": "p"}}
    if transforms:
        logical["DataTransforms"] = [*transforms]
    usual = {"Name": "S", "PhysicalTableMap": physical(), "LogicalTableMap": {"l": logical}}
    return {**usual, "ImportMode": "DIRECT_QUERY", **members}


def rename(name: str, new: str) -> Json:
    return {"RenameColumnOperation": {"ColumnName": name, "NewColumnName": new}}


def describe(name: str, text: str) -> Json:
    return tag(name, {"ColumnDescription": {"Text": text}})


def tag(name: str, *tags: Json) -> Json:
    return {"TagColumnOperation": {"ColumnName": name, "Tags": [*tags]}}


def topic(*columns: Json, **members: Any) -> Json:
    return {"Name": "Q", "DataSets": [{"DatasetArn": f"{ARN}:dataset/s", "Columns": [*columns], **members}]}


@contextmanager
def quick_lake_on(way: str, folder: Path) -> Iterator[QuickLake]:
    with clients_on(way, folder) as client_of:
        lake = QuickLake(client_of("glue"), client_of("quicksight"))
        lake.glue.create_database(DatabaseInput={"Name": "d"})
        lake.make_table("t", Location="s3://lake/t/")
        lake.make_data_source()
        yield lake
