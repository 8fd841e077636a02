"""Which files of a state folder are the state's own: nothing else writes them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OWN = ("spheresync.db", ".spheresync.db", "dog-", ".dog-", "sign-in.", ".sign-in.", "mcp.", ".mcp.")
"""How the names of the state's own files begin, copies that a restore keeps among them."""
_OWN_FOLDERS = ("owners", ".restoring")


def is_of_state(folder: Path, file: Path) -> bool:
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
