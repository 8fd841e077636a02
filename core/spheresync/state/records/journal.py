"""The journal of a run: how far each of its items is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spheresync.model import (
    Action,
    Digest,
    Problem,
    RunId,
)
from spheresync.state.records.change_sets import ChangeSetItem


class JournalState(StrEnum):
    """How far one item of a run is (DESIGN.md decision 6)."""

    PLANNED = "planned"
    SENT = "sent"  # the request may have reached the target: read before repeating it
    CONFIRMED = "confirmed"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        return self not in {JournalState.PLANNED, JournalState.SENT}


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """How far one item of a run is, and what came of it. `before`/`after` are blobs of bodies."""

    run_id: RunId
    ordinal: int
    state: JournalState
    action: Action
    problem: Problem | None
    before: Digest | None
    after: Digest | None
    version: str | None
    request_id: str | None
    at: str

    @classmethod
    def of(cls, item: ChangeSetItem, run: RunId, state: JournalState, at: str) -> JournalEntry:
        """What is known of an item of which nothing came yet."""
        return cls(
            run_id=run,
            ordinal=item.ordinal,
            state=state,
            action=item.action,
            problem=None,
            before=item.before,
            after=None,
            version=None,
            request_id=None,
            at=at,
        )
