"""Runs with their journals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from spheresync.model import (
    Action,
    AssetId,
    ChangeSetId,
    Digest,
    Principal,
    Problem,
    RunId,
    RunKind,
    RunState,
    TargetKey,
)
from spheresync.state.records import ChangeSetItem, JournalEntry, JournalState, RunRecord


class RunReader(Protocol):
    """Reads runs and their journals."""

    async def get(self, run_id: RunId) -> RunRecord:
        """One run.

        Raises:
            UsageError: there is none of that id.
        """

    async def page(self, limit: int = 20, before: RunId | None = None) -> tuple[list[RunRecord], int]:
        """At most `limit` runs, newest first, that are older than `before`, and how many there are in all."""

    async def by_change_set(self, change_set_id: ChangeSetId) -> RunRecord | None:
        """The run that applies a change set, None where none was started."""

    async def find_active(self, kind: RunKind, request_digest: Digest, actor: Principal) -> RunRecord | None:
        """The queued or running run of the same caller with the same request."""

    async def full_and_done(self) -> list[RunRecord]:
        """The newest syncs that compared all of their scope with AWS and left nothing undone, newest first."""

    async def approved_by_a_person(self) -> RunId | None:
        """The first run that somebody asked for and that wrote what it was asked to, wholly or in part."""

    async def unfinished(self) -> list[RunRecord]:
        """Queued and running runs, oldest first."""

    async def orphans(self) -> list[RunRecord]:
        """Unfinished runs whose process is dead: whoever finds them may claim them. Oldest first."""

    async def entries(self, run_id: RunId) -> list[JournalEntry]:
        """The journal of a run, by ordinal."""

    async def bases(self, run_id: RunId) -> dict[int, Digest]:
        """By ordinal: what had been written last into objects that others had changed before the run wrote them."""

    async def additions(self, run_id: RunId) -> dict[tuple[int, TargetKey], Digest]:
        """What targets that add to another one's objects held there when an item of the run made it go with them."""

    async def lost_entries(self, run_id: RunId) -> list[object]:
        """The ordinals of journal entries of a run that cannot be read, or are not what was written."""

    async def open_entries(self, run_id: RunId) -> list[JournalEntry]:
        """Journal entries that are planned or sent: what a take-over has to read again."""

    async def tally(self, run_id: RunId) -> dict[tuple[Action, JournalState], int]:
        """How many journal entries of a run there are of each action and state."""

    async def first_done(
        self, run_id: RunId, change_set_id: ChangeSetId, each: int
    ) -> dict[Action, tuple[list[AssetId], int]]:
        """By action: the assets of the first `each` confirmed items of a run, and how many such items there are."""

    async def began_at(self, run_id: RunId) -> str | None:
        """When the first item of a run ended, None before that."""

    async def failed(self, run_id: RunId, limit: int) -> list[JournalEntry]:
        """At most `limit` journal entries of a run that ended badly."""


class RunWriter(RunReader, Protocol):
    """Writes runs and their journals. Whatever takes a fence raises FenceError when it is no longer the run's."""

    async def create(self, run: RunRecord) -> None:
        """Enter a new run; its id must not be taken."""

    async def claim(self, run_id: RunId, owner: str) -> int | None:
        """Take a run to drive it, if none goes before it and no living process has it.

        Asking again while waiting is a heartbeat of the waiting owner. A run that seems to be driven by a dead
        process while another one is claimed is fenced off: should that process wake, it can write nothing more.

        Returns:
            The fence of this claim, or None while it is not to be had (or has ended).
        """

    async def heartbeat(self, run_id: RunId, fence: int) -> bool:
        """Send a heartbeat, also for a queued run (fence 0); answers whether a cancel was asked for."""

    async def release(self, run_id: RunId, fence: int) -> None:
        """Let go of a run without ending it: the next process that needs it may claim it at once.

        The claim that ends so does not count as one that came to nothing.
        """

    async def update(
        self,
        run_id: RunId,
        fence: int,
        *,
        state: RunState | None = None,
        phase: str | None = None,
        counts: Mapping[str, int] | None = None,
        usage: Mapping[str, int] | None = None,
        problems: Sequence[Problem] | None = None,
        change_set_id: ChangeSetId | None = None,
        finished_at: str | None = None,
    ) -> None:
        """Change what is given and leave the rest; an ended state sets the end to now where none is given."""

    async def request_cancel(self, run_id: RunId) -> bool:
        """Ask whoever drives or will drive the run to end it; answers whether it had not ended yet."""

    async def cancel_waiting(self, run_id: RunId) -> bool:
        """End a run that nobody has begun yet; False where it is driven, or has ended. Its owner is fenced off."""

    async def cancel_unfinished(self, problem: Problem, *, at: str) -> list[RunRecord]:
        """End every queued or running run; answers them as they were. Who still drives one is fenced off."""

    async def plan_items(self, run_id: RunId, items: Sequence[ChangeSetItem], fence: int) -> None:
        """Enter items in the journal as planned; those that it holds already stay as they are."""

    async def mark_sent(self, run_id: RunId, ordinals: Sequence[int], fence: int) -> None:
        """Note that the requests of these items are about to leave; they need not have been planned before.

        Raises:
            FenceError: another process has taken the run over.
            StateError: an ordinal is not of the run's change set, or its item has ended.
        """

    async def record(
        self,
        run_id: RunId,
        entries: Sequence[JournalEntry],
        fence: int,
        bases: Mapping[int, Digest] = MappingProxyType({}),
        additions: Mapping[tuple[int, TargetKey], Digest] = MappingProxyType({}),
    ) -> None:
        """Write what came of items, many at once: confirmed, failed or skipped.

        `bases`, `additions`: see the methods of these names.

        Raises:
            FenceError: another process has taken the run over.
        """
