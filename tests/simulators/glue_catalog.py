"""The state behind the Glue simulator, with the behaviour that was verified on AWS (reference: aws-catalogs.md 1).

Names fold to lower case, versions count from "0", a stale VersionId changes nothing, lengths are bytes of UTF-8, pages
are honoured, and an update replaces everything.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spheresync.dog.services.glue_catalog import CatalogWatcher
from spheresync.dog.services.wire import ServiceError

Json = dict[str, Any]
PAGE = 100


def _missing(what: str) -> ServiceError:
    return ServiceError("EntityNotFoundException", f"{what} not found.")


_SINGLE_LINE = re.compile(r"[\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF\t]*")


def _check(path: str, value: str | None, most: int, *, least: int = 0, single_line: bool = True) -> None:
    if value is None:
        return
    size = len(value.encode("utf-8"))
    problem = None
    if size > most:
        problem = f"Member must have length less than or equal to {most}"
    elif size < least:
        problem = f"Member must have length greater than or equal to {least}"
    elif single_line and _SINGLE_LINE.fullmatch(value) is None:
        problem = "Member must satisfy regular expression pattern: [\\u0020-\\uD7FF...\\t]*"
    if problem:
        text = f"1 validation error detected: Value '{value[:30]}' at '{path}' failed to satisfy constraint: {problem}"
        raise ServiceError("InvalidInputException", text)


def _check_parameters(path: str, parameters: Mapping[str, str] | None) -> None:
    for key, value in (parameters or {}).items():
        _check(f"{path}.key", key, 255, least=1)
        _check(f"{path}.{key}", value, 512_000, single_line=False)


def _check_columns(path: str, columns: list[Json] | None) -> None:
    for index, column in enumerate(columns or []):
        here = f"{path}.{index + 1}.member"
        _check(f"{here}.name", column["Name"], 255, least=1)
        _check(f"{here}.type", column.get("Type"), 131_072)
        _check(f"{here}.comment", column.get("Comment"), 255)
        _check_parameters(f"{here}.parameters", column.get("Parameters"))


def check_table_input(table: Json) -> None:
    _check("tableInput.name", table["Name"], 255, least=1)
    _check("tableInput.description", table.get("Description"), 2048, single_line=False)
    _check("tableInput.owner", table.get("Owner"), 255, least=1)
    _check("tableInput.tableType", table.get("TableType"), 255, single_line=False)
    _check("tableInput.viewOriginalText", table.get("ViewOriginalText"), 409_600, single_line=False)
    _check_parameters("tableInput.parameters", table.get("Parameters"))
    storage = table.get("StorageDescriptor") or {}
    _check_columns("tableInput.storageDescriptor.columns", storage.get("Columns"))
    _check_columns("tableInput.partitionKeys", table.get("PartitionKeys"))


@dataclass
class Table:
    """`versions` oldest first; the last is what the table is now."""

    created: float
    versions: list[Json] = field(default_factory=list)
    next_version: int = 0

    @classmethod
    def of(cls, versions: list[Json]) -> Table:
        return cls(versions[-1]["CreateTime"], versions, int(versions[-1]["VersionId"]) + 1)

    @property
    def live(self) -> Json:
        return self.versions[-1]


class Catalog:
    """Databases and tables of one account and region."""

    def __init__(self, account: str = "123456789012") -> None:
        self._account = account
        self.databases: dict[str, Json] = {}
        self.tables: dict[str, dict[str, Table]] = {}
        self.crawlers: list[Json] = []
        self.watchers: list[CatalogWatcher] = []
        self._operations: dict[str, Callable[[Json], Json]] = {
            "CreateCrawler": self._create_crawler,
            "GetCrawlers": lambda p: _page("Crawlers", self.crawlers, p),
            "CreateDatabase": self._create_database,
            "GetDatabase": lambda p: {"Database": self._database(p["Name"])},
            "GetDatabases": self._get_databases,
            "UpdateDatabase": self._update_database,
            "DeleteDatabase": self._delete_database,
            "CreateTable": self._create_table,
            "GetTable": lambda p: {"Table": self._table(p["DatabaseName"], p["Name"]).live},
            "GetTables": self._get_tables,
            "UpdateTable": self._update_table,
            "DeleteTable": self._delete_table,
            "BatchDeleteTable": self._batch_delete_table,
            "GetTableVersions": self._get_table_versions,
            "GetTableVersion": self._get_table_version,
            "DeleteTableVersion": self._delete_table_version,
        }

    def has(self, operation: str) -> bool:
        return operation in self._operations

    def database_names(self) -> Iterable[str]:
        return tuple(self.databases)

    def database_input(self, database: str) -> Json | None:
        return self.databases.get(database.lower())

    def table_names(self, database: str) -> Iterable[str]:
        return tuple(self.tables[database.lower()])

    def table_input(self, database: str, table: str) -> Json | None:
        found = self.tables.get(database.lower(), {}).get(table.lower())
        return None if found is None else found.live

    def call(self, operation: str, params: Json) -> Json:
        handler = self._operations.get(operation)
        if handler is None:
            raise ServiceError("UnknownOperationException", f"the simulator has no {operation}", 404)
        return handler(params)

    def dump(self) -> Json:
        """Every database and every table with all its versions, oldest first."""
        return {
            "databases": self.databases,
            "tables": {
                database: {name: {"live": table.live, "versions": table.versions} for name, table in tables.items()}
                for database, tables in self.tables.items()
            },
        }

    def load(self, dumped: Json) -> None:
        """Be what another catalog was when it was dumped."""
        self.databases = dumped["databases"]
        self.tables = {
            database: {name: Table.of(table["versions"]) for name, table in tables.items()}
            for database, tables in dumped["tables"].items()
        }

    def _database(self, name: str) -> Json:
        database = self.databases.get(name.lower())
        if database is None:
            raise _missing(f"Database {name.lower()}")
        return database

    def _tables(self, database: str) -> dict[str, Table]:
        self._database(database)
        return self.tables[database.lower()]

    def _table(self, database: str, name: str) -> Table:
        table = self._tables(database).get(name.lower())
        if table is None:
            raise _missing(f"Entity Table {database.lower()}.{name.lower()}")
        return table

    def _create_crawler(self, params: Json) -> Json:
        self.crawlers.append(params)
        return {}

    def _create_database(self, params: Json) -> Json:
        wanted = params["DatabaseInput"]
        _check("databaseInput.name", wanted["Name"], 255, least=1)
        _check("databaseInput.description", wanted.get("Description"), 2048, single_line=False)
        _check_parameters("databaseInput.parameters", wanted.get("Parameters"))
        name = wanted["Name"].lower()
        if name in self.databases:
            raise ServiceError("AlreadyExistsException", "Database already exists.")
        self.databases[name] = {**wanted, "Name": name, "CreateTime": time.time(), "CatalogId": self._account}
        self.tables[name] = {}
        for watcher in self.watchers:
            watcher.database_made(name)
        return {}

    def _update_database(self, params: Json) -> Json:
        current = self._database(params["Name"])
        wanted = params["DatabaseInput"]
        kept = {key: current[key] for key in ("Name", "CreateTime", "CatalogId")}
        self.databases[current["Name"]] = {**wanted, **kept}
        return {}

    def _delete_database(self, params: Json) -> Json:
        name = self._database(params["Name"])["Name"]
        del self.databases[name], self.tables[name]
        for watcher in self.watchers:
            watcher.database_gone(name)
        return {}

    def _get_databases(self, params: Json) -> Json:
        return _page("DatabaseList", [self.databases[name] for name in sorted(self.databases)], params)

    def _create_table(self, params: Json) -> Json:
        tables = self._tables(params["DatabaseName"])
        wanted = params["TableInput"]
        check_table_input(wanted)
        name = wanted["Name"].lower()
        if name in tables:
            raise ServiceError("AlreadyExistsException", "Table already exists.")
        now = time.time()
        tables[name] = Table(now)
        self._add_version(tables[name], params["DatabaseName"].lower(), wanted, now)
        for watcher in self.watchers:
            watcher.table_made(params["DatabaseName"].lower(), name)
        return {}

    def _update_table(self, params: Json) -> Json:
        wanted = params["TableInput"]
        table = self._table(params["DatabaseName"], wanted["Name"])
        check_table_input(wanted)
        expected = params.get("VersionId")
        if expected is not None and expected != table.live["VersionId"]:
            message = "Update table failed due to concurrent modifications."
            raise ServiceError("ConcurrentModificationException", message)
        if params.get("SkipArchive"):
            table.versions.pop()
        self._add_version(table, params["DatabaseName"].lower(), wanted, time.time())
        for watcher in self.watchers:
            watcher.table_changed(params["DatabaseName"].lower(), wanted["Name"].lower())
        return {}

    def _add_version(self, table: Table, database: str, wanted: Json, now: float) -> None:
        table.versions.append(
            {
                "PartitionKeys": [],
                "Retention": 0,
                "Parameters": {},
                **copy.deepcopy(wanted),
                "Name": wanted["Name"].lower(),
                "DatabaseName": database,
                "CreateTime": table.created,
                "UpdateTime": now,
                "CreatedBy": "arn:aws:iam::123456789012:user/someone",
                "IsRegisteredWithLakeFormation": False,
                "CatalogId": self._account,
                "VersionId": str(table.next_version),
            }
        )
        table.next_version += 1

    def _delete_table(self, params: Json) -> Json:
        self._table(params["DatabaseName"], params["Name"])
        database, name = params["DatabaseName"].lower(), params["Name"].lower()
        del self.tables[database][name]
        for watcher in self.watchers:
            watcher.table_gone(database, name)
        return {}

    def _batch_delete_table(self, params: Json) -> Json:
        errors = []
        for name in params["TablesToDelete"]:
            try:
                self._delete_table({"DatabaseName": params["DatabaseName"], "Name": name})
            except ServiceError as fault:
                detail = {"ErrorCode": fault.code, "ErrorMessage": fault.message}
                errors.append({"TableName": name, "ErrorDetail": detail})
        return {"Errors": errors}

    def _get_tables(self, params: Json) -> Json:
        tables = self._tables(params["DatabaseName"])
        expression = params.get("Expression")
        names = [name for name in sorted(tables) if expression is None or re.fullmatch(expression, name)]
        rows = [tables[name].live for name in names]
        wanted = params.get("AttributesToGet")
        if wanted:
            members = {"NAME": "Name", "TABLE_TYPE": "TableType"}
            rows = [{members[a]: row[members[a]] for a in wanted if members.get(a) in row} for row in rows]
        return _page("TableList", rows, params)

    def _get_table_versions(self, params: Json) -> Json:
        table = self._table(params["DatabaseName"], params["TableName"])
        rows = [{"Table": version, "VersionId": version["VersionId"]} for version in reversed(table.versions)]
        return _page("TableVersions", rows, params)

    def _get_table_version(self, params: Json) -> Json:
        table = self._table(params["DatabaseName"], params["TableName"])
        wanted = params.get("VersionId", table.live["VersionId"])
        for version in table.versions:
            if version["VersionId"] == wanted:
                return {"TableVersion": {"Table": version, "VersionId": wanted}}
        raise _missing(f"Version {wanted}")

    def _delete_table_version(self, params: Json) -> Json:
        table = self._table(params["DatabaseName"], params["TableName"])
        if params["VersionId"] == table.live["VersionId"]:
            raise ServiceError("InvalidInputException", "The current version cannot be deleted.")
        kept = [version for version in table.versions if version["VersionId"] != params["VersionId"]]
        if len(kept) == len(table.versions):
            raise _missing(f"Version {params['VersionId']}")
        table.versions = kept
        return {}


def _page(member: str, rows: list[Json], params: Json) -> Json:
    size = params.get("MaxResults", PAGE)
    if not 1 <= size <= PAGE:
        raise ServiceError("InvalidInputException", f"1 validation error detected: Value '{size}' at 'maxResults'")
    start = int(params.get("NextToken") or 0)
    answer: Json = {member: rows[start : start + size]}
    if start + size < len(rows):
        answer["NextToken"] = str(start + size)
    return answer
