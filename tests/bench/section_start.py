"""From the start of the server's process to its first answer, beside a bare server of the same SDK."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

import anyio

from tests.bench.figures import Figure
from tests.bench.mcp_calls import echo_server, seconds_to_first_answer
from tests.bench.scale import Scale
from tests.bench.section_answers import product_server

SECTION = "start"


def measure_start(scale: Scale) -> list[Figure]:
    """Seconds to the answer of `tools/list` on stdio."""
    with tempfile.TemporaryDirectory(prefix="spheresync-bench-") as folder:
        return anyio.run(_measure, Path(folder), scale)


async def _measure(folder: Path, scale: Scale) -> list[Figure]:
    servers = (product_server(folder), echo_server(folder))
    first = await seconds_to_first_answer(servers[0])
    await seconds_to_first_answer(servers[1])
    rounds = [[await seconds_to_first_answer(server) for server in servers] for _ in range(scale.starts)]
    ours, bare = (median(times) for times in zip(*rounds, strict=True))
    name = f"start to tools/list (median of {scale.starts})"
    return [
        Figure(SECTION, "start to tools/list, new state", first, "s", bare, "bare mcp server"),
        Figure(SECTION, name, ours, "s", bare, "bare mcp server"),
    ]
