"""What keeps assets from being read and written, by kind: how many, since when, which for example. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from spheresync.answers import Finding
from spheresync.errors import SourceFault
from spheresync.model import (
    OBJECTS_OFF,
    SPACE_GONE,
    SPACE_UNREAD,
    AssetStatus,
    Problem,
    SpaceName,
    counted,
    first_of,
    to_the_second,
)
from spheresync.planning.decisions.asset_work import BY_OTHERS, WAITS_FOR_TABLE
from spheresync.planning.decisions.guards import EMPTY_LISTING, GUARDS
from spheresync.state.records import FacetCount, UnreadGroup, UnwrittenGroup
from spheresync.targets.protocol import UNAVAILABLE


class FailedAt(Enum):
    """Where assets did not get through."""

    READING = auto()
    WRITING = auto()
    GUARD = auto()


@dataclass(frozen=True, slots=True)
class OpenProblem:
    """One kind of problem that assets have; `told` says it, where nothing else of the status does."""

    code: str
    count: int
    failed_at: FailedAt
    told: Finding | None

    @property
    def held_back(self) -> bool:
        return self.failed_at is FailedAt.GUARD


def troubles_of(unread: Sequence[UnreadGroup], unwritten: Sequence[UnwrittenGroup]) -> list[OpenProblem]:
    """Those of readings first. What others are known to have changed is no trouble, nor what is not exposed.

    Neither is a table of others that is waited for, nor a target that cannot be had, which each plan tells.
    """
    troubles = [_unread(group) for group in unread if group.code not in {SourceFault.NOT_EXPOSED, OBJECTS_OFF}]
    return troubles + [
        _unwritten(group) for group in unwritten if group.code not in BY_OTHERS | {WAITS_FOR_TABLE, UNAVAILABLE}
    ]


def not_exposed(unread: Sequence[UnreadGroup]) -> list[Finding]:
    """What is listed and not exposed, beside others that are served: worth knowing, and no trouble."""
    return [
        _of_unread(
            group,
            f"{counted(group.count, 'asset')} {'is' if group.count == 1 else 'are'} listed and not exposed (404), so "
            f"{'it is' if group.count == 1 else 'they are'} as last read",
        )
        for group in unread
        if group.code == SourceFault.NOT_EXPOSED
    ]


def switched_off(unread: Sequence[UnreadGroup]) -> list[Finding]:
    """What is known and not read any more, since somebody has switched the reading of it off."""
    return [
        _of_unread(group, f"{counted(group.count, 'known object')} {'is' if group.count == 1 else 'are'} not read")
        for group in unread
        if group.code == OBJECTS_OFF
    ]


def emptied_spaces(counts: Sequence[FacetCount], troubles: Sequence[OpenProblem]) -> list[Finding]:
    """Spaces of which no known asset is listed any more, until a guard says so or their tables are retired."""
    if any(each.code == EMPTY_LISTING for each in troubles):
        return []
    missing: Counter[SpaceName] = Counter()
    for each in counts:
        missing[each.space] += each.count if each.status is AssetStatus.MISSING else 0
    listed = {each.space for each in counts if each.status not in _GONE}
    return [_emptied(space, count) for space, count in sorted((+missing).items()) if space not in listed]


_GONE = frozenset({AssetStatus.MISSING, AssetStatus.RETIRED, AssetStatus.DELETED, AssetStatus.EXCLUDED})


def _emptied(space: SpaceName, count: int) -> Finding:
    was = f"{counted(count, 'known asset')} of it {'is' if count == 1 else 'are'}"
    return Finding(
        subject=space,
        code=EMPTY_LISTING,
        message=f"space {space} lists nothing any more; {was} counted as missing",
        remedy="Check what the technical user (or who signed in) may see there; what becomes of each table is said "
        "with its asset.",
    )


def _unread(group: UnreadGroup) -> OpenProblem:
    if group.code in {SPACE_GONE, SPACE_UNREAD}:
        return OpenProblem(group.code, group.count, FailedAt.READING, told=None)  # the finding of the space says it
    told = _of_unread(group, f"{counted(group.count, 'asset')} could not be read")
    return OpenProblem(group.code, group.count, FailedAt.READING, told)


def _of_unread(group: UnreadGroup, said: str) -> Finding:
    names = [str(each.asset or each.subject) for each in group.first]
    return _finding(said, group.code, names, group.count, group.first)


def _unwritten(group: UnwrittenGroup) -> OpenProblem:
    failed_at = FailedAt.GUARD if group.code in GUARDS else FailedAt.WRITING
    are = "is" if group.count == 1 else "are"
    what = f"{are} held back by a guard" if failed_at is FailedAt.GUARD else "could not be written"
    since = to_the_second(group.since)
    problems = [each.problem for each in group.first]
    names = [str(each.asset) for each in group.first]
    said = f"{counted(group.count, 'asset')} {what}, since {since}"
    return OpenProblem(group.code, group.count, failed_at, _finding(said, group.code, names, group.count, problems))


def _finding(said: str, code: str, names: Sequence[str], count: int, problems: Sequence[Problem]) -> Finding:
    why = problems[0].message
    if not why.startswith(names[0]):
        why = f"{names[0]}: {why}"
    which = first_of(names, len(names), total=count)
    message = f"{said}: {why}" if count == 1 else f"{said}: {which}. {why}"
    return Finding(subject="assets", code=code, message=message, remedy=problems[0].remedy)
