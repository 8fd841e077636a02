"""Whoever may read the consumption API and no objects gets what that serves, and loses nothing that CSN has told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.execution.run_request import RunRequest
from spheresync.model import AssetKind, RunState
from spheresync.service.runs.retry import scope_of_failures
from spheresync.state.definitions import decode_asset
from tests.simulators.in_process import InProcess, in_process
from tests.unit.discovery.test_unproven_assets import SPACE, holding, known, thing

pytestmark = pytest.mark.anyio

ROLE = {"failing_matching": f"/dwaas-core/api/v1/spaces/{SPACE}", "failing_status": 403}
SHOWN = thing("SHOWN", AssetKind.VIEW, exposed=True)
MODEL = thing("MODEL", AssetKind.ANALYTIC_MODEL, exposed=True)
WORLD = (thing("T"), thing("HIDDEN", AssetKind.VIEW), SHOWN, MODEL)
EXPOSED = {f"{SPACE}/SHOWN", f"{SPACE}/MODEL"}
ALONE = "$metadata alone"


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with in_process(tmp_path, holding(*WORLD), objects=True) as installation:
        yield installation


async def findings(installation: InProcess, asset: str) -> str:
    definition = (await known(installation, asset)).definition
    assert definition is not None
    return " ".join(decode_asset((await installation.store.blobs.get_many([definition]))[definition]).findings)


@pytest.mark.parametrize("status", [403, 401])
async def test_what_consumption_serves_goes_on_where_a_role_is_missing_and_all_comes_with_the_role(
    installed: InProcess, status: int
) -> None:
    installed.fail(**{**ROLE, "failing_status": status})
    run = await installed.sync()
    assert run.state is RunState.PARTLY_FAILED
    assert set(installed.tables) == {*EXPOSED, "OTHER/A"}
    told = [each for each in run.problems if each.subject == SPACE]
    assert len(run.problems) == len(told) == 1 and "DW Modeler" in told[0].remedy
    assert ALONE in await findings(installed, f"{SPACE}/SHOWN")
    again = await installed.sync()
    assert (again.state, again.counts["unchanged"]) == (RunState.PARTLY_FAILED, 3)
    installed.fail()
    run = await installed.sync()
    assert (run.state, set(installed.tables)) == (
        RunState.DONE,
        {*EXPOSED, "OTHER/A", f"{SPACE}/T", f"{SPACE}/HIDDEN"},
    )
    for asset in EXPOSED:
        assert ALONE not in await findings(installed, asset)
    assert (await installed.sync()).counts["unchanged"] == 5


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matching", ["", "/views/SHOWN"])
async def test_what_was_known_by_csn_is_kept_and_told_where_the_role_is_taken_away(
    installed: InProcess, full: bool, matching: str
) -> None:
    await installed.sync()
    before, tables = await known(installed, f"{SPACE}/SHOWN"), installed.glue.catalog.dump()
    installed.fail(**{**ROLE, "failing_matching": ROLE["failing_matching"] + matching})
    changed = replace(SHOWN, columns=thing("X", column="ELSE").columns)
    installed.serve(holding(*WORLD[:2], changed, MODEL))
    for _ in range(2):
        run = await installed.sync(RunRequest(full=full))
        assert run.state is RunState.PARTLY_FAILED
        assert {str(each.asset) for each in run.problems if each.asset} == ({f"{SPACE}/SHOWN"} if matching else EXPOSED)
        after = await known(installed, f"{SPACE}/SHOWN")
        assert (after.definition, after.kind) == (before.definition, before.kind)
        assert after.problem is not None and "DW Modeler" in after.problem.remedy
        assert installed.glue.catalog.dump() == tables
    installed.fail()
    run = await installed.sync()
    assert (run.state, run.counts["update"]) == (RunState.DONE, 1)


async def test_a_space_whose_definitions_are_all_refused_after_its_lists_is_told_once_and_as_that(
    tmp_path: Path,
) -> None:
    """As where whoever reads is taken out of the space between the two."""
    two = (thing("HIDDEN", AssetKind.VIEW), SHOWN)
    async with in_process(tmp_path, holding(*two), objects=True) as installation:
        await installation.sync()
        tables = installation.glue.catalog.dump()
        changed = replace(SHOWN, columns=thing("X", column="ELSE").columns)
        installation.serve(holding(two[0], changed))
        installation.fail(failing_matching=f"/spaces/{SPACE}/views/", failing_status=403)
        for _ in range(2):
            run = await installation.sync()
            assert run.state is RunState.PARTLY_FAILED and run.counts["unread"] == 2
            (told,) = run.problems
            assert (told.subject, told.code) == (SPACE, "forbidden") and "of 2 assets" in told.message
            assert "still a member" in told.remedy and "datasphere.objects" not in told.remedy
            (space,) = [each for each in await installation.store.catalog.spaces() if each.name == SPACE]
            assert space.problem == told
            assert installation.glue.catalog.dump() == tables
        retried = await scope_of_failures(installation.store, run.id)
        assert retried.spaces == (SPACE,)
        installation.fail()
        run = await installation.sync()
        assert (run.state, run.counts["update"]) == (RunState.DONE, 1)
        assert not [each for each in await installation.store.catalog.spaces() if each.problem]


async def test_a_single_object_that_is_refused_beside_others_is_told_by_itself(installed: InProcess) -> None:
    await installed.sync()
    installed.serve(holding(*WORLD[:2], replace(SHOWN, columns=thing("X", column="ELSE").columns), MODEL))
    installed.fail(failing_matching=f"/spaces/{SPACE}/views/SHOWN", failing_status=403)
    (told,) = (await installed.sync()).problems
    assert str(told.asset) == f"{SPACE}/SHOWN" and "datasphere.objects" not in told.remedy


async def test_a_space_of_which_nothing_is_open_is_told_once(installed: InProcess) -> None:
    await installed.sync()
    installed.fail(denied_spaces=frozenset({SPACE}))
    (told,) = (await installed.sync()).problems
    assert told.subject == SPACE and "read without them" not in told.message
    assert "datasphere.objects" not in told.remedy


@pytest.mark.parametrize("status", [500, 503, 502])
async def test_an_outage_of_the_object_api_is_no_missing_role(installed: InProcess, status: int) -> None:
    installed.fail(failing_matching=f"{SPACE}/views/SHOWN", failing_status=status)
    run = await installed.sync()
    assert f"{SPACE}/SHOWN" not in installed.tables
    assert [str(each.asset) for each in run.problems] == [f"{SPACE}/SHOWN"]
