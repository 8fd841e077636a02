"""At each door an error that nobody expected, while a server is up with two clients.

Whatever is thrown, and wherever: clients are answered, the other assets are written, the server lives, a restart does
not run into the same thing again, and once it is over nothing is lost and nothing was written twice.
"""

from __future__ import annotations

import errno
import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from spheresync.alerts.channels import Channels
from spheresync.config import SettingsSource
from spheresync.discovery import normalisation as normalising
from spheresync.errors import ConfigurationError, FenceError, StateError
from spheresync.execution import run_driver as executor
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.execution.run_driver import RunDriver
from spheresync.mapping.rules import MappingRules
from spheresync.model import RunId, ScopeRequest
from spheresync.model.principals import CallerRole
from spheresync.planning import asset_comparison
from spheresync.planning import planner as planning
from spheresync.planning.names.name_allocation import NameAllocator
from spheresync.runtime.shared_request_budget import SharedRequestBudget
from spheresync.schedule import scheduler
from spheresync.schedule.due_jobs import DueJobs
from spheresync.service import Service
from spheresync.service.alerts.alert_conditions import AlertConditions
from spheresync.service.health import health
from spheresync.service.state import housekeeping as care
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.state.records import RunRecord
from spheresync.state.sqlite.repositories.runs import RunReader, RunWriter
from spheresync.state.sqlite.store import SqliteStore
from spheresync.targets.glue.design import GlueDesign
from spheresync.targets.glue.target import GlueTarget
from spheresync_server.caller import local_principal
from spheresync_server.mcp_server.server import build_server
from spheresync_server.server_context import ServerContext, ServiceStartup
from tests.long_form import part_of
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

pytestmark = pytest.mark.anyio

SPACES, ASSETS = 2, 3
ALL = SPACES * ASSETS
SPACE_NAMES = [f"SPACE_{number:03}" for number in range(SPACES)]
ASSET_NAMES = [f"ASSET_{number:05}" for number in range(ASSETS)]
SPACE = SPACE_NAMES[0]
VICTIM = f"{SPACE}/{ASSET_NAMES[1]}"
CONFIG = """
datasphere: {client_expires: 2020-01-01}   # a reason to tell people something
alerts: [{webhook: "http://127.0.0.1:9/hook"}]
"""
KEPT_BACK = {"none": 0, "asset": 1, "space": ASSETS}
"""How many assets a fault may keep back that reaches no further."""

ERRORS: dict[str, Callable[[], Exception]] = {
    "KeyError": lambda: KeyError("spheresync"),
    "StateError": lambda: StateError("The state took no more."),
    "FenceError": lambda: FenceError("Somebody else has it."),
    "disk full": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
}

ADMIN = local_principal(CallerRole("admin"))


@dataclass(frozen=True, slots=True)
class Door:
    """A place where something may go wrong. `about`: what of the arguments names the victim; None: anybody's call.

    `reach`: how much of what was to be written the fault may keep back: "none", "asset", "space", or "run".
    """

    owner: Any
    name: str
    reach: str
    about: Callable[..., str] | None = None


def _victim_among(_: Any, notes: Any) -> str:
    return VICTIM if VICTIM in {str(note.result.item.asset) for note in notes} else ""


DOORS: dict[str, Door] = {
    "list of spaces": Door(DatasphereSource, "list_spaces", "run"),
    "listing": Door(DatasphereSource, "list_assets", "space", lambda _, space: space),
    "definition read": Door(DatasphereSource, "fetch", "asset", lambda _, entry: str(entry.id)),
    "request budget": Door(SharedRequestBudget, "take", "run"),
    "normalise": Door(normalising, "_normalised", "asset", lambda asset: str(asset.id)),
    "map": Door(MappingRules, "decide", "asset", lambda _, asset, *rest, **more: str(asset)),
    "name": Door(NameAllocator, "_wish", "asset", lambda _, record: str(record.id)),
    "draw": Door(GlueDesign, "design", "asset", lambda _, asset, *rest, **more: str(asset.id)),
    "plan": Door(asset_comparison, "item_for", "asset", lambda subject, *rest, **more: str(subject.asset)),
    "save a change set": Door(planning.Planner, "_save", "run"),
    "target call": Door(GlueTarget, "perform", "asset", lambda _, operation: str(operation.asset)),
    "result": Door(ResultRecorder, "note", "asset", lambda _, result: str(result.item.asset)),
    "result recording": Door(ResultRecorder, "write", "asset", _victim_among),
    "phase": Door(RunDriver, "_apply", "run"),
    "end of a run": Door(executor, "log_run_end", "run"),
    "heartbeat": Door(RunWriter, "heartbeat", "none"),
    "takeover": Door(RunReader, "orphans", "run"),
    "state write": Door(SqliteStore, "write", "run"),
    "turns": Door(DueJobs, "ask", "run"),
    "job": Door(scheduler, "read_definition", "asset", lambda _, asset: str(asset)),
    "batch": Door(scheduler, "write_batch", "run"),
    "alerts": Door(AlertConditions, "look", "none"),
    "alert channel": Door(Channels, "send", "none"),
    "care": Door(care.Care, "step", "none"),
}


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings(spaces=SPACES, assets=ASSETS, columns=3)


class Break:
    """Throws `error` at a door; nothing while that is None."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
        self.error: Callable[[], Exception] | None = None
        self.thrown = 0
        self._about = door.about
        real = getattr(door.owner, door.name)

        async def broken_async(*args: Any, **kwargs: Any) -> Any:
            self._throw(*args, **kwargs)
            return await real(*args, **kwargs)

        def broken(*args: Any, **kwargs: Any) -> Any:
            self._throw(*args, **kwargs)
            return real(*args, **kwargs)

        monkeypatch.setattr(door.owner, door.name, broken_async if inspect.iscoroutinefunction(real) else broken)

    async def was_met(self) -> bool:
        return self.thrown > 0

    def _throw(self, *args: Any, **kwargs: Any) -> None:
        if self.error is not None and (self._about is None or self._about(*args, **kwargs) in {VICTIM, SPACE}):
            self.thrown += 1
            raise self.error()


@dataclass
class Served:
    """A server with two clients."""

    service: Service
    first: Client
    second: Client

    async def is_quiet(self) -> bool:
        return await self.service.context.store.runs.unfinished() == []

    async def is_well(self) -> bool:
        return self.service.health._loops.loop_health.failing() == ()

    async def call(self, client: Client, tool: str, **arguments: Any) -> Any:
        with anyio.fail_after(20):
            return await client.call_tool(tool, arguments)


@asynccontextmanager
async def serving(environment: dict[str, str], folder: Path) -> AsyncIterator[Served]:
    """What `spheresync serve` opens, in this process; the scheduler and the care run as well."""
    source = SettingsSource(None, None, environment, folder)
    async with Service.open(source) as service:
        service.background.watch_event_loop()
        service.background.look_after_runs()
        service.background.keep_schedule()
        server_context = ServerContext(ServiceStartup.of(service), lambda _: ADMIN, dict, read_only=False)
        async with Client(build_server(server_context)) as first, Client(build_server(server_context)) as second:
            yield Served(service, first, second)


@pytest.fixture
def environment(
    synced: Installation, glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    for name, value in glue.environment.items():
        monkeypatch.setenv(name, value)
    for name, value in (("ALERTS", 0.3), ("TICK", 0.1), ("LEASE_RETRY", 0.1)):
        monkeypatch.setattr(scheduler, name, value)
    monkeypatch.setattr(care, "HOUR", 0.3)
    monkeypatch.setattr(care, "BACKLOG", 0.3)  # also after a step that failed
    monkeypatch.setattr("spheresync.jobs.retries.FIRST_WAIT", timedelta(seconds=0.1))
    monkeypatch.setattr("spheresync.jobs.retries.LONGEST_WAIT", timedelta(seconds=0.4))
    monkeypatch.setattr("spheresync.jobs.embedded.ATTEMPTS", 1000)  # however slow this machine is
    monkeypatch.setattr("spheresync.execution.run_driver.HEARTBEAT", 0.05)
    monkeypatch.setattr("spheresync.observe.loop_health.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("spheresync.observe.loop_health.LONGEST_PAUSE", 0.4)
    monkeypatch.setattr("spheresync.alerts.alerting._FIRST_PAUSE", timedelta(seconds=0.1))
    monkeypatch.setattr("spheresync.alerts.alerting._LONGEST_PAUSE", timedelta(seconds=0.4))
    (tmp_path / "spheresync.yaml").write_text(CONFIG, "utf-8")
    return {
        **synced.variables(),
        "SPHERESYNC_SCHEDULER__FIRST_SYNC": "apply",
        "SPHERESYNC_TIERS__HIGH__INTERVAL": "1s",
        "SPHERESYNC_TIERS__CRITICAL__INTERVAL": "1s",
        "SPHERESYNC_TIERS__MEDIUM__INTERVAL": "1s",
    }


def versions(glue: GlueSimulator) -> dict[str, int]:
    """How often each table was written since it was made."""
    return {
        f"{database}.{name}": int(table["live"]["VersionId"])
        for database, tables in glue.dump()["tables"].items()
        for name, table in tables.items()
    }


async def until(reached: Callable[[], Awaitable[bool]], what: str) -> None:
    with anyio.fail_after(60, reason=what):
        while not await reached():  # noqa: ASYNC110 -- what is waited for happens in other processes too
            await anyio.sleep(0.1)


@dataclass
class Trial:
    """One door of one server, tried with one error after the other."""

    broken: Break
    server: Served
    tenant: RunningTenant
    glue: GlueSimulator
    kept_back: int | None  # None: a fault at this door ends the run
    by_itself: bool = False  # the scheduler alone: a sync that somebody asks for leaves its queue nothing to write
    edits: int = 0

    async def go_through(self, name: str, error: Callable[[], Exception]) -> None:
        self.edits += 1
        for space in SPACE_NAMES:
            for asset in ASSET_NAMES:
                self.tenant.edit("set_label", space=space, asset=asset, label=f"After {name}")
        self.broken.error, self.broken.thrown = error, 0
        async with anyio.create_task_group() as group:
            if not self.by_itself:
                group.start_soon(self.server.call, self.server.first, "run_sync")
            for tool in ("get_sync_status", "list_assets", "list_runs"):
                assert (await self.server.call(self.server.second, tool)).content, "every request is answered"
        await until(self.broken.was_met, "the door is used")
        if self.kept_back is not None:
            await until(partial(self.written, ALL - self.kept_back), "the other assets are written")
        self.broken.error = None
        assert not (await self.server.call(self.server.second, "get_sync_status")).is_error
        await until(partial(self.written, ALL), "nothing is lost")
        await until(self.server.is_quiet, "no run is left")
        await until(self.server.is_well, "health says that it is over")

    async def written(self, at_least: int) -> bool:
        return sum(version == self.edits for version in versions(self.glue).values()) >= at_least


@pytest.mark.soak
@pytest.mark.parametrize("name", [*DOORS])
async def test_what_breaks_at_a_door_stays_behind_it(  # noqa: PLR0917 -- fixtures
    name: str,
    environment: dict[str, str],
    tenant: RunningTenant,
    glue: GlueSimulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    door, kinds = DOORS[name], part_of([*ERRORS], one_in=2, start=[*DOORS].index(name))
    broken = Break(monkeypatch, door)
    async with serving(environment, tmp_path) as server:
        trial = Trial(broken, server, tenant, glue, KEPT_BACK.get(door.reach), by_itself=name == "batch")
        for kind in kinds:
            await trial.go_through(kind, ERRORS[kind])
    async with serving(environment, tmp_path) as again:
        await until(again.is_quiet, "a restart runs into nothing")
        run = await again.call(again.first, "run_sync", wait_seconds=20)
        assert run.structured_content["state"] == "done"
        assert (await again.call(again.second, "verify_audit_log")).structured_content["intact"]
    assert set(versions(glue).values()) == {len(kinds)}, "each table was written once for each of its edits"
    assert len(versions(glue)) == ALL


async def test_a_command_whose_driver_breaks_before_anybody_follows_it_says_so(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def breaks(*_: object) -> None:
        raise StateError("The disk took no more data.")

    monkeypatch.setattr(RunDriver, "drive", breaks)
    async with Service.open(SettingsSource(None, None, environment, tmp_path)) as service:
        run = await service.runs.sync(ScopeRequest(), ADMIN)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(20), pytest.raises(StateError, match="took no more"):
            await service.runs.wait(run.run_id, ADMIN)


async def test_a_server_goes_on_with_a_run_once_the_state_can_be_written_again(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, glue: GlueSimulator
) -> None:
    real, times = RunDriver.drive, 0

    async def breaks_twice(executor: RunDriver, run_id: RunId) -> RunRecord:
        nonlocal times
        times += 1
        if times <= 2:
            raise StateError("The disk took no more data.")
        return await real(executor, run_id)

    monkeypatch.setattr(RunDriver, "drive", breaks_twice)
    async with Service.open(SettingsSource(None, None, environment, tmp_path)) as service:
        service.background.look_after_runs()
        run = await service.runs.sync(ScopeRequest(), ADMIN)

        async def ended() -> bool:
            return (await service.runs.get_run(run.run_id, ADMIN)).state == "done"

        await until(ended, "the run ends by itself")


async def test_a_job_whose_settings_cannot_be_used_waits_for_a_person(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def breaks(*_: object) -> None:
        raise ConfigurationError(("spheresync.yaml: prefix: not usable.",))

    monkeypatch.setattr(scheduler, "read_definition", breaks)
    async with serving(environment, tmp_path) as server:

        async def set_aside() -> bool:
            jobs = await server.service.context.store.jobs.queue("read", "dead", 10)
            return bool(jobs) and jobs[0].problem is not None and jobs[0].problem.code == "configuration"

        await until(set_aside, "the job is set aside")
        assert not (await server.call(server.first, "get_sync_status")).is_error


async def test_a_loop_that_fails_is_told_by_readiness_and_status_until_it_works_again(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = Break(monkeypatch, DOORS["turns"])
    async with serving(environment, tmp_path) as server:
        broken.error = ERRORS["KeyError"]
        await until(broken.was_met, "the door is used")

        async def told() -> bool:
            vitals, status = await server.service.health.ready(ADMIN), await server.service.health.sync_status(ADMIN)
            failing = [check.name for check in vitals.checks if not check.ok]
            return failing == ["scheduler: turns"] and status.health == "degraded"

        await until(told, "health says which loop")
        broken.error = None
        await until(server.is_well, "health says that it is over")


async def test_a_process_that_cannot_say_how_it_is_doing_is_not_ready(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise KeyError("a word that nobody knows")

    async with serving(environment, tmp_path) as server:
        assert {check.name: check.ok for check in (await server.service.health.ready(ADMIN)).checks}["status"]
        monkeypatch.setattr(health, "sync_status", breaks)
        vitals = await server.service.health.ready(ADMIN)
        assert not vitals.ok and [check.name for check in vitals.checks if not check.ok] == ["status"]
