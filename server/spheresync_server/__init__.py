"""The faces of Spheresync: MCP server and command line, both thin over `spheresync.service`."""
