"""Credentials that cannot be had, by the real providers of boto3: denied, with the step that mends it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spheresync.errors import ConfigurationError, TargetFault
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import AwsError
from tests.simulators.glue_process import GlueSimulator, running_glue

pytestmark = pytest.mark.anyio

START = "https://example.awsapps.com/start"
SSO = f"sso_start_url = {START}\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/writer\n"
KEYS = {"Version": 1, "AccessKeyId": "testing", "SecretAccessKey": "testing"}


@dataclass(frozen=True)
class Machine:
    """A machine whose AWS configuration a test writes; nothing of the real one is read."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def profile(self, text: str, name: str = "dev") -> None:
        (self.folder / "config").write_text(f"[profile {name}]\nregion = eu-central-1\n{text}", "utf-8")
        self.monkeypatch.setenv("AWS_PROFILE", name)

    def program(self, text: str) -> Path:
        """A program that a profile names for its credentials."""
        file = self.folder / "credentials.py"
        file.write_text(text, "utf-8")
        self.profile(f"credential_process = {sys.executable} {file}\n")
        return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path / "sso"))
    return Machine(tmp_path, monkeypatch)


async def denied(door: AwsDoor | None = None) -> AwsError:
    with pytest.raises(AwsError) as caught:
        await (door or AwsDoor()).call("glue", "GetDatabases", {}, subject="the catalog")
    error = caught.value
    assert error.fault is TargetFault.DENIED
    assert error.systemic, "any other call would fail alike"
    assert error.message.startswith("the catalog: ")
    assert "AWS_ENDPOINT_URL" not in str(error)
    return error


async def test_a_missing_sso_token_asks_to_sign_in(machine: Machine) -> None:
    machine.profile(SSO)
    assert (await denied()).remedy == "Sign in again: aws sso login --profile dev"


async def test_an_sso_token_that_has_ended_asks_to_sign_in(machine: Machine) -> None:
    machine.profile(SSO)
    (machine.folder / "sso").mkdir()
    token = {"startUrl": START, "region": "eu-central-1", "accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z"}
    (machine.folder / "sso" / f"{hashlib.sha1(START.encode()).hexdigest()}.json").write_text(json.dumps(token))
    assert (await denied()).remedy == "Sign in again: aws sso login --profile dev"


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit('no session')", "print('no JSON')", "print('{}')", "print('{\"Version\": 7}')"],
    ids=["fails", "prints no JSON", "prints nothing of use", "prints another version"],
)
async def test_a_credential_process_that_fails_is_to_be_run_by_hand(machine: Machine, program: str) -> None:
    machine.program(program)
    error = await denied()
    assert "credential_process of profile dev" in error.remedy
    assert "aws sso login --profile dev" in error.remedy


async def test_a_credential_process_that_is_not_there_is_to_be_run_by_hand(machine: Machine) -> None:
    machine.profile("credential_process = /nowhere/at/all\n")
    assert "credential_process of profile dev" in (await denied()).remedy


async def test_roles_that_lead_back_to_themselves_are_to_be_corrected(machine: Machine) -> None:
    other = f"[profile b]\n{ROLE}source_profile = dev\n"
    machine.profile(f"{ROLE}source_profile = b\n{other}")
    assert "source_profile of profile dev" in (await denied()).remedy


async def test_a_role_without_a_source_is_to_be_corrected(machine: Machine) -> None:
    machine.profile(f"{ROLE}source_profile = nobody\n")
    assert "source_profile" in (await denied()).remedy


async def test_no_credentials_at_all_ask_to_sign_in(machine: Machine) -> None:
    error = await denied()
    assert "aws sso login" in error.remedy and "AWS_PROFILE" in error.remedy


async def test_a_key_without_its_secret_names_both(machine: Machine) -> None:
    machine.monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    assert "secret access key" in (await denied()).remedy


async def test_a_container_without_its_credentials_service_is_told(machine: Machine, free_tcp_port: int) -> None:
    machine.monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    url = f"http://127.0.0.1:{free_tcp_port}/credentials"
    machine.monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    assert (await denied()).remedy


async def test_an_unknown_profile_says_how_to_list_the_known_ones(machine: Machine) -> None:
    machine.monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigurationError, match="list-profiles"):
        await AwsDoor().call("glue", "GetDatabases", {}, subject="the catalog")


async def test_a_broken_configuration_file_is_named(machine: Machine) -> None:
    (machine.folder / "config").write_text("[profile", "utf-8")
    with pytest.raises(ConfigurationError, match="AWS_CONFIG_FILE"):
        await AwsDoor().call("glue", "GetDatabases", {}, subject="the catalog")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("AWS_REGION", "eu central 1", "AWS_REGION"), ("AWS_ENDPOINT_URL", "nowhere", "AWS_ENDPOINT_URL")],
)
async def test_a_setting_that_cannot_be_is_named(machine: Machine, name: str, value: str, said: str) -> None:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        machine.monkeypatch.setenv(key, "testing")
    machine.monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said):
        await AwsDoor().call("glue", "GetDatabases", {}, subject="the catalog")


@pytest.fixture
def sts(machine: Machine) -> Iterator[dict[str, object]]:
    """An STS that answers as a test says: `status` and `code`."""
    answer: dict[str, object] = {"status": 403, "code": "AccessDenied"}

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = f"<ErrorResponse><Error><Code>{answer['code']}</Code><Message>no</Message></Error></ErrorResponse>"
            self.send_response(int(str(answer["status"])))
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        machine.monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        machine.profile(
            f"{ROLE}source_profile = base\n[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n"
        )
        try:
            yield answer
        finally:
            server.shutdown()
            thread.join()


async def test_a_role_that_may_not_be_assumed_names_its_trust_policy(sts: dict[str, object]) -> None:
    error = await denied()
    assert "AssumeRole" in error.message and "trust policy" in error.remedy


async def test_a_sign_in_that_has_ended_is_asked_for_where_a_role_is_assumed(sts: dict[str, object]) -> None:
    sts.update(status=403, code="ExpiredToken")
    assert "ign in again" in (await denied()).remedy


@pytest.mark.parametrize(
    ("method", "step"),
    [
        ("sso", "aws sso login --profile dev"),
        ("login", "aws login --profile dev"),
        ("env", "AWS_SESSION_TOKEN"),
        ("shared-credentials-file", "~/.aws/credentials"),
        ("custom-process", "credential_process"),
        ("iam-role", "role that this machine"),
        ("assume-role", "Sign in again (aws sso login --profile dev)"),
    ],
)
async def test_a_token_that_glue_does_not_take_any_more_is_renewed_where_it_came_from(
    machine: Machine, method: str, step: str
) -> None:
    machine.program(f"print({json.dumps(json.dumps(KEYS))})")
    machine.monkeypatch.setattr("botocore.credentials.ProcessProvider.METHOD", method)
    with running_glue() as glue:
        machine.monkeypatch.setenv("AWS_PROFILE", "dev")
        _only_the_profile(machine)
        glue.fault("error", "GetDatabases", code="ExpiredTokenException")
        error = await denied()
        assert step in error.remedy
        assert error.code == "ExpiredTokenException"


async def test_whoever_signs_in_meanwhile_need_not_restart_a_server(machine: Machine) -> None:
    file = machine.program("raise SystemExit('no session')")
    with running_glue() as glue:
        machine.monkeypatch.setenv("AWS_PROFILE", "dev")
        _only_the_profile(machine)
        door = AwsDoor()
        await denied(door)
        file.write_text(f"print({json.dumps(json.dumps(KEYS))})", "utf-8")
        await door.call("glue", "GetDatabases", {}, subject="the catalog")
        await _expired(glue, door)
        await door.call("glue", "GetDatabases", {}, subject="the catalog")


async def _expired(glue: GlueSimulator, door: AwsDoor) -> None:
    before = await door.line("glue")
    glue.fault("error", "GetDatabases", code="ExpiredTokenException")
    await denied(door)
    assert await door.line("glue") is not before, "credentials are looked for anew"


def _only_the_profile(machine: Machine) -> None:
    """Of the simulator's environment, keep where it is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        machine.monkeypatch.delenv(name, raising=False)
    machine.monkeypatch.setenv("AWS_CONFIG_FILE", str(machine.folder / "config"))
