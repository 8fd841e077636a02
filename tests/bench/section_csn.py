"""Reading CSN: documents of 20 columns a second of one core, beside `json.loads` of the same bytes."""

from __future__ import annotations

import json

from tests.bench.figures import Figure, at_least
from tests.bench.processes import measure_module
from tests.bench.scale import Scale

SECTION = "csn"


def measure_csn(scale: Scale) -> list[Figure]:
    """Target: at least 2,000 a second parsed."""
    count = min(scale.assets, 10_000)
    return [_figure("parse", count, 2_000), _figure("whole", count, None)]


def _figure(mode: str, count: int, target: float | None) -> Figure:
    measured = measure_module("pure_csn", mode, str(count))
    found = json.loads(measured.stdout)
    what = {"parse": "parse", "whole": "parse, normalise, digest and spell"}[mode]
    return Figure(
        SECTION,
        f"{what} {count:,} CSN documents",
        count / found["seconds"],
        "assets/s",
        count / found["bare_seconds"],
        "json.loads",
        at_least(target) if target is not None else None,
    )
