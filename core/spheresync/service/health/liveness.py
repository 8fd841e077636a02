"""Whether this process lives and can do its work, each answer with its reason; for supervisors and load balancers.

Alive is about this process alone: one that is not should be started anew. Ready is about what it needs as well: one
that is not is left to come back by itself. That assets are late or a run failed is neither: see alerts and status.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import anyio

from spheresync.answers import Vital, Vitals
from spheresync.model import (
    JobKind,
    JobState,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import LoopHealth
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.shared_sign_in import sign_in_state
from spheresync.schedule.control import LEASE
from spheresync.schedule.scheduler import LOOP as SCHEDULER_LOOP
from spheresync.service.health.persons_sign_in import sign_in_vital
from spheresync.state.port import Tx

EVENT_LOOP = "event loop"
LIMITS = {EVENT_LOOP: 15.0, SCHEDULER_LOOP: 120.0}
"""Seconds of silence that are too long. The scheduler waits up to 60 s for other processes to let it write."""
_WITHIN = 2.0
_OVERDUE = timedelta(minutes=10)
_READY_AT = "ready_at"
_READS = (JobKind.LIST, JobKind.READ)


def alive(loop_health: LoopHealth) -> Vitals:
    """Whether the loops of this process go round."""
    return _together([_loop(loop_health, loop) for loop in LIMITS if loop_health.silent_for(loop) is not None])


async def ready(context: RuntimeContext, loop_health: LoopHealth) -> Vitals:
    """Whether this process could do its work now: state, settings, tenant, scheduler."""
    return _together(
        [
            await _state(context),
            _settings(context),
            _tenant(context),
            *sign_in_vital(sign_in_state(context.settings)),
            await _scheduler(context, loop_health),
            *_loops(loop_health),
        ]
    )


async def tells(status: Callable[[], Awaitable[object]]) -> Vital:
    """Whether this process can say how it is doing; where it cannot, it works with what it cannot read."""
    try:
        with anyio.move_on_after(_WITHIN):
            await status()
            return Vital(name="status", ok=True, reason="can be told")
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is the answer to the question
        return Vital(name="status", ok=False, reason=product_error(error, "status").message)
    return Vital(name="status", ok=False, reason=f"could not be told within {_WITHIN:g} s")


def _together(checks: Sequence[Vital]) -> Vitals:
    return Vitals(ok=all(check.ok for check in checks), checks=list(checks))


def _loop(loop_health: LoopHealth, loop: str) -> Vital:
    silent = loop_health.silent_for(loop) or 0.0
    if silent <= LIMITS[loop]:
        return Vital(name=loop, ok=True, reason="iterates")
    return Vital(name=loop, ok=False, reason=f"has been blocked for {silent:.0f} s")


def _loops(loop_health: LoopHealth) -> list[Vital]:
    """A finding for each loop that fails and is repeated."""
    return [
        Vital(name=each.loop, ok=False, reason=f"failed {each.times} times in a row, tried again: {each.message}")
        for each in loop_health.failing()
    ]


async def _state(context: RuntimeContext) -> Vital:
    moment = isoformat(context.clock())

    async def note(tx: Tx) -> None:
        await tx.meta.set(_READY_AT, moment)
        await tx.audit.head()

    try:
        with anyio.move_on_after(_WITHIN):
            await context.store.write(note)
            await context.store.require_openable()  # else commands refuse what this process goes on with
            return Vital(name="state", ok=True, reason="can be written")
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is the answer to the question
        return Vital(name="state", ok=False, reason=product_error(error, "state").message)
    return Vital(name="state", ok=False, reason=f"could not be written within {_WITHIN:g} s: others write to it")


def _settings(context: RuntimeContext) -> Vital:
    problem = context.settings_problem
    if problem is None:
        return Vital(name="settings", ok=True, reason="are in force")
    return Vital(name="settings", ok=False, reason=f"{problem.message} {problem.remedy}")


def _tenant(context: RuntimeContext) -> Vital:
    if not context.tenant_given_up:
        return Vital(name="datasphere", ok=True, reason="is not given up")
    seconds = context.settings.datasphere.give_up_after.total_seconds()
    reason = f"has answered nothing useful for {seconds:g} s; it is asked again by itself, `spheresync doctor` explains"
    return Vital(name="datasphere", ok=False, reason=reason)


async def _scheduler(context: RuntimeContext, loop_health: LoopHealth) -> Vital:
    if loop_health.silent_for(SCHEDULER_LOOP) is None:
        return Vital(name="scheduler", ok=True, reason="is not kept by this process")
    loop = _loop(loop_health, SCHEDULER_LOOP)
    if not loop.ok:
        return loop
    holder = await context.store.leases.holder(LEASE)
    if holder is None or holder.owner != context.owner:
        return Vital(name="scheduler", ok=True, reason="is kept by another process")
    counts, due = await context.jobs.counts(), await context.jobs.next_at(_READS)
    running = sum(counts.get((kind, JobState.RUNNING), 0) for kind in _READS)
    if due is not None and not running and context.clock() - due > _OVERDUE:
        minutes = int((context.clock() - due) / timedelta(minutes=1))
        return Vital(
            name="scheduler",
            ok=False,
            reason=f"takes up no work, although some is due for {counted(minutes, 'minute')}",
        )
    return Vital(name="scheduler", ok=True, reason="works")
