"""What this process has asked of Datasphere and AWS, and its share in the ledger of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

import anyio

from spheresync.runtime.providers import ProviderGenerations
from spheresync.state.port import Store, Tx

USED = ("datasphere_requests", "datasphere_bytes", "aws_calls", "aws_bytes")
"""What is told of what a run used, in words of the ledger."""
SAVED_REQUESTS = "datasphere_requests_saved"
"""Requests that were not needed, as one answer held several definitions; told where there are any."""
_AT_LAST = 2.0
"""Seconds that the last entry may take on the way out."""


class UsageMeter:
    """Counts where requests leave the process, and adds what is new to the ledger."""

    def __init__(self, store: Store, providers: ProviderGenerations, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock
        self._others: list[Callable[[], Mapping[str, int]]] = []
        self._recorded: dict[str, int] = {}  # what the ledger holds already

    def so_far(self) -> dict[str, int]:
        """Requests and bytes of this process so far, measured where they leave it."""
        spent = self._providers.spent()
        saved = {SAVED_REQUESTS: spent[SAVED_REQUESTS]} if spent.get(SAVED_REQUESTS) else {}
        return {word: spent.get(word, 0) for word in USED} | saved

    def count_also(self, figures: Callable[[], Mapping[str, int]]) -> None:
        """Have the ledger hold these figures of the process too; they are no part of what a run uses."""
        self._others.append(figures)

    async def record(self) -> None:
        """Add to the ledger what this process has used since it last did.

        Raises:
            StateError: the state could not be written; the next call adds it.
        """
        await self._providers.close_ended()
        used = {**self._providers.spent()}
        for figures in self._others:
            used |= figures()
        amounts = {word: amount - self._recorded.get(word, 0) for word, amount in used.items()}
        if not any(amounts.values()):
            return
        self._recorded = used
        day = self._clock().date().isoformat()

        async def add(tx: Tx) -> None:
            await tx.ledger.add(day, amounts)

        await self._store.write(add)

    async def record_at_last(self) -> None:
        """As `record`, on the way out: also when cancelled, for two seconds at most, and without raising."""
        with anyio.move_on_after(_AT_LAST, shield=True), suppress(Exception):
            await self.record()
