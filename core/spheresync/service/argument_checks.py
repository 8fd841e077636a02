"""Arguments of callers: words to filter by, and points in time; a refusal names what is valid."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from spheresync.errors import UsageError
from spheresync.model import Detail, isoformat
from spheresync.runtime.unknown_names import nearest

_LAST = datetime.max.replace(tzinfo=UTC)


def beginning(name: str, text: str | None) -> str | None:
    """From when on: a moment, or where a day begins; what has no zone is local.

    Raises:
        UsageError: the text is no time.
    """
    return None if text is None else _moment(name, text)


def end(name: str, text: str | None) -> str | None:
    """Until when, not included: a moment, or where the day after a day begins; what has no zone is local.

    Raises:
        UsageError: the text is no time.
    """
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _moment(name, text)
    try:
        return isoformat(datetime.combine(day + timedelta(days=1), time()).astimezone())
    except (ValueError, OverflowError):
        return isoformat(_LAST)


def _moment(name: str, text: str) -> str:
    try:
        parsed = datetime.fromisoformat(text)
        return isoformat(parsed if parsed.tzinfo is not None else parsed.astimezone())
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{name} {text!r} is no time.", remedy="Write it as 2026-11-24 or 2026-11-24T08:00:00Z."
        ) from error


Word = TypeVar("Word", bound=StrEnum)


def one_of(what: str, value: str | None, known: type[Word], *others: str) -> Word | None:
    """One of the known words; `others` are valid too, and asked for by whoever knows them."""
    if value is not None and value not in set(known):
        valid = [*known, *others]
        meant = nearest(value, valid)
        raise UsageError(f"there is no {what} {value!r}.", remedy=f"{meant} Valid: {', '.join(valid)}.".strip())
    return known(value) if value is not None else None


def wants_full(detail: str) -> bool:
    return one_of("detail", detail, Detail) is Detail.FULL
