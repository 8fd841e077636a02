"""What SQLite's errors mean to a person, and which process holds the write lock."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from spheresync.errors import StateError
from spheresync.state.remedies import DAMAGED_FILE_REMEDY

_WRITE_LOCK_BYTE = 120
"""Where WAL keeps its write lock in the `-shm` file (SQLite, "WAL-mode File Format" 2.2: locks begin at byte 120)."""
DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What a statement raises. The second one where a name or a message of a damaged file is no text."""


def is_busy(error: Exception) -> bool:
    """Whether another process merely holds the lock just now."""
    return _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"))


def is_full(error: Exception) -> bool:
    """Whether there was no room: on the disk, or among the numbers of a table."""
    return _name(error) == "SQLITE_FULL"


def is_damaged(error: Exception) -> bool:
    """Whether the file itself is what is wrong."""
    return _name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or is_no_text(error)


def explain(error: sqlite3.Error | UnicodeError, path: Path) -> StateError:
    """Say what happened to the state file and what to do next."""
    if isinstance(error, UnicodeEncodeError):
        return StateError(
            "A name holds characters that are no valid Unicode text, so the state cannot keep it.",
            remedy="Rename the object in Datasphere.",
        )
    name = _name(error)
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return StateError(
            f"The disk took no more data for {path} ({name}); this step was not written, all before it is intact.",
            remedy="Free space on that disk (or lift the quota or file size limit), then repeat the command.",
        )
    if is_damaged(error):
        return StateError(
            f"The state file {path} is damaged ({name or 'it holds a text that is none'}).", remedy=DAMAGED_FILE_REMEDY
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StateError(
            f"The state file {path} cannot be opened for writing ({name}).",
            remedy="Make the state folder and its files belong to the user who runs this program.",
        )
    return StateError(
        f"The state file {path} refused a statement ({name or type(error).__name__}: {error}).",
        remedy="Report this with the text above; nothing of this step was written.",
    )


def locked_for_long(path: Path, seconds: float, known: str) -> StateError:
    """The error for a write lock that did not come free; `known` says what runs on the state, "" where nothing does."""
    pid = _write_lock_holder(path)
    holder = f"Process {pid}" if pid is not None else "Another process"
    told = f" Known: {known}." if known else ""
    return StateError(
        f"{holder} has held the state {path} for writing for {seconds:.0f} s.{told}",
        remedy="Wait for it to end, or end it; a process that was stopped (SIGSTOP, debugger) keeps the lock.",
    )


def _write_lock_holder(path: Path) -> int | None:
    """The process id behind the write lock, from `/proc/locks`; None where the system does not tell.

    The `-shm` file itself is never opened: closing it would drop this process's own locks on it (fcntl(2)).
    """
    try:
        inode = path.with_name(path.name + "-shm").stat().st_ino
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        if "->" in fields or "WRITE" not in fields:
            continue
        pid, place, first, last = fields[-4:]
        covers = int(first) <= _WRITE_LOCK_BYTE and (last == "EOF" or int(last) >= _WRITE_LOCK_BYTE)
        if place.endswith(f":{inode}") and covers and int(pid) > 0:
            return int(pid)
    return None


def is_no_text(error: Exception) -> bool:
    """Whether a text of the file is none: this program writes none such."""
    return isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode to UTF-8")


def _name(error: Exception) -> str:
    return str(getattr(error, "sqlite_errorname", ""))
