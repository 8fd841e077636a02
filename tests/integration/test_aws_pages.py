"""What stands between this machine and AWS may answer in its place: a page with status 200 is no answer of Glue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from spheresync.config import DriftPolicies
from spheresync.errors import TargetError
from spheresync.model import PhysicalName
from spheresync.targets.aws.answer_shape import answer_of
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.glue.reads import GlueReader
from spheresync.targets.glue.target import GlueTarget

pytestmark = pytest.mark.anyio


@dataclass
class Answer:
    """What everything is answered with."""

    body: bytes = b""
    status: int = 200


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """For a test to fill."""
    said = Answer()

    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(said.status)
            self.send_header("content-length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *args: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        try:
            yield said
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "page",
    [
        b"<html><body>Sign in</body></html>",
        b"OK",
        b"[]",
        b'"x"',
        b'{"Table":{"Name":',
        b"{",
        b'{"Table":{}}}',
        b"{" * 9_000,
    ],
)
async def test_a_write_that_a_page_answers_is_in_doubt_and_not_done(answer: Answer, page: bytes) -> None:
    answer.body = page
    params = {"DatabaseName": "sales", "TableInput": {"Name": "t"}}
    with pytest.raises(AwsError) as caught:
        await AwsDoor().call("glue", "CreateTable", params, subject="SALES/T", write=True)
    assert caught.value.uncertain
    assert "SALES/T" in caught.value.message and caught.value.remedy


@pytest.mark.parametrize("status", [201, 202, 204, 206, 299])
async def test_a_write_that_another_status_answers_is_in_doubt_too(answer: Answer, status: int) -> None:
    answer.status = status
    params = {"DatabaseName": "sales", "Name": "t"}
    with pytest.raises(AwsError) as caught:
        await AwsDoor().call("glue", "DeleteTable", params, subject="SALES/T", write=True)
    assert caught.value.uncertain and str(status) in caught.value.message


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_a_write_that_is_answered_as_services_do_is_done(answer: Answer, body: bytes) -> None:
    answer.body = body
    params = {"DatabaseName": "sales", "Name": "t"}
    await AwsDoor().call("glue", "DeleteTable", params, subject="SALES/T", write=True)


@pytest.mark.parametrize("page", [b"<html></html>", b"", b"{}"])
async def test_a_listing_that_is_none_is_an_error_and_not_empty(answer: Answer, page: bytes) -> None:
    answer.body = page
    target = GlueTarget(AwsDoor(), owner="spheresync:test", drift=DriftPolicies())
    with pytest.raises(TargetError):
        await target.inventory(None)
    with pytest.raises(TargetError):
        await target.read(PhysicalName("sales"), PhysicalName("t"))


COLUMN: dict[str, Any] = {"Name": "id", "Type": "int", "Comment": "c", "Parameters": {"spheresync.name": "ID"}}
TABLE: dict[str, Any] = {
    "Name": "t",
    "Description": "d",
    "Parameters": {"spheresync.managed-by": "spheresync:test"},
    "StorageDescriptor": {"Columns": [COLUMN], "SerdeInfo": {"Parameters": {}}},
    "PartitionKeys": [COLUMN],
    "UpdateTime": 1.5,
    "VersionId": "7",
}
DATABASE: dict[str, Any] = {"Name": "sales", "Parameters": {}, "TargetDatabase": {"DatabaseName": "z"}}
ANSWERS: dict[str, dict[str, Any]] = {
    "GetTable": {"Table": TABLE},
    "GetTables": {"TableList": [TABLE]},
    "GetDatabase": {"Database": DATABASE},
    "GetDatabases": {"DatabaseList": [DATABASE]},
}
ODD: tuple[Any, ...] = (None, [], {}, "abc", 5, True, [None], [1], ["x"], {"a": 1}, [[]])


def misshapen(value: Any) -> Iterator[Any]:
    """The value with one part at a time, at any depth, of another kind or missing."""
    if isinstance(value, dict):
        for member, held in value.items():
            yield from ({**value, member: other} for other in (*ODD, *misshapen(held)))
            yield {name: kept for name, kept in value.items() if name != member}
    elif isinstance(value, list):
        yield from ([other] for held in value for other in (*ODD, *misshapen(held)))


@pytest.mark.parametrize("operation", ANSWERS)
async def test_an_answer_of_another_shape_is_told_as_that_or_read_and_never_something_unexpected(
    answer: Answer, operation: str
) -> None:
    door = AwsDoor()
    target = GlueTarget(door, owner="spheresync:test", drift=DriftPolicies())
    told = read = 0
    for other in misshapen(ANSWERS[operation]):
        answer.body = json.dumps(other).encode()
        try:
            if operation == "GetTable":
                await target.read(PhysicalName("sales"), PhysicalName("t"))
            elif operation == "GetTables":
                assert [page async for page in target.pages(PhysicalName("sales"))]
            elif operation == "GetDatabase":
                await GlueReader(door, "spheresync:test").database(PhysicalName("sales"))
            else:
                await target.inventory(frozenset())
        except TargetError as error:
            told += 1
            assert "sales" in error.message or "catalog" in error.message
            assert "AWS_ENDPOINT_URL" in error.remedy, error.message
        else:
            read += 1
    assert told > 20 and read > 0


def test_botocore_errors_of_this_program_are_not_taken_for_answers() -> None:
    def breaks(**_: object) -> dict[str, object]:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        answer_of(breaks, {}, None)
