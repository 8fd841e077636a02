"""Baseline of planning without reading: sqlite3 alone takes the columns that a plan compares from a state file.

`python -m tests.bench.bare_store_reader FILE` prints how many assets are held unchanged.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing

_COMPARED = "fp_schema, fp_content, fp_metadata"


def count_unchanged(file: str) -> int:
    """Assets whose checkpoint has their fingerprints."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as state:
        assets = {tuple(row[:2]): row[2:] for row in state.execute(f"SELECT space, name, {_COMPARED} FROM assets")}
        held = state.execute(f"SELECT space, asset, {_COMPARED} FROM checkpoints")
        return sum(1 for row in held if assets.get(tuple(row[:2])) == row[2:])


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"unchanged": count_unchanged(sys.argv[1])}) + "\n")
