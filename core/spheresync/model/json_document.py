"""The one door for reading JSON, whoever wrote it: strictly, within bounds, and with one family of errors.

The standard library lets the last of two members of one name win. Which of them is meant nobody can say, so such a
document is refused, at any depth. It also raises RecursionError for what is nested too deeply, which no reader of a
document expects, and only where the stack happens to be short enough: here the depth has a bound of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from spheresync.model.counting import counted

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 1_000_000
"""Separators and brackets of a document: what its values take in memory is bounded before it is parsed."""
DEEPEST = 100
"""Levels of lists and objects in each other; nothing that this program reads or writes has a tenth of them."""
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_TEXT = re.compile(rb'"[^"]*"')
_WHITE_SPACE = re.compile(r"[ \t\n\r]*")

Path: TypeAlias = tuple[str, ...]
"""The names that lead from a document to a value in it."""


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
    _refuse_unbounded(document, largest, most_values)
    return _decode(document, _STRICT)


@dataclass(frozen=True, slots=True)
class SpelledJson:
    """A document with the text of it, so that parts of it can be passed on as they were served.

    `places`: where each member of an opened object stands in `text`.
    """

    value: Any
    text: str
    places: Mapping[Path, slice]

    def spelling(self, *path: str) -> str:
        """A member of an opened object as it was served."""
        return self.text[self.places[path]]


def read_spelled_json(document: bytes, opened: Callable[[Path], bool]) -> SpelledJson:
    """As `read_json`, to the same value or the same error, and once only; `opened`: objects whose members are placed.

    Raises:
        ValueError: as of `read_json`.
    """
    _refuse_unbounded(document, MAX_BYTES, MAX_VALUES)
    text = _text_of(document)
    reader = _PlacingReader(text, opened)
    try:
        return SpelledJson(reader.read(), text, reader.places)
    except RecursionError as error:  # little of the stack was left
        raise NestedTooDeepError("nested too deep") from error


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


class _PlacingReader:
    """Parses a document as the strict decoder does; objects that are opened member by member."""

    def __init__(self, text: str, opened: Callable[[Path], bool]) -> None:
        self._text = text
        self._opened = opened
        self.places: dict[Path, slice] = {}

    def read(self) -> Any:
        value, end = self._value(self._past_space(0), ())
        end = self._past_space(end)
        if end != len(self._text):
            raise json.JSONDecodeError("Extra data", self._text, end)
        return value

    def _value(self, at: int, path: Path) -> tuple[Any, int]:
        if self._text[at : at + 1] == "{" and self._opened(path):
            return self._object(at + 1, path)
        return _STRICT.raw_decode(self._text, at)

    def _object(self, at: int, path: Path) -> tuple[dict[str, object], int]:
        pairs: list[tuple[str, object]] = []
        at = self._past_space(at)
        if self._text[at : at + 1] == "}":
            return {}, at + 1
        while True:
            self._expect('"', at, "property name enclosed in double quotes")
            name, at = _STRICT.raw_decode(self._text, at)
            at = self._past_space(at)
            self._expect(":", at, "':' delimiter")
            start = self._past_space(at + 1)
            value, end = self._value(start, (*path, name))
            self.places[*path, name] = slice(start, end)
            pairs.append((name, value))
            at = self._past_space(end)
            if self._text[at : at + 1] == "}":
                return _members(pairs), at + 1
            self._expect(",", at, "',' delimiter")
            at = self._past_space(at + 1)

    def _expect(self, mark: str, at: int, called: str) -> None:
        if self._text[at : at + 1] != mark:
            raise json.JSONDecodeError(f"Expecting {called}", self._text, at)

    def _past_space(self, at: int) -> int:
        found = _WHITE_SPACE.match(self._text, at)
        return at if found is None else found.end()


def _refuse_unbounded(document: str | bytes, largest: int, most_values: int) -> None:
    """Refuse what takes more memory or stack than a document may, before it is parsed."""
    if len(document) > largest:
        raise DocumentTooLargeError(f"larger than {largest} bytes")
    if _count(document, ",", "{", "[") > most_values:
        raise DocumentTooLargeError(f"more than {counted(most_values, 'value')}")
    if is_nested_too_deep(document):
        raise NestedTooDeepError(f"nested deeper than {DEEPEST} levels")


def _decode(document: str | bytes, decoder: json.JSONDecoder) -> Any:
    text = _text_of(document)
    try:
        return decoder.decode(text)
    except RecursionError as error:  # little of the stack was left
        raise NestedTooDeepError("nested too deep") from error


def _text_of(document: str | bytes) -> str:
    if isinstance(document, str):
        return document
    return document.decode(json.detect_encoding(document), "surrogatepass")


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
