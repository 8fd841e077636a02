"""The promises of the port `Store`, as tests that any store runs.

A suite of its own makes a subclass whose `two_stores` fixture gives one state that two processes have open.
"""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

from spheresync.errors import FenceError, LeaseLostError, StateError
from spheresync.mapping.search.question import Question
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    AssetId,
    AssetKind,
    Digest,
    PhysicalName,
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
    digest_of,
    isoformat,
)
from spheresync.model.json_document import read_own_json
from spheresync.state.audit_chain import AuditedActor, actor_in_detail
from spheresync.state.port import Store, Tx
from spheresync.state.records import AssetRecord, AuditEvent, AuditFilter, Checkpoint, CheckpointState, RunRecord
from tests.contract.store_run_promises import RunPromises
from tests.contract.two_stores import TwoStores

ASSETS = [AssetId.parse(f"SALES/V_{number}") for number in range(4)]


def audit_event(number: int) -> AuditEvent:
    anna = Principal(PrincipalKind.USER, "anna", frozenset({"operator", "viewer"}))
    return AuditEvent(anna, "create", None, f"SALES/V_{number}", "glue", "done", {"number": number, "text": "Größe"})


def checkpoint(stores: TwoStores, version: str, *, fence: int) -> Checkpoint:
    return Checkpoint(
        asset=ASSETS[0],
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=PhysicalName("sales"),
        name=PhysicalName("v_0"),
        body=Digest("b"),
        body_digest=Digest("d"),
        version=version,
        fingerprints=None,
        mapping=None,
        definition=None,
        state=CheckpointState.ACTIVE,
        held=None,
        synced_at=isoformat(stores.now()),
        run_id=RunId("run_1"),
        fence=fence,
    )


async def put_assets(stores: TwoStores) -> list[AssetRecord]:
    records = [AssetRecord.first_seen(asset, AssetKind.VIEW, at=isoformat(stores.now())) for asset in ASSETS]
    await stores.one.write(lambda tx: tx.catalog.put_assets(records))
    return records


async def acquire(store: Store, *, beats: bool = True) -> int | None:
    return await store.write(lambda tx: tx.leases.acquire("discovery", store.owner_id, beats=beats))


class StorePromises(RunPromises):
    """What every store keeps."""

    async def test_what_was_written_is_there_for_others_and_after_reopening(self, two_stores: TwoStores) -> None:
        await two_stores.one.write(lambda tx: tx.meta.set("tenant_host", "acme.eu10.hcs.cloud.sap"))
        assert await two_stores.one.meta.get("tenant_host") == "acme.eu10.hcs.cloud.sap"
        assert await two_stores.other.meta.get("tenant_host") == "acme.eu10.hcs.cloud.sap"
        later = await two_stores.reopen_one()
        assert await later.meta.get("tenant_host") == "acme.eu10.hcs.cloud.sap"

    async def test_a_unit_of_work_that_raises_leaves_nothing(self, two_stores: TwoStores) -> None:
        store = two_stores.one

        async def work(tx: Tx) -> None:
            await tx.meta.set("half", "done")
            await tx.blobs.put_many([b"half"])
            raise ValueError("stop")

        with pytest.raises(ValueError, match="stop"):
            await store.write(work)
        assert await store.meta.get("half") is None
        assert await store.blobs.get_many([digest_of(b"half")]) == {}
        await two_stores.other.write(lambda tx: tx.meta.set("next", "fine"))

    async def test_readers_see_only_what_is_committed(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other

        async def work(tx: Tx) -> list[str | None]:
            await tx.meta.set("k", "new")
            assert await tx.meta.get("k") == "new", "the unit itself sees what it wrote"
            return [await store.meta.get("k"), await other.meta.get("k")]

        assert await store.write(work) == [None, None]
        assert [await store.meta.get("k"), await other.meta.get("k")] == ["new", "new"]

    async def test_a_storm_of_cancellations_leaves_whole_units_only(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        begun: set[str] = set()

        async def one(name: str) -> None:
            async def work(tx: Tx) -> None:
                begun.add(name)
                for step in range(3):
                    await tx.meta.set(f"{name}.{step}", "x")

            await store.write(work)

        for n in range(100):
            async with anyio.create_task_group() as group:
                for writer in range(3):
                    group.start_soon(one, f"{n}-{writer}")
                for _ in range(n % 40):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        assert 0 < len(begun) < 300
        kept = await store.meta.with_prefix("")
        assert set(kept) == {f"{name}.{step}" for name in begun for step in range(3)}, "what was begun was not finished"
        await two_stores.other.write(lambda tx: tx.meta.set("after", "fine"))

    async def test_units_of_two_processes_follow_each_other(self, two_stores: TwoStores) -> None:
        async def count(tx: Tx) -> None:
            await tx.meta.set("count", str(int(await tx.meta.get("count") or "0") + 1))

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(two_stores.one.write, count)
                group.start_soon(two_stores.other.write, count)
        assert await two_stores.one.meta.get("count") == "20", "none read what another was about to change"

    async def test_writing_inside_a_unit_of_work_is_refused_rather_than_waiting_for_ever(
        self, two_stores: TwoStores
    ) -> None:
        store = two_stores.one

        async def work(tx: Tx) -> None:
            await store.write(lambda inner: inner.meta.set("k", "v"))

        with pytest.raises(RuntimeError):
            await store.write(work)

    async def test_text_that_is_no_unicode_is_refused_as_a_name_and_finds_nothing(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        with pytest.raises(StateError, match="Unicode"):
            await store.write(lambda tx: tx.meta.set("\ud800", "v"))
        assert await store.meta.get("\ud800") is None
        assert (await store.search.find(Question.of("\ud800"))).total == 0

    async def test_an_audit_entry_is_kept_only_with_its_change(self, two_stores: TwoStores) -> None:
        store = two_stores.one

        async def work(tx: Tx) -> None:
            await tx.meta.set("k", "v")
            await tx.audit.append_many([audit_event(1)])
            raise ValueError("the change failed")

        with pytest.raises(ValueError, match="the change failed"):
            await store.write(work)
        assert await store.meta.get("k") is None
        assert (await store.audit.query())[1] == 0
        assert (await store.audit.verify()).intact

    async def test_the_audit_log_of_two_processes_is_one_chain(self, two_stores: TwoStores) -> None:
        assert await two_stores.one.write(lambda tx: tx.audit.append_many([])) == []
        verdict = await two_stores.one.audit.verify()
        assert (verdict.intact, verdict.entries) == (True, 0)
        for number, store in enumerate((two_stores.one, two_stores.other) * 4):
            await store.write(lambda tx, number=number: tx.audit.append_many([audit_event(number)]))  # type: ignore[misc]
        entries = [entry async for entry in two_stores.one.audit.iterate()]
        assert [entry.seq for entry in entries] == list(range(1, 9))
        assert [entry.prev_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
        assert {entry.actor for entry in entries} == {"anna"}
        told = {actor_in_detail(read_own_json(entry.detail))[0] for entry in entries}
        assert told == {AuditedActor("user", ("operator", "viewer"))}
        verdict = await two_stores.other.audit.verify()
        assert (verdict.intact, verdict.entries, verdict.first_broken) == (True, 8, None)

    async def test_an_audit_log_that_was_altered_shows_where(self, two_stores: TwoStores) -> None:
        await two_stores.one.write(lambda tx: tx.audit.append_many([audit_event(number) for number in range(8)]))
        two_stores.alter_audit_log()
        verdict = await two_stores.one.audit.verify()
        assert not verdict.intact
        assert verdict.first_broken is not None

    async def test_a_row_that_cannot_be_read_hides_none_of_its_neighbours(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        records = await put_assets(two_stores)
        two_stores.damage_asset(ASSETS[1])
        others = [record for record in records if record.id != ASSETS[1]]
        assert await store.catalog.assets() == others
        assert (await store.catalog.page(limit=3))[0] == others, "the one that follows stands in for it"
        assert await store.catalog.some(ASSETS) == others
        assert await store.catalog.asset(ASSETS[1]) is None
        assert [row.table for row in store.lost_rows] == ["assets"]

    async def test_a_row_that_cannot_be_read_is_made_anew(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        await put_assets(two_stores)
        two_stores.damage_asset(ASSETS[1])
        assert await store.clear_lost_rows() is False, "nobody has met it yet"
        assert await store.clear_lost_rows(everywhere=True) is True
        assert store.lost_rows == ()
        assert [record.id for record in await store.catalog.assets()] == ASSETS
        (entry,) = (await store.audit.query(AuditFilter(actions=("clear_lost_rows",))))[0]
        assert entry.outcome == "done"

    async def test_contents_are_kept_by_their_digest_and_once(self, two_stores: TwoStores) -> None:
        bodies = [b"one", b"", b"one", b"x" * 100_000]
        for store in (two_stores.one, two_stores.other):
            digests = await store.write(lambda tx: tx.blobs.put_many(bodies))
            assert digests == [digest_of(body) for body in bodies]
        assert await two_stores.one.retention.contents() == 3
        found = await two_stores.other.blobs.get_many([*digests, Digest("absent")])
        assert found == dict(zip(digests, bodies, strict=True))
        with pytest.raises(StateError):
            await two_stores.one.blobs.get(Digest("absent"))

    async def test_contents_that_nothing_refers_to_are_found(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        kept, orphan = await store.write(lambda tx: tx.blobs.put_many([b"kept", b"orphan"]))
        held = replace(checkpoint(two_stores, "1", fence=0), body=kept)
        await store.write(lambda tx: tx.checkpoints.put_many([held]))
        assert await store.unreferenced_contents("", "g") == [orphan]

    async def test_writing_the_same_again_changes_nothing(self, two_stores: TwoStores) -> None:
        records = await put_assets(two_stores)
        held = checkpoint(two_stores, "1", fence=0)
        for store in (two_stores.one, two_stores.other, two_stores.one):
            await store.write(lambda tx: tx.catalog.put_assets(records))
            await store.write(lambda tx: tx.checkpoints.put_many([held]))
            await store.write(lambda tx: tx.meta.set("k", "v"))
        assert await two_stores.other.catalog.assets() == records
        assert await two_stores.other.checkpoints.of_asset(ASSETS[0]) == [held]
        assert await two_stores.other.meta.with_prefix("k") == {"k": "v"}

    async def test_a_checkpoint_refuses_a_claim_that_another_process_has_taken_over(
        self, two_stores: TwoStores
    ) -> None:
        one, other = two_stores.one, two_stores.other
        somebody = Principal(PrincipalKind.USER, "anna", frozenset())
        run = RunRecord.queued(
            RunId("run_1"), RunKind.SYNC, b"{}", somebody, owner=other.owner_id, at=isoformat(two_stores.now())
        )
        await other.write(lambda tx: tx.runs.create(run))
        old = await other.write(lambda tx: tx.runs.claim(run.id, other.owner_id))
        two_stores.advance(31)  # stopped: it sent no heartbeat
        new = await one.write(lambda tx: tx.runs.claim(run.id, one.owner_id))
        assert old is not None
        assert new is not None
        assert new > old
        await one.write(lambda tx: tx.checkpoints.put_many([checkpoint(two_stores, "2", fence=new)], new))

        async def late(tx: Tx) -> None:
            await tx.meta.set("late", "yes")
            await tx.checkpoints.put_many([checkpoint(two_stores, "1", fence=old)], old)

        with pytest.raises(FenceError):
            await other.write(late)
        assert [held.version for held in await one.checkpoints.of_asset(ASSETS[0])] == ["2"]
        assert await one.meta.get("late") is None, "nothing of the unit is kept"

    async def test_of_many_who_want_a_lease_one_gets_it(self, two_stores: TwoStores) -> None:
        fences: list[int | None] = []

        async def take(store: Store) -> None:
            fences.append(await acquire(store))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(take, two_stores.one)
                group.start_soon(take, two_stores.other)
        assert sorted(fences, key=str) == [1, *[None] * 9]
        (held,) = await two_stores.one.leases.held()
        assert held.owner in {two_stores.one.owner_id, two_stores.other.owner_id}

    async def test_who_lost_a_lease_can_write_nothing_under_it(self, two_stores: TwoStores) -> None:
        one, other = two_stores.one, two_stores.other
        assert await acquire(other) == 1
        two_stores.advance(31)
        assert await acquire(one) == 2

        async def late(tx: Tx) -> None:
            await tx.meta.set("late", "yes")
            await tx.leases.require("discovery", 1)

        with pytest.raises(LeaseLostError):
            await other.write(late)
        assert await one.meta.get("late") is None
        await one.write(lambda tx: tx.leases.require("discovery", 2))

    async def test_what_a_process_owned_is_free_once_it_ended(self, two_stores: TwoStores) -> None:
        one, other = two_stores.one, two_stores.other
        assert await acquire(other, beats=False) == 1
        assert one.is_alive(other.owner_id)
        assert await acquire(one) is None
        await two_stores.close_other()
        assert not one.is_alive(other.owner_id)
        assert await acquire(one) == 2

    async def test_permits_of_all_processes_together_keep_to_the_limit(self, two_stores: TwoStores) -> None:
        granted = 0
        for store in (two_stores.one, two_stores.other) * 5:
            permits = await store.write(lambda tx: tx.grants.grant("datasphere", now=100.0, limit=10, wanted=3))
            granted += permits.permits
        assert granted == 10
