"""What the scheduler knows of each asset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from spheresync.model import (
    AssetId,
    AssetKind,
    Tier,
)


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One asset. `seen_at` is its last look by the scheduler; `changes` in `days` of watching, both faded."""

    asset: AssetId
    next_due_at: str
    seen_at: str | None
    changes: float
    days: float
    failures: int
    signalled: bool

    @classmethod
    def at_once(cls, asset: AssetId) -> ScheduleRow:
        """Of an asset of which nothing is known."""
        return cls(asset, "", None, 0.0, 0.0, 0, signalled=False)


@dataclass(frozen=True, slots=True)
class DueRow:
    """An asset that is in scope and listed, with all that says whether it is due.

    `failed`: its definition could not be read when that was last tried. `noted`: whether `planned` lies in the state;
    one that is missing there, or damaged, is due at once.
    """

    asset: AssetId
    kind: AssetKind
    tier: Tier
    read_at: str | None
    planned: ScheduleRow
    failed: bool = False
    noted: bool = True


class Move(NamedTuple):
    """That an asset is due at another moment than was planned."""

    asset: AssetId
    planned: str
    due: str


class UnreadAssets(NamedTuple):
    """Assets that were not read in time; of these, whose space could not be listed, and whose definition not read."""

    assets: int
    unlisted: int
    unreadable: int
