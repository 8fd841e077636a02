"""Numbers of things, as people say them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 table`, `2 tables`: for nouns whose plural is made with an s."""
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
