"""Who did not make a change set finds it: what may still be applied is listed, to a person as to an assistant."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcp import Client
from mcp.types import TextContent

from tests.simulators.fixtures import SMALLER
from tests.simulators.installation import Installation

SURROUNDINGS = SMALLER


@pytest.fixture
def dog(tmp_path: Path) -> Installation:
    state = tmp_path / "state"
    state.mkdir()
    return Installation(state, {}, env="dog")


@pytest.mark.anyio
async def test_what_may_still_be_applied_is_listed_newest_first_until_it_is_applied(dog: Installation) -> None:
    assert dog.ask("change-sets")["items"] == []
    assert "No change set is open" in dog.run("change-sets").out
    made = [dog.ask("preview", "--no-refresh", "--space", space)["change_set_id"] for space in ("SALES", "HR")]
    listed = dog.ask("change-sets")
    assert [row["change_set_id"] for row in listed["items"]] == made[::-1] and listed["total"] == 2
    assert listed["items"][0]["scope"] == {"spaces": ["HR"]} and listed["items"][0]["created_by"]
    async with Client(dog.serving("--no-scheduler", SPHERESYNC_ROLE="viewer")) as client:
        first = await client.call_tool("get_change_set", {"limit": 1})
        assert first.structured_content is not None
        rest = await client.call_tool("get_change_set", {"limit": 1, "cursor": first.structured_content["next_cursor"]})
    assert rest.structured_content is not None and "next_cursor" not in rest.structured_content
    found = [row["change_set_id"] for each in (first, rest) for row in each.structured_content["items"]]
    assert found == made[::-1]
    said = first.content[0]
    assert isinstance(said, TextContent) and said.text.startswith("1-1 of 2 open change sets.")
    assert dog.ask("change-sets", made[0])["summary"]["create"] == dog.ask("apply", made[0])["counts"]["create"] > 0
    assert [row["change_set_id"] for row in dog.ask("change-sets")["items"]] == made[1:], "an applied one is none"


def test_what_would_do_nothing_is_counted_and_not_listed(dog: Installation) -> None:
    assert dog.ask("sync", "--space", "HR")["state"] == "done"
    nothing = dog.ask("preview", "--no-refresh", "--space", "HR")
    assert nothing["items"] == []
    made = dog.ask("preview", "--no-refresh", "--space", "SALES")["change_set_id"]
    listed = dog.ask("change-sets")
    assert ([row["change_set_id"] for row in listed["items"]], listed["total"], listed["idle"]) == ([made], 1, 1)
    assert "1 open change set would do nothing, and is left out." in dog.run("change-sets").out
