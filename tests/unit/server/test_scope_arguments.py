"""Both faces take the same parts of a scope, under one description."""

from __future__ import annotations

from dataclasses import fields

import pytest
import typer
from mcp import Client

from spheresync.model import ScopeRequest
from spheresync_server.cli.app import app
from spheresync_server.scope_arguments import ASSETS, SPACES, TARGETS, TIERS, ScopeArgument, scope_request
from tests.unit.server.conftest import MakeServer

PARTS = {"spaces": SPACES, "assets": ASSETS, "tiers": TIERS, "targets": TARGETS}
NOT_YET = {"destinations"}
SCOPED_COMMANDS = {"discover", "preview", "sync", "drift"}
SCOPED_TOOLS = {"preview_changes", "run_sync", "detect_drift"}


def test_every_part_of_a_scope_is_in_the_table() -> None:
    assert PARTS.keys() == {field.name for field in fields(ScopeRequest)} - NOT_YET


@pytest.mark.parametrize("name", PARTS)
def test_a_part_reaches_the_request(name: str) -> None:
    assert scope_request(**{name: ["A", "B"]}) == ScopeRequest(**{name: ("A", "B")})
    assert scope_request(**{name: None}) == scope_request(**{name: []}) == ScopeRequest()


@pytest.mark.parametrize("command", sorted(SCOPED_COMMANDS))
def test_a_command_takes_its_scope_options_from_the_table(command: str) -> None:
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    known = {part.option: part for part in PARTS.values()}
    options = {opt: each for each in found.params for opt in each.opts if opt in known}
    assert {"--space", "--tier"} <= options.keys()
    for name, option in options.items():
        assert (option.help, option.metavar) == (known[name].option_help, known[name].metavar)
        assert option.multiple


@pytest.mark.anyio
async def test_a_tool_takes_its_scope_arguments_from_the_table(make_server: MakeServer) -> None:
    async with Client(make_server()) as client:
        tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
    for tool in SCOPED_TOOLS:
        taken: dict[str, ScopeArgument] = {name: part for name, part in PARTS.items() if name in tools[tool]}
        assert {"spaces", "assets", "tiers"} <= taken.keys()
        for name, part in taken.items():
            assert tools[tool][name]["description"] == part.description
