"""LF-Tags: which keys and values there are, and which of them stand on databases, tables and columns.

Facts (reference: aws-catalogs.md 2): keys and values are stored in lower case; at most 50 characters each, by the user
guide, where the model says more; 1,000 keys, 1,000 values a key, 50 LF-Tags a resource, one value for each key on a
resource. That an LF-Tag put on again with another value replaces it in place and touches no other key is UNVERIFIED
(AWS says "attaches").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from spheresync.dog.services.wire import Json, ServiceError
from spheresync.model import counted

MOST_CHARACTERS = 50
MOST_KEYS = 1_000
MOST_VALUES = 1_000
MOST_ON_A_RESOURCE = 50
_ALLOWED = frozenset("_.:/=+-@%")

Tags: TypeAlias = "dict[str, str]"
"""The value of each key."""


def invalid(text: str) -> ServiceError:
    return ServiceError("InvalidInputException", text)


def absent(text: str) -> ServiceError:
    return ServiceError("EntityNotFoundException", text)


def _checked(kind: str, text: str, also: str = "") -> str:
    """A key or value as it is stored. The model's pattern has `\\p{L}\\p{Z}\\p{N}`, which Python cannot express."""
    if len(text) > MOST_CHARACTERS:
        raise invalid(f"{kind} must have at most {MOST_CHARACTERS} characters, has {len(text)}.")
    for character in text:
        if unicodedata.category(character)[0] not in "LZN" and character not in _ALLOWED and character not in also:
            raise invalid(f"{kind} must not hold {character!a}.")
    return text.lower()


@dataclass(slots=True)
class LfTags:
    """The keys that there are, and their values in the order in which they came."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def create(self, key: str, values: Iterable[str]) -> None:
        """That a key that exists is refused so is UNVERIFIED: the model has no AlreadyExistsException here."""
        stored = _checked("TagKey", key)
        if stored in self.values:
            raise invalid(f"Tag key {stored} already exists.")
        if len(self.values) >= MOST_KEYS:
            raise ServiceError("ResourceNumberLimitExceededException", f"There are {MOST_KEYS} LF-Tags already.")
        self.values[stored] = list(dict.fromkeys(_checked("TagValues", value, "*") for value in values))

    def of(self, key: str) -> list[str]:
        """The values of a key that is there."""
        found = self.values.get(key.lower())
        if found is None:
            raise absent(f"Tag key {key.lower()} does not exist.")
        return found

    def update(self, key: str, add: Iterable[str], delete: Iterable[str], used: Iterable[str]) -> None:
        """`used`: values that stand on a resource; they may not be deleted.

        That one value may not be added and deleted at once, and that a key keeps at least one value, is UNVERIFIED.
        """
        present = self.of(key)
        added = list(dict.fromkeys(_checked("TagValues", value, "*") for value in add))
        deleted = {value.lower() for value in delete}
        if not added and not deleted:
            raise invalid("TagValuesToAdd or TagValuesToDelete is required.")
        if deleted & set(added):
            raise invalid("A value must not be added and deleted at once.")
        if unknown := sorted(deleted - set(present)):
            raise absent(f"Tag key {key.lower()} has no value {unknown[0]}.")
        if held := sorted(deleted & set(used)):
            raise invalid(f"Update not allowed: the value {held[0]} is assigned to a resource.")
        left = list(dict.fromkeys([*(value for value in present if value not in deleted), *added]))
        if not left:
            raise invalid("A tag key needs at least one value.")
        if len(left) > MOST_VALUES:
            raise invalid(f"A tag key allows at most {counted(MOST_VALUES, 'value')}, would have {len(left)}.")
        self.values[key.lower()] = left

    def delete(self, key: str) -> None:
        self.of(key)
        del self.values[key.lower()]


@dataclass(slots=True)
class TableTags:
    """What was put on a table itself and on its columns; columns in lower case."""

    own: Tags = field(default_factory=dict)
    columns: dict[str, Tags] = field(default_factory=dict)

    def everywhere(self) -> Iterator[Tags]:
        yield self.own
        yield from self.columns.values()


@dataclass(slots=True)
class AssignedTags:
    """Which LF-Tags stand where. A table inherits of its database, a column of its table; the nearest value counts."""

    databases: dict[str, Tags] = field(default_factory=dict)
    tables: dict[tuple[str, str], TableTags] = field(default_factory=dict)

    def of_database(self, database: str) -> Tags:
        return self.databases.get(database, {})

    def of_table(self, database: str, table: str) -> TableTags:
        return self.tables.get((database, table), TableTags())

    def put(self, database: str, table: str | None, columns: Iterable[str] | None, tags: Mapping[str, str]) -> None:
        """Put `tags` on a database, a table, or some of its columns: each key for itself."""
        for place in self._places(database, table, columns):
            place.update(tags)
        self._tidy(database, table)

    def remove(self, database: str, table: str | None, columns: Iterable[str] | None, keys: Iterable[str]) -> None:
        for place in self._places(database, table, columns):
            for key in keys:
                place.pop(key, None)
        self._tidy(database, table)

    def on(self, database: str, table: str | None, columns: Iterable[str] | None) -> list[Tags]:
        """What stands on each of these directly."""
        if table is None:
            return [self.of_database(database)]
        found = self.of_table(database, table)
        return [found.own] if columns is None else [found.columns.get(column, {}) for column in columns]

    def used_values(self, key: str) -> set[str]:
        places = [*self.databases.values(), *(tags for table in self.tables.values() for tags in table.everywhere())]
        return {tags[key] for tags in places if key in tags}

    def forget_key(self, key: str) -> None:
        for tags in self.databases.values():
            tags.pop(key, None)
        for table in self.tables.values():
            for tags in table.everywhere():
                tags.pop(key, None)

    def forget_database(self, database: str) -> None:
        self.databases.pop(database, None)
        for place in [place for place in self.tables if place[0] == database]:
            del self.tables[place]

    def forget_table(self, database: str, table: str) -> None:
        self.tables.pop((database, table), None)

    def keep_columns(self, database: str, table: str, columns: Iterable[str]) -> None:
        """Columns that the table no longer has lose theirs."""
        found = self.tables.get((database, table))
        if found is not None:
            left = set(columns)
            found.columns = {name: tags for name, tags in found.columns.items() if name in left}

    def dump(self) -> Json:
        tables: dict[str, Json] = {}
        for (database, table), tags in self.tables.items():
            columns = {column: dict(own) for column, own in tags.columns.items()}
            tables.setdefault(database, {})[table] = {"tags": dict(tags.own), "columns": columns}
        return {"databases": {name: dict(tags) for name, tags in self.databases.items()}, "tables": tables}

    @classmethod
    def of(cls, dumped: Json) -> AssignedTags:
        tables = {
            (database, table): TableTags(found["tags"], found["columns"])
            for database, within in dumped["tables"].items()
            for table, found in within.items()
        }
        return cls(dumped["databases"], tables)

    def _places(self, database: str, table: str | None, columns: Iterable[str] | None) -> list[Tags]:
        if table is None:
            return [self.databases.setdefault(database, {})]
        found = self.tables.setdefault((database, table), TableTags())
        return [found.own] if columns is None else [found.columns.setdefault(column, {}) for column in columns]

    def _tidy(self, database: str, table: str | None) -> None:
        """Leave nothing behind that holds nothing."""
        if table is None:
            if not self.databases[database]:
                del self.databases[database]
            return
        found = self.tables[database, table]
        found.columns = {name: tags for name, tags in found.columns.items() if tags}
        if not found.own and not found.columns:
            del self.tables[database, table]
