"""What targets hold: checkpoints, former tables, and what was not written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from spheresync.model import (
    Address,
    AssetId,
    PhysicalName,
    Problem,
    RunId,
    TargetKey,
)
from spheresync.state.records import Checkpoint, FormerTable, Unwritten, UnwrittenGroup


class CheckpointReader(Protocol):
    """Reads checkpoints; none that is damaged or was altered."""

    async def keys(self) -> list[TargetKey]:
        """Every target and destination of which something is known, in force or not."""

    async def all(self, key: TargetKey) -> list[Checkpoint]:
        """Every checkpoint of a target in a destination, whatever its state, by space and asset."""

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, Checkpoint]:
        """Those of some assets in a target and destination; assets without one are left out."""

    async def get(self, asset: AssetId, key: TargetKey) -> Checkpoint | None: ...

    async def of_assets(self, assets: Collection[AssetId]) -> dict[AssetId, list[Checkpoint]]:
        """Every checkpoint of these assets, by target and destination, those of no target in force too."""

    async def of_asset(self, asset: AssetId) -> list[Checkpoint]:
        """The checkpoints of one asset in all targets and destinations."""

    async def named(
        self, name: str, container: str | None, limit: int
    ) -> list[tuple[AssetId, PhysicalName, PhysicalName]]:
        """At most `limit` assets that have an object of that physical name, with its container and that name."""

    async def unlisted(self) -> list[AssetId]:
        """Assets that a target holds and of which the catalog has lost that it ever listed them."""

    async def body_bytes(self, key: TargetKey) -> int:
        """The size of all last written requests together, as they were sent."""

    async def count_active(self, key: TargetKey) -> dict[PhysicalName, int]:
        """How many active objects of ours each container holds."""

    async def count_in_use(self, key: TargetKey) -> int:
        """How many assets the target holds, in objects of ours and on those of others."""

    async def count_retired(self, key: TargetKey) -> int:
        """How many objects are marked as retired, former ones among them."""


class CheckpointWriter(CheckpointReader, Protocol):
    """Writes checkpoints."""

    async def put_many(
        self, checkpoints: Sequence[Checkpoint], fence: int | None = None, *, run_id: RunId | None = None
    ) -> None:
        """Write them, each under the claim `fence` of the run that made it.

        Args:
            checkpoints: each replaces what was known of its asset in its target and destination.
            fence: the claim under which they were made; None for what no run does (a plan that only notes what the
                target was found to hold), which keeps the fence in each.
            run_id: the run of the claim, where the checkpoints do not name it themselves.

        Raises:
            FenceError: the claim is no longer the run's; nothing is written.
        """


class FormerTableReader(Protocol):
    """Reads former tables."""

    async def all(self, key: TargetKey) -> list[FormerTable]:
        """Every former table of a target in a destination, by container and name."""


class FormerTableWriter(FormerTableReader, Protocol):
    """Writes former tables."""

    async def put_many(self, tables: Sequence[FormerTable]) -> None:
        """Remember them; each replaces what was known of its address."""

    async def remove_many(self, key: TargetKey, addresses: Iterable[Address]) -> None:
        """Forget what is at these addresses; unknown ones are passed over."""


class UnwrittenReader(Protocol):
    """Reads what was not written."""

    async def all(self, key: TargetKey) -> dict[AssetId, Unwritten]:
        """Every asset that a target in a destination does not hold as it should."""

    async def of(self, assets: Collection[AssetId], key: TargetKey) -> dict[AssetId, Unwritten]:
        """Those of these assets."""

    async def assets(self, key: TargetKey, codes: Collection[str]) -> frozenset[AssetId]:
        """The assets of which one of these is what keeps the target from holding them."""

    async def groups(self, keys: Sequence[TargetKey] | None = None) -> list[UnwrittenGroup]:
        """All of them by the code of their problem, but for assets that could not even be read.

        `keys`: of these targets only, as nobody looks again at what one that is in force no more could not write.
        """


class UnwrittenWriter(UnwrittenReader, Protocol):
    """Notes what was not written."""

    async def put_many(self, key: TargetKey, problems: Iterable[Problem], *, at: str) -> None:
        """Note the problems of assets; each replaces what was known of its asset, and is as old as that if it is alike.

        What is about no single asset is passed over.
        """

    async def remove_many(self, key: TargetKey, assets: Iterable[AssetId]) -> None:
        """Forget the problems of assets: they are written, or nobody wants them to be."""
