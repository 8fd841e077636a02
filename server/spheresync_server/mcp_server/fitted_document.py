"""Cut a document to a budget: a model's window is small, and what is too long for it is cut by its client, blindly."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping

from spheresync_server.json_texts import Json

LEFT_OUT = "left_out"
"""Field of an answer that says of which lists how many entries are not there."""


def fitted(document: Mapping[str, Json], budget: int) -> tuple[dict[str, Json], dict[str, int]]:
    """The document in at most `budget` characters, and of which lists how many entries that left out.

    Of the longest list the end goes first, then of the next one; a list that stands in a row goes by the name of its
    field. What is no list stays whole.
    """
    over = length({**document}) - budget
    if over <= 0:
        return {**document}, {}
    whole = copy.deepcopy({**document})
    left_out: dict[str, int] = {}
    while over > 0:
        lists = [(name, rows) for name, rows in _lists(whole) if rows]
        if not lists:
            break
        name, rows = max(lists, key=lambda each: length(each[1]))
        while rows and over > 0:
            over -= length(rows.pop()) + 1
            left_out[name] = left_out.get(name, 0) + 1
    for name, count in left_out.items():  # of a list that was not whole before
        total, kept = whole.get(f"{name}_total"), whole.get(name)
        if isinstance(total, int) and isinstance(kept, list):
            left_out[name] = max(count, total - len(kept))
    if left_out:
        whole[LEFT_OUT] = dict(left_out)
    return whole, left_out


def length(value: Json) -> int:
    """Characters of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _lists(document: Mapping[str, Json]) -> Iterator[tuple[str, list[Json]]]:
    """Each list of the document itself; those of its rows only where it holds a single row, which could not go."""
    for name, value in document.items():
        if isinstance(value, list) and len(value) > 1:
            yield name, value
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ((f"{name}.{inner}", rows) for inner, rows in _lists(value[0]))
        elif isinstance(value, dict):
            yield from _lists(value)
