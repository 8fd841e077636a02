"""A restore that is killed or that finds the disk full: the old state whole, or the new one whole, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import pytest

pytestmark = pytest.mark.anyio

COMMON = """
import os, resource, shutil, signal, sys
from pathlib import Path
import anyio
from spheresync.errors import SpheresyncError
from spheresync.model import Principal, PrincipalKind, utc_now
from spheresync.state.sqlite.files.backup import make_backup
from spheresync.state.records import AuditEvent
from spheresync.state.sqlite.files.restore import restore_state
from spheresync.state.sqlite.store import SqliteStore

root = Path(sys.argv[1])
file = root / "backup.db"

async def set_value(folder, value, weight=0):
    async with SqliteStore.open(folder) as store:
        async def work(tx):
            await tx.meta.set("k", value)
            await tx.meta.set("weight", os.urandom(weight).hex())
            anna = Principal(PrincipalKind.USER, "a")
            await tx.audit.append_many([AuditEvent(anna, "set", None, None, None, "done", {"v": value})])
        await store.write(work)

async def back_up(folder, to, **more):
    async def nothing(made):
        pass
    async with SqliteStore.open(folder):
        await make_backup(folder, to, replace=False, before_placing=nothing)

async def restore(folder):
    async def adjust(store, source):
        await store.write(lambda tx: tx.meta.set("adjusted", "yes"))
    return await restore_state(folder, file, adjust, clock=utc_now)

async def look(folder):
    async with SqliteStore.open(folder) as store:
        assert await store.check() == ()
        verdict = await store.audit.verify()
        assert verdict.intact, verdict
        return await store.meta.get("k"), await store.meta.get("adjusted"), verdict.entries
"""

KILLS = """
# What the restore does to files, one event each: the child is killed before the n-th of them.
TOUCHES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "open", "sqlite3.connect"}

def child(folder, n):
    left = n
    def count(event, arguments):
        nonlocal left
        if event in TOUCHES and str(root) in str(arguments) + os.getcwd():
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    os.chdir(root)
    sys.addaudithook(count)
    anyio.run(restore, folder)
    os._exit(0)

async def prepare():
    await set_value(root / "seed", "old")
    await back_up(root / "seed", file)
    await set_value(root / "seed", "new")

anyio.run(prepare)
kills = {"old": 0, "new": 0}
n = 0
while True:
    n += 1
    folder = root / f"case{n}"
    shutil.copytree(root / "seed", folder)
    pid = os.fork()
    if pid == 0:
        child(folder, n)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    value, adjusted, entries = anyio.run(look, folder)
    if value == "new":
        assert (adjusted, entries) == (None, 2), (n, adjusted, entries)
        kills["new"] += ended != 0
        kept = [path for path in folder.iterdir() if "before-restore" in path.name]
        assert kept == [], (n, kept)
    else:
        assert (value, adjusted, entries) == ("old", "yes", 2), (n, value, adjusted, entries)
        kills["old"] += ended != 0
        (kept,) = [path for path in folder.iterdir() if "before-restore" in path.name]
    assert not list(folder.glob("*.restored")), n
    anyio.run(restore, folder)  # and again, whatever was left behind
    assert anyio.run(look, folder)[0] == "old"
    assert not (folder / ".restoring").exists(), n
    shutil.rmtree(folder)
    if ended == 0:
        break
    assert ended == -signal.SIGKILL, ended
print(n, kills["new"], kills["old"])
"""

FULL = """
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

async def prepare():
    await set_value(root / "state", "old", 300_000)
    await back_up(root / "state", file)
    await set_value(root / "state", "new", 300_000)

anyio.run(prepare)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
for work, arguments in ((back_up, (root / "state", root / "again.db")), (restore, (root / "state",))):
    try:
        anyio.run(work, *arguments)
    except SpheresyncError as error:
        print(type(error).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(anyio.run(look, root / "state")[0], sorted(path.name for path in root.iterdir()))
anyio.run(restore, root / "state")
print(anyio.run(look, root / "state")[0])
"""


async def run(program: str, root: Path) -> list[str]:
    done = await anyio.run_process([sys.executable, "-c", COMMON + program, str(root)], check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout.decode().splitlines()


async def test_kill_9_before_each_touch_of_a_file_leaves_the_old_state_whole_or_the_new_one(tmp_path: Path) -> None:
    (line,) = await run(KILLS, tmp_path)
    moments, before, after = map(int, line.split())
    assert moments > 20
    assert before > 10
    assert after >= 2, "also between the decision and its end"


async def test_a_full_disk_stops_a_backup_and_a_restore_and_changes_nothing(tmp_path: Path) -> None:
    backup, restore, left, at_last = await run(FULL, tmp_path)
    assert backup.startswith("StateError")
    assert "Free space" in backup
    assert restore.startswith("StateError")
    assert "Free space" in restore
    assert left == "new ['backup.db', 'state']"
    assert at_last == "old"
