"""The rights of a state folder: whether it may be written, and whose the files are that root makes in it."""

from __future__ import annotations

import os
from pathlib import Path

from spheresync.errors import StateError
from spheresync.state.sqlite.files.folder_faults import unusable_folder

_PARTS = ("", "owners", "spheresync.db", "spheresync.db-wal", "spheresync.db-shm")


def require_writable(folder: Path) -> None:
    """Let a folder pass that is not there yet, or whose every part this user may write.

    Raises:
        StateError: some part is read-only, or cannot be reached; even to read, processes leave heartbeats there.
    """
    for part in (folder / name for name in _PARTS):
        try:
            refused = _refused(part)
        except OSError as error:
            raise unusable_folder(folder, error) from error
        if refused:
            raise StateError(
                f"The state folder {folder} cannot be used: {part} may not be written, {refused}.",
                remedy="Let the user who runs this program write there, or set SPHERESYNC_STATE_DIR to another folder.",
            )


def _refused(part: Path) -> str:
    """Why a part may not be written; "" where it may, or is not there.

    SQLite removes `-wal` and `-shm` whenever the last process closes the state, also between two looks of this one.
    """
    while True:
        try:
            before = part.stat()
            if _may_write(part):
                return ""
            read_only = os.statvfs(part).f_flag & os.ST_RDONLY
            if os.path.samestat(before, part.stat()):
                return "its file system is mounted read-only" if read_only else "this user has no right to"
        except (FileNotFoundError, NotADirectoryError):
            return ""


def _may_write(path: Path) -> bool:
    wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids)


def leave_to_owner_of(folder: Path, made: Path | int) -> None:
    """What root makes in a service's state folder is the service's, as SQLite has it with files of its own.

    Args:
        folder: the state folder.
        made: a path or an open descriptor.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)
