"""Read the tables that a change set is about to change, so that its reviewer sees what stands there.

A preview must not need AWS: what cannot be looked at is told and planned by what is known, since a run reads each table
again before it writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from spheresync.errors import ConfigurationError, SpheresyncError, TargetError
from spheresync.model import Address, AssetId, LiveObject, PhysicalName, Problem
from spheresync.model.words import ALL_SPACES
from spheresync.state.records import Checkpoint
from spheresync.targets.look_by_name import look_by_name
from spheresync.targets.protocol import Target
from spheresync.targets.read_ahead import SPARED, ReadAhead

NOT_LOOKED_AT = "not_looked_at"


class LiveReads:
    """Looks at tables of one target.

    Args:
        target: where they are.
        left: takes the findings.
        expected: where tables may be asked for, roughly in this order; None: nobody reviews the plan, so none is read.
        sizes: how many tables each database is known to hold at least.
        owner: this installation's mark of ownership.
    """

    def __init__(
        self,
        target: Target,
        left: list[Problem],
        expected: Iterable[Address] | None,
        sizes: Mapping[PhysicalName, int],
        owner: str,
    ) -> None:
        self._owner = owner
        self._target = target
        self._left = left
        self._wanted = expected is not None
        self._ahead = ReadAhead(target, expected or (), sizes)

    async def taken(self, newcomers: Collection[Address]) -> set[Address]:
        """At which of the addresses that new tables are to have somebody else's stands already."""
        if not (self._wanted and newcomers):
            return set()
        by_container: dict[PhysicalName, set[Address]] = defaultdict(set)
        for address in newcomers:
            by_container[address[0]].add(address)
        found: list[LiveObject] = []
        try:
            for container, wanted in by_container.items():
                found += await self._standing(container, wanted)
        except (TargetError, ConfigurationError) as error:
            self._give_up(error)
        return {live.address for live in found if live.owner != self._owner} & set(newcomers)

    async def _standing(self, container: PhysicalName, wanted: Collection[Address]) -> list[LiveObject]:
        """Objects of one container, those at the wanted addresses among them; few are asked for by name."""
        if len(wanted) < SPARED:
            return [*(await look_by_name(self._target, wanted)).found.values()]
        return [live async for page in self._target.pages(container) for live in page]

    async def at(self, changing: Sequence[Checkpoint]) -> dict[AssetId, LiveObject | None]:
        """What stands in place of each of them, None where none is; those that could not be looked at are left out."""
        return await self.standing({checkpoint.address: checkpoint.asset for checkpoint in changing})

    async def standing(self, addresses: Mapping[Address, AssetId]) -> dict[AssetId, LiveObject | None]:
        """As `at`, by the addresses of objects of which the state may know nothing."""
        if not (self._wanted and addresses):
            return {}
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
        text = f"tables that are to be changed or made could not be looked at: {error.message}"
        text = f"{text} A run looks before it writes."
        self._left.append(Problem(ALL_SPACES, NOT_LOOKED_AT, text, error.remedy))
