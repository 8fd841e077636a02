"""Writing to Glue, without latency and with 30 ms: first sync, unchanged sync, and one in a hundred changed.

Rates are by the simulator's clock from the first to the last CreateTable, so that reading and planning do not count; the
bare pool creates the very tables that the product created.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.edits import change_one_in_a_hundred
from tests.bench.figures import Figure, Of, at_least, at_most, exactly
from tests.bench.installation import Answered, Installation, installed
from tests.bench.processes import Measured, measure_module
from tests.bench.scale import Scale
from tests.bench.section_discovery import read_barely
from tests.bench.writes import Writes, save_tables, seen
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "writing"
LATENCIES = (0, 30)


def measure_writing(scale: Scale) -> list[Figure]:
    """Tables a second, calls and bytes for what is new, unchanged and changed."""
    with running_tenant(*scale.tenant) as tenant:
        reader = read_barely(tenant)
        return [
            figure
            for number, latency in enumerate(LATENCIES)
            for figure in _with_latency(tenant, reader, scale, latency, number)
        ]


def _with_latency(tenant: RunningTenant, reader: Measured, scale: Scale, latency: int, number: int) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="spheresync-bench-") as folder,
        running_glue(latency_ms=latency) as glue,
        installed(tenant.environment(), glue.environment) as one,
    ):
        first = one.run("sync")
        written, tables = seen(glue), Path(folder) / "tables.jsonl"
        save_tables(glue, tables)
        with running_glue(latency_ms=latency) as another:
            pool = measure_module("bare_writer", str(tables), environment=another.environment)
            floor = seen(another)
        yield from _first(first, written, floor, reader.seconds + pool.seconds, latency)
        glue.reset()
        unchanged = one.run("sync").cost
        yield Figure(SECTION, f"{latency} ms, unchanged sync", unchanged.seconds, "s", reader.seconds, "bare reader")
        calls = seen(glue).total
        yield Figure(SECTION, f"{latency} ms, unchanged sync: AWS calls", calls, "calls", target=exactly(0))
        yield from _changed(one, tenant, glue, scale, latency, number)


def _first(first: Answered, written: Writes, floor: Writes, bare_seconds: float, latency: int) -> Iterator[Figure]:
    here, new = f"{latency} ms, first sync", written.calls["CreateTable"]
    target = at_least(0.8, Of.RATIO) if latency else None
    bare_new = floor.calls["CreateTable"]
    yield Figure(
        SECTION, f"{here}: creates", written.per_second, "tables/s", floor.per_second, "bare boto3 pool", target
    )
    yield Figure(SECTION, here, first.cost.seconds, "s", bare_seconds, "bare reader + bare pool")
    yield Figure(SECTION, f"{here}: peak memory", first.cost.peak_mib, "MiB")
    yield Figure(
        SECTION,
        f"{here}: AWS calls a new table",
        written.total / new,
        "",
        floor.total / bare_new,
        "bare boto3 pool",
        at_most(1.01),
    )
    for operation, count in sorted(written.calls.items()):
        beside = floor.calls.get(operation, 0)
        yield Figure(SECTION, f"{here}: {operation}", count, "calls", beside, "bare boto3 pool")
    yield Figure(
        SECTION,
        f"{here}: bytes sent a table",
        written.bytes_sent / new,
        "B",
        floor.bytes_sent / bare_new,
        "bare boto3 pool",
    )


def _changed(
    one: Installation, tenant: RunningTenant, glue: GlueSimulator, scale: Scale, latency: int, number: int
) -> Iterator[Figure]:
    changed = change_one_in_a_hundred(tenant, scale.assets, scale.spaces, number=number)
    read_barely(tenant)  # the tenant renders again what was edited; that is not ours to pay
    floor = read_barely(tenant)
    glue.reset()
    cost = one.run("sync").cost
    wrote, here = seen(glue), f"{latency} ms, 1 % changed"
    yield Figure(SECTION, here, cost.seconds, "s", floor.seconds, "bare reader")
    yield Figure(SECTION, f"{here}: writes", wrote.written, "calls", target=exactly(changed))
    yield Figure(SECTION, f"{here}: AWS calls a changed table", wrote.total / changed, "", target=at_most(1.05))
    yield Figure(SECTION, f"{here}: bytes sent", wrote.bytes_sent, "B")
