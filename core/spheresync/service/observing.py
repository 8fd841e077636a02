"""The part of the service that tells how it is doing: status, figures, health, connections."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from anyio.abc import TaskGroup

from spheresync.alerts.alerting import Alerting
from spheresync.alerts.channels import Channels
from spheresync.answers import ConnectionReport, SyncStatus, Vitals
from spheresync.model import Principal, isoformat
from spheresync.observe.measured import measuring
from spheresync.observe.pulse import Pulse
from spheresync.runtime.context import RuntimeContext
from spheresync.service import vitals
from spheresync.service.alert_conditions import Watch
from spheresync.service.alert_once import tell_once
from spheresync.service.authority import Permission, authorize
from spheresync.service.connections import check_channel, send_test, test_connections
from spheresync.service.figures import Figures, figures_of, measured_figures
from spheresync.service.reading import Reading
from spheresync.service.status import sync_status
from spheresync.targets.aws.door import AwsDoor

_PATIENCE = 60.0
"""Seconds for which AWS may throttle an alert before it is put off."""
_SILENCE = 5.0
"""Seconds for which AWS may be silent about one; whoever is about to end waits for it."""
PULSE = 1.0
"""Seconds between two signs of life of a server."""
TOLD_EVERY = 60.0
"""Seconds between two lines with the figures of the state."""

log = logging.getLogger(__name__)


class Observing(Reading):
    """Answers operators and their monitors."""

    def __init__(self, context: RuntimeContext, group: TaskGroup) -> None:
        super().__init__(context)
        self._group = group
        self._pulse = Pulse()
        self._long_lived = False
        door = AwsDoor(workers=2, deadline=_PATIENCE, read_timeout=_SILENCE)
        self._channels = Channels(None if context.settings.env == "dog" else door)
        context.usage.count_also(self._channels.usage)

    def keep_pulse(self) -> None:
        """From now on notice when this process stands still: what a server that is asked for its health does."""
        self._keep_going(self._beat, vitals.EVENT_LOOP, PULSE)

    def tell_figures(self) -> None:
        """From now on log the figures of the state every minute, where the log is for somebody who wants them."""
        if log.isEnabledFor(logging.INFO):
            self._keep_going(self._tell_figures, "figures", TOLD_EVERY)

    def _keep_going(self, step: Callable[[], Awaitable[object]], loop: str, seconds: float = 0.0) -> None:
        """Start a loop of this process; one that fails is repeated, and health says so."""
        self._group.start_soon(partial(self._pulse.keep_going, step, loop=loop, seconds=seconds))

    async def _tell_figures(self) -> None:
        told = measured_figures(await self.figures(), self._context.settings.installation_name)
        log.info("how it stands", extra=measuring(told))

    async def _beat(self) -> None:
        self._pulse.beat(vitals.EVENT_LOOP)

    async def tell_people(self) -> tuple[str, ...]:
        """Tell once what is wrong and what is over, where no process keeps the schedule; see `telling.tell_once`."""
        alerting = self._alerting(Watch(self._context, hurried=True))
        return await tell_once(self._context, alerting)

    def tell_people_soon(self) -> None:
        """As `tell_people`, beside all else, in a server; what does not work is logged. Nothing in a command."""
        if self._long_lived:
            self._group.start_soon(self._tell_people)

    async def _tell_people(self) -> None:
        for failure in await self.tell_people():
            log.warning("%s", failure)

    def alive(self) -> Vitals:
        return vitals.alive(self._pulse)

    async def ready(self) -> Vitals:
        checked = await vitals.ready(self._context, self._pulse)
        told = await vitals.tells(self.sync_status)
        return Vitals(ok=checked.ok and told.ok, checks=[*checked.checks, told])

    async def figures(self) -> Figures:
        return await figures_of(self._context)

    async def sync_status(self) -> SyncStatus:
        return await sync_status(self._context, loops=self._pulse.failing())

    async def test_connections(self) -> ConnectionReport:
        """One finding for each connection; no alert is sent."""
        report = await test_connections(self._context)
        channels = [await check_channel(self._channels, each) for each in self._context.settings.alerts]
        return ConnectionReport(ok=report.ok and all(each.ok for each in channels), items=[*report.items, *channels])

    async def send_test_alerts(self, principal: Principal) -> ConnectionReport:
        """Send a test notice to every channel; one finding for each."""
        authorize(principal, Permission.OPERATE)
        settings, now = self._context.settings, isoformat(self._context.clock())
        sent = [await send_test(self._channels, each, settings, now) for each in settings.alerts]
        return ConnectionReport(ok=all(each.ok for each in sent), items=sent)

    def _alerting(self, watch: Watch) -> Alerting:
        context = self._context
        return Alerting(context.store, lambda: context.settings, watch.look, self._channels, context.clock)
