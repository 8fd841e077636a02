"""Counts over whole tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TierFigures:
    """Of one tier: `oldest` is when its stalest asset was last read, `unread` counts assets that were never read."""

    assets: int
    oldest: str | None
    unread: int
    late: int


@dataclass(frozen=True, slots=True)
class RunFigures:
    """Of one state: how many runs there are, and when the last one of them ended."""

    runs: int
    last_ended: str | None
