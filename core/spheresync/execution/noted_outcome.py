"""What became of an operation, with all that an undo has to know of it. Pure."""

from __future__ import annotations

from dataclasses import replace

from spheresync.model import Action
from spheresync.state.records import ChangeSetItem
from spheresync.targets.design import TargetDesign
from spheresync.targets.protocol import Operation, Outcome
from spheresync.targets.tried_writes import without_tried


def as_undone_by(design: TargetDesign, item: ChangeSetItem, operation: Operation, outcome: Outcome) -> Outcome:
    """The outcome as an undo goes by it.

    What nothing was known of and stands as it should is ours, found again, and no undo takes it away. Of a former body
    counts what was known besides what a look can tell.
    """
    last, before = operation.last_written, _before(design, operation, outcome)
    unknown = last is None and item.expected_digest is None and not operation.recovering
    if outcome.already and unknown and item.action.writes_definition:
        outcome = replace(outcome, did=Action.ADOPT)
    return replace(outcome, before=design.with_noted(before, last) if last and before else before)


def _before(design: TargetDesign, operation: Operation, outcome: Outcome) -> bytes | None:
    """What the object held before; what a write left that failed goes with the one that ends it."""
    before, known = outcome.before, operation.known
    if before is None or known is None:
        return before
    written = design.as_written(known, before)
    return before if written is known else design.restored(without_tried(known), written, before)
