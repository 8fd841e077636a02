"""No answer over MCP or HTTP holds a path of the server's machine, whether all is well or the settings are broken."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError, StdioServerParameters

from tests.e2e.test_mcp_dog import SERVE, TIMEOUT, surroundings

CANARY = "canary-7f3a"
GOOD = "tiers: {critical: {interval: 60s}}\n"
BROKEN = "tiers: {critical: {interval: never}}\nno_such_key: 1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(CANARY)
    (folder / "spheresync.yaml").write_text(GOOD, "utf-8")
    return folder


def command(folder: Path, *more: str) -> list[str]:
    return [*SERVE, "--config", str(folder / "spheresync.yaml"), *more]


async def told(client: Client, name: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    result = await client.call_tool(name, arguments)
    return result.model_dump_json(), result.structured_content or {}


async def everything(client: Client) -> dict[str, str]:
    """What every tool and every resource answers, as it is on the wire."""
    answers: dict[str, str] = {}
    known: dict[str, Any] = {"asset": "NOWHERE/NOTHING", "tier": "critical", "action": "run_now"}
    answers["preview_changes"], preview = await told(client, "preview_changes", {})
    _, assets = await told(client, "list_assets", {"limit": 1})
    answers["run_sync"], run = await told(client, "run_sync", {"wait_seconds": 60})
    known["change_set_id"] = preview.get("change_set_id", "cs_none")
    known["run_id"] = run.get("run_id", "run_none")
    known["asset"] = assets["items"][0]["asset"] if assets else known["asset"]
    for tool in (await client.list_tools()).tools:
        if tool.name not in answers:
            arguments = {name: known[name] for name in tool.input_schema.get("required", ())}
            answers[tool.name], _ = await told(client, tool.name, arguments)
    places = ["spheresync://spaces", "spheresync://config", f"spheresync://assets/{known['asset']}"]
    for uri in (*places, f"spheresync://runs/{known['run_id']}", "spheresync://change-sets/none"):
        try:
            answers[uri] = (await client.read_resource(uri)).model_dump_json()
        except MCPError as error:
            answers[uri] = str(error)
    return answers


@pytest.mark.anyio
async def test_no_tool_and_no_resource_names_a_path_of_the_server(folder: Path) -> None:
    environment = surroundings(folder / "state", HOME=str(folder / "home"))
    server = StdioServerParameters(command=sys.executable, args=command(folder), env=environment, cwd=str(folder))
    async with Client(server) as client:
        well = await everything(client)
        (folder / "spheresync.yaml").write_text(BROKEN, "utf-8")
        broken = await everything(client)
        (folder / "spheresync.yaml").write_text(GOOD, "utf-8")
    assert len(well) > 20
    assert [what for what, answer in (*well.items(), *broken.items()) if CANARY in answer] == []
    assert "the state folder" in well["test_connections"] and "the state folder" in well["spheresync://config"]
    assert all("tiers.critical.interval" in broken[name] for name in ("get_sync_status", "run_sync", "preview_changes"))


@contextmanager
def web(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, *command(folder, "--transport", "http", "--port", "0")],
        env=surroundings(folder / "state", HOME=str(folder / "home")),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        announced = re.search(r"MCP at (http://\S+)/mcp", process.stderr.readline())
        assert announced
        yield announced[1]
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT)


def test_no_page_names_a_path_of_the_server(folder: Path) -> None:
    with web(folder) as base, httpx2.Client(base_url=base) as client:
        (folder / "spheresync.yaml").write_text(BROKEN, "utf-8")
        pages = {path: client.get(path).text for path in ("/", "/healthz", "/readyz", "/metrics")}
    assert [path for path, text in pages.items() if CANARY in text] == []
    assert "tiers.critical.interval" in json.loads(pages["/readyz"])["problems"][0]
