"""What the program tells about itself while it runs: logs without secrets, spans, heartbeats."""
