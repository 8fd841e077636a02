"""An asset that a complete listing left out is asked for before its table goes: rows can shift between pages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import ClassVar

import pytest

from spheresync.config import DeletionPolicy
from spheresync.discovery.discovery_report import DiscoveryReport
from spheresync.discovery.tenant_pass import TenantPass
from spheresync.discovery.vanished_assets import MOST_ASKED
from spheresync.errors import SourceError, SourceFault
from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    GONE_UNCONFIRMED,
    AssetEntry,
    AssetId,
    Listing,
    RawDefinition,
    SpaceEntry,
    SpaceName,
    TechnicalName,
)
from spheresync.planning.decisions.asset_work import AssetWork, RemovalRules, work_for
from spheresync.runtime.scope import Scope
from spheresync.source.datasphere.normaliser import NORMALISER
from spheresync.state.records import AssetRecord, CheckpointState
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.discovery.test_shared_discovery import AT, ENTRY, WRITTEN, know
from tests.unit.mapping.assets import ORDERS, settings
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio


BESIDE = replace(ENTRY, id=AssetId(ORDERS.id.space, TechnicalName("BESIDE")))
ELSEWHERE = replace(ENTRY, id=AssetId(SpaceName("ELSEWHERE"), TechnicalName("A")))


@dataclass
class Tenant:
    """Lists a space without any asset, and says of each what it is told to."""

    normaliser: ClassVar = NORMALISER
    says: bool | SourceError
    lists: bool = False
    holds_it: bool = False
    beside: tuple[AssetEntry, ...] = ()
    serves_beside: bool | SourceError = True
    asked: list[AssetId] = field(default_factory=list)

    async def list_spaces(self) -> Listing[SpaceEntry]:
        spaces = {ORDERS.id.space, *(entry.id.space for entry in self.beside)}
        return Listing("tenant", tuple(SpaceEntry(space, "A space") for space in sorted(spaces)), complete=True)

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        listed = (*((ENTRY,) if self.lists else ()), *self.beside)
        return Listing(space, tuple(entry for entry in listed if entry.id.space == space), complete=True)

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        raise SourceError(SourceFault.FORBIDDEN, "not now", remedy="")

    async def is_served(self, entry: AssetEntry) -> bool:
        self.asked.append(entry.id)
        said = self.serves_beside if entry in {BESIDE, ELSEWHERE} else self.says
        if isinstance(said, SourceError):
            raise said
        return said

    async def holds(self, asset: AssetId) -> bool:
        return self.holds_it


async def discover(
    store: SqliteStore,
    clock: StandingClock,
    tenant: Tenant,
    *,
    misses: int = 1,
    policy: DeletionPolicy = DeletionPolicy.RETIRE,
    grace: timedelta = timedelta(0),
) -> DiscoveryReport:
    rules = RemovalRules(policy, misses, grace, policy is DeletionPolicy.DELETE)
    return await TenantPass(
        tenant, store, MappingRules.compile(settings()), Scope(), now=clock(), removals=rules, in_force=[WRITTEN.key]
    ).list_all()


async def written(store: SqliteStore, state: CheckpointState = CheckpointState.ACTIVE) -> None:
    await know(store)
    await store.write(lambda tx: tx.checkpoints.put_many([replace(WRITTEN, state=state)]))
    await store.write(lambda tx: tx.schedule.put_entries([ENTRY]))


async def work(
    store: SqliteStore, clock: StandingClock, *, policy: DeletionPolicy = DeletionPolicy.RETIRE
) -> AssetWork:
    record = await recorded(store)
    held = await store.checkpoints.get(record.id, WRITTEN.key)
    decision = MappingRules.compile(settings()).decide(record.id, record.kind, record.label)
    rules = RemovalRules(policy, 1, timedelta(0), offer_deletes=True)
    return work_for(record, held, decision, decision.digest, rules=rules, now=clock(), full=False)


async def recorded(store: SqliteStore) -> AssetRecord:
    record = await store.catalog.asset(ORDERS.id)
    assert record is not None
    return record


async def test_an_asset_that_the_tenant_says_is_gone_is_missed(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    report = await discover(store, clock, tenant := Tenant(False))
    assert (len(tenant.asked), report.problems, (await recorded(store)).misses) == (1, [], 1)
    assert await work(store, clock) is AssetWork.RETIRE


@pytest.mark.parametrize("state", [CheckpointState.ACTIVE, CheckpointState.RETIRED])
async def test_an_asset_that_is_still_served_is_not_missed_and_told(
    store: SqliteStore, clock: StandingClock, state: CheckpointState
) -> None:
    await written(store, state)
    report = await discover(store, clock, Tenant(True), policy=DeletionPolicy.DELETE)
    assert [(each.asset, each.code) for each in report.problems] == [(ORDERS.id, GONE_UNCONFIRMED)]
    assert ((await recorded(store)).misses, (await recorded(store)).first_missed_at) == (0, None)


@pytest.mark.parametrize("state", [CheckpointState.ACTIVE, CheckpointState.RETIRED])
@pytest.mark.parametrize("fault", [SourceFault.FORBIDDEN, SourceFault.SERVER_ERROR, SourceFault.THROTTLED])
async def test_any_other_answer_leaves_the_table_for_another_time(
    store: SqliteStore, clock: StandingClock, state: CheckpointState, fault: SourceFault
) -> None:
    await written(store, state)
    for _ in range(2):
        tenant = Tenant(SourceError(fault, "no", remedy="Wait."))
        report = await discover(store, clock, tenant, policy=DeletionPolicy.DELETE)
        assert [(each.asset, each.code) for each in report.problems] == [(ORDERS.id, GONE_UNCONFIRMED)]
        assert await work(store, clock, policy=DeletionPolicy.DELETE) is AssetWork.UNCHANGED
    await discover(store, clock, Tenant(False), policy=DeletionPolicy.DELETE)
    expected = AssetWork.RETIRE if state is CheckpointState.ACTIVE else AssetWork.DELETE
    assert await work(store, clock, policy=DeletionPolicy.DELETE) is expected


OUT = SourceError(SourceFault.SERVER_ERROR, "no", remedy="")


@pytest.mark.parametrize("state", [CheckpointState.ACTIVE, CheckpointState.RETIRED])
@pytest.mark.parametrize("beside", [BESIDE, ELSEWHERE])
@pytest.mark.parametrize("serves", [False, OUT])
async def test_nothing_is_known_to_be_gone_while_what_is_listed_is_not_served_either(
    store: SqliteStore, clock: StandingClock, state: CheckpointState, beside: AssetEntry, serves: bool | SourceError
) -> None:
    await written(store, state)
    for _ in range(2):
        tenant = Tenant(False, beside=(beside,), serves_beside=serves)
        report = await discover(store, clock, tenant, policy=DeletionPolicy.DELETE)
        assert [(each.subject, each.code) for each in report.problems] == [(ORDERS.id.space, GONE_UNCONFIRMED)]
        assert str(beside.id) in report.problems[0].message
        assert await work(store, clock, policy=DeletionPolicy.DELETE) is AssetWork.UNCHANGED
    report = await discover(store, clock, Tenant(False, beside=(beside,)), policy=DeletionPolicy.DELETE)
    assert (report.problems, (await recorded(store)).problem) == ([], None)
    expected = AssetWork.RETIRE if state is CheckpointState.ACTIVE else AssetWork.DELETE
    assert await work(store, clock, policy=DeletionPolicy.DELETE) is expected


async def test_one_of_the_same_space_is_asked_before_one_of_another(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    await discover(store, clock, tenant := Tenant(False, beside=(ELSEWHERE, BESIDE)))
    assert tenant.asked == [ORDERS.id, BESIDE.id]


async def test_where_nothing_is_listed_what_was_read_before_is_asked(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    known = replace(AssetRecord.first_seen(ELSEWHERE.id, ORDERS.kind, at=AT), fingerprints=fingerprints(ORDERS))
    await store.write(lambda tx: tx.catalog.put_assets([known]))
    await store.write(lambda tx: tx.schedule.put_entries([ELSEWHERE]))
    report = await discover(store, clock, tenant := Tenant(False, serves_beside=False))
    assert (tenant.asked, [each.code for each in report.problems]) == (
        [ORDERS.id, ELSEWHERE.id],
        [GONE_UNCONFIRMED],
    )


async def test_an_asset_that_the_catalog_still_answers_with_is_not_missed(
    store: SqliteStore, clock: StandingClock
) -> None:
    await written(store)
    report = await discover(store, clock, Tenant(False, holds_it=True))
    assert [(each.asset, each.code) for each in report.problems] == [(ORDERS.id, GONE_UNCONFIRMED)]
    assert (await recorded(store)).misses == 0


async def test_one_that_nobody_knows_how_to_read_is_asked_for_by_name(store: SqliteStore, clock: StandingClock) -> None:
    await know(store)
    await store.write(lambda tx: tx.checkpoints.put_many([WRITTEN]))
    await discover(store, clock, Tenant(False, holds_it=True))
    assert (await recorded(store)).misses == 0


async def test_what_was_said_of_it_is_over_once_it_is_listed_again(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    await discover(store, clock, Tenant(SourceError(SourceFault.FORBIDDEN, "no", remedy="")))
    assert (await recorded(store)).problem is not None
    await discover(store, clock, Tenant(False, lists=True))
    assert ((await recorded(store)).problem, (await recorded(store)).misses) == (None, 0)


async def test_nobody_is_asked_for_what_would_not_go(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    tenant = Tenant(True)
    await discover(store, clock, tenant, misses=2)
    await discover(store, clock, tenant, misses=1, policy=DeletionPolicy.KEEP)
    await discover(store, clock, tenant, misses=1, grace=timedelta(days=1))
    assert tenant.asked == []
    await store.write(lambda tx: tx.checkpoints.put_many([replace(WRITTEN, state=CheckpointState.RETIRED)]))
    await discover(store, clock, tenant)
    assert tenant.asked == [], "a retired table is asked for again only where it is to be deleted"


async def test_at_most_so_many_are_asked_for_and_the_rest_waits(store: SqliteStore, clock: StandingClock) -> None:
    names = [AssetId(ORDERS.id.space, TechnicalName(f"V_{number:03}")) for number in range(MOST_ASKED + 20)]
    records = [
        replace(AssetRecord.first_seen(name, ORDERS.kind, at=AT), fingerprints=fingerprints(ORDERS)) for name in names
    ]
    await store.write(lambda tx: tx.catalog.put_assets(records))
    await store.write(lambda tx: tx.blobs.put_many([b"{}"]))
    await store.write(
        lambda tx: tx.checkpoints.put_many(
            [replace(WRITTEN, asset=name, name=type(WRITTEN.name)(name.name.lower())) for name in names]
        )
    )
    await store.write(lambda tx: tx.schedule.put_entries([replace(ENTRY, id=name) for name in names]))
    report = await discover(store, clock, tenant := Tenant(False))
    assert len(tenant.asked) == MOST_ASKED
    waiting = [each for each in await store.catalog.assets() if each.problem is not None]
    assert (len(waiting), {each.problem.code for each in waiting if each.problem}) == (20, {GONE_UNCONFIRMED})
    assert [each.code for each in report.problems] == [GONE_UNCONFIRMED]
    clock.advance(1)
    await discover(store, clock, again := Tenant(False))
    assert set(again.asked) != set(tenant.asked), "none waits for ever"
