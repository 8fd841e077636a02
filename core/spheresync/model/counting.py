"""Numbers of things, as people say them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 table`, `2 tables`, `1 entry`, `2 entries`; the last word of `noun` is the one that changes."""
    if number == 1:
        return f"1 {noun}"
    usual = f"{noun[:-1]}ies" if noun.endswith(_IES) else f"{noun}s"
    return f"{number} {plural or usual}"


_IES = ("ry", "ty", "ly", "fy")
"""What ends so is no `day` or `key`."""
