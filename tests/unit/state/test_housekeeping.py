"""Care for the state: what is over goes in small units, and nothing that is referred to goes ever."""

from __future__ import annotations

import random
import sqlite3
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from spheresync.config import Retention
from spheresync.errors import UsageError
from spheresync.model import ChangeSetId, Digest, RunId, digest_of, isoformat
from spheresync.service.state import housekeeping as care
from spheresync.service.state.housekeeping import GRACE, Care, CareReport
from spheresync.state.records import ApprovedPromotion, AuditFilter
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.housekeeping.orphan_blobs import referring_columns
from spheresync.state.sqlite.housekeeping.retention import KEPT
from spheresync.state.sqlite.store import SqliteStore
from tests.simulators.new_state import lay_new_state
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio

PATIENT = 60.0


class Seconds:
    """The clock that all processes of a machine share, as the test sets it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def carer(store: SqliteStore, clock: StandingClock, seconds: Seconds) -> Care:
    return Care(store, Retention(), clock=clock, seconds=seconds)


class Filler:
    """Puts rows into a state as a long life would have left them there."""

    def __init__(self, store: SqliteStore, clock: StandingClock) -> None:
        self._file = sqlite3.connect(store.folder / FILE_NAME, isolation_level=None)
        self._clock = clock

    def close(self) -> None:
        self._file.close()

    def ago(self, days: float) -> str:
        return isoformat(self._clock.now - timedelta(days=days))

    def content(self, text: str, size: int = 0) -> str:
        body = text.encode() + b"." * size
        digest = digest_of(body)
        stored = zlib.compress(body) if size == 0 else random.Random(text).randbytes(size)
        self._file.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)", (digest, len(body), stored))
        return digest

    def change_set(
        self, name: str, *, days: float, items: int = 0, run: str | None = None, expires: float = -1
    ) -> None:
        made, over = self.ago(days), self.ago(days + expires)
        self._file.execute(
            "INSERT INTO change_sets (id, digest, created_at, expires_at, actor, mapping_digest, scope_digest, "
            "request, summary, findings, problems, blocked, run_id, tool_version, format) "
            "VALUES (?, '', ?, ?, 'a', '', '', x'7b7d', '{}', '[]', '[]', 0, ?, '1', 1)",
            (name, made, over, run),
        )
        for ordinal in range(1, items + 1):
            digests = [self.content(f"{name} {ordinal} {part}") for part in ("before", "after", "definition")]
            self._file.execute(
                "INSERT INTO change_set_items VALUES (?, ?, 'S', ?, 'glue', 'default', 'update', 'full', 'additive', "
                "'', NULL, 's', 't', NULL, ?, ?, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ?, '', NULL, NULL)",
                (name, ordinal, f"A{ordinal}", *digests),
            )

    def run(
        self,
        name: str,
        *,
        days: float,
        entries: int = 0,
        state: str = "done",
        kind: str = "sync",
        problems: str = "[]",
        change_set: str | None = None,
    ) -> None:
        at = self.ago(days)
        ended = None if state in {"queued", "running"} else at
        self._file.execute(
            "INSERT INTO runs (id, kind, state, phase, change_set_id, request, request_digest, actor_kind, actor_id, "
            "actor_roles, fence, created_at, finished_at, cancel_requested, counts, usage, problems) "
            "VALUES (?, ?, ?, '', ?, x'7b7d', '', 'user', 'a', '', 0, ?, ?, 0, '{}', '{}', ?)",
            (name, kind, state, change_set, at, ended, problems),
        )
        for ordinal in range(1, entries + 1):
            before = self.content(f"{name} {ordinal} before-image")
            self._file.execute(
                "INSERT INTO journal (run_id, ordinal, state, action, before, at) "
                "VALUES (?, ?, 'confirmed', 'update', ?, ?)",
                (name, ordinal, before, at),
            )

    def recent_runs(self) -> None:
        """So many that no older one is kept for being among the newest."""
        for number in range(KEPT + 1):
            self.run(f"run_recent_{number:02}", days=0.5, entries=1)
        self.run("run_recent_idle", days=0.5)

    def checkpoint(self, asset: str) -> tuple[str, str]:
        body, definition = self.content(f"{asset} body"), self.content(f"{asset} definition")
        self._file.execute(
            "INSERT INTO checkpoints VALUES ('glue', 'default', 'S', ?, 's', ?, ?, '', '0', NULL, NULL, NULL, NULL, ?, "
            "'active', NULL, '', 'run_gone', 1, NULL)",
            (asset, asset, body, definition),
        )
        return body, definition

    def former(self, name: str) -> None:
        self._file.execute(
            "INSERT INTO former_tables VALUES ('glue', 'default', 's', ?, 'S', 'A', ?, '', '0', 1, '', NULL)",
            (name, self.content(f"{name} former")),
        )

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self._file.execute(sql).fetchall()

    def names(self, table: str) -> set[object]:
        return {name for (name,) in self.rows(f"SELECT id FROM {table}")}

    def referred(self) -> set[object]:
        """Every content that a row of any table refers to."""
        return {
            digest
            for table, column in referring_columns(self._file)
            for (digest,) in self.rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        }

    def contents(self) -> set[object]:
        return {digest for (digest,) in self.rows("SELECT digest FROM blobs")}


@pytest.fixture
def filler(store: SqliteStore, clock: StandingClock) -> Iterator[Filler]:
    opened = Filler(store, clock)
    yield opened
    opened.close()


async def test_runs_go_with_their_journals_and_change_sets_and_young_ones_stay(
    store: SqliteStore, carer: Care, filler: Filler
) -> None:
    filler.change_set("cs_old", days=401, items=3, run="run_old")
    filler.run("run_old", days=401, entries=3, change_set="cs_old")
    filler.change_set("cs_young", days=399, items=3, run="run_young")
    filler.run("run_young", days=399, entries=3, change_set="cs_young")
    filler.run("run_idle", days=31)
    filler.run("run_idle_young", days=29)
    filler.run("run_failed", days=31, state="failed", problems='[["run","x","y",""]]')
    filler.run("run_failed_later", days=1, state="failed", problems='[["run","x","y",""]]')
    filler.run("run_queued", days=900, state="queued")
    filler.recent_runs()
    filler.change_set("cs_open", days=91)
    filler.change_set("cs_open_young", days=89)
    filler.change_set("cs_unexpired", days=91, expires=-200)
    report = await carer.step(PATIENT)
    assert (report.runs, report.change_sets, report.finished) == (2, 2, True)
    recent = {name for name in filler.names("runs") if str(name).startswith("run_recent")}
    assert filler.names("runs") - recent == {
        "run_young", "run_idle_young", "run_failed", "run_failed_later", "run_queued",
    }  # fmt: skip
    assert filler.names("change_sets") == {"cs_young", "cs_open_young", "cs_unexpired"}
    assert filler.rows("SELECT count(*) FROM journal WHERE run_id = 'run_young'") == [(3,)]
    assert filler.rows("SELECT count(*) FROM journal WHERE run_id = 'run_old'") == [(0,)]
    (event,), _ = await store.audit.query(AuditFilter(actions=("retention",)))
    assert event.actor == "system"
    assert event.detail == '{"actor":{"kind":"system","roles":[]},"change_sets":2,"runs":2}'
    assert (await carer.step(PATIENT)).runs == 0
    assert (await store.audit.query(AuditFilter(actions=("retention",))))[1] == 1


async def test_the_newest_runs_and_the_last_of_each_sort_stay_whatever_their_age(
    store: SqliteStore, carer: Care, filler: Filler
) -> None:
    filler.run("run_approved", days=900, kind="apply", entries=1)
    for number in range(KEPT + 5):
        filler.run(f"run_{number:02}", days=800 - number, entries=1)
    assert (await carer.step(PATIENT)).runs == 5
    assert await store.runs.get(RunId("run_approved"))
    assert len(filler.names("runs")) == KEPT + 1


async def test_what_is_on_its_way_out_is_seen_by_nobody(store: SqliteStore, carer: Care, filler: Filler) -> None:
    filler.rows("BEGIN")
    filler.change_set("cs_large", days=500, items=1200, run="run_large")
    filler.run("run_large", days=500, entries=1200, change_set="cs_large")
    filler.recent_runs()
    filler.rows("COMMIT")
    report = await carer.step(-1)
    assert (report.runs, report.finished) == (1, False)
    assert filler.rows("SELECT count(*) FROM journal WHERE run_id = 'run_large'") == [(1200,)]
    with pytest.raises(UsageError, match="run_large"):
        await store.runs.get(RunId("run_large"))
    with pytest.raises(UsageError, match="cs_large"):
        await store.change_sets.get(ChangeSetId("cs_large"))
    page, total = await store.runs.page(limit=100)
    assert total == len(page) == KEPT + 2
    await store.write(lambda tx: tx.retention.remove_some())
    assert filler.rows("SELECT count(*) FROM change_set_items") == [(700,)], "a part at a time"
    assert (await carer.step(PATIENT)).finished
    assert filler.rows("SELECT count(*) FROM change_set_items") == [(0,)]
    assert filler.rows("SELECT count(*) FROM leaving") == [(0,)]


async def test_contents_go_when_nothing_has_referred_to_them_for_long(
    store: SqliteStore, carer: Care, filler: Filler, seconds: Seconds
) -> None:
    filler.checkpoint("A")
    kept = filler.contents()
    lost, used_again = filler.content("lost"), filler.content("used again")
    await carer.step(PATIENT)
    seconds.now += GRACE - 1
    await carer.step(PATIENT)
    assert filler.contents() == {*kept, lost, used_again}, "a plan that is being made may hold it"
    await store.write(lambda tx: tx.blobs.put_many([b"used again"]))
    seconds.now += 1
    assert (await carer.step(PATIENT)).contents == 1
    assert filler.contents() == {*kept, used_again}
    seconds.now = 5.0  # the machine was started anew
    await carer.step(PATIENT)
    seconds.now = GRACE
    assert (await carer.step(PATIENT)).contents == 0
    seconds.now += 5
    assert (await carer.step(PATIENT)).contents == 1


async def test_what_is_put_between_the_look_and_the_removal_stays(
    store: SqliteStore, carer: Care, filler: Filler, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler.content("late")
    await carer.step(PATIENT)
    seconds.now += GRACE
    look = store.unreferenced_contents

    async def look_and_lose_the_race(begin: str, end: str) -> list[Digest]:
        found = await look(begin, end)
        filler.rows("DELETE FROM unreferred")  # what put_many does
        return found

    monkeypatch.setattr(store, "unreferenced_contents", look_and_lose_the_race)
    assert (await carer.step(PATIENT)).contents == 0
    assert filler.contents() == {digest_of(b"late")}


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_goes_nothing_that_is_referred_to_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, clock, seconds = random.Random(seed), StandingClock(), Seconds()
    monkeypatch.setattr(care, "SLICE", chance.choice((25, 10_000)))
    lay_new_state(tmp_path)
    async with SqliteStore.open(tmp_path, clock=clock) as store:
        filler, carer = Filler(store, clock), Care(store, Retention(), clock=clock, seconds=seconds)
        populate(filler, chance)
        for turn in range(12):
            referred, before = filler.referred(), filler.contents()
            await carer.step(chance.choice((-1, PATIENT)))
            assert filler.referred() <= filler.contents()
            assert before - filler.contents() <= before - referred
            clock.advance(chance.choice((0, 3600, 86_400)))
            seconds.now += chance.choice((0, 3600, GRACE))
            if chance.random() < 0.3:
                filler.former(f"lost {turn}")
        open_runs = "SELECT count(*) FROM runs WHERE state IN ('queued', 'running')"
        waiting = filler.rows(open_runs)
        for _ in range(100):
            seconds.now += GRACE
            if (await carer.step(PATIENT)).finished and filler.contents() == filler.referred():
                break
        assert filler.contents() == filler.referred(), "and what nothing refers to is gone in the end"
        assert filler.rows(open_runs) == waiting
        assert await store.check() == ()
        filler.close()


def populate(filler: Filler, chance: random.Random) -> None:
    for number in range(chance.randint(0, 50)):
        days = chance.choice((1, 29, 31, 89, 91, 399, 401, 900)) + chance.random()
        run = f"run_{number}" if chance.random() < 0.6 else None
        filler.change_set(f"cs_{number}", days=days, items=chance.randint(0, 4), run=run)
        if run is not None:
            state = chance.choice(("done", "done", "partly_failed", "failed", "running", "queued"))
            filler.run(run, days=days, entries=chance.randint(0, 3), state=state, change_set=f"cs_{number}")
    for number in range(chance.randint(0, 15)):
        filler.checkpoint(f"A{number}")
        filler.former(f"F{number}")
        filler.content(f"lost {number} former")
        filler.content(f"lost {number}")


async def test_free_space_is_given_back(store: SqliteStore, carer: Care, filler: Filler, seconds: Seconds) -> None:
    for number in range(700):
        filler.content(f"large {number}", 20_000)
    await carer.step(PATIENT)
    before = (await store.retention.pages()).total
    seconds.now += GRACE
    report = await carer.step(PATIENT)
    assert report.contents == 700
    pages = await store.retention.pages()
    assert report.bytes_given_back == (before - pages.total) * pages.size > 10_000_000
    assert pages.free <= 0.05 * pages.total + 1
    assert await store.check() == ()


async def test_one_process_at_a_time_and_once_a_day(store: SqliteStore, carer: Care, clock: StandingClock) -> None:
    assert await carer.is_due()
    async with SqliteStore.open(store.folder, clock=clock) as other:
        await other.write(lambda tx: tx.leases.acquire(care.LEASE, other.owner.id))
        assert await carer.step(PATIENT) == CareReport()
        assert await carer.is_due(), "nobody has finished yet"
    await carer.step(PATIENT)
    assert not await carer.is_due()
    clock.advance(86_401)
    assert await carer.is_due()
    clock.advance(-7 * 86_400)
    assert await carer.is_due(), "a clock that was set back does not put it off"


async def test_others_write_between_the_units(
    store: SqliteStore, carer: Care, filler: Filler, seconds: Seconds
) -> None:
    filler.rows("BEGIN")
    for number in range(30):
        filler.run(f"run_{number:02}", days=500, entries=400)
    filler.recent_runs()
    filler.rows("COMMIT")
    done = anyio.Event()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not done.is_set():
            await store.write(lambda tx: tx.meta.set("turn", "mine"))
            turns += 1

    async with anyio.create_task_group() as group:
        group.start_soon(others)
        assert (await carer.step(PATIENT)).runs == 30
        done.set()
    assert turns >= 12_000 / 500, "one turn for each unit of 500 rows at least"


async def test_columns_that_refer_to_contents_are_known_by_name(store: SqliteStore, tmp_path: Path) -> None:
    with sqlite3.connect(store.folder / FILE_NAME) as file:
        file.execute("CREATE TABLE later (id TEXT, undone_blob TEXT, other TEXT)")
        known = set(referring_columns(file))
    file.close()
    assert known == {
        ("assets", "definition"),
        ("checkpoints", "body"),
        ("checkpoints", "definition"),
        ("change_set_items", "before"),
        ("change_set_items", "after"),
        ("change_set_items", "definition"),
        ("journal", "before"),
        ("journal", "after"),
        ("journal_bases", "body"),
        ("journal_additions", "body"),
        ("former_tables", "body"),
        ("later", "undone_blob"),
    }


async def test_approvals_of_promotions_go_when_they_are_old_but_for_the_one_in_force(
    store: SqliteStore, clock: StandingClock
) -> None:
    digests = [Digest(name) for name in ("old", "in_force", "new")]
    for digest, days in zip(digests, (401, 401, 399), strict=True):
        at = isoformat(clock.now - timedelta(days=days))
        approved = ApprovedPromotion(digest, "jane", at, ChangeSetId("cs_1"))
        await store.write(lambda tx, approved=approved: tx.promotions.approve(approved))
    await Care(store, Retention(), promotion=digests[1], clock=clock).step(PATIENT)
    left = [digest for digest in digests if await store.promotions.approved(digest) is not None]
    assert left == ["in_force", "new"]
