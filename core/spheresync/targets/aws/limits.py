"""Requests checked against AWS's own service model before they are sent.

botocore enforces only required, type and minimum; maximum, pattern and enum reach the service unchecked (reference:
aws-catalogs.md 1.1), which then refuses the whole call. Here every shape of an operation is compiled once into a
closure, so that checking a table costs less than serialising it. Glue documents its lengths in bytes of UTF-8, so
that is what a maximum counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

#: (path below the value, starting with "." or "[" or empty; what is wrong)
Finding: TypeAlias = tuple[str, str]
Check: TypeAlias = Callable[[object], "tuple[Finding, ...]"]

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
        self._shapes: dict[str, Check] = {}
        self._operations: dict[str, Check] = {}

    def problems(self, operation: str, params: Mapping[str, object]) -> tuple[str, ...]:
        """What in `params` the service would refuse: the member's path, its limit and the actual value."""
        check = self._operations.get(operation)
        if check is None:
            shape = self._model.operation_model(operation).input_shape
            check = _nothing if shape is None else self._check(shape)
            self._operations[operation] = check
        return tuple(f"{path.lstrip('.')}: {text}" for path, text in check(params))

    def _check(self, shape: Shape) -> Check:
        known = self._shapes.get(shape.name)
        if known is not None:
            return known

        def when_met(value: object) -> tuple[Finding, ...]:
            return self._shapes[shape.name](value)

        # Shapes may hold themselves: while one is being compiled, it is looked up when it is met in a value.
        self._shapes[shape.name] = when_met
        compiled = self._compile(shape)
        self._shapes[shape.name] = compiled
        return compiled

    def _compile(self, shape: Shape) -> Check:
        match shape.type_name:
            case "structure":
                return _structure(shape, {name: self._check(member) for name, member in _members(shape).items()})
            case "list":
                return _list(shape, self._check(_member(shape)))
            case "map":
                key, value = _pair(shape)
                return _map(shape, self._check(key), self._check(value))
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


def _scalar(shape: Shape) -> Check:
    match shape.type_name:
        case "string" | "char":
            return _Text(shape)
        case "integer" | "long":
            return _number(shape, (int,), "a whole number")
        case "float" | "double":
            return _number(shape, (int, float), "a number")
        case "boolean":
            return _boolean
        case _:
            return _nothing  # timestamps and blobs: botocore's serialiser takes several Python types for each


def _members(shape: Shape) -> Mapping[str, Shape]:
    structure: StructureShape = shape  # type: ignore[assignment]  # decided by type_name
    return structure.members


def _member(shape: Shape) -> Shape:
    listing: ListShape = shape  # type: ignore[assignment]  # decided by type_name
    return listing.member


def _pair(shape: Shape) -> tuple[Shape, Shape]:
    mapping: MapShape = shape  # type: ignore[assignment]  # decided by type_name
    return mapping.key, mapping.value


def _nothing(_value: object) -> tuple[Finding, ...]:
    return _FINE


def _wrong(expected: str, value: object) -> tuple[Finding, ...]:
    return (("", f"must be {expected}, is {type(value).__name__}"),)


def _structure(shape: Shape, members: Mapping[str, Check]) -> Check:
    required = tuple(sorted(shape.required_members)) if hasattr(shape, "required_members") else ()
    known = members.get

    def check(value: object) -> tuple[Finding, ...]:
        if not (type(value) is dict or isinstance(value, Mapping)):
            return _wrong("a structure", value)
        found: list[Finding] | None = None
        for name, inner in value.items():
            member = known(name)
            if member is None:
                found = found or []
                found.append((f".{name}", "is not a member that this version of the service model knows"))
            elif problems := member(inner):
                found = found or []
                found.extend((f".{name}{path}", text) for path, text in problems)
        for name in required:
            if name not in value:
                found = found or []
                found.append((f".{name}", "is required, is missing"))
        return tuple(found) if found else _FINE

    return check


def _list(shape: Shape, member: Check) -> Check:
    least, most = _bounds(shape)

    def check(value: object) -> tuple[Finding, ...]:
        if not isinstance(value, list | tuple):
            return _wrong("a list", value)
        found: list[Finding] = []
        if not least <= len(value) <= most:
            found.append(("", _out_of_bounds(least, most, len(value), "items")))
        for index, inner in enumerate(value):
            if problems := member(inner):
                found.extend((f"[{index}]{path}", text) for path, text in problems)
        return tuple(found) if found else _FINE

    return check


def _map(shape: Shape, key: Check, value_check: Check) -> Check:
    least, most = _bounds(shape)
    texts = (key, value_check) if isinstance(key, _Text) and isinstance(value_check, _Text) else None
    fine_keys: set[tuple[str, ...]] = set()  # the columns of a table nearly all have the same

    def are_fine(keys: _Text, values: _Text, value: Mapping[str, str]) -> bool:
        names = tuple(value)
        if names not in fine_keys:
            if not keys.all_fine(names):
                return False
            if len(fine_keys) < _REMEMBERED:
                fine_keys.add(names)
        return values.all_fine(value.values())

    def check(value: object) -> tuple[Finding, ...]:
        if not (type(value) is dict or isinstance(value, Mapping)):
            return _wrong("a map", value)
        found: list[Finding] = []
        if not least <= len(value) <= most:
            found.append(("", _out_of_bounds(least, most, len(value), "entries")))
        if texts is not None and are_fine(*texts, value):
            return tuple(found) if found else _FINE
        for name, inner in value.items():
            if problems := key(name):
                found.extend((f"[{_excerpt(name)}] (key)", text) for _, text in problems)
            if problems := value_check(inner):
                found.extend((f"[{_excerpt(name)}]{path}", text) for path, text in problems)
        return tuple(found) if found else _FINE

    return check


class _Text:
    """The check of a string shape."""

    def __init__(self, shape: Shape) -> None:
        self._least, self._most = _bounds(shape)
        text: StringShape = shape  # type: ignore[assignment]  # decided by type_name
        self._allowed = frozenset(text.enum)
        self._pattern = _pattern(shape)
        self._spelled = shape.metadata.get("pattern")
        # Nearly every text of a catalog is printable ASCII: one look for all of them instead of a pattern for each.
        self._plain = not self._allowed and (self._pattern is None or self._pattern.fullmatch(_PRINTABLE) is not None)

    def __call__(self, value: object) -> tuple[Finding, ...]:
        if not isinstance(value, str):
            return _wrong("text", value)
        if self._plain and value.isascii() and value.isprintable() and self._least <= len(value) <= self._most:
            return _FINE
        return self._examine(value)

    def all_fine(self, values: Collection[str]) -> bool:
        """Whether every value is fine at one glance; where not, each has to be looked at."""
        try:
            joined = "".join(values)
        except TypeError:  # what is no text is told one by one
            return False
        if not (self._plain and joined.isascii() and joined.isprintable()):
            return False
        if len(joined) > self._most and max(map(len, values)) > self._most:
            return False
        return self._least <= 0 or not values or min(map(len, values)) >= self._least

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


def _number(shape: Shape, types: tuple[type, ...], expected: str) -> Check:
    least, most = _bounds(shape, floor=float("-inf"))

    def check(value: object) -> tuple[Finding, ...]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(value, types):
            return _wrong(expected, value)
        if not least <= value <= most:
            return (("", _out_of_bounds(least, most, value, "")),)
        return _FINE

    return check


def _boolean(value: object) -> tuple[Finding, ...]:
    return _FINE if isinstance(value, bool) else _wrong("true or false", value)


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
