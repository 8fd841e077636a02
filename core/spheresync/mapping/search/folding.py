"""Texts as they are searched: in any case, with or without the marks of letters, word by word.

SQLite's own tokenisers know one spelling of an umlaut, and no names such as `ORDER_QTY` or `NetValue2`. So texts are
folded here, for what is indexed and for what is asked alike, and SQLite only ever sees finished words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 4_000
"""Characters of one text that are looked at."""
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "Ø": "Oe"})
_ONE_LETTER = str.maketrans(
    {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
)
_SEGMENT = re.compile(r"[^\W_]+")
_BOUNDARY = re.compile(
    r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)  # as in orderQty, SAPOrder, V2, 2V
_PUNCTUATION = {code: chr(0xE000 + code) for code in range(128) if not chr(code).isalnum()}
_PLAIN = {0xE000 + code: chr(code) for code in _PUNCTUATION}


@lru_cache(maxsize=1 << 15)
def fold(text: str) -> str:
    """A text in small letters without marks; `ß` becomes `ss`."""
    return _unmarked(text).casefold()


@lru_cache(maxsize=1 << 15)
def spellings(text: str) -> tuple[str, ...]:
    """A text folded in each way in which its umlauts may be spelled: `Müller` as `muller` and as `mueller`."""
    return tuple(dict.fromkeys(each.casefold() for each in _unmarked_spellings(text)))


@lru_cache(maxsize=1 << 15)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded: whole segments, and their parts by case and digits, in every spelling."""
    found: dict[str, None] = {}
    for spelling in _unmarked_spellings(text):
        for segment in _SEGMENT.findall(spelling):
            found[segment.casefold()] = None
            parts = _BOUNDARY.split(segment)
            if len(parts) > 1:
                found.update(dict.fromkeys(part.casefold() for part in parts))
    return tuple(found)


def asked_words(text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The words of a question: of each the alternatives, of each alternative the words that must all be there."""
    found = []
    spelled = [_SEGMENT.findall(spelling) for spelling in _unmarked_spellings(text)]
    if len({len(segments) for segments in spelled}) > 1:
        del spelled[1:]
    for segments in zip(*spelled, strict=True):
        alternatives: dict[tuple[str, ...], None] = {}
        for segment in segments:
            alternatives[(segment.casefold(),)] = None
            parts = tuple(part.casefold() for part in _BOUNDARY.split(segment))
            if len(parts) > 1 and all(len(part) > 1 for part in parts):
                alternatives[parts] = None
        found.append(tuple(alternatives))
    return tuple(found)


@lru_cache(maxsize=1 << 15)
def as_one_word(folded: str) -> str:
    """A folded name as one word, whatever it holds: what separates words is written as characters that do not."""
    return (
        folded.translate(_PUNCTUATION)
        if folded.isascii()
        else folded.translate(_PUNCTUATION).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    )


def from_one_word(word: str) -> str:
    """The folded name that `as_one_word` wrote."""
    return word.translate(_PLAIN)


def _unmarked(text: str) -> str:
    text = text[:LONGEST]
    if text.isascii():
        return text
    whole = unicodedata.normalize("NFKD", text.translate(_ONE_LETTER))
    return "".join(char for char in whole if not unicodedata.combining(char))


def _unmarked_spellings(text: str) -> tuple[str, ...]:
    one = _unmarked(text)
    if text.isascii():
        return (one,)
    two = _unmarked(unicodedata.normalize("NFC", text[:LONGEST]).translate(_TWO_LETTERS))
    return (one,) if one == two else (one, two)
