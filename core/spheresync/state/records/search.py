"""What is looked for in the local catalog, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spheresync.model import AssetId, AssetKind, AssetStatus, PersonalDataClass, SpaceName, Tier


class AssetSort(StrEnum):
    """By what a list of assets is in order; assets that are the same in it by space and name."""

    NAME = "name"
    LABEL = "label"
    KIND = "kind"
    TIER = "tier"
    STATUS = "status"
    COLUMNS = "columns"
    CHANGED = "changed"
    READ = "read"
    RELEVANCE = "relevance"


ANY_CLASS = "any"
"""Stands for every class of personal data."""
NO_CLASS = "none"
"""Stands for none of them, where they were looked for."""


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Which assets a list is about; None admits all.

    `column` is a name or a glob of a column, folded as all that is searched; `pii` a class, `any`, or `none` for those
    in which it was looked for in vain; of `term` and `owner` every word must be there, a last one with `*` as the
    beginning of one, and `*` admits any. `stewarded` are assets that `owner` admits too, `only` those that
    anything else admits; None for all.
    `unread_since` says for each tier since when an asset of it was not read.
    """

    space: SpaceName | None = None
    kind: AssetKind | None = None
    tier: Tier | None = None
    status: AssetStatus | None = None
    column: str | None = None
    pii: PersonalDataClass | str | None = None
    term: str | None = None
    owner: str | None = None
    stewarded: tuple[AssetId, ...] = ()
    only: tuple[AssetId, ...] | None = None
    min_columns: int | None = None
    unread_since: tuple[tuple[Tier, str], ...] | None = None


ALL_ASSETS = AssetFilter()


@dataclass(frozen=True, slots=True)
class AssetPlace:
    """Where an asset stands in a list: `key` is what the list is in order by, spelled so that texts compare like it."""

    key: str
    asset: AssetId


@dataclass(frozen=True, slots=True)
class AssetHits:
    """Some places of a list in its order, and how many assets it has in all.

    `whole_words`: so many were found by whole words and beginnings of words that parts of words were not looked for.
    """

    places: tuple[AssetPlace, ...] = ()
    total: int = 0
    whole_words: bool = False
