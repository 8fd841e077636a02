"""What a pass over the tenant says of its spaces, and of known assets that no listing of them holds. Pure.

A pass that got any list of spaces says one of three things of each known space: listed whole, listed in part or
refused, or not listed at all. Where not even a list of spaces came, nothing is said, and everything stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from spheresync.mapping.rules import Mapping as MappingRules
from spheresync.model import AssetEntry, AssetId, Listing, Problem, SpaceEntry, SpaceName
from spheresync.run.unread import (
    broken_listing,
    by_its_space,
    gone_space,
    of_asset,
    refused_space,
    returned_space,
    unlisted_space,
)
from spheresync.state.records import AssetRecord, SpaceRecord


@dataclass(slots=True)
class SpacesSeen:
    """Records to be written; the status of the assets is still that of before.

    `problems` are of this pass; `gone` says the spaces that the tenant lists no more, which is no failure of it.
    """

    spaces: list[SpaceRecord] = field(default_factory=list)
    assets: list[AssetRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gone: list[Problem] = field(default_factory=list)


class ListedSpaces:
    """Compares what a pass listed with what was known."""

    def __init__(
        self,
        before: Iterable[SpaceRecord],
        assets: Mapping[SpaceName, Sequence[AssetRecord]],
        mapping: MappingRules,
        *,
        now: str,
    ) -> None:
        self._before = {space.name: space for space in before}
        self._assets = assets
        self._mapping = mapping
        self._now = now
        self._seen = SpacesSeen()

    def compare(
        self,
        spaces: Listing[SpaceEntry],
        listings: Mapping[SpaceName, Listing[AssetEntry]],
        asked: Collection[SpaceName],
        odd_names: Mapping[SpaceName, Problem] = MappingProxyType({}),
    ) -> SpacesSeen:
        """Say what became of each space.

        Args:
            spaces: the list of spaces, with whether it is whole.
            listings: of the spaces whose assets were listed.
            asked: known spaces that the pass is about; of others only a whole list of spaces says anything.
            odd_names: of spaces with assets that cannot be named, why, where that is all that is wrong with them.
        """
        for entry in spaces.items:
            listing = listings.get(entry.name)
            if listing is None:
                self._passed_over(entry)
            else:
                flaw = spaces.flaws.get(entry.name)
                self._listed(entry, listing, flaw=flaw, otherwise=flaw or odd_names.get(entry.name))
        listed = {entry.name for entry in spaces.items}
        if spaces.complete or spaces.items:
            for space in self._before.values():
                if space.name not in listed and (spaces.complete or space.name in asked):
                    self._unlisted(space, gone=spaces.complete or not space.present)
        return self._seen

    def _listed(
        self, entry: SpaceEntry, listing: Listing[AssetEntry], *, flaw: Problem | None, otherwise: Problem | None
    ) -> None:
        """A space whose assets were listed; with a `flaw` its own label is not to be trusted.

        `otherwise`: what is wrong with it where its listing says nothing.
        """
        known = self._before.get(entry.name)
        label = entry.label if flaw is None or known is None else known.label
        last = SpaceRecord(entry.name, label, "" if known is None else known.listed_at, False, None, present=True)
        if listing.complete:
            problem = listing.problems[0] if listing.problems else otherwise
            self._seen.problems.extend(listing.problems)
            self._seen.spaces.append(replace(last, listed_at=self._now, complete=True, problem=problem))
            return
        left_out = self._known_in(entry.name, but={each.id for each in listing.items})
        problems = [
            refused_space(each, last, len(left_out)) if each.asset is None else each for each in listing.problems
        ]
        own = next((each for each in problems if each.asset is None), None)
        why = own or broken_listing(last, len(left_out))
        self._seen.problems.extend(problems)
        self._seen.spaces.append(replace(last, problem=why))
        self._not_read(left_out, why)

    def _passed_over(self, entry: SpaceEntry) -> None:
        """A space that is there and whose assets were not asked for: what was known of it stays."""
        known = self._before.get(entry.name) or SpaceRecord(entry.name, entry.label, "", False, None, present=False)
        problem = known.problem if self._mapping.may_hold(entry.name) else None
        if problem is not None and not known.present:
            problem = returned_space(known, len(self._known_in(entry.name, but=())))
        self._seen.spaces.append(replace(known, label=entry.label, present=True, problem=problem))
        self._leave(entry.name)

    def _unlisted(self, space: SpaceRecord, *, gone: bool) -> None:
        """A known space that the tenant did not list: gone where the list is whole, else nobody knows."""
        self._leave(space.name)
        left_out = self._known_in(space.name, but=())
        why: Problem | None = None
        if self._mapping.may_hold(space.name):
            why = gone_space(space, len(left_out)) if gone else unlisted_space(space, len(left_out))
            self._not_read(left_out, why)
            (self._seen.gone if gone else self._seen.problems).append(why)
        self._seen.spaces.append(replace(space, present=space.present and not gone, complete=False, problem=why))

    def _known_in(self, space: SpaceName, *, but: Collection[AssetId]) -> list[AssetRecord]:
        """The assets of a space that were there before and are in scope still."""
        there = (each for each in self._assets.get(space, ()) if not each.misses and each.id not in but)
        return [each for each in there if self._mapping.decide(each.id, each.kind, each.label).included]

    def _not_read(self, assets: Iterable[AssetRecord], why: Problem) -> None:
        self._seen.assets.extend(replace(each, problem=of_asset(each.id, each.listed_at, why)) for each in assets)

    def _leave(self, space: SpaceName) -> None:
        """Take assets out of the scope that no listing takes out of it, as nobody lists their space any more."""
        for record in self._assets.get(space, ()):
            decision = self._mapping.decide(record.id, record.kind, record.label)
            if record.included and not decision.included:
                problem = None if by_its_space(record.problem) else record.problem
                self._seen.assets.append(
                    replace(record, included=False, reason=decision.excluded_by, tier=decision.tier, problem=problem)
                )
