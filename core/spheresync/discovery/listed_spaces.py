"""What a pass over the tenant says of its spaces, and of known assets that no listing of them holds. Pure.

A pass that got any list of spaces says one of three things of each known space: listed whole, listed in part or
refused, or not listed at all. Where not even a list of spaces came, nothing is said, and everything stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import AssetEntry, AssetId, Listing, Problem, SpaceEntry, SpaceName
from spheresync.observe.incidents import source_error
from spheresync.runtime.unread import (
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

    def add(self, other: SpacesSeen) -> None:
        """Take in what was seen of one space."""
        self.spaces += other.spaces
        self.assets += other.assets
        self.problems += other.problems
        self.gone += other.gone


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
        # A space of which only tables of ours are left, after a loss of the state, was never listed, and is known too.
        self._before = {name: SpaceRecord(name, name, "", False, None, present=False) for name in assets}
        self._before |= {space.name: space for space in before}
        self._assets = assets
        self._mapping = mapping
        self._now = now
        self._seen = SpacesSeen()
        self._undecided: set[AssetId] = set()

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
            self._judge(entry.name, partial(self._of_listed, entry, spaces, listings.get(entry.name), odd_names))
        listed = {entry.name for entry in spaces.items}
        if spaces.complete or spaces.items:
            for space in self._before.values():
                if space.name not in listed and (spaces.complete or space.name in asked):
                    gone = spaces.complete or not space.present
                    self._judge(space.name, partial(self._unlisted, space, gone=gone))
        return self._seen

    def _judge(self, space: SpaceName, judge: Callable[[], SpacesSeen]) -> None:
        """Take in what is to be said of one space; where that goes wrong it is told, and what is known stays."""
        try:
            self._seen.add(judge())
        except Exception as error:  # noqa: BLE001 -- isolates this space
            ours = source_error(error, f"space {space}")
            self._seen.problems.append(Problem(space, ours.fault, ours.message, ours.remedy))

    def _of_listed(
        self,
        entry: SpaceEntry,
        spaces: Listing[SpaceEntry],
        listing: Listing[AssetEntry] | None,
        odd_names: Mapping[SpaceName, Problem],
    ) -> SpacesSeen:
        if listing is None:
            return self._passed_over(entry)
        flaw = spaces.flaws.get(entry.name)
        return self._listed(entry, listing, flaw=flaw, otherwise=flaw or odd_names.get(entry.name))

    def _listed(
        self, entry: SpaceEntry, listing: Listing[AssetEntry], *, flaw: Problem | None, otherwise: Problem | None
    ) -> SpacesSeen:
        """A space whose assets were listed; with a `flaw` its own label is not to be trusted.

        `otherwise`: what is wrong with it where its listing says nothing.
        """
        known = self._before.get(entry.name)
        label = entry.label if flaw is None or known is None else known.label
        last = SpaceRecord(entry.name, label, "" if known is None else known.listed_at, False, None, present=True)
        if listing.complete:
            problem = listing.problems[0] if listing.problems else otherwise
            whole = replace(last, listed_at=self._now, complete=True, problem=problem)
            return SpacesSeen([whole], problems=[*listing.problems])
        left_out = self._known_in(entry.name, but={each.id for each in listing.items})
        problems = [
            refused_space(each, last, len(left_out)) if each.asset is None else each for each in listing.problems
        ]
        own = next((each for each in problems if each.asset is None), None)
        why = own or broken_listing(last, len(left_out))
        return SpacesSeen([replace(last, problem=why)], _not_read(left_out, why), problems)

    def _passed_over(self, entry: SpaceEntry) -> SpacesSeen:
        """A space that is there and whose assets were not asked for: what was known of it stays."""
        known = self._before.get(entry.name) or SpaceRecord(entry.name, entry.label, "", False, None, present=False)
        problem = known.problem if self._mapping.may_hold(entry.name) else None
        if problem is not None and not known.present:
            problem = returned_space(known, len(self._known_in(entry.name, but=())))
        space = replace(known, label=entry.label, present=True, problem=problem)
        return SpacesSeen([space], self._leaving(entry.name))

    def _unlisted(self, space: SpaceRecord, *, gone: bool) -> SpacesSeen:
        """A known space that the tenant did not list: gone where the list is whole, else nobody knows."""
        why: Problem | None = None
        seen = SpacesSeen(assets=self._leaving(space.name))
        if self._mapping.may_hold(space.name):
            left_out = self._known_in(space.name, but=())
            why = gone_space(space, len(left_out)) if gone else unlisted_space(space, len(left_out))
            seen.assets += _not_read(left_out, why)
            (seen.gone if gone else seen.problems).append(why)
        seen.spaces.append(replace(space, present=space.present and not gone, complete=False, problem=why))
        return seen

    def _known_in(self, space: SpaceName, *, but: Collection[AssetId]) -> list[AssetRecord]:
        """The assets of a space that were there before and are in scope still, as far as rules can say."""
        there = (each for each in self._assets.get(space, ()) if not each.misses and each.id not in but)
        return [each for each in there if (said.included if (said := self._decision(each)) else each.included)]

    def _leaving(self, space: SpaceName) -> list[AssetRecord]:
        """Assets to be taken out of the scope that no listing takes out of it, as nobody lists their space any more."""
        left = []
        for record in self._assets.get(space, ()):
            decision = self._decision(record)
            if decision is not None and record.included and not decision.included:
                problem = None if by_its_space(record.problem) else record.problem
                reason, tier = decision.excluded_by, decision.tier
                left.append(replace(record, included=False, reason=reason, tier=tier, problem=problem))
        return left

    def _decision(self, record: AssetRecord) -> Decision | None:
        """What scope and rules say of an asset; None where they cannot be applied to it, which is told once."""
        try:
            return self._mapping.decide(record.id, record.kind, record.label)
        except Exception as error:  # noqa: BLE001 -- isolates this asset
            if record.id not in self._undecided:
                self._undecided.add(record.id)
                self._seen.problems.append(Problem.of_error(record.id, source_error(error, str(record.id))))
            return None


def _not_read(assets: Iterable[AssetRecord], why: Problem) -> list[AssetRecord]:
    return [replace(each, problem=of_asset(each.id, each.listed_at, why)) for each in assets]
