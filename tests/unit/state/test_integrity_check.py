"""What is not as it was written is named: rows, contents, the schema, whatever byte was turned over."""

from __future__ import annotations

import gc
import json
import random
import sqlite3
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path

import pytest

from spheresync.errors import AlteredStateError, RefusedError, StateError
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    LAKE_FORMATION,
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    FieldChange,
    Fingerprints,
    PhysicalName,
    Principal,
    PrincipalKind,
    Problem,
    RunId,
    RunKind,
    RunState,
    Severity,
    Strategy,
    TargetKey,
    Tier,
    digest_of,
)
from spheresync.state.change_set_digest import FORMAT, NO_DIGEST, require_as_saved, with_digest
from spheresync.state.records import (
    Approval,
    AuditEvent,
    ChangeSetItem,
    ChangeSetRecord,
    Checkpoint,
    CheckpointState,
    JournalEntry,
    JournalState,
    Prerequisite,
    RunRecord,
)
from spheresync.state.seals import SEALED
from spheresync.state.sqlite import schema
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.copies import damages_of
from spheresync.state.sqlite.housekeeping.integrity_check import damaged_contents
from spheresync.state.sqlite.schema import migrations_up_to, shipped_migrations
from spheresync.state.sqlite.store import SqliteStore, SqliteTx

pytestmark = pytest.mark.anyio
AT = "2026-11-24T08:00:00.000000Z"
LATER = "2026-11-25T08:00:00.000000Z"
PRINTS = Fingerprints(Digest("s"), Digest("c"), Digest("m"))
BODIES = [json.dumps({"Name": f"t{n}", "Columns": [f"C{n}_{m}" for m in range(20)]}).encode() for n in range(12)]
FLIPS = 120


def item(ordinal: int, **other: object) -> ChangeSetItem:
    plain = ChangeSetItem(
        ordinal=ordinal,
        asset=AssetId.parse(f"SALES/V_{ordinal}"),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        action=Action.UPDATE,
        strategy=Strategy.DELTA,
        severity=Severity.ADDITIVE,
        reason="columns changed in Datasphere",
        tier=Tier.HIGH,
        container=PhysicalName("sales"),
        name=PhysicalName(f"v_{ordinal}"),
        changes=(FieldChange("columns.A.type", "int", "bigint"),),
        before=digest_of(BODIES[2 * ordinal]),
        after=digest_of(BODIES[2 * ordinal + 1]),
        after_digest=Digest("after"),
        expected_version="3",
        expected_digest=Digest("before"),
        blocked_by=None,
        fingerprints=PRINTS,
        mapping=Digest("mapping"),
        definition=digest_of(BODIES[0]),
        operations=("glue:UpdateTable",),
    )
    return replace(plain, **other)  # type: ignore[arg-type]


ITEMS = [item(n) for n in range(1, 5)]
HEAD = ChangeSetRecord(
    id=ChangeSetId("cs_1"),
    digest=NO_DIGEST,
    created_at=AT,
    expires_at=LATER,
    actor="anna",
    mapping_digest=Digest("m"),
    scope_digest=Digest("s"),
    request=b'{"spaces":[]}',
    summary={Action.UPDATE: 4},
    findings=(Problem("SALES", "guard", "too many", "Look."),),
    problems=(Problem("SALES/Bad", "truncated", "broke \ud83d off"),),
    blocked=0,
    run_id=None,
    tool_version="1",
    format=FORMAT,
)
SAVED = with_digest(HEAD, ITEMS)


def checkpoint(n: int) -> Checkpoint:
    return Checkpoint(
        asset=AssetId.parse(f"SALES/V_{n}"),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=PhysicalName("sales"),
        name=PhysicalName(f"v_{n}"),
        body=digest_of(BODIES[n]),
        body_digest=Digest("d"),
        version="1",
        fingerprints=PRINTS,
        mapping=Digest("m"),
        definition=digest_of(BODIES[0]),
        state=CheckpointState.ACTIVE,
        held=None,
        synced_at=AT,
        run_id=RunId("run_1"),
        fence=1,
    )


async def fill(tx: SqliteTx) -> None:
    await tx.blobs.put_many(BODIES)
    await tx.change_sets.put(SAVED, ITEMS)
    run = RunRecord.queued(
        RunId("run_1"),
        RunKind.APPLY,
        b"{}",
        Principal(PrincipalKind.USER, "anna", frozenset({"admin"})),
        owner=None,
        at=AT,
    )
    await tx.runs.create(run)
    fence = await tx.runs.claim(run.id, "somebody")
    assert fence is not None
    await tx.checkpoints.put_many([checkpoint(n) for n in range(1, 9)], fence)
    entries = [
        JournalEntry(
            run_id=run.id,
            ordinal=each.ordinal,
            state=JournalState.CONFIRMED,
            action=each.action,
            problem=None,
            before=each.before,
            after=each.after,
            version="2",
            request_id="r",
            at=AT,
        )
        for each in ITEMS
    ]
    went = {(3, TargetKey(LAKE_FORMATION)): digest_of(BODIES[0])}
    await tx.runs.record(run.id, entries, fence, {2: digest_of(BODIES[0])}, went)
    await tx.runs.update(run.id, fence, state=RunState.DONE, counts={"update": 4})
    events = [AuditEvent(run.actor, "update", run.id, f"SALES/V_{n}", GLUE, "done", {}) for n in (1, 2)]
    await tx.audit.append_many(events)


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A state that holds a bit of everything, closed: one file."""
    async with SqliteStore.open(tmp_path / "filled") as store:
        await store.write(fill)
        assert await store.damages() == ()
    return tmp_path / "filled" / FILE_NAME


async def named(path: Path) -> str:
    """What is said of a state, by whoever opens it or looks through it; "" where it passes for sound."""
    try:
        async with SqliteStore.open(path.parent) as store:
            return " ".join([*await store.check(), *await store.damages(), (await store.audit.verify()).reason]).strip()
    except StateError as error:
        return str(error)


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)


def what_counts(path: Path) -> list[object]:
    """Everything that rows hold, but for who is at work on a run just now."""
    with closing(sqlite3.connect(path)) as file:
        file.text_factory = bytes
        tables = [name.decode() for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        # Tables of FTS5 hold nothing that is not in others too, and are made anew where one is asked and damaged.
        tables = [table for table in tables if not table.startswith("asset_search")]
        columns = dict.fromkeys(tables, "*") | {"runs": f"{SEALED['runs']}, seal"}
        rows = {table: file.execute(f"SELECT {columns[table]} FROM {table}").fetchall() for table in sorted(tables)}
    # Bits of a compressed stream that say nothing of what it holds.
    rows["blobs"] = [(digest, size, zlib.decompress(body)) for digest, size, body in rows["blobs"]]
    rows["search_rows"] = [(*row, zlib.decompress(body)) for *row, body in rows["search_rows"]]
    return [*rows.items()]


async def test_whatever_byte_is_turned_over_it_is_named_or_changes_nothing(filled: Path, tmp_path: Path) -> None:
    whole, before = bytes_of(filled), what_counts(filled)
    chance = random.Random(16)
    for flip in range(FLIPS):
        at, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        while not whole[at]:  # most of a small file is empty
            at = chance.randrange(len(whole))
        broken = bytearray(whole)
        broken[at] ^= bit
        path = tmp_path / f"flip_{flip}" / FILE_NAME
        put(path, broken)
        if not await named(path):
            assert what_counts(path) == before, f"byte {at}, bit {bit} went unnoticed"


BLOB = digest_of(BODIES[3])
FOREIGN = zlib.compress(b'{"Name":"foreign"}')


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"UPDATE blobs SET body = x'{FOREIGN.hex()}' WHERE digest = '{BLOB}'", "SALES/V_3 is damaged"),
        (f"DELETE FROM blobs WHERE digest = '{BLOB}'", "SALES/V_3 is not there"),
        ("UPDATE blobs SET size = size + 1 WHERE rowid = 1", "is damaged"),
        ("UPDATE checkpoints SET container = 'other' WHERE asset = 'V_2'", "the checkpoint SALES/V_2"),
        ("UPDATE runs SET counts = '{}'", "the run run_1"),
        ("UPDATE journal SET before = after WHERE ordinal = 2", "the journal of run run_1"),
        ("UPDATE journal_bases SET body = 'sha256:other'", "the journal of run run_1"),
        ("UPDATE journal_additions SET body = 'sha256:other'", "the journal of run run_1"),
        ("UPDATE schema_migrations SET name = 'other' WHERE version = 2", "other migrations"),
        ("UPDATE change_sets SET expires_at = '2099-01-01T00:00:00.000000Z'", "change set cs_1"),
        ("UPDATE change_sets SET summary = '{}'", "change set cs_1"),
        ("UPDATE change_set_items SET changes = NULL WHERE ordinal = 1", "change set cs_1"),
        ("UPDATE change_set_items SET changes = x'00' WHERE ordinal = 1", "change set cs_1"),
        ("DELETE FROM change_set_items WHERE ordinal = 4", "change set cs_1"),
    ],
)
async def test_what_somebody_rewrites_is_named(filled: Path, statement: str, said: str) -> None:
    with closing(sqlite3.connect(filled)) as file, file:
        assert file.execute(statement).rowcount > 0
    assert said in await named(filled)


async def test_a_damaged_content_counts_as_lost_and_is_written_anew(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as file, file:
        file.execute("UPDATE blobs SET body = ? WHERE digest = ?", (FOREIGN, BLOB))
        file.execute("UPDATE blobs SET body = x'01' WHERE digest = ?", (digest_of(BODIES[4]),))
    async with SqliteStore.open(filled.parent) as store:
        wanted = [digest_of(body) for body in BODIES]
        found = await store.blobs.get_many(wanted)
        assert found.keys() == {*wanted} - {BLOB, digest_of(BODIES[4])}
        with pytest.raises(StateError, match="damaged"):
            await store.blobs.get(BLOB)
        await store.write(lambda tx: tx.blobs.put_many(BODIES))
        assert await store.damages() == ()
        assert await store.blobs.get(BLOB) == BODIES[3]


@pytest.mark.parametrize("noted", ["size", "70000000"])
async def test_a_content_that_grows_beyond_its_size_is_damaged_and_never_inflated_whole(
    filled: Path, noted: str
) -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024))
    with closing(sqlite3.connect(filled)) as file, file:
        file.execute(f"UPDATE blobs SET body = ?, size = {noted} WHERE digest = ?", (bomb, BLOB))
        file.execute("UPDATE blobs SET size = ? WHERE digest = ?", (10**15, digest_of(BODIES[4])))
    async with SqliteStore.open(filled.parent) as store:
        tracemalloc.start()
        try:
            found = await store.blobs.get_many([digest_of(body) for body in BODIES])
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert found.keys() == {digest_of(body) for body in BODIES} - {BLOB, digest_of(BODIES[4])}
        assert noted != "size" or most < 4 * 1024 * 1024
        await store.write(lambda tx: tx.blobs.put_many(BODIES))
        assert await store.damages() == ()


_OTHER = {
    "summary": {Action.UPDATE: 3},
    "findings": (),
    "problems": (),
    "blocked": 1,
    "format": FORMAT,
    "request": b"{}",
    "changes": (),
    "fingerprints": None,
    "asset": AssetId.parse("SALES/OTHER"),
    "other_name": AssetId.parse("SALES/OTHER"),
    "action": Action.CREATE,
    "strategy": Strategy.FULL,
    "severity": Severity.NONE,
    "tier": None,
    "operations": (),
    "ordinal": 9,
    "prerequisites": (
        Prerequisite(
            GLUE,
            DEFAULT_DESTINATION,
            0,
            "glue:CreateDatabase",
            PhysicalName("sales"),
            PhysicalName("sales"),
            "it does not exist",
            "{}",
            Digest("sha256:1"),
            (AssetId.parse("SALES/OTHER"),),
            1,
        ),
    ),
}


@pytest.mark.parametrize("field", [f.name for f in fields(ChangeSetRecord)])
def test_the_digest_covers_every_field_of_the_head(field: str) -> None:
    if field in {"run_id", "approval"}:  # what is noted of it later
        noted = {"run_id": RunId("run_1"), "approval": Approval("bob", AT, SAVED.digest)}[field]
        require_as_saved(replace(SAVED, **{field: noted}), ITEMS)
        return
    altered = replace(SAVED, **{field: _OTHER.get(field, "another")})  # type: ignore[arg-type]
    if field == "format":  # decided by who applies it
        return
    with pytest.raises(RefusedError, match="not what was saved"):
        require_as_saved(altered, ITEMS)


@pytest.mark.parametrize("field", [f.name for f in fields(ChangeSetItem)])
def test_the_digest_covers_every_field_of_every_item(field: str) -> None:
    altered = replace(ITEMS[1], **{field: _OTHER.get(field, "another")})  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="not what was saved"):
        require_as_saved(SAVED, [ITEMS[0], altered, *ITEMS[2:]])


async def test_a_page_of_a_change_set_is_held_against_the_whole(filled: Path) -> None:
    async with SqliteStore.open(filled.parent) as store:
        record = await store.change_sets.get(SAVED.id)
        page = await store.change_sets.items(record.id, after_ordinal=1, limit=2)
        require_as_saved(record, page, await store.change_sets.seals(record.id))
        with closing(sqlite3.connect(filled)) as file, file:
            file.execute("UPDATE change_set_items SET after = before, seal = 'x' WHERE ordinal = 4")
        with pytest.raises(RefusedError):
            require_as_saved(record, page, await store.change_sets.seals(record.id))


def _trigger(file: sqlite3.Connection) -> None:
    file.execute(
        "CREATE TRIGGER approve_all AFTER INSERT ON change_sets BEGIN "
        "UPDATE change_sets SET approved_by = 'bob', approved_digest = digest WHERE id = NEW.id; END"
    )


def _another_trigger(file: sqlite3.Connection) -> None:
    file.execute("DROP TRIGGER audit_no_update")
    file.execute("CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN 0 BEGIN SELECT 1; END")


ALTERED: list[tuple[Callable[[sqlite3.Connection], object], str]] = [
    (_trigger, "trigger approve_all is not of this program"),
    (lambda file: file.execute("DROP TRIGGER audit_no_delete"), "trigger audit_no_delete is missing"),
    (_another_trigger, "trigger audit_no_update is another one"),
    (lambda file: file.execute("CREATE VIEW v AS SELECT 1"), "view v is not of this program"),
    (lambda file: file.execute("CREATE TABLE more (a)"), "table more is not of this program"),
    (lambda file: file.execute("DROP INDEX audit_by_run"), "index audit_by_run is missing"),
    (lambda file: file.execute("CREATE UNIQUE INDEX one ON runs (kind)"), "index one is not of this program"),
    (lambda file: file.execute("ALTER TABLE runs ADD COLUMN extra TEXT"), "table runs is another one"),
]


@pytest.mark.parametrize(("alter", "said"), ALTERED, ids=[said for _, said in ALTERED])
async def test_a_state_whose_schema_was_altered_is_refused_and_the_object_named(
    filled: Path, alter: Callable[[sqlite3.Connection], object], said: str
) -> None:
    with closing(sqlite3.connect(filled)) as file, file:
        alter(file)
    with pytest.raises(AlteredStateError, match=said):
        async with SqliteStore.open(filled.parent):
            pass
    assert await damages_of(filled) == (), "nothing was written by whoever tried to open it"


def test_the_digest_of_the_schema_is_that_of_the_shipped_migrations() -> None:
    """Whoever adds a migration writes down the digest of what they make together."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        schema.migrate(file, schema.shipped_migrations())
        assert schema.digest_of_schema(file) == schema.SCHEMA_DIGEST


async def test_a_text_that_is_none_leaves_no_reader_at_what_the_file_was_then(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path) as store:
        await store.write(lambda tx: tx.meta.set("k", "before"))
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as file, file:
            file.execute("INSERT INTO meta (key, value) VALUES ('odd', CAST(x'ff' AS TEXT))")
        gc.disable()  # as between two collections
        try:
            for _ in range(20):
                with suppress(StateError):
                    await store.meta.get("odd")
            await store.write(lambda tx: tx.meta.set("k", "after"))
            assert {await store.meta.get("k") for _ in range(20)} == {"after"}
        finally:
            gc.enable()


@pytest.mark.parametrize("version", [step.version for step in shipped_migrations()])
def test_a_file_of_any_version_is_checked_by_the_columns_that_it_has(version: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        for step in migrations_up_to(version):
            for statement in step.statements():
                file.execute(statement)
        file.execute(f"PRAGMA user_version = {version}")
        file.execute(
            "INSERT INTO change_sets (id, digest, created_at, expires_at, actor, mapping_digest, scope_digest, "
            "request, summary, findings, problems, blocked, tool_version, format) "
            "VALUES ('cs_1', '', ?1, ?1, 'a', '', '', x'7b7d', '{}', '[]', '[]', 0, '1', 1)",
            (AT,),
        )
        assert damaged_contents(file) == []
