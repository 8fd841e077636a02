"""Rows of the state are missing, of whichever table: syncs and the scheduler make good what was derived from elsewhere.

Every table of the schema is walked, with all of its rows gone and with one. Change sets, runs and the audit log are
history: what is gone of them is not made anew, and keeps nobody from anything.
"""

from __future__ import annotations

import copy
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.dog.objects import DogSpace, Landscape
from spheresync.errors import SpheresyncError, UnexpectedError
from spheresync.isolation import isolated_group
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import (
    GLUE,
    JobKind,
    Principal,
    PrincipalKind,
    RunState,
    ScopeRequest,
    TargetKey,
    utc_now,
)
from spheresync.schedule.due_jobs import DueJobs
from spheresync.schedule.reading_jobs import list_tenant
from spheresync.service.catalog.first_discovery import FirstDiscovery
from spheresync.service.health.status import sync_status
from spheresync.service.service import Service, compose
from spheresync.state.sqlite.connection import FILE_NAME
from spheresync.state.sqlite.rows.shapes import SHAPED, key_columns
from tests.faults.test_damaged_cells import Prepared, landscape, prepared
from tests.long_form import part_of
from tests.simulators.in_process import InProcess, in_process

__all__ = ["prepared"]
pytestmark = pytest.mark.anyio
DERIVED = {
    "assets": ("space", "name"),
    "spaces": ("name",),
    "entries": ("space", "name"),
    "schedule": ("space", "name"),
    "checkpoints": ("target", "destination", "space", "asset"),
}
"""Tables that hold a row for each asset or space, which only follows from what Datasphere and the targets hold."""
LOSSES = [(table, rows) for number, table in enumerate(SHAPED) for rows in (("all", "one"), ("one", "all"))[number % 2]]


def lose(path: Path, table: str, rows: str) -> int:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA foreign_keys = OFF")
        return file.execute(f"DELETE FROM {table} WHERE {rows}").rowcount


def held(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """The keys of what is derived."""
    with closing(sqlite3.connect(path)) as file:
        return {
            table: set(file.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
            for table, columns in DERIVED.items()
        }


async def looked_at(installation: InProcess) -> set[str]:
    """The assets that a scheduler asks for a year later, once it has listed."""
    context = installation.context
    engine = EmbeddedEngine(installation.store, context.clock)
    await list_tenant(context)
    context.clock = lambda: utc_now() + timedelta(days=365)
    await DueJobs(context, engine).ask()
    return {job.about for job in await engine.queue(kind=JobKind.READ)}


@pytest.mark.soak
@pytest.mark.parametrize(("table", "rows"), part_of(LOSSES, one_in=2))
async def test_what_is_missing_is_made_anew_and_keeps_nobody_from_anything(
    table: str, rows: str, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    path = folder / "state" / FILE_NAME
    before = held(path)
    keys = ", ".join(key_columns(table))
    one = f"({keys}) IN (SELECT {keys} FROM {table} ORDER BY {keys} LIMIT 1)"
    lost = lose(path, table, "1" if rows == "all" else one)
    assert lost
    glue = copy.deepcopy(prepared.glue)
    async with in_process(folder, landscape("After"), glue) as installation:
        await sync_status(installation.context)
        for _ in range(2):
            run = await installation.sync()
            assert run.state is RunState.DONE, run.problems
        tables = glue.catalog.dump()["tables"]
        assert tables["other"]["last"]["live"]["Description"] == "After"
        assert {key: set(each) for key, each in tables.items()} == {"good": {"a_one", "two"}, "other": {"last"}}
        assert held(path) == before
        status = await sync_status(installation.context)
        assert status.assets["synced"] == 3 and status.health == "ok", status.problems
        assert await looked_at(installation) == {"GOOD/A_ONE", "GOOD/TWO", "OTHER/LAST"}


@pytest.mark.parametrize("table", ["entries", "schedule"])
async def test_the_next_look_of_a_scheduler_makes_good_what_is_missing(
    table: str, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    path = folder / "state" / FILE_NAME
    before = held(path)
    lose(path, table, "1")
    async with in_process(folder, landscape(), copy.deepcopy(prepared.glue)) as installation:
        assert await looked_at(installation) == {"GOOD/A_ONE", "GOOD/TWO", "OTHER/LAST"}
    assert held(path) == before


@pytest.mark.parametrize("table", ["assets", "entries", "schedule", "spaces"])
@pytest.mark.parametrize("seen", [True, False], ids=["listed again before", "not listed again"])
async def test_the_table_of_an_asset_that_is_gone_is_retired_whatever_was_lost_of_it(
    table: str, seen: bool, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    lose(folder / "state" / FILE_NAME, table, "1")
    glue = copy.deepcopy(prepared.glue)
    good, other = landscape().spaces
    async with in_process(folder, landscape(), glue) as installation:
        if seen:
            await installation.sync()
        installation.serve(Landscape((DogSpace("GOOD", "Good", good.objects[:1]), other)))
        for _ in range(3):
            await installation.sync()
        checkpoints = await installation.store.checkpoints.all(TargetKey(GLUE))
        assert [str(each.asset) for each in checkpoints if each.state == "retired"] == ["GOOD/TWO"]


async def questions(service: Service) -> AsyncIterator[tuple[str, Callable[[], Awaitable[object]]]]:
    """Everything that can be asked without writing to a target, by name."""
    someone, everything = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"})), ScopeRequest()
    catalog, runs, undo = service.catalog, service.runs, service.undo
    yield "status", lambda: service.health.sync_status(someone)
    yield "spaces", lambda: catalog.list_spaces(someone)
    yield "assets", lambda: catalog.list_assets(someone, query="o")
    for asset in ("GOOD/A_ONE", "OTHER/LAST"):
        yield "describe", lambda asset=asset: catalog.describe_asset(asset, someone)  # type: ignore[misc]  # mypy infers no type of a default
        yield "explain", lambda asset=asset: catalog.explain_mapping(asset, someone)  # type: ignore[misc]  # mypy infers no type of a default
        yield "release", lambda asset=asset: undo.release([asset], someone)  # type: ignore[misc]  # mypy infers no type of a default
    yield "preview of what is known", lambda: service.changes.preview(everything, someone, refresh=False)
    yield "drift", lambda: service.drift.detect_drift(everything, someone)
    yield "drift of one", lambda: service.drift.detect_drift(ScopeRequest(assets=("OTHER/LAST",)), someone)
    for run in (await runs.list_runs(someone)).items:
        yield "run", lambda run=run: runs.get_run(run.run_id, someone)  # type: ignore[misc]  # mypy infers no type of a default
        yield "revert", lambda run=run: undo.revert_run(run.run_id, someone)  # type: ignore[misc]  # mypy infers no type of a default
        if run.change_set_id is not None:
            yield "changes", lambda run=run: service.changes.get_change_set(run.change_set_id, someone)  # type: ignore[misc]  # mypy infers no type of a default
    yield "schedule", lambda: service.schedule.show_schedule(someone)
    yield "jobs", lambda: service.schedule.list_jobs(someone)
    yield "audit", lambda: service.audit.query_audit(someone)
    yield "verify", lambda: service.audit.verify_audit(someone)
    yield "preview", lambda: service.changes.preview(everything, someone, refresh=True)


@pytest.mark.soak
@pytest.mark.parametrize(("table", "rows"), part_of(LOSSES, one_in=2))
async def test_every_question_is_answered_or_refused_whatever_is_missing(
    table: str, rows: str, prepared: Prepared, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "installation"
    shutil.copytree(prepared.folder, folder)
    keys = ", ".join(key_columns(table))
    one = f"({keys}) IN (SELECT {keys} FROM {table} ORDER BY {keys} LIMIT 1)"
    assert lose(folder / "state" / FILE_NAME, table, "1" if rows == "all" else one)
    async with in_process(folder, landscape(), copy.deepcopy(prepared.glue)) as installation, isolated_group() as group:
        service = compose(installation.context, group, FirstDiscovery(installation.context))
        async for what, ask in questions(service):
            try:
                answer = repr(await ask())
            except UnexpectedError as error:
                pytest.fail(f"{what}: {error}")
            except SpheresyncError as refused:
                assert refused.remedy, what
                answer = f"{refused} {refused.remedy}"
            assert "Something unexpected" not in answer, what
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []
