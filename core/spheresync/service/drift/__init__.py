"""Compare the targets with what was last written."""
