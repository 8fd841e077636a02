"""What stands where tables are about to be changed: read a page at a time where that spares calls.

A table is read right before it is changed. Where a good part of a database changes, a page of its listing reads a
hundred tables with one call; pages are read no earlier than the next tables to be written are on them, so that little
time passes between a read and its write. What no page held, or what was held back too long, is left to be read by name.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from spheresync.errors import TargetError, TargetFault
from spheresync.model import Address, LiveObject, PhysicalName
from spheresync.observe.incidents import product_error
from spheresync.targets.protocol import Target

PAGE = 100
"""Tables of a page."""
SPARED = 10
"""So many reads by name a page must spare on average, for it weighs more than one of them."""
MOST_KEPT = 1_000
"""Tables that were read and wait for their turn, at most."""
FRESH = 5.0
"""Seconds after which a table that was read is read again before it is written."""


log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Walk:
    """A listing that is read as far as it is needed. `left` bounds it: a database may hold many tables of others."""

    pages: AsyncIterator[tuple[LiveObject, ...]]
    wanted: set[PhysicalName]
    left: int
    found: dict[PhysicalName, LiveObject] = field(default_factory=dict)


class RecentReads:
    """Tables that a plan had to read by name, for the run that applies it at once: what is fresh is not read again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[Address, tuple[float, LiveObject]] = {}

    def note(self, live: LiveObject) -> None:
        """A table was just read."""
        if len(self._found) < MOST_KEPT:
            self._found[live.address] = (self._clock(), live)

    def take(self, addresses: Iterable[Address]) -> dict[Address, LiveObject]:
        """Those of them that were read a moment ago. Each is handed out once."""
        taken = {address: found for address in addresses if (found := self._found.pop(address, None)) is not None}
        return {address: live for address, (at, live) in taken.items() if self._clock() - at <= FRESH}


class ReadAhead:
    """Reads the tables of one target that are about to be changed.

    Args:
        target: where they are.
        addresses: all that will be asked for; each once, roughly in this order.
        sizes: how many tables each database is known to hold at least.
    """

    def __init__(self, target: Target, addresses: Iterable[Address], sizes: Mapping[PhysicalName, int]) -> None:
        wanted: dict[PhysicalName, set[PhysicalName]] = defaultdict(set)
        for container, name in addresses:
            wanted[container].add(name)
        self._walks: dict[PhysicalName, _Walk] = {}
        for container, names in wanted.items():
            pages = -(-max(sizes.get(container, 0), len(names)) // PAGE)
            if len(names) >= SPARED * pages:
                self._walks[container] = _Walk(target.pages(container), names, left=len(names) // SPARED)

    async def seen(self, addresses: Iterable[Address]) -> dict[Address, LiveObject]:
        """Those of them that pages held; the others are to be read by name.

        Raises:
            TargetError: the credentials are not taken, so that nothing else will be answered either.
        """
        needed: dict[PhysicalName, set[PhysicalName]] = defaultdict(set)
        for container, name in addresses:
            if container in self._walks:
                needed[container].add(name)
        seen: dict[Address, LiveObject] = {}
        for container, names in needed.items():
            walk = self._walks[container]
            while walk.left and not names <= walk.found.keys():
                await self._turn_page(container, walk, names)
            for name in names & walk.found.keys():
                seen[Address(container, name)] = walk.found.pop(name)
        return seen

    async def _turn_page(self, container: PhysicalName, walk: _Walk, needed: set[PhysicalName]) -> None:
        walk.left -= 1
        try:
            page = await anext(walk.pages, None)
        except Exception as error:
            if isinstance(error, TargetError) and error.systemic and error.fault is TargetFault.DENIED:
                raise
            told = product_error(error, f"listing of database {container}").message
            log.info("tables of database %s are read one by one: %s", container, told)
            page = None
        if page is None:
            walk.left = 0
            return
        room = MOST_KEPT - sum(len(each.found) for each in self._walks.values())
        for live in page:
            if live.name in needed or (live.name in walk.wanted and room > 0):
                walk.found[live.name] = live
                room -= 1
