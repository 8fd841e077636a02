"""What callers give for arguments: null means not given, and a boolean is one or none."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, get_args

import pytest
from mcp import Client
from mcp.types import Tool

from spheresync.model import AssetKind, AssetStatus, Detail, Direction, ScheduleAction, Tier
from spheresync.service.catalog.asset_request import LATE
from spheresync_server.mcp_server.tools import arguments
from tests.unit.server.conftest import MakeServer
from tests.unit.server.fake_service import FakeService

pytestmark = pytest.mark.anyio

REQUIRED = {
    "asset": "SALES/V_ORDERS",
    "change_set_id": "cs_1",
    "run_id": "run_1",
    "tier": "critical",
    "action": "pause",
}


def optional(tool: Tool, kind: str) -> Iterator[str]:
    for name, schema in tool.input_schema["properties"].items():
        if name not in tool.input_schema.get("required", ()) and kind in {"", schema.get("type")}:
            yield name


def needed(tool: Tool) -> dict[str, Any]:
    return {name: REQUIRED[name] for name in tool.input_schema.get("required", ())}


async def test_null_for_an_optional_argument_means_not_given(make_server: MakeServer, era: str) -> None:
    service = FakeService()
    async with Client(make_server(over=service), mode=era) as client:
        tools = (await client.list_tools()).tools
        assert sum(len([*optional(tool, "")]) for tool in tools) > 30
        for tool in tools:
            expected = await client.call_tool(tool.name, needed(tool))
            plain = service.calls.copy()
            service.calls.clear()
            found = await client.call_tool(tool.name, needed(tool) | dict.fromkeys(optional(tool, "")))
            assert not found.is_error, (tool.name, found.content)
            assert found.structured_content == expected.structured_content
            assert service.calls == plain
            service.calls.clear()


async def test_an_empty_cursor_means_the_first_page(make_server: MakeServer) -> None:
    service = FakeService()
    async with Client(make_server(over=service)) as client:
        tools = (await client.list_tools()).tools
        lists = [tool for tool in tools if "cursor" in tool.input_schema["properties"]]
        assert len(lists) >= 6
        for tool in lists:
            assert not (await client.call_tool(tool.name, needed(tool) | {"cursor": ""})).is_error
    assert all(kwargs.get("cursor") is None for _, kwargs in service.calls)


@pytest.mark.parametrize("given", ["true", "false", "yes", "", 1, 0, 1.0, [], [True], {}, "True", "null "])
async def test_a_boolean_is_one_and_nothing_like_one(make_server: MakeServer, given: Any) -> None:
    service = FakeService()
    async with Client(make_server(over=service)) as client:
        tools = (await client.list_tools()).tools
        flags = [(tool, name) for tool in tools for name in optional(tool, "boolean")]
        assert {name for _, name in flags} == {
            "refresh",
            "full",
            "allow_deletes",
            "count_only",
            "changes_only",
            "overwrite",
        }
        for tool, name in flags:
            refused = await client.call_tool(tool.name, needed(tool) | {name: given})
            said = str(refused.content)
            assert refused.is_error and f"{name} must be true or false" in said, (tool.name, said)
    assert service.calls == []


async def test_an_empty_list_is_refused_as_it_would_be_taken_for_everything(make_server: MakeServer, era: str) -> None:
    service = FakeService()
    async with Client(make_server(over=service), mode=era) as client:
        tools = (await client.list_tools()).tools
        lists = [(tool, name) for tool in tools for name in optional(tool, "array")]
        assert {name for _, name in lists} == {"spaces", "assets", "tiers", "targets", "destinations"} and len(
            lists
        ) >= 11
        for tool, name in lists:
            refused = await client.call_tool(tool.name, needed(tool) | {name: []})
            said = str(refused.content)
            assert refused.is_error and f"{name} is an empty list" in said, (tool.name, said)
            assert "leave the argument out for everything" in said
    assert service.calls == []


@pytest.mark.parametrize("given", [True, False])
async def test_a_boolean_is_no_number(make_server: MakeServer, given: bool) -> None:
    service = FakeService()
    async with Client(make_server(over=service)) as client:
        tools = (await client.list_tools()).tools
        numbers = [(tool, name) for tool in tools for name in optional(tool, "integer")]
        assert {name for _, name in numbers} == {"depth", "limit", "wait_seconds", "min_columns"} and len(numbers) >= 10
        for tool, name in numbers:
            refused = await client.call_tool(tool.name, needed(tool) | {name: given})
            said = str(refused.content)
            assert refused.is_error and f"{name} must be a whole number, not {str(given).lower()}" in said, tool.name
    assert service.calls == []


async def test_a_text_that_no_name_can_be_is_refused_and_not_said_again(make_server: MakeServer) -> None:
    service, long = FakeService(), "x" * 100_000
    async with Client(make_server(over=service)) as client:
        tools = (await client.list_tools()).tools
        free = [
            (tool, name)
            for tool in tools
            for name, schema in tool.input_schema["properties"].items()
            if name != "cursor" and schema["type"] in {"string", "array"} and "enum" not in schema.get("items", schema)
        ]
        assert len(free) >= 20
        for tool, name in free:
            given = [long] if tool.input_schema["properties"][name]["type"] == "array" else long
            refused = await client.call_tool(tool.name, needed(tool) | {name: given})
            assert refused.is_error and f"{name} has 100,000 characters" in str(refused.content), (tool.name, name)
        unknown = await client.call_tool("get_run", {"run_id": long[:9_000]})
        assert unknown.is_error and len(str(unknown.content)) < 500
        service.calls.clear()
        for refused in (await client.call_tool(long, {}), await client.call_tool("list_runs", {long: 1})):
            assert refused.is_error and len(str(refused.content)) < 1_000
    assert service.calls == []


async def test_null_for_a_required_argument_is_a_mistake(make_server: MakeServer) -> None:
    async with Client(make_server()) as client:
        refused = await client.call_tool("describe_asset", {"asset": None})
    assert refused.is_error and "asset must be a text" in str(refused.content)


@pytest.mark.parametrize(
    ("words", "kind", "more"),
    [
        (arguments.Kind, AssetKind, ()),
        (arguments.TierName, Tier, ()),
        (arguments.Status, AssetStatus, (LATE,)),
        (arguments.ScheduleActionWord, ScheduleAction, ()),
        (arguments.DirectionWord, Direction, ()),
        (arguments.DetailWord, Detail, ()),
    ],
)
def test_words_of_arguments_are_those_of_the_product(words: Any, kind: type[StrEnum], more: tuple[str, ...]) -> None:
    assert sorted(get_args(words)) == sorted([*kind, *more])
