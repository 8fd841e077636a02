"""Alerts, and notices about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Event = Literal["began", "reminder", "over"]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Something that is wrong; `gone_since` is when it was first seen to be over, before that was told."""

    kind: str
    subject: str
    message: str
    remedy: str
    began_at: str
    told_at: str
    gone_since: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One thing to tell one channel. `channel` is a digest of its address."""

    channel: str
    kind: str
    subject: str
    event: Event
    message: str
    remedy: str
    began_at: str
    at: str
    attempts: int
    not_before: str
