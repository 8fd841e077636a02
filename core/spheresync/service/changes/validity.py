"""Whether a saved change set may still be applied."""

from __future__ import annotations

from spheresync.config import Settings
from spheresync.errors import RefusedError
from spheresync.state.change_set_digest import require_format
from spheresync.state.records import ChangeSetRecord


def require_current(record: ChangeSetRecord, settings: Settings, *, now: str) -> None:
    """Let a saved change set pass that may be applied as far as time, program and rules go.

    Raises:
        RefusedError: it expired, or mapping, scope or program moved since.
    """
    require_format(record)
    if record.expires_at < now:
        raise RefusedError(f"change set {record.id} expired at {record.expires_at}.", remedy="Make a new preview.")
    if record.undo_of is None:
        require_made_so(record, settings)
    in_force = None if settings.promoted is None else settings.promoted.digest
    if record.promotion not in {None, in_force}:
        raise RefusedError(
            f"the promotion that change set {record.id} was made with is no longer in force.",
            remedy="Make a new preview.",
        )


def require_made_so(record: ChangeSetRecord, settings: Settings) -> None:
    if (record.mapping_digest, record.scope_digest) != (settings.mapping_digest, settings.scope_digest):
        raise RefusedError(
            f"mapping or scope changed since change set {record.id} was made.", remedy="Make a new preview."
        )
