"""The guards on deletes: at most 20 tables or 10 %, none after an empty listing; checked before anything is sent.

They count retirements and deletions together, per space and over all spaces, against what was managed before the
run. A tripped guard holds back only the removals it counts; everything else of the change set goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from spheresync.model import AssetId, DestinationName, Problem, SpaceName, counted
from spheresync.model.words import ALL_SPACES

MOST_REMOVALS = 20
MOST_REMOVALS_PERCENT = 10
SMALLEST_SPACE_FOR_COLUMN_GUARD = 20

TOO_MANY_REMOVALS = "too_many_removals"
EMPTY_LISTING = "empty_listing"
ALL_LOSE_COLUMNS = "all_lose_columns"
ALL_LEAVE = "all_leave"
GUARDS = frozenset({TOO_MANY_REMOVALS, EMPTY_LISTING, ALL_LOSE_COLUMNS, ALL_LEAVE})
"""Codes of their findings."""


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """Which items are held back, by asset, with the name of the guard, and the findings that explain it."""

    blocked: Mapping[AssetId, str]
    findings: tuple[Problem, ...]


def allowed_removals(managed: int) -> int:
    """How many tables of `managed` may go in one change set: the smaller of 20 and 10 % (rounded down), at least 1."""
    return max(1, min(MOST_REMOVALS, managed * MOST_REMOVALS_PERCENT // 100))


def guard_removals(
    removals: Iterable[AssetId],
    *,
    managed: Mapping[SpaceName, int],
    emptied: frozenset[SpaceName],
    max_deletes: int | None,
    besides: Mapping[SpaceName, int] = MappingProxyType({}),
) -> GuardVerdict:
    """Decide which retirements and deletions may not be done.

    Args:
        removals: assets that would be retired or deleted because Datasphere no longer lists them.
        besides: of assets that the run is not about, how many are as due, by space: whoever names a few of many at a
            time passes no guard that way.
        managed: tables managed before the run, by space.
        emptied: spaces whose complete listing held nothing.
        max_deletes: `--max-deletes N`, which replaces every limit by N for this run.
    """
    wanted = list(removals)
    if not wanted:
        return GuardVerdict({}, ())
    by_space = Counter(asset.space for asset in wanted)
    everywhere, elsewhere = sum(managed.values()), sum(besides.values())
    if max_deletes is not None:
        if len(wanted) <= max_deletes:
            return GuardVerdict({}, ())
        finding = _too_many(None, len(wanted), everywhere, max_deletes)
        return GuardVerdict(dict.fromkeys(wanted, TOO_MANY_REMOVALS), (finding,))

    findings: list[Problem] = []
    blocked: dict[AssetId, str] = {}
    if (due := len(wanted) + elsewhere) > allowed_removals(everywhere):
        findings.append(_too_many(None, due, everywhere, allowed_removals(everywhere)))
        blocked.update(dict.fromkeys(wanted, TOO_MANY_REMOVALS))
    for space, within in sorted(by_space.items()):
        code, count = None, within + besides.get(space, 0)
        if space in emptied:
            code = EMPTY_LISTING
            findings.append(_emptied(space, within))
        elif count > allowed_removals(managed.get(space, 0)):
            code = TOO_MANY_REMOVALS
            there = managed.get(space, 0)
            findings.append(_too_many(space, count, there, allowed_removals(there)))
        if code is not None:
            blocked.update({asset: code for asset in wanted if asset.space == space})
    return GuardVerdict(blocked, tuple(findings))


def guard_removals_and_offers(
    gone: Sequence[AssetId],
    *,
    offered: Collection[AssetId],
    managed: Mapping[SpaceName, int],
    emptied: frozenset[SpaceName],
    max_deletes: int | None,
    besides: Mapping[SpaceName, int] = MappingProxyType({}),
) -> GuardVerdict:
    """The same where some deletes are only offered: they hold back no retirement, and are held to the same limits."""

    def judged(removals: Iterable[AssetId]) -> GuardVerdict:
        return guard_removals(removals, managed=managed, emptied=emptied, max_deletes=max_deletes, besides=besides)

    everything, certain = judged(gone), judged(asset for asset in gone if asset not in offered)
    held = {asset: code for asset, code in everything.blocked.items() if asset in offered}
    # A guard that trips without the offers trips with them, and counts more: its finding is among those of everything.
    return GuardVerdict({**certain.blocked, **held}, everything.findings if held else certain.findings)


def guard_columns(
    losing: Iterable[AssetId],
    *,
    managed: Mapping[SpaceName, int],
    comparable: Mapping[SpaceName, int],
    waiting: frozenset[AssetId],
    max_deletes: int | None,
) -> GuardVerdict:
    """Hold back the updates of a space of 20 or more whose every asset loses columns in one listing.

    Args:
        losing: assets whose new definition lacks a column of the one before; mapping changes do not count.
        managed: tables managed before the run, by space; the guard is for spaces of 20 or more.
        comparable: of these, how many could be compared: listed, readable, in the scope of the run. One asset that
            cannot be read must not let the others through.
        waiting: assets that this guard held back before: they go on waiting for a person as long as they lose
            columns, even when the space has grown meanwhile.
        max_deletes: any number lifts this guard for the run, as it lifts the other.
    """
    if max_deletes is not None:
        return GuardVerdict({}, ())
    by_space: dict[SpaceName, list[AssetId]] = {}
    for asset in losing:
        by_space.setdefault(asset.space, []).append(asset)
    blocked: dict[AssetId, str] = {}
    findings: list[Problem] = []
    for space, candidates in sorted(by_space.items()):
        large = managed.get(space, 0) >= SMALLEST_SPACE_FOR_COLUMN_GUARD
        everyone = large and len(candidates) >= comparable.get(space, 0) and len(candidates) > 1
        held = candidates if everyone else [asset for asset in candidates if asset in waiting]
        if not held:
            continue
        blocked.update(dict.fromkeys(held, ALL_LOSE_COLUMNS))
        findings.append(
            Problem(
                subject=space,
                code=ALL_LOSE_COLUMNS,
                message=_losing(space, len(held)),
                remedy="If that is meant, run sync with --max-deletes 0; else check the technical user's privileges.",
            )
        )
    return GuardVerdict(blocked, tuple(findings))


def guard_leaving(
    leaving: Iterable[AssetId], *, managed: int, destination: DestinationName, max_deletes: int | None
) -> GuardVerdict:
    """Hold back that a destination lets go of all that it manages at once, as one mistyped glob of `spaces:` would.

    Args:
        leaving: assets whose tables would be managed no more, as the destination is not for their space.
        managed: tables managed there before the run.
        destination: which one it is.
        max_deletes: as many may leave all the same.
    """
    wanted = list(leaving)
    if not wanted or len(wanted) < managed or len(wanted) <= (max_deletes or 0):
        return GuardVerdict({}, ())
    message = (
        f"`spaces:` of destination {destination} leaves out all {counted(len(wanted), 'table')} that it manages; they "
        "stay managed"
    )
    remedy = f"Correct destinations.{destination}.spaces; if that is meant, run sync with --max-deletes {len(wanted)}."
    finding = Problem(f"destinations.{destination}", ALL_LEAVE, message, remedy)
    return GuardVerdict(dict.fromkeys(wanted, ALL_LEAVE), (finding,))


def _losing(space: str, count: int) -> str:
    if count == 1:
        return f"1 asset of space {space} loses columns in one listing with all others; its update waits"
    return f"all {count} assets of space {space} lose columns in one listing; their updates wait"


def _too_many(space: SpaceName | None, count: int, managed: int, allowed: int) -> Problem:
    """`space`: the one it counts, else all are; the remedy is enough for what is counted, and for no more."""
    lifted = f"run sync with --max-deletes {count}"
    if space is not None:
        lifted = f"run sync with --space {space} --max-deletes {count}"
    return Problem(
        subject=space or ALL_SPACES,
        code=TOO_MANY_REMOVALS,
        message=f"{count} of {counted(managed, 'table')} of {f'space {space}' if space is not None else ALL_SPACES} "
        f"would be retired or deleted, and at most {allowed} {'is' if allowed == 1 else 'are'} let through; none of "
        "them is done",
        remedy=f"If Datasphere really dropped them, {lifted}; what is retired already "
        "is deleted only with --allow-deletes besides.",
    )


def _emptied(space: str, count: int) -> Problem:
    return Problem(
        subject=space,
        code=EMPTY_LISTING,
        message=f"space {space} lists no asset at all any more; nothing of it ({counted(count, 'table')}) "
        "is retired or deleted",
        remedy=f"If the space really is empty now, run sync with --space {space} --max-deletes {count}.",
    )
