"""Drive durable runs: claim, keep alive, go through the phases, end; take over what a dead process left.

A run is a row in the state before anything happens. Whoever drives it holds a claim with a fence; every write carries
the fence, so a process that was taken over can write nothing any more. The phases are `discovering`, `planning` and
`applying`; each can be begun again by another process, and applying goes on at the next asset.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio

from spheresync.discovery.discovery_report import DiscoveryReport
from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import FenceError, LeaseLostError, RefusedError, SpheresyncError, StateError
from spheresync.execution.change_set_applier import ChangeSetApplier
from spheresync.execution.driven_run import DrivenRun, RunClaim, sent_items
from spheresync.execution.item_result import counts_of
from spheresync.execution.run_log import EndedRun, log_run_end, nonzero
from spheresync.execution.run_request import RunRequest
from spheresync.execution.written_lineage import targets_reached, written_lineage
from spheresync.lineage.owed import tell_after_run
from spheresync.model import (
    Action,
    ChangeSetId,
    JsonValue,
    Problem,
    RunId,
    RunState,
    counted,
    isoformat,
)
from spheresync.observe.context import about
from spheresync.observe.incidents import product_error
from spheresync.observe.spans import span
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.lease_keeper import while_held
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.run_counts import EFFECTIVE, SKIPPED
from spheresync.runtime.scope import require_found
from spheresync.state.port import Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ChangeSetRecord,
    RunRecord,
)

HEARTBEAT = 1.0
"""Seconds between two heartbeats; a cancel from another process is noticed within one."""
CLAIM_RETRY = 0.2
MOST_CLAIMS = 3
"""So many processes may end while they drive a run and nothing of it gets done; it is not driven once more."""
DRIVER_DIED = "driver_died"
"""Code of a run that was ended for that."""

_LET_GO_WITHIN = 2.0
"""Seconds for which a process that is told to end tries to say so."""

_DURATION = "spheresync.run.duration"
_TOLD_APART = ("spheresync.kind", "spheresync.state")
_PHASE_DURATION = "spheresync.run.phase.duration"

log = logging.getLogger(__name__)


class RunDriver:
    """Drives runs of one state in this process."""

    def __init__(
        self,
        context: RuntimeContext,
        progress: OnProgress,
        *,
        before_end: Callable[[RunRecord], Awaitable[None]] | None = None,
    ) -> None:
        """`before_end` is told of each run when all of it is done, before anybody can see that it has ended."""
        self._context = context
        self._store = context.store
        self._progress = progress
        self._before_end = before_end

    async def drive(self, run_id: RunId) -> RunRecord:
        """Bring a run to its end, wherever it stands: wait for its turn, take over dead ones before it, execute.

        Returns when the run has ended, here or in another process.
        """
        while True:
            await self._take_over_dead(run_id)
            run = await self._store.runs.get(run_id)
            if run.state.ended:
                return run
            if not await self._drive_once(run_id):
                await self._progress(ProgressEvent("waiting", 0, 0, "waiting for another run to end"))
                await anyio.sleep(CLAIM_RETRY)

    async def _take_over_dead(self, but: RunId) -> None:
        """Bring runs of dead processes to their end first; one that cannot be is left, and keeps nobody from theirs."""
        for run in await self._store.runs.orphans():
            if run.id == but:
                continue
            try:
                await self._drive_once(run.id)
            except Exception as error:  # noqa: BLE001 -- isolates that run
                log.warning("%s", product_error(error, f"taking over run {run.id}").message)

    async def _drive_once(self, run_id: RunId) -> bool:
        """Claim and execute a run; False where it is not to be had now."""
        fence = await self._claim(run_id)
        if fence is None:
            return False
        try:
            await self._execute(await self._store.runs.get(run_id), fence)
        except BaseException:  # also where this process is told to end: the next one takes it over at once
            await self._release(run_id, fence)
            raise
        return True

    async def _claim(self, run_id: RunId) -> int | None:
        async def claim(tx: Tx) -> int | None:
            return await tx.runs.claim(run_id, self._context.owner)

        return await self._store.write(claim)

    async def _execute(self, run: RunRecord, fence: int) -> None:
        async with self._context.providers.in_use() as providers:  # one generation of settings for the whole run
            drive = DrivenRun(run, fence, self._context.usage.so_far(), providers)
            with about(run=run.id):
                log.info("%s begins, asked for by %s", run.kind, run.actor.id)
                with span(f"run.{run.kind}", {"spheresync.kind": run.kind}, duration=_DURATION, by=_TOLD_APART) as told:
                    await self._execute_claimed(drive)
                    told.note({"spheresync.state": drive.ended or "left"})

    async def _execute_claimed(self, drive: DrivenRun) -> None:
        """Go through the phases; whatever they raise ends the run as failed, and nothing else.

        Raises:
            StateError: not even the end of the run could be written; it stays as it is, to be taken up again.
        """
        claim = RunClaim(self._store, drive)
        try:
            await while_held(self._store, claim, lambda: self._phases(drive), every=HEARTBEAT)
        except LeaseLostError as error:
            log.warning("is left: %s", error)
        except Exception as error:  # noqa: BLE001 -- isolates this run
            if await self._is_ours(drive):
                await self._fail(drive, error)

    async def _is_ours(self, drive: DrivenRun) -> bool:
        """Whether our claim still counts, as the state has it: a FenceError may be about something else."""
        run = await self._store.runs.get(drive.run.id)
        return run.fence == drive.fence and not run.state.ended

    async def _fail(self, drive: DrivenRun, error: Exception) -> None:
        ours = product_error(error, f"run {drive.run.id}")
        await self._account_for(drive)
        drive.problems.append(_ended_by(drive, ours.problem_code, ours.message, ours.remedy))
        await self._finish(drive, RunState.REFUSED if isinstance(ours, RefusedError) else RunState.FAILED)

    async def _release(self, run_id: RunId, fence: int) -> None:
        """Give a claim back, if it is still ours and the run has not ended: no run waits for it, and it is no death."""

        async def release(tx: Tx) -> None:
            await tx.runs.release(run_id, fence)

        with anyio.move_on_after(_LET_GO_WITHIN, shield=True), suppress(SpheresyncError):
            await self._store.write(release)

    async def _phases(self, drive: DrivenRun) -> None:
        run = drive.run
        if run.claims > MOST_CLAIMS:
            await self._give_up(drive)
            return
        request = RunRequest.parse(run.request)
        if run.cancel_requested:
            await self._account_for(drive)
            await self._finish(drive, RunState.CANCELLED)
            return
        if run.change_set_id is None:
            change_set = await self._discover_and_plan(drive, request)
            if change_set is None:
                return
        else:
            change_set = await self._store.change_sets.get(run.change_set_id)
            drive.problems.extend(change_set.problems_of(request.scope.assets))
        async with self._phase(drive, "applying"):
            await self._apply(drive, change_set, request)

    async def _give_up(self, drive: DrivenRun) -> None:
        """End a run that ended every process that drove it."""
        died = counted(MOST_CLAIMS, "process", "processes")
        message = f"{died} in a row ended while they drove run {drive.run.id}, and did nothing of it."
        remedy = "Their logs say why. A new sync does what this run left; for an apply make a new preview."
        await self._account_for(drive)
        drive.problems.append(_ended_by(drive, DRIVER_DIED, message, remedy))
        await self._finish(drive, RunState.FAILED)

    async def _discover_and_plan(self, drive: DrivenRun, request: RunRequest) -> ChangeSetRecord | None:
        report = await self._discover(drive, request) if request.refresh else DiscoveryReport()
        drive.problems.extend(report.problems)
        if not report.reached:
            await self._finish(drive, RunState.FAILED)
            return None
        if drive.cancelled:
            await self._finish(drive, RunState.CANCELLED)
            return None
        async with self._phase(drive, "planning"):
            change_set = await make_change_set(
                self._context,
                PlanRequest(
                    scope=request.scope,
                    principal=drive.run.actor,
                    full=request.full,
                    allow_deletes=request.allow_deletes,
                    max_deletes=request.max_deletes,
                    problems=tuple(report.problems),
                    notices=report.notices,
                ),
                self._progress,
                using=drive.providers,
                recent=drive.recent,
            )
        drive.problems.extend(change_set.problems[len(report.problems) :])  # what could not be planned
        await self._attach(drive, change_set.id, request)
        return change_set

    async def _discover(self, drive: DrivenRun, request: RunRequest) -> DiscoveryReport:
        async with self._phase(drive, "discovering"):
            report = await SharedDiscovery(self._context).discover(
                request.scope,
                full=request.full,
                since=drive.run.created_at,
                progress=self._progress,
                using=drive.providers,
                deleting=request.allow_deletes,
                run=drive.run.id,
            )
        if report.reached:
            await require_found(self._store, request.scope, self._context.outside)
        return report

    async def _attach(self, drive: DrivenRun, change_set_id: ChangeSetId, request: RunRequest) -> None:
        events = []
        if request.max_deletes is not None:
            detail: dict[str, JsonValue] = {"max_deletes": request.max_deletes, "change_set": change_set_id}
            events.append(
                AuditEvent(
                    drive.run.actor, AuditAction.GUARD_LIFTED, drive.run.id, None, None, AuditOutcome.DONE, detail
                )
            )

        async def attach(tx: Tx) -> None:
            await tx.runs.update(drive.run.id, drive.fence, change_set_id=change_set_id)
            await tx.change_sets.attach_run(change_set_id, drive.run.id)
            await tx.audit.append_many(events)

        await self._store.write(attach)

    async def _apply(self, drive: DrivenRun, change_set: ChangeSetRecord, request: RunRequest) -> None:
        applier = ChangeSetApplier(self._context, self._progress, drive, change_set, request)
        state = await applier.run()
        if await sent_items(self._store, drive.run.id):  # a target broke off in the midst of it
            await applier.account_for()
        await self._finish(drive, state)

    async def _account_for(self, drive: DrivenRun) -> None:
        """Let the counts of a run that ends early say what was done of it, and the journal whether what was sent was.

        Raises:
            FenceError: another process has taken the run over.
            StateError: the state could not be read or written.
        """
        run = await self._store.runs.get(drive.run.id)
        if run.change_set_id is None:
            return
        try:
            change_set = await self._store.change_sets.get(run.change_set_id)
            request = RunRequest.parse(run.request)
            await ChangeSetApplier(self._context, self._progress, drive, change_set, request).account_for()
        except (FenceError, StateError):
            raise
        except Exception as error:  # noqa: BLE001 -- keeps no run from its end: the journal tells most of it
            log.warning("%s", product_error(error, f"what run {run.id} has done").message)
            entries = await self._store.runs.entries(run.id)
            drive.counts = counts_of(entry for entry in entries if entry.state.ended)

    @asynccontextmanager
    async def _phase(self, drive: DrivenRun, phase: str) -> AsyncIterator[None]:
        """One phase of the run: noted with it, in the log, and as a span."""

        async def enter(tx: Tx) -> None:
            await tx.runs.update(drive.run.id, drive.fence, phase=phase)

        await self._store.write(enter)
        log.info("%s", phase)
        with span(f"run.{phase}", {"spheresync.phase": phase}, duration=_PHASE_DURATION, by=("spheresync.phase",)):
            yield

    async def _saved(self, drive: DrivenRun, sent: int) -> dict[str, int]:
        """What writing every table anew would have cost besides: a call for each unchanged one, and its bytes.

        The bytes are known of the whole catalog only, so a run about a part of it does not tell them.
        """
        unchanged = drive.counts[Action.UNCHANGED]
        if not (unchanged and drive.scope is not None and drive.scope.everything):
            return {"aws_calls_saved": unchanged}
        keys = [key for key in drive.providers.keys if drive.scope.wants_key(key)]
        everything = sum([await self._store.checkpoints.body_bytes(key) for key in keys])
        return {"aws_calls_saved": unchanged, "aws_bytes_saved": max(0, everything - sent)}

    async def _used(self, drive: DrivenRun) -> dict[str, int]:
        """What the run has used and saved; figures that cannot be had keep no run from its end."""
        try:
            usage = {
                key: so_far + drive.run.usage.get(key, 0) - drive.spent_before.get(key, 0)
                for key, so_far in self._context.usage.so_far().items()
            }
            return usage | await self._saved(drive, usage["aws_bytes"])
        except Exception as error:  # noqa: BLE001 -- see above
            log.warning("%s", product_error(error, f"figures of run {drive.run.id}").message)
            return {}

    async def _finish(self, drive: DrivenRun, state: RunState) -> None:
        """Write down how the run ended.

        Raises:
            FenceError: another process has taken it over.
            StateError: the state could not be written.
        """
        if self._before_end is not None:
            await self._before_end(drive.run)
        usage = await self._used(drive)
        settings, now = drive.providers.settings, isoformat(self._context.clock())
        written = await written_lineage(self._store, drive)
        reached = await targets_reached(self._store, settings, drive.run.id)
        detail: dict[str, JsonValue] = {"counts": nonzero(drive.counts), "usage": nonzero(usage)}
        event = AuditEvent(drive.run.actor, AuditAction.of_run(drive.run.kind), drive.run.id, None, None, state, detail)

        async def finish(tx: Tx) -> None:
            await tx.runs.update(
                drive.run.id,
                drive.fence,
                state=state,
                phase="ended",
                counts=dict(drive.counts),
                usage=usage,
                problems=tuple(drive.problems),
                finished_at=now,
            )
            await tx.audit.append_many([event])
            jobs = self._context.jobs
            await tell_after_run(tx, jobs, settings, written, run=drive.run.id, reached=reached, at=now)
            if drive.guarded:
                await tx.ledger.add(self._context.clock().date().isoformat(), {"guard_trips": 1})

        await self._store.write(finish)
        drive.ended = state
        ended = EndedRun(drive.run, state, drive.counts, usage, drive.problems)
        log_run_end(ended, settings, self._context.clock())


def _ended_by(drive: DrivenRun, code: str, message: str, remedy: str) -> Problem:
    """Why a run has ended, with what it had done until then and what may be done about that."""
    done = sum(drive.counts[action] for action in EFFECTIVE)
    if done:
        left = drive.counts[SKIPPED]
        message += f" Before that it did {counted(done, 'item')}, which stay; {left} were left."
        remedy = f"{remedy} `spheresync revert {drive.run.id}` undoes what it did.".strip()
    return Problem("run", code, message, remedy)
