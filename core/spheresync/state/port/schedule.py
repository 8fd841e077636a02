"""What the scheduler knows of each asset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from spheresync.model import AssetEntry, AssetId, AssetKind, SpaceName, Tier
from spheresync.state.records import DueRow, Move, ScheduleRow, UnreadAssets


class ScheduleReader(Protocol):
    """Reads the schedule."""

    async def seen(self) -> list[tuple[SpaceName, AssetKind, float, float]]:
        """Changes seen and days of watching, of all assets of a space and a kind together that are in scope."""

    async def watched(self) -> list[DueRow]:
        """Every asset that is in scope and listed, due or not."""

    async def due(self, now: str) -> list[DueRow]:
        """Those of `watched` that are due at `now` by what is noted."""

    async def lacking(self) -> list[AssetId]:
        """Assets that the schedule does not hold, or by which URLs they are read."""

    async def get(self, asset: AssetId) -> ScheduleRow | None:
        """What is planned for one asset."""

    async def next_due(self) -> dict[Tier, str]:
        """The earliest planned moment of each tier; "" where it is due at once, as what is not or badly planned is."""

    async def stalest(self, tier: Tier) -> str | None:
        """When the asset of a tier was read that has waited longest; None where there is none."""

    async def freshest(self, tier: Tier) -> str | None:
        """When an asset of a tier was read last; None where none was."""

    async def unseen_since(self, tier: Tier, moment: str) -> UnreadAssets:
        """How many assets of a tier were last read before a moment, or never and known since before it.

        What is listed and not exposed cannot be read, and is late for nobody.
        """

    async def entry(self, asset: AssetId) -> AssetEntry | None:
        """The catalog entry of an asset as last listed."""


class ScheduleWriter(ScheduleReader, Protocol):
    """Writes the schedule."""

    async def put_entries(self, entries: Sequence[AssetEntry]) -> None:
        """Remember by which URLs definitions are read; entries are new or have changed."""

    async def put(self, rows: Sequence[ScheduleRow]) -> None:
        """Write rows whole, so that a damaged one is none any more."""

    async def move(self, moves: Sequence[Move]) -> None:
        """Have assets due at other moments; what was planned anew meanwhile stays as it is."""
