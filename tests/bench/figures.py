"""What a benchmark says: figures, the baselines beside them, the targets they should meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from spheresync.model import JsonValue


class Of(StrEnum):
    """What a target is about."""

    VALUE = "value"
    RATIO = "ratio"  # the value divided by its baseline


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach: at most or at least `limit`, itself or as a ratio to its baseline."""

    limit: float
    of: Of = Of.VALUE
    at_least: bool = False
    exact: bool = False

    def __str__(self) -> str:
        sign = "=" if self.exact else (">=" if self.at_least else "<=")
        return f"{sign} {self.limit:,g}{' x baseline' if self.of is Of.RATIO else ''}"

    def met(self, reached: float) -> bool:
        if self.exact:
            return reached == self.limit
        return reached >= self.limit if self.at_least else reached <= self.limit


def at_most(limit: float, of: Of = Of.VALUE) -> Target:
    return Target(limit, of)


def at_least(limit: float, of: Of = Of.VALUE) -> Target:
    return Target(limit, of, at_least=True)


def exactly(limit: float) -> Target:
    return Target(limit, exact=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `value` in `unit`, measured beside `baseline` (same unit; what it is says `beside`)."""

    section: str
    name: str
    value: float
    unit: str
    baseline: float | None = None
    beside: str = ""
    target: Target | None = None
    runs: int = 1

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        reached = self._reached
        return None if self.target is None or reached is None else self.target.met(reached)

    @property
    def verdict(self) -> str:
        """`met`, or `missed by` how much of the target."""
        reached = self._reached
        if self.target is None or reached is None:
            return ""
        if self.target.met(reached):
            return "met"
        if self.target.exact or not self.target.limit:
            return f"missed by {abs(reached - self.target.limit):,g}"
        return f"missed by {abs(reached / self.target.limit - 1):.1%}"

    @property
    def _reached(self) -> float | None:
        return self.ratio if self.target is not None and self.target.of is Of.RATIO else self.value

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "section": self.section,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "beside": self.beside,
            "ratio": self.ratio,
            "target": str(self.target) if self.target is not None else None,
            "met": self.met,
            "verdict": self.verdict,
            "runs": self.runs,
        }


def medians(rounds: Iterable[Iterable[Figure]]) -> list[Figure]:
    """One figure for each name: the median of its values and of its baselines over all rounds, in first order."""
    found: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figures in rounds:
        for figure in figures:
            found[figure.section, figure.name].append(figure)
    return [_median(figures) for figures in found.values()]


def _median(figures: list[Figure]) -> Figure:
    baselines = [figure.baseline for figure in figures if figure.baseline is not None]
    return replace(
        figures[0],
        value=median(figure.value for figure in figures),
        baseline=median(baselines) if baselines else None,
        runs=len(figures),
    )
