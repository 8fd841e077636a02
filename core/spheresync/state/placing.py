"""Give a file its place: whole or not at all, for its owner only, and never over the state or a file that is there."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from spheresync.errors import UsageError
from spheresync.state.connection import FILE_NAME
from spheresync.state.copies import Draft, draft_of, in_thread
from spheresync.state.gate import RESTORED

T = TypeVar("T")

_STATE_FILES = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", RESTORED)


async def place_file(
    folder: Path,
    file: Path,
    write: Callable[[Path, Draft, threading.Event], T],
    before_placing: Callable[[T], Awaitable[None]],
    *,
    replace: bool,
) -> T:
    """Have a file written aside, and give it its name.

    Args:
        folder: the state folder, whose own files are none to be written.
        file: where to; it is there whole or not at all, 0600.
        write: fills the draft of that place, on a thread.
        before_placing: told what that answered before the file gets its name; what it raises leaves nothing behind.
        replace: a file that is there gives way.

    Raises:
        UsageError: the file is there already, is part of the state, or cannot be written there.
    """
    file = _fit_place(folder, file, replace=replace)
    try:
        with draft_of(file) as draft:
            written = await in_thread(lambda stop: write(file, draft, stop))
            await before_placing(written)
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
    return written


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
