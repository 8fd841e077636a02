"""Start, follow and cancel runs."""
