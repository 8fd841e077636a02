"""Which processes are alive, exactly: each holds a lock on a file of its own, and the kernel frees it at death.

A process that was killed is known to be dead at once, even as a zombie that nobody has waited for; no timeout is
involved and no process id is compared (ids are reused, and differ between containers).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from spheresync.regular_files import open_regular
from spheresync.state.records import STALE_AFTER
from spheresync.state.sqlite.files.writable_folder import leave_to_owner_of

_LONGEST_NUMBER = 64
FOLDER_NAME = "owners"


class OwnerLock:
    """The lock by which others see that this process lives, held until `release` or death.

    The file names the process id, for people.
    """

    def __init__(self, owner_id: str, path: Path, descriptor: int) -> None:
        self.id = owner_id
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path) -> OwnerLock:
        """Take a new lock under the state folder; `id` is a random token."""
        owners = folder / FOLDER_NAME
        if not owners.is_dir():
            owners.mkdir(mode=0o700, parents=True, exist_ok=True)
            leave_to_owner_of(folder, owners)
        owner_id = secrets.token_hex(8)
        unnamed, path = owners / f".{owner_id}", _lock_path(folder, owner_id)
        descriptor = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leave_to_owner_of(folder, descriptor)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            unnamed.rename(path)  # under its name the file is never seen unlocked
        except BaseException:
            os.close(descriptor)
            unnamed.unlink(missing_ok=True)
            raise
        return cls(owner_id, path, descriptor)

    def release(self) -> None:
        """Give the lock up and remove its file; a second call does nothing."""
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


class Owners:
    """Looks at the locks of a state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_alive(self, owner_id: str | None) -> bool:
        """Whether the process that took this lock lives; the file of a dead one is removed."""
        if owner_id is None:
            return False
        path = _lock_path(self._folder, owner_id)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except PermissionError:
            return True  # of another account, and not ours to judge: nothing is taken from it
        try:
            # Shared, so that two processes that look at once do not take each other for the owner.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def is_responsive(self, owner_id: str | None, heartbeat_at: str | None, now: datetime) -> bool:
        """Whether it lives and, where it promised heartbeats, sent one within 30 s.

        A clock that was set back makes a heartbeat look like one of the future: that counts as fresh.
        """
        if not self.is_alive(owner_id):
            return False
        if heartbeat_at is None:
            return True
        try:
            return (now - datetime.fromisoformat(heartbeat_at)).total_seconds() <= STALE_AFTER
        except (ValueError, TypeError):
            return False  # a damaged row: nobody waits for it

    def process_id(self, owner_id: str) -> str:
        """The process id as the owner wrote it, or "unknown"."""
        try:
            with open_regular(_lock_path(self._folder, owner_id)) as file:
                return file.read(_LONGEST_NUMBER).decode("ascii").strip() or "unknown"
        except (OSError, UnicodeDecodeError):
            return "unknown"

    def living(self) -> list[str]:
        """The process ids of all that hold a lock here, as they wrote them."""
        locks = (self._folder / FOLDER_NAME).glob("*.lock")
        return sorted(self.process_id(path.stem) for path in locks if self.is_alive(path.stem))

    def sweep(self) -> None:
        """Remove the files of dead processes that nothing refers to any more."""
        folder = self._folder / FOLDER_NAME
        if folder.is_dir():
            for path in folder.glob("*.lock"):
                self.is_alive(path.stem)
            for unnamed in folder.glob(".*"):
                _remove_if_left(unnamed)


def _remove_if_left(unnamed: Path) -> None:
    """Remove a lock whose process died before it had a name; a name is given within milliseconds."""
    with suppress(FileNotFoundError):
        if time.time() - unnamed.stat().st_mtime > STALE_AFTER:
            unnamed.unlink()


def _lock_path(folder: Path, owner_id: str) -> Path:
    return folder / FOLDER_NAME / f"{owner_id}.lock"
