"""Callers of different roles at one server: each gets lists, calls and audit rows of its own, by what requests say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ResourceTemplateReference

from spheresync.config import SettingsSource
from spheresync.model import Principal, PrincipalKind
from spheresync.service import Service
from spheresync_server.http.serving import bind, serve_http
from spheresync_server.mcp_server.server import build_server
from spheresync_server.server_context import ServerContext, ServiceStartup
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

if TYPE_CHECKING:
    from starlette.requests import Request

pytestmark = pytest.mark.anyio

VIEWER = Principal(PrincipalKind.USER, "vera", frozenset({"viewer"}))
OPERATOR = Principal(PrincipalKind.SERVICE, "otto", frozenset({"operator", "auditor"}))
STRANGER = Principal(PrincipalKind.USER, "nora")
CALLERS = {caller.id: caller for caller in (VIEWER, OPERATOR, STRANGER)}
WRITES = {"apply_changes", "run_sync", "cancel_run"}


def caller_of(request: Request | None) -> Principal:
    """As a token says it, so does a header here."""
    assert request is not None
    return CALLERS[request.headers["x-caller"]]


@pytest.fixture
async def address(
    synced: Installation, glue: GlueSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[str]:
    """One server for all callers."""
    for name, value in glue.environment.items():
        monkeypatch.setenv(name, value)
    async with Service.open(SettingsSource(None, None, synced.variables(), tmp_path)) as service:
        service.background.look_after_runs()
        context = ServerContext(ServiceStartup.of(service), caller_of, dict)
        listening = bind("127.0.0.1", 0)
        async with anyio.create_task_group() as group:
            group.start_soon(serve_http, build_server(context), context, listening)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            group.cancel_scope.cancel()


@asynccontextmanager
async def connected(address: str, caller: Principal) -> AsyncIterator[Client]:
    headers = {"x-caller": caller.id}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{address}/mcp", http_client=http)) as client,
    ):
        yield client


async def tools_of(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def called(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def test_each_caller_has_lists_calls_and_audit_rows_of_its_own(address: str) -> None:
    async with connected(address, VIEWER) as vera, connected(address, OPERATOR) as otto:
        assert await tools_of(otto) - await tools_of(vera) == {*WRITES, "detect_drift", "test_connections"}
        assert "manage_schedule" not in await tools_of(otto)
        refused = await vera.call_tool("run_sync", {})
        assert refused.is_error and "needs the role operator; you have viewer" in str(refused.content)
        refused = await otto.call_tool("manage_schedule", {"tier": "high", "action": "pause"})
        assert refused.is_error and "needs the role admin; you have auditor, operator" in str(refused.content)

        answers: dict[str, Any] = {}
        async with anyio.create_task_group() as group:  # at the same time

            async def ask(client: Client, tool: str, **arguments: Any) -> None:
                answers[tool] = await called(client, tool, **arguments)

            group.start_soon(lambda: ask(vera, "preview_changes"))
            group.start_soon(lambda: ask(otto, "run_sync", wait_seconds=60))
        run = answers["run_sync"]
        assert run["state"] == "done"
        rows = (await called(vera, "query_audit_log", actor="vera"))["items"]
        assert [
            (row["action"], row.get("tool"), row["outcome"], row["actor_kind"], row["actor_roles"]) for row in rows
        ] == [
            ("tool_call", "preview_changes", "done", "user", ["viewer"]),
            ("preview", None, "done", "user", ["viewer"]),
            ("tool_call", "run_sync", "refused", "user", ["viewer"]),
        ]
        rows = (await called(vera, "query_audit_log", run_id=run["run_id"]))["items"]
        assert {(row["actor"], row["actor_kind"], *row["actor_roles"]) for row in rows} == {
            ("otto", "service", "auditor", "operator")
        }


async def test_who_has_no_role_sees_and_gets_nothing(address: str) -> None:
    spaces = ResourceTemplateReference(type="ref/resource", uri="spheresync://assets/{space}/{name}")
    async with connected(address, STRANGER) as nora, connected(address, VIEWER) as vera:
        assert (await nora.list_tools()).tools == [] != (await vera.list_tools()).tools
        assert (await nora.list_prompts()).prompts == [] != (await vera.list_prompts()).prompts
        assert (await nora.list_resources()).resources == [] != (await vera.list_resources()).resources
        mine, others = await nora.list_resource_templates(), await vera.list_resource_templates()
        assert mine.resource_templates == [] != others.resource_templates
        refused = await nora.call_tool("list_spaces", {})
        assert refused.is_error and "needs the role viewer; you have none" in str(refused.content)
        for uri in ("spheresync://config", "spheresync://spaces", "spheresync://assets/SPACE_000/ASSET_00001"):
            with pytest.raises(MCPError, match="need the role viewer"):
                await nora.read_resource(uri)
            assert (await vera.read_resource(uri)).contents
        with pytest.raises(MCPError, match="no prompt"):
            await nora.get_prompt("onboard-space", {"space": "SPACE_000"})
        for client, found in ((nora, False), (vera, True)):
            completed = await client.complete(spaces, {"name": "space", "value": "SPACE"})
            assert bool(completed.completion.values) is found
    async with httpx2.AsyncClient(base_url=address) as http:
        for path in ("/", "/metrics"):
            by_role = {caller: (await http.get(path, headers={"x-caller": caller})).status_code for caller in CALLERS}
            assert by_role == {"vera": 200, "otto": 200, "nora": 503}, path
