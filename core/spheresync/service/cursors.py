"""Opaque cursors: where the next page starts, spelled so that nobody is tempted to compute with it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from spheresync.errors import UsageError
from spheresync.model import JsonValue, canonical_json, digest_of
from spheresync.model.json_document import read_json

LARGEST_PAGE = 200
_ROW_OVERHEAD = 40
"""Characters that an answer needs for a row besides those of the row itself."""
_Row = TypeVar("_Row", bound=BaseModel)
_MARK_BYTES = 6
"""Enough that no two lists of one installation share a mark by chance; a cursor is no secret."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list under one set of filters. Its cursors fit it alone: a place in one list means nothing in another."""

    mark: str

    @classmethod
    def of(cls, name: str, **filters: JsonValue) -> Listing:
        """The list of that name; filters that are None were not given."""
        given: JsonValue = [name, {key: value for key, value in filters.items() if value is not None}]
        return cls(digest_of(canonical_json(given), size=_MARK_BYTES))

    def encode(self, *position: str | int) -> str:
        """The cursor of what follows `position`."""
        return base64.urlsafe_b64encode(json.dumps([self.mark, *position]).encode()).decode().rstrip("=")

    def decode(self, cursor: str | None, *kinds: type) -> tuple[str | int, ...] | None:
        """Read a cursor whose parts must be of `kinds`.

        Raises:
            UsageError: the text is no cursor, or one of another list or of other filters.
        """
        if cursor is None:
            return None
        mark, *position = _parts(cursor)
        if mark != self.mark:
            raise UsageError(
                f"cursor {cursor[:40]!r} belongs to another list or to other filters.",
                remedy="Start again without cursor, and keep the filters from page to page.",
            )
        if (
            len(position) != len(kinds)
            or not all(type(part) is kind for part, kind in zip(position, kinds, strict=True))
            or not all(0 <= part < 2**63 for part in position if isinstance(part, int))
        ):
            raise _no_cursor(cursor)
        return tuple(position)

    def position(self, cursor: str | None, *kinds: type) -> tuple[int, tuple[str | int, ...] | None]:
        """How many entries of the list come before the page of a cursor, and after what it begins.

        Raises:
            UsageError: see `decode`.
        """
        found = self.decode(cursor, int, *kinds)
        return (0, None) if found is None else (int(found[0]), found[1:])


def _parts(cursor: str) -> list[str | int]:
    try:
        parts = read_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        parts = None
    if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):
        raise _no_cursor(cursor)
    return parts


def _no_cursor(cursor: str) -> UsageError:
    return UsageError(f"{cursor[:40]!r} is no cursor of this list.", remedy="Start again without cursor.")


def page_size(limit: int) -> int:
    """Check a page size.

    Raises:
        UsageError: it is not between 1 and 200.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise UsageError(f"limit {limit} is out of range.", remedy=f"Ask for 1 to {LARGEST_PAGE} items a page.")
    return limit


def rows_within(rows: Sequence[_Row], budget: int | None) -> list[_Row]:
    """The first rows that are not longer than `budget` characters together, one in any case; None is no limit."""
    if budget is None:
        return [*rows]
    for number, row in enumerate(rows):
        budget -= len(row.model_dump_json(exclude_none=True)) + _ROW_OVERHEAD
        if budget < 0:
            return [*rows[: max(number, 1)]]
    return [*rows]


def first_of_page(before: int, rows: Sequence[object]) -> int | None:
    """The place in the whole list of the first row of a page, from 1; None where the page is empty."""
    return before + 1 if rows else None
