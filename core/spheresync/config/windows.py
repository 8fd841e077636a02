"""Windows of hours and time zones as configuration spells them: the scheduler reckons with what is accepted here."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_DAY = timedelta(days=1)


def parse_window(text: str) -> tuple[timedelta, timedelta]:
    """Begin and end of `20:00-24:00` as lengths from the midnight that the window's day begins with.

    24:00 is the midnight that ends the day. A window that ends before it begins goes over midnight, so that its end is
    more than a day away.

    Raises:
        ValueError: it is no window, or ends when it begins.
    """
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ValueError("is no window of hours; write it as 01:00-05:00")
    begins = timedelta(hours=int(match[1]), minutes=int(match[2]))
    ends = _DAY if match[3] is None else timedelta(hours=int(match[3]), minutes=int(match[4]))
    if begins == ends:
        raise ValueError("ends when it begins; write it as 01:00-05:00, or leave it out for the whole day")
    return begins, ends if ends > begins else ends + _DAY


def zone_of(name: str) -> tzinfo:
    """The time zone of a name. UTC, the default of every tier, needs no time-zone database.

    Raises:
        ValueError: neither this machine nor the package `tzdata` has it.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is no time zone that this machine knows; write for example Europe/Berlin or UTC") from error
