"""The labelled columns, and the two halves of them: one to tune on, one held back to measure with.

Which half a column is in follows from a hash of what a classifier is shown of it, so that no column is in both. Look at
the mistakes of the half to tune on only; a look at the others makes the figure worth nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spheresync.mapping.personal_data import classify
from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    Column,
    PersonalDataClass,
    SourceType,
    SpaceName,
    TechnicalName,
)

FILE = Path(__file__).parents[3] / "data" / "personal_data" / "columns.psv"
_TEXT = SourceType("cds.String", length=40)
_AMONG_PEOPLE = Column(TechnicalName("SMTP_ADDR"), _TEXT)
"""Beside each column stands this one: bare `Name` and `City` hold personal data in tables of people, and only there."""


@dataclass(frozen=True)
class Labelled:
    """One column, and what a person said of it; `label` None: it holds no personal data."""

    origin: str
    name: str
    labels: tuple[tuple[str, str], ...]
    label: PersonalDataClass | None

    @property
    def held_back(self) -> bool:
        shown = "|".join((self.name, dict(self.labels).get("en", ""), dict(self.labels).get("de", "")))
        return bool(hashlib.sha256(shown.encode()).digest()[0] & 1)

    def found(self) -> PersonalDataClass | None:
        column = Column(TechnicalName(self.name), _TEXT, labels=self.labels)
        finding = classify(asset_of(column, _AMONG_PEOPLE)).get(self.name)
        return None if finding is None else finding.personal_class


def asset_of(*columns: Column) -> Asset:
    return Asset(AssetId(SpaceName("HR"), TechnicalName("People")), AssetKind.VIEW, (), columns)


def labelled_columns() -> list[Labelled]:
    lines = (line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [_read(line) for line in lines]


def _read(line: str) -> Labelled:
    origin, name, english, german, label = line.split("|")
    labels = tuple((tag, text) for tag, text in (("de", german), ("en", english)) if text)
    return Labelled(origin, name, labels, None if label == "-" else PersonalDataClass(label))


@dataclass(frozen=True)
class Score:
    """A column found under the wrong class counts twice: as a false hit and as a miss."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


def score(columns: Iterable[Labelled]) -> Score:
    counts: Counter[str] = Counter()
    for column in columns:
        found = column.found()
        if found == column.label:
            counts["right"] += found is not None
        else:
            counts["false"] += found is not None
            counts["missed"] += column.label is not None
    return Score(counts["right"], counts["false"], counts["missed"])
