"""What we wrote last into a table, by what the table itself says.

`spheresync.fingerprint` is a digest over our own fields. Where it no longer fits, somebody edited one of them, most
often a description or comment. What stood there before is known where no rule set it: the label, which the parameters
keep, spelled as mapping spells it. A body with such texts put back whose digest fits is what we wrote, and nothing
else is: the digest decides, not the guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import Any

from spheresync.mapping.texts import one_line, several_lines
from spheresync.model import Digest, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.design_values import LastWritten
from spheresync.targets.glue.table_input import (
    PREFIX,
    RETIRED_MARK,
    STATUS,
    columns_of,
    fingerprint_of,
    is_annotated,
    is_bound,
    place_of_own_text,
)

_LABEL = f"{PREFIX}label"
_TRIES = 64
"""Digests tried for one table; all texts put back, one, or all but one come first and suffice nearly always."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A text that is not the label: somebody's edit, or what a rule says."""

    holder: dict[str, Any]
    key: str
    ours: str
    there: str

    def put(self, text: str) -> None:
        if text:
            self.holder[self.key] = text
        else:
            self.holder.pop(self.key, None)


def last_written(live_body: bytes, claimed: Digest | None) -> LastWritten:
    """The body that we wrote last, of a table whose own fields may have been edited since.

    Args:
        live_body: the table as it is, as a TableInput.
        claimed: the digest that its marker carries.
    """
    table: dict[str, Any] = read_own_json(live_body)
    if claimed is not None:
        if fingerprint_of(table) == claimed:
            return LastWritten(live_body, proven=True)
        for edited in islice(_choices(doubts := _doubts(table)), _TRIES):
            for doubt in doubts:
                doubt.put(doubt.ours if doubt in edited else doubt.there)
            if fingerprint_of(table) == claimed:
                return LastWritten(canonical_json(table), proven=True)
    for holder, key in _holders(table):
        holder.pop(key, None)
    return LastWritten(canonical_json(table), proven=False)


def _holders(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a text of ours may stand: on a table of others only beside parameters of ours, and not beside theirs."""
    bound = is_bound(table)
    if not (bound and place_of_own_text(table, "Description")):
        yield table, "Description"
    for column in columns_of(table):
        marked = is_annotated(column) and not place_of_own_text(column, "Comment")
        if marked or not bound:
            yield column, "Comment"


def _doubts(table: dict[str, Any]) -> list[_Doubt]:
    retired = (table.get("Parameters") or {}).get(STATUS) == "retired"
    found = []
    for holder, key in _holders(table):
        parameters = holder.get("Parameters") or {}
        if place_of_own_text(holder, key) is not None:
            continue  # ours stands beside it
        label = parameters.get(_LABEL, "")
        ours = one_line(label) if key == "Comment" else several_lines(label)
        if retired and key == "Description":
            ours = several_lines(RETIRED_MARK + ours)
        there = holder.get(key) or ""
        if there != ours:
            found.append(_Doubt(holder, key, ours, there))
    return found


def _choices(doubts: Sequence[_Doubt]) -> Iterator[Sequence[_Doubt]]:
    """Which of the doubtful texts may have been edited, the likely choices first."""
    if not doubts:
        return iter(())
    count = len(doubts)
    sizes = dict.fromkeys([count, *chain.from_iterable((few, count - few) for few in range(1, count))])
    return chain.from_iterable(combinations(doubts, size) for size in sizes if size)
