"""Rows of named assets are looked up, never searched for: their cost does not grow with the table."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from spheresync.model import AssetId
from spheresync.state.sqlite.rows.statements import rows_of_assets
from spheresync.state.sqlite.store import SqliteStore

ASSETS = [AssetId.parse(f"SALES/T{number}") for number in range(450)]


@pytest.mark.parametrize(("table", "name"), [("assets", "name"), ("checkpoints", "asset")])
@pytest.mark.anyio
async def test_no_table_is_scanned_for_the_rows_of_named_assets(tmp_path: Path, table: str, name: str) -> None:
    async with SqliteStore.open(tmp_path):
        pass
    database = sqlite3.connect(tmp_path / "spheresync.db")
    parts = list(rows_of_assets(ASSETS, table, name=name))
    for clause, values in parts:
        plan = database.execute(f"EXPLAIN QUERY PLAN {clause} SELECT * FROM named_{table}", values)
        steps = [step for *_, step in plan]
        assert not [step for step in steps if step.startswith(f"SCAN {table}")], steps
        assert [step for step in steps if step.startswith(f"SEARCH {table}")], steps
    assert [value for _, values in parts for value in values] == [text for a in ASSETS for text in (a.space, a.name)]
