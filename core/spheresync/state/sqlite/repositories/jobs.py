"""Jobs as rows: the statements under the embedded job engine. What jobs mean is said in `jobs.port`."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from spheresync.model import (
    JobKind,
    JobState,
    Problem,
    TargetKey,
    canonical_json,
    isoformat,
)
from spheresync.state.cell_encoding import MOMENT, decode_again, decode_problem, encode_problem
from spheresync.state.records import JobRequest, JobRow
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.liveness.owners import Owners
from spheresync.state.sqlite.rows.readable import readable, readable_one
from spheresync.state.sqlite.rows.shapes import shape_of
from spheresync.state.sqlite.rows.statements import placeholders

_JOB = (
    "id, kind, subject, priority, reason, token, state, not_before, attempts, fence, owner, started_at, heartbeat_at, "
    "ends_by, cancel_requested, problem, created_at, target, destination"
)
_SHAPE, _FACET = shape_of("jobs", _JOB), shape_of("jobs", "kind, state")
_AGAIN = shape_of("jobs", "again")


class JobReader:
    """Shows the queue."""

    def __init__(self, connection: ReadConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._owners = owners
        self._clock = clock

    async def queue(self, kind: JobKind | None, state: JobState | None, limit: int) -> list[JobRow]:
        rows = await self._connection.all(
            f"SELECT {_JOB} FROM jobs WHERE (?1 IS NULL OR state = ?1) AND (?3 IS NULL OR kind = ?3) "
            "ORDER BY CASE state WHEN 'running' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END, priority, id LIMIT ?2",
            (state, limit, kind),
        )
        return self._readable(rows)

    async def get(self, job_id: int) -> JobRow | None:
        row = await self._connection.one(f"SELECT {_JOB} FROM jobs WHERE id = ?", (job_id,))
        return readable_one(self._connection.lost, _SHAPE, row, _read)

    async def counts(self) -> dict[tuple[JobKind, JobState], int]:
        rows = await self._connection.all("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state")
        return dict(
            readable(self._connection.lost, _FACET, rows, lambda row: ((JobKind(row[0]), JobState(row[1])), row[2]))
        )

    def _readable(self, rows: Sequence[Row]) -> list[JobRow]:
        return readable(self._connection.lost, _SHAPE, rows, _read)

    async def next_at(self, kinds: Sequence[JobKind], *, but_for: Collection[TargetKey | None] = ()) -> str | None:
        left_out, of_whom = _but_for(but_for)
        row = await self._connection.one(
            f"SELECT min({MOMENT.format(at='not_before')}) FROM jobs "
            f"WHERE state = 'queued' AND kind IN ({placeholders(len(kinds))}){left_out}",
            (*kinds, *of_whom),
        )
        return None if row is None else row[0]

    async def wait_beyond(self, latest: str) -> bool:
        row = await self._connection.one(
            "SELECT 1 FROM jobs WHERE state = 'queued' AND not_before > ? LIMIT 1", (latest,)
        )
        return row is not None

    async def lost(self) -> frozenset[int]:
        rows = await self._connection.all(f"SELECT {_JOB} FROM jobs WHERE state = 'running'")
        return frozenset(job.id for job in readable(self._connection.lost, _SHAPE, rows, _read) if self._is_lost(job))

    def _is_lost(self, row: JobRow) -> bool:
        """Whether a claim no longer holds: its process died or fell silent, or its time is over."""
        now = self._clock()
        late = row.ends_by is not None and isoformat(now) > row.ends_by
        return late or not self._owners.is_responsive(row.owner, row.heartbeat_at, now)


class JobWriter(JobReader):
    """Moves jobs through the queue."""

    def __init__(self, connection: WriteConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        super().__init__(connection, owners, clock)
        self._writer = connection

    async def submit(self, jobs: Iterable[JobRequest]) -> list[int | None]:
        return [await self._submit(job) for job in jobs]

    async def _submit(self, job: JobRequest) -> int | None:
        row = await self._writer.one(
            "SELECT id, state, priority, token, not_before, attempts FROM jobs "
            "WHERE kind = ? AND subject = ? AND ifnull(target, '') = ? AND ifnull(destination, '') = ?",
            (job.kind, job.subject, job.target or "", job.destination or ""),
        )
        if row is None:
            return await self._insert(job)
        job_id, state, priority, token, not_before, attempts = row
        if state == JobState.RUNNING:
            await self._ask_again(job_id, job, anew=job.revive or token != job.token)
        elif state == JobState.QUEUED:
            # What failed waits its time out, however often it is asked for; but not a person who asks for it.
            at = not_before if attempts and not job.by_person else min(not_before, job.not_before)
            forgotten = ", attempts = 0, problem = NULL, cancel_requested = 0" if job.by_person else ""
            await self._writer.execute(
                f"UPDATE jobs SET priority = ?, reason = ?, token = ?, not_before = ?{forgotten} WHERE id = ?",
                (min(priority, job.priority), job.reason, job.token, at, job_id),
            )
        elif job.revive or token != job.token:
            await self._writer.execute(
                "UPDATE jobs SET state = 'queued', priority = ?, reason = ?, token = ?, not_before = ?, attempts = 0, "
                "cancel_requested = 0, needs = ? WHERE id = ?",
                (job.priority, job.reason, job.token, job.not_before, job.needs, job_id),
            )
        else:
            return None
        return int(job_id)

    async def _ask_again(self, job_id: int, job: JobRequest, *, anew: bool) -> None:
        """Note what was asked for while a job runs; the more urgent of what was asked for stays."""
        row = await self._writer.one("SELECT again FROM jobs WHERE id = ?", (job_id,))
        before = None if row is None else _read_again(row[0])
        again = {
            "priority": job.priority,
            "reason": job.reason,
            "token": job.token,
            "not_before": job.not_before,
            "anew": anew,
            "by_person": job.by_person,
        }
        if before is not None:
            again["priority"] = min(before["priority"], job.priority)
            again["not_before"] = min(before["not_before"], job.not_before)
            again["anew"] = before.get("anew", True) or anew
            again["by_person"] = before.get("by_person", False) or job.by_person
        await self._writer.execute("UPDATE jobs SET again = ? WHERE id = ?", (canonical_json(again).decode(), job_id))

    async def _insert(self, job: JobRequest) -> int:
        row = await self._writer.one(
            "INSERT INTO jobs (kind, subject, priority, reason, token, state, not_before, attempts, needs, fence, "
            "cancel_requested, created_at, target, destination) "
            "VALUES (?, ?, ?, ?, ?, 'queued', ?, 0, ?, 0, 0, ?, ?, ?) RETURNING id",
            (
                job.kind,
                job.subject,
                job.priority,
                job.reason,
                job.token,
                job.not_before,
                job.needs,
                isoformat(self._clock()),
                job.target,
                job.destination,
            ),
        )
        assert row is not None
        return int(row[0])

    async def claim(
        self,
        kinds: Sequence[JobKind],
        owner: str,
        *,
        limit: int,
        time_limit: timedelta,
        but_for: Collection[TargetKey | None] = (),
    ) -> list[JobRow]:
        await self._take_back_lost()
        now = self._clock()
        left_out, of_whom = _but_for(but_for)
        rows = await self._writer.all(
            f"UPDATE jobs SET state = 'running', owner = ?, fence = fence + 1, started_at = ?, heartbeat_at = ?, "
            f"ends_by = ? WHERE id IN (SELECT id FROM jobs AS next WHERE state = 'queued' AND not_before <= ? "
            f"AND kind IN ({placeholders(len(kinds))}){left_out} AND needs IS NULL "
            f"AND NOT EXISTS (SELECT 1 FROM jobs AS busy WHERE busy.state = 'running' AND busy.subject = next.subject "
            f"AND (busy.target IS NULL OR next.target IS NULL "
            f"OR (busy.target = next.target AND busy.destination = next.destination))) "
            f"ORDER BY priority, id LIMIT ?) RETURNING {_JOB}",
            (
                owner,
                isoformat(now),
                isoformat(now),
                isoformat(now + time_limit),
                isoformat(now),
                *kinds,
                *of_whom,
                limit,
            ),
        )
        claimed = sorted(self._readable(rows), key=lambda job: (job.priority, job.id))
        await self._set_aside_unreadable({row[0] for row in rows} - {job.id for job in claimed})
        return await self._one_for_each_subject(claimed)

    async def _one_for_each_subject(self, claimed: Sequence[JobRow]) -> list[JobRow]:
        """Two jobs about one subject in one target may have been taken at once: the second goes back."""
        kept: dict[str, list[JobRow]] = defaultdict(list)
        for job in claimed:
            if any(map(job.meets, kept[job.subject])):
                await self._requeue(job.id)
            else:
                kept[job.subject].append(job)
        return [job for job in claimed if job in kept[job.subject]]

    async def _set_aside_unreadable(self, damaged: Iterable[int]) -> None:
        """Jobs whose rows say nothing; whoever asks for such a job anew has it taken up again."""
        for job_id in damaged:
            await self._writer.execute(
                "UPDATE jobs SET state = 'dead', owner = NULL, problem = NULL, again = NULL WHERE id = ?", (job_id,)
            )

    async def _take_back_lost(self) -> None:
        running = self._readable(await self._writer.all(f"SELECT {_JOB} FROM jobs WHERE state = 'running'"))
        for job in running:
            if self._is_lost(job):
                await self._end_claim(job)

    async def shorten_waits(self, latest: str) -> None:
        await self._writer.execute(
            "UPDATE jobs SET not_before = ? WHERE state = 'queued' AND not_before > ?",
            (isoformat(self._clock()), latest),
        )

    async def beat(self, claims: Iterable[tuple[int, int]]) -> list[int]:
        now, given_up = isoformat(self._clock()), []
        for job_id, fence in claims:
            row = await self._writer.one(
                "UPDATE jobs SET heartbeat_at = ?1 WHERE id = ?2 AND fence = ?3 AND state = 'running' "
                "RETURNING cancel_requested OR ends_by < ?1",
                (now, job_id, fence),
            )
            if row is None or row[0]:
                given_up.append(job_id)
        return given_up

    async def finish(self, claims: Iterable[tuple[int, int]]) -> None:
        for job_id, fence in claims:
            job = await self._held(job_id, fence)
            if job is not None:
                await self._end(job)

    async def put_back(self, job_id: int, fence: int, *, not_before: str, attempts: int, problem: Problem) -> bool:
        job = await self._held(job_id, fence)
        if job is None:
            return False
        await self._writer.execute(
            "UPDATE jobs SET state = 'queued', owner = NULL, not_before = ?, attempts = ?, problem = ? WHERE id = ?",
            (not_before, attempts, encode_problem(problem), job_id),
        )
        await self._fold_again(job_id)
        return True

    async def set_aside(self, job_id: int, fence: int, problem: Problem) -> bool:
        job = await self._held(job_id, fence)
        if job is None:
            return False
        await self._writer.execute(
            "UPDATE jobs SET state = 'dead', owner = NULL, attempts = attempts + 1, problem = ? WHERE id = ?",
            (encode_problem(problem), job_id),
        )
        anew = await self._asked_anew(job_id)
        change = "attempts = 0" if anew else "again = NULL"
        await self._writer.execute(f"UPDATE jobs SET {change} WHERE id = ?", (job_id,))
        await self._fold_again(job_id)
        return True

    async def _asked_anew(self, job_id: int) -> bool:
        row = await self._writer.one("SELECT again FROM jobs WHERE id = ?", (job_id,))
        again = None if row is None else _read_again(row[0])
        return again is not None and bool(again.get("anew", True))

    async def cancel(self, job_id: int) -> bool:
        job = await self.get(job_id)
        if job is None:
            return False
        if job.state is JobState.RUNNING and not self._is_lost(job):
            await self._writer.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ?", (job_id,))
        else:
            await self._writer.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        return True

    async def settle(self, jobs: Iterable[tuple[int, str]]) -> None:
        for job_id, token in jobs:
            job = await self.get(job_id)
            if job is not None and job.token == token and (job.state is not JobState.RUNNING or self._is_lost(job)):
                await self._writer.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    async def _held(self, job_id: int, fence: int) -> JobRow | None:
        row = await self._writer.one(
            f"SELECT {_JOB} FROM jobs WHERE id = ? AND fence = ? AND state = 'running'", (job_id, fence)
        )
        return readable_one(self._connection.lost, _SHAPE, row, _read)

    async def _end_claim(self, job: JobRow) -> None:
        """A claim was lost: the job is done anew, unless somebody wanted it ended."""
        if job.cancel_requested:
            await self._writer.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
        else:
            await self._requeue(job.id)
            await self._fold_again(job.id)

    async def _requeue(self, job_id: int) -> None:
        await self._writer.execute("UPDATE jobs SET state = 'queued', owner = NULL WHERE id = ?", (job_id,))

    async def _end(self, job: JobRow) -> None:
        row = await self._writer.one("SELECT again FROM jobs WHERE id = ?", (job.id,))
        again = None if row is None else _read_again(row[0])
        if again is None or job.cancel_requested:
            await self._writer.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
            return
        await self._requeue(job.id)
        # What was asked for is another job than the one that is done: nothing of that one counts for it.
        await self._writer.execute(
            "UPDATE jobs SET attempts = 0, problem = NULL, priority = ? WHERE id = ?", (again["priority"], job.id)
        )
        await self._fold_again(job.id)

    async def _fold_again(self, job_id: int) -> None:
        """What was asked for while the job ran becomes the job."""
        row = await self._writer.one("SELECT again, priority, not_before, attempts FROM jobs WHERE id = ?", (job_id,))
        again = None if row is None else _read_again(row[0])
        if row is None or again is None:
            return
        priority, not_before, attempts = row[1:]
        at = again["not_before"]
        if again.get("by_person"):
            attempts = 0
        elif attempts:
            at = max(at, not_before)  # what failed waits its time out, however often it is asked for
        await self._writer.execute(
            "UPDATE jobs SET state = 'queued', priority = ?, reason = ?, token = ?, not_before = ?, attempts = ?, "
            "again = NULL WHERE id = ?",
            (min(priority, again["priority"]), again["reason"], again["token"], at, attempts, job_id),
        )


def _but_for(keys: Collection[TargetKey | None]) -> tuple[str, list[str]]:
    """What leaves the jobs of some targets out, and what is bound in it; None is who names no target."""
    pairs = [("", "") if key is None else (key.target, key.destination) for key in keys]
    text = "".join(" AND NOT (ifnull(target, '') = ? AND ifnull(destination, '') = ?)" for _ in pairs)
    return text, [each for pair in pairs for each in pair]


def _read_again(text: object) -> dict[str, Any] | None:
    """What was asked for while a job ran; what cannot be read was not asked for, and is by whoever still needs it."""
    return None if text is None or _AGAIN.fault((text,)) is not None else decode_again(str(text))


def _read(row: Row) -> JobRow:
    """The row, whose moments are such.

    Raises:
        ValueError: it is damaged.
    """
    cells: dict[str, Any] = dict(zip(_SHAPE.columns, row, strict=True))
    cells["kind"], cells["state"] = JobKind(cells["kind"]), JobState(cells["state"])
    cells["cancel_requested"], cells["problem"] = bool(cells["cancel_requested"]), decode_problem(cells["problem"])
    job = JobRow(**cells)
    for moment in (job.not_before, job.created_at, *([job.started_at] if job.started_at is not None else [])):
        datetime.fromisoformat(moment)
    return job
