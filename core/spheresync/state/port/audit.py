"""The audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from spheresync.state.records import ANY_ENTRY, AuditEntry, AuditEvent, AuditFilter, AuditVerdict


class AuditReader(Protocol):
    """Reads and verifies the log."""

    async def query(
        self, wanted: AuditFilter = ANY_ENTRY, *, limit: int = 50, cursor: int | None = None
    ) -> tuple[list[AuditEntry], int]:
        """At most `limit` entries, newest first, numbered below `cursor`, and how many match in all."""

    async def counts(self, wanted: AuditFilter, field: str) -> dict[str, int]:
        """How many entries match by actor, action, outcome, run_id or asset, most first; those without it by none."""

    async def actors(self) -> list[str]:
        """Everybody of whom there is an entry."""

    def iterate(self, since: str | None = None, until: str | None = None) -> AsyncIterator[AuditEntry]:
        """Every entry from `since` to before `until`, oldest first, as of the beginning of the walk."""

    async def head(self) -> tuple[int, str]:
        """Number and hash of the last entry, which the next one follows.

        Raises:
            StateError: the log cannot take another entry, because it was altered.
        """

    async def verify(self) -> AuditVerdict:
        """Walk the whole log; entries written meanwhile are not part of the walk."""


class AuditWriter(AuditReader, Protocol):
    """Appends to the log."""

    async def append_many(self, events: Sequence[AuditEvent]) -> list[AuditEntry]:
        """Append events in this order; they are kept if, and only if, the whole transaction is."""
