"""Two destinations of a target: each has its own checkpoints, and one that is down leaves the other alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from spheresync.dog.objects import Landscape
from spheresync.execution.run_request import RunRequest
from spheresync.jobs.embedded import EmbeddedEngine
from spheresync.model import (
    GLUE,
    Action,
    AssetStatus,
    DestinationName,
    JobKind,
    RunState,
    TargetKey,
    isoformat,
)
from spheresync.planning.decisions.asset_work import WORST_LAST
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.schedule.reading_jobs import write_jobs
from spheresync.schedule.write_jobs import write_batch
from spheresync.service.catalog.catalog import Catalog
from spheresync.service.catalog.first_discovery import FirstDiscovery
from spheresync.service.catalog.known_problems import problems_of
from spheresync.state.records import Checkpoint, DriftLook, TableDrift
from spheresync.state.remedies import TABLES_LOST
from tests.simulators.glue_server import GlueServer
from tests.simulators.in_process import InProcess, in_process
from tests.unit.planning.test_target_findings import ONE, SOMEBODY, landscape

pytestmark = pytest.mark.anyio

HERE, EU = TargetKey(GLUE), TargetKey(GLUE, DestinationName("eu"))
TABLES = 3


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, landscape(), elsewhere={EU: GlueServer()}) as installation:
        yield installation


def test_every_status_has_one_place_in_the_order_of_badness() -> None:
    assert sorted(WORST_LAST) == sorted(AssetStatus)


def out(installation: InProcess) -> None:
    """Let the destination `eu` take nothing any more."""
    fault = {"kind": "error", "operation": "*", "code": "ExpiredTokenException", "times": None}
    installation.elsewhere[EU].admin("POST", "/admin/faults", json.dumps(fault).encode())


def back(installation: InProcess) -> None:
    installation.elsewhere[EU].admin("DELETE", "/admin/faults", b"")


async def held(installation: InProcess, key: TargetKey) -> dict[str, Checkpoint]:
    return {str(each.asset): each for each in await installation.store.checkpoints.all(key)}


async def status_of_one(installation: InProcess) -> AssetStatus:
    record = await installation.store.catalog.asset(ONE)
    assert record is not None
    return record.status


def only(key: TargetKey) -> RunRequest:
    return RunRequest(Scope(destinations=frozenset({key.destination})))


def tables(glue: GlueServer) -> int:
    return sum(len(tables) for tables in glue.catalog.dump()["tables"].values())


async def test_each_destination_gets_every_table_and_has_its_own_checkpoints(both: InProcess) -> None:
    run = await both.sync()
    assert run.state is RunState.DONE
    assert run.counts[Action.CREATE] == 2 * TABLES
    assert tables(both.glue) == tables(both.elsewhere[EU]) == TABLES
    assert (await held(both, HERE)).keys() == (await held(both, EU)).keys()
    assert await status_of_one(both) is AssetStatus.SYNCED
    items = await both.store.change_sets.all_items(run.change_set_id)  # type: ignore[arg-type]
    assert {item.key for item in items} == {HERE, EU}
    again = await both.sync()
    assert again.counts[Action.UNCHANGED] == 2 * TABLES
    assert not both.glue.calls and not both.elsewhere[EU].calls, "what is unchanged costs no call anywhere"


async def test_a_destination_that_is_out_while_planned_keeps_no_other_from_its_tables(both: InProcess) -> None:
    out(both)
    run = await both.sync()
    assert run.state is RunState.PARTLY_FAILED
    assert tables(both.glue) == TABLES and not await held(both, EU)
    assert [each.subject for each in run.problems] == ["glue in eu"]
    assert await status_of_one(both) is AssetStatus.PENDING
    await _catches_up(both)


async def test_a_destination_that_is_out_while_written_leaves_the_checkpoints_of_the_other_alone(
    both: InProcess,
) -> None:
    await both.sync()
    before = await held(both, EU)
    both.serve(landscape(label="Another"))
    out(both)
    run = await both.sync()
    assert run.state is RunState.PARTLY_FAILED
    assert run.counts["failed"] >= 1
    assert any(each.subject == "glue in eu" and "so the run stopped" in each.message for each in run.problems)
    assert await held(both, EU) == before
    assert (await held(both, HERE))[str(ONE)].run_id == run.id
    record = await both.store.catalog.asset(ONE)
    assert record is not None
    said = (await problems_of(both.store, [record], both.context.settings.deletion, [HERE, EU]))[ONE]
    assert record.status is AssetStatus.FAILED
    assert said is not None and said.startswith("glue in eu: ")
    await _catches_up(both)


async def _catches_up(both: InProcess) -> None:
    here = await held(both, HERE)
    back(both)
    caught_up = await both.sync()
    assert caught_up.state is RunState.DONE
    assert not both.glue.calls, "catching up one destination makes no call of another"
    assert await held(both, HERE) == here
    assert (await held(both, EU)).keys() == here.keys()
    assert await status_of_one(both) is AssetStatus.SYNCED


async def test_a_scope_chooses_the_destination(both: InProcess) -> None:
    run = await both.sync(only(EU))
    assert run.state is RunState.DONE
    assert tables(both.elsewhere[EU]) == TABLES
    assert not both.glue.calls and not await held(both, HERE)
    assert await status_of_one(both) is AssetStatus.PENDING
    await both.sync()
    assert tables(both.glue) == TABLES
    assert not both.elsewhere[EU].calls


async def test_an_undo_spans_both_destinations(both: InProcess) -> None:
    await both.sync()
    both.serve(landscape(label="Another"))
    run = await both.sync()
    undone = await both.apply(await both.revert(run.id))
    assert undone.state is RunState.DONE
    for key in (HERE, EU):
        assert (await held(both, key))[str(ONE)].held is not None
    assert await status_of_one(both) is AssetStatus.HELD
    bodies = [
        {name: table["live"]["Description"] for name, table in glue.catalog.dump()["tables"]["good"].items()}
        for glue in (both.glue, both.elsewhere[EU])
    ]
    assert bodies[0] == bodies[1] == {"one": "A view", "two": "A view"}


async def test_drift_of_one_destination_is_found_and_mended_there(both: InProcess) -> None:
    await both.sync()
    both.elsewhere[EU].catalog.call("DeleteTable", {"DatabaseName": "good", "Name": "one"})
    look, found = await _sweep(both)
    assert [(drift.asset, drift.key) for drift in found] == [(ONE, EU)]
    assert await status_of_one(both) is AssetStatus.DRIFTED
    assert look.change_set_id is not None
    assert (await both.apply(look.change_set_id)).state is RunState.DONE
    assert not both.glue.calls
    assert tables(both.elsewhere[EU]) == TABLES
    assert await status_of_one(both) is AssetStatus.SYNCED


async def test_a_destination_that_is_out_keeps_no_other_from_being_compared(both: InProcess) -> None:
    await both.sync()
    both.glue.catalog.call("DeleteTable", {"DatabaseName": "good", "Name": "one"})
    out(both)
    look, found = await _sweep(both)
    assert [(drift.asset, drift.key) for drift in found] == [(ONE, HERE)]
    assert [each.subject for each in look.problems] == ["glue in eu"]
    assert look.summary["not_compared"] == TABLES


async def test_a_job_to_write_is_about_the_destination_that_lags(both: InProcess) -> None:
    await both.sync()
    both.serve(landscape(label="Another"))
    out(both)
    await both.sync()
    back(both)
    record = await both.store.catalog.asset(ONE)
    assert record is not None
    jobs = await write_jobs(both.context, [record])
    assert [(job.kind, job.key) for job in jobs] == [(JobKind.WRITE, EU)]
    engine = EmbeddedEngine(both.store, both.context.clock)
    await engine.submit(jobs)
    claimed = await engine.claim([JobKind.WRITE], limit=10, time_limit=timedelta(minutes=1))
    await write_batch(both.context, engine, claimed, both.sync)
    assert await engine.queue() == []
    assert both.elsewhere[EU].calls and not both.glue.calls
    assert await status_of_one(both) is AssetStatus.SYNCED


async def test_lost_records_of_tables_are_told_until_every_destination_was_looked_at(both: InProcess) -> None:
    await both.sync()
    await both.store.write(lambda tx: tx.meta.set(TABLES_LOST, isoformat(both.context.clock())))
    for key, still in ((HERE, True), (HERE, True), (EU, False)):
        await both.sync(RunRequest(only(key).scope, full=True))
        assert (await both.store.meta.get(TABLES_LOST) is not None) is still
    assert await both.store.meta.with_prefix(TABLES_LOST) == {}


async def test_guards_count_each_destination_by_itself(both: InProcess) -> None:
    """What one destination manages says nothing of how many tables of another may go."""
    await both.sync(only(HERE))
    await both.sync(RunRequest(Scope(assets=frozenset({ONE}), destinations=frozenset({EU.destination}))))
    both.serve(Landscape((replace(landscape().spaces[0], objects=()), landscape().spaces[1])))
    for _ in range(3):
        run = await both.sync()
    assert run.change_set_id is not None
    items = await both.store.change_sets.all_items(run.change_set_id)
    removed = [(item.key, item.asset.name) for item in items if item.action.removes]
    assert sorted(removed) == [(HERE, "ONE"), (HERE, "TWO"), (EU, "ONE")]
    assert all(item.blocked_by is not None for item in items if item.action.removes)
    noted = await both.store.meta.with_prefix("column_guard:")
    assert {*noted} == {"column_guard:glue:default", "column_guard:glue:eu"}


async def _sweep(both: InProcess) -> tuple[DriftLook, list[TableDrift]]:
    async with both.context.providers.in_use() as providers:
        return await DriftSweep(
            both.store,
            providers.settings,
            providers.mapping,
            providers.targets(Scope()),
            scope=Scope(),
            principal=SOMEBODY,
            clock=both.context.clock,
            progress=silent,
        ).run()


async def test_an_explanation_names_the_tables_of_every_destination(both: InProcess) -> None:
    await both.sync()
    explained = await Catalog(both.context, FirstDiscovery(both.context)).explain_mapping(str(ONE), SOMEBODY)
    assert f"glue in eu: {explained.database}.{explained.table}" in explained.names
