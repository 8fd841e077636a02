"""Of many failures one of each kind is shown, all are counted, and the others are found where the answer says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mcp import Client
from mcp.types import TextContent

from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

SURROUNDINGS = Surroundings(assets=20)
DENIED = {"database": "space_002", "table": "asset_00019"}


@pytest.mark.anyio
async def test_of_many_failures_each_kind_is_shown_and_the_rest_found(
    installation: Installation, glue: GlueSimulator
) -> None:
    glue.fault("deny", "CreateTable", times=None, **DENIED)
    glue.fault("error", "CreateTable", times=None, code="InvalidInputException", status=400)
    run = installation.ask("sync", code=1)
    assert run["failures_total"] == run["counts"]["failed"] == 60 and len(run["failures"]) == 50
    kinds = {each["code"] for each in run["failures"]}
    assert "denied" in kinds and len(kinds) == 2, kinds
    (shown,) = re.findall(r"… (\d+) more failures: spheresync (.*)", installation.run("runs", run["run_id"]).out)
    assert shown == ("10", f"audit query --run {run['run_id']}")

    async with Client(installation.serving(SPHERESYNC_ROLE="viewer")) as client:
        told = (await client.call_tool("get_run", {"run_id": run["run_id"]})).content[0]
        assert isinstance(told, TextContent)
        assert "60 failures: see failures for reason and remedy of the first 50. query_audit_log" in told.text
        (first, others) = re.findall(r"query_audit_log with run_id=\S+ and outcome=(\w+) \(then (\w+)\)", told.text)[0]
        found = 0
        for outcome in (first, others):
            asked: Any = {"run_id": run["run_id"], "outcome": outcome, "limit": 1}
            page = (await client.call_tool("query_audit_log", asked)).structured_content
            assert page is not None
            found += page["total"]
    assert found == 60


def test_what_stopped_the_run_is_told_before_what_failed_until_then(
    installation: Installation, glue: GlueSimulator
) -> None:
    glue.fault("error", "CreateTable", times=40, code="InvalidInputException", status=400)
    glue.fault("error", "CreateTable", times=None, code="ExpiredTokenException", status=400)
    run = installation.ask("sync", code=1)
    assert "1 item was not taken" in run["failures"][0]["reason"], run["failures"][0]
    assert len(run["failures"]) > 2
