"""The simulator behaves as was verified on AWS (reference: aws-catalogs.md 1), seen through plain boto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.simulators.glue_process import GlueSimulator, running_glue

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient


@pytest.fixture(scope="module")
def glue() -> Iterator[GlueSimulator]:
    with running_glue() as running:
        running.client().create_database(DatabaseInput={"Name": "Sales"})
        yield running


@pytest.fixture
def client(glue: GlueSimulator) -> Iterator[GlueClient]:
    opened = glue.client()
    yield opened
    opened.close()


def _code(error: pytest.ExceptionInfo[Exception]) -> str:
    from botocore.exceptions import ClientError

    assert isinstance(error.value, ClientError)
    return error.value.response["Error"].get("Code", "")


def test_names_fold_to_lower_case(client: GlueClient) -> None:
    client.create_table(DatabaseName="SALES", TableInput={"Name": "Upper"})
    assert client.get_table(DatabaseName="sales", Name="UPPER")["Table"]["Name"] == "upper"
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_table(DatabaseName="sales", TableInput={"Name": "upper"})


def test_versions_count_from_zero_and_a_stale_one_changes_nothing(client: GlueClient) -> None:
    client.create_table(DatabaseName="sales", TableInput={"Name": "v", "Description": "0"})
    client.update_table(DatabaseName="sales", TableInput={"Name": "v", "Description": "1"}, VersionId="0")
    with pytest.raises(client.exceptions.ConcurrentModificationException):
        client.update_table(DatabaseName="sales", TableInput={"Name": "v", "Description": "2"}, VersionId="0")
    client.update_table(DatabaseName="sales", TableInput={"Name": "v", "Description": "3"}, SkipArchive=True)
    versions = client.get_table_versions(DatabaseName="sales", TableName="v")["TableVersions"]
    assert [(v["VersionId"], v["Table"]["Description"]) for v in versions] == [("2", "3"), ("0", "0")]
    with pytest.raises(client.exceptions.InvalidInputException):
        client.delete_table_version(DatabaseName="sales", TableName="v", VersionId="2")


def test_an_update_replaces_everything(client: GlueClient) -> None:
    client.create_table(DatabaseName="sales", TableInput={"Name": "r", "Owner": "me", "Parameters": {"a": "b"}})
    client.update_table(DatabaseName="sales", TableInput={"Name": "r"})
    table = client.get_table(DatabaseName="sales", Name="r")["Table"]
    assert "Owner" not in table
    assert table["Parameters"] == {}


def test_lengths_are_bytes(client: GlueClient) -> None:
    client.create_table(DatabaseName="sales", TableInput={"Name": "fits", "Description": "ä" * 1024})
    for table in ({"Description": "ä" * 1025}, {"Parameters": {"k": "v" * 512_001}}, {"Owner": "o" * 256}):
        with pytest.raises(client.exceptions.InvalidInputException):
            client.create_table(DatabaseName="sales", TableInput={"Name": "over", **table})  # type: ignore[typeddict-item]  # mypy cannot unpack a plain dict into it


def test_pages_are_honoured(glue: GlueSimulator, client: GlueClient) -> None:
    client.create_database(DatabaseInput={"Name": "paged"})
    for number in range(7):
        client.create_table(DatabaseName="paged", TableInput={"Name": f"t{number}"})
    first = client.get_tables(DatabaseName="paged", MaxResults=3)
    assert [table["Name"] for table in first["TableList"]] == ["t0", "t1", "t2"]
    pages = list(client.get_paginator("get_tables").paginate(DatabaseName="paged", PaginationConfig={"PageSize": 3}))
    assert [len(page["TableList"]) for page in pages] == [3, 3, 1]


def test_calls_and_bytes_are_counted_and_logged(glue: GlueSimulator, client: GlueClient) -> None:
    glue.reset()
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.get_table(DatabaseName="sales", Name="nobody")
    counters = glue.counters()
    assert counters["calls"] == {"GetTable": 1}
    assert counters["refused"] == {"EntityNotFoundException": 1}
    assert counters["bytes_received"] > 0
    (entry,) = glue.log()
    assert (entry["operation"], entry["name"], entry["outcome"]) == ("GetTable", "nobody", "EntityNotFoundException")


def test_asking_sts_is_seen(glue: GlueSimulator) -> None:
    import boto3

    glue.reset()
    sts = boto3.client("sts")
    sts.get_caller_identity()
    sts.close()
    assert glue.calls() == {"GetCallerIdentity": 1}


def test_a_denied_operation_is_typed_as_on_aws(glue: GlueSimulator, client: GlueClient) -> None:
    glue.fault("deny", "DeleteTable")
    with pytest.raises(Exception, match="not authorized to perform: glue:DeleteTable") as caught:
        client.delete_table(DatabaseName="sales", Name="upper")
    assert _code(caught) == "AccessDeniedException"
