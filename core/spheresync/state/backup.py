"""Make a backup of the state while others write to it: a copy of one moment, proven sound before it takes its place."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from spheresync.errors import StateError, UsageError
from spheresync.state.connection import FILE_NAME
from spheresync.state.copies import Draft, copy_database, draft_of, file_digest, in_thread, look_through
from spheresync.state.faults import explain, is_damaged
from spheresync.state.gate import RESTORED

_STATE_FILES = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", RESTORED)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made; `size` in bytes, `sha256` in hex."""

    file: Path
    size: int
    sha256: str
    schema_version: int
    audit_entries: int


async def make_backup(
    folder: Path, file: Path, *, replace: bool, before_placing: Callable[[Backup], Awaitable[None]]
) -> Backup:
    """Write a backup of the state in `folder` to `file`.

    Args:
        folder: the state folder; the state is open in this process.
        file: where to; it is there whole or not at all, 0600.
        replace: a file that is there gives way.
        before_placing: told of the sound copy before it gets its name; what it raises leaves nothing behind.

    Raises:
        UsageError: the file is there already, is part of the state, or cannot be written there.
        StateError: the state is damaged, its audit log is broken, or the disk is full.
    """
    file = _fit_place(folder, file, replace=replace)
    try:
        with draft_of(file) as draft:
            backup = await in_thread(lambda stop: _write(folder / FILE_NAME, file, draft, stop))
            await before_placing(backup)
            draft.take_place(replace=replace)
    except BlockingIOError as error:
        raise UsageError(
            f"another process is writing {file} just now.", remedy="Give another file, or wait."
        ) from error
    except FileExistsError as error:
        raise _is_there(file) from error
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror or error}.",
            remedy="Give a file in a folder that this user may write, on a disk with space.",
        ) from error
    return backup


def _write(state: Path, file: Path, draft: Draft, stop: threading.Event) -> Backup:
    try:
        copy_database(state, draft.path, stop, in_use=True)
    except sqlite3.Error as error:
        raise explain(error, state if is_damaged(error) else file) from error
    draft.seal()
    look = look_through(draft.path, stop)
    if look.fault:
        raise StateError(
            f"No backup was made, because the state in {state.parent} is not fit for one: {look.fault}.",
            remedy="`spheresync doctor` and `spheresync audit verify` tell more; an earlier backup can be restored.",
        )
    size = draft.path.stat().st_size
    return Backup(file, size, file_digest(draft.path), look.schema_version, look.audit_entries)


def _fit_place(folder: Path, file: Path, *, replace: bool) -> Path:
    file = file.absolute()
    if not file.name or file.is_dir():
        raise UsageError(f"{file} is a folder.", remedy="Give the name of a file.")
    if file.resolve() in {(folder / name).resolve() for name in _STATE_FILES}:
        raise UsageError(f"{file} is the state itself.", remedy="Give a file elsewhere, best on another disk.")
    if file.exists() or file.is_symlink():
        if not replace:
            raise _is_there(file)
        if not file.is_file():
            raise UsageError(f"{file} is no plain file.", remedy="Give another file.")
    return file


def _is_there(file: Path) -> UsageError:
    return UsageError(f"{file} is there already.", remedy="Give another file, or --force to replace it.")
