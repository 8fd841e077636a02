"""Items that a run had sent when its process died, and of which nobody knows yet whether they were done."""

from __future__ import annotations

from spheresync.model import RunId
from spheresync.state.port import Store
from spheresync.state.records import JournalState

UNCONFIRMED = "unconfirmed"
"""Code of a run that ended while that could not be found out."""


async def sent_items(store: Store, run_id: RunId) -> frozenset[int]:
    """The ordinals of items that are noted as sent, and as neither confirmed nor failed."""
    entries = await store.runs.open_entries(run_id)
    return frozenset(entry.ordinal for entry in entries if entry.state is JournalState.SENT)
