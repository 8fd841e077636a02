"""Globs as CONTRACT.md has them: `*` is any characters, `?` one, everything else itself; case matters.

Linear in the text: each literal part between two stars is searched for once, from where the one before it ended, and
never given up again. That finds every match, because the earliest place leaves the most room for what follows. One
regular expression over the whole glob would try every combination of places instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from spheresync.model import SpaceName, TargetKey


class _Literal:
    """Text between two stars; `?` in it stands for any one character."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._text = text
        spelled = "".join("." if character == "?" else re.escape(character) for character in text)
        self._pattern = re.compile(spelled, re.DOTALL) if "?" in text else None

    def stands_at(self, text: str, at: int) -> bool:
        """Whether it stands in `text` right from `at`."""
        if self._pattern is None:
            return text.startswith(self._text, at)
        return self._pattern.match(text, at) is not None

    def find(self, text: str, start: int, end: int) -> int:
        """Where it first stands between `start` and `end`; -1 where it does not."""
        if self._pattern is None:
            return text.find(self._text, start, end)
        found = self._pattern.search(text, start, end)
        return -1 if found is None else found.start()


class _Glob:
    """One glob, split at its stars."""

    def __init__(self, glob: str) -> None:
        first, *rest = glob.split("*")
        self._first = _Literal(first)
        self._last = _Literal(rest[-1]) if rest else None
        self._between = [_Literal(part) for part in rest[:-1] if part]

    def matches(self, text: str) -> bool:
        if self._last is None:
            return len(text) == self._first.length and self._first.stands_at(text, 0)
        at, end = self._first.length, len(text) - self._last.length
        if at > end or not self._first.stands_at(text, 0) or not self._last.stands_at(text, end):
            return False
        for part in self._between:
            found = part.find(text, at, end)
            if found < 0:
                return False
            at = found + part.length
        return True


@lru_cache(maxsize=4096)
def _compile(glob: str) -> _Glob:
    return _Glob(glob)


def matches(glob: str, text: str) -> bool:
    """Whether the glob matches the whole text."""
    return _compile(glob).matches(text)


def first_match(globs: Iterable[str], text: str) -> str | None:
    """The first glob that matches, None where none does."""
    return next((glob for glob in globs if matches(glob, text)), None)


def literal_prefix(glob: str) -> str:
    """What every text that the glob matches begins with."""
    return re.split(r"[*?]", glob, maxsplit=1)[0]


def is_for(key: TargetKey, space: SpaceName) -> bool:
    """Whether a target in its destination is for the assets of a space."""
    return key.spaces == ("*",) or first_match(key.spaces, space) is not None
