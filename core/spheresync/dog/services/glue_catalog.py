"""What a double may ask of the Glue beside it, and what it is told of changes there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class CatalogWatcher:
    """Hears of what was done in Glue, after it was; names are as Glue stores them. Each method may be left as it is."""

    def database_made(self, database: str) -> None:
        """It has no tables yet."""

    def database_gone(self, database: str) -> None:
        """Its tables went with it; nothing more is said of them."""

    def table_made(self, database: str, table: str) -> None:
        """One of that name may have been there before, and is another."""

    def table_changed(self, database: str, table: str) -> None:
        """Its definition was replaced."""

    def table_gone(self, database: str, table: str) -> None:
        """It can no longer be asked for."""


class GlueCatalog(Protocol):
    """The Data Catalog of one account and Region. Names are found in any case."""

    @property
    def watchers(self) -> list[CatalogWatcher]:
        """Who is told of changes."""
        ...

    def database_names(self) -> Iterable[str]:
        """As Glue stores them."""
        ...

    def database_input(self, database: str) -> Mapping[str, Any] | None:
        """A database in the shape of DatabaseInput, or None."""
        ...

    def table_names(self, database: str) -> Iterable[str]:
        """Of a database that is there."""
        ...

    def table_input(self, database: str, table: str) -> Mapping[str, Any] | None:
        """A table in the shape of TableInput, or None."""
        ...


def column_names(table_input: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a table, those it is partitioned by last."""
    storage = table_input.get("StorageDescriptor") or {}
    columns = [*(storage.get("Columns") or ()), *(table_input.get("PartitionKeys") or ())]
    return tuple(column["Name"] for column in columns)
