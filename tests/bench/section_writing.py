"""Writing to Glue, without latency and with 30 ms: first sync, unchanged sync, and one in a hundred changed.

Rates are by the simulator's clock from the first to the last CreateTable, so that reading and planning do not count;
the bare pool creates the very tables that the product created.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.edits import change_one_in_a_hundred
from tests.bench.figures import Figure, Of, at_least, at_most, exactly
from tests.bench.installation import Installation, installed
from tests.bench.processes import measure_module
from tests.bench.scale import Scale
from tests.bench.section_discovery import READER, read_barely
from tests.bench.writes import save_tables, seen
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "writing"
LATENCIES = (0, 30)
POOL = "bare boto3 pool"


@dataclass(frozen=True, slots=True)
class _Trial:
    """One installation between a tenant and an AWS that answers after `latency` milliseconds."""

    one: Installation
    tenant: RunningTenant
    glue: GlueSimulator
    scale: Scale
    latency: int

    def named(self, what: str) -> str:
        return f"{self.latency} ms, {what}"


def measure_writing(scale: Scale) -> list[Figure]:
    """Tables a second, calls and bytes for what is new, unchanged and changed."""
    with running_tenant(*scale.tenant) as tenant:
        return [figure for latency in LATENCIES for figure in _with_latency(tenant, scale, latency)]


def _with_latency(tenant: RunningTenant, scale: Scale, latency: int) -> Iterator[Figure]:
    with (
        running_glue(latency_ms=latency) as glue,
        installed(tenant.environment(), glue.environment) as one,
    ):
        trial = _Trial(one, tenant, glue, scale, latency)
        yield from _first(trial)
        yield from _unchanged(trial)
        yield from _changed(trial)


def _first(trial: _Trial) -> Iterator[Figure]:
    read = read_barely(trial.tenant)
    cost = trial.one.run("sync").cost
    wrote = seen(trial.glue)
    with (
        tempfile.TemporaryDirectory(prefix="spheresync-bench-") as folder,
        running_glue(latency_ms=trial.latency) as another,
    ):
        tables = Path(folder) / "tables.jsonl"
        save_tables(trial.glue, tables)
        pool = measure_module("bare_writer", str(tables), environment=another.environment)
        floor = seen(another)
    here, new, bare_new = trial.named("first sync"), wrote.calls["CreateTable"], floor.calls["CreateTable"]
    target = at_least(0.8, Of.RATIO) if trial.latency else None
    calls, sizes = (wrote.total / new, floor.total / bare_new), (wrote.bytes_sent / new, floor.bytes_sent / bare_new)
    yield Figure(SECTION, f"{here}: creates", wrote.per_second, "tables/s", floor.per_second, POOL, target)
    yield Figure(SECTION, here, cost.seconds, "s", read.seconds + pool.seconds, "bare reader + pool")
    yield Figure(SECTION, f"{here}: peak memory", cost.peak_mib, "MiB", pool.peak_mib, POOL)
    yield Figure(SECTION, f"{here}: AWS calls a new table", calls[0], "", calls[1], POOL, at_most(1.01))
    for operation, count in sorted(wrote.calls.items()):
        yield Figure(SECTION, f"{here}: {operation}", count, "calls", floor.calls.get(operation, 0), POOL)
    yield Figure(SECTION, f"{here}: bytes sent a table", sizes[0], "B", sizes[1], POOL)


def _unchanged(trial: _Trial) -> Iterator[Figure]:
    floor = read_barely(trial.tenant)
    trial.glue.reset()
    cost = trial.one.run("sync").cost
    here = trial.named("unchanged sync")
    yield Figure(SECTION, here, cost.seconds, "s", floor.seconds, READER)
    yield Figure(SECTION, f"{here}: AWS calls", seen(trial.glue).total, "calls", target=exactly(0))


def _changed(trial: _Trial) -> Iterator[Figure]:
    changed = change_one_in_a_hundred(trial.tenant, trial.scale.assets, trial.scale.spaces, edition=trial.latency)
    read_barely(trial.tenant)  # the tenant renders everything again after an edit; that is not ours to pay
    floor = read_barely(trial.tenant)
    trial.glue.reset()
    cost = trial.one.run("sync").cost
    wrote, here = seen(trial.glue), trial.named("1 % changed")
    yield Figure(SECTION, here, cost.seconds, "s", floor.seconds, READER)
    yield Figure(SECTION, f"{here}: writes", wrote.written, "calls", target=exactly(changed))
    yield Figure(SECTION, f"{here}: AWS calls a changed table", wrote.total / changed, "", target=at_most(2.0))
    yield Figure(SECTION, f"{here}: bytes sent", wrote.bytes_sent, "B")
