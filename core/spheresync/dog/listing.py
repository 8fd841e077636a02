"""OData listings of the catalog: filter, select, order, client paging and server-driven paging.

Source: datasphere-api.md 2.4. What the real service refuses is refused here: functions in `$filter`, unknown options.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, unquote

from spheresync.model import JsonValue

Record: TypeAlias = "dict[str, JsonValue]"

_OPTIONS = frozenset({"$filter", "$select", "$orderby", "$top", "$skip", "$skiptoken", "$format"})
_COMPARISON = re.compile(r"\s*(\w+)\s+(eq|ne)\s+(?:'((?:[^']|'')*)'|(true|false|null))\s*")


class QueryRefusedError(Exception):
    """Raised inside the simulator when a query option is one that the catalog answers with 400."""


@dataclass(frozen=True, slots=True)
class Query:
    """The query options of a listing request, decoded."""

    filter: str | None = None
    select: tuple[str, ...] = ()
    order_by: str | None = None
    top: int | None = None
    skip: int | None = None
    offset: int = 0

    @property
    def client_paged(self) -> bool:
        return self.top is not None or self.skip is not None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `next_offset` is None where no nextLink is served; `number` starts at 1."""

    records: tuple[Record, ...]
    next_offset: int | None
    number: int


def parse_query(raw: str) -> Query:
    """Decode a raw query string.

    Raises:
        QueryRefusedError: it holds a `+` for a space, or an option that the catalog does not know.
    """
    if "+" in raw:
        raise QueryRefusedError("Invalid query string: unescaped '+'")
    options: dict[str, str] = {}
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        options[unquote(name)] = unquote(value)
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise QueryRefusedError(f"Query option '{unknown[0]}' is not supported")
    return Query(
        filter=options.get("$filter"),
        select=tuple(filter(None, options.get("$select", "").split(","))),
        order_by=options.get("$orderby"),
        top=_number(options, "$top"),
        skip=_number(options, "$skip"),
        offset=_number(options, "$skiptoken") or 0,
    )


def page_of(records: Sequence[Record], query: Query, *, page_size: int) -> Page:
    """The page that `query` asks for. A full page leads to a next one, even where that one is empty.

    Raises:
        QueryRefusedError: the filter or the order is not one that the catalog takes.
    """
    found = [record for record in records if _predicate(query.filter)(record)] if query.filter else list(records)
    if query.order_by:
        found = _ordered(found, query.order_by)
    if query.client_paged:
        start = query.skip or 0
        size = page_size if query.top is None else min(query.top, page_size)
        next_offset = None
    else:
        start, size = query.offset, page_size
        next_offset = start + size if len(found) - start >= size else None
    rows = found[start : start + size]
    if query.select:
        rows = [{name: row[name] for name in query.select if name in row} for row in rows]
    return Page(tuple(rows), next_offset, start // page_size + 1)


def next_query(raw: str, offset: int) -> str:
    """The query string of a nextLink: the options of the request, and where to go on."""
    kept = [part for part in raw.split("&") if part and not unquote(part).startswith("$skiptoken=")]
    return "&".join([*kept, f"{quote('$', safe='$')}skiptoken={offset}"])


def _number(options: dict[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise QueryRefusedError(f"Invalid value '{text}' for query option '{name}'")
    return int(text)


def _predicate(text: str) -> Callable[[Record], bool]:
    tests: list[tuple[str, str, JsonValue]] = []
    position = 0
    while True:
        match = _COMPARISON.match(text, position)
        if match is None:
            raise QueryRefusedError(f"Invalid filter expression: {text}")
        literal = match[4]
        value: JsonValue = {"true": True, "false": False, "null": None}[literal] if literal else _unquoted(match[3])
        tests.append((match[1], match[2], value))
        position = match.end()
        if position == len(text):
            break
        if not text.startswith("and ", position):
            raise QueryRefusedError(f"Invalid filter expression: {text}")
        position += len("and ")

    def test(record: Record) -> bool:
        for name, operator, value in tests:
            if name not in record:
                raise QueryRefusedError(f"Property '{name}' does not exist")
            if (record[name] == value) is not (operator == "eq"):
                return False
        return True

    return test


def _unquoted(literal: str) -> str:
    return literal.replace("''", "'")


def _ordered(records: list[Record], order_by: str) -> list[Record]:
    name, _, direction = order_by.strip().partition(" ")
    if records and name not in records[0]:
        raise QueryRefusedError(f"Property '{name}' does not exist")
    return sorted(records, key=lambda record: str(record[name]), reverse=direction.strip() == "desc")
