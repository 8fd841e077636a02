"""When to stop trying: a target that takes nothing ends a run, a database that refuses all ends only itself."""

from __future__ import annotations

from collections import Counter

from spheresync.errors import TargetError, TargetFault
from spheresync.model import PhysicalName


class CircuitBreaker:
    """Counts what a target does not take, apart for each database: one that refuses all must not stop the others.

    `given_up` holds the databases that have refused `most` items in a row, with the last refusal of each.
    """

    def __init__(self, most: int) -> None:
        self.given_up: dict[PhysicalName, TargetError] = {}
        self._most = most
        self._in_a_row = 0
        self._by_container: Counter[PhysicalName] = Counter()

    def succeeded(self, container: PhysicalName) -> None:
        """An item was done."""
        self._in_a_row = 0
        self._by_container[container] = 0
        self.given_up.pop(container, None)

    def failed(self, container: PhysicalName, error: TargetError) -> bool:
        """Take in that an item was not done; answers whether no other will be either."""
        if error.systemic:
            self._in_a_row += 1
            # Credentials that are not taken do not get better by trying.
            return error.fault is TargetFault.DENIED or self._in_a_row >= self._most
        if error.fault is TargetFault.DENIED:
            self._by_container[container] += 1
            if self._by_container[container] >= self._most:
                self.given_up[container] = error
        return False
