"""How fast tools answer over a large catalog, through the MCP server on stdio, beside a tool that only echoes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio

from tests.bench.figures import Figure
from tests.bench.installation import program, wolf_environment
from tests.bench.mcp_calls import Latency, ServerCommand, echo_server, latency
from tests.bench.processes import measure_module
from tests.bench.sample_assets import sample_environment
from tests.bench.scale import Scale

SECTION = "answers"


def product_server(folder: Path) -> ServerCommand:
    """The product on the state of `folder`, as a client that speaks stdio starts it."""
    environment = wolf_environment(folder / "state", sample_environment(folder))
    return ServerCommand([program(), "--env", "wolf", "serve", "--transport", "stdio"], environment, folder)


def measure_answers(scale: Scale) -> list[Figure]:
    """Latency of `list_assets` and of `preview_changes` without a refresh."""
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as temporary:
        folder = Path(temporary)
        measure_module("seeded_state", str(folder), str(scale.many))
        return anyio.run(_measure, folder, scale)


async def _measure(folder: Path, scale: Scale) -> list[Figure]:
    async with echo_server(folder).connected() as client:
        echo = await latency(client, "echo", [{"text": "hello"}], calls=scale.calls)
    figures: list[Figure] = []
    async with product_server(folder).connected() as client:
        beginning = await client.call_tool("list_assets", {"space": "SPACE_001"})
        cursor = (beginning.structured_content or {}).get("next_cursor")
        questions: dict[str, dict[str, Any]] = {
            "first page": {},
            "next page of a space": {"space": "SPACE_001", "cursor": cursor},
            "by query": {"query": "asset 00042"},
            "by a word of every label": {"query": "asset"},
            "by a column of every asset": {"query": "COL_007"},
            "by two words of columns": {"query": "column 7"},
            "by the glob of a column": {"column": "*_007"},
            "200 rows, by status": {"status": "synced", "limit": 200},
        }
        for what, arguments in questions.items():
            measured = await latency(client, "list_assets", [_given(arguments)], calls=scale.calls)
            figures += _figures(f"list_assets, {what}", measured, echo, scale)
        measured = await latency(client, "preview_changes", [{"refresh": False}], calls=scale.plans)
        figures += _figures("preview_changes", measured, echo, scale)
    return figures


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _figures(what: str, measured: Latency, echo: Latency, scale: Scale) -> Iterator[Figure]:
    over = f"{what} over {scale.many:,} assets ({measured.calls} calls)"
    yield Figure(SECTION, f"{over}: p50", measured.p50, "ms", echo.p50, "bare echo tool")
    yield Figure(SECTION, f"{over}: p95", measured.p95, "ms", echo.p95, "bare echo tool")
