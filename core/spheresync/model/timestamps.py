"""Moments as everything spells them."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def isoformat(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z` and microseconds, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_the_second(at: str | None) -> str:
    """A moment as `isoformat` spells it, for a sentence; of None what is said where nobody noted one."""
    return "a time nobody noted" if at is None else f"{at[:19]}Z"
