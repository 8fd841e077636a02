"""Change the texts of a JSON value, wherever in it they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Change: TypeAlias = Callable[[str], str]

_NO_FIELDS: Mapping[str, Callable[[Json], Json]] = MappingProxyType({})


def same(text: str) -> str:
    """A text as it is."""
    return text


def map_texts(
    value: Json,
    change: Change,
    *,
    keys: Change = same,
    fields: Mapping[str, Callable[[Json], Json]] = _NO_FIELDS,
) -> Json:
    """The value with every text changed.

    Args:
        value: is left as it is.
        change: what becomes of a text.
        keys: what becomes of the name of a field.
        fields: by name, what becomes of all that is in a field, in place of that.
    """
    if isinstance(value, str):
        return change(value)

    def changed(item: Json) -> Json:
        # Nearly everything in an answer is a text: it is changed here, without a call that only finds out.
        if type(item) is str:
            return change(item)
        return map_texts(item, change, keys=keys, fields=fields) if isinstance(item, dict | list) else item

    if isinstance(value, list):
        return [changed(item) for item in value]
    if isinstance(value, dict):
        return {keys(key): fields[key](item) if key in fields else changed(item) for key, item in value.items()}
    return value
