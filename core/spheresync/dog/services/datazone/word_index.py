"""Which rows have a word, or one that begins with it, in their texts: a search looks at those and at no others."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"\w+")


def words_of(text: str) -> frozenset[str]:
    """The words of a text without case, and the parts of those that are made of several."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return frozenset(part for word in words for part in (word, *word.split("_")))


def sought_words(text: str) -> frozenset[str]:
    """The words that a text to be found is taken for: each whole."""
    return frozenset(word.casefold() for word in _WORD.findall(text))


class WordIndex:
    """Rows by the words of their texts."""

    def __init__(self) -> None:
        self._rows: dict[str, set[str]] = {}
        """By word."""
        self._words: dict[str, frozenset[str]] = {}
        """By row."""
        self._sorted: list[str] = []

    def put(self, row: str, texts: Iterable[str]) -> None:
        """Have a row found by the words of these texts, and by no others."""
        self.drop(row)
        words = frozenset[str]().union(*map(words_of, texts))
        self._words[row] = words
        for word in words:
            rows = self._rows.get(word)
            if rows is None:
                rows = self._rows[word] = set()
                insort(self._sorted, word)
            rows.add(row)

    def drop(self, row: str) -> None:
        """A word that nothing has any more stays known: it finds nothing."""
        for word in self._words.pop(row, ()):
            self._rows[word].discard(row)

    def having_any(self, text: str) -> set[str]:
        """The rows with any word of a text, or one that begins with it."""
        return {row for word in sought_words(text) for known in self._beginning(word) for row in self._rows[known]}

    def _beginning(self, word: str) -> Iterator[str]:
        for at in range(bisect_left(self._sorted, word), len(self._sorted)):
            if not self._sorted[at].startswith(word):
                return
            yield self._sorted[at]
