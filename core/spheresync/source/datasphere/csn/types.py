"""Types of elements, exactly: custom types resolved, facets of the element before those of its type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeGuard

from spheresync.model import JsonValue, SourceType
from spheresync.source.datasphere.csn.budget import Budget

Node = Mapping[str, JsonValue]

MOST_MEMBERS = 1_000_000
_DEEP = 16
"""Types that stand for one another."""
ASSOCIATIONS = frozenset({"cds.Association", "cds.Composition"})
_SHOWN = 40
_FACETS = ("length", "precision", "scale", "srid")
_MOST = 10**9


def own_type(node: Node) -> str:
    """The type that an element names; empty where it names none, or one that is spelled as a reference."""
    named = node.get("type")
    return named if isinstance(named, str) else ""


class Types:
    """The definitions of one document, as far as elements name them as types."""

    def __init__(self, definitions: Mapping[str, JsonValue]) -> None:
        self._definitions = definitions
        self._budget = Budget(MOST_MEMBERS, "Its custom types add", "member")

    def resolved(self, node: Node) -> Node:
        """The element with what its custom types add: type, facets, annotations, elements; its own members win."""
        for _ in range(_DEEP):
            named = node.get("type")
            if named.__class__ is str and named.startswith("cds."):
                return node
            behind = self._behind(named)
            if behind is None:
                return node
            self._budget.spend(len(behind))
            members = {**behind, **node}
            members.pop("kind", None)
            further = behind.get("type")
            if further is None:
                members.pop("type", None)
            else:
                members["type"] = further
            node = members
        return {**node, "type": ""}  # a circle: of no known type

    def _behind(self, named: JsonValue) -> Node | None:
        """The definition or element that a type names; None for what the format itself defines."""
        if isinstance(named, dict):
            return self._referred(named.get("ref"))
        if not isinstance(named, str) or named.startswith("cds."):
            return None
        found = self._definitions.get(named)
        return found if isinstance(found, dict) and found.get("kind") == "type" else None

    def _referred(self, path: JsonValue) -> Node | None:
        """`{"ref": ["Entity", "element"]}`: the type of another element."""
        if not isinstance(path, list) or not path or not isinstance(path[0], str):
            return None
        node = self._definitions.get(path[0])
        for step in path[1:]:
            elements = node.get("elements") if isinstance(node, dict) else None
            node = elements.get(step) if isinstance(elements, dict) and isinstance(step, str) else None
        return (
            {key: each for key, each in node.items() if key in {"type", *_FACETS}} if isinstance(node, dict) else None
        )


def source_type(node: Node) -> SourceType | None:
    """The type of a resolved element; None where it has none.

    A facet that cannot be one is left out and kept as spelled in `odd`; a `cds.Decimal` keeps `floating` and
    `variable` as its scale. A facet that is not given stays unknown: Interop and HANA differ in what they default to.
    """
    items = node.get("items")
    if items is not None and isinstance(items, dict):
        inner = source_type(items)
        name = inner.name if inner is not None else "cds.array"
        return SourceType(name, collection=True) if inner is None else _collection(inner)
    name = own_type(node)
    if not name:
        return None
    length, precision, scale = node.get("length"), node.get("precision"), node.get("scale")
    if _is_plain(length) and _is_plain(precision) and _is_plain(scale):
        return _plain_type(name, length, precision, scale)
    return _type(name, length, precision, scale)


def _is_plain(facet: JsonValue) -> TypeGuard[int | str | None]:
    """Whether a cache can tell it apart, which takes `True` for 1."""
    return facet is None or type(facet) is int or type(facet) is str


def _type(name: str, length: JsonValue, precision: JsonValue, scale: JsonValue) -> SourceType:
    read = {
        "length": (length, _number(length)),
        "precision": (precision, _number(precision)),
        "scale": (scale, _scale(scale)),
    }
    odd = [
        f'{facet}="{str(told)[:_SHOWN]}"' for facet, (told, value) in read.items() if value is None and told is not None
    ]
    return SourceType(name, _number(length), _number(precision), _scale(scale), odd=" ".join(odd))


@lru_cache(maxsize=4096)
def _plain_type(
    name: str, length: int | str | None, precision: int | str | None, scale: int | str | None
) -> SourceType:
    return _type(name, length, precision, scale)


def _collection(inner: SourceType) -> SourceType:
    return SourceType(inner.name, inner.length, inner.precision, inner.scale, collection=True, odd=inner.odd)


def _number(value: JsonValue) -> int | None:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST else None


def _scale(value: JsonValue) -> int | str | None:
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if word in {"floating", "variable"} else _number(value)
