"""The mapping rules and context entries that are not about an asset, and the conditions that it does not meet. Pure.

Whoever asks why something is not said of an asset looks for a rule that did not match, which those that matched hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spheresync.config import Settings
from spheresync.config.promotion_in_force import CONFIGURATION
from spheresync.mapping.matching import unmet
from spheresync.model import AssetId, AssetKind, counted

MOST_TOLD = 4
_LONGEST = 3
"""Globs of a condition that are told."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A rule or an entry by name, the keys that it sets, and the conditions that an asset does not meet."""

    name: str
    sets: Sequence[str]
    missed: dict[str, tuple[str, ...]]

    def told(self) -> str:
        wanted = (f"{key} is not {' or '.join(globs[:_LONGEST])}" for key, globs in self.missed.items())
        return f"{self.name}, which sets {', '.join(self.sets)}: its {', its '.join(wanted)}"


def unmatched_rules(settings: Settings, asset: AssetId, kind: AssetKind, label: str) -> list[str]:
    """How many mapping rules and context entries there are that an asset does not meet, and the nearest of them."""
    rules, entries = settings.mapping.rules, settings.business_context.entries
    return [
        *_told("mapping rule", len(rules), _of_rules(settings, asset, kind, label)),
        *_told("context entry", len(entries), _of_entries(settings, asset, kind, label)),
    ]


def _of_rules(settings: Settings, asset: AssetId, kind: AssetKind, label: str) -> Iterator[Unmatched]:
    for number, rule in enumerate(settings.mapping.rules, 1):
        at, origin = settings.home_of_rule(number)
        name = f"{at}" if origin == CONFIGURATION else f"{at} of {origin}"
        sets = [*rule.set.model_dump(exclude_none=True), *(["columns"] if rule.columns else [])]
        yield Unmatched(name, sets, unmet(rule.match, asset, kind, label))


def _of_entries(settings: Settings, asset: AssetId, kind: AssetKind, label: str) -> Iterator[Unmatched]:
    for entry in settings.business_context.entries:
        sets = [*entry.set.model_dump(exclude_none=True), *(["columns"] if entry.columns else [])]
        yield Unmatched(f"{entry.number} ({entry.place()})", sets, unmet(entry.match, asset, kind, label))


def _told(what: str, there: int, of_all: Iterator[Unmatched]) -> list[str]:
    """In words; first those that set what none that matches sets, and that miss the fewest conditions."""
    each_one = [*of_all]
    said = {key for each in each_one if not each.missed for key in each.sets}
    others = sorted(
        (each for each in each_one if each.missed), key=lambda each: (said.issuperset(each.sets), len(each.missed))
    )
    if not others:
        return []
    do = "does" if len(others) == 1 else "do"
    more = [f"and {len(others) - MOST_TOLD} more of them"] if len(others) > MOST_TOLD else []
    told = [f"{what} {each.told()}" for each in others[:MOST_TOLD]]
    return [f"{len(others)} of {counted(there, what)} {do} not match this asset", *told, *more]
