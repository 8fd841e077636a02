"""The scheduler of one state: asks for what is due, and works the jobs off.

At most one process of a state has it, by lease; when that dies another one takes over within a second, and what was
under way there is done anew. Everything runs in one task group, so that the end of the process ends all of it: jobs
that were claimed are lost with the process and claimed by the next.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import anyio
from anyio.abc import TaskGroup

from spheresync.alerts.alerting import LEASE as TELLING
from spheresync.alerts.alerting import Alerting
from spheresync.errors import LeaseLostError
from spheresync.isolation import isolated_group
from spheresync.jobs.port import (
    Job,
    JobEngine,
    JobId,
    NewJob,
)
from spheresync.jobs.retries import TIMED_OUT
from spheresync.model import JobKind, JobState, Problem
from spheresync.observe.context import about
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import LoopHealth, went_well
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.lease_keeper import LEASE_BEAT, HeldLease, while_held
from spheresync.schedule.control import LEASE, may_write
from spheresync.schedule.due_jobs import DueJobs
from spheresync.schedule.obsolete_jobs import forget_settled
from spheresync.schedule.proposed_plans import PlanProposer
from spheresync.schedule.reading_jobs import list_tenant, read_definition, sweep_targets
from spheresync.schedule.write_jobs import BATCH, StartRun, write_batch
from spheresync.state.port import Tx

TICK = 0.5
"""Seconds between two looks at what is due; how late the fastest tier may be."""
LEASE_RETRY = 1.0
LOOP = "scheduler"
"""The loop under which it sends heartbeats."""
BEAT = 1.0
ALERTS = 5.0
"""Seconds between two looks at what people are to be told."""
_GATHER = 10.0
"""Seconds for which writes are gathered at most while many definitions are still being read."""
_MANY = 20
_REVIEW = 2.0
"""Seconds between two looks at whether a person has reviewed the first plan."""
_LIMITS = {
    JobKind.LIST: timedelta(minutes=15),
    JobKind.READ: timedelta(minutes=5),
    JobKind.WRITE: timedelta(hours=2),
    JobKind.SWEEP: timedelta(minutes=15),
}
_READS = (JobKind.LIST, JobKind.READ)
_LOOKS = (*_READS, JobKind.SWEEP)
_WRITES = (JobKind.WRITE,)

log = logging.getLogger(__name__)


class Scheduler:
    """Keeps a state's targets fresh while `run` runs."""

    def __init__(
        self,
        context: RuntimeContext,
        engine: JobEngine,
        start_run: StartRun,
        loop_health: LoopHealth,
        alerting: Alerting,
    ) -> None:
        """`start_run` starts a run of the scheduler and answers it once it has ended; `loop_health` gets heartbeats."""
        self._context = context
        self._store = context.store
        self._engine = engine
        self._start_run = start_run
        self._loop_health = loop_health
        self._alerting = alerting
        self._due_jobs = DueJobs(context, engine)
        self._proposer = PlanProposer(context)
        self._claimed: dict[JobId, tuple[Job, anyio.CancelScope]] = {}
        self._moved = anyio.Event()

    async def run(self) -> None:
        """Keep the schedule whenever no other process of the state does; ends only when cancelled."""
        await self._loop_health.keep_going(self._keep, loop=LOOP, seconds=LEASE_RETRY)

    async def _keep(self) -> None:
        self._loop_health.beat(LOOP)
        fence = await self._acquire()
        if fence is not None:
            log.info("keeps the schedule of this state from now on")
            went_well()
            await self._hold(fence)

    async def _acquire(self) -> int | None:
        if await self._store.leases.holder(LEASE) is not None:
            return None
        return await self._store.write(lambda tx: tx.leases.acquire(LEASE, self._context.owner, beats=True))

    async def _hold(self, fence: int) -> None:
        """Work for as long as the lease is ours."""

        async def release(tx: Tx) -> None:
            await tx.leases.release(LEASE, self._context.owner)

        lease = HeldLease(self._store, LEASE, fence)
        try:
            await while_held(self._store, lease, self._work_off, loop_health=self._loop_health, loop=f"{LOOP}: lease")
        except LeaseLostError as error:
            log.warning("keeps the schedule of this state no more: %s", error)
        finally:
            self._claimed.clear()
            with anyio.CancelScope(shield=True), anyio.move_on_after(2):
                await self._store.write(release)

    async def _work_off(self) -> None:
        async with isolated_group() as group:
            group.start_soon(self._forever, self._context.usage.record, "ledger", LEASE_BEAT)
            for name, step in (("turns", self._turn), ("beats", self._beat), ("writes", self._write)):
                group.start_soon(self._forever, step, name)
            group.start_soon(self._forever, self._tell, "alerts")
            group.start_soon(self._keep_workers, group)

    async def _forever(self, step: Callable[[], Awaitable[None]], name: str, seconds: float = 0.0) -> None:
        await self._loop_health.keep_going(step, loop=f"{LOOP}: {name}", seconds=seconds)

    async def turn(self) -> None:
        """Ask for the jobs whose turn it is."""
        await self._due_jobs.ask()

    async def _turn(self) -> None:
        self._loop_health.beat(LOOP)
        await self.turn()
        due = await self._engine.next_at(_LOOKS)
        if due is not None and due <= self._context.clock():
            self._wake()
        went_well()
        await anyio.sleep(TICK)

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def _look(self) -> None:
        if not await self.look():
            went_well()
            await self._moved.wait()

    async def _keep_workers(self, group: TaskGroup) -> None:
        """As many workers as the settings ask for, whenever they ask for more; what is one too many rests."""
        begun = 0

        async def begin_those_that_are_missing() -> None:
            nonlocal begun
            wanted = self._context.settings.scheduler.workers
            for number in range(begun, wanted):
                group.start_soon(self._forever, partial(self._work, number), f"worker {number + 1}")
            begun = max(begun, wanted)

        await self._forever(begin_those_that_are_missing, "workers", TICK)

    async def _work(self, number: int) -> None:
        if number < self._context.settings.scheduler.workers:
            await self._look()
        else:
            await anyio.sleep(TICK)

    async def look(self) -> bool:
        """Take one job that looks at Datasphere and do it; False where there is none."""
        jobs = await self._engine.claim(_LOOKS, limit=1, time_limit=_LIMITS[JobKind.LIST])
        if not jobs:
            return False
        went_well()
        (job,) = jobs
        scope = anyio.CancelScope()
        self._claimed[job.id] = (job, scope)
        problem: Problem | None = _too_long(job)
        try:
            with scope, anyio.move_on_after(_LIMITS[job.kind].total_seconds()):
                problem = await self._do(job)
        finally:
            del self._claimed[job.id]
        if scope.cancel_called:  # somebody wanted it ended, or somebody else has it
            await self._engine.finish([job])
            return True
        if problem is None:
            await self._engine.finish([job])
        else:
            with about(asset=job.about if job.asset is not None else None):
                log.warning("%s: %s", job.kind, problem.message)
            await self._engine.fail(job, problem)
        return True

    async def _do(self, job: Job) -> Problem | None:
        """Do a job and ask for what follows from it; answers why it failed, if it did."""
        try:
            problem, follow_up = await self._look_at(job)
            await self._engine.submit(follow_up)
            if problem is None and job.kind is JobKind.LIST:
                await forget_settled(self._context, self._engine)
        except Exception as error:  # noqa: BLE001 -- isolates this job
            return _failure(error, job)
        return problem

    async def _look_at(self, job: Job) -> tuple[Problem | None, list[NewJob]]:
        if job.kind is JobKind.LIST:
            return await list_tenant(self._context)
        if job.kind is JobKind.SWEEP:
            return await sweep_targets(self._context)
        if job.asset is None:
            return None, []
        with about(asset=job.about):
            return await read_definition(self._context, job.asset)

    async def _write(self) -> None:
        """Bring the targets up to date once there is something to write and a person has let us."""
        if not await self._writes_wait():
            await anyio.sleep(TICK)
        elif not await may_write(self._store, self._context.settings):
            if await self._under_way(*_READS) == 0:
                await self._proposer.propose()
            await anyio.sleep(_REVIEW)
        else:
            if await self._under_way(*_READS) > _MANY:
                await self._gather()
            await self.write()

    async def _writes_wait(self) -> bool:
        if self._context.settings_problem is not None:
            return False  # by rules that are no longer in the file nothing is written
        due = await self._engine.next_at(_WRITES)
        return due is not None and due <= self._context.clock()

    async def write(self) -> bool:
        """Take the jobs that write, as many as go in one run, and do them; False where there is none."""
        jobs = await self._engine.claim(_WRITES, limit=BATCH, time_limit=_LIMITS[JobKind.WRITE])
        went_well()
        scope = anyio.CancelScope()  # never entered: what a run has begun it ends
        self._claimed.update({job.id: (job, scope) for job in jobs})
        try:
            await write_batch(self._context, self._engine, jobs, self._start_run)
        except Exception as error:  # noqa: BLE001 -- isolates this batch
            for job in jobs:  # those that it had settled before are no longer ours, and stay as they are
                await self._engine.fail(job, _failure(error, job))
        finally:
            for job in jobs:
                self._claimed.pop(job.id, None)
        return bool(jobs)

    async def _under_way(self, *kinds: JobKind) -> int:
        counts = await self._engine.counts()
        return sum(counts.get((kind, state), 0) for kind in kinds for state in (JobState.QUEUED, JobState.RUNNING))

    async def _gather(self) -> None:
        """Let writes come together, so that a first sync is a few runs and not hundreds."""
        for _ in range(int(_GATHER / TICK)):
            await anyio.sleep(TICK)
            counts = await self._engine.counts()
            if counts.get((JobKind.WRITE, JobState.QUEUED), 0) >= BATCH:
                return

    async def _tell(self) -> None:
        if await self._store.leases.holder(TELLING) is None:  # else a command that began before tells at this moment
            await self._alerting.step()
        went_well()
        await anyio.sleep(ALERTS)

    async def _beat(self) -> None:
        given_up = await self._engine.beat([job for job, _ in self._claimed.values()])
        for job_id in given_up:
            if job_id in self._claimed:
                self._claimed[job_id][1].cancel()
        went_well()
        await anyio.sleep(BEAT)


def _failure(error: Exception, job: Job) -> Problem:
    ours = product_error(error, f"job {job.kind} {job.about}".strip())
    return job.problem_of(ours.problem_code, ours.message, ours.remedy)


def _too_long(job: Job) -> Problem:
    minutes = int(_LIMITS[job.kind].total_seconds() // 60)
    return job.problem_of(TIMED_OUT, f"It was given up after {minutes} minutes.", "It is tried again by itself.")
