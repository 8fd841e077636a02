"""Whatever breaks at one asset, table, database or note: it is told under an incident, and the others are done.

Each site is a call that is made for one of many. It raises a `KeyError` for the one, in runs of a whole installation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from spheresync.discovery.shared_discovery import LAST_DISCOVERY
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.errors import SourceError, SourceFault, TargetError, TargetFault
from spheresync.execution.run_request import RunRequest
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    GLUE,
    AssetId,
    AssetKind,
    Listing,
    Principal,
    PrincipalKind,
    Problem,
    RunState,
    SpaceName,
    TargetKey,
)
from spheresync.planning import asset_comparison, asset_planner, asset_status, asset_triage
from spheresync.planning import checkpoint_rebuild as rebuilding
from spheresync.planning.drift import target_sweep as sweeping
from spheresync.planning.drift.drift_sweep import DriftSweep
from spheresync.planning.names import name_allocation as naming
from spheresync.planning.plan_guards import column_guard_note
from spheresync.planning.removal import removals
from spheresync.planning.undo import revert as reverting
from spheresync.planning.undo.revert import Reverter
from spheresync.runtime.progress import silent
from spheresync.runtime.scope import Scope
from spheresync.service.catalog.asset_list import AssetLister
from spheresync.service.catalog.asset_request import AssetsWanted
from spheresync.source.datasphere.source import DatasphereSource
from spheresync.targets.glue.design import GlueDesign
from spheresync.targets.glue.target import GlueTarget
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

VICTIM = AssetId.parse("GOOD/TWO")
ALL = ("GOOD/ONE", "GOOD/THREE", "GOOD/TWO", "OTHER/A")
OTHERS = {*ALL} - {str(VICTIM)}
SOMEBODY = Principal(PrincipalKind.USER, "somebody", frozenset({"admin"}))
HALF = "\ud83d"
RENAMED = 'mapping: {rules: [{match: {name: "*"}, set: {table: "{name}_v1"}}]}\ndeletion: {policy: delete}\n'


def view(name: str, label: str) -> DogObject:
    column = DogColumn("ID", parse_type("Int32"), "Id", key=True, nullable=False)
    return DogObject(AssetKind.VIEW, name, label, (column,))


def tenant(label: str = "First", *, good: tuple[str, ...] | None = ("ONE", "TWO", "THREE")) -> Landscape:
    spaces = [] if good is None else [DogSpace("GOOD", "Good", tuple(view(name, label) for name in good))]
    return Landscape((*spaces, DogSpace("OTHER", "Other", (view("A", label),))))


class Break:
    """Lets a call raise for the victim, from its `after`th call for it on."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, about: Callable[..., object], after: int = 0
    ) -> None:
        self.calls = 0
        real = getattr(owner, name)

        def broken(*args: Any, **kwargs: Any) -> Any:
            if about(*args, **kwargs) in {VICTIM, str(VICTIM), "GOOD", "good"}:
                self.calls += 1
                if self.calls > after:
                    raise KeyError(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, broken)


@pytest.fixture
async def synced(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, tenant()) as installation:
        assert (await installation.sync()).counts["create"] == len(ALL)
        yield installation


def descriptions(installation: InProcess) -> dict[str, str]:
    """The label that each table carries."""
    return {
        table["live"]["Parameters"]["spheresync.source"]: table["live"]["Parameters"]["spheresync.label"]
        for tables in installation.glue.catalog.dump()["tables"].values()
        for table in tables.values()
        if table["live"]["Parameters"].get("spheresync.status") != "retired"
    }


def told_of(problems: tuple[Problem, ...] | list[Problem], about: str = str(VICTIM)) -> list[Problem]:
    return [each for each in problems if each.subject == about and "err_" in each.message]


def only_the_victim_failed(problems: tuple[Problem, ...], about: str = str(VICTIM)) -> bool:
    return len(told_of(problems, about)) == 1 == len([each for each in problems if "err_" in each.message])


async def lose(installation: InProcess, tmp_path: Path, which: str) -> None:
    """Damage what was written last into some tables."""
    with sqlite3.connect(tmp_path / "state" / "spheresync.db") as database:
        database.execute(f"DELETE FROM blobs WHERE digest IN (SELECT body FROM {which})")


def nothing_was_removed(installation: InProcess) -> bool:
    calls = installation.glue.calls
    return calls["DeleteTable"] == 0 and descriptions(installation).keys() == {*ALL}


@pytest.mark.parametrize("after", range(6))
async def test_rules_that_break_at_an_asset_at_whatever_moment_keep_nobody_else(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    broken = Break(monkeypatch, MappingRules, "decide", lambda _, asset, *rest, **more: asset, after)
    synced.serve(tenant("Second"))
    run = await synced.sync()
    found = descriptions(synced)
    assert {asset for asset, label in found.items() if label == "Second"} >= OTHERS
    if broken.calls > after:
        assert run.state is RunState.PARTLY_FAILED and only_the_victim_failed(run.problems)
        assert run.counts["failed"] == 1, "one asset is one failure, however often it breaks"
    else:
        assert run.state is RunState.DONE and found[str(VICTIM)] == "Second"
    assert nothing_was_removed(synced)


PLANNED = {
    "work_for": (asset_triage, "work_for", lambda record, *rest, **more: record.id),
    "kept name": (naming, "kept_address", lambda wish, *rest: wish.record.id),
    "status": (asset_status, "worst_status", lambda record, *rest: record.id),
    "item": (asset_comparison, "item_for", lambda subject, *rest, **more: subject.asset),
}


@pytest.mark.parametrize("site", PLANNED)
async def test_what_breaks_while_one_asset_is_planned_keeps_nobody_else(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    owner, name, about = PLANNED[site]
    Break(monkeypatch, owner, name, about)
    synced.serve(tenant("Second"))
    await synced.sync()
    assert {asset for asset, label in descriptions(synced).items() if label == "Second"} >= OTHERS
    assert nothing_was_removed(synced)


@pytest.mark.parametrize("how", ["gone", "refused", "passed over", "left out"])
async def test_rules_that_break_at_an_asset_of_a_space_that_is_not_listed_keep_nobody_else(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, how: str, tmp_path: Path
) -> None:
    Break(monkeypatch, MappingRules, "decide", lambda _, asset, *rest, **more: asset)
    scope = Scope()
    synced.serve(tenant("Second", good=None) if how in {"gone", "left out"} else tenant("Second"))
    if how == "refused":
        real = DatasphereSource.list_assets

        async def refuses(source: DatasphereSource, space: SpaceName) -> Listing[Any]:
            if space == "GOOD":
                raise SourceError(SourceFault.FORBIDDEN, "Space GOOD answers 403.")
            return await real(source, space)

        monkeypatch.setattr(DatasphereSource, "list_assets", refuses)
    if how == "passed over":
        scope = Scope(spaces=frozenset({SpaceName("OTHER")}))
    if how == "left out":
        (tmp_path / "spheresync.yaml").write_text('scope: {exclude: ["GOOD/ONE"]}\n', "utf-8")
    for _ in range(4):
        run = await synced.sync(RunRequest(scope))
        assert run.state is RunState.PARTLY_FAILED and only_the_victim_failed(
            tuple(each for each in run.problems if each.subject != "GOOD")
        )
    assert descriptions(synced)["OTHER/A"] == "Second"
    assert nothing_was_removed(synced)
    records = {record.id: record for record in await synced.store.catalog.assets()}
    assert records[VICTIM].misses == 0 and records[VICTIM].included


async def test_rules_that_break_at_an_asset_without_a_name_keep_nobody_else(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Break(monkeypatch, MappingRules, "decide", lambda _, asset, *rest, **more: VICTIM if asset.name == HALF else None)
    synced.serve(tenant("Second", good=("ONE", "TWO", HALF, "THREE")))
    run = await synced.sync()
    assert run.counts["failed"] == 1 and only_the_victim_failed(run.problems, "GOOD/\\ud83d")
    assert set(descriptions(synced).values()) == {"Second"}


@pytest.mark.parametrize("label", ["First", "Second"])
async def test_a_scope_that_breaks_at_a_space_keeps_no_space_from_being_synced(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    Break(monkeypatch, MappingRules, "may_hold", lambda _, space: space)
    synced.serve(tenant(label, good=None if label == "First" else ("ONE", "TWO", "THREE")))
    for _ in range(4):
        run = await synced.sync()
    assert (run.state, nothing_was_removed(synced)) == (
        (RunState.PARTLY_FAILED, True) if label == "First" else (RunState.DONE, True)
    )
    assert set(descriptions(synced).values()) == {label}


async def test_a_lost_body_that_its_table_does_not_prove_fails_its_asset_alone(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await lose(synced, tmp_path, "checkpoints")
    Break(monkeypatch, asset_planner, "known_by_target", lambda _, held, live: held.asset)
    synced.serve(tenant("Second"))
    run = await synced.sync()
    assert only_the_victim_failed(run.problems) and run.counts["failed"] == 1
    assert {asset for asset, label in descriptions(synced).items() if label == "Second"} == OTHERS


@pytest.mark.parametrize("how", ["breaks", "is hidden"])
@pytest.mark.parametrize("former", [True, False], ids=["former table", "vanished asset"])
async def test_a_table_to_be_removed_that_cannot_be_judged_fails_its_asset_alone(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str, former: bool
) -> None:
    if former:
        (tmp_path / "spheresync.yaml").write_text(RENAMED, "utf-8")
        assert (await synced.sync()).counts["retire"] == len(ALL)
        await lose(synced, tmp_path, "former_tables")
        request = RunRequest(allow_deletes=True)
    else:
        synced.serve(tenant(good=("THREE",)))
        for _ in range(2):
            await synced.sync()
        await lose(synced, tmp_path, "checkpoints")
        request = RunRequest(max_deletes=5)
    if how == "breaks":
        Break(monkeypatch, removals, "known_by_target", lambda _, held, live: held.asset)
    else:
        real = GlueTarget.read

        async def hidden(target: GlueTarget, container: Any, name: Any) -> Any:
            if name == "two":
                raise TargetError(TargetFault.DENIED, "The table good.two cannot be seen.")
            return await real(target, container, name)

        monkeypatch.setattr(GlueTarget, "read", hidden)
    run = await synced.sync(request)
    assert [each.subject for each in run.problems] == [str(VICTIM)] and run.counts["failed"] == 1
    assert run.counts["delete" if former else "retire"] == (len(ALL) - 1 if former else 1)


@pytest.mark.parametrize("site", ["design", "call"])
async def test_a_database_that_breaks_fails_what_goes_into_it_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: str
) -> None:
    if site == "design":
        Break(monkeypatch, GlueDesign, "prerequisites", lambda _, container, *rest: container)
    else:
        Break(monkeypatch, GlueTarget, "ensure_container", lambda _, desired: desired.container)
    async with in_process(tmp_path, tenant()) as installation:
        run = await installation.sync()
        assert run.state is RunState.PARTLY_FAILED
        assert (run.counts["create"], run.counts["failed"]) == (1, 3)
        assert installation.tables.keys() == {"OTHER/A"}


@pytest.mark.parametrize("site", ["last_written", "is_retired", "stub_of"])
async def test_a_table_that_a_lost_state_cannot_take_in_fails_its_asset_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: str
) -> None:
    async with in_process(tmp_path / "first", tenant()) as installation:
        await installation.sync()
        catalog = installation.glue.catalog
    if site == "stub_of":
        Break(monkeypatch, rebuilding, site, lambda _, asset, *rest: str(asset))
    else:
        Break(monkeypatch, GlueDesign, site, lambda _, body, *rest: _source_of(body))
    async with in_process(tmp_path / "second", tenant("Second")) as again:
        again.glue.catalog = catalog
        run = await again.sync()
        assert only_the_victim_failed(run.problems) and run.counts["failed"] == 1
        assert {asset for asset, label in descriptions(again).items() if label == "Second"} == OTHERS
        monkeypatch.undo()
        assert (await again.sync()).state is RunState.DONE
        assert set(descriptions(again).values()) == {"Second"}


async def test_a_list_holds_an_asset_that_rules_break_at(synced: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    Break(monkeypatch, MappingRules, "decide", lambda _, asset, *rest, **more: asset)
    page = await AssetLister(synced.context, AssetsWanted()).page(limit=50, cursor=None, budget=None)
    assert str(VICTIM) in {row.asset for row in page.items} and len(page.items) == page.total


def _source_of(body: bytes) -> str:
    return str(VICTIM) if str(VICTIM).encode() in body else ""


async def sweep(installation: InProcess) -> Any:
    async with installation.context.providers.in_use() as providers:
        look = DriftSweep(
            installation.store,
            providers.settings,
            providers.mapping,
            [providers.target(TargetKey(GLUE))],
            scope=Scope(),
            principal=SOMEBODY,
            clock=installation.context.clock,
            progress=silent,
        )
        return await look.run()


SWEPT: dict[str, tuple[Any, str, Callable[..., object]]] = {
    "rules": (MappingRules, "decide", lambda _, asset, *rest, **more: asset),
    "touched": (GlueDesign, "untouched", lambda _, last, live: _source_of(live)),
    "comparison": (sweeping, "look_at", lambda subject, *rest, **more: subject.asset),
    "missing": (sweeping, "look_for", lambda subject, *rest, **more: subject.asset),
}


@pytest.mark.parametrize("site", SWEPT)
async def test_a_table_that_a_look_for_drift_breaks_at_is_told_and_the_others_are_compared(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
    tables = synced.glue.catalog.dump()["tables"]
    assert set(tables["good"]) == {"one", "two", "three"}
    if site == "missing":
        synced.glue.catalog.call("DeleteTable", {"DatabaseName": "good", "Name": "two"})
    else:
        for name in ("one", "two"):
            edited = {
                key: value
                for key, value in tables["good"][name]["live"].items()
                if key in {"Name", "Description", "StorageDescriptor", "Parameters", "TableType"}
            }
            edited["Parameters"] = {**edited["Parameters"], "spheresync.label": "Edited"}
            synced.glue.catalog.call("UpdateTable", {"DatabaseName": "good", "TableInput": edited})
    Break(monkeypatch, *SWEPT[site])
    look, drifts = await sweep(synced)
    assert only_the_victim_failed(look.problems)
    assert [str(each.asset) for each in drifts] == ([] if site == "missing" else ["GOOD/ONE"])
    assert (look.summary["compared"], look.summary["not_compared"]) == (3, 1)


async def test_a_database_that_a_look_for_drift_breaks_at_is_told_and_the_others_are_compared(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Break(monkeypatch, GlueTarget, "pages", lambda _, container: container)
    look, _ = await sweep(synced)
    assert only_the_victim_failed(look.problems, "database good")
    assert (look.summary["compared"], look.summary["not_compared"]) == (1, 3)


async def test_an_asset_whose_undo_breaks_is_told_and_the_others_are_undone(
    synced: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.serve(tenant("Second"))
    run = await synced.sync()
    Break(monkeypatch, reverting, "undo_item", lambda _, deed, **more: deed.item.asset)
    async with synced.context.providers.in_use() as providers:
        target = providers.target(TargetKey(GLUE))
        reverter = Reverter(
            synced.store,
            providers.settings,
            providers.mapping,
            [target],
            run.id,
            principal=SOMEBODY,
            now=synced.context.clock(),
        )
        undo = await reverter.run()
    assert only_the_victim_failed(undo.problems)
    items = await synced.store.change_sets.all_items(undo.id)
    assert {str(item.asset) for item in items} == OTHERS


@pytest.mark.parametrize("note", [LAST_DISCOVERY, column_guard_note(TargetKey(GLUE)), "unspellable_spaces"])
@pytest.mark.parametrize("damage", ["{", "[1, [2]]", '{"began": 1}', '"x"'])
async def test_a_damaged_note_ends_no_run(synced: InProcess, note: str, damage: str) -> None:
    await synced.store.write(lambda tx: tx.meta.set(note, damage))
    synced.serve(tenant("Second"))
    assert (await synced.sync()).state is RunState.DONE
    assert set(descriptions(synced).values()) == {"Second"}
    assert await synced.store.meta.get(note) != damage, "and it is well again"
