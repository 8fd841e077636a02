"""What all targets of AWS have in common that add to the tables of Glue, and have no containers of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

from spheresync.errors import ConfigurationError, TargetError
from spheresync.model import LiveObject, PhysicalName, Problem, TargetKey
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.protocol import Inventory, LiveContainer, Target, Usage


class AddingTarget(Target):
    """The part of the protocol that is the same for each of them: the tables are Glue's, and nothing lists what stands
    on them.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        key: under which the state keeps what it holds.
    """

    def __init__(self, door: AwsDoor, owner: str, key: TargetKey) -> None:
        self._door = door
        self._owner = owner
        self._key = key

    @property
    def key(self) -> TargetKey:
        return self._key

    @property
    def catalog(self) -> str | None:
        return self._door.own_catalog.seen

    def expect(self, catalog: str | None) -> None:
        """The target whose tables these are has seen to that it is the one before."""

    async def find_catalog(self) -> str | None:
        return self.catalog

    @property
    def usage(self) -> Usage:
        return self._door.usage

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        """Nothing: what stands on each table is read by its name."""
        return Inventory({}, ())

    async def pages(self, container: PhysicalName) -> AsyncIterator[tuple[LiveObject, ...]]:
        """Nothing, as of `inventory`."""
        nothing: tuple[tuple[LiveObject, ...], ...] = ()
        for page in nothing:
            yield page

    async def container(self, name: PhysicalName) -> LiveContainer | None:
        return LiveContainer(name, ours=True, owner=self._owner)

    def _problem_of(self, error: TargetError | ConfigurationError, remedy: str | None = None) -> Problem:
        """What stands in the way of this target; `remedy`: where there is a better one than the error's."""
        if isinstance(error, ConfigurationError):
            return Problem.of_target(self._key, "configuration", error.message, "Correct the AWS configuration.")
        return Problem.of_target(self._key, error.fault, error.message, error.remedy if remedy is None else remedy)
