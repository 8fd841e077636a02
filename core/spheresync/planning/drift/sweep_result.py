"""What a drift sweep of one target has found, with the texts of what could not be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from spheresync.errors import TargetError
from spheresync.model import AssetId, LiveObject, PhysicalName, Problem, SpaceName, counted
from spheresync.model.words import ALL_SPACES
from spheresync.observe.incidents import target_error
from spheresync.planning.decisions.drift import DRIFT, drift_finding, missing_finding
from spheresync.planning.decisions.drift_findings import DriftFinding
from spheresync.planning.lost_bodies import body_lost
from spheresync.state.records import Checkpoint, DriftEffect, TableDrift

NOT_KNOWN = "not_known"
UNKNOWN_TABLE = "unknown_table"
"""Code of a table with our marker of which the state knows nothing."""


@dataclass(slots=True)
class SweepResult:
    """What the sweep of one target has found so far."""

    compared: set[AssetId] = field(default_factory=set)
    found: list[DriftFinding] = field(default_factory=list)
    gone: set[PhysicalName] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    first_error: TargetError | None = None
    unknown: int = 0  # tables of which a restored state knows nothing
    unjudged: int = 0  # of which not even that could be said whether they are looked for
    strays: list[Problem] = field(default_factory=list)  # tables with our marker of which the state knows nothing
    busy: int = 0  # left out because a run wrote them meanwhile

    @property
    def drifts(self) -> list[TableDrift]:
        """What was found, by asset, as the policies in force have it."""
        return sorted((found.drift for found in self.found), key=lambda drift: drift.asset)

    @property
    def told(self) -> list[TableDrift]:
        """The same with what the repair does of what was asked for by name."""
        return sorted((found.told for found in self.found), key=lambda drift: drift.asset)

    def leave_with_base(self, base: SweepResult) -> None:
        """Tell of what stands on an object that is another's by now what is told of that; nothing is put back there."""
        taken = {each.drift.asset: each.drift for each in base.found if each.drift.effect is DriftEffect.CONFLICT}
        self.found = [
            each if (over := taken.get(each.drift.asset)) is None else each.with_base(over) for each in self.found
        ]

    def lost_assets(self, lost: Counter[SpaceName]) -> None:
        """Name the spaces of whose assets only what was written is left."""
        self.unknown += lost.total()
        for space, count in sorted((+lost).items()):
            text = (
                f"What was read of {counted(count, 'asset')} is lost from this state, so their tables are not judged."
            )
            remedy = "The next listing reads them again; look for drift after it."
            self.problems.append(Problem(space, NOT_KNOWN, text, remedy))

    def unknown_tables(self, unknown: Counter[SpaceName]) -> None:
        """Name the spaces whose tables a restored state knows nothing of."""
        self.unknown += unknown.total()
        for space, count in sorted((+unknown).items()):
            tables = counted(count, "table")
            text = f"What was written last into {tables} is not known since this state was restored."
            remedy = "The next sync finds out what they hold; look for drift after it."
            self.problems.append(Problem(space, NOT_KNOWN, text, remedy))

    def stray(self, live: LiveObject) -> None:
        """Name a table that carries our marker and that the state knows nothing of."""
        text = (
            f"this state knows nothing of table {live.container}.{live.name}, which carries the marker of this "
            f"installation ({live.source or 'of no named asset'})"
        )
        remedy = "`spheresync sync --full` takes it in again, or says why it does not, as for a copy."
        subject = f"{live.container}.{live.name}"
        self.strays.append(Problem(subject, UNKNOWN_TABLE, text, remedy))

    def unread_database(self, database: PhysicalName, tables: int, error: TargetError) -> None:
        """Say that a database could not be read."""
        self.first_error = self.first_error or error
        text = f"{error.message} So {counted(tables, 'table')} could not be compared."
        self.problems.append(Problem(f"database {database}", error.fault, text, error.remedy))

    def hidden_tables(self, database: PhysicalName, errors: Iterable[TargetError]) -> None:
        """Say that tables of a database could not be read, with the first reason."""
        hidden = [*errors]
        text = f"{counted(len(hidden), 'table')} could not be compared: {hidden[0].message}"
        self.problems.append(Problem(f"database {database}", hidden[0].fault, text, hidden[0].remedy))

    def cannot_compare(self, checkpoint: Checkpoint, error: Exception) -> None:
        """Say that one table could not be compared for a reason of its own."""
        self.compared.discard(checkpoint.asset)
        self.problems.append(Problem.of_error(checkpoint.asset, target_error(error, str(checkpoint.asset))))

    def has_lost_body(self, checkpoint: Checkpoint) -> None:
        """Say that one table could not be compared, because what was written last is lost."""
        self.compared.discard(checkpoint.asset)
        self.problems.append(body_lost(checkpoint.asset, f"{checkpoint.container}.{checkpoint.name}"))

    def findings(self) -> list[Problem]:
        """What the repair leaves because the policies say so; told as a full plan tells it."""
        left = []
        for drift in self.told:
            reported = [each.path for each in drift.fields if each.effect is DriftEffect.REPORT]
            if reported:
                left.append(drift_finding(drift.asset, drift.table, reported))
            elif drift.effect is DriftEffect.REPORT:
                left.append(replace(missing_finding(drift.asset, drift.table), remedy=drift.remedy))
        if self.busy:
            are = "was being written by a run meanwhile, and is" if self.busy == 1 else "were being written, and are"
            text = f"{counted(self.busy, 'table')} {are} not judged"
            left.append(Problem(ALL_SPACES, DRIFT, text, "Look again when the run has ended."))
        return left + self.strays
