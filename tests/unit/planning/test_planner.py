"""A plan notes what it found; it never notes over what a run has written meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spheresync.mapping.fingerprints import fingerprints
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    AssetStatus,
    DesiredObject,
    LiveObject,
    PhysicalName,
    Principal,
    PrincipalKind,
    TargetKey,
    digest_of,
)
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import Planner
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.state.definitions import encode_asset
from spheresync.state.records import NO_RUN, AssetRecord, Checkpoint, CheckpointState
from spheresync.state.sqlite.repositories.checkpoints import CheckpointReader
from spheresync.state.sqlite.store import SqliteStore
from spheresync.targets.glue.table_input import design_table
from tests.unit.mapping.assets import ORDERS, settings

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DATABASE, TABLE = PhysicalName("sales"), PhysicalName("v_orders")


class LookedAt:
    """A target that holds one table; something may happen while it is read."""

    def __init__(self, live: LiveObject, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._live = live
        self._meanwhile = meanwhile

    catalog = None

    @property
    def key(self) -> TargetKey:
        return TargetKey(GLUE)

    def expect(self, catalog: str | None) -> None:
        assert catalog is None

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        assert (container, name) == (DATABASE, TABLE)
        await self._meanwhile()
        return self._live


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "state") as opened:
        yield opened


async def known(store: SqliteStore, desired: DesiredObject) -> Checkpoint:
    """The asset as listed and read, and its table as written under older rules and touched by somebody since."""
    definition = encode_asset(ORDERS)
    record = replace(
        AssetRecord.first_seen(ORDERS.id, ORDERS.kind, at=AT),
        label=ORDERS.label,
        status=AssetStatus.SYNCED,
        definition=digest_of(definition),
        fingerprints=fingerprints(ORDERS),
    )
    checkpoint = Checkpoint(
        asset=ORDERS.id,
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=DATABASE,
        name=TABLE,
        body=digest_of(desired.body),
        body_digest=desired.digest,
        version=None,
        fingerprints=None,
        mapping=None,
        definition=None,
        state=CheckpointState.ACTIVE,
        held=None,
        synced_at=AT,
        run_id=NO_RUN,
        fence=1,
    )
    await store.write(lambda tx: tx.catalog.put_assets([record]))
    await store.write(lambda tx: tx.blobs.put_many([definition, desired.body]))
    await put(store, checkpoint)
    return checkpoint


async def put(store: SqliteStore, checkpoint: Checkpoint) -> None:
    await store.write(lambda tx: tx.checkpoints.put_many([checkpoint]))


async def plan(
    store: SqliteStore, configured: Any, live: LiveObject, meanwhile: Callable[[], Awaitable[None]]
) -> Checkpoint:
    """Plan, and answer the checkpoint that is there afterwards."""
    planner = Planner(
        store,
        configured,
        MappingRules.compile(configured),
        [LookedAt(live, meanwhile)],  # type: ignore[arg-type]  # a plan of known tables asks for nothing else
        PlanRequest(Scope(), Principal(PrincipalKind.USER, "jane")),
        now=NOW,
        progress=silent,
    )
    await planner.run()
    found = await store.checkpoints.get(ORDERS.id, TargetKey(GLUE))
    assert found is not None
    return found


@pytest.mark.parametrize("written", [False, True])
async def test_what_a_run_wrote_meanwhile_is_not_noted_over(store: SqliteStore, written: bool) -> None:
    configured = settings(installation="test")
    mapping = MappingRules.compile(configured)
    decision = mapping.decide(ORDERS.id, ORDERS.kind, ORDERS.label)
    desired = design_table(ORDERS, decision, DATABASE, TABLE, configured.installation_marker)
    checkpoint = await known(store, desired)
    marker = configured.installation_marker
    live = LiveObject(DATABASE, TABLE, "3", desired.body, marker, str(ORDERS.id), desired.digest, intact=True)
    by_run = replace(checkpoint, version="9", fence=2)

    async def meanwhile() -> None:
        if written:
            await put(store, by_run)

    found = await plan(store, configured, live, meanwhile)
    if written:
        assert found == by_run
    else:
        assert (found.version, found.fingerprints, found.mapping) == ("3", fingerprints(ORDERS), decision.digest)


async def test_what_is_known_of_a_target_is_read_once_where_nothing_changes(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = settings(installation="test")
    decision = MappingRules.compile(configured).decide(ORDERS.id, ORDERS.kind, ORDERS.label)
    desired = design_table(ORDERS, decision, DATABASE, TABLE, configured.installation_marker)
    await known(store, desired)
    marker = configured.installation_marker
    live = LiveObject(DATABASE, TABLE, "3", desired.body, marker, str(ORDERS.id), desired.digest, intact=True)

    async def nothing() -> None: ...

    settled = await plan(store, configured, live, nothing)
    reads: list[TargetKey] = []
    read_all = CheckpointReader.all

    async def counted(reader: CheckpointReader, key: TargetKey) -> list[Checkpoint]:
        reads.append(key)
        return await read_all(reader, key)

    monkeypatch.setattr(CheckpointReader, "all", counted)
    assert await plan(store, configured, live, nothing) == settled
    assert reads == [TargetKey(GLUE)]
