"""Deliver alerts where no process keeps the schedule."""

from __future__ import annotations

import logging

from spheresync.alerts.alerting import Alerting
from spheresync.alerts.channels import Channels
from spheresync.runtime.context import RuntimeContext
from spheresync.service.alerts.alert_conditions import AlertConditions
from spheresync.service.alerts.unscheduled_alerts import deliver_once
from spheresync.service.process_loops import ProcessLoops
from spheresync.targets.aws.door import AwsDoor

_THROTTLED_AT_MOST = 60.0
"""Seconds for which AWS may throttle an alert before it is put off."""
_SILENT_AT_MOST = 5.0
"""Seconds for which AWS may be silent about one; whoever is about to end waits for it."""

log = logging.getLogger(__name__)


class AlertDelivery:
    """The channels of alerts of this process."""

    def __init__(self, context: RuntimeContext, loops: ProcessLoops) -> None:
        self._context = context
        self._loops = loops
        door = AwsDoor(workers=2, deadline=_THROTTLED_AT_MOST, read_timeout=_SILENT_AT_MOST)
        self.channels = Channels(None if context.settings.env.is_embedded else door)
        context.usage.count_also(self.channels.usage)

    async def deliver(self) -> tuple[str, ...]:
        """Tell once what is wrong and what is over, where no process keeps the schedule; see `deliver_once`."""
        alerting = self.alerting(AlertConditions(self._context, hurried=True))
        return await deliver_once(self._context, alerting)

    def deliver_soon(self) -> None:
        """As `deliver`, beside all else, in a server; what does not work is logged. Nothing in a command."""
        if self._loops.long_lived:
            self._loops.group.start_soon(self._deliver)

    async def _deliver(self) -> None:
        for failure in await self.deliver():
            log.warning("%s", failure)

    def alerting(self, watch: AlertConditions) -> Alerting:
        context = self._context
        return Alerting(context.store, lambda: context.settings, watch.look, self.channels, context.clock)
