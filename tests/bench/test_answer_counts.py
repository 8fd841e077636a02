"""What one page of assets costs, in counts that hold on any machine: statements, rows that are read, contents decoded.

However many assets there are and however many a page shows, the number of statements is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from spheresync.mapping.rules import MappingRules
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.kinds_not_read import kinds_not_read
from spheresync.runtime.out_of_scope import Outside
from spheresync.service.catalog import stored_definitions
from spheresync.service.catalog.asset_list import AssetLister
from spheresync.service.catalog.asset_request import AssetArguments, AssetsWanted
from spheresync.state.sqlite.connection import ReadPool
from spheresync.state.sqlite.repositories import search
from spheresync.state.sqlite.store import SqliteStore
from tests.bench.sample_assets import sample_settings
from tests.bench.seeded_state import seed

pytestmark = pytest.mark.anyio

ASSETS = 1_000
MANY = 100
"""What counts as many here, in place of what does among 100,000 assets."""


@dataclass
class Cost:
    """What was asked of the state."""

    statements: list[str] = field(default_factory=list)
    rows: int = 0
    decoded: int = 0

    def naming(self, table: str) -> int:
        return sum(table in statement for statement in self.statements)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeded")
    anyio.run(seed, folder, ASSETS)
    return folder


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cost]:
    cost = Cost()
    read, decode = ReadPool.all, stored_definitions.decode_asset

    async def counted(self: ReadPool, sql: str, values: Any = ()) -> Any:
        rows = await read(self, sql, values)
        cost.statements.append(sql)
        cost.rows += len(rows)
        return rows

    def decoded(body: bytes) -> Any:
        cost.decoded += 1
        return decode(body)

    monkeypatch.setattr(ReadPool, "all", counted)
    monkeypatch.setattr(stored_definitions, "decode_asset", decoded)
    monkeypatch.setattr(search, "MANY", MANY)
    yield cost


async def page_of(folder: Path, cost: Cost, limit: int, **wanted: Any) -> tuple[Cost, list[str], int]:
    settings = sample_settings(folder)
    async with SqliteStore.open(settings.state_dir) as store:
        mapping = MappingRules.compile(settings)
        outside = Outside(mapping.outside_scope, kinds_not_read(settings))
        parts = SimpleNamespace(store=store, mapping=mapping, settings=settings, outside=outside)
        lister = AssetLister(cast("RuntimeContext", parts), AssetsWanted(**cast("AssetArguments", wanted)))
        cost.statements.clear()
        cost.rows = cost.decoded = 0
        page = await lister.page(limit=limit, cursor=None, budget=None)
    return cost, [row.asset for row in page.items], page.total


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"detail": "full"},
        {"query": "asset"},
        {"query": "COL_007"},
        {"query": "column 7", "detail": "full"},
        {"column": "*_007"},
    ],
    ids=str,
)
async def test_a_page_takes_as_many_statements_however_long_it_is(
    folder: Path, cost: Cost, wanted: dict[str, Any]
) -> None:
    short = len((await page_of(folder, cost, 2, **wanted))[0].statements)
    found, shown, total = await page_of(folder, cost, 100, **wanted)
    assert (len(shown), total) == (100, ASSETS)
    assert len(found.statements) == short
    assert found.naming("named_checkpoints") == 1, "what targets hold is read once"
    assert found.decoded <= len(shown)
    assert found.rows <= 4 * len(shown) + 2 * search.NEXT_ONES


@pytest.mark.parametrize("together", [0, 3_000], ids=["scattered", "together"])
@pytest.mark.parametrize("wanted", [{"query": "COL_007"}, {"column": "*_007"}], ids=str)
async def test_where_most_match_no_more_is_walked_through_than_a_page_shows(
    folder: Path, cost: Cost, wanted: dict[str, Any], together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_TOGETHER", together)
    found, shown, total = await page_of(folder, cost, 50, **wanted)
    assert (len(shown), total, shown) == (50, ASSETS, sorted(shown))
    assert not any("ORDER BY" in each and "MATCH" in each for each in found.statements)
    assert not any("count(*) FROM assets INDEXED" in each for each in found.statements), "the index has told how many"
    exact = [each for each in found.statements if "count(*) FROM (SELECT 1" in each and "asset_search" in each]
    assert len(exact) <= 4
