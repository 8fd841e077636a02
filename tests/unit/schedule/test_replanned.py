"""Plans that the settings, the rules, the clock or damage have overtaken: the next look of the scheduler mends them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import SourceFault
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.jobs.port import NewJob
from spheresync.model import (
    AssetId,
    AssetKind,
    JobKind,
    Problem,
    Tier,
    isoformat,
    utc_now,
)
from spheresync.schedule.control import LISTED, LISTED_BY, rules_of
from spheresync.schedule.due import next_due
from spheresync.schedule.due_jobs import DueJobs
from spheresync.schedule.reading_jobs import list_tenant, read_definition
from spheresync.service.schedule.tiers import show
from spheresync.state.cell_encoding import encode_problem
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

ASSETS = [AssetId.parse(f"GOOD/{name}") for name in ("ONE", "TWO", "THREE")]
TWO = ASSETS[1]
LONG = "tiers: {critical: {interval: 30d}, high: {interval: 30d}, medium: {interval: 30d}}\n"
SHORT = LONG.replace("30d", "2s")
ALL_CRITICAL = 'mapping: {rules: [{match: {name: "*"}, set: {tier: critical}}]}\n'


@dataclass
class Kept:
    """An installation whose scheduler has listed and read everything, on a clock that the test sets."""

    installation: InProcess
    folder: Path
    engine: EmbeddedEngine
    turns: DueJobs
    now: datetime

    def configure(self, text: str) -> None:
        (self.folder / "spheresync.yaml").write_text(text, "utf-8")

    def damage(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "state" / "spheresync.db")) as file, file:
            file.execute(statement)

    async def asked(self) -> set[AssetId | None]:
        """The assets whose definitions are asked for at this moment."""
        await self.turns.ask()
        return {job.asset for job in await self.engine.queue(kind=JobKind.READ)}

    async def work_off(self) -> None:
        """Do what was asked for."""
        jobs = await self.engine.claim([JobKind.LIST, JobKind.READ], limit=9, time_limit=timedelta(hours=1))
        for job in jobs:
            if job.asset is None:
                await list_tenant(self.installation.context)
            else:
                await read_definition(self.installation.context, job.asset)
        await self.engine.finish(jobs)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    objects = tuple(DogObject(AssetKind.VIEW, asset.name, asset.name, (column,)) for asset in ASSETS)
    (tmp_path / "spheresync.yaml").write_text(LONG, "utf-8")
    async with in_process(tmp_path, Landscape((DogSpace("GOOD", "Good", objects),))) as installation:
        context = installation.context
        engine = EmbeddedEngine(installation.store, lambda: found.now)
        found = Kept(installation, tmp_path, engine, DueJobs(context, engine), utc_now() - timedelta(days=9_000))
        context.clock = lambda: found.now
        await list_tenant(context)
        for asset in ASSETS:
            await read_definition(context, asset)
        found.now += timedelta(minutes=1)
        assert await found.asked() == set()
        yield found


def overtaken_interval(kept: Kept) -> None:
    kept.configure(SHORT)


def overtaken_clock(kept: Kept) -> None:
    kept.now -= timedelta(days=3650)


PLAN = "UPDATE schedule SET next_due_at = {} WHERE name = 'TWO'"


@pytest.mark.parametrize("overtake", [overtaken_interval, overtaken_clock])
async def test_what_is_due_by_the_settings_and_the_clock_of_now_is_asked_for(
    kept: Kept, overtake: Callable[[Kept], None]
) -> None:
    overtake(kept)
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == {*ASSETS}
    await kept.work_off()
    assert await kept.asked() == set(), "and once"


async def test_a_reading_that_is_still_to_come_counts_for_nothing(kept: Kept) -> None:
    kept.damage("UPDATE assets SET read_at = '2099-01-01T00:00:00.000000Z'")
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == {*ASSETS}
    await kept.work_off()
    assert await kept.asked() == set(), "and once"


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM schedule",
        "DELETE FROM schedule WHERE name = 'TWO'",
        PLAN.format("'zz'"),
        PLAN.format("x'ff'"),
        PLAN.format("'2036'"),
        PLAN.format("''"),
        PLAN.format("'9999-12-31T00:00:00.000000Z'"),
        "UPDATE schedule SET changes = 'zz', next_due_at = '2099-01-01T00:00:00.000000Z'",
        "UPDATE schedule SET failures = 9223372036854775807, next_due_at = '2099-01-01T00:00:00.000000Z'",
    ],
)
async def test_a_plan_that_is_missing_or_damaged_is_made_anew_from_the_last_reading(kept: Kept, damage: str) -> None:
    kept.damage(damage)
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == set(), "it was read a minute ago"
    tier = kept.installation.context.settings.tiers.high
    for row in await kept.installation.store.schedule.watched():
        assert row.noted and row.read_at is not None
        due = next_due(row.asset, datetime.fromisoformat(row.read_at), tier)
        assert row.planned.next_due_at == isoformat(due)
    assert kept.installation.store.lost_rows == ()
    kept.now += timedelta(days=34)
    assert await kept.asked() == {*ASSETS}


async def test_an_edited_rule_that_gives_another_tier_has_the_tenant_listed_and_the_assets_read(kept: Kept) -> None:
    kept.configure(LONG.replace("critical: {interval: 30d}", "critical: {interval: 2s}") + ALL_CRITICAL)
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == set(), "not before a listing has told what tier they have"
    await kept.work_off()
    assert {row.tier for row in await kept.installation.store.schedule.watched()} == {Tier.CRITICAL}
    kept.now += timedelta(seconds=10)
    assert await kept.asked() == {*ASSETS}


async def test_a_rule_that_was_edited_while_no_process_ran_has_the_tenant_listed_too(kept: Kept) -> None:
    store, settings = kept.installation.store, kept.installation.context.settings
    assert await store.meta.get(LISTED_BY) == rules_of(settings)
    await DueJobs(kept.installation.context, kept.engine).ask()
    assert await kept.engine.queue(kind=JobKind.LIST) == []
    await store.write(lambda tx: tx.meta.set(LISTED_BY, "those of yesterday"))
    await DueJobs(kept.installation.context, kept.engine).ask()
    (job,) = await kept.engine.queue(kind=JobKind.LIST)
    assert "rules" in job.reason


async def test_an_asset_that_fails_waits_its_back_off_out(kept: Kept) -> None:
    kept.configure(SHORT)
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == {*ASSETS}
    await kept.work_off()
    problem = spelled(Problem.of(TWO, SourceFault.WRONG_SHAPE, "no EDMX", ""))
    kept.damage(f"UPDATE assets SET problem = '{problem}' WHERE name = 'TWO'")
    kept.damage(f"UPDATE schedule SET failures = 8, next_due_at = '{isoformat(kept.now + timedelta(seconds=300))}'")
    kept.now += timedelta(seconds=200)
    assert await kept.asked() == {ASSETS[0], ASSETS[2]}, "the others have been read since, so they have no back-off"
    kept.now += timedelta(seconds=100)
    assert TWO in await kept.asked()


def spelled(problem: Problem) -> str:
    text = encode_problem(problem)
    assert text is not None
    return text


async def test_a_job_that_waits_by_a_clock_that_was_ahead_is_done(kept: Kept) -> None:
    (number,) = await kept.engine.submit([NewJob(JobKind.LIST, "tenant", 0, "due")])
    problem = spelled(Problem("tenant", SourceFault.UNREACHABLE, "no answer"))
    kept.damage(
        f"UPDATE jobs SET not_before = '2036-01-01T00:00:00.000000Z', attempts = 1, problem = '{problem}' "
        f"WHERE id = {number}"
    )
    kept.now += timedelta(seconds=30)
    await kept.turns.ask()
    assert [job.id for job in await kept.engine.claim([JobKind.LIST], limit=1, time_limit=timedelta(hours=1))] == [
        number
    ]


async def test_a_look_for_drift_that_is_still_to_come_was_none(kept: Kept) -> None:
    assert (await kept.installation.sync()).state == "done"
    await kept.installation.store.write(lambda tx: tx.meta.set(LISTED, "2036-01-01T00:00:00"))
    kept.damage(
        "INSERT INTO drift_looks (id, at, actor, scope, target, summary, problems, findings) "
        "VALUES ('l', '2036-01-01T00:00:00.000000Z', 'a', x'7b7d', 'glue', '{}', '[]', '[]')"
    )
    await kept.turns.ask()
    assert {job.kind for job in await kept.engine.queue()} == {JobKind.SWEEP, JobKind.LIST}


async def test_the_schedule_says_when_what_is_missing_or_damaged_is_due(kept: Kept) -> None:
    store = kept.installation.store
    assert await store.schedule.next_due() != {Tier.HIGH: ""}
    kept.damage(PLAN.format("'zz'"))
    assert await store.schedule.next_due() == {Tier.HIGH: ""}
    kept.damage("DELETE FROM schedule")
    assert await store.schedule.next_due() == {Tier.HIGH: ""}
    await store.write(lambda tx: tx.leases.acquire("scheduler", store.owner.id))
    assert {tier.tier: tier.next_run for tier in (await show(kept.installation.context)).tiers} == {
        "critical": None,
        "high": isoformat(kept.now),
        "medium": None,
    }


async def test_without_its_entry_an_asset_is_not_asked_for_until_the_next_listing_says_it_again(kept: Kept) -> None:
    kept.configure(SHORT)
    kept.damage("DELETE FROM entries WHERE name = 'TWO'")
    kept.now += timedelta(seconds=30)
    assert await kept.asked() == {ASSETS[0], ASSETS[2]}
    await kept.work_off()
    kept.now += timedelta(seconds=10)
    assert TWO in await kept.asked()


async def test_a_tier_is_not_overdue_for_waiting_for_its_window(kept: Kept) -> None:
    kept.now = kept.now.replace(hour=4, minute=30)
    kept.configure("tiers: {high: {interval: 1h, window: '01:00-05:00'}}\n")
    for asset in ASSETS:
        await read_definition(kept.installation.context, asset)

    async def overdue() -> int:
        return sum(tier.overdue for tier in (await show(kept.installation.context)).tiers)

    for hours in (12, 12):
        kept.now += timedelta(hours=hours)
        assert await overdue() == 0
    kept.now += timedelta(hours=1)
    assert await overdue() == len(ASSETS), "a whole window has passed"
