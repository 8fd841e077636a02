"""The index of texts by which assets are found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from spheresync.mapping.search.fields import IndexedTexts
from spheresync.mapping.search.question import Question
from spheresync.model import AssetId
from spheresync.state.records import (
    ALL_ASSETS,
    AssetFilter,
    AssetHits,
    AssetPlace,
    AssetSort,
    FacetCount,
)


class SearchReader(Protocol):
    """Finds and lists assets."""

    async def find(
        self, question: Question, among: AssetFilter = ALL_ASSETS, *, limit: int = 50, after: AssetPlace | None = None
    ) -> AssetHits:
        """The assets that answer a question, the best first.

        Raises:
            SearchIndexLostError: the index is damaged, and must be made anew.
        """

    async def listed(
        self,
        among: AssetFilter = ALL_ASSETS,
        question: Question | None = None,
        *,
        sort: AssetSort = AssetSort.NAME,
        descending: bool = False,
        limit: int = 50,
        after: AssetPlace | None = None,
    ) -> AssetHits:
        """Assets in some order, those that answer a question where there is one.

        Raises:
            SearchIndexLostError: the index is damaged, and must be made anew.
        """

    async def counts(self, among: AssetFilter, question: Question | None) -> list[FacetCount]:
        """How many of the assets that `find` or `listed` would answer share space, kind, tier and status."""

    async def similar(self, word: str, *, column: bool = False) -> list[str]:
        """Words of the index, or names of columns, that are spelled much like this one, the nearest first; few."""

    async def unclassified(self, among: AssetFilter) -> tuple[int, int]:
        """In how many of these assets personal data was never looked for: those that readings read, and the others."""

    async def is_sound(self) -> bool:
        """Whether the index holds something of every asset that counts as indexed."""

    async def not_indexed(self) -> int:
        """Of how many assets the texts are not in the index as they are now."""


class SearchWriter(SearchReader, Protocol):
    """Writes the index. What the catalog writes of names, labels and definitions is indexed along with it."""

    async def put(self, texts: Mapping[AssetId, IndexedTexts]) -> None:
        """Make these what the index holds of known assets; what it holds already is not written again."""

    async def fill(self, limit: int) -> int:
        """Index at most so many assets whose texts are not in the index as they are now; answers how many."""

    async def forget_all(self) -> None:
        """Empty the index, so that it is filled anew."""
