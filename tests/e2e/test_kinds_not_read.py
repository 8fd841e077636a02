"""While datasphere.objects is off, what is not read is told as that, wherever somebody may take it for not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client
from mcp.types import TextContent

from tests.simulators.fixtures import SMALLER
from tests.simulators.installation import Installation

SURROUNDINGS = SMALLER
SAID = (
    "Local and remote tables, flows and task chains are not read here, as datasphere.objects is off, so this says "
    "nothing of them; whoever runs this installation may set `datasphere: {objects: on}`."
)


@pytest.fixture(scope="module")
def dog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A dog installation that reads what is exposed only."""
    state = tmp_path_factory.mktemp("dog") / "state"
    state.mkdir()
    installation = Installation(state, {}, env="dog")
    installation.ask("discover")
    yield installation


async def _said(dog: Installation, *calls: tuple[str, dict[str, Any]]) -> list[str]:
    texts = []
    async with Client(dog.serving("--no-scheduler")) as client:
        for name, arguments in calls:
            content = (await client.call_tool(name, arguments)).content
            texts.append("\n".join(part.text for part in content if isinstance(part, TextContent)))
    return texts


@pytest.mark.anyio
async def test_lists_counts_and_unknown_names_say_which_kinds_are_not_read(dog: Installation) -> None:
    silent = [
        ("list_assets", {"kind": "view", "pii": "any", "limit": 1}),
        ("list_assets", {"kind": "view", "query": "zzzzzz"}),
        ("list_assets", {"query": "kunde", "limit": 1}),
        ("describe_asset", {"asset": "NOSUCH/LT_ORDERS"}),
    ]
    told = [
        ("list_assets", {"kind": "local_table"}),
        ("list_assets", {"kind": "task_chain", "count_only": True}),
        ("list_assets", {"pii": "any", "limit": 1}),
        ("list_assets", {"pii": "any", "count_only": True}),
        ("list_assets", {"column": "CUSTOMER_ID", "limit": 1}),
        ("list_assets", {"query": "LT_ORDERS"}),
        *((name, {"asset": "SALES/LT_ORDERS"}) for name in ("describe_asset", "explain_mapping", "get_lineage")),
        ("preview_changes", {"assets": ["SALES/LT_ORDERS"]}),
    ]
    said = await _said(dog, *silent, *told)
    assert [text.count(SAID) for text in said] == [0] * len(silent) + [1] * len(told), said
    assert "no asset 'SALES/LT_ORDERS' is known" in said[-2] and "there is no asset" not in "".join(said[-4:])
    assert "there is no asset 'NOSUCH/LT_ORDERS'" in said[3]
    assert SAID in dog.run("assets", "--kind", "local_table", "--count").out
