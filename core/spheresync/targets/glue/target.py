"""The Glue Data Catalog as a target."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

from spheresync.config import DriftPolicies
from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.model import (
    GLUE,
    Action,
    Address,
    DesiredObject,
    JsonValue,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
)
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import ALREADY_EXISTS, NOT_FOUND, AwsError
from spheresync.targets.glue.crawlers import endangered_by_crawlers
from spheresync.targets.glue.reads import GLUE_SERVICE, OWNER_KEY, GlueReader, table_input
from spheresync.targets.glue.restores import GlueRestorer
from spheresync.targets.glue.writes import ATTEMPTS, GlueWriter
from spheresync.targets.protocol import (
    BodyChange,
    ContainerOutcome,
    Inventory,
    LiveContainer,
    Operation,
    Outcome,
    Usage,
)

#: A database that does not exist: what is asked of it is either refused or not found, and changes nothing.
DEFAULT_PROBE = PhysicalName("spheresync_doctor_probe")
_DEFAULT_KEY = TargetKey(GLUE)


class GlueTarget:
    """Databases and tables of one account and Region.

    Args:
        door: the way to AWS, shared by all targets of the process.
        owner: this installation's `spheresync.managed-by`; what does not carry it is never changed or deleted.
        drift: what to do about other people's edits (CONTRACT.md, `drift:`).
        probe: name of a database that must not exist, for `check`; with the installation's prefix, so that
            permissions granted by database name cover it.
        key: under which the state keeps what it holds.
    """

    def __init__(
        self,
        door: AwsDoor,
        *,
        owner: str,
        drift: DriftPolicies,
        probe: PhysicalName = DEFAULT_PROBE,
        key: TargetKey = _DEFAULT_KEY,
    ) -> None:
        self._door = door
        self._key = key
        self._owner = owner
        self._probe = probe
        self._reader = GlueReader(door, owner)
        door.prove_catalog_by(self._reader.find_catalog)
        self._writer = GlueWriter(door, self._reader, owner, drift)
        self._restorer = GlueRestorer(door, self._writer)

    @property
    def key(self) -> TargetKey:
        return self._key

    @property
    def usage(self) -> Usage:
        return self._door.usage

    @property
    def catalog(self) -> str | None:
        return self._door.own_catalog.seen

    def expect(self, catalog: str | None) -> None:
        self._door.own_catalog.expect(catalog)

    async def find_catalog(self) -> str | None:
        return await self._reader.find_catalog()

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        return await self._reader.inventory(containers, and_ours=and_ours, apart=apart)

    def pages(self, container: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        return self._reader.table_pages(container)

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        return await self._reader.table(container, name, subject=f"{container}.{name}")

    async def container(self, name: PhysicalName) -> LiveContainer | None:
        return await self._reader.database(name)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Create the database if it does not exist. Where creating is not allowed, one that exists is enough.

        An answer that leaves open what was done is followed by a look, and by another try where the look finds none.
        """
        database = table_input(desired.body)
        subject = f"database {desired.container}"
        in_doubt = False
        error: AwsError | None = None
        for attempt in range(ATTEMPTS):
            if error is not None:
                await self._door.pause(attempt)
            try:
                reply = await self._door.call(
                    GLUE_SERVICE, "CreateDatabase", {"DatabaseInput": database}, subject=subject, write=True
                )
            except AwsError as failed:
                error, in_doubt = failed, in_doubt or failed.uncertain
                live = await self._look_after(failed, desired.container)
                if live is not None and live.closed is not None:
                    raise live.closed from failed
                if live is not None:
                    return ContainerOutcome(desired.container, created=in_doubt and live.ours, ours=live.ours)
                if not failed.needs_look:
                    raise
            else:
                ours = _owner_of(database) == self._owner
                return ContainerOutcome(desired.container, created=True, ours=ours, request_id=reply.request_id)
        assert error is not None
        raise error

    async def _look_after(self, failed: AwsError, container: PhysicalName) -> LiveContainer | None:
        """The database that a CreateDatabase was refused for, None where there is none or nobody can tell."""
        exists = failed.code == ALREADY_EXISTS
        if failed.systemic or not (exists or failed.needs_look or failed.fault is TargetFault.DENIED):
            return None
        try:
            return await self._reader.database(container)
        except AwsError as hidden:
            if hidden.fault is not TargetFault.DENIED or hidden.systemic:
                raise
            # It is there, and its owner is nobody's business here: that is enough to write tables into it.
            return LiveContainer(container, ours=False) if exists else None

    async def perform(self, operation: Operation) -> Outcome:
        """Do one operation; see `GlueWriter` and `GlueRestorer` for what each of them sends.

        Raises:
            TargetError: CONFLICT (not ours), MOVED (changed by somebody else since the plan), INVALID (over a limit,
                nothing was sent), or what the service answered.
            ValueError: the action writes nothing.
        """
        match operation.action:
            case Action.CREATE if operation.exact:
                return await self._restorer.create(operation)
            case Action.CREATE:
                return await self._writer.create(operation)
            case Action.UPDATE | Action.METADATA_ONLY | Action.RETIRE if operation.exact:
                return await self._restorer.update(operation)
            case Action.UPDATE | Action.METADATA_ONLY | Action.RETIRE:
                return await self._writer.update(operation)
            case Action.DELETE:
                return await self._writer.delete(operation)
            case _:
                raise ValueError(f"{operation.action} of {operation.subject} writes nothing to Glue")

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission with a request that cannot change anything.

        IAM decides before Glue looks for the database, so that a permitted request about one that does not exist is
        answered EntityNotFound (not verified on AWS for accounts where Lake Formation decides). CreateDatabase can
        not be asked for without creating one; it is found out by the first sync.
        """
        try:
            await self._door.call(GLUE_SERVICE, "GetDatabases", {"MaxResults": 1}, subject="the catalog")
            if await self._reader.database(self._probe) is not None:
                text = f"database {self._probe} exists, so permissions to write could not be tested."
                return (Problem.of_target(self._key, "probe_exists", text, "Delete that database if nobody needs it."),)
        except TargetError as error:
            return (Problem.of_target(self._key, error.fault, error.message, error.remedy),)
        except ConfigurationError as error:
            return (Problem.of_target(self._key, "configuration", error.message, "Correct the AWS configuration."),)
        found = [await self._permission(api, params) for api, params in self._probes()]
        return tuple(problem for problem in found if problem is not None)

    async def concerned(self, changes: Sequence[BodyChange]) -> tuple[Problem, ...]:  # noqa: ARG002 -- tables grant nothing
        return ()

    async def endangered(self, there: Collection[Address]) -> tuple[Problem, ...]:
        return await endangered_by_crawlers(self._door, self._key, there)

    def _probes(self) -> tuple[tuple[str, dict[str, JsonValue]], ...]:
        database: dict[str, JsonValue] = {"DatabaseName": self._probe}
        table: JsonValue = {"Name": "spheresync_probe"}
        return (
            ("GetTables", {**database, "MaxResults": 1}),
            ("GetTable", {**database, "Name": "spheresync_probe"}),
            ("CreateTable", {**database, "TableInput": table}),
            ("UpdateTable", {**database, "TableInput": table}),
            ("DeleteTable", {**database, "Name": "spheresync_probe"}),
        )

    async def _permission(self, api: str, params: dict[str, JsonValue]) -> Problem | None:
        try:
            await self._door.call(GLUE_SERVICE, api, params, subject=f"permission for glue:{api}")
        except AwsError as error:
            if error.code == NOT_FOUND:
                return None
            grant = f"Grant glue:{api} on what is to be written, in IAM and, where it decides, in Lake Formation."
            remedy = grant if error.recovery is Recovery.DENIED else error.remedy
            return Problem.of_target(self._key, error.fault, error.message, remedy)
        return None


def _owner_of(database: dict[str, JsonValue]) -> JsonValue:
    parameters = database.get("Parameters")
    return parameters.get(OWNER_KEY) if isinstance(parameters, dict) else None
