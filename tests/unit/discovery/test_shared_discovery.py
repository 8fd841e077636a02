"""A discovery beside other processes: what they wrote meanwhile stands, and nobody writes in another one's turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from spheresync.discovery.normalisation import reading_version
from spheresync.discovery.shared_discovery import DISCOVERY_LEASE
from spheresync.discovery.tenant_pass import TenantPass
from spheresync.errors import LeaseLostError
from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    AssetEntry,
    AssetStatus,
    Digest,
    Listing,
    PhysicalName,
    RawDefinition,
    SpaceEntry,
    SpaceName,
    TargetKey,
    digest_of,
)
from spheresync.planning.decisions.items import name_taken
from spheresync.runtime.scope import Scope
from spheresync.source.datasphere.normaliser import NORMALISER
from spheresync.state.definitions import encode_asset
from spheresync.state.records import NO_RUN, AssetRecord, Checkpoint, CheckpointState
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from spheresync.targets.glue.design import GLUE_DESIGN
from tests.unit.mapping.assets import ORDERS, settings
from tests.unit.state.conftest import StandingClock, clock, store

__all__ = ["clock", "store"]
pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
DEFINITION = encode_asset(ORDERS)
ENTRY = AssetEntry(
    ORDERS.id, ORDERS.label, "https://t/r", None, supports_analytical_queries=False, has_parameters=False
)
WRITTEN = Checkpoint(
    asset=ORDERS.id,
    target=GLUE,
    destination=DEFAULT_DESTINATION,
    container=PhysicalName("sales"),
    name=PhysicalName("v_orders"),
    body=digest_of(b"{}"),
    body_digest=Digest("d"),
    version="1",
    fingerprints=fingerprints(ORDERS),
    mapping=None,
    definition=digest_of(DEFINITION),
    state=CheckpointState.ACTIVE,
    held=None,
    synced_at=AT,
    run_id=NO_RUN,
    fence=1,
)


class Tenant:
    """Lists one asset and serves it as it was; something happens while that is read."""

    normaliser = NORMALISER

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._meanwhile = meanwhile

    async def list_spaces(self) -> Listing[SpaceEntry]:
        return Listing("tenant", (SpaceEntry(ORDERS.id.space, "Sales"),), complete=True)

    async def list_assets(self, space: SpaceName) -> Listing[AssetEntry]:
        return Listing(space, (ENTRY,), complete=True)

    def expect(self, entries: Sequence[AssetEntry]) -> None:
        pass

    async def fetch(self, entry: AssetEntry) -> RawDefinition:
        await self._meanwhile()
        return RawDefinition(entry, (), Digest("raw"))


async def know(store: SqliteStore) -> None:
    record = replace(
        AssetRecord.first_seen(ORDERS.id, ORDERS.kind, at=AT),
        raw_digest=Digest("raw"),
        parser_version=reading_version(NORMALISER),
        definition=digest_of(DEFINITION),
        fingerprints=fingerprints(ORDERS),
    )
    await store.write(lambda tx: tx.blobs.put_many([DEFINITION, b"{}"]))
    await store.write(lambda tx: tx.catalog.put_assets([record]))


async def status(store: SqliteStore) -> AssetStatus:
    record = await store.catalog.asset(ORDERS.id)
    assert record is not None
    return record.status


def discovery(
    store: SqliteStore, clock: StandingClock, meanwhile: Callable[[], Awaitable[None]], fence: int | None = None
) -> TenantPass:
    async def still_ours(tx: SqliteTx) -> None:
        if fence is not None:
            await tx.leases.require(DISCOVERY_LEASE, fence)

    return TenantPass(
        Tenant(meanwhile),
        store,
        MappingRules.compile(settings()),
        Scope(),
        now=clock(),
        still_ours=still_ours,
        in_force=[TargetKey(GLUE)],
    )


@pytest.mark.parametrize("one", [False, True], ids=["all of it", "one definition"])
async def test_what_an_apply_wrote_while_a_discovery_read_stays_synced(
    store: SqliteStore, clock: StandingClock, *, one: bool
) -> None:
    await know(store)

    async def apply() -> None:
        await store.write(lambda tx: tx.checkpoints.put_many([WRITTEN]))
        await store.write(lambda tx: tx.catalog.set_statuses([(ORDERS.id, AssetStatus.SYNCED)]))

    reading = discovery(store, clock, apply)
    if one:
        await store.write(lambda tx: tx.schedule.put_entries([ENTRY]))
        await reading.read(ORDERS.id)
    else:
        await reading.run()
    assert await status(store) is AssetStatus.SYNCED


async def test_a_conflict_stays_one_until_the_table_was_written(store: SqliteStore, clock: StandingClock) -> None:
    await know(store)
    taken = name_taken(ORDERS.id, "the table lost the marker of this installation", GLUE_DESIGN)
    await store.write(lambda tx: tx.unwritten.put_many(TargetKey(GLUE), [taken], at="2026-11-24T08:00:00Z"))

    async def nothing() -> None:
        pass

    await discovery(store, clock, nothing).run()
    assert await status(store) is AssetStatus.CONFLICT


async def test_a_reader_that_was_stopped_writes_nothing_more_once_another_one_reads(
    store: SqliteStore, clock: StandingClock
) -> None:
    await know(store)
    async with SqliteStore.open(store.folder, clock=clock) as other:
        mine = await store.write(lambda tx: tx.leases.acquire(DISCOVERY_LEASE, store.owner.id, beats=True))
        assert await other.write(lambda tx: tx.leases.acquire(DISCOVERY_LEASE, other.owner.id, beats=True)) is None

        async def sleep() -> None:
            clock.advance(31)
            theirs = await other.write(lambda tx: tx.leases.acquire(DISCOVERY_LEASE, other.owner.id, beats=True))
            assert theirs == 2

        before = await store.catalog.assets()
        with pytest.raises(LeaseLostError):
            await discovery(store, clock, sleep, fence=mine).run()
        listed = await store.catalog.assets()
        assert [replace(record, read_at=None) for record in listed] == [
            replace(record, read_at=None) for record in before
        ]
        assert listed[0].read_at is None, "nothing of what was read is written"
