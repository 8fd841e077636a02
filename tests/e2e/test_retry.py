"""What failed in a run is tried again by naming that run, and the answer says what failed for the same reason."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from tests.e2e.test_mcp_dog import call
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

TABLES = {"database": "space_000", "table": "asset_00000"}, {"database": "space_001", "table": "asset_00001"}


def refuse(glue: GlueSimulator, *tables: dict[str, str]) -> None:
    glue.heal()
    for table in tables:
        glue.fault("error", "CreateTable", times=None, code="InvalidInputException", status=400, **table)


@pytest.fixture
def failed(installation: Installation, glue: GlueSimulator) -> dict[str, Any]:
    """A first sync of which two tables failed."""
    refuse(glue, *TABLES)
    run: dict[str, Any] = installation.ask("sync", code=1)
    assert run["failures_total"] == 2 and run["counts"]["create"] == 28 and "scope" not in run
    return run


def test_a_command_tries_again_just_what_failed(
    installation: Installation, failed: dict[str, Any], glue: GlueSimulator
) -> None:
    refuse(glue, TABLES[0])
    again = installation.ask("sync", "--retry-of", failed["run_id"], code=1)
    assert again["scope"] == {"assets": sorted(each["asset"] for each in failed["failures"])}
    assert (again["counts"]["create"], again["counts"]["unchanged"], again["retry_of"]) == (1, 0, failed["run_id"])
    (left,) = again["failures"]
    assert left["same_as_before"] is True
    glue.heal()
    assert installation.ask("sync", "--retry-of", again["run_id"])["counts"]["create"] == 1
    nothing = installation.ask("sync", "--retry-of", installation.ask("runs")["items"][0]["run_id"], code=2)
    assert "no asset of it failed" in nothing["error"]["message"]
    both = installation.ask("sync", "--retry-of", failed["run_id"], "--space", "SPACE_000", code=2)
    assert "a scope was given besides" in both["error"]["message"]


def test_an_undo_that_failed_in_part_says_how_the_rest_is_undone_and_is_no_sync(
    installation: Installation, glue: GlueSimulator
) -> None:
    first = installation.ask("sync")
    undo = installation.ask("revert", first["run_id"])
    glue.fault("error", "DeleteTable", times=None, code="InvalidInputException", status=400, **TABLES[0])
    run = installation.ask("apply", undo["change_set_id"], "--allow-deletes", code=1)
    (finding,) = [each for each in run["findings"] if each["code"] == "not_undone"]
    assert "1 failed" in finding["message"] and f"spheresync revert {first['run_id']}" in finding["remedy"]
    refused = installation.ask("sync", "--retry-of", run["run_id"], code=2)["error"]
    assert "a sync undoes nothing" in refused["message"] and f"revert {first['run_id']}" in refused["remedy"]
    glue.heal()
    rest = installation.ask("revert", first["run_id"])
    assert installation.ask("apply", rest["change_set_id"], "--allow-deletes")["counts"]["delete"] == 1
    assert not any(glue.dump()["tables"].values())


@pytest.mark.anyio
async def test_an_assistant_tries_again_what_failed_and_learns_what_is_as_it_was(
    installation: Installation, failed: dict[str, Any], glue: GlueSimulator
) -> None:
    async with Client(installation.serving("--no-scheduler", SPHERESYNC_ROLE="operator")) as client:
        again = await client.call_tool("run_sync", {"retry_of": failed["run_id"], "wait_seconds": 60})
        said = str(again.content)
        assert f"It tries again what failed in {failed['run_id']}: 2 of its failures are the same as there." in said
        glue.heal()
        run = await call(client, "run_sync", retry_of=failed["run_id"], wait_seconds=60)
        assert (run["state"], run["counts"]) == ("done", {"create": 2})
        refused = await client.call_tool("run_sync", {"allow_deletes": True})
        assert refused.is_error and "spheresync apply" in str(refused.content)
