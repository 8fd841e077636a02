"""Annotations of CSN by their terms, whatever their spelling.

Both spellings of an enumeration value (`{"#": "SUM"}` since Interop 1.2, `"SUM"` before) and of a reference
(`{"=": "COLUMN"}`, `"COLUMN"`) are read, terms in any case, and nested records as the dotted terms that they stand for
(reference: datasphere-api.md 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

from spheresync.model import JsonValue

#: Term in lower case without its `@`, and its value.
Annotations: TypeAlias = Mapping[str, JsonValue]

_DEEP = 4
_VALUES = frozenset({"=", "#"})


def annotations_of(node: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The annotations of a definition or an element."""
    found: dict[str, JsonValue] = {}
    for member, value in node.items():
        term = _term(member)
        if term is None:
            continue
        if isinstance(value, dict):
            _put(found, term, value, _DEEP)
        elif term not in found:
            found[term] = value
    return found


@lru_cache(maxsize=4096)
def _term(member: str) -> str | None:
    """The term of an annotation; None of any other member."""
    return member[1:].lower() if member[:1] == "@" else None


def _put(found: dict[str, JsonValue], term: str, value: JsonValue, deep: int) -> None:
    if isinstance(value, dict) and deep and not _VALUES & value.keys():
        for member, inner in value.items():
            _put(found, f"{term}.{member.lower()}", inner, deep - 1)
        return
    found.setdefault(term, value)


def is_true(value: JsonValue) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def word_of(value: JsonValue) -> str:
    """An enumeration value or a plain text; empty where it is neither."""
    if isinstance(value, dict):
        value = value.get("#")
    return value.strip().lstrip("#") if isinstance(value, str) else ""


def text_of(value: JsonValue) -> str:
    """A text as written; empty where it is none."""
    return value.strip() if isinstance(value, str) else ""


def reference_of(value: JsonValue) -> str:
    """The name of what is referred to; the first of several."""
    if isinstance(value, list):
        return next((name for each in value if (name := reference_of(each))), "")
    if isinstance(value, dict):
        value = value.get("=")
    return value.strip() if isinstance(value, str) else ""


def references_of(value: JsonValue) -> list[str]:
    """The names of all that is referred to."""
    each_of = value if isinstance(value, list) else [value]
    return [name for each in each_of if (name := reference_of(each))]
