"""What is remembered between runs: one SQLite file, one write path, and who is alive to own what."""
