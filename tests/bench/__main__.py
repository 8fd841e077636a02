"""`python -m tests.bench`: measure the product, print one table, write the same as JSON.

Every figure stands beside a baseline that was measured in the same run on the same machine, because a number of seconds
alone says more about the machine than about the program. Nothing leaves loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.figures import Figure, medians
from tests.bench.processes import ROOT
from tests.bench.scale import FULL, QUICK, Scale, Section
from tests.bench.section_answers import measure_answers
from tests.bench.section_clients import measure_clients
from tests.bench.section_csn import measure_csn
from tests.bench.section_discovery import measure_discovery
from tests.bench.section_freshness import measure_freshness
from tests.bench.section_objects import measure_objects
from tests.bench.section_planning import measure_planning
from tests.bench.section_start import measure_start
from tests.bench.section_targets import measure_targets
from tests.bench.section_throttled import measure_throttled
from tests.bench.section_writing import measure_writing
from tests.bench.table import spell_table

SECTIONS: dict[str, Section] = {
    "planning": measure_planning,
    "csn": measure_csn,
    "discovery": measure_discovery,
    "objects": measure_objects,
    "writing": measure_writing,
    "targets": measure_targets,
    "throttled": measure_throttled,
    "answers": measure_answers,
    "start": measure_start,
    "clients": measure_clients,
    "freshness": measure_freshness,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 where something could not be measured, else 0, targets met or not: a slow machine is no fault."""
    options = _options(arguments)
    scale = QUICK if options.quick else FULL
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in options.only or SECTIONS:
        try:
            figures += _measured(name, scale, options.repeat)
        except Exception as error:  # noqa: BLE001  # one section that cannot be measured leaves the others
            failures[name] = "\n".join(_reasons(error))
    print(spell_table(figures))
    met, missed = (sum(figure.met is wanted for figure in figures) for wanted in (True, False))
    print(f"\n{met} targets met, {missed} missed")
    for name, reason in failures.items():
        print(f"\n{name} could not be measured: {reason}", file=sys.stderr)
    document = _document(figures, failures, quick=options.quick, repeat=options.repeat)
    options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if failures else 0


def _reasons(error: BaseException) -> Iterator[str]:
    """What went wrong, without the groups that task groups wrap around it."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _reasons(inner)
    else:
        yield f"{type(error).__name__}: {error}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Spheresync beside baselines.")
    parser.add_argument("--quick", action="store_true", help="1,000 assets: shows that it works, says little of speed")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, metavar="NAME", help=f"one of {', '.join(SECTIONS)}"
    )
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="measure N times and take the median")
    parser.add_argument("--out", type=Path, default=ROOT / "bench-results.json", metavar="FILE")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error("--repeat is at least 1")
    return options


def _measured(name: str, scale: Scale, repeat: int) -> list[Figure]:
    rounds = []
    for number in range(1, repeat + 1):
        print(f"measuring {name}{f', round {number} of {repeat}' if repeat > 1 else ''} ...", file=sys.stderr)
        rounds.append(SECTIONS[name](scale))
    return medians(rounds)


def _document(figures: Sequence[Figure], failures: Mapping[str, str], *, quick: bool, repeat: int) -> dict[str, object]:
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "repeat": repeat,
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "processors": os.cpu_count(),
        },
        "figures": [figure.to_json() for figure in figures],
        "failures": dict(failures),
    }


if __name__ == "__main__":
    sys.exit(main())
