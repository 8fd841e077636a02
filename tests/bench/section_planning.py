"""Fingerprints, comparison and re-planning, in memory alone: each size in a process of its own."""

from __future__ import annotations

import json

from tests.bench.figures import Figure, at_least
from tests.bench.processes import measure_module
from tests.bench.scale import Scale

SECTION = "planning"


def measure_planning(scale: Scale) -> list[Figure]:
    """Assets fingerprinted, compared and re-planned a second, and the memory that takes."""
    figures = [figure for count in scale.planned for figure in _replan(count)]
    return [*figures, _unchanged(min(scale.assets, 10_000))]


def _replan(count: int) -> list[Figure]:
    ours, floor = (measure_module("pure_planning", mode, str(count)) for mode in ("replan", "bare"))
    seconds, least = (json.loads(measured.stdout)["seconds"] for measured in (ours, floor))
    what = f"fingerprint and diff {count:,} assets"
    return [
        Figure(SECTION, what, count / seconds, "assets/s", count / least, "json.dumps + blake2b"),
        Figure(SECTION, f"{what}: peak memory", ours.peak_mib, "MiB", floor.peak_mib, "digests only"),
    ]


def _unchanged(count: int) -> Figure:
    """Target: at least 100,000 assets a second, once records are loaded."""
    found = json.loads(measure_module("pure_planning", "work_for", str(count)).stdout)
    return Figure(
        SECTION,
        f"re-plan {count:,} unchanged assets, loaded",
        count / found["seconds"],
        "assets/s",
        count / found["bare_seconds"],
        "== of fingerprints",
        at_least(100_000),
    )
