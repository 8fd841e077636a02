"""Whether an object that was written is the asset's still, or others have deleted it or made it theirs. Pure.

One place, so that whatever tells of the object says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from spheresync.errors import TargetFault
from spheresync.state.records import Checkpoint, DriftEffect, TableDrift, Unwritten


class Loss(StrEnum):
    """What became of an object by others."""

    DELETED = "deleted by others"
    NOT_OURS = "not ours any more"


@dataclass(frozen=True, slots=True)
class LostObject:
    """That an object is not the asset's any more; `reason` says, behind its name, what is known of that."""

    loss: Loss
    reason: str


def lost_object(
    checkpoint: Checkpoint, drift: TableDrift | None = None, unwritten: Unwritten | None = None
) -> LostObject | None:
    """What became of the object of a checkpoint by others; None where nothing is known of that.

    Args:
        checkpoint: what was written last.
        drift: what the last look found.
        unwritten: why the target does not hold the asset as it should: of this object, or of one of another name.
    """
    if not checkpoint.is_there:
        return None
    if drift is not None and drift.is_gone:
        return LostObject(Loss.DELETED, drift.reason)
    if drift is not None and drift.effect is DriftEffect.CONFLICT:
        return LostObject(Loss.NOT_OURS, drift.reason)
    if unwritten is not None and unwritten.problem.code == TargetFault.CONFLICT:
        named = re.compile(rf"(?<![\w.]){re.escape('.'.join(checkpoint.address))}(?![\w.])")
        if named.search(unwritten.problem.message):
            return LostObject(Loss.NOT_OURS, unwritten.problem.message)
    return None
