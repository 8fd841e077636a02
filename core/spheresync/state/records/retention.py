"""What retention removes, and how the state's file is filled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpiredRecords:
    """What is to go, each with nothing left that needs it; the change sets of the runs are among them."""

    runs: tuple[str, ...]
    change_sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilePages:
    """How the file is filled; `size` in bytes. `returnable`: free pages can be given back one by one."""

    free: int
    total: int
    size: int
    returnable: bool
