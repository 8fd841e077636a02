"""Backups that were made, and backups that were restored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made; `size` in bytes, `sha256` in hex.

    `damaged` names contents of the state, and so of the backup, that are not what was written.
    """

    file: Path
    size: int
    sha256: str
    schema_version: int
    audit_entries: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestoreSource:
    """The file that is restored. `carried` counts audit entries of the present state that follow those of the file.

    `log_whole` is False where the present audit log could not be carried on: it is damaged, or another one. `damaged`
    names contents of the file that are not what was written, `unreadable` the rows among them.
    """

    file: Path
    sha256: str
    schema_version: int
    audit_entries: int
    carried: int
    log_whole: bool
    damaged: tuple[str, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored(Generic[T]):
    """A finished restore; `former` is the database that was there before, `told` what the adjustment answered."""

    source: RestoreSource
    former: Path | None
    told: T
