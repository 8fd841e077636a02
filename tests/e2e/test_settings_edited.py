"""Settings that are edited while a process runs: what counts at once, and what only another process may do."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
import pytest

from spheresync.answers import DiscoveryAnswer
from spheresync.config import SettingsSource
from spheresync.errors import ConfigurationError
from spheresync.model import Principal, PrincipalKind, ScopeRequest
from spheresync.runtime.progress import ProgressEvent
from spheresync.service import Service
from spheresync.targets.aws.rate_limit import RateLimit
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

pytestmark = pytest.mark.anyio
ADMIN = Principal(PrincipalKind.USER, "test", frozenset({"admin"}))
ALL = ScopeRequest()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Edited:
    """A configuration file that is written anew while a service has it."""

    folder: Path
    tenant: RunningTenant

    def write(
        self, *, url: str = "", secret: str = "", limit: int = 100_000, objects: str = "off", more: str = ""
    ) -> None:
        tenant = self.tenant
        text = f"""
env: wolf
datasphere:
  base_url: {url or tenant.base_url}
  token_url: {tenant.token_url}
  client_id: {tenant.client_id}
  client_secret: {secret or tenant.client_secret}
  max_requests_per_minute: {limit}
  objects: {objects}
{more}
"""
        (self.folder / "spheresync.yaml").write_text(text, encoding="utf-8")

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Service]:
        environ = {"HOME": str(self.folder), "SPHERESYNC_CONFIG": "spheresync.yaml"}
        async with Service.open(SettingsSource(None, None, environ, self.folder)) as service:
            yield service


@pytest.fixture
def edited(tmp_path: Path, tenant: RunningTenant, glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch) -> Edited:
    for name in [name for name in os.environ if name.startswith(("AWS_", "SPHERESYNC_"))]:
        monkeypatch.delenv(name)
    for name, value in glue.environment.items():
        monkeypatch.setenv(name, value)
    edited = Edited(tmp_path, tenant)
    edited.write()
    return edited


async def discover(service: Service) -> DiscoveryAnswer:
    return await service.catalog.discover(ALL, ADMIN)


async def test_a_new_client_secret_is_used_at_once(edited: Edited) -> None:
    edited.write(secret="expired-last-night")
    async with edited.service() as service:
        refused = await discover(service)
        assert refused.state == "failed" and "refused the client" in refused.problems[0].message
        edited.write()
        assert (await discover(service)).state == "done"
        edited.write(secret="expired-again")
        assert (await discover(service)).state == "failed"


async def test_a_new_request_limit_counts_for_what_is_under_way(edited: Edited, tenant: RunningTenant) -> None:
    edited.write(limit=8)
    async with edited.service() as service, anyio.create_task_group() as group:
        tenant.clear_stats()
        answers: list[DiscoveryAnswer] = []

        async def look() -> None:
            answers.append(await discover(service))

        group.start_soon(look)
        with anyio.fail_after(20):
            while (await anyio.to_thread.run_sync(tenant.stats)).total < 8:
                assert not answers
        assert not answers and tenant.stats().total == 8, "the old limit holds"
        edited.write(limit=9_000)
    assert answers[0].state == "done" and tenant.stats().total > 30


async def test_a_run_is_planned_and_applied_by_one_generation_of_settings(edited: Edited, glue: GlueSimulator) -> None:
    """A marker that changes in between would have the run write tables that are foreign to it at once."""
    async with edited.service() as service:
        phases: list[str] = []

        async def edit_once(event: ProgressEvent) -> None:
            if not phases:
                edited.write(more="installation: another")
            phases.append(event.phase)

        run = await service.runs.sync(ALL, ADMIN)
        ended = await service.runs.wait(run.run_id, ADMIN, progress=edit_once)
        assert (ended.state, ended.counts["create"]) == ("done", 30)
        assert phases and service.settings.installation_name == "another"
        tables = [table["live"] for database in glue.dump()["tables"].values() for table in database.values()]
        assert {table["Parameters"]["spheresync.managed-by"] for table in tables} == {"spheresync:127.0.0.1"}


async def test_another_tenant_is_refused_while_running_too(edited: Edited) -> None:
    with running_tenant("--spaces", "2", "--assets", "3") as other:
        async with edited.service() as service:
            assert (await discover(service)).spaces == 3
            other.clear_stats()
            url = other.base_url.replace("127.0.0.1", "localhost")
            edited.write(url=url)
            for ask in (
                discover(service),
                service.changes.preview(ALL, ADMIN, refresh=True),
                service.runs.sync(ALL, ADMIN),
            ):
                with pytest.raises(ConfigurationError, match=r"datasphere\.base_url: names the tenant localhost"):
                    await ask
            status = await service.health.sync_status(ADMIN)
            assert status.tenant == "127.0.0.1" and status.health != "ok"
            assert "names the tenant localhost" in status.problems[0].message
            settings = next(check for check in (await service.health.ready(ADMIN)).checks if check.name == "settings")
            assert not settings.ok and "put it back" in settings.reason
            assert service.settings.tenant_host == "127.0.0.1", "the last good settings stay in force"
            assert other.stats().total == 0
            edited.write()
            assert (await discover(service)).state == "done"
            assert (await service.health.sync_status(ADMIN)).problems == []


@pytest.mark.parametrize(
    ("more", "said"), [("state_dir: elsewhere", "state_dir: names another folder"), ("env: bear", "env: is bear now")]
)
async def test_another_state_folder_or_environment_is_refused_while_running(
    edited: Edited, more: str, said: str
) -> None:
    async with edited.service() as service:
        edited.write(more=more)
        if more.startswith("env"):
            file = edited.folder / "spheresync.yaml"
            file.write_text(file.read_text("utf-8").replace("env: wolf", "", 1), "utf-8")
        with pytest.raises(ConfigurationError, match=said):
            await discover(service)
        assert said in (await service.health.sync_status(ADMIN)).problems[0].message


async def test_a_limit_of_glue_calls_counts_for_every_call_and_follows_the_file(
    edited: Edited, glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr("spheresync.service.assembly.RateLimit", partial(RateLimit, sleep=nap))
    edited.write(more="limits: {glue_calls_per_second: 0.1}")
    async with edited.service() as service:
        run = await service.runs.sync(ALL, ADMIN)
        assert (await service.runs.wait(run.run_id, ADMIN)).state == "done"
        calls = sum(glue.calls().values())
        assert calls > 30 and len(naps) == calls - 1, "all but the first wait"
        assert max(naps) > (calls - 2) * 10, "each for ten seconds longer than the one before"
        edited.write(more="prefix: other_")
        naps.clear()
        again = await service.runs.sync(ALL, ADMIN)
        assert (await service.runs.wait(again.run_id, ADMIN)).counts["create"] == 30
        assert naps == []


async def test_doctor_tries_what_a_setting_switches_on(edited: Edited) -> None:
    async with edited.service() as service:
        assert "design-time objects" not in {
            each.connection for each in (await service.health.test_connections(ADMIN)).items
        }
        edited.write(objects="on")
        report = await service.health.test_connections(ADMIN)
        told = next(each for each in report.items if each.connection == "design-time objects")
        assert report.ok and told.message == "The objects of 3 spaces can be listed."


def test_a_variable_names_the_file_as_the_option_does(installation: Installation, tmp_path: Path) -> None:
    file, other = tmp_path / "named.yaml", tmp_path / "other.yaml"
    file.write_text("prefix: by_variable_", "utf-8")
    other.write_text("prefix: by_option_", "utf-8")
    named = replace(installation, extra={**installation.extra, "SPHERESYNC_CONFIG": str(file)})
    for arguments, prefix in (((), "by_variable_"), (("--config", str(other)), "by_option_")):
        assert named.ask("config", "show", *arguments)["settings"]["prefix"] == prefix
    named.extra["SPHERESYNC_CONFIG"] = str(tmp_path / "absent.yaml")
    for command in (("sync",), ("doctor",), ("config", "validate"), ("serve",), ("backup", "b")):
        error = named.ask(*command, code=2)["error"]
        assert "SPHERESYNC_CONFIG" in error["message"] and "absent.yaml: cannot be read" in error["message"]
