"""Care for the state: what is over goes, what nothing refers to is collected, free space is given back, and what is not
in the search index yet gets there.

One step at a time, each bounded: a server takes one every hour, a sync one a day. Whoever is killed in the middle
leaves the rest to the next one. The audit log is never shortened.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import anyio

from spheresync.config import Retention
from spheresync.errors import StateError
from spheresync.model import SYSTEM, Digest, canonical_json, isoformat
from spheresync.observe.incidents import product_error
from spheresync.observe.loop_health import went_well
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.search_index import INDEXED_AT_ONCE
from spheresync.runtime.shared_request_budget import shared_seconds
from spheresync.state.cell_encoding import decode_cell
from spheresync.state.port import Store, Tx
from spheresync.state.records import (
    AuditAction,
    AuditEvent,
    AuditOutcome,
    ExpiredRecords,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = "care"
NOTE = "care"
EVERY = timedelta(days=1)
"""After so long a sync takes care, where no server does."""
HOUR = 3600.0
BACKLOG = 60.0
"""Seconds to the next step of a server that did not get to the end."""
GRACE = 6 * 3600.0
"""Seconds for which nothing must have referred to a content before it goes: a plan that is being made may hold it."""
SLICE = 65_536
"""So many contents are looked at in one step."""
LOOK = 5.0
"""Seconds for which contents are looked through, beside all who write."""
REST = 0.005
"""Assets whose texts are indexed in one unit of work."""
_BATCH = 100
_PAGES = 32
_TOO_FREE, _FREE_ENOUGH = 0.25, 0.05
_WORTH = 1024  # pages


@dataclass(frozen=True, slots=True)
class CareReport:
    """What one step did; `finished`: nothing is left to do now."""

    finished: bool = True
    runs: int = 0
    change_sets: int = 0
    contents: int = 0
    bytes_given_back: int = 0


class Care:
    """Takes steps on one state."""

    def __init__(
        self,
        store: Store,
        retention: Retention,
        *,
        promotion: Digest | None = None,
        clock: Callable[[], datetime],
        seconds: Callable[[], float] = shared_seconds,
    ) -> None:
        """`promotion`: the one in force, whose approval stays."""
        self._store = store
        self._retention = retention
        self._promotion = promotion
        self._clock = clock
        self._seconds = seconds
        self._give_up = 0.0

    async def is_due(self) -> bool:
        """Whether nobody took care for a day."""
        noted = await self._store.meta.get(NOTE)
        if noted is None:
            return True
        age = self._clock() - datetime.fromisoformat(decode_cell(noted)["at"])
        return abs(age) > EVERY  # a clock that was set back must not put it off for ever

    async def step(self, seconds: float) -> CareReport:
        """Work for about so long; nothing where another process does.

        Raises:
            StateError: the state could not be read or written; what was done stays done.
        """
        self._give_up = anyio.current_time() + seconds
        owner = self._store.owner_id
        if await self._store.write(lambda tx: tx.leases.acquire(LEASE, owner, beats=True)) is None:
            return CareReport()
        try:
            due = await self._let_go()
            long_ago = isoformat(self._clock() - self._retention.runs)
            await self._store.write(lambda tx: tx.promotions.forget(before=long_ago, but=self._promotion))
            while await self._store.retention.is_removing() and not self._late:
                await self._unit(lambda tx: tx.retention.remove_some())
            while await self._store.search.not_indexed() and not self._late:
                if not await self._unit(lambda tx: tx.search.fill(INDEXED_AT_ONCE)):
                    break
            contents = await self._collect()
            freed = await self._give_back()
            left = await self._store.retention.is_removing() or self._late
            return CareReport(not left, len(due.runs), len(due.change_sets), contents, freed)
        finally:
            with anyio.CancelScope(shield=True):
                await self._store.write(lambda tx: tx.leases.release(LEASE, owner))

    async def _unit(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """One unit, and as long a rest after it, so that whoever waits for the lock finds it free."""
        began = anyio.current_time()
        result = await self._store.write(work)
        await anyio.sleep(max(anyio.current_time() - began, REST))
        return result

    @property
    def _late(self) -> bool:
        return anyio.current_time() > self._give_up

    async def _let_go(self) -> ExpiredRecords:
        now, keep = self._clock(), self._retention
        due = await self._store.retention.due(
            runs_before=isoformat(now - keep.runs),
            idle_before=isoformat(now - keep.idle_runs),
            change_sets_before=isoformat(now - keep.change_sets),
            now=isoformat(now),
        )
        if due.runs or due.change_sets:
            detail = {"runs": len(due.runs), "change_sets": len(due.change_sets)}
            event = AuditEvent(SYSTEM, AuditAction.RETENTION, None, None, None, AuditOutcome.DONE, detail)

            async def let_go(tx: Tx) -> None:
                await tx.retention.mark_expired(due)
                await tx.audit.append_many([event])

            await self._store.write(let_go)
        return due

    async def _collect(self) -> int:
        """Look at one slice of the contents, the next one at the next step; answers how many went."""
        noted = decode_cell(await self._store.meta.get(NOTE) or "{}")
        number = int(noted.get("slice", 0))
        begin, end, following = _slice(number, await self._store.retention.contents())
        found: list[Digest] | None = None
        try:
            with anyio.move_on_after(LOOK):
                found = await self._store.unreferenced_contents(begin, end)
        except StateError as error:
            log.info("Contents that nothing refers to could not be looked for: %s", error)
        removed, all_gone = await self._sweep(found, begin, end) if found is not None else (0, True)
        note = canonical_json({"at": isoformat(self._clock()), "slice": following if all_gone else number}).decode()
        await self._store.write(lambda tx: tx.meta.set(NOTE, note))
        return removed

    async def _sweep(self, found: list[Digest], begin: str, end: str) -> tuple[int, bool]:
        """Note what nothing refers to; take out what was noted long enough ago and is so still, and say if all went."""
        now = self._seconds()
        noted = await self._store.write(lambda tx: tx.retention.noted_unreferenced(begin, end))
        # A machine that was started anew counts from 0 again.
        fresh = [digest for digest in found if noted.get(digest, now + 1) > now]
        over = [digest for digest in found if noted.get(digest, now) <= now - GRACE]
        back = list(noted.keys() - set(found))
        for some in _batches(back, 10 * _BATCH):
            await self._unit(partial(_take_off, some))
        for some in _batches(fresh, 10 * _BATCH):
            if self._late:
                return 0, False
            await self._unit(partial(_note, some, now))
        removed = 0
        for some in _batches(over, _BATCH):
            if self._late:
                return removed, False
            removed += await self._unit(partial(_remove, some))
        return removed, True

    async def _give_back(self) -> int:
        """Give free pages back, where they are much of the file."""
        first = pages = await self._store.retention.pages()
        if not pages.returnable or pages.free < _WORTH or pages.free < _TOO_FREE * pages.total:
            return 0
        while pages.free > _FREE_ENOUGH * pages.total and not self._late:
            await self._unit(partial(_give_back, min(_PAGES, pages.free)))
            pages = await self._store.retention.pages()
        return (first.total - pages.total) * pages.size


async def _note(digests: list[Digest], at: float, tx: Tx) -> None:
    await tx.retention.note_unreferenced(digests, at=at)


async def _take_off(digests: list[Digest], tx: Tx) -> None:
    await tx.retention.unnote_unreferenced(digests)


async def _remove(digests: list[Digest], tx: Tx) -> int:
    return await tx.retention.remove_contents(digests)


async def _give_back(pages: int, tx: Tx) -> None:
    await tx.retention.release_pages(pages)


def _slice(number: int, contents: int) -> tuple[str, str, int]:
    """From where to where in the order of digests slice `number` goes, and which one follows it."""
    digits = 0
    while contents > SLICE * 16**digits:
        digits += 1
    count = 16**digits
    number %= count
    end = f"{number + 1:0{digits}x}" if number + 1 < count else "g"
    return f"{number:0{digits}x}" if digits else "", end, (number + 1) % count


def _batches(digests: list[Digest], size: int) -> list[list[Digest]]:
    return [digests[start : start + size] for start in range(0, len(digests), size)]


async def care_step(context: RuntimeContext) -> None:
    """One turn of a long-lived server: a step, then an hour's pause, or a short one while there is more to do."""
    report = await take_care(context)
    went_well()
    await anyio.sleep(HOUR if report.finished else BACKLOG)


async def take_care(context: RuntimeContext, seconds: float = 1.0, *, when_due: bool = False) -> CareReport:
    """Take one step, or none where it is not due; a failure is logged, and nobody's work fails for it."""
    try:
        settings = context.settings
        promotion = None if settings.promoted is None else settings.promoted.digest
        care = Care(context.store, settings.retention, promotion=promotion, clock=context.clock)
        if when_due and not await care.is_due():
            return CareReport()
        return await care.step(seconds)
    except Exception as error:  # noqa: BLE001 -- see above
        log.warning("The state could not be taken care of: %s", product_error(error, "care"))
        return CareReport()
