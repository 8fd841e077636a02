"""Reading the Glue Data Catalog: whole listings or an error, and tables as what could be written back.

An UpdateTable takes a TableInput, a GetTable answers with a Table; the members that only a Table has are found in the
installed service model, so that a member AWS adds tomorrow is neither lost nor sent where it is refused.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from spheresync.errors import ConfigurationError, SpheresyncError, TargetError, TargetFault
from spheresync.isolation import isolated_group
from spheresync.model import Digest, JsonValue, LiveObject, PhysicalName, canonical_json
from spheresync.model.json_document import read_own_json
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import NOT_FOUND, AwsError
from spheresync.targets.glue.table_input import fingerprint_of
from spheresync.targets.protocol import Inventory, LiveContainer, cannot_be_seen

if TYPE_CHECKING:
    from botocore.model import ListShape, Shape, StructureShape

GLUE_SERVICE = "glue"
OWNER_KEY = "spheresync.managed-by"
BOUND_KEY = "spheresync.bound-by"
SOURCE_KEY = "spheresync.source"
FINGERPRINT_KEY = "spheresync.fingerprint"
_PAGE = 100  # the most that GetTables and GetDatabases give (reference: aws-catalogs.md 1.1)

Row = Mapping[str, JsonValue]


class GlueReader:
    """Reads databases and tables. `owner` is this installation's `managed-by`."""

    def __init__(self, door: AwsDoor, owner: str) -> None:
        self._door = door
        self._owner = owner

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        """Databases by one listing, then the tables of each wanted one that exists; pages of 100.

        Args:
            containers: the wanted ones; None: all there are.
            and_ours: those that carry our marker are wanted too.
            apart: a database whose tables cannot be listed is told by itself, as long as the others can be.

        Raises:
            TargetError: any page failed; there is no shorter inventory.
        """
        pages = self._pages("GetDatabases", {}, "DatabaseList", "the catalog")
        listed = [self._container(row) async for rows in pages for row in rows]
        found = {c.name: c for c in listed if containers is None or c.name in containers or (and_ours and c.ours)}
        tables: dict[PhysicalName, list[LiveObject]] = {}
        failures: list[SpheresyncError] = []
        unseen: dict[PhysicalName, TargetError] = {}
        async with isolated_group() as group:

            async def read(database: PhysicalName) -> None:
                try:
                    tables[database] = await self._tables(database)
                except SpheresyncError as error:
                    if apart and isinstance(error, TargetError) and not error.systemic:
                        unseen[database] = error
                        return
                    failures.append(error)
                    group.cancel_scope.cancel()

            for database in found:
                group.start_soon(read, database)
        if failures:
            raise failures[0]
        seen = {database: found[database] for database in sorted(found) if database in tables}
        return Inventory(seen, tuple(live for database in seen for live in tables[database]), unseen)

    async def database(self, name: PhysicalName) -> LiveContainer | None:
        """A database now, or None where there is none."""
        try:
            reply = await self._door.call(GLUE_SERVICE, "GetDatabase", {"Name": name}, subject=f"database {name}")
        except AwsError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return self._container(cast("Row", answered(reply.body, "Database", "GetDatabase", str(name))))

    async def table(
        self, container: PhysicalName, name: PhysicalName, *, subject: str, admitted: bool = False
    ) -> LiveObject | None:
        """A table now, or None where there is no such table or database; `admitted` as of `AwsDoor.call`.

        Raises:
            TargetError: what the service answered; DENIED says that the table cannot be seen, and not that it is gone.
        """
        params = {"DatabaseName": container, "Name": name}
        try:
            reply = await self._door.call(GLUE_SERVICE, "GetTable", params, subject=subject, admitted=admitted)
        except AwsError as error:
            if error.code == NOT_FOUND:
                return None
            if cannot_be_seen(error):
                said = error.message.removeprefix(f"{subject}: ")
                raise TargetError(
                    TargetFault.DENIED,
                    f"{subject}: the table cannot be seen, so it is left alone: {said}",
                    remedy="Grant glue:GetTable on it, and DESCRIBE where Lake Formation decides.",
                    request_id=error.request_id,
                ) from error
            raise
        row = cast("Row", answered(reply.body, "Table", "GetTable", subject))
        return self._live(container, row, await self._members())

    async def table_pages(self, database: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        """The tables of a database, 100 at a time.

        Raises:
            TargetError: NO_CONTAINER where there is no such database; or a page failed, and what follows is not known.
        """
        members = await self._members()
        subject = f"the tables of database {database}"
        try:
            async for rows in self._pages("GetTables", {"DatabaseName": database}, "TableList", subject):
                yield tuple(self._live(database, row, members) for row in rows)
        except AwsError as error:
            if error.code != NOT_FOUND:
                raise
            text = f"database {database} does not exist."
            raise TargetError(TargetFault.NO_CONTAINER, text, request_id=error.request_id) from error

    async def _tables(self, database: PhysicalName) -> list[LiveObject]:
        members = await self._members()
        subject = f"the tables of database {database}"
        pages = self._pages("GetTables", {"DatabaseName": database}, "TableList", subject)
        return [self._live(database, row, members) async for rows in pages for row in rows]

    async def _pages(self, operation: str, params: Row, member: str, subject: str) -> AsyncIterator[list[Row]]:
        token: JsonValue = None
        seen: set[JsonValue] = set()
        while True:
            page = {**params, "MaxResults": _PAGE, **({"NextToken": token} if token else {})}
            reply = await self._door.call(GLUE_SERVICE, operation, page, subject=subject)
            yield cast("list[Row]", answered(reply.body, member, operation, subject))
            token = reply.body.get("NextToken")
            if not token:
                return
            if not isinstance(token, str) or token in seen:
                raise TargetError(
                    TargetFault.FAILED,
                    f"{subject}: {operation} leads back to a page that was already read, so the listing has no end.",
                    remedy="Run again; if it stays, check what AWS_ENDPOINT_URL points at.",
                )
            seen.add(token)

    async def _members(self) -> WritableMembers:
        """The members of a TableInput, by the installed model."""
        line = await self._door.line(GLUE_SERVICE)
        model = line.client.meta.service_model
        taken, given = (cast("StructureShape", model.shape_for(name)) for name in ("TableInput", "Table"))
        other = {name: shape for name, shape in taken.members.items() if shape.name != given.members[name].name}
        return WritableMembers(frozenset(taken.members), other)

    async def find_catalog(self) -> str | None:
        """The id of the catalog that answers, None where nobody can say.

        Each database names it. Where there is none, STS says whose credentials they are.

        Raises:
            TargetError: Glue did not answer, or another catalog did than is expected.
        """
        own = self._door.own_catalog
        if own.seen is None:
            reply = await self._door.call(GLUE_SERVICE, "GetDatabases", {"MaxResults": 1}, subject="the catalog")
            for row in cast("list[Row]", answered(reply.body, "DatabaseList", "GetDatabases", "the catalog")):
                own.answered(row.get("CatalogId"))
        if own.seen is None:
            own.answered(await self._account())
        return own.seen

    async def _account(self) -> JsonValue:
        try:
            reply = await self._door.call("sts", "GetCallerIdentity", {}, subject="the account in use")
        except (TargetError, ConfigurationError):  # STS may be out of reach where Glue is not
            return None
        return reply.body.get("Account")

    def _live(self, container: PhysicalName, table: Row, members: WritableMembers) -> LiveObject:
        live = live_object(container, table, members)
        if live.owner == self._owner:
            self._door.own_catalog.answered(table.get("CatalogId"))
        else:  # a resource link shows tables of other catalogs, which are none of ours
            self._door.own_catalog.may_be(table.get("CatalogId"))
        return live

    def _container(self, row: Row) -> LiveContainer:
        self._door.own_catalog.answered(row.get("CatalogId"))
        parameters = _texts(row.get("Parameters"))
        owner = parameters.get(OWNER_KEY)
        name = PhysicalName(str(row["Name"]))
        return LiveContainer(
            name,
            ours=owner == self._owner,
            owner=owner,
            source=parameters.get(SOURCE_KEY),
            closed=self._closed(name, owner, row),
        )

    def _closed(self, name: PhysicalName, owner: str | None, row: Row) -> TargetError | None:
        """Why no table is made in a database: what is made there is at another place, or in another's care."""
        if row.get("TargetDatabase"):
            what, else_ = "is a resource link to a database of another catalog", "remove the link"
        elif row.get("FederatedDatabase"):
            what, else_ = "is a federated database, whose tables another system holds", "remove it"
        elif owner is not None and owner != self._owner:
            what = f"belongs to {owner}, another installation"
            else_ = f"if that is the former name of this one, set `installation: {owner.removeprefix('spheresync:')}`"
        else:
            return None
        remedy = f"Give these assets another database by `prefix:` or a mapping rule (`database:`), or {else_}."
        return TargetError(TargetFault.CONFLICT, f"database {name} {what}; no table is made in it.", remedy=remedy)


@dataclass(frozen=True, slots=True)
class WritableMembers:
    """The `names` of the members that an update takes; those in `other` it takes in another shape than it gives."""

    names: frozenset[str]
    other: Mapping[str, Shape]

    def refused(self, table: Row) -> str | None:
        """The first member of a table that could not be written back as it is, None where all could."""
        for name, shape in self.other.items():
            value = table.get(name)
            if value and (path := _misfit(value, shape, name)) is not None:
                return path
        return None


def _misfit(value: JsonValue, shape: Shape, path: str) -> str | None:
    """Where a value holds a member that its shape does not have."""
    if isinstance(value, dict) and shape.type_name == "structure":
        members = cast("StructureShape", shape).members
        for name, each in value.items():
            here = f"{path}.{name}"
            found = _misfit(each, members[name], here) if name in members else here
            if found is not None:
                return found
    elif isinstance(value, list) and shape.type_name == "list":
        inner = cast("ListShape", shape).member
        return next((found for each in value if (found := _misfit(each, inner, path)) is not None), None)
    return None


def answered(body: Row, member: str, operation: str, subject: str) -> JsonValue:
    """The member that a read is about.

    Raises:
        TargetError: the answer does not hold it, so it tells nothing; it is never taken for an empty one.
    """
    if body.get(member) is None:
        raise TargetError(
            TargetFault.FAILED,
            f"{subject}: the answer of glue:{operation} holds no {member}.",
            remedy="Check what AWS_ENDPOINT_URL and the proxy point at, then run again.",
        )
    return body[member]


def live_object(container: PhysicalName, table: Row, members: WritableMembers) -> LiveObject:
    """A Table as a live object; `body` is the TableInput that would write it back as it is."""
    written = {name: value for name, value in table.items() if name in members.names and value is not None}
    parameters = _texts(table.get("Parameters"))
    claimed = parameters.get(FINGERPRINT_KEY)
    version = table.get("VersionId")
    return LiveObject(
        container=container,
        name=PhysicalName(str(table["Name"])),
        version=None if version is None else str(version),
        body=canonical_json(written),
        owner=parameters.get(OWNER_KEY),
        source=parameters.get(SOURCE_KEY),
        digest=None if claimed is None else Digest(claimed),
        intact=claimed is not None and fingerprint_of(written) == claimed,
        changed_at=_text(table.get("UpdateTime")),
        created_by=_text(table.get("CreatedBy")),
        read_at=time.monotonic(),
        bound_by=parameters.get(BOUND_KEY),
        unwritable=members.refused(table),
    )


def table_input(body: bytes) -> dict[str, JsonValue]:
    """A body as the TableInput it is the canonical JSON of."""
    return cast("dict[str, JsonValue]", read_own_json(body))


def _text(value: JsonValue) -> str | None:
    return str(value) if value else None


def _texts(value: JsonValue) -> Mapping[str, str]:
    return {name: str(text) for name, text in value.items()} if isinstance(value, dict) else {}
