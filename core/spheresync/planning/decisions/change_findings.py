"""What whoever reviews a change set has to know of its items that their fields do not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from spheresync.model import Problem, counted
from spheresync.model.words import ALL_SPACES
from spheresync.planning.decisions.drift import MOST_FINDINGS
from spheresync.state.records import ChangeSetItem
from spheresync.targets.registry import design_of


def change_findings(items: Iterable[ChangeSetItem]) -> tuple[Problem, ...]:
    """What their targets say of what is written; of one kind so many, and of more the number."""
    found = [
        finding
        for item in items
        if item.action.writes_definition and item.changes
        for finding in design_of(item.target).findings(item.asset, item.address, item.changes)
    ]
    told: list[Problem] = []
    seen = Counter[str]()
    for finding in found:
        seen[finding.code] += 1
        if seen[finding.code] <= MOST_FINDINGS:
            told.append(finding)
    more = {code: count - MOST_FINDINGS for code, count in seen.items() if count > MOST_FINDINGS}
    rest = (Problem(ALL_SPACES, code, f"the same of {counted(count, 'more asset')}") for code, count in more.items())
    return (*told, *rest)
