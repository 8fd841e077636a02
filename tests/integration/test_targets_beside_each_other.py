"""A target of another kind beside Glue, registered in one place: neither holds the other up or repeats its work."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from spheresync.config import AlertKind, Settings
from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.execution.result_recorder import ResultRecorder
from spheresync.execution.run_request import RunRequest
from spheresync.model import GLUE, Action, AssetId, DestinationName, RunState, TargetKey
from spheresync.runtime.run_counts import FAILED
from spheresync.runtime.scope import Scope
from spheresync.service.alerts.alert_conditions import AlertConditions
from spheresync.service.changes.stored_change_sets import StoredChangeSets
from spheresync.service.runs.stored_runs import StoredRuns
from spheresync.state.records import DriftEffect, DriftKind, DriftLook, TableDrift
from spheresync.targets import registry
from spheresync.targets.protocol import Operation, Outcome, Target
from tests.simulators.in_process import InProcess, in_process
from tests.simulators.json_file_target import JSON_FILE, JSON_FILE_DESIGN, JsonFileTarget
from tests.unit.planning.test_target_findings import landscape

pytestmark = pytest.mark.anyio

TABLES = 3
IN_GLUE, FILE, FILE_IN_EU = TargetKey(GLUE), TargetKey(JSON_FILE), TargetKey(JSON_FILE, DestinationName("eu"))
MARKER = "spheresync:here"


@dataclass
class File(JsonFileTarget):
    """One that takes nothing while it is `full`, and counts what it was asked to write."""

    full: bool = False
    performed: int = 0

    async def perform(self, operation: Operation) -> Outcome:
        if self.full:
            raise TargetError(TargetFault.FAILED, f"{operation.subject}: the disk is full.")
        self.performed += 1
        return await super().perform(operation)


@dataclass
class Beside:
    """Glue, and two files."""

    installation: InProcess
    file: File
    file_in_eu: File

    async def held(self, key: TargetKey) -> dict[str, str]:
        return {str(each.asset): each.synced_at for each in await self.installation.store.checkpoints.all(key)}


def never_made(_: Settings, __: TargetKey, ___: registry.TargetResources, ____: AsyncExitStack) -> Target:
    raise AssertionError("the test hands its targets in")


@pytest.fixture
async def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beside]:
    monkeypatch.setitem(registry.TARGETS, JSON_FILE, lambda: registry.TargetKind(JSON_FILE_DESIGN, never_made))
    file = File(tmp_path / "here.json", MARKER, FILE)
    file_in_eu = File(tmp_path / "eu.json", MARKER, FILE_IN_EU)
    others = {FILE: file, FILE_IN_EU: file_in_eu}
    async with in_process(tmp_path, landscape(), config="installation: here\n", others=others) as installation:
        yield Beside(installation, file, file_in_eu)


def entries(file: File) -> int:
    return sum(len(group["entries"]) for group in json.loads(file.path.read_bytes()).values())


async def test_every_target_gets_every_asset_and_has_its_own_checkpoints(beside: Beside) -> None:
    run = await beside.installation.sync()
    assert (run.state, run.counts[Action.CREATE]) == (RunState.DONE, 3 * TABLES)
    assert entries(beside.file) == entries(beside.file_in_eu) == TABLES
    for key in (IN_GLUE, FILE, FILE_IN_EU):
        assert len(await beside.held(key)) == TABLES
    again = await beside.installation.sync()
    assert again.counts[Action.UNCHANGED] == 3 * TABLES
    assert not beside.installation.glue.calls


async def test_one_that_fails_leaves_the_others_done_and_catches_up_without_a_call_to_glue(beside: Beside) -> None:
    beside.file.full = True
    run = await beside.installation.sync()
    assert run.state is RunState.PARTLY_FAILED
    context = beside.installation.context
    told = await StoredRuns(context, StoredChangeSets(context)).answer(run.id)
    assert [failure.target for failure in told.failures] == [JSON_FILE] * TABLES
    assert len(await beside.held(IN_GLUE)) == len(await beside.held(FILE_IN_EU)) == TABLES
    assert await beside.held(FILE) == {}
    before = await beside.held(IN_GLUE)
    beside.file.full = False
    run = await beside.installation.sync()
    assert (run.state, run.counts[Action.CREATE]) == (RunState.DONE, TABLES)
    assert entries(beside.file) == TABLES
    assert not beside.installation.glue.calls, "what Glue holds already costs no call"
    assert (await beside.held(IN_GLUE), beside.file_in_eu.performed) == (before, TABLES)


async def test_what_others_changed_is_told_of_the_target_that_they_changed(beside: Beside) -> None:
    await beside.installation.sync()
    store = beside.installation.store
    checkpoint = (await store.checkpoints.all(FILE_IN_EU))[0]
    drift = TableDrift(
        checkpoint.asset,
        *(FILE_IN_EU.target, FILE_IN_EU.destination, checkpoint.container, checkpoint.name),
        *((DriftKind.COLUMNS,), "overwrite", DriftEffect.RESTORE, "changed", "look", (), 1, None, "nobody says", False),
    )
    look = DriftLook("drift_1", "2026-11-24T08:00:00.000000Z", "anna", b"{}", JSON_FILE, {}, (), (), None)
    await store.write(lambda tx: tx.drift.put(look, [drift]))
    conditions = await AlertConditions(beside.installation.context).look([])
    assert [each.subject for each in conditions if each.kind is AlertKind.DRIFT] == ["json_file in eu"]


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (Scope(targets=frozenset({JSON_FILE})), {FILE, FILE_IN_EU}),
        (Scope(targets=frozenset({GLUE})), {IN_GLUE}),
        (Scope(targets=frozenset({JSON_FILE}), destinations=frozenset({DestinationName("eu")})), {FILE_IN_EU}),
    ],
)
async def test_a_scope_picks_its_targets_and_destinations(beside: Beside, scope: Scope, wanted: set[TargetKey]) -> None:
    await beside.installation.sync(RunRequest(scope))
    assert {key for key in (IN_GLUE, FILE, FILE_IN_EU) if await beside.held(key)} == wanted


async def test_items_count_as_failed_also_where_not_even_that_can_be_noted(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = ResultRecorder.open

    async def open_or_break(self: ResultRecorder, assets: Collection[AssetId]) -> None:
        if self._key == FILE:
            raise KeyError("found")
        await opened(self, assets)

    monkeypatch.setattr(ResultRecorder, "open", open_or_break)
    run = await beside.installation.sync()
    assert (run.state, run.counts[FAILED], run.counts[Action.CREATE]) == (RunState.PARTLY_FAILED, TABLES, 2 * TABLES)
    assert sum(run.counts.values()) == 3 * TABLES


@pytest.mark.parametrize("at", ["ensure_container", "perform", "read"])
@pytest.mark.parametrize(
    "error",
    [
        TargetError(TargetFault.UNREACHABLE, "nobody answers", systemic=True),
        TargetError(TargetFault.DENIED, "the keys have expired", systemic=True),
        TargetError(TargetFault.DENIED, "this is not granted"),
        TargetError(TargetFault.CONFLICT, "the place has moved", systemic=True),
        ConfigurationError(("no Region",)),
        KeyError("found"),
    ],
    ids=repr,
)
async def test_every_item_ends_in_one_count_whatever_a_target_raises_and_wherever(
    beside: Beside, monkeypatch: pytest.MonkeyPatch, at: str, error: Exception
) -> None:
    async def broken(self: File, *given: object, **more: object) -> object:
        if self is beside.file:
            raise error
        return await getattr(JsonFileTarget, at)(self, *given, **more)

    monkeypatch.setattr(File, at, broken)
    run = await beside.installation.sync()
    assert run.change_set_id is not None
    planned = await beside.installation.store.change_sets.get(run.change_set_id)
    assert sum(run.counts.values()) == sum(planned.summary.values()) == 3 * TABLES
    assert run.counts[Action.CREATE] >= 2 * TABLES
    if at != "read":  # what is made anew is not read
        assert run.state is RunState.PARTLY_FAILED and await beside.held(FILE) == {}
