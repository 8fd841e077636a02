"""Rows that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LostRow:
    """A row that cannot be read. `key` holds its key columns as they lie there."""

    table: str
    key: tuple[object, ...]
    reason: str

    def __str__(self) -> str:
        return f"{row_name(self.table, self.key)} ({self.reason})"


def row_name(table: str, key: Sequence[object]) -> str:
    """A row as people know it."""
    noun, which = _NAMES.get(table, (table, slice(None)))
    name = "/".join(part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in key[which])
    return f"{noun} {name}"


_NAMES = {
    "spaces": ("space", slice(None)),
    "assets": ("asset", slice(None)),
    "entries": ("catalog entry of", slice(None)),
    "schedule": ("schedule of", slice(None)),
    "jobs": ("job", slice(None)),
    "checkpoints": ("checkpoint", slice(2, None)),
    "former_tables": ("former table", slice(2, None)),
    "drift_looks": ("look for drift", slice(None)),
    "drift_found": ("drift of", slice(2, None)),
    "unwritten": ("write problem of", slice(2, None)),
    "alerts": ("alert", slice(None)),
    "notices": ("notice", slice(None)),
    "runs": ("run", slice(None)),
    "journal": ("journal of run", slice(None)),
    "journal_bases": ("journal of run", slice(None)),
    "journal_additions": ("journal of run", slice(None)),
    "leases": ("lease", slice(None)),
    "request_grants": ("request permits", slice(None)),
    "ledger": ("ledger", slice(None)),
    "promotions": ("approval of promotion", slice(None)),
    "meta": ("value", slice(None)),
}
"""What rows of a table are to people, and which part of the key names one."""
