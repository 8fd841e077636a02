"""Runs, change sets and contents that are to be removed, and the changes that only a restore makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from spheresync.model import Digest
from spheresync.state.records import ExpiredRecords, FilePages


class RetentionReader(Protocol):
    """Finds what is to be removed."""

    async def due(self, *, runs_before: str, idle_before: str, change_sets_before: str, now: str) -> ExpiredRecords:
        """At most 500 runs and 500 change sets, oldest first.

        Args:
            runs_before: runs that ended before are over, but for the newest ones.
            idle_before: the same of runs that had nothing to do.
            change_sets_before: change sets that were made before and never applied are over, once expired.
            now: decides what is expired.
        """

    async def is_removing(self) -> bool:
        """Whether something that was marked is not wholly removed yet."""

    async def contents(self) -> int:
        """How many contents there are."""

    async def pages(self) -> FilePages:
        """How the file is filled."""


class RetentionWriter(RetentionReader, Protocol):
    """Removes it, some rows in each unit of work, so that no other writer waits long."""

    async def mark_expired(self, due: ExpiredRecords) -> None:
        """From now on nobody reads these any more; `remove_some` removes their rows."""

    async def remove_some(self) -> None:
        """Remove about 500 rows of what was marked."""

    async def noted_unreferenced(self, begin: str, end: str) -> dict[Digest, float]:
        """Contents that were noted as referred to by nothing, from `begin` to before `end`, and since when."""

    async def note_unreferenced(self, digests: Collection[Digest], *, at: float) -> None:
        """Note that nothing refers to these contents since `at`."""

    async def unnote_unreferenced(self, digests: Collection[Digest]) -> None:
        """Forget that note: something refers to these contents again."""

    async def remove_contents(self, digests: Sequence[Digest]) -> int:
        """Remove those of these contents that are noted still; answers how many."""

    async def release_pages(self, pages: int) -> None:
        """Give so many free pages at the end of the file back to the disk."""


class RestoredStateWriter(Protocol):
    """Changes that only a restore makes."""

    async def forget_targets(self) -> int:
        """Forget what targets held, so that they are asked as after the loss of a state; answers how many objects.

        What a revert holds stays held; whoever calls this sees to it that nobody trusts its version.
        """
