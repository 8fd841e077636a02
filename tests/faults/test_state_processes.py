"""Several processes on one state: killed at random, writing at once, opening at once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.schema import shipped_migrations
from spheresync.state.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio

WRITER = """
import sys
from pathlib import Path
import anyio
from spheresync.model import Principal, PrincipalKind
from spheresync.state.records import AuditEvent
from spheresync.state.sqlite.store import SqliteStore

folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    sys.stdin.readline()  # all begin at once
    async with SqliteStore.open(folder) as store:
        for n in range(count):
            async def work(tx):
                assert await tx.meta.get(f"{name}.{n}") is None  # a read that becomes a write must not fail either
                await tx.meta.set(f"{name}.{n}", "x")
                await tx.meta.set(f"{name}.{n}.twin", "x")
                anna = Principal(PrincipalKind.USER, name)
                await tx.audit.append_many([AuditEvent(anna, "create", None, str(n), None, "done", {})])
            await store.write(work)
            print(n, flush=True)

anyio.run(main)
"""


def start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.parametrize("seed", range(3))
async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    victim = start(tmp_path, "victim", 100_000)
    release(victim)
    assert victim.stdout is not None
    acknowledged = [int(victim.stdout.readline()) for _ in range(random.Random(seed).randrange(1, 120))]
    victim.kill()
    rest, errors = victim.communicate()
    acknowledged += [int(line) for line in rest.splitlines()]
    async with SqliteStore.open(tmp_path) as store:
        kept = await store.meta.with_prefix("victim.")
        for n in acknowledged:
            assert f"victim.{n}" in kept
        assert len([key for key in kept if key.endswith(".twin")]) * 2 == len(kept), "a unit of work was torn"
        verdict = await store.audit.verify()
        assert verdict.intact
        assert verdict.entries * 2 == len(kept)
        assert await store.check() == ()
        assert [path.stem for path in (tmp_path / "owners").iterdir()] == [store.owner.id]
    assert "Traceback" not in errors


async def test_several_processes_write_at_once_without_a_lock_error(tmp_path: Path) -> None:
    """They also make the file at once: the schema is made by one of them, and only once."""
    writers = [start(tmp_path, f"w{n}", 60) for n in range(4)]
    for writer in writers:
        release(writer)
    for writer in writers:
        written, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
        assert len(written.splitlines()) == 60
    async with SqliteStore.open(tmp_path) as store:
        assert len(await store.meta.with_prefix("w")) == 4 * 60 * 2
        verdict = await store.audit.verify()
        assert (verdict.intact, verdict.entries) == (True, 240)
    file = sqlite3.connect(tmp_path / FILE_NAME)
    assert file.execute("SELECT count(*) FROM schema_migrations").fetchone() == (len(shipped_migrations()),)
    file.close()
