"""Short summaries of answers that both faces show: progress of a run, what a change set does and creates first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from spheresync.answers import ChangeSetAnswer, PrerequisiteRow, Progress
from spheresync.model import Action, RunState, counted, first_of
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED, NEEDS_ALLOWANCE
from spheresync_server.untrusted import visible

_NAMED = 3
"""Prerequisites of one kind that a summary names; the others are counted."""
_CREATION = re.compile(r"(?:\w+:)?Create(?P<kind>[A-Z]\w*)")
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def progress_sentence(state: str, progress: Progress) -> str:
    """The phase of a run, and how far it has come in it where that is known."""
    if state == RunState.QUEUED:
        return "It waits for its turn."
    done = f": {progress.done} of {progress.total}" if progress.total else ""
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left} s left"
    return f"Phase {progress.phase}{done}{left}."


def applicable_count(answer: ChangeSetAnswer) -> int:
    """How many items applying a change set would do now; items that wait for something do not count."""
    return sum(answer.summary.get(word, 0) for word in Action if word.changes_something) - answer.blocked


def waits_for_allow_deletes(answer: ChangeSetAnswer) -> bool:
    """Whether deletes wait only for `allow_deletes`; in an undo, blocked items wait for nothing else."""
    codes = {finding.code for finding in answer.findings}
    if DELETES_NOT_APPROVED in codes:
        return False
    return NEEDS_ALLOWANCE in codes or (answer.undo_of is not None and answer.blocked > 0)


def prerequisite_summaries(prerequisites: Sequence[PrerequisiteRow]) -> Iterator[str]:
    """What is created before the items, kind by kind: `5 databases: a, b, c and 2 more`."""
    by_operation: dict[str, list[str]] = defaultdict(list)
    for row in prerequisites:
        by_operation[row.operation].append(visible(row.object))
    for operation, names in by_operation.items():
        yield f"{_creates(operation, len(names))}: {first_of(names, _NAMED)}"


def _creates(operation: str, count: int) -> str:
    creation = _CREATION.fullmatch(operation)
    if creation is None:
        return f"calls {operation} {counted(count, 'time')}"
    words = _NEXT_WORD.sub(" ", creation["kind"]).split()
    return f"creates {counted(count, ' '.join(word.lower() if word.istitle() else word for word in words))}"
