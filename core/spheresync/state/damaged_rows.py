"""Rows that say nothing: left out and logged, so that no other row is to suffer for them.

What is left out is not known, which whoever reads it next from outside mends: a listing brings back an asset or a
space, and a table in AWS its checkpoint. `doctor` names such rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from spheresync.observe.incidents import product_error
from spheresync.state.connection import Row

T = TypeVar("T")


def readable(rows: Iterable[Row], read: Callable[[Row], T], table: str) -> list[T]:
    """What rows of a table say, as `read` understands it."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            product_error(error, f"row {row[0]!r} of {table}")
    return found
