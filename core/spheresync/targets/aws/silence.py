"""When to stop asking a service that does not answer: what hangs would hold up all that waits for the run.

A request that is not answered costs its whole timeout, and everything of a run that goes the same way costs it again.
So after some in a row nothing more is sent for a while; then the next request finds out whether the service is back.
"""

from __future__ import annotations

from collections.abc import Callable

from spheresync.model import counted
from spheresync.targets.aws.errors import AwsError

TIMEOUTS_IN_A_ROW = 2
PAUSE = 60.0
"""Seconds for which nothing is sent; longer than what is left of a run needs to come to its end."""
_TIMEOUTS = frozenset({"ReadTimeoutError", "ConnectTimeoutError"})


class Silence:
    """Counts what was not answered, of all services of one door."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._until = 0.0

    def answered(self) -> None:
        """Anything came back, a refusal too."""
        self._in_a_row = 0

    def failed(self, error: AwsError) -> bool:
        """Take in that a request failed; answers whether nothing more is to be sent for now."""
        if error.code not in _TIMEOUTS:
            self.answered()
            return False
        self._in_a_row += 1
        if self._in_a_row < TIMEOUTS_IN_A_ROW:
            return False
        self._until = self._clock() + PAUSE
        error.systemic = True
        return True

    def require_over(self, subject: str, api: str) -> None:
        """Let a request pass, unless the service has been given up a moment ago.

        Raises:
            AwsError: UNREACHABLE; nothing was sent.
        """
        if self._in_a_row < TIMEOUTS_IN_A_ROW or self._clock() >= self._until:
            return
        raise AwsError.silent(
            f"{subject}: {api} was not sent: {counted(self._in_a_row, 'request')} in a row got no answer in time, so "
            "this place is given up for now."
        )
