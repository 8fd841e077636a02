"""Baseline of writing: a boto3 client and a pool of 32 threads that create the same tables.

`python -m tests.bench.bare_writer TABLES_FILE`: each line of the file holds the arguments of one CreateTable. Databases
come first, then the tables, nothing else. Endpoint, region and credentials come from the environment.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

THREADS = 32


def create_tables(tables_file: Path) -> int:
    """Create what the file holds; answers how many tables that were."""
    calls: list[dict[str, Any]] = [json.loads(line) for line in tables_file.read_text(encoding="utf-8").splitlines()]
    glue = boto3.client("glue", config=Config(max_pool_connections=THREADS))
    for database in sorted({call["DatabaseName"] for call in calls}):
        glue.create_database(DatabaseInput={"Name": database})
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(1 for _ in pool.map(lambda call: glue.create_table(**call), calls))


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"tables": create_tables(Path(sys.argv[1]))}) + "\n")
