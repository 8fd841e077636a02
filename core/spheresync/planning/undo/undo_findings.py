"""What a person is told of an undo: what it deletes, that no guard stands before it, what is unread.

The guards of a sync hold back tables that vanished by mistake. An undo names one run, is an admin's, and deletes only
where that is allowed besides; so it passes no guard, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from spheresync.model import Problem, SpaceName, counted, counted_each, first_of

UNDO_DELETES = "undo_deletes"
UNREAD_NOW = "unread_now"
_NAMED = 10


def undo_deletes(spaces: Iterable[SpaceName], what: Mapping[str, int]) -> Problem:
    """How many objects of which spaces it deletes; `spaces` holds the space of each, `what` counts them by word."""
    counts = Counter(spaces)
    named = first_of([f"{space} ({count})" for space, count in sorted(counts.items())], _NAMED)
    message = f"this undo deletes {counted_each(what)} of {counted(len(counts), 'space')}: {named}"
    return Problem(
        "undo",
        UNDO_DELETES,
        f"{message}. {NO_GUARD}",
        "Where that is too much, leave the deletes out. Once they are done, a revert of the run that did them makes "
        "them again, as they were.",
    )


NO_GUARD = "No guard stands before an undo: it is done as a whole, however many these are."


def unread_now(space: SpaceName, why: Problem) -> Problem:
    """That a space of the undo cannot be read now."""
    message = f"space {space} cannot be read now, so no sync brings anew what the undo takes away there: {why.message}"
    return Problem(space, UNREAD_NOW, message, why.remedy)
