"""A process that is told to end while it drives a run gives it back, whenever that comes: it is not taken for dead."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from spheresync.state.sqlite.store import SqliteStore
from tests.simulators.in_process import InProcess, in_process
from tests.unit.planning.test_target_findings import landscape

pytestmark = pytest.mark.anyio
CREATION = 1
"""Which write to the state makes the run."""


async def is_ended_at(installation: InProcess, write: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Sync, and be told to end right after that write to the state; False where the sync came to its end before."""
    written, original = 0, SqliteStore.write

    async def counting(store: SqliteStore, work: Callable[[Any], Awaitable[Any]]) -> Any:
        nonlocal written
        answer = await original(store, work)
        written += 1
        if written == write:
            scope.cancel()
        return answer

    with monkeypatch.context() as patched, anyio.CancelScope() as scope:
        patched.setattr(SqliteStore, "write", counting)
        await installation.sync()
    return scope.cancelled_caught


async def test_no_moment_to_end_counts_as_a_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, interrupted = CREATION + 1, True
    while interrupted:
        (folder := tmp_path / str(write)).mkdir()
        async with in_process(folder, landscape()) as installation:
            interrupted = await is_ended_at(installation, write, monkeypatch)
            for run in await installation.store.runs.unfinished():
                assert (run.claims, run.owner) == (0, None), f"told to end at write {write}"
        write += 1
    assert write > CREATION + 10, "a sync was interrupted in a few places only"
