"""The local catalog: spaces and assets as they were last listed and read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING

from spheresync.mapping.search.fields import NO_CONTEXT_TEXTS, ContextTexts
from spheresync.model import (
    AssetId,
    AssetKind,
    AssetStatus,
    Digest,
    Fingerprints,
    PersonalDataClass,
    Problem,
    SpaceName,
    Tier,
)

if TYPE_CHECKING:
    from spheresync.mapping.rules import Decision, MappingRules


@dataclass(frozen=True, slots=True)
class SpaceRecord:
    """A space as last listed. `present` is False once the tenant no longer lists it."""

    name: SpaceName
    label: str
    listed_at: str
    complete: bool
    problem: Problem | None
    present: bool


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """An asset of the local catalog.

    `definition` is the blob of the normalised asset; `reason` says why the asset is excluded, "" where it is included;
    `misses` counts complete listings in a row that no longer held it. `personal_data` are the classes that its columns
    hold, in their order.
    """

    id: AssetId
    kind: AssetKind
    label: str
    tier: Tier | None
    status: AssetStatus
    entry_digest: Digest | None
    raw_digest: Digest | None
    parser_version: int
    definition: Digest | None
    fingerprints: Fingerprints | None
    column_count: int
    included: bool
    reason: str
    problem: Problem | None
    misses: int
    first_missed_at: str | None
    first_seen_at: str
    listed_at: str
    read_at: str | None
    changed_at: str | None
    pii_columns: int
    personal_data: tuple[PersonalDataClass, ...] = ()
    context_texts: ContextTexts = NO_CONTEXT_TEXTS

    @property
    def personal_in_all(self) -> bool:
        """Whether every column holds personal data."""
        return 0 < self.column_count == self.pii_columns

    def differs_in_listing_only(self, other: AssetRecord) -> bool:
        """Whether the two say the same but for when the asset was listed."""
        return _BUT_LISTED_AT(self) == _BUT_LISTED_AT(other)

    def decided_by(self, mapping: MappingRules) -> Decision:
        """What rules say of the asset, and policies by what is known of its columns."""
        return mapping.decide(self.id, self.kind, self.label, self.personal_data, in_all=self.personal_in_all)

    @classmethod
    def first_seen(cls, asset: AssetId, kind: AssetKind, *, at: str) -> AssetRecord:
        """An asset that was listed for the first time and not read yet."""
        return cls(
            id=asset,
            kind=kind,
            label="",
            tier=None,
            status=AssetStatus.PENDING,
            entry_digest=None,
            raw_digest=None,
            parser_version=0,
            definition=None,
            fingerprints=None,
            column_count=0,
            included=True,
            reason="",
            problem=None,
            misses=0,
            first_missed_at=None,
            first_seen_at=at,
            listed_at=at,
            read_at=None,
            changed_at=None,
            pii_columns=0,
        )


_BUT_LISTED_AT = attrgetter(*(each.name for each in fields(AssetRecord) if each.name != "listed_at"))


@dataclass(frozen=True, slots=True)
class SettledContext:
    """What context files make of an asset by one definition: its classes of personal data, in how many columns, and
    the texts by which it is found."""

    asset: AssetId
    definition: Digest
    personal_data: tuple[PersonalDataClass, ...]
    pii_columns: int
    context_texts: ContextTexts = NO_CONTEXT_TEXTS


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many assets share a space, a kind, a tier and a status."""

    space: SpaceName
    kind: AssetKind
    tier: Tier | None
    status: AssetStatus
    count: int


@dataclass(frozen=True, slots=True)
class UnreadGroup:
    """How many assets one kind of problem keeps from being read; `first` are at most three of them, by name."""

    code: str
    count: int
    first: tuple[Problem, ...]
