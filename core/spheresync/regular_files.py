"""The one door for reading a file that a person named: a regular one, or an error at once.

A pipe keeps whoever opens it until somebody writes to it, for ever where nobody does, and no signal is heard meanwhile.
So nothing is opened in a way that waits, and what is open is asked what it is before it is read.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import TypeAlias

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


class NotRegularError(OSError):
    """What was named is no regular file; `strerror` says what it is instead."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading.

    Raises:
        NotRegularError: it is something else, which may keep its reader waiting or never end.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise _not_regular(path, path.stat().st_mode) from error
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(mode):
            raise _not_regular(path, mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int) -> tuple[bytes, FileStamp]:
    """What a regular file holds, of a larger one than `most` bytes one byte more, and the stamp of just that file.

    Raises:
        NotRegularError, OSError: as `open_regular`.
    """
    with open_regular(path) as file:
        return file.read(most + 1), stamp_of(os.fstat(file.fileno()))


def kind_of(mode: int) -> str:
    """What is there, in words."""
    return next((kind for fits, kind in _KINDS if fits(mode)), "something else")


def _not_regular(path: Path, mode: int) -> NotRegularError:
    return NotRegularError(errno.EINVAL, f"it is {kind_of(mode)}, and no regular file", os.fspath(path))


FileStamp: TypeAlias = tuple[int, int, int]


def stamp_of(status: os.stat_result) -> FileStamp:
    """What is another value once a file was replaced or written anew."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def stamp_at(path: Path) -> FileStamp | None:
    """The stamp of the file that is there now; None where there is none.

    Raises:
        OSError: nobody can tell.
    """
    try:
        return stamp_of(path.stat())
    except FileNotFoundError:
        return None
