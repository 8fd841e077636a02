"""Tell the lineage of assets that changed as OpenLineage events, sooner or later.

Each event to send is queued as a job in the unit of work that changes the asset, one for each receiver: a process that
dies costs no event, and a receiver that is down holds up nothing. A job carries the asset and the run only; the event
is made when it is sent, from what holds then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
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
from spheresync.lineage.receivers import Receiver, receiver_of
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
_ALL = 1_000_000
_TIME_LIMIT = timedelta(minutes=15)
_BEAT = 5.0


def lineage_jobs(settings: Settings, assets: Iterable[AssetId], *, token: str) -> list[NewJob]:
    """The jobs that tell the lineage of assets to the receiver of the settings; none where there is none.

    Args:
        settings: in force.
        assets: what changed.
        token: by what: the id of a run, or the moment of a discovery.
    """
    if settings.lineage.openlineage is None:
        return []
    return [lineage_job(lineage_subject(asset), token=token) for asset in assets]


def lineage_job(subject: str, *, token: str, key: TargetKey | None = None) -> NewJob:
    """The job that tells the lineage of one asset to a target, or to the receiver of the settings."""
    return NewJob(JobKind.LINEAGE, subject, _RANK, "its definition or its table has changed", token, key=key)


def tells_lineage(settings: Settings) -> bool:
    """Whether anybody is to be told: a receiver, or a target that takes events."""
    return settings.lineage.openlineage is not None or bool(targets_that_take(settings))


def targets_that_take(settings: Settings) -> list[TargetKey]:
    """The targets in force that take events."""
    return [key for key in settings.target_keys if design_of(key.target).capabilities.lineage]


def _named(settings: Settings, key: TargetKey | None) -> str:
    """Who is to be told, as people call it."""
    return settings.lineage.name if key is None else str(key)


class LineageDelivery:
    """Delivers what is due. `settings` answers those in force; `of_target` gives the receiver that a target is."""

    def __init__(
        self,
        store: Store,
        jobs: JobEngine,
        settings: Callable[[], Settings],
        clock: Callable[[], datetime],
        *,
        of_target: Callable[[TargetKey], Receiver],
        posting: JsonPost | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._clock = clock
        self._posting = posting or JsonPost()
        self._of_target = of_target

    async def deliver(self, *, but_for: Collection[TargetKey] = ()) -> str | None:
        """Deliver all that is due; answers why that ended early for some receiver, if it did.

        One that takes nothing keeps no other from being told. `but_for`: targets that are told nothing now.
        """
        settings = self._settings()
        own = receiver_of(settings, self._posting)
        receivers: dict[TargetKey | None, Receiver] = {} if own is None else {None: own}
        receivers |= {key: self._of_target(key) for key in targets_that_take(settings)}
        reasons = [
            await self._deliver_to(key, receiver, but_for={*receivers, *but_for} - {key})
            for key, receiver in receivers.items()
            if key not in but_for
        ]
        await self._forget(but_for={*receivers, *but_for})
        return next((why for why in reasons if why is not None), None)

    async def _deliver_to(
        self, key: TargetKey | None, receiver: Receiver, *, but_for: Collection[TargetKey | None]
    ) -> str | None:
        """Deliver to one receiver, one asset first and then many at once."""
        limit = 1
        while True:
            jobs = await self._due(limit, but_for)
            if not jobs:
                return None
            why = await self._while_beating(jobs, key, receiver)
            if why is not None:
                return why
            limit = BATCH

    async def _due(self, limit: int, but_for: Collection[TargetKey | None]) -> list[Job]:
        """Claim jobs that are due; not even that is written where none is."""
        due = await self._jobs.next_at([JobKind.LINEAGE], but_for=but_for)
        if due is None or due > self._clock():
            return []
        return await self._jobs.claim([JobKind.LINEAGE], limit=limit, time_limit=_TIME_LIMIT, but_for=but_for)

    async def _while_beating(self, jobs: Sequence[Job], key: TargetKey | None, receiver: Receiver) -> str | None:
        async def beat() -> None:
            while True:
                await anyio.sleep(_BEAT)
                await self._jobs.beat(jobs)

        async with isolated_group() as group:
            group.start_soon(beat)
            why = await self._tell(jobs, key, receiver)
            group.cancel_scope.cancel()
        return why

    async def _tell(self, jobs: Sequence[Job], key: TargetKey | None, receiver: Receiver) -> str | None:
        """Tell a receiver the lineage of what jobs are about; answers why nothing more is to be tried now."""
        settings = self._settings()
        before = ToldLineage(self._store, settings, key)
        told: list[tuple[Job, list[bytes], Digest]] = []
        done = [job for job in jobs if job.key != key]  # of targets that take nothing any more
        for job in (each for each in jobs if each.key == key):
            try:
                events = await self._events(job)
                digest = before.digest(events)
                if await before.is_told(job.subject, digest):
                    done.append(job)
                else:
                    told.append((job, [*map(canonical_json, events)], digest))
            except Exception as error:  # noqa: BLE001 -- isolates this asset
                await self._put_off(job, product_error(error, f"lineage of {job.about}").message)
        answers = await receiver.take([events for _, events, _ in told])
        taken = {job: digest for (job, _, digest), why in zip(told, answers, strict=True) if why is None}
        await before.note({job.subject: digest for job, digest in taken.items()})
        await self._jobs.finish([*done, *taken])
        for (job, _, _), why in zip(told, answers, strict=True):
            if why is not None:
                await self._put_off(job, why.message, why.remedy)
        last = answers[-1] if answers else None
        return None if last is None else f"lineage is not told to {_named(settings, key)} yet: {last.message}"

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

    async def _forget(self, *, but_for: Collection[TargetKey | None]) -> None:
        """Take out what waits for who is to be told nothing any more."""
        while jobs := await self._due(BATCH, but_for):
            await self._jobs.finish(jobs)


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
    failed = next((job for job in waiting if job.problem is not None), None)
    if failed is None or failed.problem is None:
        return None
    if len(waiting) == _LOOKED_AT:
        waiting = await jobs.queue(kind=JobKind.LINEAGE, state=JobState.QUEUED, limit=_ALL)
    number = sum(job.key == failed.key for job in waiting)
    told, why = _named(settings, failed.key), failed.problem
    message = f"the lineage of {counted(number, 'asset')} is not told to {told} yet: {why.message}"
    return Problem("lineage", UNDELIVERED, message, why.remedy or "It is tried again by itself.")
