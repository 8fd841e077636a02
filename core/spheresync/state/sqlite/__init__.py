"""The state in one SQLite file: one write path, and who is alive to own what."""
