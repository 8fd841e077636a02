"""The local catalog, and the contents that its rows refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from spheresync.mapping.search.fields import NO_TEXTS, IndexedTexts
from spheresync.model import AssetId, AssetKind, AssetStatus, Digest, SpaceName, Tier
from spheresync.state.records import AssetRecord, FacetCount, SettledContext, SpaceRecord, UnreadGroup


class CatalogReader(Protocol):
    """Reads the catalog."""

    async def spaces(self) -> list[SpaceRecord]:
        """Every space ever listed, by name."""

    async def assets(self, space: SpaceName | None = None) -> list[AssetRecord]:
        """Every asset, or those of one space, by space and name."""

    async def asset(self, asset: AssetId) -> AssetRecord | None:
        """One asset, None where the catalog does not know it."""

    async def with_problems(self) -> list[AssetRecord]:
        """The assets that something was wrong with when they were last listed or read."""

    async def unread(self) -> list[UnreadGroup]:
        """The problems of assets that are listed and could not be read, by code."""

    async def some(self, assets: Collection[AssetId]) -> list[AssetRecord]:
        """Those of these assets that the catalog knows."""

    async def ids(self) -> list[AssetId]:
        """The names of every asset, by space and name."""

    async def signature(self, misses: int) -> str:
        """A text that changes whenever an asset is added, changed, missed, or taken in or out of the scope.

        `misses`: more of them in a row make no difference any more.
        """

    async def page(
        self,
        *,
        space: SpaceName | None = None,
        kind: AssetKind | None = None,
        tier: Tier | None = None,
        status: AssetStatus | None = None,
        limit: int = 50,
        after: AssetId | None = None,
    ) -> tuple[list[AssetRecord], int]:
        """At most `limit` assets by space and name that follow `after`, and how many match in all."""

    async def counts(self) -> list[FacetCount]:
        """How many assets share space, kind, tier and status."""

    async def referring_to(self, names: Collection[str]) -> list[AssetId]:
        """The assets whose definitions name one of these objects as read, written or run."""


class CatalogWriter(CatalogReader, Protocol):
    """Writes the catalog. Spaces and assets are never removed."""

    async def put_spaces(self, spaces: Iterable[SpaceRecord]) -> None: ...

    async def put_assets(self, assets: Sequence[AssetRecord], texts: Mapping[AssetId, IndexedTexts] = NO_TEXTS) -> None:
        """Write every field of each, whether known or new; `texts` are those by which they are found, where known."""

    async def put_listings(self, assets: Sequence[AssetRecord]) -> None:
        """Write what a listing says of assets; what was read of known ones is left to whoever reads."""

    async def put_readings(
        self, assets: Sequence[AssetRecord], texts: Mapping[AssetId, IndexedTexts] = NO_TEXTS
    ) -> None:
        """Write what a reading found of known assets; what a listing says of them is left to whoever lists."""

    async def put_moments(self, assets: Sequence[AssetId], *, at: str) -> None:
        """Write that known assets were listed and read `at` that moment and are what they were."""

    async def set_references(self, references: Sequence[tuple[AssetId, Sequence[str]]]) -> None:
        """Write which objects the definitions of known assets name as read, written or run."""

    async def set_context(self, held: Sequence[SettledContext]) -> None:
        """Change nothing but the classes of personal data of assets whose definition is still the one they are of."""

    async def set_statuses(self, statuses: Sequence[tuple[AssetId, AssetStatus]]) -> None:
        """Change nothing but where assets stand; unknown ones are passed over."""


class BlobReader(Protocol):
    """Reads blobs."""

    async def get(self, digest: Digest) -> bytes:
        """One blob.

        Raises:
            StateError: it is not there, or damaged.
        """

    async def get_many(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """Those of the blobs that are there and whole."""


class BlobWriter(BlobReader, Protocol):
    """Writes blobs."""

    async def put_many(self, bodies: Sequence[bytes]) -> list[Digest]:
        """Keep them, in the place of damaged ones too; answers their digests in the same order."""

    async def put(self, contents: Mapping[Digest, bytes]) -> None:
        """As `put_many`, for contents whose digests are known."""
