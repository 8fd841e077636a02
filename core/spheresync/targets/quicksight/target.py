"""QuickSight as a target: data sets and topics of one account and Region, and nothing that others made.

An update replaces a data set whole, so each begins with a look at what stands there, and gives back what others made.
Nothing has versions, and no call takes a condition: the moment between a look and a write stays open.
"""

from __future__ import annotations

from collections.abc import Mapping

from spheresync.config import DriftPolicies
from spheresync.errors import ConfigurationError, TargetError
from spheresync.model import DesiredObject, JsonValue, LiveObject, PhysicalName, Problem, TargetKey
from spheresync.targets.aws.adding_target import AddingTarget
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.protocol import ContainerOutcome, Operation, Outcome
from spheresync.targets.quicksight.probes import PROBES
from spheresync.targets.quicksight.reads import DataSetReader
from spheresync.targets.quicksight.service import NOT_SUBSCRIBED, QUICK_SIGHT_SERVICE, QuickSightService
from spheresync.targets.quicksight.shared import SharedObjects
from spheresync.targets.quicksight.writes import DataSetWriter

_PERMITTED = frozenset({Recovery.ABSENT, Recovery.INVALID, Recovery.CONTENDED})
"""What is answered to whoever may ask about what does not exist."""


class QuickSightTarget(AddingTarget):
    """Data sets and topics of one account and Region.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
        account: whose QuickSight it is.
        key: under which the state keeps what it holds.
    """

    def __init__(self, door: AwsDoor, *, owner: str, drift: DriftPolicies, account: str, key: TargetKey) -> None:
        super().__init__(door, owner, key)
        self._service = QuickSightService(door, account)
        self._shared = SharedObjects(self._service, owner)
        self._reader = DataSetReader(self._service)
        self._writer = DataSetWriter(self._service, self._reader, owner, drift)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Have a data source or a folder."""
        await self._service.open()
        try:
            outcome = await self._shared.ensure(desired)
        except TargetError as error:
            self._writer.refused[desired.container] = error
            raise
        self._writer.refused.pop(desired.container, None)
        self._writer.found_again = self._writer.found_again or not outcome.created
        return outcome

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        await self._service.open()
        return await self._reader.look(container, name, subject=f"{container}.{name}")

    async def perform(self, operation: Operation) -> Outcome:
        """Bring a data set, and its topic, to what they should be; raises as `DataSetWriter.perform`."""
        await self._service.open()
        return await self._writer.perform(operation)

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission with a request that changes nothing: about what does not exist."""
        try:
            await self._service.open()
        except ConfigurationError as error:
            return (self._problem_of(error),)
        found: list[Problem] = []
        for api, params in PROBES.items():
            try:
                await self._ask_for(api, params(self._service))
            except (TargetError, ConfigurationError) as error:
                found.append(self._problem_of(error))
                if isinstance(error, AwsError) and error.code == NOT_SUBSCRIBED:
                    break
        return tuple(found)

    async def _ask_for(self, api: str, params: Mapping[str, JsonValue]) -> None:
        """Find out whether a call is permitted.

        Raises:
            TargetError: it is not, or nobody can say.
        """
        try:
            await self._door.call(QUICK_SIGHT_SERVICE, api, params, subject=f"permission for quicksight:{api}")
        except AwsError as error:
            told = self._service.explained(error, api)
            if told.recovery not in _PERMITTED:
                raise told from error
