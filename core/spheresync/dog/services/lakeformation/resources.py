"""Which database, table or columns a call means, as Glue knows them now."""

from __future__ import annotations

from dataclasses import dataclass

from spheresync.dog.services.double import Place
from spheresync.dog.services.glue_catalog import GlueCatalog, column_names
from spheresync.dog.services.lakeformation.tags import absent, invalid
from spheresync.dog.services.wire import Json


@dataclass(frozen=True, slots=True)
class Resource:
    """A database, a table of it, or columns of that; all names in lower case."""

    database: str
    table: str | None = None
    columns: tuple[str, ...] | None = None


class Resources:
    """Finds what calls name.

    Each method raises:
        ServiceError: there is no such database, table or column, or it cannot be meant here.
    """

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        self._place = place
        self._catalog = catalog

    def check_catalog(self, catalog_id: str | None) -> None:
        """A double stands for one Data Catalog, the account's own."""
        if catalog_id is not None and catalog_id != self._place.account:
            raise absent(f"Catalog {catalog_id} not found.")

    def taggable(self, resource: Json) -> Resource:
        """What LF-Tags can stand on. That LF-Tags stand on whole catalogs too is left out here."""
        kind, described = self.only_member(resource)
        self.check_catalog(described.get("CatalogId"))
        if kind == "Database":
            return self.database(described["Name"])
        if kind == "Table":
            if "Name" not in described:
                raise invalid("Table.Name is required.")
            return self.table(described["DatabaseName"], described["Name"])
        if kind == "TableWithColumns":
            return self._columns(described)
        raise invalid(f"Only Database, Table and TableWithColumns are allowed, not {kind}.")

    @staticmethod
    def only_member(resource: Json) -> tuple[str, Json]:
        """The one kind of resource that is given."""
        if len(resource) != 1:
            raise invalid(f"Resource must have exactly one member, has {len(resource)}.")
        ((kind, described),) = resource.items()
        return kind, described

    def database(self, name: str) -> Resource:
        if self._catalog.database_input(name) is None:
            raise absent(f"Database {name.lower()} not found.")
        return Resource(name.lower())

    def table(self, database: str, name: str) -> Resource:
        self.column_spellings(database, name)
        return Resource(database.lower(), name.lower())

    def column_spellings(self, database: str, table: str) -> dict[str, str]:
        """Each column of a table as Glue spells it, by its name in lower case."""
        self.database(database)
        found = self._catalog.table_input(database, table)
        if found is None:
            raise absent(f"Table {database.lower()}.{table.lower()} not found.")
        return {name.lower(): name for name in column_names(found)}

    def _columns(self, described: Json) -> Resource:
        database, table = described["DatabaseName"], described["Name"]
        there = self.column_spellings(database, table)
        if ("ColumnNames" in described) == ("ColumnWildcard" in described):
            raise invalid("TableWithColumns needs either ColumnNames or ColumnWildcard.")
        wildcard = described.get("ColumnWildcard")
        named = (wildcard or {}).get("ExcludedColumnNames", []) if wildcard is not None else described["ColumnNames"]
        names = [name.lower() for name in named]
        if unknown := [name for name in names if name not in there]:
            raise absent(f"Column {unknown[0]} not found in {database.lower()}.{table.lower()}.")
        if wildcard is not None:
            names = [name for name in there if name not in set(names)]
        if not names:
            raise invalid("TableWithColumns names no column.")
        return Resource(database.lower(), table.lower(), tuple(dict.fromkeys(names)))
