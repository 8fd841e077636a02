"""What a plan goes by: when the spaces of a scope were last read, and what of the scope nobody has read yet.

A scope of which nothing is known is not one in which nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from spheresync.model import NEVER_READ, Problem, SpaceName, counted, first_of
from spheresync.runtime.scope import Scope
from spheresync.state.records import AssetRecord, SpaceRecord

_NAMED = 5
_REMEDY = "Read Datasphere first: run discover."


@dataclass(frozen=True, slots=True)
class LastReading:
    """`at`: when the space of the scope was listed that was longest not listed; None where none ever was.

    `missing` says what of the scope was never read.
    """

    at: str | None
    missing: tuple[Problem, ...]


def last_reading(
    spaces: Iterable[SpaceRecord],
    assets: Iterable[AssetRecord],
    scope: Scope,
    may_hold: Callable[[SpaceName], bool],
) -> LastReading:
    """What is known of a scope. A space or asset with a problem is told as that, and not as never read."""
    known = list(spaces)
    if not known:
        return LastReading(None, (_nothing_read(scope),))
    there = [each for each in known if each.present and scope.wants_space(each.name) and may_hold(each.name)]
    at = min((each.listed_at for each in there if each.listed_at), default=None)
    never = sorted(each.name for each in there if not each.listed_at and each.problem is None)
    unread = sorted(str(each.id) for each in assets if _never_read(each) and scope.wants(each.id, each.tier))
    told = [_never("space", never)] if never else []
    return LastReading(at, (*told, *([_never("asset", unread)] if unread else [])))


def _never_read(record: AssetRecord) -> bool:
    return record.included and record.misses == 0 and record.problem is None and record.fingerprints is None


def _nothing_read(scope: Scope) -> Problem:
    asked = "" if not scope.spaces else f" of {', '.join(sorted(scope.spaces))}"
    message = f"Datasphere was never read, so nothing{asked} is known and nothing could be compared."
    return Problem("Datasphere", NEVER_READ, message, _REMEDY)


def _never(what: str, names: Sequence[str]) -> Problem:
    was, it = ("was", "it") if len(names) == 1 else ("were", "them")
    message = (
        f"{counted(len(names), what)} {was} never read, so nothing of {it} could be compared: "
        f"{first_of(names, _NAMED)}."
    )
    return Problem(f"{what}s", NEVER_READ, message, _REMEDY)
