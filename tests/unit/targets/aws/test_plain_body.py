"""Requests that are written past botocore's serialiser are the same, and every call that could be is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.serialize import JSONSerializer

from spheresync.targets.aws.plain_body import is_plain, write_plain_bodies

TABLE: dict[str, Any] = {
    "DatabaseName": "finance",
    "TableInput": {
        "Name": "größe",
        "Retention": 3,
        "Parameters": {"b": "2", "a": "1 \U0001f600 \ud800"},
        "StorageDescriptor": {
            "Compressed": True,
            "Columns": [{"Name": f"c{number}", "Type": "int", "Parameters": {"k": "v"}} for number in range(20)],
        },
        "PartitionKeys": [],
    },
}


class _Answered:
    """The raw answer of a service that says nothing."""

    def stream(self, **_: object) -> list[bytes]:
        return [b"{}"]


def _client(service: str, sent: list[AWSPreparedRequest]) -> Any:
    def answer(request: AWSPreparedRequest, **_: object) -> Any:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, _Answered())

    config = Config(parameter_validation=False)
    client: Any = boto3.client(  # type: ignore[call-overload]  # any service
        service, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b", config=config
    )
    client.meta.events.register("before-send", answer)
    return client


def _said(request: AWSPreparedRequest) -> dict[str, Any]:
    assert isinstance(request.body, bytes)
    said: dict[str, Any] = json.loads(request.body)
    return said


def test_sends_what_botocore_would_send() -> None:
    theirs: list[AWSPreparedRequest] = []
    ours: list[AWSPreparedRequest] = []
    _client("glue", theirs).create_table(**TABLE)
    client = _client("glue", ours)
    write_plain_bodies(client)
    client.create_table(**TABLE)
    assert ours[0].body == theirs[0].body
    told = ("X-Amz-Target", "Content-Type", "Content-Length")
    assert [ours[0].headers[name] for name in told] == [theirs[0].headers[name] for name in told]


def test_of_a_table_botocore_walks_no_member() -> None:
    sent: list[AWSPreparedRequest] = []
    client = _client("glue", sent)
    write_plain_bodies(client)
    serializer: Any = JSONSerializer
    with patch.object(serializer, "_serialize", autospec=True, side_effect=serializer._serialize) as walked:
        client.create_table(**TABLE)
    assert len(sent) == 1
    assert walked.call_count == 1  # of no parameters


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateDatabase", {"DatabaseInput": {"Name": "finance"}}),
        ("CreateTable", TABLE),
        ("UpdateTable", {**TABLE, "VersionId": "3", "SkipArchive": True}),
        ("DeleteTable", {"DatabaseName": "finance", "Name": "orders"}),
        ("GetTable", {"DatabaseName": "finance", "Name": "orders"}),
        ("GetTables", {"DatabaseName": "finance", "MaxResults": 100}),
    ],
)
def test_what_we_send_of_tables_and_databases_is_plain(operation: str, params: dict[str, Any]) -> None:
    assert is_plain(_client("glue", []).meta.service_model.operation_model(operation), params)


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_time_is_left_to_botocore(time: object) -> None:
    sent: list[AWSPreparedRequest] = []
    client = _client("glue", sent)
    write_plain_bodies(client)
    client.update_table(DatabaseName="finance", TableInput={"Name": "orders", "LastAccessTime": time})
    assert _said(sent[0])["TableInput"]["LastAccessTime"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_a_token_is_left_to_botocore() -> None:
    sent: list[AWSPreparedRequest] = []
    client = _client("athena", sent)
    write_plain_bodies(client)
    client.start_query_execution(QueryString="SELECT 1")
    assert _said(sent[0])["ClientRequestToken"]
