"""The MCP server over stdio and HTTP against the embedded dog environment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters

TIMEOUT = 120  # seconds until a hung server fails its test
SERVE = ["-m", "spheresync_server.cli.main", "serve", "--no-scheduler"]


def surroundings(state: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}
    return {**kept, "SPHERESYNC_ENV": "dog", "SPHERESYNC_STATE_DIR": str(state), **more}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


async def call(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


@pytest.mark.anyio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_an_assistant_brings_a_space_to_aws(tmp_path: Path, era: str) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(tmp_path), cwd=str(tmp_path))
    async with Client(server, mode=era) as client:
        spaces = await call(client, "list_spaces")
        space = max(spaces["items"], key=lambda row: row["assets"])
        page = await call(client, "list_assets", space=space["space"], limit=2)
        asset = page["items"][0]["asset"]
        assert page["total"] == space["assets"]
        assert (await call(client, "describe_asset", asset=asset))["columns"]
        assert (await call(client, "explain_mapping", asset=asset))["table"]
        change_set = await call(client, "preview_changes", spaces=[space["space"]])
        assert change_set["summary"]["create"] == space["assets"]
        items, cursor = [], None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            found = await call(client, "get_change_set", change_set_id=change_set["change_set_id"], limit=7, **more)
            items += found["items"]
            cursor = found.get("next_cursor")
            if cursor is None:
                break
        assert len(items) == found["total"] == space["assets"]
        run = await call(client, "apply_changes", change_set_id=change_set["change_set_id"], wait_seconds=60)
        assert run["state"] == "done" and run["counts"]["create"] == space["assets"]
        again = await call(client, "apply_changes", change_set_id=change_set["change_set_id"])
        assert again["run_id"] == run["run_id"]
        described = await call(client, "describe_asset", asset=asset)
        assert described["status"] == "synced" and described["targets"]
        assert (await call(client, "get_run", run_id=run["run_id"]))["state"] == "done"
        assert (await call(client, "verify_audit_log"))["intact"]
        assert (await call(client, "query_audit_log", run_id=run["run_id"]))["total"] > 0
        assert (await call(client, "get_sync_status"))["environment"] == "dog"
        resource = (await client.read_resource(f"spheresync://assets/{asset}")).contents[0]
        assert json.loads(resource.text)["asset"] == asset  # type: ignore[union-attr]  # text, as its type says


@pytest.mark.anyio
async def test_the_first_refresh_of_a_server_reads_what_was_edited_since_it_opened(
    tmp_path: Path,
) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(tmp_path), cwd=str(tmp_path))
    async with Client(server) as client:
        asset = (await call(client, "list_assets", limit=1))["items"][0]["asset"]
        content = tmp_path / "dog-tenant.json"
        tenant = json.loads(content.read_text("utf-8"))
        for space in tenant["landscape"]["spaces"]:
            for each in space["objects"]:
                if f"{space['name']}/{each['name']}" == asset:
                    each["label"] = "Edited meanwhile"
        content.write_text(json.dumps(tenant), "utf-8")
        await call(client, "preview_changes", refresh=True)
        assert (await call(client, "describe_asset", asset=asset))["label"] == "Edited meanwhile"


def test_a_command_on_an_empty_store_reads_it_once_and_tells_that_reading(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "spheresync_server.cli.main", "discover", "--json"],
        env=surroundings(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=TIMEOUT,
    )
    told = json.loads(ended.stdout)
    assert told["read"] == told["mapped"] > 0


@pytest.mark.anyio
async def test_a_sync_finds_nothing_the_second_time(state: Path) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(state), cwd=str(state))
    async with Client(server) as client:
        first = await call(client, "run_sync", wait_seconds=60)
        second = await call(client, "run_sync", wait_seconds=60)
        assert "AWS was never looked at for drift" in second["seen_in_aws"] and "detect_drift" in second["seen_in_aws"]
        asset = (await call(client, "list_assets", limit=1, status="synced"))["items"][0]["asset"]
        described = await call(client, "describe_asset", asset=asset)
        assert described["read_at"] >= first["created_at"][:19]
        seen = described["seen_in_aws"]
        assert "AWS was not looked at since" in seen and "detect_drift" in seen
        status = await call(client, "get_sync_status")
        mistake = await client.call_tool("describe_asset", {"asset": "NOWHERE/NOTHING"})
        cursor = await client.call_tool("list_runs", {"cursor": "nonsense"})
    assert first["state"] == second["state"] == "done"
    assert first["run_id"] != second["run_id"]
    assert "aws_calls" in first["usage"] and "aws_calls" not in second["usage"], "no call was needed"
    synced = first["counts"]["create"]
    assert status["health"] == "ok"
    assert status["summary"].startswith(
        f"{synced} of {synced} assets in sync. The last run, {second['run_id']}, ended done"
    )
    assert mistake.is_error and cursor.is_error


@pytest.fixture
def web(state: Path) -> Iterator[str]:
    """A server over HTTP; it must end in good order on SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, *SERVE, "--transport", "http", "--port", "0", "--no-scheduler"],
        env=surroundings(state, SPHERESYNC_ROLE="viewer"),
        cwd=state,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        announced = process.stderr.readline()
        match = re.search(r"MCP at (http://\S+)/mcp", announced)
        assert match, announced
        yield match[1]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.anyio
async def test_http_serves_the_same_to_a_viewer(web: str) -> None:
    async with Client(f"{web}/mcp") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        refused = await client.call_tool("run_sync", {})
        spaces = await call(client, "list_spaces")
    async with httpx2.AsyncClient(base_url=web) as http:
        ready = await http.get("/readyz")
        page = await http.get("/")
        metrics = await http.get("/metrics")
    assert "run_sync" not in names and refused.is_error
    assert spaces["total"] > 0
    assert ready.status_code == page.status_code == 200
    assert "spheresync_assets{" in metrics.text


@pytest.mark.anyio
async def test_rules_that_do_not_count_for_an_asset_and_sections_without_files_are_told_as_such(state: Path) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(state), cwd=str(state))
    async with Client(server) as client:
        await call(client, "preview_changes", refresh=True)
        told = (await call(client, "explain_mapping", asset="HR/EMPLOYEES"))["unmatched"]
        assert told[0] == "9 of 10 context entries do not match this asset" and told[-1] == "and 5 more of them"
        assert "which sets certification" in told[1] and "its name is not AM_HEADCOUNT" in told[1]
        said = [str((await client.call_tool("get_configuration", {"section": each})).content) for each in SECTIONS]
    assert all("Business context in force: 10 entries and 4 terms" in each for each in said)
    assert "Off, empty or zero: mapping.rules." in said[0] and "No files are named in it." in said[1]


SECTIONS = ("mapping", "context")


@pytest.mark.anyio
async def test_a_refused_call_is_on_record_with_what_it_was_about_and_the_reason(tmp_path: Path) -> None:
    env = surroundings(tmp_path, SPHERESYNC_ROLE="viewer")
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=env, cwd=str(tmp_path))
    async with Client(server) as client:
        made = (await call(client, "preview_changes", spaces=["HR"]))["change_set_id"]
        refused = await client.call_tool("apply_changes", {"change_set_id": made})
        other = await client.call_tool("revert_run", {"run_id": "run_0123456789ab"})
        hostile = await client.call_tool("revert_run", {"run_id": "Erika Mustermann"})
        assert refused.is_error and other.is_error and hostile.is_error
        found = (await call(client, "query_audit_log", outcome="refused", detail="full"))["items"]
    assert [entry["tool"] for entry in found] == ["revert_run", "revert_run", "apply_changes"]
    assert found[2]["detail"]["change_set"] == made and "viewer" in found[2]["detail"]["reason"]
    assert found[1]["run_id"] == "run_0123456789ab" and "Mustermann" not in json.dumps(found)
