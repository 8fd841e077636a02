"""How the installation is doing: status, liveness, figures, connections."""

from __future__ import annotations

from functools import partial

from spheresync.alerts.channels import Channels
from spheresync.answers import ConnectionReport, PolicyAnswer, SyncStatus, Vitals
from spheresync.model import Principal, isoformat
from spheresync.runtime.context import RuntimeContext
from spheresync.service.authority import Permission, authorize
from spheresync.service.health import liveness
from spheresync.service.health.connections import check_channel, send_test, test_connections
from spheresync.service.health.figures import Figures, figures_of
from spheresync.service.health.policies import smallest_policies
from spheresync.service.health.status import sync_status
from spheresync.service.process_loops import ProcessLoops


class Health:
    """Answers operators and their monitors."""

    def __init__(self, context: RuntimeContext, loops: ProcessLoops, channels: Channels) -> None:
        self._context = context
        self._loops = loops
        self._channels = channels

    def alive(self, principal: Principal) -> Vitals:
        authorize(principal, Permission.READ)
        return liveness.alive(self._loops.loop_health)

    async def ready(self, principal: Principal) -> Vitals:
        authorize(principal, Permission.READ)
        checked = await liveness.ready(self._context, self._loops.loop_health)
        told = await liveness.tells(partial(sync_status, self._context, loops=self._loops.loop_health.failing()))
        return Vitals(ok=checked.ok and told.ok, checks=[*checked.checks, told])

    async def figures(self, principal: Principal) -> Figures:
        authorize(principal, Permission.READ)
        return await figures_of(self._context)

    async def sync_status(self, principal: Principal) -> SyncStatus:
        authorize(principal, Permission.READ)
        return await sync_status(self._context, loops=self._loops.loop_health.failing())

    async def test_connections(self, principal: Principal) -> ConnectionReport:
        """One finding for each connection; no alert is sent."""
        authorize(principal, Permission.OPERATE)
        report = await test_connections(self._context)
        channels = [await check_channel(self._channels, each) for each in self._context.settings.alerts]
        return ConnectionReport(ok=report.ok and all(each.ok for each in channels), items=[*report.items, *channels])

    async def smallest_policies(self, principal: Principal) -> PolicyAnswer:
        """The smallest policy of IAM for each destination; AWS is not asked."""
        authorize(principal, Permission.OPERATE)
        return await smallest_policies(self._context)

    async def send_test_alerts(self, principal: Principal) -> ConnectionReport:
        """Send a test notice to every channel; one finding for each."""
        authorize(principal, Permission.OPERATE)
        settings, now = self._context.settings, isoformat(self._context.clock())
        sent = [await send_test(self._channels, each, settings, now) for each in settings.alerts]
        return ConnectionReport(ok=all(each.ok for each in sent), items=sent)
