"""What each table may hold, cell by cell: the types of the schema, and the words and spellings of this program. Pure.

SQLite lets any value lie in any column. A row whose cells are not of this shape cannot be read; see `readable`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from spheresync.model import (
    Action,
    AssetId,
    AssetKind,
    AssetStatus,
    JobKind,
    JobState,
    PersonalDataClass,
    RunKind,
    RunState,
    Tier,
)
from spheresync.state.cell_encoding import (
    LARGEST_NUMBER,
    decode_again,
    decode_cell,
    decode_context_texts,
    decode_counts,
    decode_entry_fields,
    decode_names,
    decode_problems,
    decode_texts,
    decompressed,
)
from spheresync.state.records import CheckpointState, JournalState
from spheresync.state.seals import SEALED, seal_of_row

UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, zlib.error)
"""What reading a cell that this program did not write may raise."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a cell may hold: values of these types, and of them, but for NULL, what `domain` takes."""

    types: frozenset[type]
    domain: Callable[[Any], bool] | None = None

    def takes(self, value: object) -> bool:
        if type(value) not in self.types:
            return False
        return value is None or self.domain is None or self.domain(value)

    def takes_all(self, values: Sequence[object]) -> bool:
        """Whether it takes each of many, which costs far less than asking for one after the other."""
        if not set(map(type, values)) <= self.types:
            return False
        return self.domain is None or all(self.domain(value) for value in set(values) if value is not None)

    def or_null(self) -> Check:
        return Check(self.types | {type(None)}, self.domain)


@lru_cache(maxsize=1 << 12)
def _names_a_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _word(words: type[StrEnum]) -> Check:
    return _one_of(*(word.value for word in words))


def _one_of(*words: str) -> Check:
    return Check(frozenset({str}), frozenset(words).__contains__)


def _spelled(read: Callable[[str], object]) -> Check:
    """A text that is spelled as `read` wants it."""

    def reads(text: str) -> bool:
        try:
            read(text)
        except UNREADABLE:
            return False
        return True

    return Check(frozenset({str}), reads)


def _packs_a_drift(body: bytes) -> bool:
    try:
        container, name, kinds, *_ = found = decode_cell(decompressed(body))
    except UNREADABLE:
        return False
    return (
        len(found) == _OF_A_DRIFT and isinstance(container, str) and isinstance(name, str) and isinstance(kinds, list)
    )


def _packs_texts(body: bytes) -> bool:
    try:
        decode_texts(body)
    except UNREADABLE:
        return False
    return True


_TEXT, _BYTES = Check(frozenset({str})), Check(frozenset({bytes}))
_WHOLE = Check(frozenset({int}), lambda number: -LARGEST_NUMBER <= number <= LARGEST_NUMBER)
_NUMBER = Check(frozenset({int, float}), math.isfinite)
_AT = Check(frozenset({str}), _names_a_moment)
_DUE = Check(frozenset({str}), lambda text: text == "" or _names_a_moment(text))
_PACKED = Check(frozenset({bytes}), _packs_a_drift)
_PACKED_TEXTS = Check(frozenset({bytes}), _packs_texts)
_TEXT_, _AT_ = _TEXT.or_null(), _AT.or_null()
_PROBLEM = _spelled(lambda text: decode_problems(text)[0])
_PROBLEM_ = _PROBLEM.or_null()
_PROBLEMS, _COUNTS = _spelled(decode_problems), _spelled(decode_counts)
_OBJECT = {"target": _TEXT, "destination": _TEXT, "space": _TEXT, "asset": _TEXT}
_BODY = {"container": _TEXT, "name": _TEXT, "body": _TEXT, "body_digest": _TEXT, "version": _TEXT_}
_PRINTS = {"fp_schema": _TEXT_, "fp_content": _TEXT_, "fp_metadata": _TEXT_}
_OF_A_DRIFT = 11
_WORDS_OF_PERSONAL_DATA = _spelled(lambda text: [PersonalDataClass(word) for word in text.split(",") if text])

_COLUMNS: Mapping[str, Mapping[str, Check]] = {
    "spaces": {
        "name": _TEXT,
        "label": _TEXT,
        "listed_at": _DUE,
        "complete": _WHOLE,
        "problem": _PROBLEM_,
        "present": _WHOLE,
    },
    "assets": {
        "space": _TEXT,
        "name": _TEXT,
        "kind": _word(AssetKind),
        "label": _TEXT,
        "tier": _word(Tier).or_null(),
        "status": _word(AssetStatus),
        "entry_digest": _TEXT_,
        "raw_digest": _TEXT_,
        "parser_version": _WHOLE,
        "definition": _TEXT_,
        **_PRINTS,
        "column_count": _WHOLE,
        "included": _WHOLE,
        "reason": _TEXT,
        "problem": _PROBLEM_,
        "misses": _WHOLE,
        "first_missed_at": _AT_,
        "first_seen_at": _AT,
        "listed_at": _AT,
        "read_at": _AT_,
        "changed_at": _AT_,
        "pii_columns": _WHOLE,
        "personal_data": _WORDS_OF_PERSONAL_DATA,
        "context_texts": _spelled(decode_context_texts),
        "search_id": _WHOLE.or_null(),
        "search_stale": _WHOLE,
        "refers_to": _spelled(decode_names).or_null(),
    },
    "entries": {"space": _TEXT, "name": _TEXT, "entry": _spelled(decode_entry_fields)},
    "schedule": {
        "space": _TEXT,
        "name": _TEXT,
        "next_due_at": _DUE,
        "seen_at": _AT_,
        "changes": _NUMBER,
        "days": _NUMBER,
        "failures": _WHOLE,
        "signalled": _WHOLE,
    },
    "jobs": {
        "id": _WHOLE,
        "kind": _word(JobKind),
        "subject": _TEXT,
        "priority": _WHOLE,
        "reason": _TEXT,
        "token": _TEXT,
        "state": _word(JobState),
        "not_before": _AT,
        "attempts": _WHOLE,
        "needs": _WHOLE.or_null(),
        "owner": _TEXT_,
        "fence": _WHOLE,
        "started_at": _AT_,
        "heartbeat_at": _AT_,
        "ends_by": _AT_,
        "cancel_requested": _WHOLE,
        "again": _spelled(decode_again).or_null(),
        "problem": _PROBLEM_,
        "created_at": _AT,
        "target": _TEXT_,
        "destination": _TEXT_,
    },
    "checkpoints": {
        **_OBJECT,
        **_BODY,
        **_PRINTS,
        "mapping": _TEXT_,
        "definition": _TEXT_,
        "state": _word(CheckpointState),
        "held": _TEXT_,
        "synced_at": _TEXT,
        "run_id": _TEXT,
        "fence": _WHOLE,
    },
    "former_tables": {**_OBJECT, **_BODY, "retired": _WHOLE, "since": _TEXT},
    "drift_looks": {
        "seq": _WHOLE,
        "id": _TEXT,
        "at": _AT,
        "actor": _TEXT,
        "scope": _TEXT,
        "target": _TEXT,
        "summary": _COUNTS,
        "problems": _PROBLEMS,
        "findings": _PROBLEMS,
        "change_set_id": _TEXT_,
    },
    "drift_found": {
        **_OBJECT,
        "look": _TEXT,
        "ordinal": _WHOLE,
        "stays": _WHOLE,
        "found": _PACKED,
        "standing": _WHOLE,
    },
    "unwritten": {**_OBJECT, "code": _TEXT, "problem": _PROBLEM, "since": _AT},
    "alerts": {
        "kind": _TEXT,
        "subject": _TEXT,
        "message": _TEXT,
        "remedy": _TEXT,
        "began_at": _AT,
        "told_at": _AT,
        "gone_since": _AT_,
    },
    "notices": {
        "id": _WHOLE,
        "channel": _TEXT,
        "kind": _TEXT,
        "subject": _TEXT,
        "event": _one_of("began", "reminder", "over"),
        "message": _TEXT,
        "remedy": _TEXT,
        "began_at": _AT,
        "at": _AT,
        "attempts": _WHOLE,
        "not_before": _AT,
    },
    "runs": {
        "seq": _WHOLE,
        "id": _TEXT,
        "kind": _one_of(RunKind.SYNC, RunKind.APPLY),
        "state": _word(RunState),
        "phase": _TEXT,
        "change_set_id": _TEXT_,
        "request": _BYTES,
        "request_digest": _TEXT,
        "actor_kind": _TEXT,
        "actor_id": _TEXT,
        "actor_roles": _TEXT,
        "owner": _TEXT_,
        "fence": _WHOLE,
        "heartbeat_at": _AT_,
        "created_at": _AT,
        "started_at": _AT_,
        "finished_at": _AT_,
        "cancel_requested": _WHOLE,
        "counts": _COUNTS,
        "usage": _COUNTS,
        "problems": _PROBLEMS,
        "claims": _WHOLE,
    },
    "journal": {
        "run_id": _TEXT,
        "ordinal": _WHOLE,
        "state": _word(JournalState),
        "action": _word(Action),
        "problem": _PROBLEM_,
        "before": _TEXT_,
        "after": _TEXT_,
        "version": _TEXT_,
        "request_id": _TEXT_,
        "at": _AT,
    },
    "journal_bases": {"run_id": _TEXT, "ordinal": _WHOLE, "body": _TEXT},
    "journal_additions": {
        "run_id": _TEXT,
        "ordinal": _WHOLE,
        "target": _TEXT,
        "destination": _TEXT,
        "body": _TEXT,
    },
    "leases": {"name": _TEXT, "owner": _TEXT_, "fence": _WHOLE, "acquired_at": _AT, "heartbeat_at": _AT_},
    "request_grants": {"id": _WHOLE, "budget": _TEXT, "permits": _WHOLE, "last_use": _NUMBER},
    "ledger": {"day": _TEXT, "word": _TEXT, "amount": _WHOLE},
    "promotions": {"digest": _TEXT, "approved_by": _TEXT, "approved_at": _AT, "change_set_id": _TEXT},
    "meta": {"key": _TEXT, "value": _TEXT},
    "unreferred": {"digest": _TEXT, "noted_at": _NUMBER},
    "leaving": {"id": _TEXT},
    "search_rows": {"id": _WHOLE, "space": _TEXT, "name": _TEXT, "texts": _PACKED_TEXTS},
    "search_words": {"kind": _one_of("word", "column"), "word": _TEXT},
}
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "spaces": ("name",),
        "assets": ("space", "name"),
        "entries": ("space", "name"),
        "schedule": ("space", "name"),
        "jobs": ("id",),
        "checkpoints": ("target", "destination", "space", "asset"),
        "former_tables": ("target", "destination", "container", "name"),
        "drift_looks": ("seq",),
        "drift_found": ("target", "destination", "space", "asset"),
        "unwritten": ("target", "destination", "space", "asset"),
        "alerts": ("kind", "subject"),
        "notices": ("id",),
        "runs": ("id",),
        "journal": ("run_id", "ordinal"),
        "journal_bases": ("run_id", "ordinal"),
        "journal_additions": ("run_id", "ordinal", "target", "destination"),
        "leases": ("name",),
        "request_grants": ("id",),
        "ledger": ("day", "word"),
        "promotions": ("digest",),
        "meta": ("key",),
        "unreferred": ("digest",),
        "leaving": ("id",),
        "search_rows": ("space", "name"),
        "search_words": ("kind", "word"),
    }
)
_SINCE = MappingProxyType(
    {
        ("assets", "personal_data"): 17,
        ("assets", "context_texts"): 19,
        ("assets", "search_id"): 19,
        ("assets", "search_stale"): 19,
        ("runs", "claims"): 9,
        ("drift_found", "standing"): 12,
        ("jobs", "target"): 14,
        ("jobs", "destination"): 14,
        ("assets", "refers_to"): 16,
    }
)
"""Columns of tables that earlier versions of the schema had without them."""
HISTORY = frozenset({"runs", "journal", "journal_bases", "journal_additions"})
"""Tables of what was done: altered rows of these are told; of the others a row that cannot be read is lost."""
SHAPED = tuple(_COLUMNS)
"""The tables whose rows have a shape; change sets, contents and the audit log are held against digests instead."""
_META: Mapping[str, Check] = {
    "last_discovery": _spelled(lambda text: [decode_cell(text)[word] for word in ("began", "scope", "report")]),
    "unspellable_spaces": _spelled(lambda text: [(name, why) for name, why in decode_cell(text)]),
    "care": _spelled(lambda text: datetime.fromisoformat(decode_cell(text)["at"])),
    "schedule:listed_at": _AT,
    "no_space_listed": _AT,
    "schedule:proposed": _spelled(lambda text: [decode_cell(text)[word] for word in ("change_set", "about")]),
    "audit_walked_at": _AT,
    "ready_at": _AT,
}
_META_PREFIXES: Mapping[str, Check] = {
    "column_guard:": _spelled(lambda text: [AssetId.from_json(each) for each in decode_cell(text)]),
    "schedule:paused:": _AT,
    "alert:": _spelled(lambda text: [decode_cell(text)[word] for word in ("message", "remedy")]),
    "container:": _spelled(lambda text: ["present", "absent"].index(text.split(" ")[0])),
}


def meta_check(key: object) -> Check:
    """How the value of that name is spelled; of a name that nobody knows: a text."""
    if not isinstance(key, str):
        return _TEXT
    found = (check for prefix, check in _META_PREFIXES.items() if key.startswith(prefix))
    return _META.get(key) or next(found, _TEXT)


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows of some columns of a table look. The row has the seal as its last value where `sealed`."""

    table: str
    columns: tuple[str, ...]
    key: tuple[int, ...]  # where the columns are by which the row is known; none of a row that stands for many
    sealed: bool = False

    @property
    def names(self) -> str:
        """The columns, for a statement."""
        return ", ".join([*self.columns, *(["seal"] if self.sealed else [])])

    def known_as(self, row: Sequence[object]) -> tuple[object, ...]:
        return tuple(row[at] for at in self.key)

    def takes_all(self, rows: Sequence[Sequence[object]]) -> bool:
        """Whether every row is of this shape: asked of whole columns at a time."""
        checks = _COLUMNS[self.table]
        columns = zip(self.columns, zip(*rows, strict=True), strict=False)
        if not all(checks[column].takes_all(values) for column, values in columns):
            return False
        return not (self.table == "meta" or self.sealed) or all(self._altered(row) is None for row in rows)

    def odd_columns(self, row: Sequence[object]) -> list[str]:
        """The columns whose cells cannot be read."""
        checks = _COLUMNS[self.table]
        return [column for column, value in zip(self.columns, row, strict=False) if not checks[column].takes(value)]

    def fault(self, row: Sequence[object]) -> str | None:
        """What of a row is not as this program writes it, None where all is."""
        checks = _COLUMNS[self.table]
        for column, value in zip(self.columns, row, strict=False):
            if not checks[column].takes(value):
                return f"its {column} is none that there is" if _is_word(self.table, column, value) else _unread(column)
        return self._altered(row)

    def _altered(self, row: Sequence[object]) -> str | None:
        """What of a row whose cells are each in order does not fit together, None where all does."""
        if self.table == "meta" and not meta_check(row[0]).takes(row[1]):
            return "its value cannot be read"
        if self.sealed and row[-1] is not None and row[-1] != seal_of_row(row[:-1]):
            return "it is not what was written"
        return None


def _unread(column: str) -> str:
    return f"its {column} cannot be read"


def _is_word(table: str, column: str, value: object) -> bool:
    return type(value) is str and (table, column) in _WORDS


_WORDS = frozenset(
    {
        *(("assets", column) for column in ("kind", "tier", "status")),
        *(("jobs", column) for column in ("kind", "state")),
        *((table, "state") for table in ("checkpoints", "runs", "journal")),
        *(("journal", "action"), ("notices", "event"), ("runs", "kind")),
    }
)


@cache
def shape_of(table: str, columns: str = "", *, sealed: bool = False) -> Shape:
    """The shape of rows that hold these columns (a list for a statement), or all of the table."""
    names = tuple(name.strip() for name in columns.split(",")) if columns else tuple(_COLUMNS[table])
    key = tuple(names.index(name) for name in _KEYS[table]) if set(_KEYS[table]) <= set(names) else ()
    return Shape(table, names, key, sealed)


def whole_shape(table: str, version: int | None = None) -> Shape:
    """The shape of whole rows, with their seals; as of a version of the schema, or as of the newest."""
    if table in _CLEARED_BY_SEAL and (version is None or version >= _SEALS_SINCE):
        return shape_of(table, SEALED[table], sealed=True)
    names = [name for name in _COLUMNS[table] if version is None or _SINCE.get((table, name), 0) <= version]
    return shape_of(table, ", ".join(names))


_SEALS_SINCE = 11
_CLEARED_BY_SEAL = frozenset({"checkpoints", "former_tables"})
"""A row of these that is not what was written counts as lost."""


def key_columns(table: str) -> tuple[str, ...]:
    """The columns by which a row of a table is known."""
    return _KEYS[table]


def columns_of(table: str) -> tuple[str, ...]:
    """The columns of a table that have a shape: all but the seal."""
    return tuple(_COLUMNS[table])
