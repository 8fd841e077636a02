"""Runs: queued, claimed under a fence, kept alive, ended; and their journal."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from spheresync.errors import UsageError
from spheresync.model import (
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    Principal,
    PrincipalKind,
    Problem,
    RunId,
    RunKind,
    RunState,
    TargetKey,
    isoformat,
)
from spheresync.state.cell_encoding import decode_counts, decode_problems, encode_counts, encode_problems
from spheresync.state.records import ChangeSetItem, JournalEntry, JournalState, RunRecord
from spheresync.state.run_claims import may_claim
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.liveness.owners import Owners
from spheresync.state.sqlite.repositories.journal import JournalReader, JournalWriter
from spheresync.state.sqlite.rows.fences import require_fence
from spheresync.state.sqlite.rows.shapes import shape_of

_RUN = (
    "id, kind, state, phase, change_set_id, request, request_digest, actor_kind, actor_id, actor_roles, owner, fence, "
    "heartbeat_at, created_at, started_at, finished_at, cancel_requested, counts, usage, problems, claims"
)
_STAYS = "id NOT IN (SELECT id FROM leaving)"
_FULL_SYNCS = 50
"""The newest ones tell when all was compared last, and when a part."""
_BEAT_EVERY = 5.0
"""Seconds after which a waiting owner that asks for its turn again is noted as alive."""


class RunReader:
    """Reads runs and their journals."""

    def __init__(self, connection: ReadConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._owners = owners
        self._clock = clock
        self._journal = JournalReader(connection)

    async def get(self, run_id: RunId) -> RunRecord:
        row = await self._connection.one(f"SELECT {_RUN} FROM runs WHERE id = ? AND {_STAYS}", (run_id,))
        if row is None:
            raise UsageError(f"there is no run {run_id!r}.", remedy="The list of runs shows those there are.")
        return _read(row)

    async def page(self, limit: int = 20, before: RunId | None = None) -> tuple[list[RunRecord], int]:
        total = await self._connection.one(f"SELECT count(*) FROM runs WHERE {_STAYS}")
        rows = await self._connection.all(
            f"SELECT {_RUN} FROM runs WHERE (?1 IS NULL OR seq < (SELECT seq FROM runs WHERE id = ?1)) AND {_STAYS} "
            "ORDER BY seq DESC LIMIT ?2",
            (before, limit),
        )
        return [_read(row) for row in rows], int(total[0]) if total else 0

    async def by_change_set(self, change_set_id: ChangeSetId) -> RunRecord | None:
        row = await self._connection.one(
            f"SELECT {_RUN} FROM runs WHERE change_set_id = ? ORDER BY seq LIMIT 1", (change_set_id,)
        )
        return None if row is None else _read(row)

    async def find_active(self, kind: RunKind, request_digest: Digest, actor: Principal) -> RunRecord | None:
        row = await self._connection.one(
            f"SELECT {_RUN} FROM runs WHERE state IN ('queued', 'running') AND kind = ? AND request_digest = ? "
            "AND actor_kind = ? AND actor_id = ? ORDER BY seq LIMIT 1",
            (kind, request_digest, actor.kind, actor.id),
        )
        return None if row is None else _read(row)

    async def approved_by_a_person(self) -> RunId | None:
        row = await self._connection.one(
            "SELECT id FROM runs WHERE actor_kind = 'user' AND state IN ('done', 'partly_failed') "
            "AND change_set_id IS NOT NULL ORDER BY seq LIMIT 1"
        )
        return None if row is None else RunId(row[0])

    async def full_and_done(self) -> list[RunRecord]:
        """Syncs that compared all of their scope with AWS and left nothing undone, newest first."""
        rows = await self._connection.all(
            f"SELECT {_RUN} FROM runs INDEXED BY runs_full WHERE kind = 'sync' AND state = 'done' "
            f"""AND instr(request, '"full":true') > 0 AND started_at IS NOT NULL AND {_STAYS} """
            "ORDER BY seq DESC LIMIT ?",
            (_FULL_SYNCS,),
        )
        return [_read(row) for row in rows]

    async def unfinished(self) -> list[RunRecord]:
        rows = await self._connection.all(f"SELECT {_RUN} FROM runs WHERE state IN ('queued', 'running') ORDER BY seq")
        return [_read(row) for row in rows]

    async def orphans(self) -> list[RunRecord]:
        unfinished = await self.unfinished()
        live = self._live(unfinished)
        return [run for run in unfinished if run.id not in live]

    async def entries(self, run_id: RunId) -> list[JournalEntry]:
        return await self._journal.entries(run_id)

    async def bases(self, run_id: RunId) -> dict[int, Digest]:
        return await self._journal.bases(run_id)

    async def additions(self, run_id: RunId) -> dict[tuple[int, TargetKey], Digest]:
        return await self._journal.additions(run_id)

    async def lost_entries(self, run_id: RunId) -> list[object]:
        return await self._journal.lost_entries(run_id)

    async def open_entries(self, run_id: RunId) -> list[JournalEntry]:
        """Journal entries that are planned or sent: what a take-over has to settle."""
        return await self._journal.open_entries(run_id)

    async def tally(self, run_id: RunId) -> dict[tuple[Action, JournalState], int]:
        return await self._journal.tally(run_id)

    async def began_at(self, run_id: RunId) -> str | None:
        return await self._journal.began_at(run_id)

    async def first_done(
        self, run_id: RunId, change_set_id: ChangeSetId, each: int
    ) -> dict[Action, tuple[list[AssetId], int]]:
        return await self._journal.first_done(run_id, change_set_id, each)

    async def failed(self, run_id: RunId, limit: int) -> list[JournalEntry]:
        return await self._journal.failed(run_id, limit)

    def _live(self, unfinished: Sequence[RunRecord]) -> set[RunId]:
        now = self._clock()
        return {run.id for run in unfinished if self._owners.is_responsive(run.owner, run.heartbeat_at, now)}


class RunWriter(RunReader):
    """Writes runs and their journals. Whatever takes a fence raises FenceError when it is no longer the run's."""

    def __init__(self, connection: WriteConnection, owners: Owners, clock: Callable[[], datetime]) -> None:
        super().__init__(connection, owners, clock)
        self._writer = connection
        self._journal_writer = JournalWriter(connection)

    async def create(self, run: RunRecord) -> None:
        values = _spell(run)
        await self._writer.execute(f"INSERT INTO runs ({_RUN}) VALUES ({', '.join('?' * len(values))})", values)
        await self._seal(run.id)

    async def claim(self, run_id: RunId, owner: str) -> int | None:
        """Take a run to drive it, if it is its turn and no living process has it.

        Asking again while waiting is a heartbeat of the waiting owner. A run that seems to be driven by a dead
        process while another one is claimed is fenced off: should that process wake, it can write nothing more.

        Returns:
            The fence of this claim, or None while it is not to be had (or has ended).
        """
        unfinished = await self.unfinished()
        run = next((run for run in unfinished if run.id == run_id), None)
        if run is None:
            return None
        live = self._live(unfinished)
        now = self._now()
        if not may_claim(run, owner, unfinished, live):
            if run.owner == owner and run.state is RunState.QUEUED:
                await self._note_waiting(run)
            return None
        await self._writer.execute_many(
            "UPDATE runs SET fence = fence + 1, owner = NULL WHERE id = ?",
            [(other.id,) for other in unfinished if _is_abandoned(other, live) and other.id != run_id],
        )
        row = await self._writer.one(
            "UPDATE runs SET state = 'running', owner = ?1, fence = fence + 1, claims = claims + 1, heartbeat_at = ?2, "
            "started_at = coalesce(started_at, ?2) WHERE id = ?3 RETURNING fence",
            (owner, now, run_id),
        )
        assert row is not None
        await self._seal(run_id)
        return int(row[0])

    async def heartbeat(self, run_id: RunId, fence: int) -> bool:
        await require_fence(self._connection, run_id, fence)
        row = await self._writer.one(
            "UPDATE runs SET heartbeat_at = ? WHERE id = ? RETURNING cancel_requested", (self._now(), run_id)
        )
        return bool(row and row[0])

    async def release(self, run_id: RunId, fence: int) -> None:
        await require_fence(self._connection, run_id, fence)
        await self._writer.execute(
            "UPDATE runs SET owner = NULL, claims = max(claims - 1, 0) WHERE id = ? AND finished_at IS NULL", (run_id,)
        )

    async def update(
        self,
        run_id: RunId,
        fence: int,
        *,
        state: RunState | None = None,
        phase: str | None = None,
        counts: Mapping[str, int] | None = None,
        usage: Mapping[str, int] | None = None,
        problems: Sequence[Problem] | None = None,
        change_set_id: ChangeSetId | None = None,
        finished_at: str | None = None,
    ) -> None:
        await require_fence(self._connection, run_id, fence)
        if state is not None and state.ended and finished_at is None:
            finished_at = self._now()
        if change_set_id is not None:
            await self._note_progress(run_id)
        given = {
            "state": state,
            "phase": phase,
            "counts": None if counts is None else encode_counts(counts),
            "usage": None if usage is None else encode_counts(usage),
            "problems": None if problems is None else encode_problems(problems),
            "change_set_id": change_set_id,
            "finished_at": finished_at,
        }
        changes = {column: value for column, value in given.items() if value is not None}
        if changes:
            assignments = ", ".join(f"{column} = ?" for column in changes)
            await self._writer.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*changes.values(), run_id])
            await self._seal(run_id)

    async def request_cancel(self, run_id: RunId) -> bool:
        changed = await self._writer.execute(
            "UPDATE runs SET cancel_requested = 1 WHERE id = ? AND state IN ('queued', 'running')", (run_id,)
        )
        return changed > 0

    async def cancel_waiting(self, run_id: RunId) -> bool:
        changed = await self._writer.execute(
            "UPDATE runs SET state = 'cancelled', phase = 'ended', cancel_requested = 1, owner = NULL, "
            "fence = fence + 1, finished_at = ? WHERE id = ? AND state = 'queued'",
            (self._now(), run_id),
        )
        if changed:
            await self._seal(run_id)
        return changed > 0

    async def cancel_unfinished(self, problem: Problem, *, at: str) -> list[RunRecord]:
        unfinished = await self.unfinished()
        for run in unfinished:
            await self._writer.execute(
                "UPDATE runs SET state = 'cancelled', phase = 'ended', owner = NULL, fence = fence + 1, "
                "finished_at = ?, problems = ? WHERE id = ?",
                (at, encode_problems((*run.problems, problem)), run.id),
            )
            await self._seal(run.id)
        return unfinished

    async def plan_items(self, run_id: RunId, items: Sequence[ChangeSetItem], fence: int) -> None:
        await self._journal_writer.plan_items(run_id, items, fence, at=self._now())

    async def mark_sent(self, run_id: RunId, ordinals: Sequence[int], fence: int) -> None:
        """Note that the requests of these items are about to leave; see `JournalWriter.mark_sent`."""
        await self._journal_writer.mark_sent(run_id, ordinals, fence, at=self._now())

    async def record(
        self,
        run_id: RunId,
        entries: Sequence[JournalEntry],
        fence: int,
        bases: Mapping[int, Digest] = MappingProxyType({}),
        additions: Mapping[tuple[int, TargetKey], Digest] = MappingProxyType({}),
    ) -> None:
        """Write what came of items, many at once: confirmed, failed or skipped; see `JournalWriter.record`."""
        await self._journal_writer.record(run_id, entries, fence, bases, additions)
        if any(entry.state.ended for entry in entries):
            await self._note_progress(run_id)

    async def _note_progress(self, run_id: RunId) -> None:
        """The present claim has done something, so whatever ends it begins to be counted anew."""
        await self._writer.execute("UPDATE runs SET claims = 1 WHERE id = ? AND claims > 1", (run_id,))

    async def _seal(self, run_id: RunId) -> None:
        row = await self._writer.one(f"SELECT {SEALED['runs']} FROM runs WHERE id = ?", (run_id,))
        if row is not None:
            await self._writer.execute("UPDATE runs SET seal = ? WHERE id = ?", (seal_of_row(row), run_id))

    async def _note_waiting(self, run: RunRecord) -> None:
        if run.heartbeat_at is not None:
            age = (self._clock() - datetime.fromisoformat(run.heartbeat_at)).total_seconds()
            if abs(age) <= _BEAT_EVERY:
                return
        await self._writer.execute("UPDATE runs SET heartbeat_at = ? WHERE id = ?", (self._now(), run.id))

    def _now(self) -> str:
        return isoformat(self._clock())


def _is_abandoned(run: RunRecord, live: set[RunId]) -> bool:
    return run.state is RunState.RUNNING and run.owner is not None and run.id not in live


def _spell(r: RunRecord) -> tuple[object, ...]:
    return (
        r.id,
        r.kind,
        r.state,
        r.phase,
        r.change_set_id,
        r.request,
        r.request_digest,
        r.actor.kind,
        r.actor.id,
        " ".join(sorted(r.actor.roles)),
        r.owner,
        r.fence,
        r.heartbeat_at,
        r.created_at,
        r.started_at,
        r.finished_at,
        r.cancel_requested,
        encode_counts(r.counts),
        encode_counts(r.usage),
        encode_problems(r.problems),
        r.claims,
    )


def _read(row: Row) -> RunRecord:
    """A run of the state; what a damaged row does not tell is left out and said: no other run is to suffer for it."""
    damaged = _SHAPE.odd_columns(row)
    cells = {
        column: _INSTEAD[column] if column in damaged else value for column, value in zip(_NAMES, row, strict=True)
    }
    problems = decode_problems(cells["problems"])
    if damaged:
        told = f"what the state holds of run {cells['id']} is damaged: {', '.join(damaged)}."
        problems = (*problems, Problem("state", "state", told, "`spheresync doctor` tells what else is."))
    return RunRecord(
        id=RunId(cells["id"]),
        kind=RunKind(cells["kind"]),
        state=_STATES[cells["state"]],
        phase=cells["phase"],
        change_set_id=cells["change_set_id"],
        request=cells["request"],
        request_digest=Digest(cells["request_digest"]),
        actor=Principal(
            _KINDS.get(cells["actor_kind"], PrincipalKind.UNKNOWN),
            cells["actor_id"],
            frozenset(cells["actor_roles"].split()),
        ),
        owner=cells["owner"],
        fence=cells["fence"],
        heartbeat_at=cells["heartbeat_at"],
        created_at=cells["created_at"],
        started_at=cells["started_at"],
        finished_at=cells["finished_at"],
        cancel_requested=bool(cells["cancel_requested"]),
        counts=decode_counts(cells["counts"]),
        usage=decode_counts(cells["usage"]),
        problems=problems,
        claims=cells["claims"],
    )


_SHAPE = shape_of("runs", _RUN)
_NAMES = _SHAPE.columns
_KINDS = {kind.value: kind for kind in PrincipalKind}
_STATES = {state.value: state for state in RunState}
_INSTEAD: Mapping[str, Any] = {
    "id": "?",
    "kind": RunKind.UNKNOWN.value,
    "state": RunState.FAILED.value,
    "phase": "",
    "change_set_id": None,
    "request": b"",
    "request_digest": "",
    "actor_kind": PrincipalKind.UNKNOWN.value,
    "actor_id": "?",
    "actor_roles": "",
    "owner": None,
    "fence": -1,
    "heartbeat_at": None,
    "created_at": "1970-01-01T00:00:00.000000Z",
    "started_at": None,
    "finished_at": None,
    "cancel_requested": 0,
    "counts": "{}",
    "usage": "{}",
    "problems": "[]",
    "claims": 0,
}
"""What is taken for a cell that cannot be read."""
