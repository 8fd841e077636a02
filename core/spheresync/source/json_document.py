"""JSON as the tenant and its token server send it, read strictly and within bounds.

The standard library lets the last of two members of one name win. Which of them is meant nobody can say, so such a
document is refused, at any depth.
"""

from __future__ import annotations

import json

from spheresync.model import counted

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 1_000_000
"""Separators and brackets of a document: what its values take in memory is bounded before it is parsed."""


class RepeatedMemberError(ValueError):
    """An object holds two members of one name."""


class DocumentTooLargeError(ValueError):
    """More bytes or more values than an answer of this API may have."""


def read_json(body: bytes) -> object:
    """Parse a document.

    Raises:
        DocumentTooLargeError, RepeatedMemberError: see the classes.
        json.JSONDecodeError, UnicodeDecodeError: it is no JSON.
        RecursionError: it is nested too deep.
        ValueError: it holds NaN, an infinity or a number of thousands of digits.
    """
    if len(body) > MAX_BYTES:
        raise DocumentTooLargeError(f"larger than {MAX_BYTES} bytes")
    if sum(body.count(mark) for mark in (b",", b"{", b"[")) > MAX_VALUES:
        raise DocumentTooLargeError(f"more than {counted(MAX_VALUES, 'value')}")
    document: object = json.loads(body, object_pairs_hook=_members, parse_constant=_no_constant)
    return document


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in members if names.count(name) > 1)
        raise RepeatedMemberError(f"an object holds {repeated[:60]!r} twice")
    return members


def _no_constant(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
