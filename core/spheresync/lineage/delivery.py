"""Tell the lineage of assets that changed as OpenLineage events, sooner or later.

Each event to send is queued as a job in the unit of work that changes the asset: a process that dies costs no event,
and a receiver that is down holds up nothing. A job carries the asset and the run only; the event is made when it is
sent, from what holds then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import anyio

from spheresync.config import Settings
from spheresync.isolation import isolated_group
from spheresync.jobs.port import (
    Job,
    JobEngine,
    NewJob,
    lineage_subject,
)
from spheresync.jobs.retries import UNDELIVERED
from spheresync.lineage.graph import WRITTEN, Edge, Lineage, Node
from spheresync.lineage.openlineage import Event, events_of
from spheresync.lineage.receivers import Receiver, SeveralReceivers, receiver_of
from spheresync.lineage.stored import LineageOfNow, StoredLineage
from spheresync.lineage.told import ToldLineage
from spheresync.lineage.trace import Tracer
from spheresync.model import (
    AssetId,
    Digest,
    Direction,
    EdgeKind,
    JobKind,
    JobState,
    Problem,
    TargetKey,
    canonical_json,
    counted,
    isoformat,
)
from spheresync.observe.incidents import product_error
from spheresync.source.transport.json_post import JsonPost
from spheresync.state.port import Store
from spheresync.targets.registry import design_of

BATCH = 50
_RANK = 9
_AROUND = 2
"""Steps from what a flow fills back over the flow to what it reads."""
_LOOKED_AT = 200
_TIME_LIMIT = timedelta(minutes=15)
_BEAT = 5.0


def lineage_jobs(settings: Settings, assets: Iterable[AssetId], *, token: str) -> list[NewJob]:
    """The jobs that tell the lineage of assets; none where nobody is to be told.

    Args:
        settings: in force.
        assets: what changed.
        token: by what: the id of a run, or the moment of a discovery.
    """
    if not tells_lineage(settings):
        return []
    reason = "its definition or its table has changed"
    return [NewJob(JobKind.LINEAGE, lineage_subject(asset), _RANK, reason, token) for asset in assets]


def tells_lineage(settings: Settings) -> bool:
    """Whether anybody is to be told: a receiver, or a target that takes events."""
    return settings.lineage.openlineage is not None or bool(_targets_that_take(settings))


def _targets_that_take(settings: Settings) -> list[TargetKey]:
    return [key for key in settings.target_keys if design_of(key.target).capabilities.lineage]


def _receivers_told(settings: Settings) -> str:
    """Who is to be told, as people call them."""
    own = [settings.lineage.name] if settings.lineage.openlineage is not None else []
    return " and ".join([*own, *map(str, _targets_that_take(settings))])


class LineageDelivery:
    """Delivers what is due. `settings` answers those in force; `targets` takes for targets that take events."""

    def __init__(
        self,
        store: Store,
        jobs: JobEngine,
        settings: Callable[[], Settings],
        clock: Callable[[], datetime],
        *,
        posting: JsonPost | None = None,
        targets: Receiver | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._clock = clock
        self._posting = posting or JsonPost()
        self._targets = targets

    async def deliver(self) -> str | None:
        """Deliver all that is due, one asset first and then many at once; answers why that ended early, if it did."""
        settings = self._settings()
        own, targets = receiver_of(settings, self._posting), self._targets if _targets_that_take(settings) else None
        receivers = [each for each in (own, targets) if each is not None]
        if not receivers:
            await self._forget()
            return None
        receiver = SeveralReceivers(receivers) if len(receivers) > 1 else receivers[0]
        limit = 1
        while True:
            due = await self._jobs.next_at([JobKind.LINEAGE])
            if due is None or due > self._clock():
                return None
            jobs = await self._jobs.claim([JobKind.LINEAGE], limit=limit, time_limit=_TIME_LIMIT)
            if not jobs:
                return None
            why = await self._while_beating(jobs, receiver)
            if why is not None:
                return why
            limit = BATCH

    async def _while_beating(self, jobs: Sequence[Job], receiver: Receiver) -> str | None:
        async def beat() -> None:
            while True:
                await anyio.sleep(_BEAT)
                await self._jobs.beat(jobs)

        async with isolated_group() as group:
            group.start_soon(beat)
            why = await self._tell(jobs, receiver)
            group.cancel_scope.cancel()
        return why

    async def _tell(self, jobs: Sequence[Job], receiver: Receiver) -> str | None:
        """Tell the lineage of what these jobs are about; answers why nothing more is to be tried now."""
        settings = self._settings()
        before = ToldLineage(self._store, settings, _targets_that_take(settings))
        told: list[tuple[Job, list[bytes], Digest]] = []
        unchanged: list[Job] = []
        for job in jobs:
            try:
                events = await self._events(job)
                digest = before.digest(events)
                if await before.is_told(job.subject, digest):
                    unchanged.append(job)
                else:
                    told.append((job, [*map(canonical_json, events)], digest))
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                await self._put_off(job, product_error(error, f"lineage of {job.about}").message)
        answers = await receiver.take([events for _, events, _ in told])
        taken = {job: digest for (job, _, digest), why in zip(told, answers, strict=True) if why is None}
        await before.note({job.subject: digest for job, digest in taken.items()})
        await self._jobs.finish([*unchanged, *taken])
        for (job, _, _), why in zip(told, answers, strict=True):
            if why is not None:
                await self._put_off(job, why.message, why.remedy)
        last = answers[-1] if answers else None
        return (
            None if last is None else f"lineage is not told to {_receivers_told(self._settings())} yet: {last.message}"
        )

    async def _put_off(self, job: Job, message: str, remedy: str = "") -> None:
        await self._jobs.fail(job, job.problem_of(UNDELIVERED, message, remedy))

    async def _events(self, job: Job) -> list[Event]:
        """The events of what an asset's definition and its writing fill; none of one that nobody knows any more."""
        if job.asset is None:
            return []
        settings = self._settings()
        source = LineageOfNow(self._store, settings.target_keys, job.asset)
        found = await lineage_around(source, str(job.asset))
        at = isoformat(self._clock())
        return [*events_of(found, tenant=settings.tenant_host, at=at, run=job.token)]

    async def _forget(self) -> None:
        """Nobody is to be told any more: take out what waits."""
        if await self._jobs.next_at([JobKind.LINEAGE]) is not None:
            waiting = await self._jobs.queue(kind=JobKind.LINEAGE, state=JobState.QUEUED, limit=1_000)
            await self._jobs.settle(waiting)


async def lineage_around(source: StoredLineage, name: str) -> Lineage:
    """The edges into an asset, into what it fills where it is a flow, and into what targets hold of it."""
    asset = (await source.definitions([name])).get(name)
    if asset is None:
        return Lineage((), ())
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    for filled in dict.fromkeys([name, *(each.object for each in asset.origins.writes)]):
        traced = await Tracer(source, filled, depth=_AROUND).run(Direction.UPSTREAM)
        edges |= dict.fromkeys(edge for edge in traced.edges if edge.target == filled)
        nodes |= {node.id: node for node in traced.nodes}
    for written in (await source.written([name])).get(name, ()):
        nodes[written.id] = Node(written.id, written.kind)
        edges[Edge(name, written.id, EdgeKind.TABLE, WRITTEN)] = None
        edges |= dict.fromkeys(
            Edge(name, written.id, EdgeKind.COLUMN, WRITTEN, column, physical)
            for column, physical in written.columns.items()
        )
    return Lineage(tuple(nodes.values()), tuple(edges))


async def undelivered(jobs: JobEngine, settings: Settings) -> Problem | None:
    """What of lineage waits because its receiver did not take it; None where nothing does."""
    if not tells_lineage(settings):
        return None
    waiting = await jobs.queue(kind=JobKind.LINEAGE, state=JobState.QUEUED, limit=_LOOKED_AT)
    failed = next((job.problem for job in waiting if job.problem is not None), None)
    if failed is None:
        return None
    number = (await jobs.counts()).get((JobKind.LINEAGE, JobState.QUEUED), 0)
    told = _receivers_told(settings)
    message = f"the lineage of {counted(number, 'asset')} is not told to {told} yet: {failed.message}"
    return Problem("lineage", UNDELIVERED, message, failed.remedy or "It is tried again by itself.")
