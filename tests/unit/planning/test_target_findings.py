"""What is known of the target stays known until a write or a look shows otherwise, and each sync acts on it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import UsageError
from spheresync.execution.run_driver import RunDriver
from spheresync.execution.run_request import RunRequest
from spheresync.model import (
    GLUE,
    AssetId,
    AssetKind,
    AssetStatus,
    Principal,
    PrincipalKind,
    RunId,
    RunKind,
    RunState,
    SpaceName,
    TargetKey,
    canonical_json,
    isoformat,
)
from spheresync.planning.decisions.guards import EMPTY_LISTING
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.planning.plan_request import PlanRequest
from spheresync.planning.planner import make_change_set
from spheresync.planning.undo.revert import Reverter
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.service.catalog.known_problems import problems_of
from spheresync.service.health.status import sync_status
from spheresync.service.runs.retry import scope_of_failures
from spheresync.state.records import ChangeSetRecord, RunRecord
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

ONE, TWO, OTHER = AssetId.parse("GOOD/ONE"), AssetId.parse("GOOD/TWO"), AssetId.parse("OTHER/THREE")
SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))


def view(name: str, label: str = "A view") -> DogObject:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return DogObject(AssetKind.VIEW, name, label, (column,))


def landscape(*, label: str = "A view") -> Landscape:
    return Landscape(
        (
            DogSpace("GOOD", "Good", (view("ONE", label), view("TWO"))),
            DogSpace("OTHER", "Other", (view("THREE"),)),
        )
    )


@pytest.fixture
async def synced(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, landscape()) as installation:
        assert (await installation.sync()).state is RunState.DONE
        yield installation


def hands(installation: InProcess, operation: str, **params: Any) -> None:
    """Somebody else at work on the same account; it is not counted."""
    installation.glue.catalog.call(operation, params)


def take_over(installation: InProcess) -> None:
    hands(installation, "DeleteTable", DatabaseName="good", Name="one")
    hands(installation, "CreateTable", DatabaseName="good", TableInput={"Name": "one", "Description": "mine"})


def refuse(installation: InProcess, operation: str, **where: str) -> None:
    fault = {"kind": "deny", "operation": operation, "times": None, **where}
    installation.glue.admin("POST", "/admin/faults", json.dumps(fault).encode())


def relent(installation: InProcess) -> None:
    installation.glue.admin("DELETE", "/admin/faults", b"")


async def look_for_drift(installation: InProcess) -> None:
    context = installation.context
    async with context.providers.in_use() as providers:
        await DriftSweep(
            context.store,
            providers.settings,
            providers.mapping,
            [providers.target(TargetKey(GLUE))],
            scope=Scope(),
            principal=SOMEBODY,
            clock=context.clock,
            progress=silent,
        ).run()


async def look_in_full(installation: InProcess) -> None:
    await installation.sync(RunRequest(full=True))


async def status(installation: InProcess, asset: AssetId) -> AssetStatus:
    record = await installation.store.catalog.asset(asset)
    assert record is not None
    return record.status


async def preview(installation: InProcess) -> ChangeSetRecord:
    return await make_change_set(installation.context, PlanRequest(Scope(), SOMEBODY, compare=True), silent)


LOOKS = pytest.mark.parametrize("look", [look_for_drift, look_in_full])


@LOOKS
async def test_a_known_conflict_stays_one_in_every_sync_and_is_gone_once_the_way_is_free(
    synced: InProcess, look: Any
) -> None:
    take_over(synced)
    await look(synced)
    assert await status(synced, ONE) is AssetStatus.CONFLICT
    for scope in (Scope(), Scope(assets=frozenset({ONE}))):
        run = await synced.sync(RunRequest(scope))
        assert (run.state.ended, run.counts["conflict"]) == (True, 1)
        assert synced.glue.calls == {"GetTable": 1}
    assert (await synced.sync(RunRequest(Scope(spaces=frozenset({SpaceName("OTHER")}))))).state is RunState.DONE
    assert synced.glue.calls == {}
    assert await status(synced, ONE) is AssetStatus.CONFLICT
    told = await sync_status(synced.context)
    assert told.health == "degraded" and told.assets["conflict"] == 1

    hands(synced, "DeleteTable", DatabaseName="good", Name="one")
    assert (await preview(synced)).summary["create"] == 1
    assert await status(synced, ONE) is AssetStatus.CONFLICT, "a preview writes nothing"
    run = await synced.sync(RunRequest(Scope(assets=frozenset({ONE}))))
    assert (run.state, run.counts["create"]) == (RunState.DONE, 1)
    assert (await status(synced, ONE), synced.tables["GOOD/ONE"]) == (AssetStatus.SYNCED, ("good", "one"))
    await synced.sync()
    assert synced.glue.calls == {}
    told = await sync_status(synced.context)
    assert (told.health, told.drift and told.drift.drifted) == ("ok", 0)


async def test_what_drift_knows_is_where_an_asset_stands_and_a_sync_mends_it(synced: InProcess) -> None:
    hands(synced, "DeleteTable", DatabaseName="good", Name="one")
    live = synced.glue.catalog.dump()["tables"]["good"]["two"]["live"]
    edited = {key: live[key] for key in ("Name", "Parameters", "StorageDescriptor", "Description") if key in live}
    edited["TableType"] = "VIRTUAL_VIEW"
    hands(synced, "UpdateTable", DatabaseName="good", TableInput=edited)
    await look_for_drift(synced)
    assert {await status(synced, ONE), await status(synced, TWO)} == {AssetStatus.DRIFTED}
    assert await status(synced, OTHER) is AssetStatus.SYNCED
    assert "1 of 3 assets in sync, 2 changed by others" in (await sync_status(synced.context)).summary
    await SharedDiscovery(synced.context).list_catalog()
    assert await status(synced, ONE) is AssetStatus.DRIFTED, "a listing says nothing of the target"
    run = await synced.sync()
    assert (run.state, run.counts["create"]) == (RunState.DONE, 1)
    assert {await status(synced, each) for each in (ONE, TWO, OTHER)} == {AssetStatus.SYNCED}
    assert set(synced.tables) == {str(ONE), str(TWO), str(OTHER)}


async def test_an_edit_that_others_undid_is_over_after_one_look(synced: InProcess) -> None:
    hands(synced, "DeleteTable", DatabaseName="good", Name="one")
    await look_for_drift(synced)
    live = synced.glue.catalog.dump()["tables"]["good"]["two"]["live"]
    edited = {key: live[key] for key in ("Name", "Parameters", "StorageDescriptor", "Description", "TableType")}
    hands(synced, "UpdateTable", DatabaseName="good", TableInput={**edited, "TableType": "VIRTUAL_VIEW"})
    await look_for_drift(synced)
    hands(synced, "UpdateTable", DatabaseName="good", TableInput=edited)
    run = await synced.sync()
    assert (run.counts["create"], run.counts["unchanged"]) == (1, 2)
    assert await status(synced, TWO) is AssetStatus.SYNCED
    await synced.sync()
    assert synced.glue.calls == {}


async def test_what_new_policies_leave_is_looked_at_once_and_told_from_then_on(tmp_path: Path) -> None:
    config = tmp_path / "spheresync.yaml"
    config.write_text("drift: {missing: overwrite}\n", "utf-8")
    async with in_process(tmp_path, landscape()) as installation:
        await installation.sync()
        hands(installation, "DeleteTable", DatabaseName="good", Name="one")
        await look_for_drift(installation)
        config.write_text("drift: {missing: keep}\n", "utf-8")
        installation.context.providers.require_good()
        for calls in ({"GetTable": 1}, {}):
            run = await installation.sync()
            assert (run.state, installation.glue.calls) == (RunState.DONE, calls)
            assert await status(installation, ONE) is AssetStatus.DRIFTED


@pytest.mark.parametrize("other", [RunRequest(Scope(spaces=frozenset({SpaceName("OTHER")}))), None])
async def test_what_was_not_taken_is_known_until_it_is_written(synced: InProcess, other: RunRequest | None) -> None:
    refuse(synced, "UpdateTable", database="good")
    synced.serve(landscape(label="Another label"))
    assert (await synced.sync()).state is RunState.PARTLY_FAILED
    if other is None:
        await preview(synced)
    else:
        assert (await synced.sync(other)).state is RunState.DONE
    assert await status(synced, ONE) is AssetStatus.FAILED
    told = await sync_status(synced.context)
    (finding,) = [each for each in told.problems if each.code == "denied"]
    assert told.health == "degraded" and "GOOD/ONE" in finding.message
    assert "1 asset could not be written (1 denied)" in told.summary
    relent(synced)
    assert (await synced.sync()).state is RunState.DONE
    assert await status(synced, ONE) is AssetStatus.SYNCED
    assert (await sync_status(synced.context)).health == "ok"


async def test_what_nobody_wants_any_more_is_forgotten(synced: InProcess) -> None:
    refuse(synced, "UpdateTable", database="good")
    synced.serve(landscape(label="Another label"))
    await synced.sync()
    synced.serve(landscape())
    await synced.sync()
    assert await status(synced, ONE) is AssetStatus.SYNCED, "the table holds what Datasphere holds again"
    assert await synced.store.unwritten.groups() == []


async def test_a_space_that_lists_nothing_is_told_from_the_first_listing_to_the_last(synced: InProcess) -> None:
    good = landscape().spaces[0]
    synced.serve(Landscape((good, DogSpace("OTHER", "Other", ()))))
    elsewhere = RunRequest(Scope(spaces=frozenset({SpaceName("GOOD")})))
    for _ in range(2):
        await synced.sync()
        told = await sync_status(synced.context)
        assert told.health == "degraded"
        assert [(each.subject, each.code) for each in told.problems] == [("OTHER", EMPTY_LISTING)]
    assert (await synced.sync()).state is RunState.REFUSED
    assert (await synced.sync(elsewhere)).state is RunState.DONE
    told = await sync_status(synced.context)
    (finding,) = told.problems
    assert (told.health, finding.code, "OTHER/THREE" in finding.message) == ("degraded", EMPTY_LISTING, True)
    assert "1 asset is held back by a guard (1 empty listing)" in told.summary and "--max-deletes" in finding.remedy
    deletion = synced.context.settings.deletion
    (record,) = await synced.store.catalog.some([OTHER])
    said = (await problems_of(synced.store, [record], deletion, [TargetKey(GLUE)]))[OTHER]
    assert said is not None and "3 complete listings" in said and "guard" in said
    synced.serve(landscape())
    assert (await synced.sync()).state is RunState.DONE
    told = await sync_status(synced.context)
    assert (told.health, told.problems, await synced.store.unwritten.groups()) == ("ok", [], [])


def edit_by_hand(installation: InProcess, words: str = "by hand") -> None:
    """Somebody else's words on the table of the first asset."""
    table = installation.glue.catalog.call("GetTable", {"DatabaseName": "good", "Name": "one"})["Table"]
    fields = {key: table[key] for key in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    hands(installation, "UpdateTable", DatabaseName="good", TableInput={**fields, "Description": words})


async def undo_of(installation: InProcess, run_id: RunId) -> RunRecord:
    """Undo a run, as the run of the change set that says how."""
    context, store = installation.context, installation.store
    async with context.providers.in_use() as providers:
        target = providers.target(TargetKey(GLUE))
        undo = await Reverter(
            store, providers.settings, providers.mapping, [target], run_id, principal=SOMEBODY, now=context.clock()
        ).run()
    request, at = canonical_json(RunRequest().to_json()), isoformat(context.clock())
    queued = RunRecord.queued(RunId("run_undo"), RunKind.APPLY, request, SOMEBODY, owner=store.owner.id, at=at)
    await store.write(lambda tx: tx.runs.create(replace(queued, change_set_id=undo.id)))
    return await RunDriver(context, silent).drive(queued.id)


async def test_what_an_undo_holds_names_the_run_that_was_undone(synced: InProcess) -> None:
    context, store = synced.context, synced.store
    synced.serve(landscape(label="Another label"))
    undone = await synced.sync()
    assert (await undo_of(synced, undone.id)).state is RunState.DONE
    (record,) = await store.catalog.some([ONE])
    assert record.status is AssetStatus.HELD
    said = (await problems_of(store, [record], context.settings.deletion, [TargetKey(GLUE)]))[ONE]
    assert said is not None and f"Held by the undo of run {undone.id} since 20" in said and "release" in said


async def test_a_repair_that_was_not_taken_is_no_sync(synced: InProcess) -> None:
    """The checkpoint says what Datasphere says: only what is known of the target tells that it is not there."""
    hands(synced, "DeleteTable", DatabaseName="good", Name="one")
    await look_for_drift(synced)
    refuse(synced, "CreateTable", database="good")
    for _ in range(2):
        assert (await synced.sync()).state is RunState.PARTLY_FAILED
        assert await status(synced, ONE) is AssetStatus.FAILED
    relent(synced)
    assert (await synced.sync()).counts["create"] == 1
    assert await status(synced, ONE) is AssetStatus.SYNCED


async def test_what_an_undo_finds_of_others_is_known_as_drift(synced: InProcess) -> None:
    context, store = synced.context, synced.store
    synced.serve(landscape(label="Another label"))
    undone = await synced.sync()
    edit_by_hand(synced)
    async with context.providers.in_use() as providers:
        reverter = Reverter(
            store,
            providers.settings,
            providers.mapping,
            [providers.target(TargetKey(GLUE))],
            undone.id,
            principal=SOMEBODY,
            now=context.clock(),
        )
        assert (await reverter.run()).summary["conflict"] == 1
    assert await status(synced, ONE) is AssetStatus.DRIFTED
    assert (await synced.sync()).state is RunState.DONE
    assert await status(synced, ONE) is AssetStatus.DRIFTED, "it was looked at, and the policy reports it"


async def test_a_refused_undo_is_over_once_a_look_leaves_the_edit_by_the_policies(synced: InProcess) -> None:
    context, store = synced.context, synced.store
    synced.serve(landscape(label="Another label"))
    undone = await synced.sync()
    edit_by_hand(synced)
    undo = await undo_of(synced, undone.id)
    assert undo.counts["refused"] == 1
    told = await sync_status(context)
    assert told.health == "degraded" and f"Needs attention: run {undo.id} was held back" in told.summary
    with pytest.raises(UsageError, match=r"is the undo of run .*, and of its items 1 refused; a sync undoes nothing"):
        await scope_of_failures(store, undo.id)

    run = await synced.sync()
    assert run.state is RunState.DONE
    told = await sync_status(context)
    assert (told.health, told.problems) == ("ok", [])
    assert await status(synced, ONE) is AssetStatus.DRIFTED
    (record,) = await store.catalog.some([ONE])
    said = (await problems_of(store, [record], context.settings.deletion, [TargetKey(GLUE)]))[ONE]
    assert said is not None
    assert "changed description of good.one; it stays as it is; the drift policy leaves that edit, so what was" in said


@LOOKS
async def test_an_edit_that_is_left_is_drift_whichever_look_finds_it_until_one_finds_it_gone(
    synced: InProcess, look: Any
) -> None:
    edit_by_hand(synced)
    await look(synced)
    assert await status(synced, ONE) is AssetStatus.DRIFTED
    assert (await sync_status(synced.context)).health == "ok"
    edit_by_hand(synced, "A view")
    await look(synced)
    assert await status(synced, ONE) is AssetStatus.SYNCED
