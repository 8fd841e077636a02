"""Read the tables that a change set is about to change, so that its reviewer sees what stands there.

A preview must not need AWS: what cannot be looked at is told and planned by what is known, since a run reads each table
again before it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from spheresync.errors import ConfigurationError, SpheresyncError, TargetError
from spheresync.model import AssetId, LiveObject, PhysicalName, Problem
from spheresync.state.records import Checkpoint
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import SPARED, Address, ReadAhead

NOT_LOOKED_AT = "not_looked_at"


class LiveReads:
    """Looks at tables of one target.

    Args:
        target: where they are.
        left: takes the findings.
        expected: where tables may be asked for, roughly in this order; None: nobody reviews the plan, so none is read.
        sizes: how many tables each database is known to hold at least.
    """

    def __init__(
        self,
        target: Target,
        left: list[Problem],
        expected: Iterable[Address] | None,
        sizes: Mapping[PhysicalName, int],
    ) -> None:
        self._target = target
        self._left = left
        self._wanted = expected is not None
        self._ahead = ReadAhead(target, expected or (), sizes)

    async def at(self, changing: Sequence[Checkpoint]) -> dict[AssetId, LiveObject | None]:
        """What stands in place of each of them, None where none is; those that could not be looked at are left out."""
        if not (self._wanted and changing):
            return {}
        addresses = {held.address: held.asset for held in changing}
        try:
            found = await self._ahead.seen(addresses) if len(addresses) >= SPARED else {}
            rest = await look_by_name(self._target, addresses.keys() - found.keys())
        except (TargetError, ConfigurationError) as error:
            self._give_up(error)
            return {}
        for address, hidden in rest.hidden.items():
            self._left.append(Problem.of(addresses[address], NOT_LOOKED_AT, hidden.message, hidden.remedy))
        looked = {**found, **rest.found}
        return {asset: looked.get(at) for at, asset in addresses.items() if at not in rest.hidden}

    def _give_up(self, error: SpheresyncError) -> None:
        """Tell it once: what is left would fail alike."""
        self._wanted = False
        text = f"tables that are to be changed could not be looked at: {error.message} A run looks before it writes."
        self._left.append(Problem("all spaces", NOT_LOOKED_AT, text, error.remedy))
