"""Whoever may read the consumption API and no objects gets what that serves, and loses nothing that CSN has told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from spheresync.execution.run_request import RunRequest
from spheresync.model import AssetKind, RunState
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


@pytest.mark.parametrize("status", [500, 503, 502])
async def test_an_outage_of_the_object_api_is_no_missing_role(installed: InProcess, status: int) -> None:
    installed.fail(failing_matching=f"{SPACE}/views/SHOWN", failing_status=status)
    run = await installed.sync()
    assert f"{SPACE}/SHOWN" not in installed.tables
    assert [str(each.asset) for each in run.problems] == [f"{SPACE}/SHOWN"]
