"""What one list of objects says is not taken for true while another one that may contradict it cannot be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetId, AssetKind, AssetStatus, RunState
from spheresync.state.records import AssetRecord
from tests.simulators.in_process import InProcess, in_process

pytestmark = pytest.mark.anyio

SPACE = "GOOD"
DUP = f"{SPACE}/DUP"
BROKEN = {"failing_matching": f"{SPACE}/views", "failing_status": 500}


def thing(
    name: str, kind: AssetKind = AssetKind.LOCAL_TABLE, column: str = "ID", *, exposed: bool = False
) -> DogObject:
    return DogObject(
        kind, name, f"The {name}", (DogColumn(column, parse_type("Int32"), column, key=True, nullable=False),), exposed
    )


def holding(*objects: DogObject) -> Landscape:
    return Landscape((DogSpace(SPACE, "Good", objects), DogSpace("OTHER", "Other", (thing("A"),))))


BOTH = (thing("DUP"), thing("DUP", AssetKind.VIEW, "OTHER_ID"))
BESIDE = (thing("T"), thing("V", AssetKind.VIEW), thing("E", AssetKind.VIEW, exposed=True))


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, objects=True) as installation:
        yield installation


async def known(installation: InProcess, asset: str) -> AssetRecord:
    record = await installation.store.catalog.asset(AssetId.parse(asset))
    assert record is not None
    return record


@pytest.mark.parametrize("listed_before", [True, False])
async def test_what_two_lists_hold_waits_also_while_one_of_them_cannot_be_read(
    installed: InProcess, listed_before: bool
) -> None:
    installed.serve(holding(*BOTH, *BESIDE))
    if listed_before:
        assert (await installed.sync()).state is RunState.PARTLY_FAILED
    for fault in (BROKEN, {"failing_matching": f"{SPACE}/localtables", "failing_status": 500}):
        installed.fail(**fault)
        for _ in range(2):
            assert (await installed.sync()).counts["failed"] <= 1
            assert DUP not in installed.tables
    installed.fail()
    await installed.sync()
    assert DUP not in installed.tables and len(installed.tables) == 4
    installed.serve(holding(BOTH[0], *BESIDE))
    assert (await installed.sync()).state is RunState.DONE
    assert len(installed.tables) == 5


async def test_a_contradiction_of_what_was_written_before_stands_while_a_list_cannot_be_read(
    installed: InProcess,
) -> None:
    installed.serve(holding(thing("DUP"), *BESIDE))
    await installed.sync()
    installed.serve(holding(thing("DUP", column="ELSE"), BOTH[1], *BESIDE))
    await installed.sync()
    installed.fail(**BROKEN)
    for _ in range(2):
        assert "update" not in (await installed.sync()).counts
        assert "Two lists" in str((await known(installed, DUP)).problem)


async def test_what_was_read_before_as_what_it_is_goes_on_and_what_is_new_waits_in_one_sentence(
    installed: InProcess,
) -> None:
    installed.serve(holding(*BESIDE))
    await installed.sync()
    new = [thing(f"N{number}") for number in range(7)]
    shown = thing("NEW_EXPOSED", AssetKind.VIEW, exposed=True)
    installed.serve(holding(thing("T", column="ID2"), *BESIDE[1:], *new, shown))
    installed.fail(failing_matching=f"{SPACE}/taskchains", failing_status=500)
    run = await installed.sync()
    assert (run.state, run.counts["update"], run.counts["unread"]) == (RunState.PARTLY_FAILED, 1, 8)
    assert "create" not in run.counts
    told = [each.message for each in run.problems if "left alone" in each.message]
    assert told and told[0].startswith("8 assets of space GOOD may be held otherwise")
    assert len(told) == 1 and "and 3 more" in told[0]
    assert (await known(installed, f"{SPACE}/N0")).status is AssetStatus.FAILED
    installed.fail()
    run = await installed.sync()
    assert (run.state, run.counts["create"]) == (RunState.DONE, 8)
    assert (await installed.sync()).counts["unchanged"] == len(installed.tables)


@pytest.mark.parametrize("exposed", [False, True])
async def test_no_kind_changes_by_the_one_list_that_answered(installed: InProcess, exposed: bool) -> None:
    """A view that became a local table, and one that the catalog alone tells of, are known by the whole list only."""
    model = thing("DUP", AssetKind.ANALYTIC_MODEL, exposed=exposed)
    installed.serve(holding(model, *BESIDE))
    await installed.sync()
    before = await known(installed, DUP)
    installed.serve(holding(replace(model, kind=AssetKind.VIEW), *BESIDE))
    installed.fail(failing_matching=f"{SPACE}/analyticmodels", failing_status=500)
    run = await installed.sync()
    after = await known(installed, DUP)
    assert (run.counts["unread"], after.kind, after.definition) == (1, before.kind, before.definition)
    installed.fail()
    await installed.sync()
    assert (await known(installed, DUP)).kind is AssetKind.VIEW


async def test_what_is_left_out_is_not_told_as_waiting(tmp_path: Path) -> None:
    left_out = 'scope: {exclude: ["GOOD/N*"]}\n'
    async with in_process(tmp_path, holding(*BESIDE), objects=True, config=left_out) as installation:
        await installation.sync()
        installation.serve(holding(*BESIDE, thing("N1")))
        installation.fail(**BROKEN)
        run = await installation.sync()
        assert not [each for each in run.problems if "left alone" in each.message]


async def test_a_list_that_is_not_offered_any_more_is_no_empty_list(installed: InProcess) -> None:
    installed.serve(holding(*BESIDE))
    installed.fail(no_discovery=True)
    assert (await installed.sync()).state is RunState.DONE
    installed.fail(no_discovery=True, absent_types=frozenset({"localtables"}))
    for _ in range(4):
        run = await installed.sync()
        assert (run.state, run.counts["unread"]) == (RunState.PARTLY_FAILED, 2)
        told = {each.subject: each for each in run.problems}
        assert set(told) == {SPACE, "OTHER"} and "offers no list of local tables any more" in told[SPACE].message
        assert (await known(installed, f"{SPACE}/T")).misses == 0
    assert len(installed.tables) == 4
    installed.serve(holding(*BESIDE[1:]))
    installed.fail(no_discovery=True)
    assert (await installed.sync()).state is RunState.DONE
    installed.fail(no_discovery=True, absent_types=frozenset({"localtables"}))
    run = await installed.sync()
    assert {each.subject for each in run.problems} == {"OTHER"}, "what was missing before is not to be listed"


async def test_a_list_that_was_never_offered_is_none_to_miss(installed: InProcess) -> None:
    installed.serve(holding(*BESIDE[1:]))
    installed.fail(no_discovery=True, absent_types=frozenset({"taskchains"}))
    assert [(await installed.sync()).state for _ in range(2)] == [RunState.DONE] * 2


async def test_what_is_left_out_misses_no_list(tmp_path: Path) -> None:
    config = tmp_path / "spheresync.yaml"
    async with in_process(tmp_path, holding(*BESIDE), objects=True, config="scope: {}\n") as installation:
        installation.fail(no_discovery=True)
        await installation.sync()
        config.write_text('scope: {exclude: ["*/T", "*/A"]}\n', "utf-8")
        installation.fail(no_discovery=True, absent_types=frozenset({"localtables"}))
        assert (await installation.sync()).counts["forget"] == 2
        assert (await installation.sync()).state is RunState.DONE


async def test_nobody_reads_by_a_former_entry_what_two_lists_hold_now(installed: InProcess) -> None:
    """The scheduler reads an asset without a listing, by what the last one said."""
    installed.serve(holding(thing("DUP"), *BESIDE))
    await installed.sync()
    before = await known(installed, DUP)
    installed.serve(holding(thing("DUP", column="ELSE"), BOTH[1], *BESIDE))
    await installed.sync()
    after = await SharedDiscovery(installed.context).read_asset(AssetId.parse(DUP))
    assert after is not None and (after.definition, "Two lists" in str(after.problem)) == (before.definition, True)
    installed.serve(holding(thing("DUP", column="ELSE"), *BESIDE))
    assert (await installed.sync()).state is RunState.DONE
    installed.serve(holding(thing("DUP"), *BESIDE))
    after = await SharedDiscovery(installed.context).read_asset(AssetId.parse(DUP))
    assert after is not None and after.definition == before.definition and after.problem is None
