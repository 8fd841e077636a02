"""What a process does by itself: take over runs, keep the schedule, care for the state, deliver alerts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from spheresync.observe.log_metrics import measuring
from spheresync.runtime.context import RuntimeContext
from spheresync.schedule.scheduler import Scheduler
from spheresync.service.alerts.alert_conditions import AlertConditions
from spheresync.service.alerts.alert_delivery import AlertDelivery
from spheresync.service.health import liveness
from spheresync.service.health.figures import figures_of, measured_figures
from spheresync.service.health.lineage_delivery import LineageDeliveryLoop
from spheresync.service.health.resource_versions import ResourceVersions, resource_versions
from spheresync.service.process_loops import ProcessLoops
from spheresync.service.runs.run_supervisor import RunSupervisor
from spheresync.service.state.housekeeping import care_step

HEARTBEAT = 1.0
"""Seconds between two heartbeats of a server."""
TOLD_EVERY = 60.0
"""Seconds between two lines with the figures of the state."""
CARE = 2.0
"""Seconds between two looks of a server for runs whose process is dead."""

FOLLOWED = 1.0
"""Seconds between two looks for what changed that a client follows."""

log = logging.getLogger(__name__)


class Background:
    """The loops of one process. Nobody asks for their work, so it has no principal but the scheduler's."""

    def __init__(
        self, context: RuntimeContext, loops: ProcessLoops, supervisor: RunSupervisor, alerts: AlertDelivery
    ) -> None:
        self._context = context
        self._lineage = LineageDeliveryLoop(context)
        self._loops = loops
        self._supervisor = supervisor
        self._alerts = alerts

    def watch_event_loop(self) -> None:
        """From now on notice when this process stands still: what a server that is asked for its health does."""
        self._loops.keep_going(self._beat, liveness.EVENT_LOOP, HEARTBEAT)

    def tell_figures(self) -> None:
        """From now on log the figures of the state every minute, where the log is for somebody who wants them."""
        if log.isEnabledFor(logging.INFO):
            self._loops.keep_going(self._tell_figures, "figures", TOLD_EVERY)

    async def _tell_figures(self) -> None:
        told = measured_figures(await figures_of(self._context), self._context.settings.installation_name)
        log.info("how it stands", extra=measuring(told))

    async def _beat(self) -> None:
        self._loops.loop_health.beat(liveness.EVENT_LOOP)

    def look_after_runs(self) -> None:
        """From now on do what a long-lived server does: take over what dead processes leave, care for the state, and
        tell people how runs ended where nobody keeps the schedule, tell lineage.
        """
        self._loops.long_lived = True
        self._loops.keep_going(self._supervisor.take_over_orphans, "runs", CARE)
        self._loops.keep_going(partial(care_step, self._context), "care")
        self._loops.keep_going(self._lineage.step, "lineage")

    def keep_schedule(self) -> None:
        """From now on sync by itself, in tiers, as long as no other process of the state does."""
        alerting = self._alerts.alerting(AlertConditions(self._context))
        self._loops.group.start_soon(
            Scheduler(
                self._context, self._context.jobs, self._supervisor.run_to_end, self._loops.loop_health, alerting
            ).run
        )

    async def resource_versions(self) -> ResourceVersions:
        """What stands for the present content of each thing that clients follow, whichever process changes it."""
        return await resource_versions(self._context)

    def follow_changes(self, look: Callable[[], Awaitable[None]]) -> None:
        """From now on look every second for what has changed."""
        self._loops.keep_going(look, "subscriptions", FOLLOWED)

    async def deliver_lineage(self, *, after: Sequence[str]) -> tuple[str, ...]:
        """Tell once the lineage that changed, to targets that these runs were about; answers what did not work."""
        return await self._lineage.deliver(after=after)

    async def deliver_alerts(self) -> tuple[str, ...]:
        """Tell once what is wrong and what is over, where no process keeps the schedule; answers what did not work."""
        return await self._alerts.deliver()

    def deliver_alerts_soon(self) -> None:
        """As `deliver_alerts`, beside all else, in a server. Nothing in a command."""
        self._alerts.deliver_soon()
