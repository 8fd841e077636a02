"""Files that are written aside and get their name only when they are whole."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class AtomicFile:
    """An empty file, 0600, that takes a place when it is whole."""

    def __init__(self, path: Path, place: Path, descriptor: int) -> None:
        self.path = path
        self.placed = False
        self._place = place
        self._descriptor = descriptor

    def seal(self) -> None:
        """Have the disk hold all of it."""
        os.fsync(self._descriptor)

    def take_place(self, *, replace: bool) -> None:
        """Become the file of its place.

        Raises:
            FileExistsError: there is one, and it is not to be replaced.
        """
        if replace:
            self.path.replace(self._place)
        else:
            self._place.hardlink_to(self.path)  # unlike a rename it never replaces
            self.path.unlink(missing_ok=True)
        self.placed = True
        sync_folder(self._place.parent)


@contextmanager
def open_atomic_file(place: Path) -> Iterator[AtomicFile]:
    """A draft beside its place, gone in the end unless it took it. One process at a time has it.

    Raises:
        BlockingIOError: another process has it.
        OSError: it cannot be made there.
    """
    path = place.with_name(f".{place.name}.part")
    _leave_to_other_names(path)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_named(descriptor, path):
            # Whoever had it until just now has given it its place: it is no draft any more, and must stay as it is.
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK), os.fspath(path))
        draft = AtomicFile(path, place, descriptor)
        try:
            os.fchmod(descriptor, 0o600)
            os.ftruncate(descriptor, 0)  # left by a process that was killed
            yield draft
        finally:
            if not draft.placed:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _leave_to_other_names(path: Path) -> None:
    """A file that has other names besides that of a draft is another one's, or finished: only the name is taken."""
    with suppress(FileNotFoundError):
        if path.lstat().st_nlink > 1:
            path.unlink()


def _is_named(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Make names that were given or taken in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
