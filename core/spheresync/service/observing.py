"""The part of the service that tells how it is doing: status, figures, health, connections."""

from __future__ import annotations

import anyio
from anyio.abc import TaskGroup

from spheresync.answers import ConnectionReport, SyncStatus, Vitals
from spheresync.observe.pulse import Pulse
from spheresync.run.workshop import Workshop
from spheresync.service import vitals
from spheresync.service.connections import test_connections
from spheresync.service.figures import Figures, figures_of
from spheresync.service.reading import Reading
from spheresync.service.status import sync_status

PULSE = 1.0
"""Seconds between two signs of life of a server."""


class Observing(Reading):
    """Answers operators and their monitors."""

    def __init__(self, workshop: Workshop, group: TaskGroup) -> None:
        super().__init__(workshop)
        self._group = group
        self._pulse = Pulse()

    def keep_pulse(self) -> None:
        """From now on notice when this process stands still: what a server that is asked for its health does."""
        self._group.start_soon(self._keep_pulse)

    async def _keep_pulse(self) -> None:
        while True:
            self._pulse.beat(vitals.EVENT_LOOP)
            await anyio.sleep(PULSE)

    def alive(self) -> Vitals:
        return vitals.alive(self._pulse)

    async def ready(self) -> Vitals:
        return await vitals.ready(self._workshop, self._pulse)

    async def figures(self) -> Figures:
        return await figures_of(self._workshop)

    async def sync_status(self) -> SyncStatus:
        return await sync_status(self._workshop)

    async def test_connections(self) -> ConnectionReport:
        return await test_connections(self._workshop)
