"""Months of an installation in minutes: its own scheduler, state and runs on a clock that jumps from turn to turn.

Real are the state, the job engine, discovery, planning, applying and the audit log. Simulated are the clock, the tenant
and the catalog behind the target's port, which keep their own books of what really happened. A seed decides the edits,
the outages, the deaths of the process and the jumps of the clock; the same seed makes the same life.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio

from spheresync.config import Settings, SettingsSource
from spheresync.dog.edmx_writer import Surface, write_edmx
from spheresync.dog.objects import DogObject
from spheresync.errors import NoObjectError, SourceError, SourceFault, TargetError, TargetFault
from spheresync.execution.run_driver import RunDriver
from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import JobEngine
from spheresync.model import (
    GLUE,
    AssetEntry,
    AssetId,
    AssetKind,
    DesiredObject,
    Digest,
    Listing,
    LiveObject,
    PhysicalName,
    Problem,
    RawDefinition,
    RunId,
    RunKind,
    SpaceEntry,
    SpaceName,
    TargetKey,
    TechnicalName,
    Tier,
    canonical_json,
    digest_of,
)
from spheresync.observe.loop_health import LoopHealth
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.progress import silent
from spheresync.schedule.control import SCHEDULER
from spheresync.schedule.scheduler import Scheduler
from spheresync.source.datasphere.normaliser import NORMALISER
from spheresync.source.protocol import SourceUsage
from spheresync.state.records import RunRecord
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from spheresync.targets.protocol import ContainerOutcome, Inventory, LiveContainer, Operation, Outcome, Usage
from tests.simulators.generated import generated_landscape

START = datetime(2026, 1, 1, tzinfo=UTC)
SHORTEST_TICK = timedelta(minutes=10)
_LABEL = "THE LABEL OF IT"
_VERSION = re.compile(rb"Label (\d+) of ")


class DeathError(BaseException):
    """The process dies here: nothing after this happens, and nothing is tidied up."""


@dataclass
class World:
    """What is true outside: time, the tenant, the catalog; and when the process is to die."""

    seed: int
    spaces: int
    assets: int
    slowness: int = 1  # intervals and steps of the clock are so many times longer: fewer reads of many assets
    now: datetime = START
    versions: dict[AssetId, int] = field(default_factory=dict)
    unseen: dict[AssetId, list[tuple[int, datetime]]] = field(default_factory=dict)  # versions that no table shows yet
    out: bool = False  # the tenant answers nothing useful
    broken: frozenset[AssetId] = frozenset()
    half_listed: bool = False
    throttled: bool = False  # the catalog takes nothing
    steps_to_death: int | None = None
    tables: dict[tuple[PhysicalName, PhysicalName], tuple[bytes, int]] = field(default_factory=dict)
    containers: set[PhysicalName] = field(default_factory=set)
    writes: int = 0
    doubled: list[str] = field(default_factory=list)
    late: dict[Tier, list[timedelta]] = field(default_factory=lambda: {tier: [] for tier in Tier})
    troubled_until: datetime = START  # what changed before this may be late, for reasons outside
    excused: dict[AssetId, datetime] = field(default_factory=dict)  # likewise, of assets that could not be read
    _objects: dict[AssetId, tuple[DogObject, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        landscape = generated_landscape(spaces=self.spaces, assets=self.assets, columns=3)
        for space in landscape.spaces:
            for item in space.objects:
                asset = AssetId(SpaceName(space.name), TechnicalName(item.name))
                surface = Surface.ANALYTICAL if item.kind is AssetKind.ANALYTIC_MODEL else Surface.RELATIONAL
                body = write_edmx(_labelled(item), surface)
                self._objects[asset] = (item, body)
                self.versions[asset] = 0
                self.unseen[asset] = [(0, START)]

    @cached_property
    def all(self) -> list[AssetId]:
        return list(self.versions)

    @property
    def intervals(self) -> dict[Tier, timedelta]:
        shortest = {Tier.CRITICAL: timedelta(hours=6), Tier.HIGH: timedelta(days=2), Tier.MEDIUM: timedelta(days=4)}
        return {tier: interval * self.slowness for tier, interval in shortest.items()}

    @property
    def tick(self) -> timedelta:
        """From one turn to the next."""
        return SHORTEST_TICK * self.slowness

    @cached_property
    def in_space(self) -> dict[SpaceName, list[AssetId]]:
        """The assets of each space."""
        found: dict[SpaceName, list[AssetId]] = {}
        for asset in self.versions:
            found.setdefault(asset.space, []).append(asset)
        return found

    def label(self, asset: AssetId) -> str:
        return f"Label {self.versions[asset]} of {asset.name}"

    def edit(self, asset: AssetId) -> None:
        self.versions[asset] += 1
        self.unseen.setdefault(asset, []).append((self.versions[asset], self.now))

    def tier(self, asset: AssetId) -> Tier:
        if self._objects[asset][0].kind is AssetKind.ANALYTIC_MODEL:
            return Tier.CRITICAL
        return Tier.MEDIUM if asset.name.endswith("7") else Tier.HIGH

    def step(self) -> None:
        """One request to the outside; the process may die at it."""
        if self.steps_to_death is not None:
            self.steps_to_death -= 1
            if self.steps_to_death < 0:
                self.steps_to_death = None
                raise DeathError

    def entry(self, asset: AssetId) -> AssetEntry:
        model = self._objects[asset][0].kind is AssetKind.ANALYTIC_MODEL
        url = f"/{asset}"
        return AssetEntry(asset, self.label(asset), None if model else url, url if model else None, model, False)

    def definition(self, asset: AssetId) -> RawDefinition:
        entry = self.entry(asset)
        body = self._objects[asset][1].replace(_LABEL.encode(), self.label(asset).encode())
        surface = "relational" if entry.relational_metadata_url else "analytical"
        return RawDefinition(entry, ((surface, body),), digest_of(body + entry.label.encode()))

    def written(self, operation: Operation, body: bytes) -> None:
        """Note a write: once for each change, and how late it was."""
        key = (operation.container, operation.name)
        before = self.tables.get(key)
        if before is not None and before[0] == body:
            self.doubled.append(f"{operation.asset} was written twice alike at {self.now}")
        self.tables[key] = (body, 0 if before is None else before[1] + 1)
        self.writes += 1
        label = _VERSION.search(body)
        assert label is not None, f"{operation.asset} was written without a label"
        self._shown(operation.asset, int(label[1]))

    def _shown(self, asset: AssetId, version: int) -> None:
        """A table shows this version: note how late that is for the oldest change that none showed."""
        unseen = self.unseen.pop(asset, [])
        if unseen and unseen[0][0] <= version:
            changed = unseen[0][1]
            if changed > max(self.troubled_until, self.excused.get(asset, START)):
                self.late[self.tier(asset)].append(self.now - changed)
        if left := [each for each in unseen if each[0] > version]:
            self.unseen[asset] = left


def _labelled(item: DogObject) -> DogObject:
    return DogObject(item.kind, item.name, _LABEL, item.columns)


class SimulatedTenant:
    """The tenant as a source, without the wire."""

    normaliser = NORMALISER
    gave_up = False

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def usage(self) -> SourceUsage:
        return SourceUsage()

    async def list_spaces(self) -> Listing[SpaceEntry]:
        self._world.step()
        if self._world.out:
            return Listing("tenant", (), False, (_outage("tenant"),))
        names = self._world.in_space
        return Listing("tenant", tuple(SpaceEntry(name, str(name)) for name in names), True)

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        self._world.step()
        entries = tuple(self._world.entry(asset) for asset in self._world.in_space[space])
        if self._world.half_listed:
            return Listing(space, entries[: len(entries) // 2], False, (_outage(space),))
        return Listing(space, entries, True)

    def expect(self, entries: Sequence[AssetEntry]) -> None:
        pass

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        await anyio.lowlevel.checkpoint()
        self._world.step()
        if self._world.out:
            raise SourceError(SourceFault.UNREACHABLE, f"{entry.id}: no answer.")
        if entry.id in self._world.broken:
            raise SourceError(SourceFault.WRONG_SHAPE, f"{entry.id}: no EDMX.")
        return self._world.definition(entry.id)


def _outage(subject: str) -> Problem:
    return Problem(subject, SourceFault.UNREACHABLE, "no answer", "wait")


class SimulatedCatalog:
    """A target that lasts, with versions, that throttles on demand and at whose calls the process may die."""

    def __init__(self, world: World, owner: str) -> None:
        self._world = world
        self._owner = owner
        self._read: dict[tuple[PhysicalName, PhysicalName], LiveObject] = {}

    @property
    def key(self) -> TargetKey:
        return TargetKey(GLUE)

    @property
    def usage(self) -> Usage:
        return Usage()

    async def inventory(
        self, containers: frozenset[PhysicalName] | None, *, and_ours: bool = False, apart: bool = False
    ) -> Inventory:
        self._world.step()
        there = {name: LiveContainer(name, True, self._owner, None) for name in self._world.containers}
        objects = tuple(self._live(key) for key in self._world.tables)
        return Inventory(there, objects)

    async def pages(self, container: PhysicalName) -> AsyncIterator[Sequence[LiveObject]]:
        self._world.step()
        if self._world.throttled:
            raise TargetError(TargetFault.THROTTLED, "too much")
        yield [self._live(key) for key in self._world.tables if key[0] == container]

    async def container(self, name: PhysicalName) -> LiveContainer | None:
        self._world.step()
        return LiveContainer(name, True, self._owner, None) if name in self._world.containers else None

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        self._world.step()
        created = desired.container not in self._world.containers
        self._world.containers.add(desired.container)
        return ContainerOutcome(desired.container, created, True)

    async def perform(self, operation: Operation) -> Outcome:
        await anyio.lowlevel.checkpoint()
        self._world.step()  # dies before the request arrives
        if self._world.throttled:
            raise TargetError(TargetFault.THROTTLED, "too much")
        assert operation.desired is not None, "nothing is deleted in this life"
        key = (operation.container, operation.name)
        live = self._world.tables.get(key)
        if live is None and operation.must_exist:
            raise NoObjectError(operation.subject)
        if (operation.recovering or live is None) and live is not None and live[0] == operation.desired.body:
            return Outcome(str(live[1]), live[0], already=True)
        if live is not None and not operation.recovering and operation.expected_version != str(live[1]):
            if live[0] == operation.desired.body:
                return Outcome(str(live[1]), live[0], already=True)
            raise TargetError(TargetFault.MOVED, f"{operation.asset}: another version.")
        self._world.written(operation, operation.desired.body)
        self._world.step()  # dies after it arrived, and before anybody noted that
        return Outcome(str(self._world.tables[key][1]), operation.desired.body)

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        self._world.step()
        return self._live((container, name)) if (container, name) in self._world.tables else None

    async def check(self) -> tuple[Problem, ...]:
        return ()

    catalog = None

    def expect(self, catalog: str | None) -> None:
        assert catalog is None

    async def find_catalog(self) -> str | None:
        return None

    def _live(self, key: tuple[PhysicalName, PhysicalName]) -> LiveObject:
        import json

        body, version = self._world.tables[key]
        known = self._read.get(key)
        if known is not None and known.version == str(version):
            return known
        table = json.loads(body)
        parameters: dict[str, str] = table["Parameters"]
        claimed = Digest(parameters["spheresync.fingerprint"])
        owner, source = parameters["spheresync.managed-by"], parameters["spheresync.source"]
        live = LiveObject(key[0], key[1], str(version), canonical_json(table), owner, source, claimed, True)
        self._read[key] = live
        return live


class Life:
    """One process after another over one state folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.chance = random.Random(world.seed)
        self._folder = folder
        self.deaths = 0

    async def live(self, length: timedelta, *, quiet: bool = False) -> None:
        """Let time pass, with all that can happen unless it is to be quiet."""
        end = self.world.now + length
        while self.world.now < end:
            try:
                async with self._process() as scheduler:
                    while self.world.now < end:
                        if not quiet:
                            self._happen()
                        await work_off(scheduler)
                        self.world.now += self.world.tick
            except* DeathError:
                self.deaths += 1

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Scheduler]:
        async with SqliteStore.open(self._folder / "state", clock=lambda: self.world.now) as store:
            context = _context(self.world, store, self._folder)
            engine = EmbeddedEngine(store, context.clock)
            nobody = cast("Any", SimpleNamespace(step=anyio.lowlevel.checkpoint))  # is told of anything
            yield Scheduler(context, cast("JobEngine", engine), _starter(context, store), LoopHealth(), nobody)

    def _happen(self) -> None:
        """What this tick brings: edits, faults, death, a clock that is set."""
        world, chance = self.world, self.chance
        for _ in range(chance.choice([0, 0, 0, 1, 2]) * world.slowness):
            world.edit(chance.choice(world.all))
        if chance.random() < 0.003:  # a release changes a whole space
            space = chance.choice(world.all).space
            for asset in world.in_space[space]:
                world.edit(asset)
        troubled = world.out or world.half_listed or world.throttled or bool(world.broken)
        if troubled and chance.random() < 0.2:
            world.out = world.half_listed = world.throttled = False
            world.broken = frozenset()
        elif not troubled and chance.random() < 0.01:
            kind = chance.choice(["out", "half_listed", "throttled", "broken"])
            if kind == "broken":
                world.broken = frozenset(chance.sample(world.all, 3))
            else:
                setattr(world, kind, True)
        if world.out or world.half_listed or world.throttled:
            world.troubled_until = world.now + world.tick
        # What cannot be read is asked for less and less often, up to once a day besides its interval.
        world.excused |= dict.fromkeys(world.broken, world.now + timedelta(days=2) + world.intervals[Tier.MEDIUM])
        if chance.random() < 0.02 * min(world.slowness, 4):
            world.steps_to_death = chance.randrange(40)
        if chance.random() < 0.005:
            world.now += timedelta(minutes=chance.choice([-50, 50, 180])) * world.slowness
            world.troubled_until = max(world.troubled_until, world.now + timedelta(hours=4) * world.slowness)


def _context(world: World, store: SqliteStore, folder: Path) -> RuntimeContext:
    rule = '{match: {name: "*7", kind: [view]}, set: {tier: medium}}'
    tiers = ", ".join(f"{tier}: {{interval: {int(span.total_seconds())}s}}" for tier, span in world.intervals.items())
    text = f"mapping: {{rules: [{rule}]}}\ntiers: {{{tiers}}}\ndrift: {{sweep: {world.slowness}d}}\n"
    (folder / "spheresync.yaml").write_text(text, "utf-8")
    source = SettingsSource("wolf", None, _environment(folder), folder)

    async def make_source(_: Settings, __: AsyncExitStack) -> Any:
        return SimulatedTenant(world)

    def make_target(settings: Settings, _: TargetKey, __: AsyncExitStack) -> Any:
        return SimulatedCatalog(world, settings.installation_marker)

    return RuntimeContext(
        store,
        source,
        jobs=EmbeddedEngine(store, lambda: world.now),
        owner=store.owner.id,
        clock=lambda: world.now,
        make_source=make_source,
        make_target=make_target,
    )


def _environment(folder: Path) -> dict[str, str]:
    base_url = "http://127.0.0.1:9"
    return {
        "SPHERESYNC_STATE_DIR": str(folder / "state"),
        "SPHERESYNC_DATASPHERE__BASE_URL": base_url,
        "SPHERESYNC_DATASPHERE__TOKEN_URL": f"{base_url}/oauth/token",
        "SPHERESYNC_DATASPHERE__CLIENT_ID": "sb-soak",
        "SPHERESYNC_DATASPHERE__CLIENT_SECRET": "soak",  # no secret: nobody listens there
        "SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE": "4000",  # a thousand reads are queued at a time
        "SPHERESYNC_SCHEDULER__FIRST_SYNC": "apply",
    }


def _starter(context: RuntimeContext, store: SqliteStore) -> Any:
    numbers = _numbers()

    async def start(request: RunRequest) -> RunRecord:
        run = RunRecord.queued(
            RunId(f"run_{next(numbers)}_{store.owner.id}"),
            RunKind.SYNC,
            canonical_json(request.to_json()),
            SCHEDULER,
            owner=store.owner.id,
            at=context.clock().isoformat().replace("+00:00", "Z"),
        )

        async def create(tx: SqliteTx) -> None:
            await tx.runs.create(run)

        await store.write(create)
        return await RunDriver(context, silent).drive(run.id)

    return start


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield (number := number + 1)


async def work_off(scheduler: Scheduler) -> None:
    """All turns of a moment: ask for what is due as long as there is something, and do it."""
    await scheduler.turn()
    while await scheduler.look():
        while await scheduler.look():
            pass
        await scheduler.turn()
    while await scheduler.write():
        pass
