"""The product's server over the embedded environment, with what the conformance suite wants to call besides.

`python -m tests.conformance.server PORT STATE_DIR`: only for tests; no installed program holds any of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult

from spheresync.config import SettingsSource
from spheresync.model.principals import CallerRole
from spheresync.service import Service
from spheresync_server.caller import local_caller
from spheresync_server.http.serving import bind, serve_http
from spheresync_server.mcp_server import server as product
from spheresync_server.mcp_server.server import SpheresyncServer, build_server
from spheresync_server.mcp_server.tools.registry import ToolsOfCaller
from spheresync_server.server_context import ServerContext, ServiceStartup
from tests.conformance.contents import add_contents
from tests.conformance.jobs import Jobs, add_jobs
from tests.conformance.questions import add_questions


class AllTools(ToolsOfCaller):
    """The tools of the product, then those that were added to them."""

    def get_tool(self, name: str) -> Tool | None:
        return super().get_tool(name) or self._tools.get(name)

    def list_tools(self) -> list[Tool]:
        own = super().list_tools()
        return [*own, *(tool for tool in self._tools.values() if tool not in own)]


class ConformanceServer(SpheresyncServer):
    """The product's server, which lets calls of added tools through to the SDK's."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[ServerContext, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        if name in self._entries or self._tool_manager.get_tool(name) is None:
            return await super().call_tool(name, arguments, context)
        return await MCPServer.call_tool(self, name, arguments, context)


async def main(port: int, state: Path) -> None:
    environ = {**os.environ, "SPHERESYNC_ENV": "dog", "SPHERESYNC_STATE_DIR": str(state)}
    jobs = Jobs()
    async with (
        Service.open(SettingsSource(None, None, environ, state)) as service,
        anyio.create_task_group() as group,
    ):
        jobs.group = group
        context = ServerContext(ServiceStartup.of(service), local_caller(CallerRole.ADMIN), dict)
        server = build_server(context, tasks=[jobs])
        add_contents(server)
        add_questions(server)
        add_jobs(server)
        listening = bind("127.0.0.1", port)
        print(listening.getsockname()[1], flush=True)
        await serve_http(server, context, listening)


if __name__ == "__main__":
    product.SpheresyncServer = ConformanceServer  # type: ignore[misc]
    product.ToolsOfCaller = AllTools  # type: ignore[misc]
    anyio.run(main, int(sys.argv[1]), Path(sys.argv[2]))
