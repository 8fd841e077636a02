"""Names and labels into words: camel case, underscores, umlauts, plurals, German compounds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"})
_EMAIL = re.compile(r"e[-_ ]?mail", re.IGNORECASE)
_BORN_ON = re.compile(r"(?<![a-z])geb[. _-]*am(?![ _-]*[a-z])", re.IGNORECASE)
"""`geb. am` and nothing after it: `am` alone is left out, and `Geb.` is short for a building too."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LINKING = ("", "s", "n", "en", "es", "er")
_SHORTEST_COMPOUND = 6
_LONGEST_TOKEN = 60
"""Letters; what is longer is no word, and splitting it would take long."""


def tokens_of(text: str) -> list[str]:
    """The words of a text in lower case, without marks; figures and single letters are none."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_UMLAUTS)
        if not text.isascii():
            text = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    if "ail" in text or "AIL" in text:
        text = _EMAIL.sub(" Email ", text)
    if "eb" in text or "EB" in text:
        text = _BORN_ON.sub(" geboren ", text)
    return [word.lower() for word in _WORD.findall(text) if len(word) > 1]


def split_words(token: str, known: Collection[str], parts: Collection[str]) -> tuple[str, ...]:
    """A token as it is known: itself, without its ending, or as the parts of a compound; else itself."""
    if token in known:
        return (token,)
    for ending in ("s", "es", "n", "en"):
        if token.endswith(ending) and len(token) > len(ending) + 3 and token.removesuffix(ending) in known:
            return (token.removesuffix(ending),)
    if token in parts or not _SHORTEST_COMPOUND <= len(token) <= _LONGEST_TOKEN:
        return (token,)
    return _split(token, known, parts) or (token,)


def _split(token: str, known: Collection[str], parts: Collection[str]) -> tuple[str, ...] | None:
    """The fewest parts that make up the token, None where none do."""
    best: dict[int, tuple[str, ...]] = {len(token): ()}
    for start in range(len(token) - 3, -1, -1):
        for end in range(start + 3, len(token) + 1):
            word = token[start:end]
            if word not in known and word not in parts:
                continue
            for link in _LINKING if end < len(token) else ("", "s", "n", "en"):
                rest = best.get(end + len(link))
                if rest is None or not token.startswith(link, end):
                    continue
                if start not in best or len(rest) + 1 < len(best[start]):
                    best[start] = (word, *rest)
    return best.get(0)
