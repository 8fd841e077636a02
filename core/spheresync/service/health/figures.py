"""What the dashboards of operators draw: figures of the local state, gathered with a handful of cheap queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from spheresync.answers import SchedulerState
from spheresync.errors import SourceFault
from spheresync.model import SPACE_GONE, SPACE_UNREAD, UNSPELLABLE, RunState, Tier, isoformat
from spheresync.observe.log_metrics import LogMetrics, Unit
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.unspellable_names import unspellable_spaces
from spheresync.schedule.control import LEASE, LISTED, may_write
from spheresync.state.records import RunFigures, TierFigures


@dataclass(frozen=True, slots=True)
class Figures:
    """One reading. Ages in seconds; None where there is nothing yet that could have an age."""

    environment: str
    assets: Mapping[tuple[str, str], int]  # by tier ("none" out of scope) and status
    tiers: Mapping[Tier, TierFigures]
    oldest_age: Mapping[Tier, float]
    unread_spaces: Mapping[str, int]  # by the code of the reason
    jobs: Mapping[tuple[str, str], int]  # by kind and state
    runs: Mapping[RunState, RunFigures]
    since_last_sync: float | None
    since_last_listing: float | None
    scheduler: SchedulerState
    ledger: Mapping[str, int]
    audit_entries: int


async def figures_of(context: RuntimeContext) -> Figures:
    """Read all of it, from the local state alone."""
    await context.usage.record()
    store, settings, now = context.store, context.settings, context.clock()
    assets: Counter[tuple[str, str]] = Counter()
    for facet in await store.catalog.counts():
        assets[facet.tier or "none", facet.status] += facet.count
    objectives = {
        tier: isoformat(now - wanted)
        for tier in Tier
        if isinstance(wanted := settings.tiers.of(tier).freshness, timedelta)
    }
    tiers = await store.figures.freshness(objectives)
    runs = await store.figures.runs()
    done = runs.get(RunState.DONE)
    return Figures(
        environment=settings.env,
        assets=assets,
        tiers=tiers,
        oldest_age={tier: age for tier, each in tiers.items() if (age := _age(each.oldest, now)) is not None},
        unread_spaces=await _unread_spaces(context),
        jobs={(kind, state): count for (kind, state), count in (await context.jobs.counts()).items()},
        runs=runs,
        since_last_sync=None if done is None else _age(done.last_ended, now),
        since_last_listing=_age(await store.meta.get(LISTED), now),
        scheduler=await _scheduler(context),
        ledger=await store.ledger.totals(),
        audit_entries=await store.figures.audit_entries(),
    )


def measured_figures(figures: Figures, installation: str) -> LogMetrics:
    """What of the figures makes a series over time, summed over what `/metrics` tells apart."""
    told: dict[str, tuple[float, Unit]] = {}
    statuses: Counter[str] = Counter()
    for (_, status), count in figures.assets.items():
        statuses[status] += count
    told |= {f"assets_{status}": (count, Unit.COUNT) for status, count in sorted(statuses.items())}
    for tier, each in figures.tiers.items():
        told |= {f"late_assets_{tier}": (each.late, Unit.COUNT), f"unread_assets_{tier}": (each.unread, Unit.COUNT)}
    told |= {f"oldest_asset_age_seconds_{tier}": (age, Unit.SECONDS) for tier, age in figures.oldest_age.items()}
    told["unread_spaces"] = (sum(figures.unread_spaces.values()), Unit.COUNT)
    waiting: Counter[str] = Counter()
    for (_, state), count in figures.jobs.items():
        waiting[state] += count
    told |= {f"jobs_{state}": (count, Unit.COUNT) for state, count in sorted(waiting.items())}
    ages = {"last_sync_age_seconds": figures.since_last_sync, "last_listing_age_seconds": figures.since_last_listing}
    told |= {word: (age, Unit.SECONDS) for word, age in ages.items() if age is not None}
    told["scheduler_running"] = (int(figures.scheduler is SchedulerState.RUNNING), Unit.COUNT)
    return LogMetrics(told, installation=installation, environment=figures.environment)


async def _unread_spaces(context: RuntimeContext) -> Mapping[str, int]:
    """How many known spaces could not be read when they were last tried; those that there always are may be none."""
    spaces = [each for each in await context.store.catalog.spaces() if not each.complete]
    codes = [each.problem.code for each in spaces if each.problem is not None]
    kept_out = await unspellable_spaces(context.store, context.mapping.may_hold)
    codes += [space.problem.code for space in kept_out]
    known = {SPACE_GONE, SPACE_UNREAD, UNSPELLABLE, *SourceFault}
    counts = Counter(code if code in known else SPACE_UNREAD for code in codes)
    return {SPACE_GONE: 0, SPACE_UNREAD: 0, **counts}


async def _scheduler(context: RuntimeContext) -> SchedulerState:
    if await context.store.leases.holder(LEASE) is None:
        return SchedulerState.OFF
    return SchedulerState.RUNNING if await may_write(context.store, context.settings) else SchedulerState.WAITING


def _age(moment: str | None, now: datetime) -> float | None:
    """Seconds since; a clock that was set back makes nothing younger than now."""
    return None if moment is None else max(0.0, (now - datetime.fromisoformat(moment)).total_seconds())
