"""Clients that follow a run: by a task across servers, and by notifications whoever drives the run."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import ResourceUpdatedNotification

from tests.contract.conftest import MakeInstallation
from tests.contract.test_assistants import call, connect
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant
from tests.simulators.task_client import TaskClient, asked

pytestmark = pytest.mark.anyio
_OPERATOR = {"SPHERESYNC_ROLE": "operator"}


def client_of(installation: Installation, **options: Any) -> Client:
    return Client(installation.serving(**_OPERATOR), **options)


async def test_a_task_outlives_its_server_and_ends_with_the_result_of_the_run(
    make_installation: MakeInstallation, tenant: RunningTenant
) -> None:
    installation = make_installation()
    tenant.set_faults(latency_ms=1_500)
    try:
        async with client_of(installation, extensions=[TaskClient()]) as client:
            handle: Any = await client.session.call_tool("run_sync", {}, allow_claimed=True)
            assert handle.result_type == "task"
    finally:
        tenant.set_faults()
    assert installation.ask("sync")["counts"]["unchanged"] == 20, "this process took the run over before its own"
    async with client_of(installation, extensions=[TaskClient()]) as client:
        told = await asked(client.session, "tasks/get", handle.task_id)
        assert told.status == "completed" and told.result is not None
        run = told.result["structuredContent"]
        assert (run["state"], run["counts"]["create"]) == ("done", 20)
        run_id = handle.task_id.partition(".")[0]
        assert run == await call(client, "get_run", run_id=run_id)


@pytest.mark.filterwarnings("ignore:resources/subscribe is removed")
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_who_follows_the_status_hears_of_a_run_of_another_process(
    make_installation: MakeInstallation, era: str
) -> None:
    installation = make_installation()
    heard: list[str] = []
    told = anyio.Event()

    def hear(uri: str) -> None:
        heard.append(uri)
        told.set()

    async def on_message(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            hear(str(message.params.uri))

    async with (
        client_of(installation, mode=era, message_handler=on_message) as client,
        anyio.create_task_group() as group,
    ):
        if era == "legacy":
            await client.session.subscribe_resource("spheresync://status")
        else:
            listening = anyio.Event()

            async def listen() -> None:
                async with client.listen(resource_subscriptions=["spheresync://status"]) as stream:
                    listening.set()
                    async for event in stream:
                        hear(str(event.uri))

            group.start_soon(listen)
            await listening.wait()
        with anyio.fail_after(60):
            await anyio.to_thread.run_sync(lambda: installation.ask("sync"))
            await told.wait()
        group.cancel_scope.cancel()
    assert set(heard) == {"spheresync://status"}, "of what was not followed nothing is told"


async def test_who_follows_nothing_hears_nothing(make_installation: MakeInstallation) -> None:
    installation = make_installation()
    heard: list[Any] = []

    async def on_message(message: Any) -> None:
        heard.append(message)

    async with (
        connect(installation, **_OPERATOR) as client,
        client_of(installation, message_handler=on_message) as other,
    ):
        await call(client, "run_sync", wait_seconds=60)
        await call(other, "get_sync_status")
    assert not any(isinstance(message, ResourceUpdatedNotification) for message in heard)
