"""Where a run stands that has not ended, in one sentence; and how much there is to do of a change set."""

from __future__ import annotations

from spheresync.answers import ChangeSetAnswer, Progress
from spheresync.model import Action, RunState
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, NEEDS_ALLOWANCE


def progress_sentence(state: str, progress: Progress) -> str:
    """Its phase and how far it is there, as far as that is known."""
    if state == RunState.QUEUED:
        return "It waits for its turn."
    done = f": {progress.done} of {progress.total}" if progress.total else ""
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left} s left"
    return f"Phase {progress.phase}{done}{left}."


def applicable_count(answer: ChangeSetAnswer) -> int:
    """How many items of a change set applying it as it is would do; what waits for anything is none."""
    return sum(answer.summary.get(word, 0) for word in Action if word.changes_something) - answer.blocked


def waits_for_allow_deletes(answer: ChangeSetAnswer) -> bool:
    """Whether deletes of it wait for nothing but to be allowed; of an undo nothing else waits."""
    codes = {finding.code for finding in answer.findings}
    if DELETES_NOT_APPROVED in codes:
        return False
    return NEEDS_ALLOWANCE in codes or (answer.undo_of is not None and answer.blocked > 0)
