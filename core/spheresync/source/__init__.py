"""Where assets come from. Read-only."""
