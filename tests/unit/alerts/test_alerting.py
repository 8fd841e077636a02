"""Who is told what, and how often: over a real store, a clock that the test moves, and receivers that may fail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from spheresync.alerts.alerting import Alerting
from spheresync.alerts.channels import Channels
from spheresync.alerts.conditions import Condition, end_condition, note_condition, noted_conditions
from spheresync.config import AlertChannel, AlertKind, Settings
from spheresync.state.records import AlertRow
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio
FIRST, SECOND = "http://127.0.0.1:1/first-hook", "http://127.0.0.1:1/second-hook"
FAILED = Condition(AlertKind.RUN_FAILED, "runs", "Run run_1 ended failed.", "See `spheresync runs run_1`.")
LATE = Condition(AlertKind.FRESHNESS, "tier critical", "3 assets are late.", "Raise the budget.")
DAY = 86_400


@dataclass
class World:
    """What is wrong, who listens, and what they got."""

    store: SqliteStore
    clock: StandingClock
    channels: list[dict[str, Any]]
    wrong: list[Condition] = field(default_factory=list)
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    hangs: str | None = None

    def alerting(self) -> Alerting:
        """As a process has it that has just begun."""
        settings = Settings(state_dir=Path("/nowhere"), alerts=tuple(map(AlertChannel.model_validate, self.channels)))
        channels = Channels(None, httpx2.MockTransport(self._receive))
        return Alerting(self.store, lambda: settings, self._look, channels, self.clock)

    async def _look(self, _: Sequence[AlertRow]) -> list[Condition]:
        return [*self.wrong]

    async def _receive(self, request: httpx2.Request) -> httpx2.Response:
        if str(request.url) == self.hangs:
            await anyio.sleep_forever()
        status = self.answers.get(request.url.path, 200)
        if status == 200:
            self.got.append((request.url.path, json.loads(request.content)))
        return httpx2.Response(status)

    @property
    def told(self) -> list[str]:
        return [f"{path.strip('/').partition('-')[0]} {body['event']} {body['kind']}" for path, body in self.got]

    async def step(self, *wrong: Condition, after: float = 5) -> None:
        self.wrong = [*wrong]
        await self.alerting().step()  # each time anew: nothing is remembered outside of the state
        self.clock.advance(after)


@pytest.fixture
def world(store: SqliteStore, clock: StandingClock) -> World:
    return World(store, clock, [{"webhook": FIRST}, {"webhook": SECOND, "on": ["freshness"]}])


async def test_each_is_told_once_when_it_begins_and_once_when_it_is_over(world: World) -> None:
    for _ in range(5):
        await world.step(FAILED)
    for _ in range(5):
        await world.step()
    await world.step(FAILED)
    assert world.told == ["first began run_failed", "first over run_failed", "first began run_failed"]


async def test_a_channel_is_told_of_its_kinds_only(world: World) -> None:
    await world.step(FAILED, LATE)
    assert sorted(world.told) == ["first began freshness", "first began run_failed", "second began freshness"]


async def test_what_lasts_is_reminded_of_once_a_day_with_its_present_text(world: World) -> None:
    await world.step(FAILED, after=DAY - 10)
    await world.step(FAILED, after=20)
    now = Condition(FAILED.kind, FAILED.subject, "Run run_2 ended failed.", FAILED.remedy)
    for _ in range(3):
        await world.step(now)
    assert world.told == ["first began run_failed", "first reminder run_failed"]
    assert world.got[-1][1]["message"] == "Run run_2 ended failed."
    assert world.got[-1][1]["began_at"] == world.got[0][1]["began_at"]


async def test_what_comes_and_goes_by_its_nature_is_over_only_after_a_while(world: World) -> None:
    world.channels = [{"webhook": FIRST}]
    for _ in range(10):
        await world.step(LATE, after=30)
        await world.step(after=30)
    assert world.told == ["first began freshness"]
    await world.step(after=301)
    await world.step()
    assert world.told == ["first began freshness", "first over freshness"]


async def test_a_channel_that_is_out_gets_it_later_and_keeps_nobody_else_waiting(world: World) -> None:
    world.answers["/first-hook"] = 503
    await world.step(FAILED, LATE)
    assert world.told == ["second began freshness"]
    for _ in range(3):
        await world.step(FAILED, LATE)
    del world.answers["/first-hook"]
    for _ in range(20):
        await world.step(FAILED, LATE)
    assert sorted(world.told) == ["first began freshness", "first began run_failed", "second began freshness"]


async def test_it_is_tried_less_and_less_often_and_given_up_after_a_day(world: World) -> None:
    world.channels = [{"webhook": FIRST}]
    tried = []
    world.answers["/first-hook"] = 500
    receive = world._receive

    def counting(request: httpx2.Request) -> httpx2.Response:
        tried.append(world.clock.now)
        return receive(request)

    world._receive = counting  # type: ignore[method-assign]
    for _ in range(26 * 60):
        await world.step(FAILED, after=60)
    assert 24 <= len(tried) <= 50
    del world.answers["/first-hook"]
    await world.step(FAILED, after=4000)
    assert set(world.told) <= {"first reminder run_failed"}


@pytest.mark.parametrize("status", [301, 302, 307, 308, 404])
async def test_a_redirect_is_not_followed_and_nothing_names_the_url(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.answers["/first-hook"] = status
    await world.step(FAILED)
    assert world.told == []
    assert "was not taken" in caplog.text and str(status) in caplog.text and "first-hook" not in caplog.text
    rows = await world.store.alerts.waiting()
    assert "first-hook" not in repr(rows)


async def test_what_began_and_ended_while_a_channel_was_out_is_not_told_at_all(world: World) -> None:
    world.answers["/first-hook"] = 503
    await world.step(FAILED)
    await world.step()
    del world.answers["/first-hook"]
    for _ in range(20):
        await world.step(after=600)
    assert world.told == []


async def test_a_channel_that_is_no_longer_in_the_settings_is_forgotten(world: World) -> None:
    world.answers["/first-hook"] = 503
    await world.step(FAILED)
    world.channels = [{"webhook": SECOND}]
    await world.step(FAILED)
    assert await world.store.alerts.waiting() == []


async def test_nobody_is_told_where_there_is_no_channel(world: World) -> None:
    world.channels = []
    await world.step(FAILED)
    assert await world.store.alerts.open() == []


async def test_what_a_part_of_the_program_notes_stands_until_it_takes_it_back(store: SqliteStore) -> None:
    drift = Condition(AlertKind.DRIFT, "glue", "2 tables drifted.", "Run `spheresync drift`.")

    async def note(tx: SqliteTx) -> None:
        await note_condition(tx, drift)

    async def end(tx: SqliteTx) -> None:
        await end_condition(tx, AlertKind.DRIFT, "glue")

    await store.write(note)
    await store.write(note)
    assert await noted_conditions(store) == [drift]
    await store.write(end)
    assert await noted_conditions(store) == []


async def test_a_process_that_ends_soon_waits_for_no_channel_longer_than_said(world: World) -> None:
    world.wrong, world.hangs = [LATE], FIRST
    failures = await world.alerting().step_within(0.1)
    assert failures == ("webhook at 127.0.0.1: it took no notice within 0.1 s.",)
    assert world.told == ["second began freshness"], "the other one is not kept waiting"
    world.hangs = None
    assert await world.alerting().step_within(0.1) == ()
    assert world.told == ["second began freshness", "first began freshness"]


async def test_a_process_that_ends_soon_says_what_was_not_taken(world: World) -> None:
    world.wrong, world.answers["/first-hook"] = [FAILED], 500
    (failure,) = await world.alerting().step_within(5)
    assert failure.startswith("webhook at 127.0.0.1: a notice about run_failed was not taken: ")
    world.channels = []
    assert await world.alerting().step_within(5) == (), "nobody is to be told"
