"""The MCP server: tools, resources, prompts, and the two transports that carry them."""
