"""Requests checked against AWS's own service model before they are sent.

botocore enforces only required, type and minimum; maximum, pattern and enum reach the service unchecked (reference:
aws-catalogs.md 1.1), which then refuses the whole call. Here every shape of an operation is compiled once into a
check, which looks at all values of one member together (the names of all columns, say) before it looks at each, so
that checking a table costs less than serialising it. Glue documents its lengths in bytes of UTF-8, so
that is what a maximum counts.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

#: (path below the value, starting with "." or "[" or empty; what is wrong)
Finding: TypeAlias = tuple[str, str]

_FINE: tuple[Finding, ...] = ()
_EXCERPT = 40
_REMEMBERED = 1_000
"""Sets of keys of a map that are known to be fine; those of a catalog are few."""
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
#: The models spell characters beyond the BMP as surrogate pairs, as Java does; Python's patterns take code points.
_SURROGATES = re.compile(r"\\uD800\\uDC00-\\uDBFF\\uDFFF", re.IGNORECASE)


class Limits:
    """The limits of one service's operations, compiled on first use."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._shapes: dict[str, _Check] = {}
        self._operations: dict[str, _Check] = {}

    def problems(self, operation: str, params: Mapping[str, object]) -> tuple[str, ...]:
        """What in `params` the service would refuse: the member's path, its limit and the actual value."""
        check = self._operations.get(operation)
        if check is None:
            shape = self._model.operation_model(operation).input_shape
            check = _Anything() if shape is None else self._check(shape)
            self._operations[operation] = check
        if check.all_fine([params]):
            return ()
        return tuple(f"{path.lstrip('.')}: {text}" for path, text in check.findings(params))

    def _check(self, shape: Shape) -> _Check:
        known = self._shapes.get(shape.name)
        if known is None:
            # Shapes may hold themselves: while one is being compiled, it is looked up when it is met in a value.
            self._shapes[shape.name] = _WhenMet(self._shapes, shape.name)
            known = self._shapes[shape.name] = self._compile(shape)
        return known

    def _compile(self, shape: Shape) -> _Check:
        match shape.type_name:
            case "structure":
                return _Structure(shape, {name: self._check(member) for name, member in _members(shape).items()})
            case "list":
                return _List(shape, self._check(_member(shape)))
            case "map":
                key, value = _pair(shape)
                return _Map(shape, self._check(key), self._check(value))
            case _:
                return _scalar(shape)


@cache
def limits_of(service: str) -> Limits:
    """The limits of a service by botocore's name (`glue`), from the installed model; no session of its own."""
    import botocore.session

    return Limits(botocore.session.get_session().get_service_model(service))


def validate(service: str, operation: str, params: Mapping[str, object]) -> tuple[str, ...]:
    """What the service would refuse of this call, one text for each member; empty when nothing."""
    return limits_of(service).problems(operation, params)


def _scalar(shape: Shape) -> _Check:
    match shape.type_name:
        case "string" | "char":
            return _Text(shape)
        case "integer" | "long":
            return _Number(shape, (int,), "a whole number")
        case "float" | "double":
            return _Number(shape, (int, float), "a number")
        case "boolean":
            return _Boolean()
        case _:
            return _Anything()  # timestamps and blobs: botocore's serialiser takes several Python types for each


def _members(shape: Shape) -> Mapping[str, Shape]:
    structure: StructureShape = shape  # type: ignore[assignment]  # decided by type_name
    return structure.members


def _member(shape: Shape) -> Shape:
    listing: ListShape = shape  # type: ignore[assignment]  # decided by type_name
    return listing.member


def _pair(shape: Shape) -> tuple[Shape, Shape]:
    mapping: MapShape = shape  # type: ignore[assignment]  # decided by type_name
    return mapping.key, mapping.value


def _wrong(expected: str, value: object) -> tuple[Finding, ...]:
    return (("", f"must be {expected}, is {type(value).__name__}"),)


class _Check(ABC):
    """What a shape allows."""

    @abstractmethod
    def findings(self, value: object) -> tuple[Finding, ...]:
        """What is wrong with a value."""

    def all_fine(self, values: Sequence[object]) -> bool:
        """Whether nothing is wrong with any of these, for less than what it costs to say what is."""
        return not any(map(self.findings, values))


class _WhenMet(_Check):
    """The check of a shape that is not compiled yet."""

    def __init__(self, shapes: Mapping[str, _Check], name: str) -> None:
        self._shapes = shapes
        self._name = name

    def findings(self, value: object) -> tuple[Finding, ...]:
        return self._shapes[self._name].findings(value)


class _Anything(_Check):
    def findings(self, value: object) -> tuple[Finding, ...]:  # noqa: ARG002  # takes all
        return _FINE


class _Boolean(_Check):
    def findings(self, value: object) -> tuple[Finding, ...]:
        return _FINE if isinstance(value, bool) else _wrong("true or false", value)


class _Number(_Check):
    def __init__(self, shape: Shape, types: tuple[type, ...], expected: str) -> None:
        self._least, self._most = _bounds(shape, floor=float("-inf"))
        self._types = types
        self._expected = expected

    def findings(self, value: object) -> tuple[Finding, ...]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(value, self._types):
            return _wrong(self._expected, value)
        if not self._least <= value <= self._most:
            return (("", _out_of_bounds(self._least, self._most, value, "")),)
        return _FINE


class _Structure(_Check):
    def __init__(self, shape: Shape, members: Mapping[str, _Check]) -> None:
        self._required = tuple(sorted(shape.required_members)) if hasattr(shape, "required_members") else ()
        self._members = members
        self._fine_names: set[tuple[object, ...]] = set()  # the columns of a table nearly all have the same

    def findings(self, value: object) -> tuple[Finding, ...]:
        if not isinstance(value, Mapping):
            return _wrong("a structure", value)
        found: list[Finding] = []
        for name, inner in value.items():
            member = self._members.get(name)
            if member is None:
                found.append((f".{name}", "is not a member that this version of the service model knows"))
            elif problems := member.findings(inner):
                found.extend((f".{name}{path}", text) for path, text in problems)
        found.extend((f".{name}", "is required, is missing") for name in self._required if name not in value)
        return tuple(found)

    def all_fine(self, values: Sequence[object]) -> bool:
        by_member: dict[object, list[object]] = {}
        for value in values:
            if type(value) is not dict or not self._are_fine(tuple(value)):
                return False
            for name, inner in value.items():
                by_member.setdefault(name, []).append(inner)
        return all(self._members[str(name)].all_fine(inner) for name, inner in by_member.items())

    def _are_fine(self, names: tuple[object, ...]) -> bool:
        if names in self._fine_names:
            return True
        if not (self._members.keys() >= set(names) >= set(self._required)):
            return False
        if len(self._fine_names) < _REMEMBERED:
            self._fine_names.add(names)
        return True


class _List(_Check):
    def __init__(self, shape: Shape, member: _Check) -> None:
        self._least, self._most = _bounds(shape)
        self._member = member

    def findings(self, value: object) -> tuple[Finding, ...]:
        if not isinstance(value, list | tuple):
            return _wrong("a list", value)
        found: list[Finding] = []
        if not self._least <= len(value) <= self._most:
            found.append(("", _out_of_bounds(self._least, self._most, len(value), "items")))
        for index, inner in enumerate(value):
            found.extend((f"[{index}]{path}", text) for path, text in self._member.findings(inner))
        return tuple(found)

    def all_fine(self, values: Sequence[object]) -> bool:
        lists = [value for value in values if isinstance(value, list | tuple)]
        if len(lists) < len(values) or not all(self._least <= len(each) <= self._most for each in lists):
            return False
        return self._member.all_fine(list(chain.from_iterable(lists)))


class _Map(_Check):
    def __init__(self, shape: Shape, key: _Check, member: _Check) -> None:
        self._least, self._most = _bounds(shape)
        self._key = key
        self._member = member
        self._fine_keys: set[tuple[object, ...]] = set()  # the columns of a table nearly all have the same

    def findings(self, value: object) -> tuple[Finding, ...]:
        if not isinstance(value, Mapping):
            return _wrong("a map", value)
        found: list[Finding] = []
        if not self._least <= len(value) <= self._most:
            found.append(("", _out_of_bounds(self._least, self._most, len(value), "entries")))
        for name, inner in value.items():
            found.extend((f"[{_excerpt(name)}] (key)", text) for _, text in self._key.findings(name))
            found.extend((f"[{_excerpt(name)}]{path}", text) for path, text in self._member.findings(inner))
        return tuple(found)

    def all_fine(self, values: Sequence[object]) -> bool:
        inner: list[object] = []
        for value in values:
            if type(value) is not dict or not (self._least <= len(value) <= self._most):
                return False
            if not self._are_fine(tuple(value)):
                return False
            inner.extend(value.values())
        return self._member.all_fine(inner)

    def _are_fine(self, keys: tuple[object, ...]) -> bool:
        if keys in self._fine_keys:
            return True
        if not self._key.all_fine(keys):
            return False
        if len(self._fine_keys) < _REMEMBERED:
            self._fine_keys.add(keys)
        return True


class _Text(_Check):
    """The check of a string shape."""

    def __init__(self, shape: Shape) -> None:
        self._least, self._most = _bounds(shape)
        text: StringShape = shape  # type: ignore[assignment]  # decided by type_name
        self._allowed = frozenset(text.enum)
        self._pattern = _pattern(shape)
        self._spelled = shape.metadata.get("pattern")
        # Nearly every text of a catalog is printable ASCII: one look for all of them instead of a pattern for each.
        self._plain = not self._allowed and (self._pattern is None or self._pattern.fullmatch(_PRINTABLE) is not None)

    def findings(self, value: object) -> tuple[Finding, ...]:
        if not isinstance(value, str):
            return _wrong("text", value)
        if self._plain and value.isascii() and value.isprintable() and self._least <= len(value) <= self._most:
            return _FINE
        return self._examine(value)

    def all_fine(self, values: Sequence[object]) -> bool:
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) < len(values):
            return False
        return self._are_plain(texts) or super().all_fine(texts)

    def _are_plain(self, texts: Sequence[str]) -> bool:
        joined = "".join(texts)
        if not (self._plain and joined.isascii() and joined.isprintable()):
            return False
        if len(joined) > self._most and max(map(len, texts)) > self._most:
            return False
        return self._least <= 0 or not texts or min(map(len, texts)) >= self._least

    def _examine(self, value: str) -> tuple[Finding, ...]:
        try:
            size = len(value.encode("utf-8"))
        except UnicodeEncodeError:
            return (("", f"holds half of a surrogate pair, which UTF-8 cannot carry: {_excerpt(value)}"),)
        found: list[Finding] = []
        if not self._least <= size <= self._most:
            found.append(("", _out_of_bounds(self._least, self._most, size, "bytes of UTF-8")))
        if self._allowed and value not in self._allowed:
            found.append(("", f"must be one of {', '.join(sorted(self._allowed))}; is {_excerpt(value)}"))
        if self._pattern is not None and self._pattern.fullmatch(value) is None:
            found.append(("", f"must match {self._spelled}; is {_excerpt(value)}"))
        return tuple(found)


def _bounds(shape: Shape, floor: float = 0) -> tuple[float, float]:
    return float(shape.metadata.get("min", floor)), float(shape.metadata.get("max", float("inf")))


def _out_of_bounds(least: float, most: float, actual: float, unit: str) -> str:
    limit = f"at most {most:.0f}" if actual > most else f"at least {least:.0f}"
    return f"allows {limit} {unit}".rstrip() + f", has {actual:.0f}"


def _pattern(shape: Shape) -> re.Pattern[str] | None:
    """The shape's pattern, or None where there is none or Python cannot express it (`\\p{L}`: 5 of 372)."""
    spelled = shape.metadata.get("pattern")
    if spelled is None:
        return None
    try:
        return re.compile(_SURROGATES.sub(lambda _: r"\U00010000-\U0010FFFF", spelled))
    except re.error:
        return None


def _excerpt(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"
