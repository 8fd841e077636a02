"""Say in one sentence where a run stands that has not ended."""

from __future__ import annotations

from spheresync.answers import Progress
from spheresync.model import RunState


def standing(state: str, progress: Progress) -> str:
    """Its phase and how far it is there, as far as that is known."""
    if state == RunState.QUEUED:
        return "It waits for its turn."
    done = f": {progress.done} of {progress.total}" if progress.total else ""
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left} s left"
    return f"Phase {progress.phase}{done}{left}."
