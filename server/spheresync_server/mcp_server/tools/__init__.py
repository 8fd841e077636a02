"""The tools of the MCP server, and who may use each."""
