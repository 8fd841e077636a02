"""Texts within the limits of AWS: bytes of UTF-8, cut between characters, without what the patterns forbid."""

from __future__ import annotations

import re
import unicodedata

DESCRIPTION_BYTES = 2048
COMMENT_BYTES = 255
_ZERO_WIDTH_JOINER = "\u200d"
#: Variation selectors and skin tones, which change the emoji before them.
_ON_EMOJI = frozenset("\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")

# AWS allows U+0020-U+D7FF, U+E000-U+FFFD, U+10000-U+10FFFF and tab, in texts of several lines CR and LF besides
# (reference: aws-catalogs.md 1.1). Lone surrogates are allowed by the pattern but are no UTF-8.
_LINE_BREAKS = re.compile(r"[\r\n\u2028\u2029\x0b\x0c\x85]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def one_line(text: str, limit: int = COMMENT_BYTES) -> str:
    """A single line of at most `limit` bytes."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text.strip()
    return cut(_FORBIDDEN.sub("", _LINE_BREAKS.sub(" ", text)).strip(), limit)


def several_lines(text: str, limit: int = DESCRIPTION_BYTES) -> str:
    """A text of at most `limit` bytes; line breaks stay."""
    return cut(_FORBIDDEN.sub("", text.replace("\x0b", " ").replace("\x0c", " ")).strip(), limit)


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes that splits no character, nor a mark from its letter."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return text
    kept = encoded[:limit].decode("utf-8", "ignore")
    end = len(kept)
    while end and _belong_together(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip()


def _belong_together(before: str, after: str) -> bool:
    """Whether `after` is a mark on what stands before it, or a zero-width joiner ties the two."""
    return _ZERO_WIDTH_JOINER in {before, after} or after in _ON_EMOJI or unicodedata.combining(after) != 0
