"""Saved change sets. Once written they never change, but for who approves them and the run that applies them."""

# ruff: noqa: S608 -- statements are put together from this module's own column lists; values are always bound
from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from spheresync.errors import RefusedError, UsageError
from spheresync.model import (
    Action,
    AssetId,
    ChangeSetId,
    DestinationName,
    Digest,
    FieldChange,
    PhysicalName,
    RunId,
    Severity,
    SpaceName,
    Strategy,
    TargetKey,
    TargetName,
    TechnicalName,
    Tier,
    canonical_json,
)
from spheresync.state.cell_encoding import (
    decode_cell,
    decode_counts,
    decode_fingerprints,
    decode_prerequisites,
    decode_problems,
    decompressed,
    encode_counts,
    encode_fingerprints,
    encode_prerequisites,
    encode_problems,
    valid_text,
)
from spheresync.state.change_set_digest import digest_of_saved, is_as_saved, seal_of
from spheresync.state.records import Approval, ChangeSetItem, ChangeSetRecord
from spheresync.state.sqlite.connection import ReadConnection, Row, WriteConnection
from spheresync.state.sqlite.rows.statements import placeholders

HEAD = (
    "id, digest, created_at, expires_at, actor, mapping_digest, scope_digest, request, summary, findings, problems, "
    "blocked, run_id, tool_version, format, undo_of, promotion, approved_by, approved_at, approved_digest, "
    "prerequisites"
)
_STAYS = "id NOT IN (SELECT id FROM leaving)"
_OPEN = "run_id IS NULL AND expires_at >= ?1"
_EFFECTIVE = ", ".join(f"'{action}'" for action in Action if action.changes_something)
_WRITES = (
    "(prerequisites IS NOT NULL OR EXISTS (SELECT 1 FROM change_set_items AS item WHERE item.change_set_id = "
    f"change_sets.id AND item.action IN ({_EFFECTIVE})))"
)
"""Whether applying it would do anything, now or once a person allows it."""
ITEM = (
    "ordinal, space, asset, target, destination, action, strategy, severity, reason, tier, container, name, changes, "
    "before, after, after_digest, expected_version, expected_digest, blocked_by, fp_schema, fp_content, fp_metadata, "
    "mapping, definition, operations, other_name"
)


def _readable(rows: Iterable[Row]) -> list[ChangeSetRecord]:
    """The heads of those that are as they were saved."""
    heads = []
    for row in rows:
        with suppress(RefusedError):  # one that was altered is named by whoever asks for it
            heads.append(read_head(row))
    return heads


class ChangeSetReader:
    """Reads change sets."""

    def __init__(self, connection: ReadConnection) -> None:
        self._connection = connection

    async def get(self, change_set_id: ChangeSetId) -> ChangeSetRecord:
        row = await self._connection.one(f"SELECT {HEAD} FROM change_sets WHERE id = ? AND {_STAYS}", (change_set_id,))
        if row is None:
            raise UsageError(f"there is no change set {change_set_id!r}.", remedy="Make one with preview.")
        return read_head(row)

    async def items(
        self,
        change_set_id: ChangeSetId,
        after_ordinal: int = 0,
        limit: int = 100,
        actions: Collection[Action] | None = None,
    ) -> list[ChangeSetItem]:
        return await self._items(change_set_id, after_ordinal, limit, actions)

    async def all_items(self, change_set_id: ChangeSetId) -> list[ChangeSetItem]:
        return await self._items(change_set_id, -1, -1, None)

    async def targets(self, change_set_id: ChangeSetId, ordinals: Collection[int]) -> dict[int, TargetKey]:
        rows = await self._connection.all(
            "SELECT ordinal, target, destination FROM change_set_items WHERE change_set_id = ? "
            "AND ordinal IN (SELECT value FROM json_each(?))",
            (change_set_id, json.dumps([*ordinals])),
        )
        return {ordinal: TargetKey(TargetName(target), DestinationName(at)) for ordinal, target, at in rows}

    async def seals(self, change_set_id: ChangeSetId) -> dict[int, str | None]:
        rows = await self._connection.all(
            "SELECT ordinal, seal FROM change_set_items WHERE change_set_id = ? ORDER BY ordinal", (change_set_id,)
        )
        return dict(rows)

    async def latest(self, n: int) -> list[ChangeSetRecord]:
        rows = await self._connection.all(
            f"SELECT {HEAD} FROM change_sets WHERE {_STAYS} ORDER BY seq DESC LIMIT ?", (n,)
        )
        return _readable(rows)

    async def open(self, *, at: str, before: int | None = None, limit: int = 100) -> list[tuple[int, ChangeSetRecord]]:
        rows = await self._connection.all(
            f"SELECT seq, {HEAD} FROM change_sets WHERE {_OPEN} AND {_WRITES} AND {_STAYS} "
            "AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3",
            (at, before, limit),
        )
        found = [(int(row[0]), head) for row in rows for head in _readable([row[1:]])]
        if len(found) < len(rows) == limit:  # those that follow stand in for what cannot be read
            found += await self.open(at=at, before=int(rows[-1][0]), limit=limit - len(found))
        return found

    async def count_open(self, *, at: str) -> tuple[int, int]:
        row = await self._connection.one(
            f"SELECT coalesce(sum({_WRITES}), 0), count(*) FROM change_sets WHERE {_OPEN} AND {_STAYS}", (at,)
        )
        writing, all_open = (int(row[0]), int(row[1])) if row else (0, 0)
        return writing, all_open - writing

    async def _items(
        self, change_set_id: ChangeSetId, after: int, limit: int, actions: Collection[Action] | None
    ) -> list[ChangeSetItem]:
        rows = await self._connection.all(
            f"SELECT {ITEM} FROM change_set_items WHERE change_set_id = ?1 AND ordinal > ?2 AND "
            "(?3 IS NULL OR action IN (SELECT value FROM json_each(?3))) ORDER BY ordinal LIMIT ?4",
            (change_set_id, after, _spell_actions(actions), limit),
        )
        return [read_item(row) for row in rows]


class ChangeSetWriter(ChangeSetReader):
    """Saves change sets."""

    def __init__(self, connection: WriteConnection) -> None:
        super().__init__(connection)
        self._writer = connection

    async def put(self, record: ChangeSetRecord, items: Sequence[ChangeSetItem]) -> None:
        head = _spell_head(record)
        await self._writer.execute(f"INSERT INTO change_sets ({HEAD}) VALUES ({placeholders(len(head))})", head)
        values = placeholders(len(ITEM.split(",")) + 2)
        await self._writer.execute_many(
            f"INSERT INTO change_set_items (change_set_id, {ITEM}, seal) VALUES ({values})",
            [(record.id, *_spell_item(item), seal_of(item)) for item in items],
        )

    async def approve(self, change_set_id: ChangeSetId, approval: Approval) -> bool:
        changed = await self._writer.execute(
            "UPDATE change_sets SET approved_by = ?1, approved_at = ?2, approved_digest = ?3 "
            f"WHERE id = ?4 AND digest = ?3 AND run_id IS NULL AND {_STAYS}",
            (approval.by, approval.at, approval.digest, change_set_id),
        )
        return bool(changed)

    async def expire_all(self, *, at: str) -> int:
        rows = await self._connection.all(
            f"SELECT {HEAD} FROM change_sets WHERE run_id IS NULL AND expires_at > ?", (at,)
        )
        for row in rows:
            await self._expire(row, at)
        return len(rows)

    async def _expire(self, row: Row, at: str) -> None:
        digest = row[1]
        with suppress(RefusedError):
            record, seals = read_head(row), [*(await self.seals(ChangeSetId(row[0]))).values()]
            if is_as_saved(record, seals):
                digest = digest_of_saved(replace(record, expires_at=at), seals)
        await self._writer.execute(
            "UPDATE change_sets SET expires_at = ?, digest = ? WHERE id = ?", (at, digest, row[0])
        )

    async def attach_run(self, change_set_id: ChangeSetId, run_id: RunId) -> None:
        changed = await self._writer.execute(
            "UPDATE change_sets SET run_id = ?1 WHERE id = ?2 AND (run_id IS NULL OR run_id = ?1)",
            (run_id, change_set_id),
        )
        if not changed:
            taken = (await self.get(change_set_id)).run_id
            raise RefusedError(f"change set {change_set_id} is applied by run {taken}.", remedy="Make a new preview.")


def _spell_actions(actions: Collection[Action] | None) -> str | None:
    return None if actions is None else json.dumps([action.value for action in actions])


def _spell_head(r: ChangeSetRecord) -> tuple[object, ...]:
    return (
        r.id,
        r.digest,
        r.created_at,
        r.expires_at,
        r.actor,
        r.mapping_digest,
        r.scope_digest,
        r.request,
        encode_counts(r.summary),
        encode_problems(r.findings),
        encode_problems(r.problems),
        r.blocked,
        r.run_id,
        r.tool_version,
        r.format,
        r.undo_of,
        r.promotion,
        *((r.approval.by, r.approval.at, r.approval.digest) if r.approval is not None else (None, None, None)),
        encode_prerequisites(r.prerequisites),
    )


def read_head(row: Row) -> ChangeSetRecord:
    """The head that a row of `HEAD` columns holds.

    Raises:
        RefusedError: it holds what was never written.
    """
    try:
        _require_types(row, _HEAD_TYPES)
        return _read_head(row)
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(row[0]) from error


def read_item(row: Row) -> ChangeSetItem:
    """The item that a row of `ITEM` columns holds.

    Raises:
        RefusedError: it holds what was never written.
    """
    try:
        _require_types(row, _ITEM_TYPES)
        return _read_item(row)
    except (ValueError, TypeError, AttributeError) as error:
        raise _unreadable(f"with {row[1]}/{row[2]}") from error


_T, _I, _B, _N = str, int, bytes, type(None)
_HEAD_TYPES = (
    *((_T,),) * 7, (_B,), *((_T,),) * 3, (_I,), (_T, _N), (_T,), (_I,), *((_T, _N),) * 6
)  # fmt: skip
_ITEM_TYPES = (
    (_I,), *((_T,),) * 8, (_T, _N), (_T,), (_T,), (_B, _N), *((_T, _N),) * 11, (_T,), (_T, _N)
)  # fmt: skip


def _require_types(row: Row, types: tuple[tuple[type, ...], ...]) -> None:
    """Refuse a row with a cell of another type than was ever written: SQLite keeps whatever it is given."""
    if not _fits(tuple(map(type, row[: len(types)])), types):
        raise TypeError("a cell of another type")


@lru_cache(maxsize=1024)
def _fits(found: tuple[type, ...], types: tuple[tuple[type, ...], ...]) -> bool:
    return all(each in allowed for each, allowed in zip(found, types, strict=True))


def _unreadable(which: str) -> RefusedError:
    return RefusedError(
        f"the change set {which} cannot be read: it is not what was saved.",
        remedy="Somebody changed the state by hand, or it is damaged; make a new preview.",
    )


def _read_head(row: Row) -> ChangeSetRecord:
    return ChangeSetRecord(
        id=ChangeSetId(row[0]),
        digest=row[1],
        created_at=row[2],
        expires_at=row[3],
        actor=row[4],
        mapping_digest=row[5],
        scope_digest=row[6],
        request=row[7],
        summary=decode_counts(row[8]),
        findings=decode_problems(row[9]),
        problems=decode_problems(row[10]),
        blocked=row[11],
        run_id=row[12],
        tool_version=row[13],
        format=row[14],
        undo_of=None if row[15] is None else RunId(row[15]),
        promotion=None if row[16] is None else Digest(row[16]),
        approval=None if row[17] is None else Approval(row[17], row[18], Digest(row[19])),
        prerequisites=decode_prerequisites(row[20]),
    )


def _spell_item(i: ChangeSetItem) -> tuple[object, ...]:
    changes = [[change.path, change.before, change.after] for change in i.changes]
    return (
        i.ordinal,
        i.asset.space,
        i.asset.name,
        i.target,
        i.destination,
        i.action,
        i.strategy,
        i.severity,
        valid_text(i.reason),
        i.tier,
        i.container,
        i.name,
        zlib.compress(canonical_json(changes), 1) if changes else None,
        i.before,
        i.after,
        i.after_digest,
        i.expected_version,
        i.expected_digest,
        i.blocked_by,
        *encode_fingerprints(i.fingerprints),
        i.mapping,
        i.definition,
        " ".join(i.operations),
        json.dumps(i.other_name.to_json()) if i.other_name is not None else None,
    )


def _read_item(row: Row) -> ChangeSetItem:
    return ChangeSetItem(
        ordinal=row[0],
        asset=AssetId(SpaceName(row[1]), TechnicalName(row[2])),
        target=TargetName(row[3]),
        destination=DestinationName(row[4]),
        action=Action(row[5]),
        strategy=Strategy(row[6]),
        severity=Severity(row[7]),
        reason=row[8],
        tier=None if row[9] is None else Tier(row[9]),
        container=PhysicalName(row[10]),
        name=PhysicalName(row[11]),
        changes=_read_changes(row[12]),
        before=row[13],
        after=row[14],
        after_digest=row[15],
        expected_version=row[16],
        expected_digest=row[17],
        blocked_by=row[18],
        fingerprints=decode_fingerprints(row[19], row[20], row[21]),
        mapping=row[22],
        definition=row[23],
        operations=tuple(row[24].split()),
        other_name=None if row[25] is None else AssetId.from_json(decode_cell(row[25])),
    )


def _read_changes(body: bytes | None) -> tuple[FieldChange, ...]:
    if body is None:
        return ()
    text = decompressed(body).decode("utf-8", "surrogatepass")
    return tuple(FieldChange(*fields) for fields in decode_cell(text))
