"""Annotation values of CSDL (OData CSDL XML 4.01, 14.3 and 14.4) as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from lxml import etree


@dataclass(frozen=True, slots=True)
class Path:
    """A reference to a property, as spelled."""

    path: str


@dataclass(frozen=True, slots=True)
class EnumMember:
    """An enumeration member; `name` without its type."""

    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A structured value; property names in lower case."""

    properties: Mapping[str, Value] = field(hash=False)


#: `None` is both Null and an expression that only a server could evaluate.
Value: TypeAlias = "str | bool | Path | EnumMember | Record | tuple[Value, ...] | None"

_TEXTS = frozenset(
    {
        "String",
        "Int",
        "Decimal",
        "Float",
        "Date",
        "DateTimeOffset",
        "Duration",
        "TimeOfDay",
        "Guid",
        "Binary",
        "UrlRef",
    }
)
_PATHS = frozenset(
    {"Path", "PropertyPath", "NavigationPropertyPath", "AnnotationPath", "ModelElementPath", "AnyPropertyPath"}
)
_KINDS = _TEXTS | _PATHS | {"Bool", "EnumMember"}


def read_value(element: etree._Element, attributes: Mapping[str, str]) -> Value:
    """The value of an Annotation or PropertyValue; True where it has none, as tagging terms default to it.

    `attributes` are the element's; the caller has read them already.
    """
    for kind, text in attributes.items():
        if kind in _KINDS:
            return _constant(kind, text)
    for child in element:
        kind = local_name(child)
        if kind != "Annotation":
            return _expression(child, kind)
    return True


def attributes_of(element: etree._Element) -> dict[str, str]:
    """All at once: one call into libxml2 instead of one for each."""
    return cast("dict[str, str]", dict(element.items()))


def is_true(value: Value) -> bool:
    """Whether a tagging term says yes: Bool, or a text that spells one."""
    return value is True or (isinstance(value, str) and value.strip().lower() in {"true", "1"})


def text_of(value: Value) -> str | None:
    """A text without white space at its ends, None where it is none or empty."""
    return value.strip() or None if isinstance(value, str) else None


def local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _expression(element: etree._Element, kind: str) -> Value:
    if kind == "Collection":
        return tuple(_expression(child, local_name(child)) for child in element)
    if kind == "Record":
        return Record(
            {
                str(child.get("Property", "")).lower(): read_value(child, attributes_of(child))
                for child in element
                if local_name(child) == "PropertyValue"
            }
        )
    return _constant(kind, element.text or "") if kind in _KINDS else None


def _constant(kind: str, text: str) -> Value:
    if kind in _PATHS:
        return Path(text.strip())
    if kind == "Bool":
        return text.strip().lower() in {"true", "1"}
    if kind == "EnumMember":
        return EnumMember(text.split(" ", 1)[0].rpartition("/")[2] if text.strip() else "")
    return text
