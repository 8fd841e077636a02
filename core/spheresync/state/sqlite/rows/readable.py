"""Rows that can be read, and a note of those that cannot: one damaged cell must not keep its neighbours from anybody.

A row that is not of its table's shape (`shapes`) counts as lost. It is left out of what is answered, and noted here
with its table, its key and the reason, until `housekeeping.lost_rows` has taken it out so that it is made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from spheresync.state.records import LostRow
from spheresync.state.sqlite.rows.shapes import UNREADABLE, Shape

T = TypeVar("T")
log = logging.getLogger(__name__)

_MOST = 10_000
"""So many are noted; what is beyond is found once these are cleared."""


class LostRows:
    """The rows of a state that this process has met and could not read."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, tuple[object, ...]], LostRow] = {}

    def note(self, row: LostRow) -> None:
        if (row.table, row.key) not in self._found and len(self._found) < _MOST:
            self._found[row.table, row.key] = row
            log.warning("The state holds a row that cannot be read, and goes on without it: %s", row)

    def forget(self, rows: Iterable[LostRow]) -> None:
        """These are no longer there, or no longer damaged."""
        for row in rows:
            self._found.pop((row.table, row.key), None)

    def found(self) -> tuple[LostRow, ...]:
        return tuple(self._found.values())


def readable(lost: LostRows, shape: Shape, rows: Sequence[Any], read: Callable[[Any], T]) -> list[T]:
    """What those of the rows say that can be read; the others are noted.

    Args:
        lost: where to note.
        shape: the columns that the rows hold.
        rows: of a query for these columns.
        read: makes of a row what it says.
    """
    if not rows:
        return []
    if shape.takes_all(rows):
        try:
            return list(map(read, rows))
        except UNREADABLE:
            pass  # a cell that only `read` knows; found below
    good: list[T] = []
    for row in rows:
        fault = shape.fault(row)
        if fault is None:
            try:
                good.append(read(row))
                continue
            except UNREADABLE:
                fault = "it cannot be read"
        if shape.key:
            lost.note(LostRow(shape.table, shape.known_as(row), fault))
    return good


def readable_one(lost: LostRows, shape: Shape, row: Any | None, read: Callable[[Any], T]) -> T | None:
    """As `readable`, of the one row that a query found; None also where it found none."""
    return next(iter(readable(lost, shape, [] if row is None else [row], read)), None)
