"""What is wrong with one value, in plain words and with the fix; the library that checks types has words of its own.

No text repeats the value, which may be a secret that stands in the wrong place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from spheresync.config.reading.key_places import meant_key, siblings

_LIMITS = {
    "greater_than_equal": ("is too small", "give at least {ge}"),
    "greater_than": ("is too small", "give more than {gt}"),
    "less_than_equal": ("is too large", "give at most {le}"),
    "less_than": ("is too large", "give less than {lt}"),
}
_WORDS = frozenset({"enum", "literal_error"})
_TEXT = "is {given}; give one text"
_WHOLE = "is no whole number; give one in digits, without a unit"
_NUMBER = "is no number; give one in digits, without a unit"
_FLAG = "is neither true nor false; give one of them"
_LIST = "is {given}; give a list in square brackets"
_SECTION = "is {given}; give it keys: {keys}"
_FORMS = {
    "string_type": _TEXT,
    "string_sub_type": _TEXT,
    "string_unicode": "holds bytes that are no UTF-8; write it anew",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "is too large; give a smaller number",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "dict_type": "is {given}; give keys with values in braces",
    "path_type": "is no path; give the path of a file or folder",
}
_OTHER = "is {given}, which does not belong here; see docs/reference/settings.md for what the key takes"
_YAML_WORD = "is read as true or false, as YAML reads on, off, yes and no; put it in quotes"


def fault_at(root: type[BaseModel], location: tuple[int | str, ...], found: ErrorDetails, *, drop: str) -> str:
    """What is wrong at a place below `root`, and what to do: an unknown key, or a value as `word` has it."""
    if found["type"] == "extra_forbidden":
        return f"unknown key; {meant_key(str(location[-1]), siblings(root, location[:-1]))}"
    keys = siblings(root, location)
    return word(found["type"], found.get("ctx", {}), found["msg"], found["input"], keys=keys, drop=drop)


def word(kind: str, context: Mapping[str, Any], message: str, given: object, *, keys: Sequence[str], drop: str) -> str:
    """One finding of the type checker as `what is wrong; what to do`.

    Args:
        kind: the checker's name of the finding.
        context: what the checker adds to it, such as a limit.
        message: the text of a check of our own, which is in plain words already.
        given: the value; only its kind is told.
        keys: the keys that are valid below the place, where it is a section.
        drop: how to do without the value: `remove the key`, `unset the variable`.
    """
    if given is None:
        return f"has no value; give one or {drop}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if given == "":
        return f"is empty; give a value or {drop}"
    if kind in _WORDS:
        return _none_of(re.findall(r"'([^']*)'", str(context.get("expected", ""))), given)
    what, fix = _LIMITS.get(kind, ("", ""))
    return f"{what}; {fix.format(**context)}" if what else _of_wrong_kind(kind, given, keys)


def _none_of(words: Sequence[str], given: object) -> str:
    near = difflib.get_close_matches(given.casefold(), words, n=1) if isinstance(given, str) else []
    return f"is none of {', '.join(words)}; {f'did you mean {near[0]}?' if near else 'use one of them'}"


def _of_wrong_kind(kind: str, given: object, keys: Sequence[str]) -> str:
    if kind == "missing":
        return f"is missing; give it one of {', '.join(keys)}" if keys else "is missing; give it"
    if _FORMS.get(kind) == _TEXT and isinstance(given, bool):
        return _YAML_WORD
    return _FORMS.get(kind, _OTHER).format(given=_described(given), keys=", ".join(keys))


def _described(given: object) -> str:
    if isinstance(given, bool):
        return "true or false"
    if isinstance(given, int | float):
        return "a number"
    if isinstance(given, str):
        return "a text"
    return "a set of keys" if isinstance(given, Mapping) else "a list"
