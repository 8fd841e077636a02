"""The journal of a run: planned → sent → confirmed, failed or skipped, item by item (DESIGN.md decision 6)."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from spheresync.errors import StateError
from spheresync.model import (
    Action,
    AssetId,
    ChangeSetId,
    DestinationName,
    Digest,
    RunId,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
)
from spheresync.state.cell_encoding import MOMENT, decode_problem, encode_problem
from spheresync.state.records import ChangeSetItem, JournalEntry, JournalState
from spheresync.state.seals import SEALED, seal_of_row
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.fences import require_fence
from spheresync.state.sqlite.rows.readable import readable
from spheresync.state.sqlite.rows.shapes import shape_of

_ENTRY = SEALED["journal"]
_SHAPE, _FACET = shape_of("journal", _ENTRY, sealed=True), shape_of("journal", "action, state")
_BASE = SEALED["journal_bases"]
_BASE_SHAPE = shape_of("journal_bases", _BASE, sealed=True)
_ADDITION = SEALED["journal_additions"]
_ADDITION_SHAPE = shape_of("journal_additions", _ADDITION, sealed=True)
_STATES = {state.value: state for state in JournalState}
_ACTIONS = {action.value: action for action in Action}

_MARK_SENT = """
INSERT INTO journal (run_id, ordinal, state, action, at)
SELECT r.id, ?2, 'sent', i.action, ?3
FROM runs r JOIN change_set_items i ON i.change_set_id = r.change_set_id AND i.ordinal = ?2
WHERE r.id = ?1
ON CONFLICT (run_id, ordinal) DO UPDATE SET state = 'sent', at = excluded.at, seal = NULL
WHERE journal.state IN ('planned', 'sent')
"""


class JournalReader:
    """Reads the journal."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def entries(self, run_id: RunId) -> list[JournalEntry]:
        """Every entry of a run that can be read, by ordinal."""
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM journal WHERE run_id = ? ORDER BY ordinal", (run_id,)
        )
        return self._readable(rows)

    async def bases(self, run_id: RunId) -> dict[int, Digest]:
        """By ordinal: what had been written last into objects that others had changed before the run wrote them."""
        rows = await self._connection.all(f"SELECT {_BASE_SHAPE.names} FROM journal_bases WHERE run_id = ?", (run_id,))
        return dict(readable(self._connection.lost, _BASE_SHAPE, rows, lambda row: (row[1], Digest(row[2]))))

    async def additions(self, run_id: RunId) -> dict[tuple[int, TargetKey], Digest]:
        """What targets that add to another one's objects held there when an item of the run made it go with them."""
        rows = await self._connection.all(
            f"SELECT {_ADDITION_SHAPE.names} FROM journal_additions WHERE run_id = ?", (run_id,)
        )
        return dict(readable(self._connection.lost, _ADDITION_SHAPE, rows, _read_addition))

    async def lost_entries(self, run_id: RunId) -> list[object]:
        """The ordinals of entries of a run that cannot be read, or are not what was written."""
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM journal WHERE run_id = ? ORDER BY ordinal", (run_id,)
        )
        return [row[1] for row in rows if _SHAPE.fault(row) is not None]

    def _readable(self, rows: Sequence[Row]) -> list[JournalEntry]:
        return readable(self._connection.lost, _SHAPE, rows, _read)

    async def open_entries(self, run_id: RunId) -> list[JournalEntry]:
        """Entries that are planned or sent: what a take-over has to settle."""
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM journal WHERE run_id = ? AND state IN ('planned', 'sent') ORDER BY ordinal",
            (run_id,),
        )
        return self._readable(rows)

    async def tally(self, run_id: RunId) -> dict[tuple[Action, JournalState], int]:
        """How many entries there are of each action and state."""
        rows = await self._connection.all(
            "SELECT action, state, count(*) FROM journal WHERE run_id = ? GROUP BY action, state", (run_id,)
        )
        return dict(
            readable(self._connection.lost, _FACET, rows, lambda row: ((_ACTIONS[row[0]], _STATES[row[1]]), row[2]))
        )

    async def first_done(
        self, run_id: RunId, change_set_id: ChangeSetId, each: int
    ) -> dict[Action, tuple[list[AssetId], int]]:
        """By action: the first assets with confirmed items, in whichever targets, and how many there are."""
        rows = await self._connection.all(
            "SELECT action, space, asset, total FROM (SELECT action, space, asset, ordinal, "
            "row_number() OVER (PARTITION BY action ORDER BY ordinal) AS place, "
            "count(*) OVER (PARTITION BY action) AS total FROM ("
            "SELECT j.action, i.space, i.asset, min(j.ordinal) AS ordinal FROM journal j "
            "JOIN change_set_items i ON i.change_set_id = ? AND i.ordinal = j.ordinal "
            "WHERE j.run_id = ? AND j.state = 'confirmed' GROUP BY j.action, i.space, i.asset)) "
            "WHERE place <= ? ORDER BY ordinal",
            (change_set_id, run_id, each),
        )
        done: dict[Action, tuple[list[AssetId], int]] = {}
        for action, space, asset, total in rows:
            if action in _ACTIONS:
                named, _ = done.setdefault(_ACTIONS[action], ([], int(total)))
                named.append(AssetId(SpaceName(space), TechnicalName(asset)))
        return done

    async def began_at(self, run_id: RunId) -> str | None:
        """When the first item of a run ended, None before that."""
        row = await self._connection.one(
            f"SELECT min({MOMENT.format(at='at')}) FROM journal WHERE run_id = ? AND state NOT IN ('planned', 'sent')",
            (run_id,),
        )
        return None if row is None else row[0]

    async def failed(self, run_id: RunId, limit: int) -> list[JournalEntry]:
        """At most `limit` entries that ended badly: the first of each kind before all others, else by ordinal."""
        kind = "CASE WHEN json_valid(problem) THEN json_extract(problem, '$[0][1]') END"
        nth = f"row_number() OVER (PARTITION BY {kind} ORDER BY ordinal)"
        rows = await self._connection.all(
            f"SELECT {_SHAPE.names} FROM journal WHERE run_id = ? AND state = 'failed' "
            f"ORDER BY {nth} > 1, ordinal LIMIT ?",
            (run_id, limit),
        )
        return self._readable(rows)


class JournalWriter(JournalReader):
    """Writes the journal; every method takes the claim's fence and raises FenceError under an older one."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def plan_items(self, run_id: RunId, items: Sequence[ChangeSetItem], fence: int, *, at: str) -> None:
        """Enter items as planned; those that the journal holds already stay as they are."""
        await require_fence(self._connection, run_id, fence)
        await self._writer.execute_many(
            "INSERT OR IGNORE INTO journal (run_id, ordinal, state, action, at) VALUES (?, ?, 'planned', ?, ?)",
            [(run_id, item.ordinal, item.action, at) for item in items],
        )

    async def mark_sent(self, run_id: RunId, ordinals: Sequence[int], fence: int, *, at: str) -> None:
        """Note that the requests of these items are about to leave; they need not have been planned before.

        Raises:
            FenceError: another process has taken the run over.
            StateError: an ordinal is not of the run's change set, or its item has ended.
        """
        await require_fence(self._connection, run_id, fence)
        changed = await self._writer.execute_many(_MARK_SENT, [(run_id, ordinal, at) for ordinal in ordinals])
        if changed != len(ordinals) and ordinals:
            raise StateError(
                f"Run {run_id} tried to send items that its change set does not hold, or that have ended.",
                remedy="Make a new preview and apply that.",
            )

    async def record(
        self,
        run_id: RunId,
        entries: Sequence[JournalEntry],
        fence: int,
        bases: Mapping[int, Digest] = MappingProxyType({}),
        additions: Mapping[tuple[int, TargetKey], Digest] = MappingProxyType({}),
    ) -> None:
        """Write what came of items, many at once: confirmed, failed or skipped.

        `bases`, `additions`: see the methods of these names.

        Raises:
            FenceError: another process has taken the run over.
        """
        await require_fence(self._connection, run_id, fence)
        rows = [_spell(run_id, entry) for entry in entries]
        await self._writer.execute_many(
            f"INSERT OR REPLACE INTO journal ({_ENTRY}, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*row, seal_of_row(row)) for row in rows],
        )
        if bases:
            based = [(run_id, ordinal, body) for ordinal, body in bases.items()]
            await self._writer.execute_many(
                f"INSERT OR REPLACE INTO journal_bases ({_BASE}, seal) VALUES (?, ?, ?, ?)",
                [(*row, seal_of_row(row)) for row in based],
            )
        if additions:
            held = [(run_id, at, key.target, key.destination, body) for (at, key), body in additions.items()]
            await self._writer.execute_many(
                f"INSERT OR IGNORE INTO journal_additions ({_ADDITION}, seal) VALUES (?, ?, ?, ?, ?, ?)",
                [(*row, seal_of_row(row)) for row in held],
            )


def _read_addition(row: Row) -> tuple[tuple[int, TargetKey], Digest]:
    return (row[1], TargetKey(TargetName(row[2]), DestinationName(row[3]))), Digest(row[4])


def _spell(run_id: RunId, e: JournalEntry) -> tuple[object, ...]:
    return (
        run_id,
        e.ordinal,
        e.state,
        e.action,
        encode_problem(e.problem),
        e.before,
        e.after,
        e.version,
        e.request_id,
        e.at,
    )


def _read(row: Row) -> JournalEntry:
    return JournalEntry(
        run_id=RunId(row[0]),
        ordinal=row[1],
        state=_STATES[row[2]],
        action=_ACTIONS[row[3]],
        problem=decode_problem(row[4]),
        before=None if row[5] is None else Digest(row[5]),
        after=None if row[6] is None else Digest(row[6]),
        version=row[7],
        request_id=row[8],
        at=row[9],
    )
