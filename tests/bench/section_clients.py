"""Many clients at once over HTTP: errors, memory, and how long the slowest calls take beside a bare server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from tests.bench.figures import Figure, Of, at_most, exactly
from tests.bench.installation import program
from tests.bench.mcp_calls import CallFailedError, quantile
from tests.bench.processes import ProcessFailedError
from tests.bench.scale import Scale

SECTION = "clients"
CLIENTS = 64
_ECHO: tuple[tuple[str, dict[str, Any]], ...] = (("echo", {"text": "hello"}),)
_READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_spaces", {}),
    ("list_assets", {"query": "customer"}),
    ("describe_asset", {"asset": "SALES/ORDER_ITEMS"}),
    ("get_sync_status", {}),
    ("list_runs", {}),
)


@dataclass(slots=True)
class Load:
    """What came of one load: milliseconds of each call, what failed, MiB of the server early and at the end."""

    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    early: float = 0.0
    late: float = 0.0


def measure_clients(scale: Scale) -> list[Figure]:
    """64 clients that read for a while, beside the same of a server that only echoes."""
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as temporary:
        return anyio.run(_measure, Path(temporary), scale.seconds)


async def _measure(folder: Path, seconds: float) -> list[Figure]:
    bare = [sys.executable, str(Path(__file__).with_name("bare_mcp_server.py"))]
    echo = await _load(bare, {}, _ECHO, max(5, seconds / 5))
    environment = {"SPHERESYNC_ENV": "dog", "SPHERESYNC_STATE_DIR": str(folder / "state")}
    serve = [program(), "serve", "--transport", "http", "--no-scheduler", "--port"]
    ours = await _load(serve, environment, _READING, seconds)
    over = f"{CLIENTS} clients for {seconds:g} s ({len(ours.times):,} calls)"
    p50 = quantile(sorted(echo.times), 0.5)
    return [
        Figure(SECTION, f"{over}: failed calls", len(ours.failures), "calls", target=exactly(0)),
        Figure(
            SECTION,
            f"{over}: p99 of reading tools",
            quantile(sorted(ours.times), 0.99),
            "ms",
            p50,
            "p50 of a bare echo tool under the same load",
            at_most(10, Of.RATIO),
        ),
        Figure(
            SECTION,
            f"{over}: memory of the server",
            ours.late,
            "MiB",
            ours.early,
            "after a fifth of the time",
            at_most(1.1, Of.RATIO),
        ),
    ]


async def _load(
    command: Sequence[str],
    environment: Mapping[str, str],
    calls: Sequence[tuple[str, dict[str, Any]]],
    seconds: float,
) -> Load:
    load = Load()
    with _served(command, environment) as (address, pid):
        async with anyio.create_task_group() as group:
            ends = time.perf_counter() + seconds
            for number in range(CLIENTS):
                group.start_soon(_ask, address, calls, number, ends, load)
            await anyio.sleep(seconds / 5)
            load.early = _resident(pid)
            await anyio.sleep(max(0, ends - time.perf_counter()))
            load.late = _resident(pid)
    if not load.times:
        raise CallFailedError(f"no call was answered in {seconds:g} s: {load.failures[:1]}")
    return load


async def _ask(address: str, calls: Sequence[tuple[str, dict[str, Any]]], number: int, ends: float, load: Load) -> None:
    async with Client(address) as client:
        for tool, arguments in cycle([*calls[number % len(calls) :], *calls[: number % len(calls)]]):
            began = time.perf_counter()
            if began >= ends:
                return
            try:
                answer = await client.call_tool(tool, arguments)
            except Exception as error:  # noqa: BLE001 -- counted
                load.failures.append(f"{tool}: {type(error).__name__}")
                continue
            load.times.append((time.perf_counter() - began) * 1000)
            if answer.is_error:
                load.failures.append(f"{tool}: {answer.content}")


@contextmanager
def _served(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """A server on a free port: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise ProcessFailedError(f"{' '.join(command)} ended with exit code {process.returncode}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp", process.pid
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _resident(pid: int) -> float:
    """MiB that a process holds in memory."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
