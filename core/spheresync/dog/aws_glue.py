"""AWS Glue on moto, closer to the real service than moto alone.

What moto leaves out and this adds (aws-catalogs.md 1 and 5): the optimistic lock by `VersionId`, versions that start
at 0, names folded to lower case, pages, versions newest first. Operations that nobody here needs are refused.
Import this module only where moto is installed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from moto.core.request import normalize_request
from moto.glue.models import FakeTable, GlueBackend
from moto.glue.responses import GlueResponse

from spheresync.config.settings import DOG_ACCOUNT
from spheresync.dog.aws_log import Entry
from spheresync.dog.services.glue_catalog import CatalogWatcher
from spheresync.dog.services.wire import WireAnswer
from spheresync.model import JsonValue, isoformat
from spheresync.model.json_document import read_own_json

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

ACCOUNT_ID = DOG_ACCOUNT
_PAGE_LIMIT = 100
_STALE = "Update table failed due to concurrent modifications."
#: Operations that change something; only these are logged.
WRITES = frozenset(
    {
        "CreateDatabase",
        "UpdateDatabase",
        "DeleteDatabase",
        "CreateTable",
        "UpdateTable",
        "DeleteTable",
        "BatchDeleteTable",
        "DeleteTableVersion",
        "TagResource",
        "UntagResource",
    }
)
READS = frozenset(
    {
        "GetCrawlers",
        "GetDatabase",
        "GetDatabases",
        "GetTable",
        "GetTables",
        "GetTableVersion",
        "GetTableVersions",
        "GetTags",
    }
)
_LISTS = {"GetTables": "TableList", "GetDatabases": "DatabaseList", "GetTableVersions": "TableVersions"}


class _Table(FakeTable):
    """A table whose versions start at 0 and whose times are those of the call, also when it is replayed."""

    def __init__(self, database: str, name: str, table_input: dict[str, Any], at: datetime) -> None:
        super().__init__(database, name, table_input, catalog_id=ACCOUNT_ID)
        self.created_time = at
        self.updated_time = at
        self.restart(0, table_input)

    def restart(self, version: int, table_input: dict[str, Any]) -> None:
        """Be at `version`, with no earlier ones."""
        self._current_version = version
        self.versions = {str(version): table_input}

    @property
    def version(self) -> int:
        return int(self._current_version)


class Glue(GlueBackend):
    """One region's catalog. `now` is the time of the call being executed or replayed. Not thread-safe."""

    def __init__(self, region: str) -> None:
        super().__init__(region, ACCOUNT_ID)
        self.now = datetime.now(UTC)
        self.watchers: list[CatalogWatcher] = []

    def create_database(
        self, database_name: str, database_input: dict[str, Any], tags: dict[str, str] | None = None
    ) -> Any:
        database = super().create_database(database_name.lower(), database_input, tags)
        database.created_time = self.now
        for watcher in self.watchers:
            watcher.database_made(database_name.lower())
        return database

    def get_database(self, database_name: str) -> Any:
        return super().get_database(database_name.lower())

    def update_database(self, database_name: str, database_input: dict[str, Any]) -> None:
        super().update_database(database_name.lower(), database_input)

    def delete_database(self, database_name: str) -> None:
        super().delete_database(database_name.lower())
        for watcher in self.watchers:
            watcher.database_gone(database_name.lower())

    def create_table(
        self,
        database_name: str,
        table_name: str,
        table_input: dict[str, Any],
        open_table_format_input: dict[str, Any] | None = None,
    ) -> Any:
        name = table_name.lower()
        table_input["Name"] = name
        super().create_table(database_name, name, table_input, open_table_format_input)
        table = _Table(database_name.lower(), name, table_input, self.now)
        self.get_database(database_name).tables[name] = table
        for watcher in self.watchers:
            watcher.table_made(database_name.lower(), name)
        return table

    def get_table(self, database_name: str, table_name: str) -> Any:
        return super().get_table(database_name, table_name.lower())

    def update_table(self, database_name: str, table_name: str, table_input: dict[str, Any]) -> None:
        table_input["Name"] = table_name.lower()
        super().update_table(database_name, table_name, table_input)
        self.get_table(database_name, table_name).updated_time = self.now
        for watcher in self.watchers:
            watcher.table_changed(database_name.lower(), table_name.lower())

    def delete_table(self, database_name: str, table_name: str) -> None:
        super().delete_table(database_name, table_name.lower())
        for watcher in self.watchers:
            watcher.table_gone(database_name.lower(), table_name.lower())

    def database_names(self) -> Iterable[str]:
        return tuple(self.databases)

    def database_input(self, database: str) -> Mapping[str, Any] | None:
        found = self.databases.get(database.lower())
        return None if found is None else found.input

    def table_names(self, database: str) -> Iterable[str]:
        return tuple(self.databases[database.lower()].tables)

    def table_input(self, database: str, table: str) -> Mapping[str, Any] | None:
        found = self._find(database, table)
        return None if found is None else found.get_version(str(found.version))

    def replay(self, entry: Entry) -> None:
        """Do again what the log says was done."""
        self.now = datetime.fromisoformat(str(entry["at"]))
        # The log holds what botocore had validated, so its shapes are those of the service model.
        parameters = cast("dict[str, Any]", entry["parameters"])
        _REPLAYS[str(entry["operation"])](self, parameters)

    def snapshot(self) -> Iterator[Entry]:
        """Entries that make this content again. Of each table's versions only the present one is kept."""
        for name, database in self.databases.items():
            created: JsonValue = {"DatabaseInput": {**database.input, "Name": name}}
            yield {"at": isoformat(database.created_time), "operation": "CreateDatabase", "parameters": created}
            for table in database.tables.values():
                assert isinstance(table, _Table)  # create_table makes no others
                present: JsonValue = {
                    "DatabaseName": name,
                    "TableInput": table.get_version(str(table.version)),
                    "VersionId": table.version,
                    "CreatedAt": isoformat(table.created_time),
                }
                yield {
                    "at": isoformat(table.updated_time or table.created_time),
                    "operation": _RESTORE,
                    "parameters": present,
                }
        for arn, tags in self.tagger.tags.items():
            parameters: JsonValue = {"ResourceArn": arn, "TagsToAdd": {key: value or "" for key, value in tags.items()}}
            yield {"at": isoformat(self.now), "operation": "TagResource", "parameters": parameters}

    def restore(self, parameters: dict[str, Any]) -> None:
        """Put back a table that `snapshot` wrote."""
        table_input = parameters["TableInput"]
        table = self.create_table(parameters["DatabaseName"], table_input["Name"], table_input)
        table.created_time = datetime.fromisoformat(parameters["CreatedAt"])
        table.restart(int(parameters["VersionId"]), table_input)

    def execute(self, operation: str, request: AWSPreparedRequest) -> WireAnswer:
        """Execute one operation as it came over the wire."""
        parameters = read_parameters(request)
        refusal = self._refusal(operation, parameters)
        if refusal is not None:
            return refusal
        status, headers, body = _responder(self)().dispatch_normalized(request)
        answer = WireAnswer(int(status), {str(key): str(value) for key, value in headers.items()}, _bytes(body))
        return _paged(operation, parameters, answer) if operation in _LISTS and status == 200 else answer

    def _refusal(self, operation: str, parameters: dict[str, Any]) -> WireAnswer | None:
        if operation == "UpdateTable" and "VersionId" in parameters:
            table = self._find(parameters["DatabaseName"], parameters["TableInput"]["Name"])
            if table is not None and str(table.version) != parameters["VersionId"]:
                return _error("ConcurrentModificationException", _STALE)
        if operation == "DeleteTableVersion":
            table = self._find(parameters["DatabaseName"], parameters["TableName"])
            version = parameters["VersionId"]
            if table is not None and str(table.version) == version:
                return _error("InvalidInputException", "The current version of a table cannot be deleted.")
            if table is not None and version not in table.versions:
                return _error("EntityNotFoundException", f"Version {version} not found.")
        return None

    def _find(self, database: str, name: str) -> _Table | None:
        found = self.databases.get(database.lower())
        table = None if found is None else found.tables.get(name.lower())
        return table if isinstance(table, _Table) else None


_RESTORE = "RestoreTable"
_REPLAYS: Mapping[str, Callable[[Glue, dict[str, Any]], object]] = {
    "CreateDatabase": lambda glue, p: glue.create_database(
        p["DatabaseInput"]["Name"], p["DatabaseInput"], p.get("Tags")
    ),
    "UpdateDatabase": lambda glue, p: glue.update_database(p["Name"], p["DatabaseInput"]),
    "DeleteDatabase": lambda glue, p: glue.delete_database(p["Name"]),
    "CreateTable": lambda glue, p: glue.create_table(p["DatabaseName"], p["TableInput"]["Name"], p["TableInput"]),
    "UpdateTable": lambda glue, p: glue.update_table(p["DatabaseName"], p["TableInput"]["Name"], p["TableInput"]),
    "DeleteTable": lambda glue, p: glue.delete_table(p["DatabaseName"], p["Name"]),
    "BatchDeleteTable": lambda glue, p: glue.batch_delete_table(p["DatabaseName"], p["TablesToDelete"]),
    "DeleteTableVersion": lambda glue, p: glue.delete_table_version(p["DatabaseName"], p["TableName"], p["VersionId"]),
    "TagResource": lambda glue, p: glue.tag_resource(p["ResourceArn"], p["TagsToAdd"]),
    "UntagResource": lambda glue, p: glue.untag_resource(p["ResourceArn"], p["TagsToRemove"]),
    _RESTORE: lambda glue, p: glue.restore(p),
}


class _Responder(GlueResponse):
    """moto's request handler on a catalog of ours instead of moto's process-wide one."""

    glue: Glue

    @property
    def glue_backend(self) -> GlueBackend:
        return self.glue

    def dispatch_normalized(self, request: AWSPreparedRequest) -> Any:
        normalized = normalize_request(request)
        return self._dispatch(normalized, normalized.raw_url, normalized.headers)


def read_parameters(request: AWSPreparedRequest) -> dict[str, Any]:
    """The parameters of a request of the JSON protocol."""
    body = request.body or b"{}"
    if not isinstance(body, str | bytes):
        raise TypeError("the JSON protocol sends no streams")
    parameters: dict[str, Any] = read_own_json(body)
    return parameters


def _responder(glue: Glue) -> Callable[[], _Responder]:
    def make() -> _Responder:
        responder = _Responder()
        responder.glue = glue
        return responder

    return make


def _bytes(body: str | bytes) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else body


def _error(code: str, message: str) -> WireAnswer:
    body = json.dumps({"__type": code, "Message": message}).encode()
    return WireAnswer(400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body)


def _paged(operation: str, parameters: dict[str, Any], answer: WireAnswer) -> WireAnswer:
    name = _LISTS[operation]
    document = read_own_json(answer.body)
    rows = document.get(name, [])
    if operation == "GetTableVersions":
        rows.sort(key=lambda row: -int(row["VersionId"]))
    token = parameters.get("NextToken")
    start = int(base64.b64decode(token)) if token else 0
    size = min(int(parameters.get("MaxResults", _PAGE_LIMIT)), _PAGE_LIMIT)
    document[name] = rows[start : start + size]
    if len(rows) > start + size:
        document["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return WireAnswer(answer.status, answer.headers, json.dumps(document).encode())
