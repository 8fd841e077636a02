"""Assets whose definitions the tenant answers with 404, although it lists them: not exposed, or their space is out.

One such asset among others that are served is not exposed any more, and nothing is wrong (reference: datasphere-api.md
3.2). Where it is so of all assets of a space at once, whatever serves its definitions is out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from spheresync.errors import SourceFault
from spheresync.model import SPACE_NOT_SERVED, AssetId, Problem, SpaceName
from spheresync.runtime.unread import LEFT_IN_AWS
from spheresync.state.records import AssetRecord

_REMEDY = (
    "Try again later, and look at the tenant if it lasts; what is not exposed for good is to be taken out by `scope:`. "
    + LEFT_IN_AWS
)
_NOT_SERVED = frozenset({SourceFault.NOT_EXPOSED, SPACE_NOT_SERVED})


@dataclass(frozen=True, slots=True)
class NotHad:
    """One asset that was listed and whose definition was not had, and what is wrong with it taken by itself."""

    record: AssetRecord
    problem: Problem


@dataclass(slots=True)
class NotHadBySpace:
    """What one pass met of one kind, in its order."""

    found: dict[SpaceName, list[NotHad]] = field(default_factory=dict)

    def note(self, record: AssetRecord, problem: Problem) -> None:
        """Note an asset whose definition was answered so."""
        self.found.setdefault(record.id.space, []).append(NotHad(record, problem))


@dataclass(slots=True)
class UnservedSpaces(NotHadBySpace):
    """Definitions that one pass met answered with 404, and the spaces of those that were served."""

    serving: set[SpaceName] = field(default_factory=set)

    def is_out(self, space: SpaceName, known: Sequence[AssetRecord]) -> bool:
        """Whether a space serves no definition at all; of one that was asked for a single one by what is `known`."""
        if space in self.serving:
            return False
        asked = {each.record.id for each in self.found[space]}
        return len(asked) > 1 or _all_unserved(known, asked)


def _all_unserved(known: Sequence[AssetRecord], asked: Collection[AssetId]) -> bool:
    others = [each for each in known if each.included and not each.misses and each.id not in asked]
    return bool(others) and all(each.problem is not None and each.problem.code in _NOT_SERVED for each in others)


def out_of_service(asset: AssetId) -> Problem:
    """The problem of an asset of a space that serves no definition; its text stays the same while that lasts."""
    message = (
        f"{asset} is listed, but its space {asset.space} serves no definition at all: all that were asked for were "
        "answered 404; what AWS holds of it stays as it is."
    )
    return Problem.of(asset, SPACE_NOT_SERVED, message, _REMEDY)
