"""Lengths of time as people write them in configuration: 60s, 5m, 1h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, PlainSerializer

_DURATION = re.compile(r"(\d{1,9})\s*([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 3_650 * 86_400


def parse_duration(value: object) -> timedelta:
    """`60s`, `5m`, `1h` or `1d` as a timedelta; a timedelta stays as it is.

    Raises:
        ValueError: it is none of these, or longer than ten years.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if isinstance(value, str) and _DURATION.fullmatch(value.strip().removeprefix("-")) and match is None:
        raise ValueError("must not be negative; write for example 60s, 5m, 1h or 1d")
    if match is None:
        raise ValueError("must be a whole number with a unit, such as 60s, 5m, 1h or 1d")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST:
        raise ValueError("must be at most 3650d")
    return timedelta(seconds=seconds)


def format_duration(length: timedelta) -> str:
    """The shortest spelling in the largest unit that fits; `parse_duration` reads it back."""
    seconds = int(length.total_seconds())
    unit = next((unit for unit in "dhm" if seconds and seconds % _UNITS[unit] == 0), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


def _positive(length: timedelta) -> timedelta:
    if length <= timedelta():
        raise ValueError("must be longer than 0s")
    return length


def _a_day_or_more(length: timedelta) -> timedelta:
    if length < timedelta(days=1):
        raise ValueError("must be at least 1d")
    return length


Duration: TypeAlias = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str, when_used="json")
]
PositiveDuration: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(lambda value: _positive(parse_duration(value))),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
]
DaysOrMore: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(lambda value: _a_day_or_more(parse_duration(value))),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
]
