"""Long values as an answer can bear them; of two, so that what tells them apart is seen though each is cut. Pure."""

from __future__ import annotations

from spheresync.model.json_values import JsonValue

LONGEST_VALUE = 400
_SEEN = 240
"""Characters of a value that every face shows."""
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


def shortened(value: JsonValue) -> JsonValue:
    """A value that an answer can bear."""
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:LONGEST_VALUE]}… ({len(value)} characters)"
    return value


def both_shortened(before: JsonValue, after: JsonValue) -> tuple[JsonValue, JsonValue]:
    """Two values of one field that an answer can bear."""
    if isinstance(before, str) and isinstance(after, str):
        before, after = shown_apart(before, after, _SEEN)
    return shortened(before), shortened(after)


def _from(text: str, start: int, longest: int) -> str:
    end = start + longest
    return f"…{text[start:end]}{'…' if len(text) > end else ''} ({len(text)} characters)"
