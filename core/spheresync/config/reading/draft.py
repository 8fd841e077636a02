"""What is known of settings while they are read, before they are checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spheresync.config.context import NO_CONTEXT, BusinessContext
from spheresync.config.promotion_in_force import PromotionInForce
from spheresync.config.reading.key_places import line_of, parents
from spheresync.regular_files import FileStamp

PREFIX = "SPHERESYNC_"
"""Begins every variable that gives a setting."""
_NOWHERE = "settings"


@dataclass(slots=True)
class Draft:
    """The raw values, where each came from, and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # of the file, from 1
    problems: list[str] = field(default_factory=list)
    unfilled: set[str] = field(default_factory=set)  # keys whose value is known to be wrong
    files: Mapping[Path, FileStamp] = field(default_factory=dict)  # that stand for values
    promotion: PromotionInForce | None = None
    context: BusinessContext | None = NO_CONTEXT  # None: that of dog, which nobody has to name

    def is_of_file(self, key: str) -> bool:
        """Whether the file gives a setting, and no variable or flag does."""
        origin = self._origin(key)
        return not origin.startswith((PREFIX, "--")) and origin != _NOWHERE

    def place(self, key: str) -> str:
        """Where a setting is given, as problems name it: the file with the line, or the variable."""
        origin = self._origin(key)
        return f"{origin}{line_of(self.lines, key)}" if self.is_of_file(key) else origin

    def absolute(self, path: str, key: str, *, folder: Path, cwd: Path, environ: Mapping[str, str]) -> Path:
        """A path that a setting names: one of the file starts at the file's folder, one of a variable at `cwd`."""
        return (folder if self.is_of_file(key) else cwd) / at_home(path, environ)

    def _origin(self, key: str) -> str:
        """What gives a setting: itself, else what it stands in, else the first key in it."""
        own = next((self.origins[each] for each in (key, *parents(key)) if each in self.origins), None)
        return own or next((o for k, o in self.origins.items() if k.startswith(f"{key}.")), _NOWHERE)


def at_home(path: str, environ: Mapping[str, str]) -> str:
    """A path that may begin with `~`: no shell has seen those in files, or in the configuration of an assistant."""
    home = environ.get("HOME") or str(Path("~").expanduser())
    return f"{home}{path[1:]}" if path == "~" or path.startswith("~/") else path
