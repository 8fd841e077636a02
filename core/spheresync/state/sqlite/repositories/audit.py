"""The audit log: written in the transaction of what it tells about, never changed, verifiable.

Other programs may read its table (CONTRACT.md). Details hold names, digests and request ids, never a secret.
"""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from spheresync.errors import StateError
from spheresync.model import isoformat
from spheresync.state.audit_chain import ChainCheck, entry_of_event, head_fault
from spheresync.state.records import ANY_ENTRY, AuditEntry, AuditEvent, AuditFilter, AuditVerdict
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection

_ENTRY = "seq, at, actor, action, run_id, asset, target, outcome, detail, prev_hash, hash"
_CHUNK = 2000
_ALTERED_LOG_REMEDY = (
    "Somebody changed the state by hand, or it is damaged. Keep the state folder as it is; `spheresync audit verify` "
    "tells more. Restore a backup (`spheresync restore FILE`)."
)
"""What to do about an audit log that takes no entry."""
_FILTERS = {
    "since": "at >= ?",
    "until": "at < ?",
    "actor": "actor = ?",
    "asset": "asset = ?",
    "outcome": "outcome = ?",
    "run_id": "run_id = ?",
}
_GROUPED = {"actor", "action", "outcome", "run_id", "asset"}


class AuditReader:
    """Reads and verifies the log."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def query(
        self, wanted: AuditFilter = ANY_ENTRY, *, limit: int = 50, cursor: int | None = None
    ) -> tuple[list[AuditEntry], int]:
        clause, values = _matching(wanted)
        total = await self._connection.one(f"SELECT count(*) FROM audit WHERE {clause}", values)
        if cursor is not None:
            clause += " AND seq < ?"
            values.append(cursor)
        rows = await self._connection.all(
            f"SELECT {_ENTRY} FROM audit WHERE {clause} ORDER BY seq DESC LIMIT ?", [*values, limit]
        )
        return [AuditEntry(*row) for row in rows], int(total[0]) if total else 0

    async def counts(self, wanted: AuditFilter, field: str) -> dict[str, int]:
        assert field in _GROUPED, field
        clause, values = _matching(wanted)
        rows = await self._connection.all(
            f"SELECT {field}, count(*) FROM audit WHERE {clause} AND {field} IS NOT NULL GROUP BY {field} "
            f"ORDER BY count(*) DESC, {field}",
            values,
        )
        return dict(rows)

    async def actors(self) -> list[str]:
        return [actor for (actor,) in await self._connection.all("SELECT DISTINCT actor FROM audit ORDER BY actor")]

    async def iterate(self, since: str | None = None, until: str | None = None) -> AsyncIterator[AuditEntry]:
        last = await self._connection.one("SELECT coalesce(max(seq), 0) FROM audit")
        async for chunk in self._chunks(int(last[0]) if last else 0, since, until):
            for row in chunk:
                yield AuditEntry(*row)

    async def head(self) -> tuple[int, str]:
        row = await self._connection.one("SELECT seq, hash, (SELECT coalesce(max(seq), 0) FROM audit) FROM audit_head")
        fault = head_fault(row)
        if row is None or fault:
            raise StateError(
                f"The audit log cannot take an entry: {fault}. Nothing is done without one.", remedy=_ALTERED_LOG_REMEDY
            )
        return row[0], row[1]

    async def verify(self) -> AuditVerdict:
        state = await self._connection.one(
            "SELECT (SELECT count(*) FROM audit), (SELECT coalesce(max(seq), 0) FROM audit), "
            "(SELECT seq FROM audit_head), (SELECT hash FROM audit_head)"
        )
        assert state is not None
        entries, last, head_seq, head_hash = state
        check = ChainCheck()
        async for chunk in self._chunks(last, None, None):
            check.walk(AuditEntry(*row) for row in chunk)
            if check.broken:
                break
        return check.verdict(entries=entries, head_seq=head_seq, head_hash=head_hash)

    async def _chunks(self, last: int, since: str | None, until: str | None) -> AsyncIterator[list[Row]]:
        # The log's own order is that of `seq`, which may be any whole number once somebody tampered with it.
        after = -(2**63)
        while True:
            chunk = await self._connection.all(
                f"SELECT {_ENTRY} FROM audit WHERE seq > ?1 AND seq <= ?2 AND (?3 IS NULL OR at >= ?3) "
                "AND (?4 IS NULL OR at < ?4) ORDER BY seq LIMIT ?5",
                (after, last, since, until, _CHUNK),
            )
            if chunk:
                yield chunk
            if len(chunk) < _CHUNK:
                return
            after = chunk[-1][0]


class AuditWriter(AuditReader):
    """Appends to the log."""

    def __init__(self, connection: WriteConnection, clock: Callable[[], datetime]) -> None:
        super().__init__(connection)
        self._writer = connection
        self._clock = clock

    async def append_many(self, events: Sequence[AuditEvent]) -> list[AuditEntry]:
        if not events:
            return []
        last_seq, last_hash = await self.head()
        at = isoformat(self._clock())
        entries = []
        for seq, event in enumerate(events, start=last_seq + 1):
            entry = entry_of_event(event, seq=seq, at=at, prev_hash=last_hash)
            last_hash = entry.hash
            entries.append(entry)
        await self._writer.execute_many(
            f"INSERT INTO audit ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [_spell(e) for e in entries]
        )
        await self._writer.execute("UPDATE audit_head SET seq = ?, hash = ?", (entries[-1].seq, last_hash))
        return entries


def _matching(wanted: AuditFilter) -> tuple[str, list[str | int]]:
    """The condition that a filter makes, and its values."""
    given = {term: value for field, term in _FILTERS.items() if (value := getattr(wanted, field)) is not None}
    terms, values = [*given], [*given.values()]
    if wanted.actions:
        terms.append(f"action IN ({', '.join('?' * len(wanted.actions))})")
        values += wanted.actions
    if wanted.starts is not None:
        terms.append("coalesce(substr(asset, 1, length(?)) = ?, 0)")
        values += [wanted.starts] * 2
    return " AND ".join(["1", *terms]), values


def _spell(e: AuditEntry) -> tuple[object, ...]:
    return (e.seq, e.at, e.actor, e.action, e.run_id, e.asset, e.target, e.outcome, e.detail, e.prev_hash, e.hash)
