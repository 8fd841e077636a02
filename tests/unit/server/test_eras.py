"""Three handshakes, over stdio and over HTTP with and without sessions, from the same server."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from mcp.server.transport_security import TransportSecuritySettings

from tests.unit.server.conftest import MakeServer
from tests.unit.server.test_processes import started

pytestmark = pytest.mark.anyio

BEFORE = ("2025-06-18", "2025-11-25")
NOW = "2026-07-28"
NAMESPACE = "io.modelcontextprotocol"
UNCHECKED = TransportSecuritySettings(enable_dns_rebinding_protection=False)
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def initialize(version: str) -> dict[str, Any]:
    client = {"name": "an-assistant", "version": "1"}
    return request(1, "initialize", protocolVersion=version, capabilities={}, clientInfo=client)


INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LIST = request(2, "tools/list")
CALL = request(3, "tools/call", name="list_spaces", arguments={})


def modern(number: int, method: str, **params: Any) -> dict[str, Any]:
    meta = {f"{NAMESPACE}/protocolVersion": NOW, f"{NAMESPACE}/clientCapabilities": {}}
    return request(number, method, **params, _meta=meta)


def require_answers(version: str, listed: dict[str, Any], called: dict[str, Any]) -> None:
    names = {tool["name"] for tool in listed["result"]["tools"]}
    assert {"list_spaces", "apply_changes"} <= names, version
    result = called["result"]
    assert not result.get("isError") and result["structuredContent"]["total"] == 2
    assert result["content"][0]["text"], "some clients read the text alone"


def message_of(response: httpx2.Response) -> dict[str, Any]:
    """The one answer, as JSON or as the last event of a stream."""
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith("application/json"):
        return dict(response.json())
    events = [line.removeprefix("data:") for line in response.text.splitlines() if line.startswith("data:")]
    return dict(json.loads([event for event in events if event.strip()][-1]))


@pytest.mark.parametrize("stateless", [False, True], ids=["stateful", "stateless"])
async def test_over_http_every_handshake_gets_the_same_tools(make_server: MakeServer, stateless: bool) -> None:
    app = make_server().streamable_http_app(stateless_http=stateless, transport_security=UNCHECKED)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=ACCEPT) as client,
    ):
        for version in BEFORE:
            opened = await client.post("/mcp", json=initialize(version))
            assert message_of(opened)["result"]["protocolVersion"] == version
            session = opened.headers.get("mcp-session-id")
            assert (session is None) is stateless
            headers = {"mcp-protocol-version": version, **({} if session is None else {"mcp-session-id": session})}
            assert (await client.post("/mcp", json=INITIALIZED, headers=headers)).status_code == 202
            listed, called = [await client.post("/mcp", json=each, headers=headers) for each in (LIST, CALL)]
            require_answers(version, message_of(listed), message_of(called))
        headers = {"mcp-protocol-version": NOW, "mcp-method": "tools/list"}
        listed = await client.post("/mcp", json=modern(4, "tools/list"), headers=headers)
        call = modern(5, "tools/call", name="list_spaces", arguments={})
        headers |= {"mcp-method": "tools/call", "mcp-name": "list_spaces"}
        called = await client.post("/mcp", json=call, headers=headers)
        require_answers(NOW, message_of(listed), message_of(called))


@pytest.mark.parametrize("version", [*BEFORE, NOW])
def test_over_stdio_every_handshake_gets_the_same_tools(version: str) -> None:
    with started("serve") as process:

        def ask(message: dict[str, Any]) -> None:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()

        def answer() -> dict[str, Any]:
            return dict(json.loads(process.stdout.readline()))

        if version == NOW:
            ask(modern(2, "tools/list"))
            listed = answer()
            ask(modern(3, "tools/call", name="list_spaces", arguments={}))
        else:
            ask(initialize(version))
            assert answer()["result"]["protocolVersion"] == version
            ask(INITIALIZED)
            ask(LIST)
            listed = answer()
            ask(CALL)
        require_answers(version, listed, answer())
