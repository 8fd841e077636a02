"""The undo as an assistant makes it, in the embedded environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.e2e.test_mcp_dog import SERVE, call, surroundings


@pytest.mark.anyio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_an_assistant_makes_the_undo_and_applies_it(tmp_path: Path, era: str) -> None:
    server = StdioServerParameters(command=sys.executable, args=SERVE, env=surroundings(tmp_path), cwd=str(tmp_path))
    async with Client(server, mode=era) as client:
        first = await call(client, "run_sync", spaces=["SALES"], wait_seconds=100)
        assert first["state"] == "done"
        created = first["counts"]["create"]
        undo = await call(client, "revert_run", run_id=first["run_id"])
        assert (undo["undo_of"], undo["summary"]["delete"], undo["blocked"]) == (first["run_id"], created, created)
        (told,) = [each for each in undo["findings"] if each["code"] == "undo_deletes"]
        assert f"{created} tables of 1 space: SALES ({created})" in told["message"]
        without = await call(client, "apply_changes", change_set_id=undo["change_set_id"], wait_seconds=100)
        assert (without["counts"]["delete"], without["counts"]["blocked"]) == (0, created), "a person has not said yes"
        again = await call(client, "revert_run", run_id=without["run_id"])
        assert again["findings"][0]["code"] == "nothing_to_undo"
        refused = await client.call_tool("revert_run", {"run_id": "run_unknown"})
        assert refused.is_error
