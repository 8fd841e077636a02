"""What targets hold of an asset goes over to its new name, once its former one is known to be gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from spheresync.config import DeletionPolicy
from spheresync.discovery.discovery_report import DiscoveryReport
from spheresync.discovery.tenant_pass import TenantPass
from spheresync.errors import SourceError, SourceFault
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    GONE_UNCONFIRMED,
    AssetId,
    AssetStatus,
    DestinationName,
    Digest,
    Problem,
    RunId,
    TechnicalName,
)
from spheresync.planning.asset_status import settle_statuses
from spheresync.planning.decisions.asset_work import RemovalRules
from spheresync.planning.names.rename_notes import former_names
from spheresync.runtime.scope import Scope
from spheresync.state.port import Tx
from spheresync.state.records import ANY_ENTRY, AuditFilter, CheckpointState
from spheresync.state.sqlite.store import SqliteStore
from tests.unit.discovery.test_shared_discovery import ENTRY, WRITTEN
from tests.unit.discovery.test_vanished_assets import Tenant, written
from tests.unit.mapping.assets import ORDERS, settings
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio

NEW = AssetId(ORDERS.id.space, TechnicalName(ORDERS.id.name.upper()))
RENAMED = replace(ENTRY, id=NEW)
ELSEWHERE = DestinationName("eu")
SYSTEM_ACTOR = '"actor":{"kind":"system","roles":[]}'


class Renamed(Tenant):
    """Lists the asset under its new name, and serves it under that; `says` is about the former one."""

    def __init__(self, says: bool | SourceError = False, **facts: bool) -> None:
        super().__init__(says, beside=(RENAMED,), **facts)

    async def is_served(self, entry: object) -> bool:
        return entry == RENAMED or await super().is_served(entry)  # type: ignore[arg-type]


async def discover(store: SqliteStore, clock: StandingClock, tenant: Tenant) -> DiscoveryReport:
    clock.advance(60)
    rules = RemovalRules(DeletionPolicy.RETIRE, 3, timedelta(0), offer_deletes=False)
    return await TenantPass(
        tenant, store, MappingRules.compile(settings()), Scope(), now=clock(), removals=rules, in_force=[WRITTEN.key]
    ).list_all()


async def states(store: SqliteStore) -> dict[str, dict[AssetId, CheckpointState]]:
    found: dict[str, dict[AssetId, CheckpointState]] = {}
    for asset in (ORDERS.id, NEW):
        for held in await store.checkpoints.of_asset(asset):
            found.setdefault(held.destination, {})[asset] = held.state
    return found


MOVED = {ORDERS.id: CheckpointState.DELETED, NEW: CheckpointState.ACTIVE}


async def listed_once(store: SqliteStore, clock: StandingClock) -> None:
    await written(store)
    await discover(store, clock, Tenant(True, lists=True))


async def test_it_moves_once_the_tenant_says_that_the_former_name_is_gone(
    store: SqliteStore, clock: StandingClock
) -> None:
    await listed_once(store, clock)
    problem = Problem.of(ORDERS.id, "conflict", "taken", "")
    await store.write(lambda tx: tx.unwritten.put_many(WRITTEN.key, [problem], at=WRITTEN.synced_at))
    report = await discover(store, clock, tenant := Renamed())
    assert (report.problems, tenant.asked) == ([], [ORDERS.id])
    assert await states(store) == {"default": MOVED}
    held = await store.checkpoints.get(NEW, WRITTEN.key)
    assert held == replace(WRITTEN, asset=NEW, mapping=None)
    old, new = await store.catalog.asset(ORDERS.id), await store.catalog.asset(NEW)
    assert old is not None and (old.status, old.misses) == (AssetStatus.DELETED, 1)
    assert new is not None and new.status is AssetStatus.PENDING
    assert await former_names(store, NEW.space) == {NEW: ORDERS.id}
    assert await store.unwritten.all(WRITTEN.key) == {}
    entries, _ = await store.audit.query(AuditFilter(actions=("rename",)), limit=10)
    assert {entry.asset: entry.detail for entry in entries} == {
        str(ORDERS.id): f'{{{SYSTEM_ACTOR},"objects":["sales.v_orders"],"renamed_to":"{NEW}"}}',
        str(NEW): f'{{{SYSTEM_ACTOR},"objects":["sales.v_orders"],"renamed_from":"{ORDERS.id}"}}',
    }
    _, before = await store.audit.query(ANY_ENTRY, limit=1)
    await discover(store, clock, again := Renamed())
    assert again.asked == [], "nothing is moved twice"
    assert (await store.audit.query(ANY_ENTRY, limit=1))[1] == before


@pytest.mark.parametrize(
    "tenant", [Renamed(True), Renamed(holds_it=True), Renamed(SourceError(SourceFault.SERVER_ERROR, "no", remedy=""))]
)
async def test_any_other_answer_moves_nothing_and_it_is_asked_again(
    store: SqliteStore, clock: StandingClock, tenant: Renamed
) -> None:
    await listed_once(store, clock)
    report = await discover(store, clock, tenant)
    assert [(each.asset, each.code) for each in report.problems] == [(ORDERS.id, GONE_UNCONFIRMED)]
    assert await states(store) == {"default": {ORDERS.id: CheckpointState.ACTIVE}}
    await discover(store, clock, Renamed())
    served = not isinstance(tenant.says, SourceError)
    assert await states(store) == {"default": {ORDERS.id: CheckpointState.ACTIVE} if served else MOVED}
    assert served == (await former_names(store, NEW.space) == {}), "what stood beside each other once is not one asset"


async def test_each_destination_moves_by_itself_and_one_that_knows_the_new_name_keeps_both(
    store: SqliteStore, clock: StandingClock
) -> None:
    await listed_once(store, clock)
    there = replace(WRITTEN, destination=ELSEWHERE)
    own = replace(there, asset=NEW, name=WRITTEN.name + "_1234abcd")
    await store.write(lambda tx: tx.checkpoints.put_many([there, own]))
    await discover(store, clock, Renamed())
    both = {ORDERS.id: CheckpointState.ACTIVE, NEW: CheckpointState.ACTIVE}
    assert await states(store) == {"default": MOVED, "eu": both}


@pytest.mark.parametrize("state", [CheckpointState.FORGOTTEN, CheckpointState.DELETED])
async def test_what_is_managed_no_more_does_not_move(
    store: SqliteStore, clock: StandingClock, state: CheckpointState
) -> None:
    await listed_once(store, clock)
    await store.write(lambda tx: tx.checkpoints.put_many([replace(WRITTEN, state=state)]))
    await discover(store, clock, tenant := Renamed())
    assert (await states(store), tenant.asked) == ({"default": {ORDERS.id: state}}, [])


async def test_a_hold_ends_and_a_retired_table_stays_one(store: SqliteStore, clock: StandingClock) -> None:
    await listed_once(store, clock)
    retired = replace(WRITTEN, state=CheckpointState.RETIRED, held=Digest("held"))
    await store.write(lambda tx: tx.checkpoints.put_many([retired]))
    await discover(store, clock, Renamed())
    assert await store.checkpoints.get(NEW, WRITTEN.key) == replace(retired, asset=NEW, held=None, mapping=None)


async def test_what_a_run_of_before_wrote_meanwhile_goes_over_too_and_is_looked_at(
    store: SqliteStore, clock: StandingClock
) -> None:
    await listed_once(store, clock)
    await discover(store, clock, Renamed())
    late = replace(WRITTEN, version="2", body_digest=Digest("late"), run_id=RunId("run_1"))

    async def write(tx: Tx) -> None:
        await tx.checkpoints.put_many([late])
        await settle_statuses(tx, [ORDERS.id], [WRITTEN.key])

    await store.write(write)
    await discover(store, clock, Renamed())
    assert await states(store) == {"default": MOVED}
    held = await store.checkpoints.get(NEW, WRITTEN.key)
    assert held is not None and (held.version, held.body_digest) == (None, "late")


async def test_a_damaged_note_of_names_is_told_to_nobody_and_written_anew(
    store: SqliteStore, clock: StandingClock
) -> None:
    await listed_once(store, clock)
    await store.write(lambda tx: tx.meta.set(f"renamed:{NEW.space}", "{"))
    assert await former_names(store, NEW.space) == {}
    await discover(store, clock, Renamed())
    assert await former_names(store, NEW.space) == {NEW: ORDERS.id}
