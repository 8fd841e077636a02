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
_EXPRESSIONS = frozenset({"Expression", "ConditionExpression", "OnClause"})
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
    """A part of a definition without columns that are gone, and without rules and groups that named no other one."""
    if not gone or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        pairs = [(each, without_columns(each, gone)) for each in value]
        return [now for was, now in pairs if not _emptied(was, now)]
    left = {key: _member_without(key, inner, gone) for key, inner in value.items()}
    return {key: now for key, now in left.items() if now != [] or not value[key] or _lists_columns(key, value[key])}


def _member_without(key: str, value: JsonValue, gone: frozenset[str]) -> JsonValue:
    if isinstance(value, list) and _lists_columns(key, value):
        return [each for each in value if each not in gone]
    return without_columns(value, gone)


def _lists_columns(key: str, value: JsonValue) -> bool:
    return key in _LISTS and isinstance(value, list) and all(isinstance(each, str) for each in value)


def _emptied(was: JsonValue, now: JsonValue) -> bool:
    """Whether a list of columns had some and has none left, which no rule and no group may have."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return False
    return any(
        bool(inner) and not now.get(key) if _lists_columns(key, inner) else _emptied(inner, now.get(key))
        for key, inner in was.items()
    )


def readers_of(value: JsonValue, gone: frozenset[str]) -> tuple[str, ...]:
    """What of others cannot be without columns that are gone: calculations, conditions, and rules about rows."""
    if isinstance(value, list):
        return tuple(name for each in value for name in readers_of(each, gone))
    if not isinstance(value, dict):
        return ()
    found: list[str] = []
    for key, inner in value.items():
        if key in _EXPRESSIONS and isinstance(inner, str) and gone & {*_IN_BRACES.findall(inner)}:
            found.append(str(value.get("ColumnName") or inner))
        elif key == "TagRules" and isinstance(inner, list):
            rules = cast("list[dict[str, JsonValue]]", inner)
            found += [f"the row rule of tag {each['TagKey']}" for each in rules if each["ColumnName"] in gone]
        else:
            found += readers_of(inner, gone)
    return tuple(found)


def names_gone(transform: JsonValue, gone: frozenset[str]) -> bool:
    """Whether a transform of others is about one column, and that is gone."""
    said = cast("dict[str, JsonValue]", transform)
    return any(isinstance(inner, dict) and inner.get("ColumnName") in gone for inner in said.values())
