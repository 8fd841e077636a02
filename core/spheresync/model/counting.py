"""Numbers of things, as people say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 table`, `2 tables`, `1 entry`, `2 entries`; the last word of `noun` is the one that changes."""
    if number == 1:
        return f"1 {noun}"
    usual = f"{noun[:-1]}ies" if noun.endswith(_IES) else f"{noun}s"
    return f"{number} {plural or usual}"


def first_of(named: Sequence[object], most: int, *, total: int | None = None, by: str = ", ") -> str:
    """`a, b and 3 more`: the first `most` of what is to be named, of `total` where they are only some of all."""
    more = (len(named) if total is None else total) - min(len(named), most)
    return by.join(map(str, named[:most])) + (f" and {more} more" if more else "")


def counted_each(numbers: Mapping[str, int]) -> str:
    """`1 data set, 3 listings and 2 tables`: how many there are under each noun."""
    said = [counted(number, noun) for noun, number in sorted(numbers.items())]
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))


_IES = ("ry", "ty", "ly", "fy")
"""What ends so is no `day` or `key`."""
