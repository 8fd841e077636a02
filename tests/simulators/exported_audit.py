"""Read back what `spheresync audit export` wrote."""

from __future__ import annotations

from spheresync.model.json_document import read_own_json
from spheresync.state.records import AuditEntry


def entry_of(line: str) -> AuditEntry:
    """The entry of one line of a JSON Lines export."""
    return AuditEntry(**read_own_json(line))
