"""The SQLite store keeps what every store promises."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from spheresync.model import AssetId
from spheresync.state.port import Store
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.store import SqliteStore
from tests.contract.store_promises import StorePromises
from tests.contract.two_stores import TwoStores
from tests.simulators.new_state import lay_new_state
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio


class TestSqliteStore(StorePromises):
    @pytest.fixture
    async def two_stores(self, tmp_path: Path) -> AsyncIterator[TwoStores]:
        folder, clock = tmp_path / "state", StandingClock()

        def edit(*statements: tuple[str, tuple[str, ...]]) -> None:
            with closing(sqlite3.connect(folder / FILE_NAME)) as file, file:
                for statement, values in statements:
                    file.execute(statement, values)

        def damage_asset(asset: AssetId) -> None:
            edit(("UPDATE assets SET kind = x'FF' WHERE space = ? AND name = ?", (asset.space, asset.name)))

        def alter_audit_log() -> None:
            edit(("DROP TRIGGER audit_no_update", ()), ("UPDATE audit SET actor = 'bert' WHERE seq = 3", ()))

        lay_new_state(folder)
        async with AsyncExitStack() as opened, AsyncExitStack() as second:
            one = await opened.enter_async_context(SqliteStore.open(folder, clock=clock))
            other = await second.enter_async_context(SqliteStore.open(folder, clock=clock))

            async def reopen_one() -> Store:
                return await opened.enter_async_context(SqliteStore.open(folder, clock=clock))

            yield TwoStores(one, other, clock, clock.advance, second.aclose, reopen_one, damage_asset, alter_audit_log)
