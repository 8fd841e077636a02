"""The undo as an assistant makes it, in the embedded environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from spheresync.answers import RunAnswer
from spheresync_server.mcp_server.tool_results import run_lines
from tests.e2e.test_mcp_dog import SERVE, call, surroundings
from tests.simulators.installation import Installation


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
        said = (await client.call_tool("get_change_set", {"change_set_id": undo["change_set_id"]})).content[0]
        assert f"It undoes {first['run_id']}." in said.text and "Scope:" not in said.text  # type: ignore[union-attr]
        assert f"{created} objects that the run created are deleted only with" in said.text  # type: ignore[union-attr]
        without = await client.call_tool("apply_changes", {"change_set_id": undo["change_set_id"]})
        assert without.is_error, "a person has not said yes"
        said = without.content[0].text  # type: ignore[union-attr]
        assert f"A person can run `spheresync apply {undo['change_set_id']} --allow-deletes`" in said, (
            "this client cannot ask"
        )
        assert (await call(client, "get_change_set", change_set_id=undo["change_set_id"]))["state"] == "open"
        nothing = await call(client, "run_sync", spaces=["SALES"], wait_seconds=100)
        again = await call(client, "revert_run", run_id=nothing["run_id"])
        assert again["findings"][0]["code"] == "nothing_to_undo"
        refused = await client.call_tool("revert_run", {"run_id": "run_unknown"})
        assert refused.is_error


def test_what_an_undo_deleted_is_made_again_and_not_new_in_datasphere(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    dog = Installation(tmp_path / "state", {}, env="dog")
    run = dog.ask("sync", "--asset", "SALES/STORES")
    undo = dog.ask("apply", dog.ask("revert", run["run_id"])["change_set_id"], "--allow-deletes")
    assert undo["outcomes"] == [{"action": "delete", "assets": ["SALES/STORES"], "assets_total": 1}]
    assert undo["undo_of"] == run["run_id"]
    assert f"It undoes {run['run_id']}." in " ".join(run_lines(RunAnswer.model_validate(undo)))
    dog.ask("release")
    (again,) = dog.ask("preview", "--no-refresh", "--asset", "SALES/STORES")["items"]
    assert again["reason"] == f"its table was deleted by run {undo['run_id']}; it is made again"
