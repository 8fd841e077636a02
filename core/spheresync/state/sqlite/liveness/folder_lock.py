"""The lock on a state folder: shared by processes that open the state, exclusive while a restore swaps its files.

A restore is decided by one rename, which puts the whole new database beside the old one under the name `RESTORED_FILE`.
Whoever opens the state next finishes it: the old files move aside, the new one takes their place. So a restore that was
killed at any moment has either not happened or is finished before anybody reads, and a WAL file never meets a database
that is not its own.

The lock is one on the folder itself: it needs no file, and the kernel frees it at death.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio

from spheresync.errors import StateError
from spheresync.state.atomic_file import sync_folder

RESTORED_FILE = "spheresync.db.restored"
"""A whole database that is to become the state: the restore is decided."""
_NAME = "spheresync.db"
_COMPANIONS = ("-wal", "-journal")  # hold changes that belong to the database beside them
_LOCK_TIMEOUT = 60.0
_RETRY = 0.01


@asynccontextmanager
async def shared_folder_lock(folder: Path) -> AsyncIterator[None]:
    """Hold the folder together with others that open the state; a restore that was decided is finished first.

    Raises:
        StateError: a restore keeps the folder for a minute, or what one left could not be finished.
        OSError: the folder cannot be made or opened.
    """
    make_folder(folder)
    async with _locked(folder, fcntl.LOCK_SH):
        unfinished = (folder / RESTORED_FILE).exists()
        if not unfinished:
            yield
            return
    async with exclusive_folder_lock(folder):
        pass
    async with shared_folder_lock(folder):
        yield


@asynccontextmanager
async def exclusive_folder_lock(folder: Path) -> AsyncIterator[None]:
    """Let nobody else open the state; a restore that was decided before is finished first. Who has it open keeps it."""
    async with _locked(folder, fcntl.LOCK_EX):
        finish_restore(folder)
        yield


def finish_restore(folder: Path) -> Path | None:
    """Finish a restore that was decided. Only to be called under `exclusive_folder_lock`.

    Returns:
        Where the former database is now; None where there was none, or where nothing was decided.

    Raises:
        StateError: the files could not be moved; calling it again goes on.
    """
    restored, state = folder / RESTORED_FILE, folder / _NAME
    if not restored.exists():
        return None
    try:
        # The same name whoever finishes: the time is that of the new file, which no rename changes.
        at = datetime.fromtimestamp(restored.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%S%fZ")
        kept = folder / f"{_NAME}.before-restore-{at}"
        for companion in _COMPANIONS:
            _move(folder / f"{_NAME}{companion}", folder / f"{kept.name}{companion}")
        _move(state, kept)
        (folder / f"{_NAME}-shm").unlink(missing_ok=True)
        sync_folder(folder)
        restored.rename(state)
        sync_folder(folder)
    except OSError as error:
        raise StateError(
            f"A restore of the state in {folder} was begun and cannot be finished: {error.strerror or error}.",
            remedy="Let the user who runs this program write there; the next command finishes it.",
        ) from error
    return kept if kept.exists() else None


def make_folder(folder: Path) -> None:
    """The state folder, for its owner only; one that is there stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _move(source: Path, target: Path) -> None:
    if source.exists():
        source.rename(target)


@asynccontextmanager
async def _locked(folder: Path, how: int) -> AsyncIterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        give_up = anyio.current_time() + _LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if anyio.current_time() > give_up:
                    raise StateError(
                        f"A restore has kept the state folder {folder} for {_LOCK_TIMEOUT:.0f} s.",
                        remedy="Wait for it to end, or end it; then repeat the command.",
                    ) from None
            await anyio.sleep(_RETRY)
        yield
    finally:
        os.close(descriptor)
