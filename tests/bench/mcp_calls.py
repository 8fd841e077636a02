"""MCP servers over stdio, asked by the SDK's own client: how long until the first answer, how long each call takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client

WARM_UP = 3


class CallFailedError(Exception):
    """Raised when a measured tool call answered an error; holds its text."""


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """How to start an MCP server on stdio."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        """A client that is past its handshake with a freshly started server."""
        parameters = StdioServerParameters(
            command=self.command[0],
            args=list(self.command[1:]),
            env={**os.environ, **self.environment},
            cwd=self.folder,
        )
        async with Client(stdio_client(parameters)) as client:
            yield client


def echo_server(folder: Path) -> ServerCommand:
    """The bare server that echoes."""
    return ServerCommand([sys.executable, str(Path(__file__).with_name("bare_mcp_server.py"))], {}, folder)


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles of a number of calls, in milliseconds, and the size of the largest answer in characters."""

    calls: int
    p50: float
    p95: float
    largest: int


async def seconds_to_first_answer(server: ServerCommand) -> float:
    """From the start of the process to the answer to `tools/list`."""
    began = time.perf_counter()
    async with server.connected() as client:
        listed = await client.list_tools()
        seconds = time.perf_counter() - began
    if not listed.tools:
        raise CallFailedError("the server lists no tools")
    return seconds


async def latency(client: Client, tool: str, arguments: Sequence[Mapping[str, Any]], *, calls: int) -> Latency:
    """Call a tool one call after the other, going round `arguments`; the first few calls do not count.

    Raises:
        CallFailedError: a call answered an error.
    """
    times, largest = [], 0
    for number in range(-WARM_UP, calls):
        chosen = dict(arguments[number % len(arguments)])
        began = time.perf_counter()
        answer = await client.call_tool(tool, chosen)
        seconds = time.perf_counter() - began
        text = "".join(getattr(part, "text", "") for part in answer.content)
        if answer.is_error:
            raise CallFailedError(f"{tool} {chosen}: {text}")
        if number >= 0:
            times.append(seconds * 1000)
            largest = max(largest, len(text))
    times.sort()
    return Latency(calls, quantile(times, 0.50), quantile(times, 0.95), largest)


def quantile(ordered: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of all values do not exceed."""
    place = -(-len(ordered) * part // 1)
    return ordered[max(0, int(place) - 1)]
