"""Whose turn it is, fencing, the journal, leases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Problem,
    RunId,
    RunState,
    Severity,
    SpaceName,
    Strategy,
    TargetKey,
    TechnicalName,
    digest_of,
    isoformat,
)
from spheresync.state.records import (
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    JournalEntry,
    JournalState,
    RunRecord,
)
from spheresync.state.run_claims import may_claim
from spheresync.state.sqlite.liveness.owners import OwnerLock
from spheresync.state.sqlite.store import Store
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio
ANNA = Principal("user", "anna", frozenset({"admin", "viewer"}))


@pytest.fixture
def other(store: Store) -> Iterator[OwnerLock]:
    """Another process that is alive."""
    lock = OwnerLock.take(store.folder)
    yield lock
    lock.release()


async def enter(store: Store, name: str, owner: str | None, **fields: object) -> RunRecord:
    at = isoformat(store.runs._clock())
    run = RunRecord.queued(RunId(name), "sync", name.encode(), ANNA, owner=owner, at=at)
    run = replace(run, **fields)  # type: ignore[arg-type]
    await store.write(lambda tx: tx.runs.create(run))
    return run


async def claim(store: Store, name: str, owner: str) -> int | None:
    return await store.write(lambda tx: tx.runs.claim(RunId(name), owner))


async def test_a_run_comes_back_as_entered_and_is_found(store: Store) -> None:
    me = store.owner.id
    run = await enter(store, "run_1", me, change_set_id=ChangeSetId("cs_1"))
    await enter(store, "run_2", me)
    assert await store.runs.get(run.id) == run
    assert await store.runs.by_change_set(ChangeSetId("cs_1")) == run
    assert await store.runs.by_change_set(ChangeSetId("cs_2")) is None
    assert await store.runs.find_active("sync", digest_of(b"run_1"), "anna") == run
    assert await store.runs.find_active("sync", digest_of(b"run_1"), "bert") is None
    page, total = await store.runs.page(limit=1)
    assert ([r.id for r in page], total) == (["run_2"], 2)
    assert [r.id for r in (await store.runs.page(before=RunId("run_2")))[0]] == ["run_1"]
    with pytest.raises(UsageError, match="run_9"):
        await store.runs.get(RunId("run_9"))


async def test_claim_update_and_end(store: Store, clock: StandingClock) -> None:
    await enter(store, "run_1", store.owner.id)
    fence = await claim(store, "run_1", store.owner.id)
    assert fence == 1
    assert await claim(store, "run_1", store.owner.id) is None, "driven already"
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
    assert ended.finished_at == ended.started_at == isoformat(clock.now)
    assert await claim(store, "run_1", store.owner.id) is None, "ended"
    assert await store.runs.find_active("sync", ended.request_digest, "anna") is None
    assert await store.runs.unfinished() == []


async def test_one_run_at_a_time_in_the_order_of_queueing(store: Store, other: OwnerLock) -> None:
    me = store.owner.id
    for name, owner in (("run_1", me), ("run_2", other.id), ("run_3", me)):
        await enter(store, name, owner)
    assert [await store.runs.queue_position(RunId(f"run_{n}")) for n in (1, 2, 3)] == [0, 1, 2]
    assert await claim(store, "run_3", me) is None, "older ones wait"
    assert await claim(store, "run_1", other.id) is None, "its owner lives"
    assert await claim(store, "run_1", me) == 1
    assert await claim(store, "run_2", other.id) is None, "one is driven"
    await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, state=RunState.DONE))
    assert await claim(store, "run_2", other.id) == 1


async def test_a_dead_process_is_taken_over_at_once_and_its_place_passed_over(store: Store) -> None:
    dead = OwnerLock.take(store.folder)
    await enter(store, "run_1", dead.id)
    await enter(store, "run_2", dead.id)
    await enter(store, "run_3", store.owner.id)
    assert await claim(store, "run_1", dead.id) == 1
    assert await store.runs.orphans() == []
    dead.release()
    assert [run.id for run in await store.runs.orphans()] == ["run_1", "run_2"]
    assert await claim(store, "run_1", store.owner.id) == 2
    with pytest.raises(FenceError, match="taken over"):
        await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, phase="x"))
    await store.write(lambda tx: tx.runs.update(RunId("run_1"), 2, state=RunState.DONE))
    assert await claim(store, "run_3", store.owner.id) == 1, "run_2's place is passed over"


async def test_a_stopped_process_counts_as_dead_after_30_s_and_can_write_no_more(
    store: Store, other: OwnerLock, clock: StandingClock
) -> None:
    await enter(store, "run_1", other.id)
    assert await claim(store, "run_1", other.id) == 1
    clock.advance(30)
    assert await claim(store, "run_1", store.owner.id) is None
    assert await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1)) is False
    clock.advance(30.5)
    assert await claim(store, "run_1", store.owner.id) == 2
    with pytest.raises(FenceError):
        await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1))


async def test_claiming_another_run_fences_off_the_stopped_one(
    store: Store, other: OwnerLock, clock: StandingClock
) -> None:
    await enter(store, "run_1", other.id)
    await claim(store, "run_1", other.id)
    clock.advance(31)
    await enter(store, "run_2", store.owner.id)
    assert await claim(store, "run_2", store.owner.id) == 1
    with pytest.raises(FenceError):
        await store.write(lambda tx: tx.runs.record(RunId("run_1"), [], 1))
    assert await claim(store, "run_1", other.id) is None, "one at a time"
    await store.write(lambda tx: tx.runs.update(RunId("run_2"), 1, state=RunState.DONE))
    assert await claim(store, "run_1", other.id) == 3


async def test_a_clock_set_back_kills_nobody(store: Store, other: OwnerLock, clock: StandingClock) -> None:
    await enter(store, "run_1", other.id)
    await claim(store, "run_1", other.id)
    clock.advance(-7200)
    assert await claim(store, "run_1", store.owner.id) is None


async def test_asking_for_its_turn_keeps_a_waiting_owner_alive(
    store: Store, other: OwnerLock, clock: StandingClock
) -> None:
    await enter(store, "run_1", other.id)
    await claim(store, "run_1", other.id)
    await enter(store, "run_2", store.owner.id)
    for _ in range(10):
        clock.advance(10)
        await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1))
        assert await claim(store, "run_2", store.owner.id) is None
    assert await claim(store, "run_2", other.id) is None
    assert await store.runs.orphans() == []


async def test_a_released_run_is_free(store: Store, other: OwnerLock) -> None:
    await enter(store, "run_1", store.owner.id)
    await claim(store, "run_1", store.owner.id)
    await store.write(lambda tx: tx.runs.release(RunId("run_1"), 1))
    assert await claim(store, "run_1", other.id) == 2


async def test_a_cancel_is_seen_at_the_next_heartbeat(store: Store) -> None:
    await enter(store, "run_1", store.owner.id)
    await claim(store, "run_1", store.owner.id)
    assert await store.write(lambda tx: tx.runs.request_cancel(RunId("run_1"))) is True
    assert await store.write(lambda tx: tx.runs.heartbeat(RunId("run_1"), 1)) is True
    await store.write(lambda tx: tx.runs.update(RunId("run_1"), 1, state=RunState.CANCELLED))
    assert await store.write(lambda tx: tx.runs.request_cancel(RunId("run_1"))) is False


async def test_a_run_that_nobody_has_begun_is_cancelled_at_once_and_one_that_is_driven_is_not(store: Store) -> None:
    await enter(store, "run_1", store.owner.id)
    await enter(store, "run_2", store.owner.id)
    await claim(store, "run_1", store.owner.id)
    assert await store.write(lambda tx: tx.runs.cancel_waiting(RunId("run_1"))) is False
    assert await store.write(lambda tx: tx.runs.cancel_waiting(RunId("run_2"))) is True
    ended = await store.runs.get(RunId("run_2"))
    assert (ended.state, ended.owner) == (RunState.CANCELLED, None) and ended.finished_at is not None
    assert await claim(store, "run_2", store.owner.id) is None
    assert [run.id for run in await store.runs.unfinished()] == ["run_1"]
    assert await store.damages() == ()


RUN_STATES = st.tuples(st.sampled_from([RunState.QUEUED, RunState.RUNNING]), st.sampled_from(["a", "b"]), st.booleans())


@given(rows=st.lists(RUN_STATES, min_size=1, max_size=6), owner=st.sampled_from(["a", "b", "c"]))
def test_of_any_queue_never_two_are_driven_and_somebody_always_can(
    rows: list[tuple[RunState, str, bool]], owner: str
) -> None:
    runs, live = [], set()
    for n, (state, held_by, alive) in enumerate(rows):
        run = RunRecord.queued(RunId(str(n)), "sync", b"", ANNA, owner=held_by, at="")
        runs.append(replace(run, state=state))
        if alive:
            live.add(run.id)
    driven = [run for run in runs if run.state is RunState.RUNNING and run.id in live]
    claimable = [run for run, who in itertools.product(runs, ("a", "b", "c")) if may_claim(run, who, runs, live)]
    if driven:
        assert not [run for run in claimable if run not in driven]
    else:
        assert claimable, "nobody could ever go on"
    for run in runs:
        if run.id in live and run.owner != owner:
            assert not may_claim(run, owner, runs, live)


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


async def with_change_set(store: Store) -> None:
    at = isoformat(store.runs._clock())
    cs = ChangeSetRecord(
        ChangeSetId("cs"), Digest("d"), at, at, "anna", Digest("m"), Digest("s"), b"{}", {}, (), (), 0, None, "1", 1
    )
    await store.write(lambda tx: tx.change_sets.put(cs, [planned(1), planned(2, Action.DELETE), planned(3)]))
    await enter(store, "run_1", store.owner.id, change_set_id=cs.id)
    await claim(store, "run_1", store.owner.id)


def outcome(store: Store, ordinal: int, state: JournalState) -> JournalEntry:
    problem = Problem("S/A", "denied", "no") if state is JournalState.FAILED else None
    at = isoformat(store.runs._clock())
    return JournalEntry(RunId("run_1"), ordinal, state, Action.CREATE, problem, None, Digest("a"), "1", "req", at)


async def test_the_journal_goes_from_planned_to_its_end(store: Store) -> None:
    await with_change_set(store)
    run = RunId("run_1")
    await store.write(lambda tx: tx.runs.plan_items(run, [planned(1)], 1))
    await store.write(lambda tx: tx.runs.mark_sent(run, [1, 2], 1))
    assert [(e.ordinal, e.state, e.action) for e in await store.runs.entries(run)] == [
        (1, JournalState.SENT, Action.CREATE),
        (2, JournalState.SENT, Action.DELETE),
    ]
    done, failed = outcome(store, 1, JournalState.CONFIRMED), outcome(store, 3, JournalState.FAILED)
    await store.write(lambda tx: tx.runs.record(run, [done, failed], 1))
    assert [e.ordinal for e in await store.runs.open_entries(run)] == [2]
    assert (await store.runs.entries(run))[0] == done
    assert (await store.runs.entries(run))[2] == failed


@pytest.mark.parametrize("ordinal", [1, 99])
async def test_what_has_ended_or_was_never_planned_is_not_sent(store: Store, ordinal: int) -> None:
    await with_change_set(store)
    done = outcome(store, 1, JournalState.CONFIRMED)
    await store.write(lambda tx: tx.runs.record(RunId("run_1"), [done], 1))
    with pytest.raises(StateError, match="ended"):
        await store.write(lambda tx: tx.runs.mark_sent(RunId("run_1"), [2, ordinal], 1))
    assert await store.runs.entries(RunId("run_1")) == [done]


@pytest.mark.parametrize("fence", [0, 2])
async def test_every_write_of_a_run_carries_its_fence(store: Store, fence: int) -> None:
    await with_change_set(store)
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
        lambda tx: tx.runs.record(run, [outcome(store, 1, JournalState.CONFIRMED)], fence),
        lambda tx: tx.checkpoints.put_many([held], run_id=run, fence=fence),
        lambda tx: tx.checkpoints.put_many([held], fence),
    ):
        with pytest.raises(FenceError):
            await store.write(refused)
    assert await store.runs.entries(run) == []
    assert await store.checkpoints.all(TargetKey(GLUE)) == []
    await store.write(lambda tx: tx.checkpoints.put_many([replace(held, fence=0)], run_id=run, fence=1))
    assert await store.checkpoints.all(TargetKey(GLUE)) == [held]


async def test_a_lease_has_one_living_holder(store: Store, other: OwnerLock, clock: StandingClock) -> None:
    me = store.owner.id

    async def acquire(owner: str) -> int | None:
        return await store.write(lambda tx: tx.leases.acquire("discovery", owner))

    assert await store.leases.holder("discovery") is None
    assert await acquire(other.id) == 1
    assert (await acquire(me), await acquire(other.id)) == (None, None)
    clock.advance(3600)
    assert await acquire(me) is None, "no sign of life was promised: the lock alone counts"
    await store.write(lambda tx: tx.leases.release("discovery", me))
    assert (await store.leases.holder("discovery")).owner == other.id  # type: ignore[union-attr]
    await store.write(lambda tx: tx.leases.release("discovery", other.id))
    assert await acquire(me) == 2
    await store.write(lambda tx: tx.leases.heartbeat("discovery", 2))
    clock.advance(31)
    assert await acquire(other.id) == 3, "it was promised, and did not come"
    with pytest.raises(FenceError):
        await store.write(lambda tx: tx.leases.heartbeat("discovery", 2))
    other.release()
    assert await acquire(me) == 4, "death is seen at once"
