"""Two long texts so that what tells them apart is seen, though each is cut. Pure."""

from __future__ import annotations

_BEFORE = 40
"""Characters that are alike and shown before the first that is not."""


def shown_apart(before: str, after: str, longest: int) -> tuple[str, str]:
    """Both from shortly before where they differ, of so many characters; as they are where that is seen anyway."""
    unlike = (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    same = next(unlike, min(len(before), len(after)))
    if before == after or same < longest:
        return before, after
    start = same - _BEFORE
    return _from(before, start, longest), _from(after, start, longest)


def _from(text: str, start: int, longest: int) -> str:
    end = start + longest
    return f"…{text[start:end]}{'…' if len(text) > end else ''} ({len(text)} characters)"
