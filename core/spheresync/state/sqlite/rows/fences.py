"""Fencing: each claim of a run raises its number, and a write under an older number is refused.

A process that was stopped, or whose machine slept, may wake after another one took its run over. It cannot know that;
the number it carries tells (reference: reliability-and-scale.md 5, zombie test).
"""

from __future__ import annotations

from spheresync.errors import FenceError
from spheresync.model import RunId
from spheresync.state.sqlite.connection import ReadConnection


async def require_fence(connection: ReadConnection, run_id: RunId, fence: int) -> None:
    """Refuse unless `fence` is the number of the run's present claim.

    Raises:
        FenceError: it is not, or there is no such run.
    """
    row = await connection.one("SELECT fence FROM runs WHERE id = ?", (run_id,))
    if row is None:
        raise FenceError(f"The state knows no run {run_id}, so nothing can be written for it.")
    if row[0] != fence:
        raise FenceError(
            f"Run {run_id} was taken over by another process (claim {row[0]}, this one was {fence}).",
            remedy="Nothing is lost: the other process goes on with it.",
        )
