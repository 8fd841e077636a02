"""The one service behind every face.

Opened once in a process. It answers from the local state; only discovery reads Datasphere and only runs write to
AWS. Mutating methods start a durable run and answer at once; `wait` follows a run to its end, and drives it where no
living process does.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import anyio
from anyio.abc import TaskGroup

from spheresync.answers import (
    ChangeSetAnswer,
    DiscoveryAnswer,
    RunAnswer,
)
from spheresync.config import Settings, SettingsSource
from spheresync.discovery.shared_discovery import LAST_DISCOVERY, SharedDiscovery
from spheresync.errors import RefusedError, UsageError
from spheresync.execution.required_approvals import require_approved_promotion, unapproved_promotion
from spheresync.execution.run_driver import RunDriver, RunRequest
from spheresync.isolation import isolated_group
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import (
    ChangeSetId,
    Principal,
    Problem,
    RunId,
    RunState,
    ScopeRequest,
    canonical_json,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.observe.pulse import pause_after
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import Scope, checked_scope, require_found
from spheresync.runtime.unread import by_its_space, is_unread, not_reached
from spheresync.runtime.unspellable_names import unspellable_spaces
from spheresync.schedule.control import SCHEDULER
from spheresync.schedule.scheduler import Scheduler
from spheresync.schedule.settled_jobs import forget_written
from spheresync.service import rows
from spheresync.service.alert_conditions import Watch
from spheresync.service.approving import Approving, require_current
from spheresync.service.assembly import open_context
from spheresync.service.authority import Permission, authorize
from spheresync.service.care import care_step
from spheresync.service.drifting import Drifting
from spheresync.service.keeping import Keeping
from spheresync.service.observing import Observing
from spheresync.service.progress_feed import POLL, ProgressFeed
from spheresync.service.selection import (
    require_within_known_spaces,
    require_within_spaces,
    require_within_tiers,
)
from spheresync.service.steering import Steering
from spheresync.service.undoing import Undoing
from spheresync.state.port import Tx
from spheresync.state.records import AuditEvent, ChangeSetRecord, RunRecord

CARE = 2.0
"""Seconds between two looks of a server for runs whose process is dead."""
CANCEL_WAIT = 10.0
"""Seconds for which a cancel waits for the end of a run that this process had to take over for it."""


log = logging.getLogger(__name__)


class Service(Approving, Steering, Undoing, Drifting, Observing, Keeping):
    """What users of the product can ask for, without any face."""

    def __init__(self, context: RuntimeContext, group: TaskGroup) -> None:
        super().__init__(context, group)
        self._driving: dict[RunId, ProgressFeed] = {}
        self._first_looked: str | None = None

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
            service = Service(context, group)
            await service._first_look(asked=asked)
            try:
                yield service
            finally:
                group.cancel_scope.cancel()
                await context.usage.record_at_last()

    @property
    def settings(self) -> Settings:
        return self._context.settings

    @property
    def driven_runs(self) -> tuple[RunId, ...]:
        """Runs that this process drives; once closed, those that it left to the next one."""
        return tuple(self._driving)

    async def _first_look(self, *, asked: bool) -> None:
        """An empty dog store is discovered once before the first answer (CONTRACT.md)."""
        if self.settings.env == "dog" and await self._store.meta.get(LAST_DISCOVERY) is None:
            now = self._now()
            self._first_looked = now if asked else None
            await SharedDiscovery(self._context).discover(Scope(), thorough=False, since=now, progress=silent)

    def _asked_now(self) -> str:
        """From when on a reading answers a request of now; the one that a command was started for is older."""
        first, self._first_looked = self._first_looked, None
        return first or self._now()

    def _now(self) -> str:
        return isoformat(self._context.clock())

    async def _scope(self, request: ScopeRequest, *, refreshes: bool) -> Scope:
        """Check a scope. Names that only a listing could know are let through where a listing follows.

        Raises:
            UsageError: names are wrong, or an asset is asked for outside of the spaces that are asked for.
        """
        scope = await checked_scope(
            self._store,
            request,
            keys=self.settings.target_keys,
            listed=not refreshes,
            outside=self._context.mapping.outside_scope,
        )
        await require_within_known_spaces(self._store, scope)
        return scope

    async def discover(
        self, scope: ScopeRequest, principal: Principal, *, progress: OnProgress = silent
    ) -> DiscoveryAnswer:
        """Read Datasphere into the local catalog; nothing is written to AWS."""
        authorize(principal, Permission.READ)
        self._context.require_good_settings()
        checked = await self._scope(scope, refreshes=True)
        report = await SharedDiscovery(self._context).discover(
            checked, thorough=False, since=self._asked_now(), progress=progress
        )
        await require_found(self._store, checked, self._context.mapping.outside_scope)
        state = "failed" if not report.reached else "partly_failed" if report.problems else "done"
        return DiscoveryAnswer.model_validate(
            {
                "spaces": report.spaces,
                "listed": report.listed,
                "mapped": report.mapped,
                "filtered": report.filtered,
                "failed": report.failed,
                "read": report.read,
                "unchanged": report.unchanged,
                "problems": [rows.finding(problem) for problem in report.problems[: rows.SHOWN_PROBLEMS]],
                "findings": [rows.finding(notice) for notice in (*report.gone, *report.notices)],
                "usage": self._context.usage.so_far(),
                "state": state,
            }
        )

    async def preview(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        refresh: bool,
        limit: int = 20,
        progress: OnProgress = silent,
    ) -> ChangeSetAnswer:
        """Make and save a change set; `refresh` reads Datasphere first.

        Raises:
            UsageError: the scope names something unknown, or an asset outside of its spaces or tiers.
            SourceError: a refresh was asked for and the tenant gave no list of spaces.
            TargetError: databases of a new or lost state could not be looked at.
        """
        authorize(principal, Permission.READ)
        self._context.require_good_settings()
        checked = await self._scope(scope, refreshes=refresh)
        problems = await self._known_problems(checked)
        notices: tuple[Problem, ...] = ()
        if refresh:
            report = await SharedDiscovery(self._context).discover(
                checked, thorough=False, since=self._asked_now(), progress=progress
            )
            if not report.reached:
                raise not_reached(report.problems)
            await self._require_selected(checked)
            problems, notices = tuple(report.problems), report.notices
        await require_within_tiers(self._store, self._context.mapping, checked)
        notices += await self._under_way()
        request = PlanRequest(
            scope=checked, principal=principal, offer_deletes=True, problems=problems, notices=notices, compare=True
        )
        record = await make_change_set(self._context, request, progress)
        return await self.get_change_set(record.id, detail="concise", limit=limit)

    async def _under_way(self) -> tuple[Problem, ...]:
        """Runs that may write what a preview is about while it is made."""
        runs, _ = await self._store.runs.page(limit=50)
        at_work = [run for run in runs if not run.state.ended]
        return tuple(
            Problem(
                "runs",
                "run_under_way",
                f"run {run.id} is {run.state}, and may write some of this",
                f"Make a new preview once it has ended; `spheresync runs {run.id}` follows it.",
            )
            for run in at_work
        )

    async def _known_problems(self, scope: Scope) -> tuple[Problem, ...]:
        """What the last reading of spaces and assets of a scope could not read.

        A space that is gone is a finding of whoever plans, unless it was asked for by name.
        """
        spaces = [
            space.problem
            for space in await self._store.catalog.spaces()
            if space.problem is not None
            and scope.wants_space(space.name)
            and (space.present or (scope.names(space.name) and self._context.mapping.may_hold(space.name)))
        ]
        assets = [
            asset.problem
            for asset in await self._store.catalog.with_problems()
            if asset.problem is not None
            and is_unread(asset)
            and not by_its_space(asset.problem)
            and scope.wants(asset.id, asset.tier)
        ]
        kept_out = await unspellable_spaces(
            self._store, lambda space: scope.wants_space(space) and self._context.mapping.may_hold(space)
        )
        of_spaces = {(each.subject, each.message) for each in spaces}
        told = (each for each in assets if (each.subject, each.message) not in of_spaces)
        return (*spaces, *told, *(space.problem for space in kept_out))

    async def apply(self, change_set_id: str, principal: Principal, *, allow_deletes: bool = False) -> RunAnswer:
        """Start the run of a saved change set, or answer the one that it already has.

        Raises:
            RefusedError: it expired, or mapping, scope or program moved since, or its promotion is not approved here;
                nothing was done.
        """
        authorize(principal, Permission.OPERATE)
        self._context.require_good_settings()
        record = await self._store.change_sets.get(ChangeSetId(change_set_id))
        if record.run_id is not None:
            return await self._run_of(record)
        require_current(record, self.settings, now=self._now())
        await require_approved_promotion(self._store, record)
        request = RunRequest(allow_deletes=allow_deletes)
        run = await self._create_run("apply", principal, request, change_set_id=record.id)
        return await self.get_run(run.id)

    async def _run_of(self, record: ChangeSetRecord) -> RunAnswer:
        """The run that applies a change set."""
        try:
            return await self.get_run(str(record.run_id))
        except UsageError as error:
            raise RefusedError(
                f"change set {record.id} is not what was saved: it names run {record.run_id}, and there is none.",
                remedy="Somebody changed the state by hand, or it is damaged; make a new preview.",
            ) from error

    async def sync(
        self,
        scope: ScopeRequest,
        principal: Principal,
        *,
        full: bool = False,
        allow_deletes: bool = False,
        max_deletes: int | None = None,
        join: bool = False,
    ) -> RunAnswer:
        """Start a run that discovers, plans and applies.

        Args:
            scope: what part of the tenant; everything by default.
            principal: who asks.
            full: read and compare everything anew, whatever the digests say.
            allow_deletes: delete retired tables.
            max_deletes: replaces the guards by this number for the run.
            join: answer the caller's own run of the same arguments if one is queued or running.
        """
        authorize(principal, Permission.OPERATE)
        if max_deletes is not None and max_deletes < 0:
            raise UsageError(f"max_deletes {max_deletes} is negative.", remedy="Give 0 or more.")
        self._context.require_good_settings()
        if (waits := await unapproved_promotion(self._store, self.settings)) is not None:
            raise RefusedError(f"{waits.message}.", remedy=waits.remedy)
        checked = await self._scope(scope, refreshes=True)
        await self._look_for_unknown(checked)
        request = RunRequest(checked, thorough=full, allow_deletes=allow_deletes, max_deletes=max_deletes)
        run = await self._create_run("sync", principal, request, join=join)
        await self._ensure_driven(run)
        return await self.get_run(run.id)

    async def _look_for_unknown(self, scope: Scope) -> None:
        """What the catalog does not know may be new in Datasphere, a tier that hangs on a label too: look, and only
        then say that it is wrong.
        """
        try:
            await self._require_selected(scope)
        except UsageError:
            await SharedDiscovery(self._context).discover(scope, thorough=False, since=self._now(), progress=silent)
            await self._require_selected(scope)

    async def _require_selected(self, scope: Scope) -> None:
        """Raises UsageError where a part of the scope selects nothing."""
        await require_found(self._store, scope, self._context.mapping.outside_scope)
        require_within_spaces(scope)
        await require_within_tiers(self._store, self._context.mapping, scope)

    async def _create_run(
        self,
        kind: str,
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
            at=self._now(),
            change_set_id=change_set_id,
        )

        async def create(tx: Tx) -> RunRecord:
            active = await tx.runs.find_active(kind, run.request_digest, principal.id) if join else None
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
            self._group.start_soon(self._drive_to_end, run_id)

    async def _drive_to_end(self, run_id: RunId) -> None:
        """Drive a run until it has ended; while not even that can be written down, a server tries again and again.

        What keeps it from that is in the relay, for those who wait. A command tells it and ends, and the next process
        takes the run over.
        """
        feed = self._driving[run_id]
        for times in count(1):
            feed.broke = None
            try:
                await RunDriver(self._context, feed.publish, before_end=self._forget_written).drive(run_id)
                break
            except Exception as error:  # noqa: BLE001 -- the bulkhead of this run
                feed.broke = product_error(error, f"run {run_id}")
                if isinstance(error, UsageError) or not self._long_lived:
                    break  # there is no such run any more, or nobody stays to try again
                log.warning("run %s cannot go on now: %s", run_id, feed.broke.message)
                await anyio.sleep(pause_after(times))
        if feed.broke is None or self._long_lived:
            del self._driving[run_id]  # not when cancelled: a closed service still tells what it left
        self.tell_people_soon()

    async def _forget_written(self, run: RunRecord) -> None:
        """What a run of somebody else has written the scheduler need not write; its own jobs it ends by itself."""
        try:
            if run.actor.kind != SCHEDULER.kind:
                await forget_written(self._context, EmbeddedEngine(self._store, self._context.clock))
        except Exception as error:  # noqa: BLE001 -- keeps no run from its end: in its turn such a job does nothing
            log.warning("%s", product_error(error, f"jobs that run {run.id} has done").message)

    async def _ensure_driven(self, run: RunRecord) -> None:
        if run.state.ended or run.id in self._driving:
            return
        if not self._store.is_alive(run.owner):
            self._drive(run.id)

    def look_after_runs(self) -> None:
        """From now on do what a long-lived server does: take over what dead processes leave, care for the state, and
        tell people how runs ended where nobody keeps the schedule.
        """
        self._long_lived = True
        self._keep_going(self._look_after_runs, "runs", CARE)
        self._keep_going(partial(care_step, self._context), "care")

    async def _look_after_runs(self) -> None:
        for run in await self._store.runs.orphans():
            self._drive(run.id)

    def keep_schedule(self) -> None:
        """From now on sync by itself, in tiers, as long as no other process of the state does."""
        engine = EmbeddedEngine(self._store, self._context.clock)
        alerting = self._alerting(Watch(self._context))
        self._group.start_soon(Scheduler(self._context, engine, self._run_to_end, self._pulse, alerting).run)

    async def _run_to_end(self, request: RunRequest) -> RunRecord:
        run = await self._create_run("sync", SCHEDULER, request)
        await self.wait(run.id)
        return await self._store.runs.get(run.id)

    async def wait(self, run_id: str, *, seconds: float | None = None, progress: OnProgress = silent) -> RunAnswer:
        """Follow a run until it ends or `seconds` are over; take it over if the process that drove it is dead."""
        with anyio.move_on_after(seconds):
            while True:
                run = await self._store.runs.get(RunId(run_id))
                if run.state.ended:
                    break
                await self._ensure_driven(run)
                feed = self._driving.get(run.id)
                if feed is None:
                    await anyio.sleep(POLL)
                    continue
                await feed.follow(progress)
                if feed.broke is not None:
                    raise feed.broke
        return await self.get_run(run_id)

    async def cancel_run(self, run_id: str, principal: Principal) -> RunAnswer:
        """Ask a run to stop at the next asset; one that nobody has begun, or whose process is dead, ends at once."""
        authorize(principal, Permission.OPERATE)
        run = await self._store.runs.get(RunId(run_id))
        if run.state.ended:
            raise UsageError(f"run {run_id} has ended already: {run.state}.", remedy="There is nothing to cancel.")
        asked = AuditEvent(principal.id, "cancel", run.id, None, None, "requested", {})
        ended = AuditEvent(run.actor.id, f"run_{run.kind}", run.id, None, None, RunState.CANCELLED, {})

        async def cancel(tx: Tx) -> bool:
            waiting = await tx.runs.cancel_waiting(run.id)
            if not (waiting or await tx.runs.request_cancel(run.id)):
                return False  # it has ended meanwhile
            await tx.audit.append_many([asked, ended] if waiting else [asked])
            return True

        if await self._store.write(cancel) and not self._store.is_alive(run.owner):
            return await self.wait(run_id, seconds=CANCEL_WAIT)  # nobody else would end it
        return await self.get_run(run_id)
