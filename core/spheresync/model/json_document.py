"""The one door for reading JSON, whoever wrote it: strictly, within bounds, and with one family of errors.

The standard library lets the last of two members of one name win. Which of them is meant nobody can say, so such a
document is refused, at any depth. It also raises RecursionError for what is nested too deeply, which no reader of a
document expects, and only where the stack happens to be short enough: here the depth has a bound of its own.
"""

from __future__ import annotations

import json
import re
from typing import Any

from spheresync.model.counting import counted

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 1_000_000
"""Separators and brackets of a document: what its values take in memory is bounded before it is parsed."""
DEEPEST = 100
"""Levels of lists and objects in each other; nothing that this program reads or writes has a tenth of them."""
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_TEXT = re.compile(rb'"[^"]*"')


class UnreadableJsonError(ValueError):
    """A document that may be JSON, and is none that is read."""


class RepeatedMemberError(UnreadableJsonError):
    """An object holds two members of one name."""


class DocumentTooLargeError(UnreadableJsonError):
    """More bytes or more values than such a document may have."""


class NestedTooDeepError(UnreadableJsonError):
    """More levels of lists and objects in each other than any document has."""


def read_json(document: str | bytes, *, largest: int = MAX_BYTES, most_values: int = MAX_VALUES) -> Any:
    """Parse a document that this program did not write, or cannot know to have written.

    Raises:
        DocumentTooLargeError, RepeatedMemberError, NestedTooDeepError: see the classes.
        UnreadableJsonError: it holds NaN or an infinity.
        json.JSONDecodeError, UnicodeDecodeError: it is no JSON.
        ValueError: it holds a number of thousands of digits; all of the above are such, too.
    """
    if len(document) > largest:
        raise DocumentTooLargeError(f"larger than {largest} bytes")
    if _count(document, ",", "{", "[") > most_values:
        raise DocumentTooLargeError(f"more than {counted(most_values, 'value')}")
    return _parse(document, _STRICT)


def read_own_json(document: str | bytes) -> Any:
    """Parse what this program wrote itself: what was held against a digest or a seal, or never left the process.

    As `read_json` without bounds of size and depth and without a look for repeated members, which takes as long as all
    the rest.
    """
    return _decode(document, _PLAIN)


def is_nested_too_deep(document: str | bytes) -> bool:
    """Whether it has more levels than are read; of what is no JSON, whether a parser would have to go so deep."""
    if _count(document, "[", "{") <= DEEPEST:
        return False
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if b"\\" in data:  # after this every quote begins or ends a text
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(_BRACKETS, _NO_STRUCTURE).replace(b'""', b"")
    if b'"' in marks:  # a text holds brackets
        marks = _TEXT.sub(b"", marks)
    for _ in range(DEEPEST):
        outer = marks.replace(b"[]", b"")
        if outer == marks:  # nothing is closed that was opened
            return marks.count(b"[") > DEEPEST
        marks = outer
    return len(marks) > 0


def _parse(document: str | bytes, decoder: json.JSONDecoder) -> Any:
    if is_nested_too_deep(document):
        raise NestedTooDeepError(f"nested deeper than {DEEPEST} levels")
    return _decode(document, decoder)


def _decode(document: str | bytes, decoder: json.JSONDecoder) -> Any:
    if isinstance(document, bytes):
        document = document.decode(json.detect_encoding(document), "surrogatepass")
    try:
        return decoder.decode(document)
    except RecursionError as error:  # little of the stack was left
        raise NestedTooDeepError("nested too deep") from error


def _count(document: str | bytes, *marks: str) -> int:
    if isinstance(document, str):
        return sum(map(document.count, marks))
    return sum(document.count(mark.encode()) for mark in marks)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in members if names.count(name) > 1)
        raise RepeatedMemberError(f"an object holds {repeated[:60]!r} twice")
    return members


def _no_constant(constant: str) -> object:
    raise UnreadableJsonError(f"{constant} is no JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)
_PLAIN = json.JSONDecoder()
