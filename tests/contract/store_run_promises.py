"""What any store promises about runs, their journals and leases: the second part of `StorePromises`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spheresync.errors import FenceError, StateError, UsageError
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    PhysicalName,
    Principal,
    PrincipalKind,
    Problem,
    RunId,
    RunKind,
    RunState,
    Severity,
    SpaceName,
    Strategy,
    TargetKey,
    TechnicalName,
    digest_of,
    isoformat,
)
from spheresync.state.port import Store
from spheresync.state.records import (
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    JournalEntry,
    JournalState,
    RunRecord,
)
from tests.contract.two_stores import TwoStores

ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"admin", "viewer"}))


async def enter(stores: TwoStores, name: str, owner: str | None, **fields: object) -> RunRecord:
    at = isoformat(stores.now())
    run = RunRecord.queued(RunId(name), RunKind.SYNC, name.encode(), ANNA, owner=owner, at=at)
    run = replace(run, **fields)  # type: ignore[arg-type]
    await stores.one.write(lambda tx: tx.runs.create(run))
    return run


async def claim(store: Store, name: str, owner: str) -> int | None:
    return await store.write(lambda tx: tx.runs.claim(RunId(name), owner))


def planned(ordinal: int, action: Action = Action.CREATE) -> ChangeSetItem:
    return ChangeSetItem(
        ordinal=ordinal,
        asset=AssetId(SpaceName("S"), TechnicalName(f"A{ordinal}")),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        action=action,
        strategy=Strategy.FULL,
        severity=Severity.ADDITIVE,
        reason="new",
        tier=None,
        container=PhysicalName("s"),
        name=PhysicalName("a"),
        changes=(),
        before=None,
        after=None,
        after_digest=None,
        expected_version=None,
        expected_digest=None,
        blocked_by=None,
        fingerprints=None,
        mapping=None,
        definition=None,
        operations=(),
    )


async def with_change_set(stores: TwoStores) -> None:
    at = isoformat(stores.now())
    cs = ChangeSetRecord(
        ChangeSetId("cs"), Digest("d"), at, at, "anna", Digest("m"), Digest("s"), b"{}", {}, (), (), 0, None, "1", 1
    )
    await stores.one.write(lambda tx: tx.change_sets.put(cs, [planned(1), planned(2, Action.DELETE), planned(3)]))
    await enter(stores, "run_1", stores.one.owner_id, change_set_id=cs.id)
    await claim(stores.one, "run_1", stores.one.owner_id)


def outcome(stores: TwoStores, ordinal: int, state: JournalState) -> JournalEntry:
    problem = Problem("S/A", "denied", "no") if state is JournalState.FAILED else None
    at = isoformat(stores.now())
    return JournalEntry(RunId("run_1"), ordinal, state, Action.CREATE, problem, None, Digest("a"), "1", "req", at)


class RunPromises:
    """Whose turn it is, fencing, the journal, leases."""

    async def test_a_run_comes_back_as_entered_and_is_found(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        me = store.owner_id
        run = await enter(two_stores, "run_1", me, change_set_id=ChangeSetId("cs_1"))
        await enter(two_stores, "run_2", me)
        assert await store.runs.get(run.id) == run
        assert await store.runs.by_change_set(ChangeSetId("cs_1")) == run
        assert await store.runs.by_change_set(ChangeSetId("cs_2")) is None
        assert await store.runs.find_active("sync", digest_of(b"run_1"), ANNA) == run
        assert await store.runs.find_active("sync", digest_of(b"run_1"), replace(ANNA, id="bert")) is None
        assert await store.runs.find_active("sync", digest_of(b"run_1"), replace(ANNA, kind="service")) is None
        page, total = await store.runs.page(limit=1)
        assert ([r.id for r in page], total) == (["run_2"], 2)
        assert [r.id for r in (await store.runs.page(before=RunId("run_2")))[0]] == ["run_1"]
        with pytest.raises(UsageError, match="run_9"):
            await store.runs.get(RunId("run_9"))

    async def test_claim_update_and_end(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        await enter(two_stores, "run_1", store.owner_id)
        fence = await claim(store, "run_1", store.owner_id)
        assert fence == 1
        assert await claim(store, "run_1", store.owner_id) is None, "driven already"
        problem = Problem("SALES/A", "denied", "no", "ask")
        await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, phase="applying", counts={"create": 3}))
        await store.write(
            lambda tx: tx.runs.update(
                RunId("run_1"),
                1,
                state=RunState.DONE,
                usage={"aws_calls": 3},
                problems=[problem],
                change_set_id=ChangeSetId("c"),
            )
        )
        ended = await store.runs.get(RunId("run_1"))
        assert (ended.state, ended.phase, ended.counts, ended.usage) == (
            RunState.DONE,
            "applying",
            {"create": 3},
            {"aws_calls": 3},
        )
        assert (ended.problems, ended.change_set_id) == ((problem,), "c")
        assert ended.finished_at == ended.started_at == isoformat(two_stores.now())
        assert await claim(store, "run_1", store.owner_id) is None, "ended"
        assert await store.runs.find_active("sync", ended.request_digest, ANNA) is None
        assert await store.runs.unfinished() == []

    async def test_one_run_at_a_time_in_the_order_of_queueing(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        me = store.owner_id
        for name, owner in (("run_1", me), ("run_2", other.owner_id), ("run_3", me)):
            await enter(two_stores, name, owner)
        assert await claim(store, "run_3", me) is None, "older ones wait"
        assert await claim(store, "run_1", other.owner_id) is None, "its owner lives"
        assert await claim(store, "run_1", me) == 1
        assert await claim(store, "run_2", other.owner_id) is None, "one is driven"
        await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, state=RunState.DONE))
        assert await claim(store, "run_2", other.owner_id) == 1

    async def test_a_dead_process_is_taken_over_at_once_and_its_place_passed_over(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", other.owner_id)
        await enter(two_stores, "run_2", other.owner_id)
        await enter(two_stores, "run_3", store.owner_id)
        assert await claim(store, "run_1", other.owner_id) == 1
        assert await store.runs.orphans() == []
        await two_stores.close_other()
        assert [run.id for run in await store.runs.orphans()] == ["run_1", "run_2"]
        assert await claim(store, "run_1", store.owner_id) == 2
        with pytest.raises(FenceError, match="taken over"):
            await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, phase="x"))
        await store.write(lambda tx: tx.runs.update(RunId("run_1"), 2, state=RunState.DONE))
        assert await claim(store, "run_3", store.owner_id) == 1, "run_2's place is passed over"

    async def test_a_stopped_process_counts_as_dead_after_30_s_and_can_write_no_more(
        self, two_stores: TwoStores
    ) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", other.owner_id)
        assert await claim(store, "run_1", other.owner_id) == 1
        two_stores.advance(30)
        assert await claim(store, "run_1", store.owner_id) is None
        assert await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1)) is False
        two_stores.advance(30.5)
        assert await claim(store, "run_1", store.owner_id) == 2
        with pytest.raises(FenceError):
            await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1))

    async def test_claiming_another_run_fences_off_the_stopped_one(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", other.owner_id)
        await claim(store, "run_1", other.owner_id)
        two_stores.advance(31)
        await enter(two_stores, "run_2", store.owner_id)
        assert await claim(store, "run_2", store.owner_id) == 1
        with pytest.raises(FenceError):
            await store.write(lambda tx: tx.runs.record(RunId("run_1"), [], 1))
        assert await claim(store, "run_1", other.owner_id) is None, "one at a time"
        await store.write(lambda tx: tx.runs.update(RunId("run_2"), 1, state=RunState.DONE))
        assert await claim(store, "run_1", other.owner_id) == 3

    async def test_a_clock_set_back_kills_nobody(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", other.owner_id)
        await claim(store, "run_1", other.owner_id)
        two_stores.advance(-7200)
        assert await claim(store, "run_1", store.owner_id) is None

    async def test_asking_for_its_turn_keeps_a_waiting_owner_alive(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", other.owner_id)
        await claim(store, "run_1", other.owner_id)
        await enter(two_stores, "run_2", store.owner_id)
        for _ in range(10):
            two_stores.advance(10)
            await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1))
            assert await claim(store, "run_2", store.owner_id) is None
        assert await claim(store, "run_2", other.owner_id) is None
        assert await store.runs.orphans() == []

    async def test_a_released_run_is_free(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        await enter(two_stores, "run_1", store.owner_id)
        await claim(store, "run_1", store.owner_id)
        await store.write(lambda tx: tx.runs.release(RunId("run_1"), 1))
        assert await claim(store, "run_1", other.owner_id) == 2

    async def test_only_a_person_approves(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        written = {"state": RunState.DONE, "change_set_id": ChangeSetId("cs_1")}
        for number, kind in enumerate(("scheduler", "service", "system")):
            await enter(two_stores, f"run_{number}", None, actor=replace(ANNA, kind=kind), **written)
        await enter(two_stores, "run_8", None)
        assert await store.runs.approved_by_a_person() is None
        await enter(two_stores, "run_9", None, **written)
        assert await store.runs.approved_by_a_person() == "run_9"

    async def test_a_cancel_is_seen_at_the_next_heartbeat(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        await enter(two_stores, "run_1", store.owner_id)
        await claim(store, "run_1", store.owner_id)
        assert await store.write(lambda tx: tx.runs.request_cancel(RunId("run_1"))) is True
        assert await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1)) is True
        await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, state=RunState.CANCELLED))
        assert await store.write(lambda tx: tx.runs.request_cancel(RunId("run_1"))) is False

    async def test_a_run_that_nobody_has_begun_is_cancelled_at_once_and_one_that_is_driven_is_not(
        self, two_stores: TwoStores
    ) -> None:
        store = two_stores.one
        await enter(two_stores, "run_1", store.owner_id)
        await enter(two_stores, "run_2", store.owner_id)
        await claim(store, "run_1", store.owner_id)
        assert await store.write(lambda tx: tx.runs.cancel_waiting(RunId("run_1"))) is False
        assert await store.write(lambda tx: tx.runs.cancel_waiting(RunId("run_2"))) is True
        ended = await store.runs.get(RunId("run_2"))
        assert (ended.state, ended.owner) == (RunState.CANCELLED, None) and ended.finished_at is not None
        assert await claim(store, "run_2", store.owner_id) is None
        assert [run.id for run in await store.runs.unfinished()] == ["run_1"]
        assert await store.damages() == ()

    async def test_the_journal_goes_from_planned_to_its_end(self, two_stores: TwoStores) -> None:
        store = two_stores.one
        await with_change_set(two_stores)
        run = RunId("run_1")
        await store.write(lambda tx: tx.runs.plan_items(run, [planned(1)], 1))
        await store.write(lambda tx: tx.runs.mark_sent(run, [1, 2], 1))
        assert [(e.ordinal, e.state, e.action) for e in await store.runs.entries(run)] == [
            (1, JournalState.SENT, Action.CREATE),
            (2, JournalState.SENT, Action.DELETE),
        ]
        done, failed = outcome(two_stores, 1, JournalState.CONFIRMED), outcome(two_stores, 3, JournalState.FAILED)
        await store.write(lambda tx: tx.runs.record(run, [done, failed], 1))
        assert [e.ordinal for e in await store.runs.open_entries(run)] == [2]
        assert (await store.runs.entries(run))[0] == done
        assert (await store.runs.entries(run))[2] == failed

    @pytest.mark.parametrize("ordinal", [1, 99])
    async def test_what_has_ended_or_was_never_planned_is_not_sent(self, two_stores: TwoStores, ordinal: int) -> None:
        store = two_stores.one
        await with_change_set(two_stores)
        done = outcome(two_stores, 1, JournalState.CONFIRMED)
        await store.write(lambda tx: tx.runs.record(RunId("run_1"), [done], 1))
        with pytest.raises(StateError, match="ended"):
            await store.write(lambda tx: tx.runs.mark_sent(RunId("run_1"), [2, ordinal], 1))
        assert await store.runs.entries(RunId("run_1")) == [done]

    @pytest.mark.parametrize("fence", [0, 2])
    async def test_every_write_of_a_run_carries_its_fence(self, two_stores: TwoStores, fence: int) -> None:
        store = two_stores.one
        await with_change_set(two_stores)
        run = RunId("run_1")
        held = Checkpoint(
            planned(1).asset, GLUE, DEFAULT_DESTINATION, PhysicalName("s"), PhysicalName("a"), Digest("b"), Digest("d"),
            None, None, None, None, CheckpointState.ACTIVE, None, "", run, 1,
        )  # fmt: skip
        for refused in (
            lambda tx: tx.runs.update(run, fence, phase="x"),
            lambda tx: tx.runs.heartbeat(run, fence),
            lambda tx: tx.runs.release(run, fence),
            lambda tx: tx.runs.plan_items(run, [planned(1)], fence),
            lambda tx: tx.runs.mark_sent(run, [1], fence),
            lambda tx: tx.runs.record(run, [outcome(two_stores, 1, JournalState.CONFIRMED)], fence),
            lambda tx: tx.checkpoints.put_many([held], run_id=run, fence=fence),
            lambda tx: tx.checkpoints.put_many([held], fence),
        ):
            with pytest.raises(FenceError):
                await store.write(refused)
        assert await store.runs.entries(run) == []
        assert await store.checkpoints.all(TargetKey(GLUE)) == []
        await store.write(lambda tx: tx.checkpoints.put_many([replace(held, fence=0)], run_id=run, fence=1))
        assert await store.checkpoints.all(TargetKey(GLUE)) == [held]

    async def test_a_lease_has_one_living_holder(self, two_stores: TwoStores) -> None:
        store, other = two_stores.one, two_stores.other
        me = store.owner_id

        async def acquire(owner: str) -> int | None:
            return await store.write(lambda tx: tx.leases.acquire("discovery", owner))

        assert await store.leases.holder("discovery") is None
        assert await acquire(other.owner_id) == 1
        assert (await acquire(me), await acquire(other.owner_id)) == (None, None)
        two_stores.advance(3600)
        assert await acquire(me) is None, "no heartbeat was promised: the lock alone counts"
        await store.write(lambda tx: tx.leases.release("discovery", me))
        assert (await store.leases.holder("discovery")).owner == other.owner_id  # type: ignore[union-attr]
        await store.write(lambda tx: tx.leases.release("discovery", other.owner_id))
        assert await acquire(me) == 2
        await store.write(lambda tx: tx.leases.heartbeat("discovery", 2))
        two_stores.advance(31)
        assert await acquire(other.owner_id) == 3, "it was promised, and did not come"
        with pytest.raises(FenceError):
            await store.write(lambda tx: tx.leases.heartbeat("discovery", 2))
        await two_stores.close_other()
        assert await acquire(me) == 4, "death is seen at once"
