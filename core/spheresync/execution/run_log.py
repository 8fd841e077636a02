"""What the log says of a run that ended: its state, its counts, its problems, and its figures for collectors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from spheresync.config import Settings
from spheresync.model import JsonValue, Problem, RunState
from spheresync.observe.context import about
from spheresync.observe.log_metrics import LogMetrics, Unit, measuring, seconds_between
from spheresync.state.records import RunRecord

_LOGGED = 50
"""So many problems of a run are logged; the run itself holds all of them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has just ended in a state, with what was counted and used."""

    run: RunRecord
    state: RunState
    counts: Mapping[str, int]
    usage: Mapping[str, int]
    problems: Sequence[Problem]


def log_run_end(ended: EndedRun, settings: Settings, now: datetime) -> None:
    """Log the end of a run; as a warning where somebody should look at it."""
    well = ended.state in {RunState.DONE, RunState.CANCELLED}
    counts = ", ".join(f"{count} {word}" for word, count in sorted(nonzero(ended.counts).items()))
    figures = measuring(_measured(ended, settings, now))
    log.log(
        logging.INFO if well else logging.WARNING, "ended %s: %s", ended.state, counts or "nothing to do", extra=figures
    )
    for problem in ended.problems[:_LOGGED]:
        with about(asset=None if problem.asset is None else str(problem.asset)):
            log.warning("%s: %s", problem.code, problem.message)


def nonzero(figures: Mapping[str, int]) -> dict[str, JsonValue]:
    """Figures without those that are nothing."""
    return {str(key): value for key, value in figures.items() if value}


def _measured(ended: EndedRun, settings: Settings, now: datetime) -> LogMetrics:
    return LogMetrics(
        {
            "run_seconds": (seconds_between(ended.run.created_at, now), Unit.SECONDS),
            **{f"run_{word}": (count, Unit.COUNT) for word, count in sorted(ended.counts.items())},
            **{word: (amount, _unit_of(word)) for word, amount in ended.usage.items()},
        },
        installation=settings.installation_name,
        environment=settings.env,
        by={"kind": ended.run.kind, "state": ended.state},
    )


def _unit_of(word: str) -> Unit:
    return Unit.BYTES if "bytes" in word.split("_") else Unit.COUNT
