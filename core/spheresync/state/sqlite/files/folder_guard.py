"""Who else may write what the state is made of: whoever can, can put plans and audit rows there.

What is open to others is closed where the files are ours to close, and refused where they are not. A symbolic link in
the place of a file of the state is refused: what it leads to is somebody else's choice.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spheresync.errors import StateError
from spheresync.regular_files import kind_of
from spheresync.state.remedies import EXPOSED_FOLDER_REMEDY
from spheresync.state.sealed_file import SIGN_IN_FILE

log = logging.getLogger(__name__)

_DATABASE = "spheresync.db"
_FILES = (*(f"{_DATABASE}{end}" for end in ("", "-wal", "-shm", "-journal", ".restored")), SIGN_IN_FILE)
_FOLDERS = ("owners",)
_WRITTEN_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OF_ANOTHER_KIND = (
    "Move it away; the state is then made anew from AWS, or brought back by `spheresync restore FILE`. Or set "
    "SPHERESYNC_STATE_DIR to a folder of its own."
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A part of the state that is not its owner's alone; `closes` are the bits of its mode to take away, if any."""

    path: Path
    why: str
    closes: int = 0
    foreign: bool = False  # of another kind than what this program makes

    def __str__(self) -> str:
        return f"{self.path} {self.why}"


def exposures(folder: Path) -> Iterator[Exposure]:
    """What of a state folder others can change, or stands where a part of the state should."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return
    shared = found.st_mode & _WRITTEN_BY_OTHERS
    if shared and not found.st_mode & stat.S_ISVTX:  # in a sticky folder nobody replaces what is another's
        yield Exposure(folder, "may be written by others", shared)
    for name in _FILES:
        with suppress(FileNotFoundError):
            mode = (folder / name).lstat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
                yield Exposure(folder / name, f"is {kind_of(mode)}, and no regular file", foreign=True)
    trusted = {os.geteuid(), found.st_uid, 0}
    for name in (*_FILES, *_FOLDERS):
        yield from _of_part(folder / name, trusted, is_folder=name in _FOLDERS)


def _of_part(path: Path, trusted: set[int], *, is_folder: bool) -> Iterator[Exposure]:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if stat.S_ISLNK(found.st_mode):
        yield Exposure(path, "is a symbolic link, which is not followed")
    elif found.st_uid not in trusted:
        yield Exposure(path, f"belongs to another user ({found.st_uid})")
    elif is_folder and stat.S_ISDIR(found.st_mode) and found.st_mode & _WRITTEN_BY_OTHERS:
        yield Exposure(path, "may be written by others", found.st_mode & _WRITTEN_BY_OTHERS)
    elif stat.S_ISREG(found.st_mode) and found.st_mode & _OPEN_TO_OTHERS:
        may = "written" if found.st_mode & _WRITTEN_BY_OTHERS else "read"
        yield Exposure(path, f"may be {may} by others", found.st_mode & _OPEN_TO_OTHERS)


def close_to_others(folder: Path) -> tuple[str, ...]:
    """Close what is open to others; answers what was.

    Raises:
        StateError: something is not ours to close, or stands in the place of a part of the state.
    """
    closed = []
    for exposure in exposures(folder):
        if exposure.foreign:
            raise StateError(f"The state folder {folder} cannot be used: {exposure}.", remedy=_OF_ANOTHER_KIND)
        if not exposure.closes or not _closed(exposure):
            raise StateError(f"The state folder {folder} cannot be trusted: {exposure}.", remedy=EXPOSED_FOLDER_REMEDY)
        closed.append(str(exposure))
        log.warning("%s; it is closed to them now. %s", exposure, EXPOSED_FOLDER_REMEDY)
    return tuple(closed)


def _closed(exposure: Exposure) -> bool:
    """By its path: a descriptor that is closed would give up the locks that SQLite holds on the file."""
    try:
        exposure.path.chmod(stat.S_IMODE(exposure.path.stat().st_mode) & ~exposure.closes)
    except FileNotFoundError:
        return True  # `-wal` and `-shm` go when the last process closes the state
    except OSError:
        return False
    return True
