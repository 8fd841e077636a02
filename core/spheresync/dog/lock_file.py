"""The lock under which one process at a time changes a file of the dog environment."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spheresync.errors import StateError


def for_its_owner(path: str | Path, flags: int) -> int:
    """Open a file of the state folder as the others there are: nobody else reads it."""
    return os.open(path, flags, 0o600)


@contextmanager
def locked_file(path: Path, unusable: Callable[[Exception], StateError]) -> Iterator[None]:
    """Keep every other process, and every other instance, away for as long as the block runs.

    Args:
        path: of the lock, a file beside the one that is changed; its folder is made.
        unusable: says why nothing can be locked there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.fdopen(
            for_its_owner(path, os.O_APPEND | os.O_CREAT | os.O_RDWR | os.O_CLOEXEC), "ab+"
        )  # for reading too: no pipe in its place is waited for
    except OSError as error:
        raise unusable(error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
