"""What the operating system's errors about the state folder mean to a person."""

from __future__ import annotations

import errno
from pathlib import Path

from spheresync.errors import StateError

_ELSEWHERE = "set SPHERESYNC_STATE_DIR to a folder on a local disk that this user may write"
_REMEDIES = (
    (
        {errno.ENOSPC, errno.EDQUOT, errno.EFBIG},
        "Free space (or inodes, or quota) on the disk of {folder}, then repeat the command.",
    ),
    (
        {errno.EACCES, errno.EPERM},
        f"Let the user who runs this program own {{folder}} and all that is in it, or {_ELSEWHERE}.",
    ),
    ({errno.EROFS}, f"Its file system is mounted read-only: mount it for writing, or {_ELSEWHERE}."),
    (
        {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP},
        f"Its file system cannot lock files, as some network shares cannot: {_ELSEWHERE}.",
    ),
    (
        {errno.EMFILE, errno.ENFILE},
        "This process may open no more files: raise the limit (`ulimit -n`), then repeat the command.",
    ),
    (
        {errno.ENOTDIR, errno.EEXIST, errno.EISDIR},
        f"Something stands there that is of another kind (a file for a folder): move it away, or {_ELSEWHERE}.",
    ),
)


def unusable_folder(folder: Path, error: OSError) -> StateError:
    """The error for a state folder in which something could not be made, opened or locked."""
    place = f": {error.filename}" if error.filename and Path(error.filename) != folder else ""
    return StateError(
        f"The state folder {folder} cannot be used: {error.strerror or error}{place}.", remedy=_remedy(folder, error)
    )


def _remedy(folder: Path, error: OSError) -> str:
    known = next((text for numbers, text in _REMEDIES if error.errno in numbers), None)
    return f"{_ELSEWHERE[0].upper()}{_ELSEWHERE[1:]}." if known is None else known.replace("{folder}", str(folder))
