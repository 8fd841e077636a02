"""Answers about what others changed in the targets."""

from __future__ import annotations

from pydantic import Field, JsonValue

from spheresync.answers.base import Answer, Finding, OmitNone
from spheresync.answers.runs import Failure


class DriftFieldRow(Answer):
    """From what was last written to what was found there; `policy` is None where no drift policy has a say."""

    path: str
    kind: str
    written: JsonValue = Field(description="by us")
    found: JsonValue = Field(description="now")
    policy: str | None = None
    effect: str


class DriftRow(Answer):
    """One object that others changed. `effect` says what the repair does with it; `fields` are at most 25."""

    asset: str
    target: str
    destination: OmitNone[str] = None
    object: str
    kind: str
    kinds: list[str]
    policy: str | None = None
    effect: str = Field(description="what the repair does")
    reason: str
    remedy: str
    fields: list[DriftFieldRow] = Field(description="the first 25")
    fields_total: int
    changed_at: str | None = None
    changed_by: str = Field(description="where AWS tells")


class DriftAnswer(Answer):
    """What others changed. `change_set_id` is the saved repair, None where nothing is to be repaired.

    `first` is the place of its first item among all, from 1.
    """

    change_set_id: str | None = Field(default=None, description="of the repair")
    looked_at: str
    summary: dict[str, int]
    findings: list[Finding]
    problems: list[Finding] = Field(description="what could not be compared")
    items: list[DriftRow]
    total: int
    next_cursor: str | None = None
    first: OmitNone[int] = None


class DriftRepair(DriftAnswer):
    """What was found, and the run that repaired it; `run_id` is None where nothing had to be done."""

    run_id: str | None = None
    state: str
    counts: dict[str, int]
    failures: list[Failure]
    failures_total: int


class DriftStatus(Answer):
    """How many objects are known to have drifted now; when was looked last, and how many that look compared or not."""

    drifted: int
    looked_at: str | None = None
    compared: int = 0
    not_compared: int = 0
