"""Figures that a log line carries, and how CloudWatch reads them out of it (embedded metric format).

Source: Amazon CloudWatch User Guide, "Specification: embedded metric format": one JSON object a line, its figures and
dimensions at the top, and `_aws` that names them; at most 100 figures and 30 dimensions.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

NAMESPACE = "Spheresync"
_ATTRIBUTE = "measured"
_MOST_FIGURES = 100


class Unit(StrEnum):
    """CloudWatch's words for what a figure counts."""

    COUNT = "Count"
    SECONDS = "Seconds"
    BYTES = "Bytes"


@dataclass(frozen=True, slots=True)
class LogMetrics:
    """Figures of one moment, by their words as `/metrics` has them.

    `by` says what they are told apart by, each of few values: CloudWatch keeps a series of every figure for all of
    them together, and one for the installation alone.
    """

    figures: Mapping[str, tuple[float, Unit]]
    installation: str
    environment: str
    by: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """The figures as fields of a JSON line."""
        return {word: _number(amount) for word, (amount, _) in self.figures.items()}

    def embedded(self, at: float) -> dict[str, object]:
        """The fields of a line in the embedded metric format; `at` in seconds since the epoch."""
        told = dict(islice(self.figures.items(), _MOST_FIGURES))
        whose = {"environment": self.environment, "installation": self.installation}
        apart = [[*whose], [*whose, *self.by]] if self.by else [[*whose]]
        names = [{"Name": word, "Unit": str(unit)} for word, (_, unit) in told.items()]
        directive = {"Namespace": NAMESPACE, "Dimensions": apart, "Metrics": names}
        return {
            "_aws": {"Timestamp": round(at * 1000), "CloudWatchMetrics": [directive]},
            **whose,
            **self.by,
            **{word: _number(amount) for word, (amount, _) in told.items()},
        }


def measuring(measured: LogMetrics) -> dict[str, LogMetrics]:
    """The `extra` of a call of a logger that makes its line carry figures."""
    return {_ATTRIBUTE: measured}


def measured_of(record: logging.LogRecord) -> LogMetrics | None:
    """The figures that a record carries."""
    found = getattr(record, _ATTRIBUTE, None)
    return found if isinstance(found, LogMetrics) else None


def seconds_between(began: str, ended: datetime) -> float:
    """From a moment as the state spells it to another; never less than nothing, whatever clocks do."""
    return max(0.0, (ended.astimezone(UTC) - datetime.fromisoformat(began)).total_seconds())


def _number(amount: float) -> float:
    return int(amount) if float(amount).is_integer() else round(amount, 3)
