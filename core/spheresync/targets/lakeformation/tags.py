"""The LF-Tags of one table and its columns as a body, and the requests that bring one set of them to another. Pure.

A body is `{"Bound": …, "Columns": {column: {key: value}}, "Keys": […], "Table": {key: value}}`. `Keys` are those that
we go by; what stands under another key is somebody else's, and is never compared, written or taken away. `Kept` are our
values where others' stand by the drift policy. There is no place on a table for a mark of ours: a key of ours is that
mark (`tag_keys`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from spheresync.model import JsonValue, canonical_json
from spheresync.model.json_document import read_own_json

Values: TypeAlias = Mapping[str, str]
"""LF-Tag key → value: a key has one value on a table or column."""
_NONE: Values = {}
WHOLE_TABLE = ""
"""In the place of a column: the table itself."""


class Slot(NamedTuple):
    """Where a value stands: on a column, or on the table itself, under a key."""

    place: str
    key: str


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags of a table and its columns. `bound`: others made the table.

    `kept` has our value (None: nothing) of each slot in which somebody else's stands and may stay.
    """

    keys: frozenset[str]
    table: Values = field(default_factory=dict)
    columns: Mapping[str, Values] = field(default_factory=dict)
    bound: bool = False
    kept: Mapping[Slot, str | None] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> TagSet:
        document: dict[str, Any] = read_own_json(body)
        return cls(
            frozenset(document.get("Keys", ())),
            document.get("Table", {}),
            document.get("Columns", {}),
            bool(document.get("Bound", False)),
            {Slot(place, key): value for place, key, value in document.get("Kept", ())},
        )

    @property
    def body(self) -> bytes:
        columns: dict[str, JsonValue] = {name: dict(said) for name, said in self.columns.items() if said}
        said: dict[str, JsonValue] = {"Bound": True} if self.bound else {}
        if self.kept:
            said["Kept"] = [[slot.place, slot.key, value] for slot, value in sorted(self.kept.items())]
        return canonical_json({**said, "Columns": columns, "Keys": sorted(self.keys), "Table": dict(self.table)})

    def of(self, place: str) -> Values:
        """The tags of a column, or of the table itself."""
        return self.table if place == WHOLE_TABLE else self.columns.get(place, _NONE)

    def at(self, slot: Slot) -> str | None:
        """The value in a slot."""
        return self.of(slot.place).get(slot.key)

    def with_slots(self, values: Mapping[Slot, str | None]) -> TagSet:
        """These tags, with other values in some slots; None: nothing there."""
        table, columns = dict(self.table), {name: dict(said) for name, said in self.columns.items()}
        for (place, key), value in values.items():
            said = table if place == WHOLE_TABLE else columns.setdefault(place, {})
            said.pop(key, None)
            if value is not None:
                said[key] = value
        return replace(self, table=table, columns=columns)

    @property
    def places(self) -> list[str]:
        """The table itself, then the columns that carry tags, by name."""
        return [WHOLE_TABLE, *sorted(self.columns)]

    def only(self, keys: frozenset[str]) -> TagSet:
        """What stands under these keys."""
        table = {key: value for key, value in self.table.items() if key in keys}
        columns = {name: {k: v for k, v in said.items() if k in keys} for name, said in self.columns.items()}
        return TagSet(self.keys & keys, table, {name: said for name, said in columns.items() if said}, self.bound)

    @property
    def ours(self) -> TagSet:
        """What is ours under the keys that we go by."""
        return self.with_slots(self.kept).only(self.keys)

    def without_columns(self, columns: frozenset[str]) -> TagSet:
        """These tags without those of some columns, which went with them."""
        rest = {name: said for name, said in self.columns.items() if name not in columns}
        kept = {slot: value for slot, value in self.kept.items() if slot.place not in columns}
        return replace(self, columns=rest, kept=kept)

    def with_values(self, other: TagSet, keys: frozenset[str]) -> TagSet:
        """These tags, under some keys those of another set."""
        rest, put = self.only(self.used_keys - keys), other.only(keys)
        columns = {name: {**rest.of(name), **put.of(name)} for name in {*rest.columns, *put.columns}}
        return replace(self, table={**rest.table, **put.table}, columns=columns)

    @property
    def used_keys(self) -> frozenset[str]:
        """The keys under which anything stands."""
        return frozenset({*self.table, *(key for said in self.columns.values() for key in said)})

    @property
    def values(self) -> Mapping[str, frozenset[str]]:
        """Each used key with the values that it has anywhere."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for place in self.places:
            for key, value in self.of(place).items():
                found[key].add(value)
        return {key: frozenset(each) for key, each in found.items()}


def slots_of(*sets: TagSet) -> list[Slot]:
    """Where any of the sets has a value, in order."""
    return sorted({Slot(place, key) for each in sets for place in each.places for key in each.of(place)})


def spelled(slot: Slot) -> str:
    """Where a tag stands, as a field change names it."""
    return f"tags.{slot.key}" if slot.place == WHOLE_TABLE else f"columns.{slot.place}.tags.{slot.key}"


@dataclass(frozen=True, slots=True)
class TagRequest:
    """One call: the same tags onto, or off, the table or some of its columns."""

    add: bool
    tags: Values
    columns: tuple[str, ...] = ()  # none: the table itself

    @property
    def operation(self) -> str:
        return "AddLFTagsToResource" if self.add else "RemoveLFTagsFromResource"


def requests_between(live: TagSet, wanted: TagSet, keys: frozenset[str]) -> list[TagRequest]:
    """The calls that bring a table from what stands there to what should, under some keys.

    A value is changed in place, since a key that was taken away and put back would leave a moment without protection.
    What gives a table its values comes first, then its columns; what is taken away comes last.
    """
    return [*_requests(live, wanted, keys, add=True), *_requests(live, wanted, keys, add=False)]


def _requests(live: TagSet, wanted: TagSet, keys: frozenset[str], *, add: bool) -> Iterator[TagRequest]:
    groups: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for place in dict.fromkeys([*wanted.places, *live.places]):
        there, then = live.of(place), wanted.of(place)
        if add:
            moved = {key: then[key] for key in keys & then.keys() if there.get(key) != then[key]}
        else:
            moved = {key: there[key] for key in keys & there.keys() if key not in then}
        if moved:
            groups[tuple(sorted(moved.items()))].append(place)
    for tags, places in groups.items():
        if WHOLE_TABLE in places:
            yield TagRequest(add, dict(tags))
        if columns := tuple(place for place in places if place != WHOLE_TABLE):
            yield TagRequest(add, dict(tags), columns)
