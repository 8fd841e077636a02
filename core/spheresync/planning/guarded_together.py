"""A guard on an asset holds all that the targets of its destination have of it, whichever target it tripped in.

Each target counts for itself what goes there. Where the table of an asset is held back, its data set and what readers
find of it stay too: they would be lost with what people put into them, beside a table that nobody touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from spheresync.model import Action, DestinationName, Problem, TargetKey
from spheresync.planning.decisions.guards import GUARDS
from spheresync.planning.target_planner import TargetPlanner
from spheresync.runtime.each_target import named_problems
from spheresync.state.records import ChangeSetItem


def hold_together(planned: Iterable[TargetPlanner]) -> None:
    """Let the guards of each target hold back what the others of its destination plan for the same assets."""
    destinations: dict[DestinationName, list[TargetPlanner]] = defaultdict(list)
    for each in planned:
        destinations[each.key.destination].append(each)
    for together in destinations.values():
        if len(together) > 1 and any(each.guarded for each in together):
            _hold(together)


def _hold(together: Sequence[TargetPlanner]) -> None:
    everywhere = {
        (item.asset, _kind(item)): item.blocked_by
        for each in reversed(together)
        for item in each.draft.items
        if item.blocked_by in GUARDS
    }
    findings = {(f.code, f.subject): f for each in reversed(together) for f in each.guarded}
    for each in together:
        gone = set(each.draft.gone)
        for index, item in enumerate(each.draft.items):
            guard = everywhere.get((item.asset, _kind(item)))
            if guard is not None and item.action.changes_something and (not item.action.removes or item.asset in gone):
                each.draft.items[index] = replace(item, blocked_by=guard)
        each.guarded = tuple({**findings, **{(f.code, f.subject): f for f in each.guarded}}.values())


def _kind(item: ChangeSetItem) -> object:
    """What a guard holds back of an asset: that it goes, that it is let go of, or that it is written."""
    return "removed" if item.action.removes else item.action is Action.FORGET


def guard_findings(planned: Sequence[TargetPlanner]) -> list[Problem]:
    """What the guards say, once in each destination: of the first target that says it."""
    said: set[tuple[DestinationName, str, str]] = set()
    told: list[tuple[TargetKey, list[Problem]]] = []
    for each in planned:
        own = []
        for finding in each.guarded:
            subject = (each.key.destination, finding.code, finding.subject)
            if subject not in said:
                said.add(subject)
                own.append(finding)
        told.append((each.key, own))
    return named_problems(told)
