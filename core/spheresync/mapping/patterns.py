"""Globs as CONTRACT.md has them: `*` is any characters, `?` one, everything else itself; case matters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def _compile(glob: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in glob), re.DOTALL)


def matches(glob: str, text: str) -> bool:
    return _compile(glob).fullmatch(text) is not None


def first_match(globs: Iterable[str], text: str) -> str | None:
    """The first glob that matches, None where none does."""
    return next((glob for glob in globs if matches(glob, text)), None)


def literal_prefix(glob: str) -> str:
    """What every text that the glob matches begins with."""
    return re.split(r"[*?]", glob, maxsplit=1)[0]
