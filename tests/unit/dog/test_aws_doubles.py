"""Doubles in the embedded AWS: the log brings every process to the same answers, whole or compacted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, ClassVar, Self
from unittest import mock

import pytest
from botocore.exceptions import ClientError

import spheresync
from spheresync.dog.aws import embedded_session_factory
from spheresync.dog.aws_log import AWS_LOG_FILE
from spheresync.dog.services.registry import DOUBLES, double_named
from spheresync.errors import StateError
from tests.simulators.datazone_import import run_data_source
from tests.unit.dog.services.example_times import BEGIN, time_of
from tests.unit.dog.services.examples import EXAMPLES

ADDER = """
import sys
from pathlib import Path
from spheresync.dog.aws import embedded_session_factory

lf = embedded_session_factory(Path(sys.argv[1]), compact_bytes=int(sys.argv[2]))().client("lakeformation")
for number in range(20):
    lf.update_lf_tag(TagKey="k", TagValuesToAdd=[f"{sys.argv[3]}{number}"])
"""
TABLE = {"Table": {"DatabaseName": "d", "Name": "t"}}
every_double = pytest.mark.parametrize("name", [double.name for double in DOUBLES])


class Clock(datetime):
    """The examples name what they make by ids, which come of the times of the calls."""

    moment: ClassVar[datetime]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromisoformat(cls.moment.astimezone(tz).isoformat())


@pytest.fixture(autouse=True)
def no_user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


def client_in(folder: Path, service: str = "lakeformation", **settings: int) -> Any:
    session: Any = embedded_session_factory(folder, **settings)()
    return session.client(service)


def with_table(folder: Path) -> None:
    glue = client_in(folder, "glue")
    glue.create_database(DatabaseInput={"Name": "d"})
    columns = [{"Name": name, "Type": "int"} for name in "ab"]
    storage = {"Columns": columns, "Location": "s3://lake/t/"}
    glue.create_table(DatabaseName="d", TableInput={"Name": "t", "StorageDescriptor": storage})


def call(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """An answer, or the code of the refusal."""
    methods = {known: name for name, known in client.meta.method_to_api_mapping.items()}
    try:
        answer: dict[str, Any] = getattr(client, methods[operation])(**parameters)
    except ClientError as error:
        return error.response["Error"]
    for named in ("ResponseMetadata", "RequestId"):
        answer.pop(named, None)
    return answer


def content(client: Any, name: str = "lakeformation") -> list[dict[str, Any]]:
    """The answer to every read of the examples."""
    known = double_named(name).operations
    return [
        call(client, operation, parameters) for operation, parameters in EXAMPLES[name] if not known[operation].writes
    ]


def with_examples(folder: Path, name: str = "lakeformation") -> Any:
    client = client_in(folder, double_named(name).service)
    with mock.patch("spheresync.dog.aws_services.datetime", Clock):
        Clock.moment = BEGIN - timedelta(seconds=1)
        with_table(folder)
        for number, (operation, parameters) in enumerate(EXAMPLES[name]):
            Clock.moment = time_of(number)
            assert "Code" not in call(client, operation, parameters), operation
    return client


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / AWS_LOG_FILE).read_bytes().splitlines()[1:]]


@every_double
def test_another_process_finds_the_same(tmp_path: Path, name: str) -> None:
    client = with_examples(tmp_path, name)
    other = client_in(tmp_path, double_named(name).service)
    assert content(other, name) == content(client, name)


@every_double
def test_a_compacted_log_says_the_same(tmp_path: Path, name: str) -> None:
    client, service = with_examples(tmp_path, name), double_named(name).service
    before = content(client, name)
    compacting = client_in(tmp_path, service, compact_bytes=1)
    for reader in (compacting, client, client_in(tmp_path, service)):
        assert content(reader, name) == before
    assert log_of(tmp_path)[-1]["operation"] == "LoadDump"


def test_tags_are_among_what_is_found(tmp_path: Path) -> None:
    client = with_examples(tmp_path)
    assert {"TagKey": "k", "TagValues": ["v", "x"], "CatalogId": "123456789012"} in content(client)


def test_a_compaction_changes_no_answer(tmp_path: Path) -> None:
    client = with_examples(tmp_path)
    before, lines = content(client), len(log_of(tmp_path))
    compacting = client_in(tmp_path, compact_bytes=1)
    compacting.list_lf_tags()
    assert [entry["operation"] for entry in log_of(tmp_path)][-1] == "LoadDump"
    assert len(log_of(tmp_path)) < lines
    for reader in (client, compacting, client_in(tmp_path)):
        assert content(reader) == before
    client_in(tmp_path, "glue").delete_table(DatabaseName="d", Name="t")
    with_tables_gone = client.list_permissions(Resource={"Database": {"Name": "d"}})
    assert len(with_tables_gone["PrincipalResourcePermissions"]) == 1
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.get_resource_lf_tags(Resource=TABLE)


def test_a_log_of_glue_alone_still_opens_and_its_tables_are_open_to_everyone(tmp_path: Path) -> None:
    with_table(tmp_path)
    assert all(set(entry) == {"at", "operation", "parameters"} for entry in log_of(tmp_path))
    (grant,) = client_in(tmp_path).list_permissions(Resource=TABLE)["PrincipalResourcePermissions"]
    assert grant["Permissions"] == ["ALL"]


def test_reads_and_refused_calls_leave_no_trace(tmp_path: Path) -> None:
    client = with_examples(tmp_path)
    before = (tmp_path / AWS_LOG_FILE).read_bytes()
    content(client)
    with pytest.raises(client.exceptions.InvalidInputException):
        client.create_lf_tag(TagKey="k", TagValues=["v"])
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": "x"}, Resource={"Database": {"Name": "x"}}, Permissions=["ALL"]
        )
    assert (tmp_path / AWS_LOG_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("operation", "parameters"), [("NoSuchOperation", {}), ("GetLFTag", {"NoSuchMember": 1}), ("CreateLFTag", {})]
)
def test_a_log_of_another_version_is_named(tmp_path: Path, operation: str, parameters: dict[str, Any]) -> None:
    client = with_examples(tmp_path)
    entry = {**log_of(tmp_path)[-1], "operation": operation, "parameters": parameters}
    with (tmp_path / AWS_LOG_FILE).open("a") as log:
        log.write(json.dumps(entry) + "\n")
    for reader in (client, client_in(tmp_path)):
        with pytest.raises(StateError, match=rf"lakeformation {operation} of another version"):
            reader.list_lf_tags()


def test_there_is_one_data_catalog(tmp_path: Path) -> None:
    client = with_examples(tmp_path)
    with pytest.raises(client.exceptions.EntityNotFoundException):
        client.list_lf_tags(CatalogId="999999999999")


def test_no_two_calls_have_the_same_time(tmp_path: Path) -> None:
    with_examples(tmp_path)
    for number in range(3):
        client_in(tmp_path).create_lf_tag(TagKey=f"n{number}", TagValues=["v"])
    times = [entry["at"] for entry in log_of(tmp_path)]
    assert times == sorted(set(times))


def test_a_log_from_the_future_is_gone_on_with(tmp_path: Path) -> None:
    client = with_examples(tmp_path)
    path = tmp_path / AWS_LOG_FILE
    header, *lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + b"".join(line.replace(b'"at":"20', b'"at":"21') for line in lines))
    client = client_in(tmp_path)
    client.create_lf_tag(TagKey="later", TagValues=["v"])
    times = [entry["at"] for entry in log_of(tmp_path)]
    assert times == sorted(set(times))


@pytest.mark.parametrize("compact_bytes", [10_000_000, 2_000])
def test_two_processes_lose_no_write(tmp_path: Path, compact_bytes: int) -> None:
    client = client_in(tmp_path)
    client.create_lf_tag(TagKey="k", TagValues=["v"])
    environment = os.environ | {"PYTHONPATH": str(Path(spheresync.__file__).resolve().parents[1])}
    processes = [
        subprocess.Popen([sys.executable, "-c", ADDER, str(tmp_path), str(compact_bytes), name], env=environment)
        for name in ("a", "b")
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    expected = {"v", *(f"{name}{number}" for name in "ab" for number in range(20))}
    assert set(client.get_lf_tag(TagKey="k")["TagValues"]) == expected


def zone_content(client: Any) -> list[dict[str, Any]]:
    domain = {"domainIdentifier": "dzd_x1"}
    found = client.search(**domain, searchScope="ASSET", additionalAttributes=["FORMS"])["items"]
    assets = [client.get_asset(**domain, identifier=each["assetItem"]["identifier"]) for each in found]
    for answer in assets:
        answer.pop("ResponseMetadata")
    return [*found, *assets, *client.search(**domain, searchScope="GLOSSARY_TERM")["items"]]


@pytest.mark.parametrize("compact_bytes", [10_000_000, 1])
def test_a_domain_is_the_same_for_every_process_whole_or_compacted(tmp_path: Path, compact_bytes: int) -> None:
    with_table(tmp_path)
    client = client_in(tmp_path, "datazone", compact_bytes=compact_bytes)
    owner = {"domainIdentifier": "dzd_x1", "owningProjectIdentifier": "p1"}
    glossary = client.create_glossary(**owner, name="SAP", clientToken="once")["id"]
    client.create_glossary_term(domainIdentifier="dzd_x1", glossaryIdentifier=glossary, name="Customer")
    assert run_data_source(client, "d", publish=True)["added"] == 1
    event = b'{"eventTime": "2026-11-27T00:00:00Z", "run": {"runId": "r"}, "job": {"name": "j", "namespace": "n"}}'
    posted = client.post_lineage_event(domainIdentifier="dzd_x1", event=event)["id"]
    before = zone_content(client)
    assert len(before) == 3
    other = client_in(tmp_path, "datazone")
    assert zone_content(other) == before
    assert other.create_glossary(**owner, name="SAP", clientToken="once")["id"] == glossary
    assert run_data_source(other, "d", publish=True)["unchanged"] == 1
    seen = [
        one.get_lineage_event(domainIdentifier="dzd_x1", identifier=posted)["processingStatus"]
        for one in (client, other, client)
    ]
    assert seen == ["REQUESTED", "PROCESSING", "SUCCESS"]
