"""What a pydantic model takes, flattened: each key with its kind of value and its default."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from spheresync.config.durations import format_duration

_PLAIN: Mapping[object, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    timedelta: "length of time",
    date: "day",
    Path: "path",
    SecretStr: "text, secret",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `path` is as people write it: `[]` stands for each entry of a list, `NAME` for a name of your own."""

    path: str
    takes: str
    default: str


def keys_of(model: type[BaseModel], *, below: str = "", at: object = None) -> Iterator[Key]:
    """Every key of a model and of the models in it.

    Args:
        model: the model.
        below: the path of what it stands in, with the dot.
        at: the value that it has by default, where that differs from its own defaults.
    """
    for name, described in model.model_fields.items():
        path = below + (described.alias or name)
        given = described.get_default(call_default_factory=True) if at is None else getattr(at, name)
        annotation = bare(described.annotation)
        inner = model_in(annotation)
        if inner is None:
            yield Key(path, takes(annotation), spelled(given))
        elif get_origin(annotation) is tuple:
            yield from keys_of(inner, below=f"{path}[].")
        elif get_origin(annotation) is dict:
            yield from keys_of(inner, below=f"{path}.NAME.")
        else:
            yield from keys_of(inner, below=f"{path}.", at=given if isinstance(given, BaseModel) else None)


def bare(annotation: Any) -> Any:
    """The annotation without what validates it, and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        kinds = [each for each in get_args(annotation) if each is not type(None)]
        return bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or is a list or a mapping of."""
    candidates = [annotation, *map(bare, get_args(annotation))] if not isinstance(annotation, type) else [annotation]
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)), None)


def takes(annotation: Any) -> str:
    """What kind of value a key takes, for people."""
    annotation = bare(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return f"list of {takes(arguments[0])}"
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin in {Union, types.UnionType}:
        return ", ".join(map(takes, arguments))
    if origin is not None:
        return f"mapping of {takes(arguments[0])} to {takes(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{each.value}`" for each in annotation)
    return _PLAIN.get(annotation, "text")


def spelled(value: object) -> str:
    """A default as the file would have it; empty where there is none."""
    if value is None or value is PydanticUndefined or value in ("", ()) or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, Mapping):
        return f"`{{{', '.join(f'{key}: {each}' for key, each in value.items())}}}`"
    return f"`{value}`"
