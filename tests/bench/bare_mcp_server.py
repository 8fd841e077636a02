"""Baseline of the MCP server: the SDK's own server over stdio with one tool that echoes."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

server = MCPServer("echo")


@server.tool()
def echo(text: str) -> str:
    """Answer the same text."""
    return text


if __name__ == "__main__":
    server.run("stdio")
