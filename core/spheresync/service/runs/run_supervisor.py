"""The runs that this process drives: created, taken over from dead processes, followed."""

from __future__ import annotations

import logging
import secrets
from itertools import count

import anyio

from spheresync.errors import UsageError
from spheresync.execution.run_driver import RunDriver
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    ChangeSetId,
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
    canonical_json,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import pause_after
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress, silent
from spheresync.schedule.control import SCHEDULER
from spheresync.schedule.obsolete_jobs import forget_written
from spheresync.service.alerts.alert_delivery import AlertDelivery
from spheresync.service.process_loops import ProcessLoops
from spheresync.service.runs.progress_feed import POLL, ProgressFeed
from spheresync.state.port import Tx
from spheresync.state.records import RunRecord

log = logging.getLogger(__name__)


class RunSupervisor:
    """Drives runs in the background of this process."""

    def __init__(self, context: RuntimeContext, loops: ProcessLoops, alerts: AlertDelivery) -> None:
        self._context = context
        self._store = context.store
        self._loops = loops
        self._alerts = alerts
        self._driving: dict[RunId, ProgressFeed] = {}

    @property
    def driven_runs(self) -> tuple[RunId, ...]:
        """Runs that this process drives; once closed, those that it left to the next one."""
        return tuple(self._driving)

    async def create(
        self,
        kind: RunKind,
        principal: Principal,
        request: RunRequest,
        *,
        change_set_id: ChangeSetId | None = None,
        join: bool = False,
    ) -> RunRecord:
        run = RunRecord.queued(
            RunId(f"run_{secrets.token_hex(6)}"),
            kind,
            canonical_json(request.to_json()),
            principal,
            owner=self._context.owner,
            at=isoformat(self._context.clock()),
            change_set_id=change_set_id,
        )

        async def create(tx: Tx) -> RunRecord:
            active = await tx.runs.find_active(kind, run.request_digest, principal) if join else None
            if active is None and change_set_id is not None:  # the same call at the same moment answers one run
                active = await tx.runs.by_change_set(change_set_id)
            if active is not None:
                return active
            await tx.runs.create(run)
            if change_set_id is not None:
                await tx.change_sets.attach_run(change_set_id, run.id)
            return run

        created = await self._store.write(create)
        if created is run:
            self._drive(run.id)
        return created

    def _drive(self, run_id: RunId) -> None:
        if run_id not in self._driving:
            self._driving[run_id] = ProgressFeed()
            self._loops.group.start_soon(self._drive_to_end, run_id)

    async def _drive_to_end(self, run_id: RunId) -> None:
        """Drive a run until it has ended; while not even that can be written down, a server tries again and again.

        What keeps it from that is in the feed, for those who wait. A command tells it and ends, and the next process
        takes the run over.
        """
        feed = self._driving[run_id]
        for times in count(1):
            feed.broke = None
            try:
                await RunDriver(self._context, feed.publish, before_end=self._forget_written).drive(run_id)
                break
            except Exception as error:  # noqa: BLE001 -- isolates this run
                feed.broke = product_error(error, f"run {run_id}")
                if isinstance(error, UsageError) or not self._loops.long_lived:
                    break  # there is no such run any more, or nobody stays to try again
                log.warning("run %s cannot go on now: %s", run_id, feed.broke.message)
                await anyio.sleep(pause_after(times))
        if feed.broke is None or self._loops.long_lived:
            del self._driving[run_id]  # not when cancelled: a closed service still tells what it left
        self._alerts.deliver_soon()

    async def _forget_written(self, run: RunRecord) -> None:
        """What a run of somebody else has written the scheduler need not write; its own jobs it ends by itself."""
        try:
            if run.actor.kind is not PrincipalKind.SCHEDULER:
                await forget_written(self._context, self._context.jobs)
        except Exception as error:  # noqa: BLE001 -- keeps no run from its end: in its turn such a job does nothing
            log.warning("%s", product_error(error, f"jobs that run {run.id} has done").message)

    async def ensure_driven(self, run: RunRecord) -> None:
        if run.state.ended or run.id in self._driving:
            return
        if not self._store.is_alive(run.owner):
            self._drive(run.id)

    async def run_to_end(self, request: RunRequest) -> RunRecord:
        run = await self.create(RunKind.SYNC, SCHEDULER, request)
        await self.follow(run.id)
        return await self._store.runs.get(run.id)

    async def follow(self, run_id: str, *, seconds: float | None = None, progress: OnProgress = silent) -> None:
        """Follow a run until it ends or `seconds` are over; take it over if the process that drove it is dead."""
        with anyio.move_on_after(seconds):
            while True:
                run = await self._store.runs.get(RunId(run_id))
                if run.state.ended:
                    break
                await self.ensure_driven(run)
                feed = self._driving.get(run.id)
                if feed is None:
                    await anyio.sleep(POLL)
                    continue
                await feed.follow(progress)
                if feed.broke is not None:
                    raise feed.broke

    async def take_over_orphans(self) -> None:
        for run in await self._store.runs.orphans():
            self._drive(run.id)
