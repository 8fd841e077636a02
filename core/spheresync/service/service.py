"""The one service behind every face, composed of parts.

Opened once in a process. It answers from the local state; only discovery reads Datasphere and only runs write to
AWS. Every public method of a part takes the principal that asks, and checks its role first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio.abc import TaskGroup

from spheresync.config import Settings, SettingsSource
from spheresync.isolation import isolated_group
from spheresync.model import RunId
from spheresync.runtime.context import RuntimeContext
from spheresync.service.alerts.alert_delivery import AlertDelivery
from spheresync.service.assembly import open_context
from spheresync.service.audit.audit import Audit
from spheresync.service.audit.tool_call_records import ToolCallRecords
from spheresync.service.background import Background
from spheresync.service.catalog.catalog import Catalog
from spheresync.service.catalog.first_discovery import FirstDiscovery
from spheresync.service.changes.changes import Changes
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.service.drift.drift import Drift
from spheresync.service.health.health import Health
from spheresync.service.process_loops import ProcessLoops
from spheresync.service.runs.run_supervisor import RunSupervisor
from spheresync.service.runs.runs import Runs
from spheresync.service.runs.stored_runs import StoredRuns
from spheresync.service.schedule.schedule import Schedule
from spheresync.service.sign_in.sign_in import SignIn
from spheresync.service.state.state import State
from spheresync.service.undo.undo import Undo


@dataclass(frozen=True, slots=True)
class Service:
    """What users of the product can ask for, without any face; `background` is what the process does by itself."""

    catalog: Catalog
    changes: Changes
    runs: Runs
    drift: Drift
    undo: Undo
    schedule: Schedule
    audit: Audit
    tool_calls: ToolCallRecords
    health: Health
    state: State
    sign_in: SignIn
    background: Background
    context: RuntimeContext
    supervisor: RunSupervisor

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def driven_runs(self) -> tuple[RunId, ...]:
        """Runs that this process drives; once closed, those that it left to the next one."""
        return self.supervisor.driven_runs

    @staticmethod
    @asynccontextmanager
    async def open(settings_source: SettingsSource, *, asked: bool = False) -> AsyncIterator[Service]:
        """Open the state, and in dog the embedded simulators; everything is closed on the way out.

        A run that is still going when the service closes stays as it is: the next process takes it over.

        Args:
            settings_source: where settings come from.
            asked: the process was started for one request, so that what is read on the way in answers it too. What a
                server is asked comes later, and only a reading that began after it does.

        Raises:
            ConfigurationError: settings cannot be used.
            StateError: the state is of another tenant or a newer program, or cannot be opened.
        """
        async with open_context(settings_source) as context, isolated_group() as group:
            first = FirstDiscovery(context)
            service = compose(context, group, first)
            await first.run(asked=asked)
            try:
                yield service
            finally:
                group.cancel_scope.cancel()
                await context.usage.record_at_last()


def compose(context: RuntimeContext, group: TaskGroup, first: FirstDiscovery) -> Service:
    """Make the parts of the service, each with what it needs."""
    loops = ProcessLoops(group)
    alerts = AlertDelivery(context, loops)
    supervisor = RunSupervisor(context, loops, alerts)
    change_sets = StoredChangeSets(context)
    return Service(
        catalog=Catalog(context, first),
        changes=Changes(context, change_sets, first),
        runs=Runs(context, supervisor, StoredRuns(context, change_sets)),
        drift=Drift(context),
        undo=Undo(context, change_sets),
        schedule=Schedule(context),
        audit=Audit(context),
        tool_calls=ToolCallRecords(context),
        health=Health(context, loops, alerts.channels),
        state=State(context),
        sign_in=SignIn(context),
        background=Background(context, loops, supervisor, alerts),
        context=context,
        supervisor=supervisor,
    )
