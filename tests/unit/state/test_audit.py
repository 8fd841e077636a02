"""The audit log shows every way of tampering, and exports what other programs can use."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.errors import StateError
from spheresync.model import (
    JsonValue,
    Principal,
    PrincipalKind,
    RunId,
    canonical_json,
)
from spheresync.service.audit_rows import audit_row
from spheresync.state.audit_chain import GENESIS, AuditedActor, actor_in_detail, hash_of, sealed
from spheresync.state.audit_export import csv_header, csv_line, json_line
from spheresync.state.records import AuditEntry, AuditEvent, AuditFilter
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.simulators.exported_audit import entry_of
from tests.unit.state.conftest import StandingClock

pytestmark = pytest.mark.anyio

ANNA = Principal(PrincipalKind.USER, "anna", frozenset({"viewer", "operator"}))
BERT = Principal(PrincipalKind.SERVICE, "bert")


def event(n: int, **fields: object) -> AuditEvent:
    given: dict[str, object] = {
        "actor": ANNA,
        "action": "create",
        "run_id": RunId("run_1"),
        "asset": f"SALES/V_{n}",
        "target": "glue",
    }
    given |= {"outcome": "done", "detail": {"n": n, "text": "Größe"}}
    return AuditEvent(**(given | fields))  # type: ignore[arg-type]


async def write_entries(store: SqliteStore, count: int = 8) -> None:
    await store.write(lambda tx: tx.audit.append_many([event(n) for n in range(1, count // 2 + 1)]))
    await store.write(lambda tx: tx.audit.append_many([event(n) for n in range(count // 2 + 1, count + 1)]))


@contextmanager
def tampering(store: SqliteStore) -> Iterator[sqlite3.Connection]:
    """The file as somebody edits it who knows about the triggers."""
    file = sqlite3.connect(store.folder / FILE_NAME)
    for trigger in ("audit_no_update", "audit_no_delete", "audit_head_no_delete", "audit_head_forward"):
        file.execute(f"DROP TRIGGER {trigger}")
    with file:
        yield file
    file.close()


async def test_another_program_can_check_the_chain_from_the_documented_formula(store: SqliteStore) -> None:
    await write_entries(store)
    file = sqlite3.connect(store.folder / FILE_NAME)
    columns = [row[1] for row in file.execute("PRAGMA table_info(audit)")]
    rows = file.execute("SELECT * FROM audit ORDER BY seq").fetchall()
    file.close()
    assert columns == [
        "seq",
        "at",
        "actor",
        "action",
        "run_id",
        "asset",
        "target",
        "outcome",
        "detail",
        "prev_hash",
        "hash",
    ]
    before = "0" * 64
    for row in rows:
        fields = dict(zip(columns, row, strict=True))
        claimed = fields.pop("hash")
        assert fields["prev_hash"] == before
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(b"spheresync-audit:v1\0" + text.encode()).hexdigest() == claimed
        before = claimed


@pytest.mark.parametrize("column", ["at", "actor", "action", "run_id", "asset", "target", "outcome", "detail", "hash"])
async def test_an_edited_entry_shows(store: SqliteStore, column: str) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute(f"UPDATE audit SET {column} = 'x' WHERE seq = 5")
    verdict = await store.audit.verify()
    assert (verdict.intact, verdict.first_broken) == (False, 5)
    assert "5" in verdict.reason


async def test_an_entry_holds_kind_and_roles_of_its_actor_and_the_hash_covers_them(store: SqliteStore) -> None:
    await store.write(lambda tx: tx.audit.append_many([event(1), event(2, actor=BERT)]))
    (second, first), _ = await store.audit.query()
    assert actor_in_detail(json.loads(first.detail)) == (
        AuditedActor("user", ("operator", "viewer")),
        {"n": 1, "text": "Größe"},
    )
    assert actor_in_detail(json.loads(second.detail))[0] == AuditedActor("service", ())
    assert (first.actor, second.actor) == ("anna", "bert")
    with tampering(store) as file:
        file.execute("UPDATE audit SET detail = replace(detail, '\"operator\"', '\"admin\"') WHERE seq = 1")
    assert (await store.audit.verify()).first_broken == 1


async def test_entries_of_earlier_versions_verify_and_tell_nothing_of_their_actor(store: SqliteStore) -> None:
    old = sealed(AuditEntry(1, "2026-01-01T00:00:00Z", "anna", "create", None, None, None, "done", "{}", GENESIS, ""))
    await store.write(lambda tx: tx.restored.append_sealed([old]))
    await store.write(lambda tx: tx.audit.append_many([event(2)]))
    assert (await store.audit.verify()).intact
    (new, kept), _ = await store.audit.query()
    assert kept == old
    assert "actor_kind" not in (shown := audit_row(kept, full=True).model_dump()) and "actor_roles" not in shown
    assert (
        audit_row(new, full=False).model_dump().items()
        >= {
            "actor": "anna",
            "actor_kind": "user",
            "actor_roles": ["operator", "viewer"],
        }.items()
    )


@given(actor=st.none() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.none() | st.lists(st.none())))
def test_what_others_wrote_where_the_actor_stands_is_left_as_it_is(actor: JsonValue) -> None:
    assert actor_in_detail({"actor": actor, "n": 1}) == (None, {"actor": actor, "n": 1})


async def test_an_entry_of_another_type_shows(store: SqliteStore) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute("UPDATE audit SET actor = CAST(actor AS BLOB) WHERE seq = 5")
    verdict = await store.audit.verify()
    assert (verdict.intact, verdict.first_broken) == (False, 5)


async def test_an_edited_entry_with_a_fitting_hash_shows_at_the_next(store: SqliteStore) -> None:
    await write_entries(store)
    entries = [entry async for entry in store.audit.iterate()]
    forged = sealed(AuditEntry(**(asdict(entries[4]) | {"actor": "mallory"})))
    with tampering(store) as file:
        file.execute("UPDATE audit SET actor = ?, hash = ? WHERE seq = 5", (forged.actor, forged.hash))
    assert (await store.audit.verify()).first_broken == 6


async def test_a_deleted_entry_shows(store: SqliteStore) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute("DELETE FROM audit WHERE seq = 3")
    verdict = await store.audit.verify()
    assert (verdict.first_broken, verdict.entries) == (3, 7)


async def test_a_deletion_closed_up_by_renumbering_shows(store: SqliteStore) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute("DELETE FROM audit WHERE seq = 3")
        for seq in range(4, 9):
            file.execute("UPDATE audit SET seq = ? WHERE seq = ?", (seq - 1, seq))
    assert (await store.audit.verify()).first_broken == 3


async def test_swapped_entries_show(store: SqliteStore) -> None:
    await write_entries(store)
    with tampering(store) as file:
        for old, new in ((2, 100), (6, 2), (100, 6)):
            file.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))
    assert (await store.audit.verify()).first_broken == 2


@pytest.mark.parametrize(("seq", "first"), [(9, 9), (0, 0), (-5, -5), (42, 9)])
async def test_an_inserted_entry_shows(store: SqliteStore, seq: int, first: int) -> None:
    await write_entries(store)
    last = (await store.audit.query(limit=1))[0][0]
    forged = sealed(AuditEntry(**(asdict(last) | {"seq": seq, "prev_hash": last.hash})))
    with tampering(store) as file:
        file.execute(f"INSERT INTO audit VALUES ({','.join('?' * 11)})", tuple(asdict(forged).values()))
    verdict = await store.audit.verify()
    assert (verdict.intact, verdict.first_broken) == (False, first)


@pytest.mark.parametrize("kept", [0, 5, 7])
async def test_a_cut_tail_shows(store: SqliteStore, kept: int) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute("DELETE FROM audit WHERE seq > ?", (kept,))
    verdict = await store.audit.verify()
    assert (verdict.intact, verdict.first_broken) == (False, kept + 1)


async def test_a_lost_head_shows(store: SqliteStore) -> None:
    await write_entries(store)
    with tampering(store) as file:
        file.execute("DELETE FROM audit_head")
    assert not (await store.audit.verify()).intact


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 1",
    ],
)
async def test_triggers_keep_accidents_away(store: SqliteStore, statement: str) -> None:
    await write_entries(store)

    async def accident(tx: SqliteTx) -> None:
        await store._connection.execute(statement)

    with pytest.raises(StateError):
        await store.write(accident)
    assert (await store.audit.verify()).intact


async def test_queries_filter_page_and_count(store: SqliteStore, clock: StandingClock) -> None:
    await store.write(lambda tx: tx.audit.append_many([event(1), event(2, actor=BERT, outcome="denied")]))
    middle = clock.now.isoformat().replace("+00:00", ".000000Z")
    clock.advance(60)
    await store.write(lambda tx: tx.audit.append_many([event(3, action="delete", run_id=None), event(4)]))
    later = clock.now.isoformat().replace("+00:00", ".000000Z")

    async def found(**fields: object) -> list[int]:
        entries, total = await store.audit.query(AuditFilter(**fields))  # type: ignore[arg-type]
        assert total == len(entries)
        return [entry.seq for entry in entries]

    assert await found() == [4, 3, 2, 1]
    assert await found(actor="bert") == await found(outcome="denied") == [2]
    assert await found(actions=("delete",)) == [3]
    assert await found(starts="SALES/") == [4, 3, 2, 1] and await found(starts="SALE/") == []
    assert await found(asset="SALES/V_4") == [4]
    assert await found(run_id=RunId("run_1")) == [4, 2, 1]
    assert (await found(since=later), await found(until=later)) == ([4, 3], [2, 1])
    assert await found(since=middle, until=middle) == []
    page, total = await store.audit.query(limit=2, cursor=4)
    assert ([entry.seq for entry in page], total) == ([3, 2], 4)
    assert [entry.seq async for entry in store.audit.iterate(since=later)] == [3, 4]


async def test_half_a_surrogate_pair_does_not_stop_the_log(store: SqliteStore) -> None:
    odd = event(1, asset="S/\ud83d", detail={"reason": "broke \ud83d off"})
    await store.write(lambda tx: tx.audit.append_many([odd]))
    assert (await store.audit.verify()).intact


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
ENTRY = st.builds(
    AuditEntry,
    seq=st.integers(1, 10**9), at=TEXT, actor=TEXT, action=TEXT, run_id=st.none() | TEXT, asset=st.none() | TEXT,
    target=st.none() | TEXT, outcome=TEXT, detail=TEXT, prev_hash=st.just(GENESIS), hash=st.just(""),
)  # fmt: skip


@given(entry=ENTRY)
def test_json_lines_are_lossless_and_verifiable(entry: AuditEntry) -> None:
    line = json_line(sealed(entry))
    assert line.endswith("\n")
    assert entry_of(line) == sealed(entry)
    assert hash_of(entry_of(line)) == entry_of(line).hash
    assert canonical_json(json.loads(line)) == canonical_json(asdict(sealed(entry)))


@given(entry=ENTRY)
def test_csv_reads_back_and_holds_no_formula(entry: AuditEntry) -> None:
    text = csv_header() + csv_line(entry)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    for name, value in asdict(entry).items():
        assert not row[name].lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
        assert text_of_cell(row[name]) == ("" if value is None else str(value))


def text_of_cell(cell: str) -> str:
    """What a cell stands for, by what the documentation says of it."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), cell.removeprefix("'"))
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


HIDING = "\x00\x07\x1b[31m\x7f\x85\u00ad\u061c\u200b\u202e\u2028\u2066\ufeff\ue000\U000e0041\U00100000"


@given(entry=ENTRY, text=st.text(st.sampled_from(HIDING + "\n\r\t\\uabcd005'= "), max_size=20))
def test_exports_hold_nothing_that_steers_or_hides_and_lose_nothing(entry: AuditEntry, text: str) -> None:
    hostile = replace(entry, asset=text, detail=canonical_json({"text": text}).decode())
    line = json_line(hostile)
    assert entry_of(line) == hostile
    spelled = csv_line(hostile)
    (row,) = csv.DictReader(io.StringIO(csv_header() + spelled, newline=""))
    assert text_of_cell(row["asset"]) == text and text_of_cell(row["detail"]) == hostile.detail
    for exported in (line, spelled):
        assert exported.endswith("\n")
        assert exported[:-1].isprintable()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    entry = AuditEntry(1, "", text, "", None, None, None, "", "", "", "")
    (row,) = csv.DictReader(io.StringIO(csv_header() + csv_line(entry), newline=""))
    assert row["actor"].startswith("'") and text_of_cell(row["actor"]) == text
