"""The door for files that commands write: never over the state, over nothing that is there unless that is wanted.

A file is there whole or not at all, for its owner only. A device (a terminal, `/dev/stdout`) is written to as it is,
where the command can do that; not a pipe or a socket, which keep whoever opens them until somebody reads.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from spheresync.errors import UsageError
from spheresync.regular_files import kind_of
from spheresync.state.atomic_file import AtomicFile, open_atomic_file
from spheresync.state.stoppable_thread import in_stoppable_thread

T = TypeVar("T")

_OWN = ("spheresync.db", ".spheresync.db", "dog-", ".dog-", "sign-in.", ".sign-in.")
"""How the names of the state's own files begin, copies that a restore keeps among them."""
_OWN_FOLDERS = ("owners", ".restoring")


async def place_file(
    folder: Path,
    file: Path,
    write: Callable[[Path, AtomicFile, threading.Event], T],
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
    file = fit_place(folder, file, replace=replace)
    try:
        with open_atomic_file(file) as draft:
            written = await in_stoppable_thread(lambda stop: write(file, draft, stop))
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


def fit_place(folder: Path, file: Path, *, replace: bool, streams: bool = False) -> Path:
    """Where a file goes that a command was told to write; links are followed, and stay.

    Args:
        folder: the state folder.
        file: as the command was told.
        replace: a file that is there may give way.
        streams: a device, and what the shell opened for us, may be written to.

    Raises:
        UsageError: it is part of the state, a folder, there already, or no plain file.
    """
    given = file.absolute()
    if streams and is_stream(given):
        if _is_of_state(folder, given):
            raise _is_state(given)
        return given
    try:
        place = given.resolve() if given.is_symlink() else given
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{given} leads nowhere.", remedy="Give another file.") from error
    if not given.name or place.is_dir():
        raise UsageError(f"{given} is a folder.", remedy="Give the name of a file.")
    if _is_of_state(folder, place):
        raise _is_state(given)
    if place.exists():
        if not place.is_file() and (replace or not streams):
            kind = kind_of(place.stat().st_mode)
            raise UsageError(f"{given} is no plain file, it is {kind}.", remedy="Give another file.")
        if not replace:
            raise _is_there(given)
    return place


def is_stream(file: Path) -> bool:
    """Whether it is what the shell opened for us (`/dev/stdout`), or a device."""
    if str(file).startswith(("/dev/std", "/dev/fd/", "/proc/self/fd/")):
        return file.exists() and not file.is_dir()
    return file.is_char_device() or file.is_block_device()


def _is_of_state(folder: Path, file: Path) -> bool:
    """Whether a file is one of the state's own, by whatever name, or would be."""
    home = folder.resolve()
    place = file.resolve()
    if place.is_relative_to(home):
        first = place.relative_to(home).parts[:1]
        if not first or first[0].startswith(_OWN) or first[0] in _OWN_FOLDERS:
            return True
    with suppress(OSError):
        there = file.stat()
        return stat.S_ISREG(there.st_mode) and any(os.path.samestat(there, own) for own in _own_files(home))
    return False


def _own_files(home: Path) -> Iterator[os.stat_result]:
    for entry in home.iterdir() if home.is_dir() else ():
        if entry.name.startswith(_OWN):
            with suppress(OSError):
                yield entry.stat()
        elif entry.name in _OWN_FOLDERS:
            for inner in entry.rglob("*"):
                with suppress(OSError):
                    yield inner.stat()


def _is_state(file: Path) -> UsageError:
    return UsageError(f"{file} is the state itself.", remedy="Give a file elsewhere, best on another disk.")


def _is_there(file: Path) -> UsageError:
    return UsageError(f"{file} is there already.", remedy="Give another file, or --force to replace it.")
