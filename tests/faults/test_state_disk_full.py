"""A disk that takes no more: what was acknowledged stays, the error says what to do, and writing goes on afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

from spheresync.state.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio

WRITER = """
import os, resource, sys
from pathlib import Path
import anyio
from spheresync.errors import StateError
from spheresync.state.sqlite.store import SqliteStore

folder = Path(sys.argv[1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

async def main():
    async with SqliteStore.open(folder) as store:
        largest = max(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 100_000, hard))
        kept = 0
        while True:
            body = os.urandom(20_000).hex()
            try:
                await store.write(lambda tx: tx.meta.set(f"k{kept}", body))
            except StateError as error:
                print("full:", error, flush=True)
                break
            kept += 1
        assert len(await store.meta.with_prefix("k")) == kept, "reading goes on"
        for _ in range(3):
            try:
                await store.write(lambda tx: tx.meta.set("again", "x" * 50_000))
            except StateError:
                pass
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await store.write(lambda tx: tx.meta.set("after", "space returned"))
        print("kept:", kept, flush=True)

anyio.run(main)
"""


async def test_a_full_disk_is_explained_and_survived(tmp_path: Path) -> None:
    done = await anyio.run_process([sys.executable, "-c", WRITER, str(tmp_path)], check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    full, kept = done.stdout.decode().splitlines()
    assert "Free space" in full
    count = int(kept.removeprefix("kept: "))
    assert count > 0
    async with SqliteStore.open(tmp_path) as store:
        assert len(await store.meta.with_prefix("k")) == count
        assert await store.meta.get("after") == "space returned"
        assert await store.check() == ()
