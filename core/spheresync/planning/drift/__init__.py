"""Compare what the targets hold with what was written."""
