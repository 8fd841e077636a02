"""One cell of the state is damaged, whichever: it is named, its neighbours are served, and a sync makes it good.

Every column of every table of the schema is walked, with values that this program never writes there.
"""

from __future__ import annotations

import copy
import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import StateError
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    DEFAULT_DESTINATION,
    GLUE,
    AssetId,
    AssetKind,
    Digest,
    JobKind,
    PhysicalName,
    Principal,
    PrincipalKind,
    Problem,
    RunState,
    TargetKey,
)
from spheresync.observe.loop_health import LoopHealth
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.service.health.connections import test_connections as connections_of
from spheresync.service.health.liveness import ready
from spheresync.service.health.status import sync_status
from spheresync.state.records import (
    AlertRow,
    ApprovedPromotion,
    DriftEffect,
    DriftKind,
    DriftLook,
    ExpiredRecords,
    FieldDrift,
    FormerTable,
    JobRequest,
    NoticeRow,
    TableDrift,
)
from spheresync.state.sqlite import schema
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.files.copies import damages_of
from spheresync.state.sqlite.rows.shapes import SHAPED, columns_of, key_columns
from spheresync.state.sqlite.store import SqliteStore, SqliteTx
from tests.long_form import part_of
from tests.simulators.glue_server import GlueServer
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

OTHER = AssetId.parse("OTHER/LAST")
ASSETS = ("A_ONE", "TWO")
AT = "2026-11-24T08:00:00.000000Z"
VALUES: tuple[object, ...] = ("qq", "{", None, 7, b"\xff\x00", 1.5)
SEED = 16
TABLES = list(SHAPED)
PER_COLUMN = {"meta": 3, "jobs": 2, "spaces": 2}
"""How many values are tried in each column; in those of other tables one."""
DIGESTED = frozenset({"blobs", "change_sets", "change_set_items", "audit"})
"""Tables that are held against digests; what is altered there has its tests in unit/state/test_integrity_check.py."""
OF_THE_INDEX = "asset_search"
"""Begins the names of tables of FTS5, which has a check of its own; see unit/state/test_search.py."""
OF_THE_WHOLE = frozenset({"audit_head", "schema_migrations"})
"""Where these are damaged, nothing may be written: the whole says so."""
ANY_TEXT = {
    "spaces": {"name", "label"},
    "assets": {
        "space",
        "name",
        "label",
        "reason",
        "entry_digest",
        "raw_digest",
        "definition",
        "fp_schema",
        "fp_content",
    }
    | {"fp_metadata"},
    "jobs": {"subject", "reason", "token", "owner", "target", "destination"},
    "drift_looks": {"id", "actor", "scope", "target", "change_set_id"},
    "drift_found": {"target", "destination", "space", "asset", "look"},
    "unwritten": {"target", "destination", "space", "asset", "code"},
    "alerts": {"kind", "subject", "message", "remedy"},
    "notices": {"channel", "kind", "subject", "message", "remedy"},
    "runs": {"owner"},
    "leases": {"name", "owner"},
    "request_grants": {"budget"},
    "ledger": {"day", "word"},
    "promotions": {"digest", "approved_by", "change_set_id"},
    "meta": {"key"},
    "unreferred": {"digest"},
    "leaving": {"id"},
    "search_rows": {"space", "name"},
    "search_words": {"word"},
    "entries": {"space", "name"},
    "schedule": {"space", "name"},
}
"""Columns in which any text is one that this program could have written; harmless, and named by nobody."""
ANY_NUMBER = {
    "spaces": {"complete", "present"},
    "drift_looks": {"seq"},
    "drift_found": {"ordinal", "stays", "standing"},
    "assets": {"parser_version", "column_count", "included", "pii_columns", "search_id", "search_stale"},
    "schedule": {"changes", "days", "failures", "signalled"},
    "jobs": {"id", "priority", "attempts", "needs", "fence", "cancel_requested"},
    "runs": {"seq", "fence", "cancel_requested", "claims"},
    "notices": {"id", "attempts"},
    "leases": {"fence"},
    "request_grants": {"id", "permits", "last_use"},
    "ledger": {"amount"},
    "unreferred": {"noted_at"},
    "search_rows": {"id"},
}
"""The same of numbers."""
MAY_BE_NULL = {
    "assets": {"tier", "entry_digest", "raw_digest", "definition", "fp_schema", "fp_content", "fp_metadata", "problem"}
    | {"read_at", "changed_at", "first_missed_at", "search_id"},
    "spaces": {"problem"},
    "schedule": {"seen_at"},
    "jobs": {"needs", "owner", "started_at", "heartbeat_at", "ends_by", "again", "problem", "target", "destination"},
    "drift_looks": {"change_set_id"},
    "alerts": {"gone_since"},
    "runs": {"owner", "heartbeat_at"},
    "leases": {"owner", "heartbeat_at"},
    "checkpoints": {"seal"},
    "former_tables": {"seal"},
    "journal": {"seal"},
    "journal_bases": {"seal"},
    "journal_additions": {"seal"},
}
"""Columns that may be empty; of the sealed ones only the seal, which earlier versions did not write."""


def view(name: str, label: str = "A view") -> DogObject:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return DogObject(AssetKind.VIEW, name, label, (column,))


def landscape(label: str = "A view") -> Landscape:
    """Two spaces; the label is that of the one asset that no damage is about."""
    good = DogSpace("GOOD", "Good", tuple(map(view, ASSETS)))
    return Landscape((good, DogSpace("OTHER", "Other", (view(OTHER.name, label),))))


@dataclass(frozen=True)
class Prepared:
    """A state that holds something in every table, closed, and the Glue that belongs to it."""

    folder: Path
    glue: GlueServer


async def fill(installation: InProcess) -> None:
    """Have a row in every table that a sync leaves empty."""
    store = installation.store
    held = await store.checkpoints.get(AssetId.parse("GOOD/TWO"), TargetKey(GLUE))
    assert held is not None
    former = replace(FormerTable.left_behind(held, at=AT), name=PhysicalName("two_before"))
    look = DriftLook("look_1", AT, "anna", b"{}", GLUE, {"drifted": 1}, (), (), None)
    drift = TableDrift(
        asset=AssetId.parse("GOOD/TWO"),
        target=GLUE,
        destination=DEFAULT_DESTINATION,
        container=held.container,
        name=held.name,
        kinds=(DriftKind.COLUMNS,),
        policy="overwrite",
        effect=DriftEffect.RESTORE,
        reason="changed",
        remedy="look",
        fields=(FieldDrift("columns.a.type", DriftKind.COLUMNS, "int", "text", "overwrite", DriftEffect.RESTORE),),
        fields_total=1,
        changed_at=AT,
        changed_by="nobody says",
        stays=True,
    )
    (run, *_), _ = await store.runs.page(limit=1)
    job = JobRequest(JobKind.READ, '["GOOD","TWO"]', 5, "due", "t", AT, None, revive=False)

    async def put(tx: SqliteTx) -> None:
        await tx.former_tables.put_many([former])
        await tx.runs.record(run.id, [], run.fence, {1: held.body}, {(1, TargetKey(GLUE)): held.body})
        await tx.drift.put(look, [drift])
        problem = Problem.of(AssetId.parse("GOOD/TWO"), "denied", "m", "r")
        await tx.unwritten.put_many(TargetKey(GLUE), [problem], at=AT)
        await tx.jobs.submit([job])
        await tx.alerts.put(AlertRow("drift", "glue", "m", "r", AT, AT))
        await tx.alerts.put_notices([NoticeRow("c", "drift", "glue", "began", "m", "r", AT, AT, 0, AT)])
        await tx.promotions.approve(ApprovedPromotion(Digest("d"), "anna", AT, held_by))
        await tx.grants.grant("datasphere", now=1.0, limit=10, wanted=1)
        await tx.retention.mark_expired(ExpiredRecords(("run_gone",), ()))
        await tx.retention.note_unreferenced([Digest("nothing")], at=1.0)
        await tx.leases.acquire("scheduler", "nobody")
        await tx.ledger.add("2026-11-24", {"aws_calls": 3})

    record = await make_change_set(
        installation.context,
        PlanRequest(scope=Scope(), principal=Principal(PrincipalKind.USER, "anna", frozenset({"admin"}))),
        silent,
    )
    held_by = record.id
    await store.write(put)


@pytest.fixture(scope="module")
async def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder, glue = tmp_path_factory.mktemp("prepared"), GlueServer()
    async with in_process(folder, landscape(), glue) as installation:
        assert (await installation.sync()).state is RunState.DONE
        await fill(installation)
        assert await installation.store.damages() == ()
    return Prepared(folder, glue)


def columns() -> list[tuple[str, str]]:
    """Every column of every table that the migrations make, by what SQLite says of them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        schema.migrate(file, schema.shipped_migrations())
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return [
            (table, column)
            for table in tables
            if not table.startswith(("sqlite_", OF_THE_INDEX)) and table not in DIGESTED
            for (column,) in file.execute("SELECT name FROM pragma_table_info(?)", (table,))
        ]


def test_every_table_and_every_column_has_a_shape() -> None:
    found: dict[str, set[str]] = {}
    for table, column in columns():
        found.setdefault(table, set()).add(column)
    assert set(SHAPED) == found.keys() - OF_THE_WHOLE
    for table in SHAPED:
        assert set(columns_of(table)) == found[table] - {"seal"}, table
        assert set(key_columns(table)) <= found[table], table


def damages(table: str, column: str) -> Iterator[object]:
    """Some values that do not belong there, always the same ones."""
    values = list(VALUES)
    random.Random(f"{SEED}{table}{column}").shuffle(values)
    yield from values


def is_harmless(table: str, column: str, stored: object) -> bool:
    if stored is None:
        return column in MAY_BE_NULL.get(table, ())
    if isinstance(stored, str):
        return column in ANY_TEXT.get(table, ())
    return (
        isinstance(stored, int | float)
        and column in ANY_NUMBER.get(table, ())
        and (isinstance(stored, int) or column in {"changes", "days", "last_use", "noted_at"})
    )


def damage(path: Path, table: str, column: str, value: object) -> tuple[object] | None:
    """Put a value into the first row of a table; answers what lies there then, None where SQLite takes no such one."""
    which = f"FROM {table} ORDER BY {', '.join(key_columns(table)) if table in SHAPED else 1} LIMIT 1"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA foreign_keys = OFF")
        keys = key_columns(table) if table in SHAPED else ("rowid",)
        before = file.execute(f"SELECT {', '.join(keys)}, {column} {which}").fetchone()
        assert before is not None, f"{table} holds something"
        at = " AND ".join(f"{key} IS ?" for key in keys)
        try:
            file.execute(f"UPDATE {table} SET {column} = ? WHERE {at}", (value, *before[:-1]))
        except sqlite3.IntegrityError:
            return None
        key = [value if key == column else old for key, old in zip(keys, before, strict=False)]
        after = file.execute(f"SELECT {column} FROM {table} WHERE {at}", key).fetchone()
        return after if after is not None and after[0] != before[-1] else None


async def serve(folder: Path, prepared: Prepared, *, stored: object, table: str, column: str) -> None:
    """Ask everything of a state with a damaged cell."""
    path = folder / "state" / FILE_NAME
    told = await damages_of(path)
    what = f"{table}.{column} = {stored!r}"
    harmless = is_harmless(table, column, stored)
    assert harmless or told or table in OF_THE_WHOLE, f"{what}: nobody names it"
    glue = copy.deepcopy(prepared.glue)
    before = glue.catalog.dump()["tables"]
    async with in_process(folder, landscape("After"), glue) as installation:
        report = await connections_of(installation.context)
        assert report.items[0].connection == "state"
        assert report.items[0].ok == (not told), what
        status = await sync_status(installation.context)
        if table == "assets" and column in {"kind", "tier", "status"}:
            assert harmless or "damaged_state" in {each.code for each in status.problems}, what
        with anyio.fail_after(60, reason=what):
            await lists(installation.store)
            run = await installation.sync()
            again = await installation.sync()
        assert {run.state, again.state} <= {RunState.DONE, RunState.PARTLY_FAILED}, f"{what}: {run.problems}"
        tables = glue.catalog.dump()["tables"]
        assert tables["other"]["last"]["live"]["Description"] == "After", what
        assert {name: set(each) for name, each in tables.items()} == {name: set(each) for name, each in before.items()}
        assert (await sync_status(installation.context)).health
        told_apart = {"runs", "journal", "journal_bases", "journal_additions", "leaving", "unreferred", "checkpoints"}
        if table not in told_apart:
            assert [*await installation.store.checkpoints.all(TargetKey(GLUE))], what


async def lists(store: SqliteStore) -> None:
    """Every list of the state."""
    await store.catalog.assets()
    await store.catalog.page(limit=2)
    await store.schedule.watched()
    await store.schedule.next_due()
    await store.jobs.queue(None, None, 50)
    runs, _ = await store.runs.page()
    for run in runs:
        await store.runs.entries(run.id)
        await store.runs.tally(run.id)
    await store.drift.found("look_1")
    await store.alerts.open()
    await store.alerts.waiting()
    await store.ledger.totals()
    await store.leases.held()

    async def write(tx: SqliteTx) -> None:
        await tx.retention.noted_unreferenced("", "z")
        await tx.grants.grant("datasphere", now=2.0, limit=10, wanted=1)
        await tx.leases.acquire("scheduler", store.owner.id)
        await tx.jobs.claim(["list", "read", "write", "sweep"], store.owner.id, limit=9, time_limit=timedelta(1))

    await store.write(write)


@pytest.mark.soak
@pytest.mark.parametrize("table", TABLES)
async def test_a_damaged_cell_keeps_nobody_from_anything(table: str, prepared: Prepared, tmp_path: Path) -> None:
    walked = [column for held, column in columns() if held == table]
    for column in part_of(walked, one_in=5, start=TABLES.index(table)):
        tried = 0
        for value in damages(table, column):
            folder = tmp_path / f"{column}_{tried}"
            shutil.copytree(prepared.folder, folder)
            cell = damage(folder / "state" / FILE_NAME, table, column, value)
            if cell is not None:
                await serve(folder, prepared, stored=cell[0], table=table, column=column)
                tried += 1
            shutil.rmtree(folder)
            if tried == PER_COLUMN.get(table, 1):
                break


JSON_COLUMNS: dict[str, tuple[str, ...]] = {
    "spaces": ("problem",),
    "assets": ("problem",),
    "entries": ("entry",),
    "jobs": ("again", "problem"),
    "drift_looks": ("summary", "problems", "findings"),
    "drift_found": ("found",),
    "unwritten": ("problem",),
    "runs": ("counts", "usage", "problems"),
    "journal": ("problem",),
    "meta": ("value",),
    "change_sets": ("request", "summary", "findings", "problems", "prerequisites"),
    "change_set_items": ("changes",),
    "search_rows": ("texts",),
}
NO_JSON = {("jobs", "subject"), ("checkpoints", "body"), ("drift_looks", "scope"), ("runs", "request")}
"""What is spelled as JSON and is a name or a content: any text is one there, or it is held against a digest."""
DOCUMENTS = {
    "deep": "[" * 100_000,
    "deep and closed": '{"create": ' + "[" * 900 + "]" * 900 + "}",
    "large": '[["s", "c", "m", "' + "x" * 10_000_000 + '"]]',
    "no number": '{"create": NaN}',
    "repeated": '{"create": 1, "create": 2}',
    "beyond every counter": '{"create": 9223372036854775807}',
}
PACKED = {"found", "changes", "texts"}
OF_META = ("last_discovery", "care", "column_guard:glue:default", "schedule:proposed")


async def test_every_column_that_holds_json_is_walked(prepared: Prepared) -> None:
    found = set()
    with closing(sqlite3.connect(prepared.folder / "state" / FILE_NAME)) as file:
        for table in {*SHAPED, "change_sets", "change_set_items"}:
            cursor = file.execute(f"SELECT * FROM {table}")
            names = [name for name, *_ in cursor.description]
            for row in cursor:
                found |= {
                    (table, name)
                    for name, cell in zip(names, row, strict=True)
                    if (isinstance(cell, str) and cell[:1] in {"[", "{"})
                    or (isinstance(cell, bytes) and cell[:1] in {b"[", b"{", b"x"})
                }
    assert found - NO_JSON <= {(table, column) for table, names in JSON_COLUMNS.items() for column in names}
    assert set(OF_META) >= {key for key, value in prepared_meta(prepared).items() if value[:1] in {"[", "{"}}


def prepared_meta(prepared: Prepared) -> dict[str, str]:
    with closing(sqlite3.connect(prepared.folder / "state" / FILE_NAME)) as file:
        return dict(file.execute("SELECT key, value FROM meta"))


def put_json(path: Path, table: str, column: str, document: str, key: str) -> None:
    cell = zlib.compress(document.encode()) if column in PACKED else document
    stored = document.encode() if column == "request" else cell
    with closing(sqlite3.connect(path)) as file, file:
        if table == "meta":
            file.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, stored))
            return
        keys = key_columns(table) if table in SHAPED else ("seq",) if table == "change_sets" else ("ordinal",)
        last = file.execute(f"SELECT {', '.join(keys)} FROM {table} ORDER BY 1 DESC LIMIT 1").fetchone()
        where = " AND ".join(f"{name} IS ?" for name in keys)
        assert file.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (stored, *last)).rowcount == 1


CELLS = [
    (table, column, key)
    for table, names in JSON_COLUMNS.items()
    for column in names
    for key in (OF_META if table == "meta" else ("",))
]


@pytest.mark.soak
@pytest.mark.parametrize(("table", "column", "key"), part_of(CELLS, one_in=2))
async def test_json_that_no_parser_is_to_be_given_is_damage_like_any_other(
    table: str, column: str, key: str, prepared: Prepared, tmp_path: Path
) -> None:
    path = tmp_path / "installation" / "state" / FILE_NAME
    shutil.copytree(prepared.folder, tmp_path / "installation")
    for what, document in [*DOCUMENTS.items()][::-1]:
        put_json(path, table, column, document, key)
        assert await damages_of(path), f"{table}.{column} {key} holds what is {what}, and nobody names it"
    glue = copy.deepcopy(prepared.glue)
    async with in_process(tmp_path / "installation", landscape("After"), glue) as installation:
        assert not (await connections_of(installation.context)).items[0].ok
        status = await sync_status(installation.context)
        if table in {"spaces", "assets"}:
            assert "damaged_state" in {each.code for each in status.problems}
        for record in await installation.store.change_sets.latest(9):
            assert record.id
        with anyio.fail_after(60):
            await lists(installation.store)
            for request in (RunRequest(), RunRequest(full=True)):
                run = await installation.sync(request)
                assert run.state is RunState.DONE, run.problems
        assert glue.catalog.dump()["tables"]["other"]["last"]["live"]["Description"] == "After"
        assert (await sync_status(installation.context)).health
    history = table in {"runs", "journal", "change_sets", "change_set_items"}
    assert bool(await damages_of(path)) == history, "what is no history is made anew"


FOREIGN = (
    "INSERT INTO audit SELECT max(seq) + {ahead}, 'zz', 'a', 'b', NULL, NULL, NULL, 'o', '{{', '0', '0' FROM audit"
)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_head SET seq = 'x'", "its head cannot be read"),
        ("UPDATE audit_head SET seq = seq + 1, hash = x'00'", "its head cannot be read"),
        (FOREIGN.format(ahead=1), "it holds an entry"),
        (FOREIGN.format(ahead=5), "it holds an entry"),
    ],
)
async def test_an_audit_log_that_takes_no_entry_is_told_and_nobody_waits(
    statement: str, said: str, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    path = folder / "state" / FILE_NAME
    shutil.copy(path, tmp_path / "whole.db")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)
    glue = copy.deepcopy(prepared.glue)
    async with in_process(folder, landscape("After"), glue) as installation:
        for _ in range(3):
            with anyio.fail_after(60), pytest.raises(StateError, match=f"audit log cannot take an entry: {said}"):
                await installation.sync()
        report = await connections_of(installation.context)
        assert not report.items[0].ok and "audit log" in report.items[0].message
        assert not (await installation.store.audit.verify()).intact
        vitals = await ready(installation.context, LoopHealth())
        assert not vitals.ok and "audit log" in vitals.checks[0].reason
        assert await installation.store.audit.query(limit=5)
        with closing(sqlite3.connect(path)) as file, file, closing(sqlite3.connect(tmp_path / "whole.db")) as whole:
            mended = whole.execute("SELECT seq, hash FROM audit_head").fetchone()
            for (trigger,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                file.execute(f"DROP TRIGGER {trigger}")
            file.execute("UPDATE audit_head SET seq = ?, hash = ?", mended)
            file.execute("DELETE FROM audit WHERE seq > ?", mended[:1])
        with anyio.fail_after(60):
            assert (await installation.sync()).state is RunState.DONE
        assert await installation.store.runs.unfinished() == [], "what could not be told goes on once it can be"


@pytest.mark.parametrize(
    "change",
    [
        "asset = 'GHOST'",
        "name = 'last', container = 'other'",
        "container = 'other'",
        "state = 'retired'",
        "state = 'garbage'",
        "body_digest = 'zz'",
        "asset = x'00'",
        "name = CAST(x'ff' AS TEXT)",
    ],
)
async def test_a_damaged_checkpoint_owns_nothing_and_its_table_is_known_again_by_its_marker(
    change: str, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    path = folder / "state" / FILE_NAME
    with closing(sqlite3.connect(path)) as file, file:
        assert file.execute(f"UPDATE checkpoints SET {change} WHERE asset = 'A_ONE'").rowcount == 1
    assert any("checkpoint" in each for each in await damages_of(path))
    glue = copy.deepcopy(prepared.glue)
    async with in_process(folder, landscape(), glue) as installation:
        for _ in range(2):
            assert (await installation.sync()).state is RunState.DONE
            assert installation.tables["GOOD/A_ONE"] == ("good", "a_one")
            assert len(installation.tables) == sum(map(len, glue.catalog.dump()["tables"].values())) == 3
        held = await installation.store.checkpoints.all(TargetKey(GLUE))
        assert [str(each.asset) for each in held] == ["GOOD/A_ONE", "GOOD/TWO", "OTHER/LAST"]
    assert await damages_of(path) == ()


async def test_a_row_that_names_another_asset_is_given_no_definition_of_it(prepared: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    with closing(sqlite3.connect(folder / "state" / FILE_NAME)) as file, file:
        file.execute("UPDATE assets SET space = 'GHOST' WHERE name = 'A_ONE'")
    async with in_process(folder, landscape(), copy.deepcopy(prepared.glue)) as installation:
        run = await installation.sync()
        ghost = await installation.store.catalog.asset(AssetId.parse("GHOST/A_ONE"))
        assert ghost is not None and ghost.problem is not None and ghost.problem.code == "space_gone"
        assert (run.counts["unread"], run.counts.get("create", 0)) == (1, 0)
        assert len(installation.tables) == 3
