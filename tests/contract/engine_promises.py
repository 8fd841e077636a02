"""The promises of the port `JobEngine`, as tests that any engine runs.

A suite of its own makes a subclass whose `two_engines` fixture gives two engines of one queue, as two processes have
them, the clock that both read, a way to let the first process die, and the units of work of the first one's state.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from spheresync.jobs.port import (
    Job,
    JobEngine,
    JobId,
    NewJob,
    lineage_subject,
    subject_of,
)
from spheresync.jobs.retries import ATTEMPTS, UNDELIVERED
from spheresync.model import (
    GLUE,
    AssetId,
    DestinationName,
    JobKind,
    JobState,
    Problem,
    TargetKey,
)
from spheresync.state.port import Tx

READ, WRITE, LIST, LINEAGE = JobKind.READ, JobKind.WRITE, JobKind.LIST, JobKind.LINEAGE
HERE, EU = TargetKey(GLUE), TargetKey(GLUE, DestinationName("eu"))
LONG = timedelta(hours=1)
OUTAGE = Problem("S/A", "unreachable", "no answer")
THROTTLED = Problem("S/A", "throttled", "too much")
DENIED = Problem("S/A", "denied", "no right")
DAMAGED = Problem("S/A", "wrong_shape", "no EDMX")


@dataclass(slots=True)
class Engines:
    """Two processes on one queue."""

    one: JobEngine
    other: JobEngine
    now: Callable[[], datetime]
    advance: Callable[[float], None]
    kill_one: Callable[[], None]
    write: Callable[[Callable[[Tx], Awaitable[None]]], Awaitable[None]]


def job(subject: str, *, kind: JobKind = READ, priority: int = 10, token: str = "", **more: object) -> NewJob:
    return NewJob(kind, subject, priority, "asked for", token, **more)  # type: ignore[arg-type]


async def taken(engine: JobEngine, *kinds: JobKind, limit: int = 100) -> list[Job]:
    return await engine.claim(kinds or (READ, WRITE, LIST), limit=limit, time_limit=LONG)


async def subjects(engine: JobEngine, *kinds: JobKind, limit: int = 100) -> list[str]:
    return [each.subject for each in await taken(engine, *kinds, limit=limit)]


class JobEnginePromises:
    """What every engine keeps."""

    async def test_jobs_go_by_priority_then_by_age(self, two_engines: Engines) -> None:
        one = two_engines.one
        wanted = [("m1", 30), ("c1", 10), ("h1", 20), ("c2", 10), ("m2", 30), ("h2", 20)]
        await one.submit([job(subject, priority=priority) for subject, priority in wanted])
        seen = []
        while batch := await subjects(one, limit=1):
            seen += batch
        assert seen == ["c1", "c2", "h1", "h2", "m1", "m2"]

    async def test_one_that_must_wait_lets_others_pass(self, two_engines: Engines) -> None:
        one = two_engines.one
        later = two_engines.now() + timedelta(seconds=60)
        await one.submit([job("later", priority=1, not_before=later), job("now", priority=99)])
        assert await one.next_at([READ]) is not None
        held = await taken(one)
        assert [each.subject for each in held] == ["now"]
        await one.finish(held)
        two_engines.advance(61)
        assert await subjects(one) == ["later"]

    async def test_asked_for_again_while_queued_it_is_the_same_job_and_the_more_urgent(
        self, two_engines: Engines
    ) -> None:
        one, other = two_engines.one, two_engines.other
        (first,) = await one.submit([job("a", priority=30)])
        (again,) = await other.submit([job("a", priority=10)])
        assert first == again
        assert [(each.subject, each.priority) for each in await one.queue()] == [("a", 10)]
        await one.submit([job("a", priority=50)])
        assert [each.priority for each in await one.queue()] == [10], "never less urgent than it was"

    async def test_asked_for_while_it_runs_it_is_done_once_more(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a")])
        (running,) = await taken(one)
        for _ in range(3):
            await two_engines.other.submit([job("a", priority=20)])
        assert await subjects(one) == []
        await one.finish([running])
        (once_more,) = await taken(one)
        assert (once_more.subject, once_more.priority) == ("a", 20)
        await one.finish([once_more])
        assert await one.counts() == {}

    async def test_what_a_person_asks_for_waits_for_nothing_and_is_taken_back_by_nobody(
        self, two_engines: Engines
    ) -> None:
        one, other = two_engines.one, two_engines.other
        (first,) = await one.submit([job("a", priority=10)])
        (failed,) = await taken(one)
        await one.fail(failed, OUTAGE)
        assert await taken(one) == [], "it waits its time out"
        (again,) = await other.submit([job("a", priority=10, by_person=True)])
        assert again == first, "the same job, not another one in its place"
        await one.submit([job("a", priority=50, token="9", revive=True)])
        (queued,) = await one.queue()
        assert (queued.priority, queued.attempts, queued.problem) == (10, 0, None)
        assert await subjects(one) == ["a"]

    async def test_what_a_person_asks_for_while_it_runs_outlives_later_requests_and_a_failure(
        self, two_engines: Engines
    ) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a", priority=10)])
        (running,) = await taken(one)
        await other.submit([job("a", priority=10, by_person=True)])
        await one.submit([job("a", priority=50)])
        await one.fail(running, OUTAGE)
        (once_more,) = await taken(one)
        assert (once_more.priority, once_more.attempts) == (10, 0)

    async def test_what_is_asked_for_by_itself_while_it_runs_does_not_cut_short_the_wait_after_a_failure(
        self, two_engines: Engines
    ) -> None:
        one = two_engines.one
        await one.submit([job("a", priority=10)])
        (running,) = await taken(one)
        await two_engines.other.submit([job("a", priority=50, token="2", revive=True)])
        await one.fail(running, OUTAGE)
        assert await taken(one) == []
        (waiting,) = await one.queue()
        assert (waiting.priority, waiting.attempts) == (10, 1)

    async def test_no_subject_is_worked_on_twice_at_once_whatever_the_kinds(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a"), job("a", kind=WRITE), job("b", kind=WRITE)])
        claimed = await taken(one)
        assert [(each.kind, each.subject) for each in claimed] == [(READ, "a"), (WRITE, "b")]
        assert await taken(other) == []
        await one.finish(claimed[:1])
        assert [(each.kind, each.subject) for each in await taken(other)] == [(WRITE, "a")]

    async def test_a_job_of_one_target_is_another_than_that_of_another_target_or_of_all(
        self, two_engines: Engines
    ) -> None:
        one, other = two_engines.one, two_engines.other
        keys = (HERE, EU, None)
        ids = await one.submit([job("S/A", kind=WRITE, key=key) for key in keys])
        assert len(set(ids)) == len(keys)
        assert await one.submit([job("S/A", kind=WRITE, key=key) for key in keys]) == ids, "asked for again"
        claimed = await taken(one, WRITE)
        assert [each.key for each in claimed] == [HERE, EU], "what is about all targets waits for both"
        assert await taken(other) == []
        assert await one.fail(claimed[1], OUTAGE) is JobState.QUEUED
        await one.finish(claimed[:1])
        assert [each.key for each in await taken(other, WRITE)] == [None], "the failed one waits by itself"
        assert [each.key for each in await one.queue(state=JobState.QUEUED)] == [EU]

    async def test_kinds_and_limit_are_kept_to(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job(name) for name in "abc"] + [job("w", kind=WRITE, priority=1)])
        assert await subjects(one, READ, limit=2) == ["a", "b"]
        assert await subjects(one, WRITE) == ["w"]

    async def test_two_processes_never_get_the_same_job(self, two_engines: Engines) -> None:
        await two_engines.one.submit([job(f"s{number}") for number in range(10)])
        mine = await subjects(two_engines.one, limit=6)
        theirs = await subjects(two_engines.other, limit=6)
        assert sorted(mine + theirs) == [f"s{number}" for number in range(10)]
        assert not set(mine) & set(theirs)

    async def test_what_a_dead_process_had_is_to_be_had_at_once_and_is_lost_to_it(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a")])
        (lost,) = await taken(one)
        assert await taken(other) == []
        two_engines.kill_one()
        (found,) = await taken(other)
        assert (found.subject, found.fence) == ("a", lost.fence + 1)

    async def test_a_silent_holder_loses_its_claim_and_can_do_nothing_with_it(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a")])
        (stalled,) = await taken(one)
        two_engines.advance(29)
        assert await taken(other) == []
        two_engines.advance(2)
        (found,) = await taken(other)
        await one.finish([stalled])
        assert await one.fail(stalled, OUTAGE) is None
        assert await one.beat([stalled]) == {stalled.id}
        assert [(each.state, each.fence) for each in await other.queue()] == [(JobState.RUNNING, found.fence)]

    async def test_signs_of_life_keep_a_claim_until_its_time_is_over(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a")])
        (held,) = await one.claim([READ], limit=1, time_limit=timedelta(seconds=60))
        for _ in range(3):
            two_engines.advance(20)
            assert await one.beat([held]) == frozenset()
            assert await taken(other) == []
        two_engines.advance(1)
        assert await one.beat([held]) == {held.id}
        assert [each.subject for each in await taken(other)] == ["a"]

    async def test_an_outage_is_waited_out_longer_each_time_and_at_last_set_aside(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a")])
        waits = []
        for _ in range(ATTEMPTS - 1):
            (held,) = await taken(one)
            assert await one.fail(held, OUTAGE) is JobState.QUEUED
            (waiting,) = await one.queue()
            waits.append((waiting.not_before - two_engines.now()).total_seconds())
            assert await taken(one) == []
            await one.submit([job("a")])
            assert await taken(one) == [], "asking again does not cut the wait short"
            two_engines.advance(waits[-1] + 1)
        assert all(2 * before >= after / 2 for before, after in itertools.pairwise(waits))
        assert waits[-1] > 4 * waits[0] > 0
        (held,) = await taken(one)
        assert await one.fail(held, OUTAGE) is JobState.DEAD
        (dead,) = await one.queue(state=JobState.DEAD)
        assert (dead.attempts, dead.problem) == (ATTEMPTS, OUTAGE)

    async def test_no_job_waits_for_longer_than_any_wait_once_the_clock_was_put_right(
        self, two_engines: Engines
    ) -> None:
        one = two_engines.one
        await one.submit([job("a"), job("b")])
        (held,) = await taken(one, limit=1)
        assert await one.fail(held, OUTAGE) is JobState.QUEUED
        await one.shorten_waits()
        assert await subjects(one) == ["b"], "a wait by the clock of now is waited out"
        two_engines.advance(-10 * 365 * 86_400)
        assert await taken(one) == []
        await one.shorten_waits()
        assert await subjects(one) == ["a"]

    async def test_throttling_is_never_set_aside(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a")])
        for _ in range(3 * ATTEMPTS):
            (held,) = await taken(one)
            assert await one.fail(held, THROTTLED) is JobState.QUEUED
            two_engines.advance(3600)
        assert await one.queue(state=JobState.DEAD) == []
        (waiting,) = await one.queue(kind=READ)
        assert waiting.attempts < ATTEMPTS and waiting.problem == THROTTLED

    @pytest.mark.parametrize("code", ["denied", "failed", "unreachable", "configuration", "state", "limit"])
    async def test_a_write_that_was_refused_for_what_may_pass_is_tried_again_for_ever(
        self, two_engines: Engines, code: str
    ) -> None:
        one, waits = two_engines.one, []
        await one.submit([job("a", kind=WRITE), job("b", kind=WRITE)])
        for _ in range(3 * ATTEMPTS):
            for held in await taken(one):
                assert await one.fail(held, Problem(held.subject, code, "not now")) is JobState.QUEUED
            first, second = await one.queue(kind=WRITE)
            assert first.not_before == second.not_before, "what failed together is tried again together"
            waits.append(first.not_before - two_engines.now())
            two_engines.advance(waits[-1].total_seconds() + 1)
        assert waits[0] <= timedelta(seconds=10) and waits[1] > waits[0]
        assert timedelta(minutes=2) < waits[-1] < timedelta(minutes=6)
        assert await one.queue(state=JobState.DEAD) == []

    async def test_what_nobody_takes_is_tried_again_for_ever_and_keeps_no_work_from_its_asset(
        self, two_engines: Engines
    ) -> None:
        one, asset = two_engines.one, AssetId.parse("S/A")
        await one.submit([job(lineage_subject(asset), kind=LINEAGE)])
        for _ in range(3 * ATTEMPTS):
            (told,) = await taken(one, LINEAGE)
            assert told.asset == asset
            await one.submit([job(subject_of(asset))])
            assert [each.asset for each in await taken(one)] == [asset]
            assert await one.fail(told, told.problem_of(UNDELIVERED, "it is out")) is JobState.QUEUED
            (waits,) = await one.queue(kind=LINEAGE)
            await one.finish(await one.queue(kind=READ))
            two_engines.advance((waits.not_before - two_engines.now()).total_seconds() + 1)
        assert await one.queue(state=JobState.DEAD) == []

    async def test_targets_that_are_left_out_keep_their_jobs(self, two_engines: Engines) -> None:
        one, eu, us = two_engines.one, EU, HERE
        await one.submit([job("a"), job("a", key=eu), job("a", key=us)])
        held = await one.claim([READ], limit=9, time_limit=LONG, but_for=[None, us])
        assert [each.key for each in held] == [eu]
        await one.finish(held)
        assert await one.next_at([READ], but_for=[us]) is not None
        (held,) = await one.claim([READ], limit=9, time_limit=LONG, but_for=[us])
        assert held.key is None
        await one.finish([held])
        assert await one.next_at([READ], but_for=[us]) is None
        assert [each.key for each in await taken(one)] == [us]

    async def test_a_write_that_cannot_come_right_by_itself_is_set_aside(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a", kind=WRITE)])
        (held,) = await taken(one)
        assert await one.fail(held, Problem("a", "invalid", "too long")) is JobState.DEAD

    @pytest.mark.parametrize("problem", [DENIED, DAMAGED], ids=["person", "permanent"])
    async def test_what_time_does_not_help_is_set_aside_until_the_matter_is_another(
        self, two_engines: Engines, problem: Problem
    ) -> None:
        one = two_engines.one
        await one.submit([job("a", token="1")])
        (held,) = await taken(one)
        assert await one.fail(held, problem) is JobState.DEAD
        assert await one.submit([job("a", token="1")]) == [None]
        assert await taken(one) == []
        assert [await one.get(held.id)] == await one.queue(state=JobState.DEAD)
        assert await one.get(JobId(held.id + 1)) is None
        assert await one.submit([job("a", token="2")]) == [held.id]
        (again,) = await taken(one)
        assert (again.attempts, again.token) == (0, "2")
        await one.fail(again, problem)
        await one.submit([job("a", token="2", revive=True)])
        assert await subjects(one) == ["a"]

    @pytest.mark.parametrize(("revive", "left"), [(False, []), (True, ["a"])], ids=["listed again", "a person asks"])
    async def test_the_same_matter_asked_for_while_it_failed_for_good_is_tried_again_only_for_a_person(
        self, two_engines: Engines, revive: bool, left: list[str]
    ) -> None:
        one = two_engines.one
        await one.submit([job("a", token="1")])
        (held,) = await taken(one)
        await two_engines.other.submit([job("a", token="1", revive=revive)])
        await one.fail(held, DENIED)
        assert await subjects(one) == left

    async def test_a_change_that_came_while_a_job_failed_is_not_lost(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a", token="1")])
        (held,) = await taken(one)
        await one.submit([job("a", token="2")])
        await one.fail(held, DAMAGED)
        assert [each.token for each in await taken(one)] == ["2"]

    async def test_a_job_waits_for_the_one_that_it_needs(self, two_engines: Engines) -> None:
        one = two_engines.one
        (needed,) = await one.submit([job("first", priority=50)])
        await one.submit([job("second", priority=1, needs=needed)])
        (first,) = await taken(one)
        assert first.subject == "first"
        assert await taken(one) == []
        await one.finish([first])
        assert await subjects(one) == ["second"]

    async def test_a_queued_job_is_cancelled_at_once_and_a_running_one_by_its_next_beat(
        self, two_engines: Engines
    ) -> None:
        one, other = two_engines.one, two_engines.other
        queued, running = await one.submit([job("queued", priority=99), job("running", priority=1)])
        assert queued is not None and running is not None
        (held,) = await taken(one, limit=1)
        assert await other.cancel(queued) and await other.cancel(running)
        assert [each.subject for each in await one.queue()] == ["running"]
        assert await one.beat([held]) == {running}
        await one.finish([held])
        assert await one.counts() == {}
        assert not await other.cancel(running)

    async def test_a_cancelled_job_of_a_dead_process_is_not_done_again(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        (job_id,) = await one.submit([job("a")])
        assert job_id is not None
        await taken(one)
        await other.cancel(job_id)
        two_engines.kill_one()
        assert await taken(other) == []
        assert await other.counts() == {}

    async def test_the_queue_can_be_seen(self, two_engines: Engines) -> None:
        one = two_engines.one
        await one.submit([job("a", priority=20), job("b", priority=10), job("c", kind=WRITE, priority=1)])
        (held,) = await taken(one, WRITE)
        await one.fail(held, DAMAGED)
        (running,) = await taken(one, limit=1)
        assert [(each.subject, each.state) for each in await two_engines.other.queue()] == [
            ("b", JobState.RUNNING),
            ("a", JobState.QUEUED),
            ("c", JobState.DEAD),
        ]
        assert await one.counts() == {
            (READ, JobState.QUEUED): 1,
            (READ, JobState.RUNNING): 1,
            (WRITE, JobState.DEAD): 1,
        }
        await one.finish([running])

    @pytest.mark.parametrize("committed", [True, False])
    async def test_what_a_unit_of_work_does_to_the_queue_is_committed_with_it_or_not_at_all(
        self, two_engines: Engines, committed: bool
    ) -> None:
        one = two_engines.one
        (gone,) = await one.submit([job("gone")])
        assert gone is not None

        async def work(tx: Tx) -> None:
            queue = one.within(tx)
            (again, new) = await queue.submit([job("gone", priority=1), job("new")])
            assert again == gone and new is not None
            found = await queue.get(new)
            assert found is not None and found.subject == "new"
            assert await queue.cancel(gone) and await queue.get(gone) is None
            if not committed:
                raise RuntimeError("what else was to be written could not be")

        if committed:
            await two_engines.write(work)
        else:
            with pytest.raises(RuntimeError, match="could not be"):
                await two_engines.write(work)
        (left,) = await two_engines.other.queue()
        assert (left.subject, left.priority) == ("new" if committed else "gone", 10)

    async def test_a_running_job_of_a_dead_process_is_told_as_lost(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job("a"), job("b")])
        (held,) = await taken(one, limit=1)
        assert await other.lost() == frozenset()
        two_engines.kill_one()
        assert await other.lost() == {held.id}

    async def test_only_what_nobody_is_at_and_was_not_asked_for_anew_is_settled(self, two_engines: Engines) -> None:
        one, other = two_engines.one, two_engines.other
        await one.submit([job(subject, token="1") for subject in ("running", "anew", "over")])
        (held,) = await taken(one, limit=1)
        jobs = await other.queue()
        await one.submit([job("anew", token="2")])
        await other.settle(jobs)
        assert {each.subject for each in await one.queue()} == {"running", "anew"}
        await one.finish([held])
