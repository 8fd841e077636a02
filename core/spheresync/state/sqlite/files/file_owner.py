"""Gives files that root makes in the state folder to the account that owns the folder."""

from __future__ import annotations

import os
from pathlib import Path


def leave_to_owner_of(folder: Path, made: Path | int) -> None:
    """What root makes in a service's state folder is the service's, as SQLite has it with files of its own.

    Args:
        folder: the state folder.
        made: a path or an open descriptor.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)
