"""Where a key stands in a file, which keys are valid beside it, and which of them was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

_LONGEST_KEY = 200


def line_of(lines: Mapping[str, int], key: str) -> str:
    """`, line 3` for the line of a key, or of what it stands in; nothing where that is not known."""
    line = next((lines[each] for each in (key, *parents(key)) if each in lines), None)
    return f", line {line}" if line is not None else ""


def shown_key(key: str) -> str:
    """A key as one line of text: a file may hold any character in one, and any number of them."""
    text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in key[:_LONGEST_KEY])
    return text if len(key) <= _LONGEST_KEY else f"{text}…"


def parents(key: str) -> Iterator[str]:
    """The keys that a key stands in, from within."""
    while "." in key:
        key = key.rpartition(".")[0]
        yield key


def meant_key(key: str, valid: list[str]) -> str:
    """What to do about a key that does not exist."""
    section, *inner = key.split(".")
    if inner and section in valid:
        return f"write it as {section}: {': '.join(f'{{{name}' for name in inner)}: …{'}' * len(inner)}"
    if key == "<<":
        return "YAML's merge key is not supported; repeat the keys"
    near = difflib.get_close_matches(key.casefold(), valid, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"valid keys: {', '.join(valid)}"


def siblings(root: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are valid at a place in the tree."""
    section: Any = root
    for part in location:
        if get_origin(section) is dict:  # by names that people choose
            section = _section_within(get_args(section)[1])
            continue
        if isinstance(part, int) or not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        info = section.model_fields.get(part)
        kind = info.annotation if info is not None else None
        section = kind if get_origin(kind) is dict else _section_within(kind)
    if isinstance(section, type) and issubclass(section, BaseModel):
        return [info.alias or name for name, info in section.model_fields.items()]
    return []


def _section_within(annotation: Any) -> Any:
    if isinstance(annotation, type):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_within(part)) is not None), None)
