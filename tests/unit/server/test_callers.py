"""Who asks is found at each message, and nothing of a server remembers an earlier answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client, MCPError
from mcp.types import ElicitResult
from starlette.testclient import TestClient

import spheresync_server
from spheresync.model import Principal, PrincipalKind
from spheresync.model.principals import CallerRole, roles_include
from spheresync_server.caller import current_caller
from spheresync_server.http.routes import add_routes
from spheresync_server.mcp_server.server import SpheresyncServer, build_server
from spheresync_server.server_context import ServerContext, ServiceStartup
from tests.unit.server.fake_service import FakeService

pytestmark = pytest.mark.anyio
SERVER = Path(spheresync_server.__file__).parent

ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"admin"}))
BERT = Principal(PrincipalKind.USER, "bert", frozenset({"admin"}))


@dataclass
class Door:
    """Says who asks now."""

    caller: Principal

    def __call__(self, _request: object) -> Principal:
        return self.caller

    def server(self, service: FakeService) -> SpheresyncServer:
        return build_server(self.context(service))

    def context(self, service: FakeService) -> ServerContext:
        return ServerContext(ServiceStartup.of(cast("Any", service)), self, dict)


async def test_lists_and_calls_go_by_the_role_that_the_caller_has_by_now(service: FakeService, era: str) -> None:
    door = Door(Principal(PrincipalKind.USER, "vera", frozenset({"viewer"})))
    async with Client(door.server(service), mode=era) as client:
        few = {tool.name for tool in (await client.list_tools(cache_mode="refresh")).tools}
        assert (await client.call_tool("cancel_run", {"run_id": "run_1"})).is_error
        door.caller = ANNA
        all_tools = {tool.name for tool in (await client.list_tools(cache_mode="refresh")).tools}
        assert not (await client.call_tool("cancel_run", {"run_id": "run_1"})).is_error
        door.caller = Principal(PrincipalKind.USER, "vera", frozenset({"viewer"}))
        assert {tool.name for tool in (await client.list_tools(cache_mode="refresh")).tools} == few
        assert (await client.call_tool("cancel_run", {"run_id": "run_1"})).is_error
    assert all_tools - few >= {"apply_changes", "run_sync", "cancel_run", "revert_run", "manage_schedule"}
    assert len(service.called("cancel_run")) == 1


@pytest.mark.parametrize("answerer", [ANNA, BERT])
async def test_a_question_is_answered_by_whom_it_was_put_to(answerer: Principal) -> None:
    door, service = Door(ANNA), FakeService(deletes=3)

    async def answer(_context: Any, _params: Any) -> ElicitResult:
        door.caller = answerer
        return ElicitResult(action="accept", content={"delete": True})

    async with Client(door.server(service), elicitation_callback=answer) as client:
        calling = client.call_tool("apply_changes", {"change_set_id": "cs_1", "allow_deletes": True})
        if answerer == ANNA:
            assert not (await calling).is_error
        else:
            with pytest.raises(MCPError):
                await calling
    assert len(service.called("apply")) == (1 if answerer == ANNA else 0)


async def test_each_route_asks_on_behalf_of_its_caller(monkeypatch: pytest.MonkeyPatch, service: FakeService) -> None:
    door, seen = Door(ANNA), list[Principal]()
    context = door.context(service)
    server = build_server(context)
    add_routes(server, context)
    asked = FakeService.list_runs

    async def list_runs(self: FakeService, principal: Principal, **more: Any) -> Any:
        seen.append(principal)
        return await asked(self, principal, **more)

    monkeypatch.setattr(FakeService, "list_runs", list_runs)
    web = TestClient(server.streamable_http_app())
    for door.caller in (ANNA, BERT, ANNA):
        assert web.get("/").status_code == 200
    assert seen == [ANNA, BERT, ANNA]
    with pytest.raises(LookupError):
        current_caller()


def names_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def test_the_faces_of_a_server_make_no_principal_themselves() -> None:
    """They take the one of the request, so that tokens need one change in one place."""
    makers = {"Principal", "local_principal", "SPHERESYNC_ROLE", "ROLE_VARIABLE", "role_from"}
    for folder in ("mcp_server", "http", "dashboard"):
        for file in (SERVER / folder).rglob("*.py"):
            if file.name != "server_context.py":  # names the type, of what a request has
                assert not makers & {*names_in(file)}, file


@pytest.mark.parametrize(
    ("roles", "included"),
    [
        ((), ()),
        (("unheard-of",), ()),
        (("viewer",), ("viewer", "auditor")),
        (("auditor", "operator"), ("viewer", "operator", "auditor")),
        (("steward", "viewer"), ("viewer", "steward", "auditor")),
        (("viewer", "admin"), tuple(CallerRole)),
    ],
)
def test_roles_include_what_they_allow_together(roles: tuple[str, ...], included: tuple[str, ...]) -> None:
    assert [role for role in CallerRole if roles_include(roles, role)] == [CallerRole(name) for name in included]
