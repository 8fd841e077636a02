"""Who is alive is known exactly, whatever way a process ends."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spheresync.state.records import STALE_AFTER
from spheresync.state.sqlite.liveness.owners import FOLDER_NAME, OwnerLock, Owners
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.state.owner_locks import owner_lock

HOLDER = """
import sys
from pathlib import Path
from spheresync.state.sqlite.liveness.owners import OwnerLock
lock = OwnerLock.take(Path(sys.argv[1]))
print(lock.id, flush=True)
sys.stdin.read()
if sys.argv[2] == "clean":
    lock.release()
"""


def start_holder(folder: Path, ending: str = "kill") -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), ending], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def close(process: subprocess.Popen[str]) -> None:
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def test_a_lock_of_this_process(tmp_path: Path) -> None:
    owners = Owners(tmp_path)
    with owner_lock(tmp_path) as lock:
        assert owners.is_alive(lock.id)
        assert owners.is_alive(lock.id), "looking does not take it"
        assert owners.process_id(lock.id) == str(os.getpid())
        assert not os.get_inheritable(lock._descriptor or -1)
    assert not owners.is_alive(lock.id)
    assert list((tmp_path / "owners").iterdir()) == []
    lock.release()
    assert not owners.is_alive(None)
    assert not owners.is_alive("never-was")


def test_kill_9_is_seen_at_once_even_of_a_zombie(tmp_path: Path) -> None:
    owners = Owners(tmp_path)
    process, owner_id = start_holder(tmp_path)
    try:
        assert owners.is_alive(owner_id)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has fetched its exit status
        assert Path(f"/proc/{process.pid}/stat").read_text().split()[2] == "Z"
        assert not owners.is_alive(owner_id)
        assert list((tmp_path / "owners").iterdir()) == [], "whoever finds it dead removes its file"
    finally:
        process.kill()
        close(process)


def test_a_clean_end_removes_the_file(tmp_path: Path) -> None:
    process, owner_id = start_holder(tmp_path, "clean")
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    assert list((tmp_path / "owners").iterdir()) == []
    assert not Owners(tmp_path).is_alive(owner_id)
    close(process)


def test_a_stopped_process_holds_its_lock(tmp_path: Path) -> None:
    process, owner_id = start_holder(tmp_path)
    try:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert Owners(tmp_path).is_alive(owner_id)
    finally:
        process.kill()
        close(process)


def test_a_child_started_meanwhile_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = OwnerLock.take(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    descriptor, lock._descriptor = lock._descriptor, None
    os.close(descriptor or -1)  # as the kernel does at death, without removing the file
    try:
        assert not Owners(tmp_path).is_alive(lock.id)
    finally:
        child.kill()
        child.communicate()


def test_two_who_look_at_once_do_not_take_each_other_for_the_owner(tmp_path: Path) -> None:
    (tmp_path / "owners").mkdir()
    path = tmp_path / "owners" / "dead.lock"
    with path.open("w") as other_looker:
        fcntl.flock(other_looker, fcntl.LOCK_SH)
        assert not Owners(tmp_path).is_alive("dead")


def test_sweeping_removes_the_dead_only(tmp_path: Path) -> None:
    process, _ = start_holder(tmp_path)
    process.kill()
    close(process)
    with owner_lock(tmp_path) as lock:
        Owners(tmp_path).sweep()
        assert [path.stem for path in (tmp_path / "owners").iterdir()] == [lock.id]


def test_a_folder_without_owners_is_no_error(tmp_path: Path) -> None:
    Owners(tmp_path).sweep()


def test_a_lock_that_never_got_its_name_is_swept_up_but_not_one_that_is_about_to(tmp_path: Path) -> None:
    left, fresh = tmp_path / "owners" / ".left", tmp_path / "owners" / ".fresh"
    with owner_lock(tmp_path):
        for path in (left, fresh):
            path.touch()
        os.utime(left, (0, 0))
        Owners(tmp_path).sweep()
        assert fresh.exists() and not left.exists()


def owners_of_files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_uid for path in folder.rglob("*")}


@pytest.mark.anyio
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for somebody else")
async def test_what_root_makes_in_the_folder_of_a_service_is_the_services(tmp_path: Path) -> None:
    service = 65_534
    os.chown(tmp_path, service, service)
    async with SqliteStore.open(tmp_path) as store:
        await store.write(lambda tx: tx.meta.set("by", "root"))
        owners = owners_of_files(tmp_path)
    assert {"spheresync.db", "spheresync.db-wal", FOLDER_NAME} <= owners.keys()
    assert set(owners.values()) == {service}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take the place of another account and come back")
def test_a_lock_that_another_account_may_not_read_counts_as_held(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with owner_lock(tmp_path) as lock:
        (tmp_path / FOLDER_NAME).chmod(0o755)
        os.seteuid(65_534)
        try:
            assert Owners(tmp_path).is_alive(lock.id)
        finally:
            os.seteuid(0)


def test_a_lock_whose_process_died_before_it_had_a_name_goes_once_it_is_old(tmp_path: Path) -> None:
    """A young one may be of a process that is giving it its name just now."""
    owners = tmp_path / FOLDER_NAME
    owners.mkdir()
    old, young = owners / ".0000000000000001", owners / ".0000000000000002"
    for lock, age in ((old, STALE_AFTER + 5), (young, 0)):
        lock.touch()
        os.utime(lock, (time.time() - age,) * 2)
    Owners(tmp_path).sweep()
    assert [*owners.iterdir()] == [young]
