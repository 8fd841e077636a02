"""What is served over HTTP beside and around MCP: transport, probes, metrics."""
