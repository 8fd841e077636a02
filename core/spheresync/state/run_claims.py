"""Which run may be driven next, and by whom: pure rules over the runs that have not ended.

At most one run is driven at a time. A run belongs to its owner while that process is alive; the run of a dead process
may be taken by anybody. Queued runs go in the order in which they came, and a dead process's place is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spheresync.model import RunId, RunState
from spheresync.state.records import RunRecord


def ahead_of(run: RunRecord, unfinished: Sequence[RunRecord], live: Collection[RunId]) -> list[RunRecord]:
    """The runs that `run` waits for.

    Args:
        run: one of `unfinished`.
        unfinished: queued and running runs, oldest first.
        live: those of them whose owner is alive.
    """
    older = True
    waits_for = []
    for other in unfinished:
        if other.id == run.id:
            older = False
        elif other.id in live and (other.state is RunState.RUNNING or (older and run.state is RunState.QUEUED)):
            waits_for.append(other)
    return waits_for


def may_claim(run: RunRecord, owner: str, unfinished: Sequence[RunRecord], live: Collection[RunId]) -> bool:
    """Whether `owner` may drive `run` now; a run that its owner already drives is not claimed again."""
    if run.id in live and (run.owner != owner or run.state is RunState.RUNNING):
        return False
    return not ahead_of(run, unfinished, live)
