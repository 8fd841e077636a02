"""What a list of assets is asked for, in the words of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from spheresync.errors import UsageError
from spheresync.mapping.search.question import Question
from spheresync.model import AssetKind, AssetStatus, PersonalDataClass, SpaceName, Tier
from spheresync.service.argument_checks import one_of
from spheresync.state.records import ANY_CLASS, NO_CLASS, AssetFilter, AssetSort

LATE = "late"
"""Asked for like a status: assets that were not read as often as their tier wants, whatever their status is."""
KEYS = "key"
"""Asked for like a class: assets with columns that identify persons, or that may lead to one and have no class."""


class AssetArguments(TypedDict, total=False):
    """The fields of `AssetsWanted`, as arguments."""

    space: str | None
    kind: str | None
    tier: str | None
    status: str | None
    query: str | None
    column: str | None
    pii: str | None
    term: str | None
    owner: str | None
    min_columns: int | None
    sort: str | None
    count_only: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AssetsWanted:
    """What a list is asked for, in the words of whoever asks."""

    space: str | None = None
    kind: str | None = None
    tier: str | None = None
    status: str | None = None
    query: str | None = None
    column: str | None = None
    pii: str | None = None
    term: str | None = None
    owner: str | None = None
    min_columns: int | None = None
    sort: str | None = None
    count_only: bool = False
    detail: str = "concise"

    @property
    def question(self) -> Question | None:
        """What is searched, None where nothing is."""
        text = (self.query or "").strip()
        return Question.of(text) if text else None

    def filter(self) -> AssetFilter:
        """The filter.

        Raises:
            UsageError: there is no such kind, tier, status or class, or a text is empty.
        """
        for name, text in (("column", self.column), ("term", self.term), ("owner", self.owner)):
            if text is not None and not text.strip():
                raise UsageError(f"{name} is empty.", remedy=f"Give a {name}, or leave it out.")
        if self.column is not None and not self.column.strip("*? "):
            raise UsageError(
                f"the name of any column fits {self.column!r}.", remedy="Give some of its name, as in *QTY*."
            )
        pii: str | None = self.pii
        if pii not in {ANY_CLASS, NO_CLASS, KEYS}:
            pii = one_of("class of personal data", pii, PersonalDataClass, ANY_CLASS, NO_CLASS, KEYS)
        return AssetFilter(
            space=None if self.space is None else SpaceName(self.space),
            kind=one_of("kind", self.kind, AssetKind),
            tier=one_of("tier", self.tier, Tier),
            status=None if self.status == LATE else one_of("status", self.status, AssetStatus, LATE),
            column=self.column,
            pii=None if pii == KEYS else pii,
            term=self.term,
            owner=self.owner,
            min_columns=self.min_columns,
        )

    def order(self) -> tuple[AssetSort, bool]:
        """By what the list is in order, and whether from the end.

        Raises:
            UsageError: there is no such order.
        """
        if self.sort is None:
            return (AssetSort.NAME if self.question is None else AssetSort.RELEVANCE), False
        sort = one_of("sort", self.sort.removeprefix("-"), AssetSort)
        assert sort is not None
        if sort is AssetSort.RELEVANCE and self.question is None:
            raise UsageError("sort=relevance needs a query.", remedy="Give query, or sort by something else.")
        return sort, self.sort.startswith("-") and sort is not AssetSort.RELEVANCE
