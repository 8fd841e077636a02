"""When each call of the examples is done: the ids of what it makes come of that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 27, tzinfo=UTC)


def time_of(number: int) -> datetime:
    """Of a call by its place, counted from 0."""
    return BEGIN + timedelta(seconds=number)
