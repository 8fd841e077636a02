"""Opaque cursors: where the next page starts, spelled so that nobody is tempted to compute with it."""

from __future__ import annotations

import base64
import binascii
import json

from spheresync.errors import UsageError

LARGEST_PAGE = 200


def encode(*position: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[str | int, ...] | None:
    """Read a cursor whose parts must be of `kinds`.

    Raises:
        UsageError: the text is no cursor of this list.
    """
    if cursor is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    if (
        not isinstance(position, list)
        or len(position) != len(kinds)
        or not all(type(part) is kind for part, kind in zip(position, kinds, strict=True))
        or not all(0 <= part < 2**63 for part in position if isinstance(part, int))
    ):
        raise UsageError(
            f"{cursor[:40]!r} is no cursor of this list.", remedy="Leave cursor out to start from the first page."
        )
    return tuple(position)


def page_size(limit: int) -> int:
    """Check a page size.

    Raises:
        UsageError: it is not between 1 and 200.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise UsageError(f"limit {limit} is out of range.", remedy=f"Ask for 1 to {LARGEST_PAGE} items a page.")
    return limit
