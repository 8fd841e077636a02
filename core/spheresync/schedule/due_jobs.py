"""What the scheduler does next: ask for the jobs that are due, as pauses and the request budget allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from anyio.lowlevel import checkpoint

from spheresync.config import Settings
from spheresync.config.sections import Tiers
from spheresync.jobs.port import JobEngine, NewJob, subject_of
from spheresync.model import (
    AssetId,
    JobKind,
    JobState,
    Tier,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.paused_tiers import paused_tiers
from spheresync.schedule.control import LISTED, LISTED_BY, rules_of
from spheresync.schedule.due import ReadingHistory, due_by, in_window, next_due, next_in_window
from spheresync.schedule.rates import Evidence, pool_rates, rate_of
from spheresync.schedule.read_order import Candidate, choose
from spheresync.schedule.reading_jobs import RANKS, write_jobs
from spheresync.state.port import Tx
from spheresync.state.records import DueRow, FacetCount, Move, ScheduleRow

TENANT = "tenant"
"""Subject of the job that lists everything."""
LIST_RANK = 0
TARGETS = "targets"
"""Subject of the job that looks for drift."""
_SWEEP_RANK = 50
POOLS_LAST = timedelta(minutes=10)
"""Rates of pools are estimated anew so often."""
FACETS_LAST = timedelta(seconds=10)
_PLANS_LAST, _A_PLAN_LASTS = timedelta(seconds=10), timedelta(milliseconds=3)
"""Plans of all assets are held against what is true now so often: where there are many, more seldom."""
_LISTING_SHARE = 0.25
"""Of the request budget, the most that listings may take."""
_AHEAD = 0.25
"""Minutes of the budget for which reads are queued: more would be chosen too early."""
_BOUND = 4
"""An asset without a freshness objective may go unseen for so many intervals before its turn comes whatever is due."""


class DueJobs:
    """Asks an engine for the jobs of each moment. Keeps nothing but estimates that it can make again."""

    def __init__(self, context: RuntimeContext, engine: JobEngine) -> None:
        self._context = context
        self._engine = engine
        self._pools: Mapping[Hashable, float] = {}
        self._pools_at: datetime | None = None
        self._facets: list[FacetCount] = []
        self._facets_at: datetime | None = None
        self._checked: tuple[Tiers, datetime, timedelta] | None = None  # by what, when and for how long
        self._sound: dict[AssetId, Hashable] = {}  # plans that stay right as long as they are the same

    async def ask(self) -> None:
        """Ask for what is due now. What fails of it holds up nothing else, and is raised once the rest was asked for.

        Raises:
            StateError: the state could not be read or written.
        """
        settings, now = self._context.settings, self._context.clock()
        paused = await paused_tiers(self._context.store)
        failures: list[Exception] = []
        for part in (
            partial(self._listing, settings, now, paused),
            partial(self._sweep, settings, now),
            partial(self._replan, settings, now),
            partial(self._readings, settings, now, paused),
        ):
            try:
                await self._engine.submit(await part())
            except Exception as error:  # noqa: BLE001 -- raised below, when the other parts had their turn
                failures.append(error)
        if failures:
            raise failures[0]

    async def _room(self, settings: Settings) -> int:
        """How many more definitions may be queued."""
        waiting = (await self._engine.counts()).get((JobKind.READ, JobState.QUEUED), 0)
        most = max(2 * settings.scheduler.workers, int(_AHEAD * settings.datasphere.max_requests_per_minute))
        return most - waiting

    async def _tenant_is_out(self) -> bool:
        """Whether the last listing failed: then a listing is what finds out that the tenant is back."""
        listings = await self._engine.queue(kind=JobKind.LIST, limit=1)
        return any(job.problem is not None for job in listings)

    async def _listing(self, settings: Settings, now: datetime, paused: frozenset[Tier]) -> list[NewJob]:
        """The job that lists the tenant, as often as the fastest tier is due and listings leave room for reading."""
        store = self._context.store
        running = [tier for tier in Tier if tier not in paused]
        if not running:
            return []
        if await store.meta.get(LISTED_BY) != rules_of(settings):
            return [
                NewJob(
                    JobKind.LIST, TENANT, LIST_RANK, "rules, scope or context were edited", isoformat(now), revive=True
                )
            ]
        last = _noted(await store.meta.get(LISTED))
        since = None if last is None else now - last
        quickest = min(settings.tiers.of(tier).interval for tier in running)
        if since is not None and timedelta(0) <= since < quickest:
            return []
        facets = await self._known_facets(now)
        sizes: Counter[Tier | None] = Counter()
        for facet in facets:
            sizes[facet.tier] += facet.count
        used = [tier for tier in running if sizes[tier]] or running
        cost = 1 + len({facet.space for facet in facets}) + sum(sizes.values()) // 500
        least = timedelta(minutes=cost / (_LISTING_SHARE * settings.datasphere.max_requests_per_minute))
        interval = max(min(settings.tiers.of(tier).interval for tier in used), least)
        if since is not None and timedelta(0) <= since < interval:
            return []
        return [NewJob(JobKind.LIST, TENANT, LIST_RANK, "what there is", isoformat(now), revive=True)]

    async def _sweep(self, settings: Settings, now: datetime) -> list[NewJob]:
        """The job that looks for drift, once something was written."""
        every = settings.drift.sweep
        if not every:
            return []
        looked_at = _noted((await self._context.store.drift.summary()).looked_at)
        if looked_at is None:
            checkpoints = self._context.store.checkpoints
            written = [await checkpoints.count_in_use(key) for key in settings.target_keys]
            return [_sweep_job("never looked at", now)] if any(written) else []
        if timedelta(0) <= now - looked_at < every:
            return []
        return [_sweep_job("due", now)]

    async def _known_facets(self, now: datetime) -> list[FacetCount]:
        """How many assets there are of each kind, looked up now and then: it takes a pass over all of them."""
        if self._facets_at is None or not timedelta(0) <= now - self._facets_at < FACETS_LAST:
            self._facets = await self._context.store.catalog.counts()
            self._facets_at = now
        return self._facets

    async def _replan(self, settings: Settings, now: datetime) -> list[NewJob]:
        """Bring plans forward that are later than they may be by now; plan anew what is missing or damaged.

        A plan was right by the tier, the interval and the clock of the time at which it was made.
        """
        if not self._plans_are_old(settings, now):
            return []
        lacking, moves = list[ScheduleRow](), list[Move]()
        rows = await self._context.store.schedule.watched()
        for row in rows:
            if not row.noted:
                lacking.append(row.planned)
            elif self._sound.get(row.asset) != (plan := _plan_of(row)):
                try:
                    move = _move(row, settings, now)
                except Exception as error:  # noqa: BLE001 -- isolates this asset
                    product_error(error, str(row.asset))
                    continue
                if move is None:
                    self._sound[row.asset] = plan
                else:
                    moves.append(move)
                await checkpoint()  # of many assets it takes long, and others are served meanwhile

        async def put(tx: Tx) -> None:
            await tx.schedule.put(lacking)
            await tx.schedule.move(moves)

        if lacking or moves:
            await self._context.store.write(put)
        await self._engine.shorten_waits()
        self._checked = (settings.tiers, now, max(_PLANS_LAST, len(rows) * _A_PLAN_LASTS))
        return []

    def _plans_are_old(self, settings: Settings, now: datetime) -> bool:
        """Whether plans are to be held against what is true now."""
        if self._checked is not None:
            tiers, at, lasts = self._checked
            if tiers == settings.tiers and now >= at:
                return now - at >= lasts
        self._sound.clear()
        return True

    async def _readings(self, settings: Settings, now: datetime, paused: frozenset[Tier]) -> list[NewJob]:
        """Jobs for definitions whose turn it is, the most worthwhile first, as far as there is room for them."""
        if await self._tenant_is_out() or (room := await self._room(settings)) <= 0:
            return []
        rows = [row for row in await self._context.store.schedule.due(isoformat(now)) if row.tier not in paused]
        rows = await self._not_read_by_others(settings, now, rows)
        if not rows:
            return []
        pools = await self._rates(now)
        candidates = {}
        for row in rows:
            try:
                candidates[row.asset] = _candidate(row, settings, now, pools)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                product_error(error, str(row.asset))
        jobs = []
        for chosen in choose(candidates.values(), room):
            late = chosen.age is not None and chosen.overdue > 0
            rank = RANKS[Tier.CRITICAL] if late else RANKS[chosen.tier]
            reason = "never read" if chosen.age is None else f"due in tier {chosen.tier}"
            jobs.append(NewJob(JobKind.READ, subject_of(chosen.asset), rank, reason, isoformat(now), revive=True))
        return jobs

    async def _not_read_by_others(self, settings: Settings, now: datetime, rows: Sequence[DueRow]) -> list[DueRow]:
        """Those whose turn it is to be read; what is outside its window waits for its next turn.

        So does what a command has read meanwhile, but where nobody has written it, that is asked for now.
        """
        due, later, read = [], [], set[AssetId]()
        for row in rows:
            try:
                turn = _next_turn(row, settings, now)
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                product_error(error, str(row.asset))
                continue
            if turn.at is None:
                due.append(row)
                continue
            later.append(replace(row.planned, next_due_at=isoformat(turn.at)))
            if turn.read:
                read.add(row.asset)

        async def put(tx: Tx) -> None:
            await tx.schedule.put(later)

        if read:
            records = [each for each in await self._context.store.catalog.assets() if each.id in read]
            await self._engine.submit(await write_jobs(self._context, records))
        if later:
            await self._context.store.write(put)
        return due

    async def _rates(self, now: datetime) -> Mapping[Hashable, float]:
        if self._pools_at is None or not timedelta(0) <= now - self._pools_at < POOLS_LAST:
            seen = await self._context.store.schedule.seen()
            self._pools = pool_rates(((space, kind), Evidence(changes, days)) for space, kind, changes, days in seen)
            self._pools_at = now
        return self._pools


def _sweep_job(reason: str, now: datetime) -> NewJob:
    return NewJob(
        JobKind.SWEEP, TARGETS, _SWEEP_RANK, reason, isoformat(now.replace(minute=0, second=0, microsecond=0))
    )


def _candidate(row: DueRow, settings: Settings, now: datetime, pools: Mapping[Hashable, float]) -> Candidate:
    tier, seen = settings.tiers.of(row.tier), _known(row).read_by(now)
    return Candidate(
        asset=row.asset,
        tier=row.tier,
        age=None if seen is None else now - seen,
        bound=tier.freshness or _BOUND * tier.interval,
        rate=rate_of(_evidence(row), _pool(row), pools),
        signalled=row.planned.signalled,
    )


class _Turn(NamedTuple):
    """When it is an asset's turn, None for now; `read`: somebody has read it, so that it is later than was planned."""

    at: datetime | None
    read: bool = False


def _next_turn(row: DueRow, settings: Settings, now: datetime) -> _Turn:
    tier, known = settings.tiers.of(row.tier), _known(row)
    if known.read_at is None:
        return _Turn(None)
    seen = known.read_by(now)
    if seen is not None and (by_reading := next_due(row.asset, seen, tier)) > now:
        return _Turn(by_reading, read=True)
    return _Turn(None if in_window(now, tier) else next_in_window(row.asset, now, tier))


def _plan_of(row: DueRow) -> Hashable:
    """All that a plan depends on but settings and clock."""
    return row.planned.next_due_at, row.read_at, row.tier, row.failed


def _move(row: DueRow, settings: Settings, now: datetime) -> Move | None:
    """To which moment a plan is to be brought forward; None where it is right."""
    known = _known(row)
    due = due_by(row.asset, known, settings.tiers.of(row.tier), now)
    if known.planned is None or due >= known.planned:
        return None
    return Move(row.asset, row.planned.next_due_at, isoformat(due))


def _known(row: DueRow) -> ReadingHistory:
    return ReadingHistory(_noted(row.planned.next_due_at), _noted(row.read_at), row.failed, row.planned.failures)


def _noted(moment: str | None) -> datetime | None:
    """A moment that the state notes; a damaged note counts as none."""
    try:
        noted = None if moment is None else datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if noted is None or noted.tzinfo is None else noted


def _evidence(row: DueRow) -> Evidence:
    return Evidence(row.planned.changes, row.planned.days)


def _pool(row: DueRow) -> Hashable:
    return row.asset.space, row.kind
