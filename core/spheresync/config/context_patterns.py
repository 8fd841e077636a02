"""Where context files are, and whether one of them has moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from spheresync.config.promotion import stamp_of

MOST_FILES = 500
Stamp: TypeAlias = tuple[int, int, int] | None
FilesLook: TypeAlias = tuple[tuple[str, Stamp], ...]
"""What moves when a file is replaced or edited, or there is another one."""


@dataclass(frozen=True, slots=True)
class ContextPatterns:
    """Where context files are: `globs` that start at `folder`."""

    folder: Path
    globs: tuple[str, ...]

    def files(self, glob: str) -> list[Path]:
        """What one of them names, in the order of names; folders are left out unless it names one by itself."""
        import glob as globbing

        try:
            if not {"*", "?"} & {*glob}:
                path = self.folder / glob
                return [path] if path.exists() else []
            literal = glob.replace("[", "[[]")
            # pathlib's globs take hidden files in, which editors and version control leave beside others.
            found = sorted(globbing.iglob(literal, root_dir=self.folder))  # noqa: PTH207
            return [path for name in found if not (path := self.folder / name).is_dir()]
        except (OSError, ValueError):  # no path can be like that
            return []

    def look(self) -> FilesLook:
        """The files as they are now."""
        files = dict.fromkeys(path for glob in self.globs for path in self.files(glob))
        return tuple((str(path), stamp_at(path)) for path in [*files][:MOST_FILES])

    def called(self, path: Path) -> str:
        """How people name a file: from the folder on, where it is in there."""
        shown = str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else path.name
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown[:200])


def stamp_at(path: Path) -> Stamp:
    """What moves when a file is replaced or edited; None where there is none."""
    try:
        return stamp_of(path.stat())
    except (OSError, ValueError):
        return None
