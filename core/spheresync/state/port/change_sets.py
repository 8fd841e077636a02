"""Saved change sets, and approved promotions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from spheresync.model import (
    Action,
    ChangeSetId,
    Digest,
    RunId,
    TargetKey,
)
from spheresync.state.records import Approval, ApprovedPromotion, ChangeSetItem, ChangeSetRecord


class ChangeSetReader(Protocol):
    """Reads change sets."""

    async def get(self, change_set_id: ChangeSetId) -> ChangeSetRecord:
        """The head of one change set.

        Raises:
            UsageError: there is none of that id.
        """

    async def items(
        self,
        change_set_id: ChangeSetId,
        after_ordinal: int = 0,
        limit: int = 100,
        actions: Collection[Action] | None = None,
    ) -> list[ChangeSetItem]:
        """At most `limit` items that follow `after_ordinal`, of these actions or of all."""

    async def all_items(self, change_set_id: ChangeSetId) -> list[ChangeSetItem]:
        """Every item, by ordinal."""

    async def targets(self, change_set_id: ChangeSetId, ordinals: Collection[int]) -> dict[int, TargetKey]:
        """The target of each of these items, by ordinal; what is no item of it is left out."""

    async def seals(self, change_set_id: ChangeSetId) -> dict[int, str | None]:
        """What each item was sealed with when it was saved, by ordinal; see `saved`."""

    async def open(self, *, at: str, before: int | None = None, limit: int = 100) -> list[tuple[int, ChangeSetRecord]]:
        """At most `limit` that may be applied at that moment, newest first, with their places, before a place.

        Those that would do nothing are left out.
        """

    async def count_open(self, *, at: str) -> tuple[int, int]:
        """How many may be applied at that moment, and how many others that are open would do nothing."""

    async def latest(self, n: int) -> list[ChangeSetRecord]:
        """The `n` newest change sets that can be read, newest first."""


class ChangeSetWriter(ChangeSetReader, Protocol):
    """Saves change sets."""

    async def put(self, record: ChangeSetRecord, items: Sequence[ChangeSetItem]) -> None:
        """Save a new change set; its id must not be taken."""

    async def approve(self, change_set_id: ChangeSetId, approval: Approval) -> bool:
        """Note who approved it; answers False where it is applied already or no longer what was approved."""

    async def expire_all(self, *, at: str) -> int:
        """No saved change set may be applied any more; answers how many could have been.

        One that is not what was saved is not made so: its digest goes on not to fit it.
        """

    async def attach_run(self, change_set_id: ChangeSetId, run_id: RunId) -> None:
        """Note which run applies it: a change set is applied once. The same run again is no error.

        Raises:
            RefusedError: another run has it.
            UsageError: there is no such change set.
        """


class PromotionReader(Protocol):
    """Reads approvals of promotions."""

    async def approved(self, digest: Digest) -> ApprovedPromotion | None:
        """Who let this promotion count, and when; None where nobody has."""


class PromotionWriter(PromotionReader, Protocol):
    """Writes approvals of promotions."""

    async def approve(self, promotion: ApprovedPromotion) -> None:
        """Let it count from now on; approving it again renews the approval."""

    async def forget(self, *, before: str, but: Digest | None) -> int:
        """Take out those that were approved before, but for the one in force; answers how many."""
