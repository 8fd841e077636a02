"""Where context files are, and whether one of them has moved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import TypeAlias

from spheresync.regular_files import stamp_of

MOST_FILES = 500
Stamp: TypeAlias = tuple[int, int, int] | None
FOLDER: Stamp = (0, 0, 0)
FilesLook: TypeAlias = tuple[tuple[str, Stamp], ...]
"""What moves when a file is replaced or edited, or there is another one."""


@dataclass(frozen=True, slots=True)
class ContextPatterns:
    """Where context files are: `globs` that start at `folder`."""

    folder: Path
    globs: tuple[str, ...]

    def files(self, glob: str) -> list[Path]:
        """What one of them names, in the order of names; folders are left out unless it names one by itself."""
        return [Path(path) for path, _ in self._found(glob)]

    def look(self) -> FilesLook:
        """The files as they are now."""
        found = {path: stamp for glob in self.globs for path, stamp in self._found(glob)}
        return tuple(found.items())[:MOST_FILES]

    def _found(self, glob: str) -> list[tuple[str, Stamp]]:
        """Asked at each look at the settings, so no more than names and one look at each file."""
        from glob import iglob

        folder = os.fspath(self.folder)
        try:
            if not {"*", "?"} & {*glob}:
                path = os.path.join(folder, glob)  # noqa: PTH118
                return [(path, stamp_at(path))] if os.path.lexists(path) else []
            # pathlib's globs take hidden files in, which editors and version control leave beside others.
            names = sorted(iglob(glob.replace("[", "[[]"), root_dir=folder))  # noqa: PTH207
        except (OSError, ValueError):  # no path can be like that
            return []
        paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118
        return [(path, stamp) for path in paths if (stamp := stamp_at(path)) is not FOLDER]

    def called(self, path: Path) -> str:
        """How people name a file: from the folder on, where it is in there."""
        shown = str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else path.name
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown[:200])


def stamp_at(path: str | Path) -> Stamp:
    """What moves when a file is replaced or edited; None where there is none that can be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return FOLDER if S_ISDIR(status.st_mode) else stamp_of(status)
