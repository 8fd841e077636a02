"""Lake Formation's operations, as strict as AWS documents them (reference: aws-catalogs.md 2).

UNVERIFIED on AWS: whether members without content are left out of GetResourceLFTags or are empty lists (left out here);
the codes and texts inside `Failures[]`; that more than 50 LF-Tags on a resource refuse the whole call.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

from spheresync.dog.services.double import Call, Double, Place, reads, writes
from spheresync.dog.services.glue_catalog import GlueCatalog
from spheresync.dog.services.lakeformation.grants import TABLE_DEFAULTS, Grants
from spheresync.dog.services.lakeformation.resources import Resource, Resources
from spheresync.dog.services.lakeformation.tags import (
    MOST_ON_A_RESOURCE,
    AssignedTags,
    LfTags,
    Tags,
    absent,
    invalid,
)
from spheresync.dog.services.wire import Json, ServiceError
from spheresync.model import counted

_MOST_ENTRIES = 20
_PAGE = 100
_LISTED_LF_TAGS = 50
_COLUMNS_WITH_TABLE = "Permissions on a table with columns are listed with the table."


class LakeFormation(Double):
    """One Data Catalog's LF-Tags, grants and settings."""

    name = "lakeformation"
    service = "lakeformation"
    invalid = "InvalidInputException"

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        super().__init__(place, catalog)
        self._tags = LfTags()
        self._assigned = AssignedTags()
        self._grants = Grants()
        self._resources = Resources(place, catalog)
        # Until now nobody can have set up anything, so what there is began with the defaults of every account.
        for database in catalog.database_names():
            self.database_made(database)
            for table in catalog.table_names(database):
                self.table_made(database, table)

    def dump(self) -> Json:
        return copy.deepcopy(
            {"tags": self._tags.values, "assigned": self._assigned.dump(), "permissions": self._grants.dump()}
        )

    def load(self, dumped: Json) -> None:
        dumped = copy.deepcopy(dumped)
        self._tags = LfTags(dumped["tags"])
        self._assigned = AssignedTags.of(dumped["assigned"])
        self._grants.load(dumped["permissions"])

    # What happens in Glue

    def database_made(self, database: str) -> None:
        self.database_gone(database)
        self._grants.begin_database(database, self.place.account)

    def database_gone(self, database: str) -> None:
        self._assigned.forget_database(database)
        self._grants.forget(database, None)

    def table_made(self, database: str, table: str) -> None:
        self.table_gone(database, table)
        own = (self.catalog.database_input(database) or {}).get(TABLE_DEFAULTS)
        self._grants.begin_table(database, table, self.place.account, own)

    def table_changed(self, database: str, table: str) -> None:
        self._assigned.keep_columns(database, table, self._resources.column_spellings(database, table))

    def table_gone(self, database: str, table: str) -> None:
        self._assigned.forget_table(database, table)
        self._grants.forget(database, table)

    # LF-Tags

    @writes("CreateLFTag")
    def create_lf_tag(self, call: Call) -> Json:
        asked = self._asked(call)
        self._tags.create(asked["TagKey"], asked["TagValues"])
        return {}

    @reads("GetLFTag")
    def get_lf_tag(self, call: Call) -> Json:
        return self._pair(self._asked(call)["TagKey"].lower(), self._tags.of(call.parameters["TagKey"]))

    @reads("ListLFTags")
    def list_lf_tags(self, call: Call) -> Json:
        """That keys come in the order of the alphabet, 50 a page, is UNVERIFIED. None are shared by other accounts."""
        shared_only = self._asked(call).get("ResourceShareType") == "FOREIGN"
        rows = [] if shared_only else [self._pair(key, values) for key, values in sorted(self._tags.values.items())]
        return self.page("LFTags", rows, call, _LISTED_LF_TAGS)

    @writes("UpdateLFTag")
    def update_lf_tag(self, call: Call) -> Json:
        asked = self._asked(call)
        add, delete = asked.get("TagValuesToAdd", []), asked.get("TagValuesToDelete", [])
        self._tags.update(asked["TagKey"], add, delete, self._assigned.used_values(asked["TagKey"].lower()))
        return {}

    @writes("DeleteLFTag")
    def delete_lf_tag(self, call: Call) -> Json:
        """It goes from all resources too."""
        key = self._asked(call)["TagKey"]
        self._tags.delete(key)
        self._assigned.forget_key(key.lower())
        return {}

    # LF-Tags on resources

    @writes("AddLFTagsToResource")
    def add_lf_tags_to_resource(self, call: Call) -> Json:
        where, put, failures = self._each_tag(call, self._put_problem)
        for before in self._assigned.on(where.database, where.table, where.columns):
            if len(before | put) > MOST_ON_A_RESOURCE:
                raise invalid(f"A resource allows at most {MOST_ON_A_RESOURCE} LF-Tags.")
        if put:
            self._assigned.put(where.database, where.table, where.columns, put)
        return {"Failures": failures}

    @writes("RemoveLFTagsFromResource")
    def remove_lf_tags_from_resource(self, call: Call) -> Json:
        """That an LF-Tag which does not stand there, or stands there with another value, fails is UNVERIFIED."""

        def problem(key: str, values: list[str], where: Resource) -> ServiceError | None:
            on = self._assigned.on(where.database, where.table, where.columns)
            missing = any(tags.get(key) not in values for tags in on)
            return absent(f"The LF-Tag {key} is not assigned so.") if missing else None

        where, removed, failures = self._each_tag(call, problem)
        if removed:
            self._assigned.remove(where.database, where.table, where.columns, removed)
        return {"Failures": failures}

    @reads("GetResourceLFTags")
    def get_resource_lf_tags(self, call: Call) -> Json:
        """ShowAssignedLFTags: those put there; else those inherited too, as they count."""
        asked = self._asked(call)
        where = self._resources.taggable(asked["Resource"])
        return self._tags_of(where, assigned=bool(asked.get("ShowAssignedLFTags", False)))

    @reads("SearchTablesByLFTags")
    def search_tables_by_lf_tags(self, call: Call) -> Json:
        """Tables whose LF-Tags, inherited ones too, have one of the values for each key; columns do not count."""
        wanted = [
            (each["TagKey"].lower(), {value.lower() for value in each["TagValues"]})
            for each in self._asked(call)["Expression"]
        ]
        rows = []
        for database in sorted(self.catalog.database_names()):
            for table in sorted(self.catalog.table_names(database)):
                own = self._assigned.of_table(database, table).own
                effective = self._assigned.of_database(database) | own
                if all(effective.get(key) in values for key, values in wanted):
                    name = {"CatalogId": self.place.account, "DatabaseName": database, "Name": table}
                    rows.append({"Table": name, **self._tags_of(Resource(database, table), assigned=False)})
        return self.page("TableList", rows, call, _PAGE)

    # Grants and settings

    @reads("ListPermissions")
    def list_permissions(self, call: Call) -> Json:
        asked = self._asked(call)
        resource = asked.get("Resource")
        if resource is not None:
            resource = self._grantable(resource)
            if "TableWithColumns" in resource:
                raise invalid(_COLUMNS_WITH_TABLE)
        principal = (asked.get("Principal") or {}).get("DataLakePrincipalIdentifier")
        rows = self._grants.rows(principal, resource, asked.get("ResourceType"))
        return self.page("PrincipalResourcePermissions", rows, call, _PAGE)

    @writes("GrantPermissions")
    def grant_permissions(self, call: Call) -> Json:
        self._grant_or_revoke(self._asked(call), self._grants.grant)
        return {}

    @writes("RevokePermissions")
    def revoke_permissions(self, call: Call) -> Json:
        self._grant_or_revoke(self._asked(call), self._grants.revoke)
        return {}

    @writes("BatchGrantPermissions")
    def batch_grant_permissions(self, call: Call) -> Json:
        return self._batch(call, self._grants.grant)

    @writes("BatchRevokePermissions")
    def batch_revoke_permissions(self, call: Call) -> Json:
        return self._batch(call, self._grants.revoke)

    @reads("GetDataLakeSettings")
    def get_data_lake_settings(self, call: Call) -> Json:
        self._asked(call)
        return {"DataLakeSettings": self._grants.settings}

    @writes("PutDataLakeSettings")
    def put_data_lake_settings(self, call: Call) -> Json:
        """Replaces all of them: what is not given is not kept."""
        self._grants.settings = self._asked(call)["DataLakeSettings"]
        return {}

    def _asked(self, call: Call) -> Json:
        self._resources.check_catalog(call.parameters.get("CatalogId"))
        return call.parameters

    def _pair(self, key: str, values: list[str]) -> Json:
        return {"CatalogId": self.place.account, "TagKey": key, "TagValues": values}

    def _each_tag(
        self, call: Call, problem: Callable[[str, list[str], Resource], ServiceError | None]
    ) -> tuple[Resource, Tags, list[Json]]:
        """The resource of a call, the LF-Tags that can be done, and the failures of the others."""
        asked = self._asked(call)
        where = self._resources.taggable(asked["Resource"])
        keys = [pair["TagKey"].lower() for pair in asked["LFTags"]]
        if len(set(keys)) < len(keys):
            raise invalid("LFTags must name each key once.")
        fine: Tags = {}
        failures = []
        for key, pair in zip(keys, asked["LFTags"], strict=True):
            values = [value.lower() for value in pair["TagValues"]]
            error = self._pair_problem(pair) or problem(key, values, where)
            if error is None:
                fine[key] = values[0]
            else:
                failures.append({"LFTag": pair, "Error": {"ErrorCode": error.code, "ErrorMessage": error.message}})
        return where, fine, failures

    def _pair_problem(self, pair: Json) -> ServiceError | None:
        try:
            self._resources.check_catalog(pair.get("CatalogId"))
        except ServiceError as error:
            return error
        return None

    def _put_problem(self, key: str, values: list[str], _where: Resource) -> ServiceError | None:
        known = self._tags.values.get(key)
        if known is None or any(value not in known for value in values):
            return absent("Tag or tag value does not exist.")
        return invalid("A resource has one value for each key.") if len(values) > 1 else None

    def _tags_of(self, where: Resource, *, assigned: bool) -> Json:
        on_database = self._assigned.of_database(where.database)
        answer = {"LFTagOnDatabase": self._pairs(on_database)}
        if where.table is not None:
            found = self._assigned.of_table(where.database, where.table)
            on_table = found.own if assigned else on_database | found.own
            answer["LFTagsOnTable"] = self._pairs(on_table)
            spelled = self._resources.column_spellings(where.database, where.table)
            columns = []
            for name in where.columns or spelled:
                own = found.columns.get(name, {})
                if tags := self._pairs(own if assigned else on_table | own):
                    columns.append({"Name": spelled[name], "LFTags": tags})
            answer["LFTagsOnColumns"] = columns
        return {member: rows for member, rows in answer.items() if rows}

    def _pairs(self, tags: Tags) -> list[Json]:
        return [self._pair(key, [value]) for key, value in sorted(tags.items())]

    def _grantable(self, resource: Json) -> Json:
        """A resource as grants are kept: names in lower case, the catalog said, and databases and tables there."""
        kind, described = self._resources.only_member(resource)
        self._resources.check_catalog(described.get("CatalogId"))
        names = {"CatalogId": self.place.account}
        if kind == "Database":
            return {kind: {**names, "Name": self._resources.database(described["Name"]).database}}
        if kind == "Table":
            if ("Name" in described) == ("TableWildcard" in described):
                raise invalid("Table needs either Name or TableWildcard.")
            if "TableWildcard" in described:
                database = self._resources.database(described["DatabaseName"]).database
                return {kind: {**names, "DatabaseName": database, "TableWildcard": {}}}
            found = self._resources.table(described["DatabaseName"], described["Name"])
            return {kind: {**names, "DatabaseName": found.database, "Name": found.table}}
        if kind == "TableWithColumns":
            columns = self._resources.taggable(resource)
            wild = {key: value for key, value in described.items() if key in {"ColumnNames", "ColumnWildcard"}}
            return {kind: {**names, "DatabaseName": columns.database, "Name": columns.table, **wild}}
        return {kind: described}

    def _grant_or_revoke(self, asked: Json, do: Callable[[str, Json, Iterable[str], Iterable[str]], None]) -> None:
        principal = (asked.get("Principal") or {}).get("DataLakePrincipalIdentifier")
        if not principal:
            raise invalid("Principal is required.")
        resource = self._grantable(asked.get("Resource") or {})
        do(principal, resource, asked.get("Permissions", []), asked.get("PermissionsWithGrantOption", []))

    def _batch(self, call: Call, do: Callable[[str, Json, Iterable[str], Iterable[str]], None]) -> Json:
        entries = self._asked(call)["Entries"]
        if len(entries) > _MOST_ENTRIES:
            raise invalid(f"Entries allows at most {counted(_MOST_ENTRIES, 'item')}, has {len(entries)}.")
        failures = []
        for entry in entries:
            try:
                self._grant_or_revoke(entry, do)
            except ServiceError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                failures.append({"RequestEntry": entry, "Error": detail})
        return {"Failures": failures}
