"""The embedded AWS: one catalog in the state folder for many threads and processes; no call leaves the machine."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import spheresync
from spheresync.dog.aws import embedded_session_factory
from spheresync.dog.aws_log import AWS_LOG_FILE
from spheresync.errors import ConfigurationError, StateError, TargetError

COUNTER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from spheresync.dog.aws import embedded_session_factory

glue = embedded_session_factory(Path(sys.argv[1]), compact_bytes=int(sys.argv[2]))().client("glue")

def add_one(_):
    while True:
        table = glue.get_table(DatabaseName="d", Name="counter")["Table"]
        count = str(int(table["Parameters"]["count"]) + 1)
        try:
            glue.update_table(
                DatabaseName="d",
                TableInput={"Name": "counter", "Parameters": {"count": count}},
                VersionId=table["VersionId"],
            )
            return
        except glue.exceptions.ConcurrentModificationException:
            continue

with ThreadPoolExecutor(4) as pool:
    list(pool.map(add_one, range(25)))
"""


@pytest.fixture(autouse=True)
def no_user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_GLUE"):
        monkeypatch.delenv(name, raising=False)


def glue_in(folder: Path, **settings: int) -> Any:
    return embedded_session_factory(folder, **settings)().client("glue")


def with_counter(folder: Path) -> Any:
    glue = glue_in(folder)
    glue.create_database(DatabaseInput={"Name": "d", "Description": "Datenbank für Zähler"}, Tags={"owner": "me"})
    glue.create_table(DatabaseName="d", TableInput={"Name": "counter", "Parameters": {"count": "0"}})
    return glue


def content(glue: Any) -> dict[str, Any]:
    databases = glue.get_databases()["DatabaseList"]
    tables = {
        database["Name"]: [
            table
            for page in glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"])
            for table in page["TableList"]
        ]
        for database in databases
    }
    return {"databases": databases, "tables": tables}


def counted(glue: Any) -> tuple[str, str]:
    table = glue.get_table(DatabaseName="d", Name="counter")["Table"]
    return table["Parameters"]["count"], table["VersionId"]


class TestVersions:
    def test_the_first_version_is_0_and_each_update_adds_one(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        for _ in range(3):
            glue.update_table(DatabaseName="d", TableInput={"Name": "counter"})
        assert glue.get_table(DatabaseName="d", Name="counter")["Table"]["VersionId"] == "3"
        versions = glue.get_table_versions(DatabaseName="d", TableName="counter")["TableVersions"]
        assert [one["VersionId"] for one in versions] == ["3", "2", "1", "0"]

    def test_a_stale_version_is_refused_without_change(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        changed = {"Name": "counter", "Parameters": {"count": "1"}}
        glue.update_table(DatabaseName="d", TableInput=changed, VersionId="0")
        with pytest.raises(glue.exceptions.ConcurrentModificationException) as refused:
            glue.update_table(DatabaseName="d", TableInput={"Name": "counter"}, VersionId="0")
        assert refused.value.response["Error"]["Code"] == "ConcurrentModificationException"
        assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
        assert counted(glue) == ("1", "1")

    def test_the_current_version_cannot_be_deleted(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        glue.update_table(DatabaseName="d", TableInput={"Name": "counter"})
        glue.delete_table_version(DatabaseName="d", TableName="counter", VersionId="0")
        with pytest.raises(glue.exceptions.InvalidInputException):
            glue.delete_table_version(DatabaseName="d", TableName="counter", VersionId="1")
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            glue.delete_table_version(DatabaseName="d", TableName="counter", VersionId="0")


class TestFidelity:
    def test_names_are_folded_to_lower_case(self, tmp_path: Path) -> None:
        glue = glue_in(tmp_path)
        glue.create_database(DatabaseInput={"Name": "Upper"})
        glue.create_table(DatabaseName="UPPER", TableInput={"Name": "Orders"})
        assert glue.get_table(DatabaseName="upper", Name="ORDERS")["Table"]["Name"] == "orders"
        with pytest.raises(glue.exceptions.AlreadyExistsException):
            glue.create_table(DatabaseName="upper", TableInput={"Name": "ORDERS"})
        with pytest.raises(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": "upper"})

    def test_listings_come_in_pages(self, tmp_path: Path) -> None:
        glue = glue_in(tmp_path)
        glue.create_database(DatabaseInput={"Name": "d"})
        for number in range(105):
            glue.create_table(DatabaseName="d", TableInput={"Name": f"t{number:03d}"})
        pages = list(glue.get_paginator("get_tables").paginate(DatabaseName="d"))
        assert [len(page["TableList"]) for page in pages] == [100, 5]
        assert len(content(glue)["tables"]["d"]) == 105
        first = glue.get_tables(DatabaseName="d", MaxResults=2)
        assert [table["Name"] for table in first["TableList"]] == ["t000", "t001"]

    def test_what_is_not_there_is_not_found(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        calls: list[Callable[[], object]] = [
            lambda: glue.get_table(DatabaseName="d", Name="x"),
            lambda: glue.get_tables(DatabaseName="x"),
            lambda: glue.update_table(DatabaseName="d", TableInput={"Name": "x"}, VersionId="0"),
            lambda: glue.delete_table(DatabaseName="d", Name="x"),
        ]
        for call in calls:
            with pytest.raises(glue.exceptions.EntityNotFoundException):
                call()


class TestPersistence:
    def test_another_process_finds_the_same_content(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        glue.update_table(DatabaseName="d", TableInput={"Name": "counter", "Description": "Zähler"})
        glue.create_table(DatabaseName="d", TableInput={"Name": "gone"})
        glue.batch_delete_table(DatabaseName="d", TablesToDelete=["gone", "never"])
        other = glue_in(tmp_path)
        assert content(other) == content(glue)
        other.update_table(DatabaseName="d", TableInput={"Name": "counter"}, VersionId="1")
        assert glue.get_table(DatabaseName="d", Name="counter")["Table"]["VersionId"] == "2"

    def test_a_compaction_changes_nothing_but_the_size(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        for number in range(50):
            glue.update_table(DatabaseName="d", TableInput={"Name": "counter", "Description": f"{number}"})
        before, size = content(glue), (tmp_path / AWS_LOG_FILE).stat().st_size
        arn = "arn:aws:glue:eu-central-1:123456789012:database/d"
        compacting = glue_in(tmp_path, compact_bytes=1)
        compacting.get_databases()
        assert (tmp_path / AWS_LOG_FILE).stat().st_size < size / 5
        for reader in (glue, compacting, glue_in(tmp_path)):
            assert content(reader) == before
            assert reader.get_tags(ResourceArn=arn)["Tags"] == {"owner": "me"}
        glue.update_table(DatabaseName="d", TableInput={"Name": "counter"}, VersionId="50")

    def test_a_line_that_a_dead_process_left_unfinished_is_cut_off(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        with (tmp_path / AWS_LOG_FILE).open("ab") as log:
            log.write(b'{"at":"2026-01-01T00:00:00.000000Z","operation":"UpdateTable","parameters":{"a":"' + b"x" * 999)
        assert counted(glue_in(tmp_path)) == ("0", "0")
        glue.create_table(DatabaseName="d", TableInput={"Name": "next"})
        assert [table["Name"] for table in content(glue_in(tmp_path))["tables"]["d"]] == ["counter", "next"]
        for line in (tmp_path / AWS_LOG_FILE).read_bytes().splitlines():
            assert json.loads(line)

    def test_a_damaged_log_is_named(self, tmp_path: Path) -> None:
        with_counter(tmp_path)
        with (tmp_path / AWS_LOG_FILE).open("ab") as log:
            log.write(b"nonsense\n")
        with pytest.raises(StateError, match=AWS_LOG_FILE):
            glue_in(tmp_path).get_databases()

    def test_refused_calls_and_reads_leave_no_trace(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)
        before = (tmp_path / AWS_LOG_FILE).read_bytes()
        glue.get_databases()
        with pytest.raises(glue.exceptions.AlreadyExistsException):
            glue.create_table(DatabaseName="d", TableInput={"Name": "counter"})
        assert (tmp_path / AWS_LOG_FILE).read_bytes() == before

    @pytest.mark.parametrize("compact_bytes", [10_000_000, 2_000])
    def test_two_processes_of_four_threads_lose_no_update(self, tmp_path: Path, compact_bytes: int) -> None:
        glue = with_counter(tmp_path)
        environment = os.environ | {"PYTHONPATH": str(Path(spheresync.__file__).resolve().parents[1])}
        command = [sys.executable, "-c", COUNTER, str(tmp_path), str(compact_bytes)]
        processes = [subprocess.Popen(command, env=environment) for _ in range(2)]
        assert [process.wait(timeout=120) for process in processes] == [0, 0]
        assert counted(glue) == ("50", "50")

    def test_one_of_many_threads_wins_a_create(self, tmp_path: Path) -> None:
        glue = with_counter(tmp_path)

        def create(_: int) -> bool:
            try:
                glue.create_table(DatabaseName="d", TableInput={"Name": "raced"})
            except glue.exceptions.AlreadyExistsException:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(create, range(24))) == 1


class TestIsolation:
    @pytest.mark.parametrize(
        ("service", "call"),
        [
            ("s3", lambda client: client.list_buckets()),
            (
                "datazone",
                lambda client: client.list_domain_units_for_parent(
                    domainIdentifier="dzd_x1", parentDomainUnitIdentifier="u"
                ),
            ),
            ("lakeformation", lambda client: client.list_lf_tag_expressions()),
            ("glue", lambda client: client.search_tables()),
            ("sts", lambda client: client.get_session_token()),
        ],
    )
    def test_what_is_not_embedded_is_refused_before_it_is_sent(
        self, tmp_path: Path, service: str, call: Callable[[Any], object]
    ) -> None:
        session: Any = embedded_session_factory(tmp_path)()
        client = session.client(service)
        with pytest.raises(TargetError, match="nothing was sent"):
            call(client)

    def test_the_caller_is_known(self, tmp_path: Path) -> None:
        identity = embedded_session_factory(tmp_path)().client("sts").get_caller_identity()
        assert identity["Account"] == "123456789012"

    def test_settings_of_the_user_do_not_reach_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://glue.example.invalid")
        monkeypatch.setenv("AWS_REGION", "eu-west-3")
        session = embedded_session_factory(tmp_path)()
        assert session.region_name == "eu-west-3"
        assert session.client("glue").get_databases()["DatabaseList"] == []

    def test_other_sessions_go_on_as_they_were(self, tmp_path: Path) -> None:
        import boto3.session
        from moto import mock_aws

        glue = with_counter(tmp_path)
        with mock_aws():
            foreign = boto3.session.Session("a", "b", region_name="eu-central-1").client("glue")
            assert foreign.get_databases()["DatabaseList"] == []
            foreign.create_database(DatabaseInput={"Name": "foreign"})
            glue.create_database(DatabaseInput={"Name": "ours"})
            assert [one["Name"] for one in foreign.get_databases()["DatabaseList"]] == ["foreign"]
        assert [one["Name"] for one in glue.get_databases()["DatabaseList"]] == ["d", "ours"]

    def test_two_folders_are_two_accounts(self, tmp_path: Path) -> None:
        with_counter(tmp_path / "one")
        assert glue_in(tmp_path / "two").get_databases()["DatabaseList"] == []

    def test_without_moto_the_error_tells_how_to_get_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def without_moto(name: str, *args: Any, **kwargs: Any) -> Any:
            if name.split(".", maxsplit=1)[0] == "moto":
                raise ImportError("No module named 'moto'", name="moto")
            return real(name, *args, **kwargs)

        monkeypatch.delitem(sys.modules, "spheresync.dog.aws_glue", raising=False)
        monkeypatch.delattr("spheresync.dog.aws_glue", raising=False)
        monkeypatch.setattr(builtins, "__import__", without_moto)
        with pytest.raises(ConfigurationError, match=r"pip install 'spheresync\[dog\]'"):
            embedded_session_factory(tmp_path)


def test_the_log_holds_the_calls_as_they_were_made(tmp_path: Path) -> None:
    with_counter(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / AWS_LOG_FILE).read_bytes().splitlines()]
    assert [line["operation"] for line in lines[1:]] == ["CreateDatabase", "CreateTable"]
    assert lines[2]["parameters"]["TableInput"] == {"Name": "counter", "Parameters": {"count": "0"}}
