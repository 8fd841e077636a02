"""Column names in what others made, where the columns of a data set get other labels. Pure.

Calculated fields, filters, groups and folders of others name columns by their labels; without this a new label would
break each of them, or have the whole update refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from spheresync.model import JsonValue

_NAMES = frozenset({"ColumnName", "OperandFieldName", "FieldName", "DefaultDateColumnName", "CountryCodeColumn"})
_LISTS = frozenset({"ProjectedColumns", "ColumnNames", "Columns", "columns"})
_EXPRESSIONS = frozenset({"Expression", "ConditionExpression"})
_IN_BRACES = re.compile(r"\{([^{}]*)\}")


def renamed(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    """A part of a definition with other names of columns in it; `names`: former → present."""
    if not names:
        return value
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _member(key, inner, names) for key, inner in value.items()}


def _member(key: str, value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        if key in _NAMES:
            return names.get(value, value)
        if key in _EXPRESSIONS:
            return _IN_BRACES.sub(lambda met: f"{{{names.get(met[1], met[1])}}}", value)
        return value
    if key in _LISTS and isinstance(value, list):
        return [names.get(each, each) if isinstance(each, str) else renamed(each, names) for each in value]
    return renamed(value, names)


def moved_labels(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Former label → present label, of the columns that have another one."""
    return {label: after[name] for name, label in before.items() if name in after and after[name] != label}


def without_columns(value: JsonValue, gone: frozenset[str]) -> JsonValue:
    """A part of a definition without columns that are gone; where nothing is left of a list, that has none."""
    if not gone or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [without_columns(each, gone) for each in value]
    return {
        key: [each for each in inner if each not in gone]
        if key in _LISTS and isinstance(inner, list) and all(isinstance(each, str) for each in inner)
        else without_columns(inner, gone)
        for key, inner in value.items()
    }


def names_gone(transform: JsonValue, gone: frozenset[str]) -> bool:
    """Whether a transform of others is about one column, and that is gone."""
    said = cast("dict[str, JsonValue]", transform)
    return any(isinstance(inner, dict) and inner.get("ColumnName") in gone for inner in said.values())
