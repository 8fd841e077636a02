"""The server is started through the very blocks that the documentation has for hosts of assistants."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.documentation.blocks import ROOT, Block, blocks_of
from tests.documentation.checks import FOR_HOSTS, servers_in

pytestmark = pytest.mark.anyio
PAGE = ROOT / "docs" / "how-to" / "connect-an-assistant.md"
BLOCKS = [block for block in blocks_of(PAGE) if block.language in FOR_HOSTS]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
async def test_the_block_of_each_host_starts_a_server_that_answers(block: Block, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPHERESYNC_", "AWS_"))}
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    surroundings = kept | {"PATH": programs, "HOME": str(tmp_path), "SPHERESYNC_STATE_DIR": str(tmp_path / "state")}
    for server in servers_in(block):
        settings = surroundings | server.get("env", {})
        if "wolf" in server["args"]:
            settings |= {
                "SPHERESYNC_DATASPHERE__BASE_URL": "http://127.0.0.1:9",
                "SPHERESYNC_DATASPHERE__TOKEN_URL": "http://127.0.0.1:9/oauth/token",
                "SPHERESYNC_DATASPHERE__CLIENT_ID": "nobody",
                "SPHERESYNC_DATASPHERE__CLIENT_SECRET": "nothing",
                "AWS_REGION": "eu-central-1",
            }
        parameters = StdioServerParameters(
            command=server["command"], args=server["args"], env=settings, cwd=str(tmp_path)
        )
        async with Client(parameters) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            answer = await client.call_tool("get_sync_status", {})
        assert "list_assets" in tools and not answer.is_error
        assert ("run_sync" in tools) is (server["args"][-1] == "dog" or "SPHERESYNC_ROLE" in server.get("env", {}))
