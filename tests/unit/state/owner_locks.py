"""The lock of another owner, for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spheresync.state.sqlite.liveness.owners import OwnerLock


@contextmanager
def owner_lock(folder: Path) -> Iterator[OwnerLock]:
    """An `OwnerLock` for the length of a block."""
    lock = OwnerLock.take(folder)
    try:
        yield lock
    finally:
        lock.release()
