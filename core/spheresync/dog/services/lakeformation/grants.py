"""Who was granted what, and the settings that say what new databases and tables begin with.

`CreateDatabaseDefaultPermissions` and `CreateTableDefaultPermissions` that are absent are no empty lists: absent, new
ones get ALL for IAM_ALLOWED_PRINCIPALS, and LF-Tags protect nothing (reference: field-2026-11.md 4). UNVERIFIED: that a
database's own CreateTableDefaultPermissions come before the settings'; that an account nobody set up answers with the
lists written out; the wording of refusals, but for "No permissions revoked. Grantee does not have".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from spheresync.dog.services.lakeformation.tags import invalid
from spheresync.dog.services.wire import Json

EVERYONE = "IAM_ALLOWED_PRINCIPALS"
DATABASE_DEFAULTS = "CreateDatabaseDefaultPermissions"
TABLE_DEFAULTS = "CreateTableDefaultPermissions"
_OPEN: list[Json] = [{"Principal": {"DataLakePrincipalIdentifier": EVERYONE}, "Permissions": ["ALL"]}]
_TYPES = {
    "Catalog": "CATALOG",
    "Database": "DATABASE",
    "Table": "TABLE",
    "TableWithColumns": "TABLE",
    "DataLocation": "DATA_LOCATION",
    "LFTag": "LF_TAG",
    "LFTagPolicy": "LF_TAG_POLICY",
}


@dataclass(slots=True)
class Grant:
    """What one principal holds on one resource; `resource` as a call spells it, with lower-case names."""

    principal: str
    resource: Json
    permissions: set[str] = field(default_factory=set)
    grantable: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        return next(iter(self.resource))

    @property
    def described(self) -> Json:
        described: Json = self.resource[self.kind]
        return described

    def is_of(self, database: str, table: str | None) -> bool:
        """Whether it is on a table (None: on a database or anything in it)."""
        if self.kind == "Database":
            return table is None and self.described["Name"] == database
        if self.kind not in {"Table", "TableWithColumns"} or self.described["DatabaseName"] != database:
            return False
        return table is None or self.described.get("Name") == table

    def row(self) -> Json:
        return {
            "Principal": {"DataLakePrincipalIdentifier": self.principal},
            "Resource": self.resource,
            "Permissions": sorted(self.permissions),
            "PermissionsWithGrantOption": sorted(self.grantable),
        }


def _as_known(resource: Json) -> str:
    return json.dumps(resource, sort_keys=True, ensure_ascii=False)


class Grants:
    """All grants of one catalog."""

    def __init__(self) -> None:
        self._grants: dict[tuple[str, str], Grant] = {}
        self.settings: Json = {"DataLakeAdmins": [], DATABASE_DEFAULTS: _OPEN, TABLE_DEFAULTS: _OPEN}

    def grant(self, principal: str, resource: Json, permissions: Iterable[str], grantable: Iterable[str] = ()) -> None:
        key = (principal, _as_known(resource))
        held = self._grants.setdefault(key, Grant(principal, resource))
        held.permissions |= {*permissions, *grantable}
        held.grantable |= set(grantable)

    def revoke(self, principal: str, resource: Json, permissions: Iterable[str], grantable: Iterable[str] = ()) -> None:
        """Raises:
        ServiceError: the principal does not hold all of it.
        """
        key = (principal, _as_known(resource))
        held = self._grants.get(key) or Grant(principal, resource)
        lost, lost_option = set(permissions), set(grantable)
        lacking = sorted(lost - held.permissions) or sorted(lost_option - held.grantable)
        if lacking:
            raise invalid(f"No permissions revoked. Grantee does not have: [{', '.join(lacking)}]")
        held.permissions -= lost
        held.grantable -= lost | lost_option
        if not held.permissions:
            del self._grants[key]

    def begin_database(self, database: str, catalog_id: str) -> None:
        """Give a new database what the settings say."""
        self._begin({"Database": {"CatalogId": catalog_id, "Name": database}}, self.settings.get(DATABASE_DEFAULTS))

    def begin_table(self, database: str, table: str, catalog_id: str, own_defaults: list[Json] | None) -> None:
        """Give a new table what its database, else the settings, say."""
        defaults = self.settings.get(TABLE_DEFAULTS) if own_defaults is None else own_defaults
        resource = {"Table": {"CatalogId": catalog_id, "DatabaseName": database, "Name": table}}
        self._begin(resource, defaults)

    def forget(self, database: str, table: str | None) -> None:
        for key in [key for key, grant in self._grants.items() if grant.is_of(database, table)]:
            del self._grants[key]

    def rows(self, principal: str | None, resource: Json | None, resource_type: str | None) -> list[Json]:
        """As ListPermissions gives them, in the order in which they were granted.

        Those on a table's columns are listed with the table. With principal and resource AWS lists what comes of all
        grants together; here only what was granted on it.
        """
        return [
            grant.row()
            for grant in self._grants.values()
            if (principal is None or grant.principal == principal)
            and (resource is None or _covers(resource, grant))
            and (resource_type is None or _TYPES.get(grant.kind) == resource_type)
        ]

    def dump(self) -> Json:
        return {"settings": self.settings, "grants": [grant.row() for grant in self._grants.values()]}

    def load(self, dumped: Json) -> None:
        self.settings = dumped["settings"]
        self._grants = {}
        for row in dumped["grants"]:
            principal = row["Principal"]["DataLakePrincipalIdentifier"]
            self.grant(principal, row["Resource"], row["Permissions"], row["PermissionsWithGrantOption"])

    def _begin(self, resource: Json, defaults: list[Json] | None) -> None:
        for principal, permissions in _read_defaults(_OPEN if defaults is None else defaults):
            self.grant(principal, resource, permissions)


def _read_defaults(defaults: list[Json]) -> Iterator[tuple[str, list[Any]]]:
    for each in defaults:
        principal = (each.get("Principal") or {}).get("DataLakePrincipalIdentifier")
        if principal and each.get("Permissions"):
            yield principal, each["Permissions"]


def _covers(resource: Json, grant: Grant) -> bool:
    if _as_known(resource) == _as_known(grant.resource):
        return True
    described = resource.get("Table")
    return (
        described is not None
        and "Name" in described
        and grant.kind == "TableWithColumns"
        and grant.is_of(described["DatabaseName"], described["Name"])
    )
