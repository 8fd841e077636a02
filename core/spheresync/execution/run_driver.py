"""Drive durable runs: claim, keep alive, go through the phases, end; take over what a dead process left.

A run is a row in the state before anything happens. Whoever drives it holds a claim with a fence; every write carries
the fence, so a process that was taken over can write nothing any more. The phases are `discovering`, `planning` and
`applying`; each can be begun again by another process, and applying goes on at the next asset.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio

from spheresync.config import DeletionPolicy
from spheresync.discovery.discovery_report import DiscoveryReport
from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import LeaseLostError, RefusedError, SpheresyncError
from spheresync.execution.applier import Applier
from spheresync.execution.prerequisites import make_prerequisites
from spheresync.execution.required_approvals import Leave, require_approved_promotion
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.execution.run_log import EndedRun, log_run_end, nonzero
from spheresync.execution.undo_recorder import UndoRecorder
from spheresync.model import (
    Action,
    ChangeSetId,
    JsonValue,
    Problem,
    RunId,
    RunState,
    TargetKey,
    counted,
    isoformat,
)
from spheresync.observe.context import about
from spheresync.observe.incidents import product_error
from spheresync.observe.spans import span
from spheresync.planning.decisions.approvals import WAITS_FOR_A_PERSON
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.each_target import in_each_target, problem_of_target
from spheresync.runtime.lease_keeper import while_held
from spheresync.runtime.progress import OnProgress, ProgressEvent
from spheresync.runtime.providers import Providers
from spheresync.runtime.run_counts import BLOCKED, FAILED, MISSING, REFUSED, SKIPPED, UNREAD, failed_assets, final_state
from spheresync.runtime.scope import Scope, require_found
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.change_set_digest import FORMAT, require_as_saved
from spheresync.state.port import Store, Tx
from spheresync.state.records import AuditEvent, ChangeSetItem, ChangeSetRecord, RunRecord
from spheresync.targets.read_ahead import RecentReads

HEARTBEAT = 1.0
"""Seconds between two signs of life; a cancel from another process is noticed within one."""
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


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a run was asked to do, as stored with it."""

    scope: Scope = field(default_factory=Scope)
    thorough: bool = False
    allow_deletes: bool = False
    max_deletes: int | None = None
    refresh: bool = True  # False: by what the local catalog holds, which somebody else keeps fresh

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "scope": self.scope.to_json(),
            "full": self.thorough,
            "allow_deletes": self.allow_deletes,
            "max_deletes": self.max_deletes,
            **({} if self.refresh else {"refresh": False}),
        }

    @classmethod
    def parse(cls, data: bytes) -> RunRequest:
        value = decode_cell(data)
        return cls(
            Scope.from_json(value["scope"]),
            value["full"],
            value["allow_deletes"],
            value["max_deletes"],
            value.get("refresh", True),
        )


@dataclass(slots=True)
class _DrivenRun:
    """One claim of one run while it is driven here."""

    run: RunRecord
    fence: int
    spent_before: Mapping[str, int]
    providers: Providers
    cancelled: bool = False
    lost: bool = False
    scope: Scope | None = None  # of the change set
    guarded: bool = False  # a guard held changes back
    ended: RunState | None = None
    recent: defaultdict[TargetKey, RecentReads] = field(  # tables that the plan has read
        default_factory=lambda: defaultdict(RecentReads)
    )
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    findings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _RunClaim:
    """The claim of a run. Its signs of life also bring word of a cancel that somebody asked for."""

    store: Store
    drive: _DrivenRun

    @property
    def about(self) -> str:
        return f"run {self.drive.run.id}"

    async def beat(self, tx: Tx) -> None:
        self.drive.cancelled |= await tx.runs.heartbeat(self.drive.run.id, self.drive.fence)

    async def is_ours(self) -> bool:
        return (await self.store.runs.get(self.drive.run.id)).fence == self.drive.fence


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
            except Exception as error:  # noqa: BLE001 -- the bulkhead of that run
                log.warning("%s", product_error(error, f"taking over run {run.id}").message)

    async def _drive_once(self, run_id: RunId) -> bool:
        """Claim and execute a run; False where it is not to be had now."""
        fence = await self._claim(run_id)
        if fence is None:
            return False
        try:
            await self._execute(await self._store.runs.get(run_id), fence)
        except Exception:
            await self._release(run_id, fence)  # not ended: whoever tries again may claim it, and no run waits for it
            raise
        return True

    async def _claim(self, run_id: RunId) -> int | None:
        async def claim(tx: Tx) -> int | None:
            return await tx.runs.claim(run_id, self._context.owner)

        return await self._store.write(claim)

    async def _execute(self, run: RunRecord, fence: int) -> None:
        async with self._context.providers.in_use() as providers:  # one generation of settings for the whole run
            drive = _DrivenRun(run, fence, self._context.usage.so_far(), providers)
            with about(run=run.id):
                log.info("%s begins, asked for by %s", run.kind, run.actor.id)
                with span(f"run.{run.kind}", {"spheresync.kind": run.kind}, duration=_DURATION, by=_TOLD_APART) as told:
                    await self._execute_claimed(drive)
                    told.note({"spheresync.state": drive.ended or "left"})

    async def _execute_claimed(self, drive: _DrivenRun) -> None:
        """Go through the phases; whatever they raise ends the run as failed, and nothing else.

        Raises:
            StateError: not even the end of the run could be written; it stays as it is, to be taken up again.
        """
        claim = _RunClaim(self._store, drive)
        try:
            await while_held(self._store, claim, lambda: self._phases(drive), every=HEARTBEAT)
        except anyio.get_cancelled_exc_class():
            await self._let_go(drive)
            raise
        except LeaseLostError as error:
            drive.lost = True
            log.warning("is left: %s", error)
        except Exception as error:  # noqa: BLE001 -- the bulkhead of this run
            if await self._is_ours(drive):
                await self._fail(drive, error)

    async def _is_ours(self, drive: _DrivenRun) -> bool:
        """Whether our claim still counts, as the state has it: a FenceError may be about something else."""
        run = await self._store.runs.get(drive.run.id)
        drive.lost = run.fence != drive.fence or run.state.ended
        return not drive.lost

    async def _fail(self, drive: _DrivenRun, error: Exception) -> None:
        ours = product_error(error, f"run {drive.run.id}")
        drive.problems.append(Problem("run", ours.problem_code, ours.message, ours.remedy))
        await self._finish(drive, RunState.REFUSED if isinstance(ours, RefusedError) else RunState.FAILED)

    async def _let_go(self, drive: _DrivenRun) -> None:
        """This process ends: the next one takes the run over at once, and it is not counted as a death."""
        if drive.ended is None and not drive.lost:
            await self._release(drive.run.id, drive.fence)

    async def _release(self, run_id: RunId, fence: int) -> None:
        async def release(tx: Tx) -> None:
            await tx.runs.release(run_id, fence)

        with anyio.move_on_after(_LET_GO_WITHIN, shield=True), suppress(SpheresyncError):
            await self._store.write(release)

    async def _phases(self, drive: _DrivenRun) -> None:
        run = drive.run
        if run.claims > MOST_CLAIMS:
            await self._give_up(drive)
            return
        request = RunRequest.parse(run.request)
        if run.cancel_requested:
            await self._finish(drive, RunState.CANCELLED)
            return
        if run.change_set_id is None:
            change_set = await self._discover_and_plan(drive, request)
            if change_set is None:
                return
        else:
            change_set = await self._store.change_sets.get(run.change_set_id)
            drive.problems.extend(change_set.problems)
        async with self._phase(drive, "applying"):
            await self._apply(drive, change_set, request)

    async def _give_up(self, drive: _DrivenRun) -> None:
        """End a run that ended every process that drove it."""
        died = counted(MOST_CLAIMS, "process", "processes")
        message = f"{died} in a row ended while they drove run {drive.run.id}, and did nothing of it."
        remedy = "Their logs say why. A new sync does what this run left; for an apply make a new preview."
        drive.problems.append(Problem("run", DRIVER_DIED, message, remedy))
        await self._finish(drive, RunState.FAILED)

    async def _discover_and_plan(self, drive: _DrivenRun, request: RunRequest) -> ChangeSetRecord | None:
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
                    thorough=request.thorough,
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

    async def _discover(self, drive: _DrivenRun, request: RunRequest) -> DiscoveryReport:
        async with self._phase(drive, "discovering"):
            report = await SharedDiscovery(self._context).discover(
                request.scope,
                thorough=request.thorough,
                since=drive.run.created_at,
                progress=self._progress,
                using=drive.providers,
                deleting=request.allow_deletes,
            )
        if report.reached:
            await require_found(self._store, request.scope, self._context.mapping.outside_scope)
        return report

    async def _attach(self, drive: _DrivenRun, change_set_id: ChangeSetId, request: RunRequest) -> None:
        events = []
        if request.max_deletes is not None:
            detail: dict[str, JsonValue] = {"max_deletes": request.max_deletes, "change_set": change_set_id}
            events.append(AuditEvent(drive.run.actor.id, "guard_lifted", drive.run.id, None, None, "done", detail))

        async def attach(tx: Tx) -> None:
            await tx.runs.update(drive.run.id, drive.fence, change_set_id=change_set_id)
            await tx.change_sets.attach_run(change_set_id, drive.run.id)
            await tx.audit.append_many(events)

        await self._store.write(attach)

    async def _apply(self, drive: _DrivenRun, change_set: ChangeSetRecord, request: RunRequest) -> None:
        if change_set.format != FORMAT:
            raise RefusedError(f"change set {change_set.id} has another format.", remedy="Make a new preview.")
        items = await self._store.change_sets.all_items(change_set.id)
        require_as_saved(change_set, items)
        await require_approved_promotion(self._store, change_set)
        leave = Leave.of(
            change_set,
            applier=drive.run.actor.id,
            four_eyes=drive.providers.settings.approvals.of_deletes,
            deletes=request.allow_deletes,
        )
        allowed = leave.allowed(items)
        drive.problems.extend(leave.waiting(items))
        drive.counts[BLOCKED] = sum(1 for item in items if item.action.changes_something) - len(allowed)
        drive.scope = Scope.from_json(decode_cell(change_set.request))
        deletes = drive.run.kind == "sync" or _deletes_allowed(drive, request)
        drive.guarded = any(
            item.blocked_by not in {None, *WAITS_FOR_A_PERSON} and (deletes or item.action is not Action.DELETE)
            for item in items
        )
        planned = {item.asset for item in items}
        drive.counts[FAILED] = failed_assets(change_set.problems, planned)  # what cannot be written is added
        drive.counts[Action.UNCHANGED] = change_set.summary.get(Action.UNCHANGED, 0)
        drive.counts[MISSING] = change_set.summary.get(MISSING, 0)
        drive.counts[UNREAD] = change_set.summary.get(UNREAD, 0)
        drive.counts[Action.HELD] = sum(1 for item in items if item.action is Action.HELD)
        # What an undo would not touch is what others changed since, not a name that is taken.
        in_the_way = Action.CONFLICT if change_set.undo_of is None else REFUSED
        drive.counts[in_the_way] = sum(1 for item in items if item.action is Action.CONFLICT)
        halted = await self._apply_in_each_target(drive, change_set, items, allowed)
        if drive.cancelled and drive.counts[SKIPPED]:
            await self._finish(drive, RunState.CANCELLED)
            return
        await self._finish(
            drive, final_state(drive.counts, guarded=drive.guarded, halted=halted, problems=bool(change_set.problems))
        )

    async def _apply_in_each_target(
        self,
        drive: _DrivenRun,
        change_set: ChangeSetRecord,
        items: Sequence[ChangeSetItem],
        allowed: Sequence[ChangeSetItem],
    ) -> bool:
        """Do the items of each target apart from those of the others; answers whether any target stopped early."""
        todo: dict[TargetKey, list[ChangeSetItem]] = {}
        for item in allowed:
            todo.setdefault(item.key, []).append(item)
        if not todo:
            return False
        journal = {entry.ordinal: entry for entry in await self._store.runs.entries(drive.run.id)}
        gone = [key for key in todo if key not in drive.providers.keys]
        for key in gone:
            drive.problems.append(_not_in_force(key))
            drive.counts[SKIPPED] += len(todo.pop(key))
        halted = bool(gone)

        async def apply(key: TargetKey) -> None:
            nonlocal halted
            target = drive.providers.target(key)
            missing = await make_prerequisites(
                self._store,
                target,
                [each for each in change_set.prerequisites if each.key == key],
                todo[key],
                run_id=drive.run.id,
                actor=drive.run.actor,
                now=isoformat(self._context.clock()),
            )
            applier = Applier(
                target,
                self._store,
                drive.run,
                self._recorder(drive, key, change_set, items),
                fence=drive.fence,
                stopping=lambda: drive.cancelled,
                progress=self._progress,
                missing=missing,
                recent=drive.recent[key],
            )
            try:
                await applier.run(todo[key], journal)
            finally:
                drive.counts.update(applier.report.counts)  # what was done counts, also where the run breaks off
            if applier.report.halted is not None:
                halted = True
                drive.problems.append(applier.report.halted)

        if todo:
            for key, error in (await in_each_target([*todo], apply)).items():
                halted = True
                drive.problems.append(problem_of_target(key, error))
        return halted

    def _recorder(
        self, drive: _DrivenRun, key: TargetKey, change_set: ChangeSetRecord, items: Sequence[ChangeSetItem]
    ) -> ResultRecorder:
        def now() -> str:
            return isoformat(self._context.clock())

        in_force = drive.providers.keys
        if change_set.undo_of is None:
            return ResultRecorder(self._store, drive.run, key, in_force=in_force, fence=drive.fence, now=now)
        return UndoRecorder(
            self._store,
            drive.run,
            key,
            in_force=in_force,
            fence=drive.fence,
            now=now,
            items=items,
            undo_of=change_set.undo_of,
            misses=drive.providers.settings.deletion.misses,
        )

    @asynccontextmanager
    async def _phase(self, drive: _DrivenRun, phase: str) -> AsyncIterator[None]:
        """One phase of the run: noted with it, in the log, and as a span."""

        async def enter(tx: Tx) -> None:
            await tx.runs.update(drive.run.id, drive.fence, phase=phase)

        await self._store.write(enter)
        log.info("%s", phase)
        with span(f"run.{phase}", {"spheresync.phase": phase}, duration=_PHASE_DURATION, by=("spheresync.phase",)):
            yield

    async def _saved(self, drive: _DrivenRun, sent: int) -> dict[str, int]:
        """What writing every table anew would have cost besides: a call for each unchanged one, and its bytes.

        The bytes are known of the whole catalog only, so a run about a part of it does not tell them.
        """
        unchanged = drive.counts[Action.UNCHANGED]
        if not (unchanged and drive.scope is not None and drive.scope.everything):
            return {"aws_calls_saved": unchanged}
        keys = [key for key in drive.providers.keys if drive.scope.wants_key(key)]
        everything = sum([await self._store.checkpoints.body_bytes(key) for key in keys])
        return {"aws_calls_saved": unchanged, "aws_bytes_saved": max(0, everything - sent)}

    async def _used(self, drive: _DrivenRun) -> dict[str, int]:
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

    async def _finish(self, drive: _DrivenRun, state: RunState) -> None:
        """Write down how the run ended.

        Raises:
            FenceError: another process has taken it over.
            StateError: the state could not be written.
        """
        if self._before_end is not None:
            await self._before_end(drive.run)
        usage = await self._used(drive)
        detail: dict[str, JsonValue] = {"counts": nonzero(drive.counts), "usage": nonzero(usage)}
        event = AuditEvent(drive.run.actor.id, f"run_{drive.run.kind}", drive.run.id, None, None, state, detail)

        async def finish(tx: Tx) -> None:
            await tx.runs.update(
                drive.run.id,
                drive.fence,
                state=state,
                phase="ended",
                counts=dict(drive.counts),
                usage=usage,
                problems=tuple(drive.problems),
                finished_at=isoformat(self._context.clock()),
            )
            await tx.audit.append_many([event])
            if drive.guarded:
                await tx.ledger.add(self._context.clock().date().isoformat(), {"guard_trips": 1})

        await self._store.write(finish)
        drive.ended = state
        ended = EndedRun(drive.run, state, drive.counts, usage, drive.problems)
        log_run_end(ended, drive.providers.settings, self._context.clock())


def _not_in_force(key: TargetKey) -> Problem:
    text = f"{key} is not configured any more, so nothing of this change set was done there."
    return Problem.of_target(key, "configuration", text, "Configure it again, then make a new preview.")


def _deletes_allowed(drive: _DrivenRun, request: RunRequest) -> bool:
    """Whether the run would delete: only then does a guard that holds deletes back refuse anything."""
    return request.allow_deletes or drive.providers.settings.deletion.policy is DeletionPolicy.DELETE
