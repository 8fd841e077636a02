"""Permits to send requests, which all processes of a state share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrantedPermits:
    """What one process was granted: `permits` to be used before `expires_at`. None granted: ask again at `retry_at`."""

    row: int | None
    permits: int
    expires_at: float
    retry_at: float
