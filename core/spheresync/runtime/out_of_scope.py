"""What `scope:` or a rule leaves out, said so that nobody takes it for empty or unchanged. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from spheresync.model import Problem, SpaceName, counted

Outside = Callable[[SpaceName], str | None]
"""What of the scope leaves a whole space out; None where it does not."""
LEFT_OUT = "left_out"
WIDEN = "Widen `scope:` of the configuration, or change the rule, to have it read and written."


def nothing_outside(_: SpaceName) -> str | None:
    """Where no scope is known."""
    return None


def space_outside(space: SpaceName, why: str) -> Problem:
    """That nothing of a space is listed, as the scope leaves it out."""
    message = f"Space {space} is outside `scope:` ({why}), so its assets are not listed."
    return Problem(space, LEFT_OUT, message, WIDEN)


def assets_left_out(space: SpaceName, reasons: Iterable[str]) -> list[Problem]:
    """How many assets of a space each reason leaves out."""
    return [
        Problem(space, LEFT_OUT, f"{counted(count, 'asset')} left out: {why}.", WIDEN)
        for why, count in sorted(Counter(reasons).items())
    ]
