"""What others changed in the targets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from spheresync.model import (
    AssetId,
    TargetKey,
)
from spheresync.state.records import (
    DriftLook,
    DriftSummary,
    TableDrift,
)


class DriftReader(Protocol):
    """Reads what was found."""

    async def look(self, look_id: str) -> DriftLook:
        """One look.

        Raises:
            UsageError: there is none of that id any more.
        """

    async def found(self, look_id: str, *, after: int = 0, limit: int = 100) -> list[tuple[int, TableDrift]]:
        """At most `limit` objects that a look found and no newer one has seen, with their ordinals after `after`."""

    async def count(self, look_id: str) -> int:
        """How many objects are still known as that look found them."""

    async def assets(self, key: TargetKey) -> list[AssetId]:
        """The assets whose objects are known to have drifted."""

    async def drifted(self, assets: Collection[AssetId], key: TargetKey) -> frozenset[AssetId]:
        """Those of these assets whose objects are not as they should be, by what others did."""

    async def to_mend(self, key: TargetKey) -> frozenset[AssetId]:
        """All assets whose objects a sync brings back to what they should be, where the way is free."""

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, TableDrift]:
        """What is known of the objects of these assets."""

    async def looks(self) -> list[DriftLook]:
        """The looks that are on record, the newest first."""

    async def summary(self) -> DriftSummary:
        """How many objects have drifted as far as is known, and what the last looks say."""


class DriftWriter(DriftReader, Protocol):
    """Writes what was found."""

    async def put(self, look: DriftLook, found: Sequence[TableDrift]) -> None:
        """Note a look and, numbered from 1, the objects that it found; each replaces what was known of its asset."""

    async def forget(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        """Forget what was known of these assets: they are as they were written, or no longer ours."""

    async def replace(self, found: Iterable[TableDrift]) -> None:
        """Put these in the place of what is known of their assets, as found by the same look."""

    async def settle(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        """Forget what was known of assets that are as they should be now, but for edits that a write lets stand."""

    async def leave(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        """Note that the policies leave these as others made them, so that no sync looks at them again."""
