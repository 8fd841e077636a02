"""One installation in this process: the simulated tenant behind its HTTP client, the simulated Glue behind boto3.

For properties that need many installations: the same discovery, plan and apply as a command has, without a process or
a socket each. The clock of the source stands still, so that nothing waits.
"""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio.lowlevel
import boto3.session
import httpx2
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from spheresync.config import Settings, SettingsSource
from spheresync.dog.faults import Faults
from spheresync.dog.objects import Landscape
from spheresync.dog.services.wire import WireRequest
from spheresync.dog.tenant import DOG_BASE_URL, DOG_TOKEN_URL, DogTenant
from spheresync.execution.run_driver import RunDriver
from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    LAKE_FORMATION,
    ChangeSetId,
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
    TargetKey,
    canonical_json,
    isoformat,
    utc_now,
)
from spheresync.planning.undo.revert import Reverter
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.source.transport.http import Login, TenantHttp
from spheresync.source.transport.request_budget import UnlimitedBudget
from spheresync.source.transport.retry_policy import Clock
from spheresync.state.records import RunRecord
from spheresync.state.sqlite.store import SqliteStore
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.glue.target import GlueTarget
from spheresync.targets.lakeformation.target import LakeFormationTarget
from spheresync.targets.protocol import Target
from tests.simulators.glue_server import GlueServer
from tests.simulators.memory_content import MemoryContent
from tests.simulators.new_state import lay_new_state

_SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))


@dataclass
class InProcess:
    """A state between a tenant and a Glue; whatever is asked of Glue is counted there."""

    context: RuntimeContext
    store: SqliteStore
    glue: GlueServer
    _tenant: MemoryContent
    _app: DogTenant
    elsewhere: Mapping[TargetKey, GlueServer] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def fail(self, **faults: Any) -> None:
        """Let the tenant show these faults and no others."""
        self._app.faults = Faults(**faults)

    def serve(self, landscape: Landscape) -> None:
        """Let the tenant hold exactly this."""
        self._tenant.edit(lambda _: landscape)

    async def sync(self, request: RunRequest | None = None) -> RunRecord:
        """Discover, plan and apply as a run of the state; answers the run that ended."""
        return await self._run(RunKind.SYNC, request or RunRequest(), None)

    async def apply(self, change_set: ChangeSetId) -> RunRecord:
        """Apply a saved change set with deletes allowed; answers the run that ended."""
        return await self._run(RunKind.APPLY, RunRequest(allow_deletes=True), change_set)

    async def revert(self, run: RunId) -> ChangeSetId:
        """Make the change set that undoes a run."""
        async with self.context.providers.in_use() as providers:
            made = await Reverter(
                self.store,
                providers.settings,
                providers.mapping,
                [providers.target(key) for key in providers.keys],
                run,
                principal=_SOMEBODY,
                now=self.context.clock(),
            ).run()
        return made.id

    async def _run(self, kind: RunKind, request: RunRequest, change_set: ChangeSetId | None) -> RunRecord:
        for glue in (self.glue, *self.elsewhere.values()):
            glue.reset()
        run = RunRecord.queued(
            RunId(f"run_{next(self._numbers)}_{self.store.owner.id}"),
            kind,
            canonical_json(request.to_json()),
            _SOMEBODY,
            owner=self.store.owner.id,
            at=isoformat(self.context.clock()),
            change_set_id=change_set,
        )
        await self.store.write(lambda tx: tx.runs.create(run))
        return await RunDriver(self.context, silent).drive(run.id)

    @property
    def tables(self) -> dict[str, tuple[str, str]]:
        """Database and table of each asset, by `spheresync.source`."""
        return {
            table["live"]["Parameters"]["spheresync.source"]: (database, name)
            for database, tables in self.glue.catalog.dump()["tables"].items()
            for name, table in tables.items()
        }


@asynccontextmanager
async def in_process(
    folder: Path,
    landscape: Landscape | None = None,
    glue: GlueServer | None = None,
    *,
    config: str = "",
    elsewhere: Mapping[TargetKey, GlueServer] | None = None,
    others: Mapping[TargetKey, Target] | None = None,
    objects: bool = False,
) -> AsyncIterator[InProcess]:
    """An installation with its state in `folder`; `glue` is one that holds something already.

    `elsewhere`: further targets that are in force, each the Glue of another account. `others`: targets in force
    that are no Glue. `objects`: the source reads the design-time API too.
    """
    names = {key.destination for key in (*(elsewhere or {}), *(others or {}))} - {DEFAULT_DESTINATION}
    if names:
        apart = "".join(f"  {name}: {{region: eu-west-{number}}}\n" for number, name in enumerate(sorted(names)))
        config = f"{config}\ndestinations:\n  {DEFAULT_DESTINATION}: {{}}\n{apart}"
    if config:
        (folder / "spheresync.yaml").write_text(config, "utf-8")
    tenant, glue = MemoryContent(landscape or Landscape()), glue or GlueServer()
    settings = SettingsSource("wolf", folder / "spheresync.yaml" if config else None, _environment(folder), folder)
    lay_new_state(folder / "state")
    app = DogTenant(content=tenant)
    login = Login(app.sign_in.client_id, app.sign_in.client_secret, DOG_TOKEN_URL)
    glues = {TargetKey(GLUE): glue, **(elsewhere or {})}
    doors = {
        key: AwsDoor(partial(_answered_by, number, each), sleep=_no_wait)
        for number, (key, each) in enumerate(glues.items())
    }
    clock = Clock(sleep=_no_wait)
    async with (
        SqliteStore.open(folder / "state") as store,
        DatasphereSource(
            TenantHttp(
                DOG_BASE_URL,
                login,
                budget=UnlimitedBudget(),
                clock=clock,
                transport=httpx2.ASGITransport(app=app),
            ),
            objects=objects,
        ) as source,
    ):

        async def make_source(_: Settings, __: AsyncExitStack) -> DatasphereSource:
            return source

        def make_target(current: Settings, key: TargetKey, _: AsyncExitStack) -> Target:
            if others and key in others:
                return others[key]
            door = doors[TargetKey(GLUE, key.destination)]
            if key.target == LAKE_FORMATION:
                section = current.lakeformation
                return LakeFormationTarget(
                    door, owner=current.installation_marker, drift=current.drift, section=section, key=key
                )
            return GlueTarget(door, owner=current.installation_marker, drift=current.drift, key=key)

        context = RuntimeContext(
            store,
            settings,
            jobs=EmbeddedEngine(store, utc_now),
            owner=store.owner.id,
            clock=utc_now,
            make_source=make_source,
            make_target=make_target,
        )
        try:
            with patch.object(Settings, "target_keys", (*glues, *others)) if others else nullcontext():
                yield InProcess(context, store, glue, tenant, app, elsewhere or {})
        finally:
            for door in doors.values():
                door.close()


async def _no_wait(_: float) -> None:
    await anyio.lowlevel.checkpoint()


def _environment(folder: Path) -> dict[str, str]:
    return {
        "SPHERESYNC_STATE_DIR": str(folder / "state"),
        "AWS_REGION": "eu-central-1",
        "SPHERESYNC_DATASPHERE__BASE_URL": DOG_BASE_URL,
        "SPHERESYNC_DATASPHERE__TOKEN_URL": DOG_TOKEN_URL,
        "SPHERESYNC_DATASPHERE__CLIENT_ID": "sb-in-process",
        "SPHERESYNC_DATASPHERE__CLIENT_SECRET": "in-process",  # no secret: the tenant is in this process
    }


class _Answering:
    """Hands the requests of a boto3 session, which takes long to make, to the AWS of the moment."""

    glue: GlueServer | None = None

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()  # as behind a port: no double is made for threads

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        with self._one_at_a_time:
            return self._answer(event_name, request)

    def _answer(self, event_name: str, request: AWSPreparedRequest) -> AWSResponse:
        assert self.glue is not None
        _, service, operation = event_name.split(".", 2)
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        if service == "glue" and self.glue.catalog.has(operation):
            answered = self.glue.glue(operation, body)
            answer = answered and (*answered, {"Content-Type": "application/x-amz-json-1.1"})
        else:
            answer = self.glue.doubled(service, WireRequest.of(request))
        assert answer is not None, "no fault of this AWS closes the connection"
        status, content, said = answer
        return AWSResponse(request.url, status, HTTPHeaders.from_dict({**said, "x-amzn-RequestId": "r"}), _Raw(content))


class _Raw(io.BytesIO):
    """A body in the shape that botocore reads from urllib3."""

    def stream(self, **_: object) -> Any:
        yield self.read()


def _answered_by(number: int, glue: GlueServer) -> boto3.session.Session:
    session, answering = _session(number)
    answering.glue = glue
    return session


@cache
def _session(_: int) -> tuple[boto3.session.Session, _Answering]:
    session, answering = boto3.session.Session("id", "key", region_name="eu-central-1"), _Answering()
    session.events.register_first("before-send", answering)  # type: ignore[arg-type]  # the stubs know no such hook
    return session, answering
