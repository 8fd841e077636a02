"""Why a target does not hold an asset as it should."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.model import (
    AssetId,
    Problem,
)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What keeps a target from holding an asset as it should, and since when."""

    asset: AssetId
    problem: Problem
    since: str


@dataclass(frozen=True, slots=True)
class UnwrittenGroup:
    """How many assets one kind of problem keeps from being written; `first` of them by name, at most three."""

    code: str
    count: int
    since: str
    first: tuple[Unwritten, ...]
